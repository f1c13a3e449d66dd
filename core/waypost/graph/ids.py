"""Global ids: they name type, tenant and row, so that a lookup needs no search."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

_SHAPE = re.compile(r"([A-Z][A-Za-z0-9]*)((?:\.[0-9a-f]{32}){1,2})")


@dataclass(frozen=True)
class GlobalId:
    """What an id says; `tenant` is None for what belongs to the whole platform (cities, skills)."""

    type: str
    tenant: UUID | None
    row: UUID

    def __str__(self) -> str:
        parts = [self.row] if self.tenant is None else [self.tenant, self.row]
        return ".".join([self.type, *(part.hex for part in parts)])


def digits_sql(expression: str) -> str:
    """Return SQL for the 32 hexadecimal digits of a uuid: the form that PostgreSQL prints the fastest."""
    return f"encode(uuid_send({expression}), 'hex')"


def parse_id(text: str) -> GlobalId | None:
    """Read a global id; None for anything that no graph of this platform can have given out."""
    match = _SHAPE.fullmatch(text)
    if match is None:
        return None
    uuids = [UUID(hex=part) for part in match[2].split(".")[1:]]
    return GlobalId(match[1], uuids[0] if len(uuids) == 2 else None, uuids[-1])
