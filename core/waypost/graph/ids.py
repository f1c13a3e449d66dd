"""Global ids: they name type, tenant and row, so that a lookup needs no search."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from uuid import UUID

_SHAPE = re.compile(r"([A-Z][A-Za-z0-9]*)((?:\.[A-Za-z0-9_-]{22}){1,2})")


@dataclass(frozen=True)
class GlobalId:
    """What an id says; `tenant` is None for what belongs to the whole platform (cities, skills)."""

    type: str
    tenant: UUID | None
    row: UUID

    def __str__(self) -> str:
        parts = [self.row] if self.tenant is None else [self.tenant, self.row]
        return ".".join([self.type, *map(short, parts)])


def short(value: UUID) -> str:
    """Return 22 URL-safe characters for a uuid."""
    return urlsafe_b64encode(value.bytes).decode().rstrip("=")


def short_sql(expression: str) -> str:
    """Return SQL for `short` of a uuid expression."""
    return f"translate(encode(uuid_send({expression}), 'base64'), '+/=', '-_')"


def parse_id(text: str) -> GlobalId | None:
    """Read a global id; None for anything that no graph of this platform can have given out."""
    match = _SHAPE.fullmatch(text)
    if match is None:
        return None
    uuids = [UUID(bytes=urlsafe_b64decode(part + "==")) for part in match[2].split(".")[1:]]
    found = GlobalId(match[1], uuids[0] if len(uuids) == 2 else None, uuids[-1])
    return found if str(found) == text else None
