"""Credly's Web Service API, https://api.credly.com/docs: one method an operation, nothing kept, nothing tried again."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn
from urllib.parse import urlencode, urlsplit

import orjson

from waypost.connectors import (
    Access,
    Figure,
    Hint,
    Invalid,
    Issued,
    NotFound,
    Order,
    Page,
    Sought,
    Template,
    ask,
    json_of,
)
from waypost.outgoing import Answered
from waypost_credly import shapes

LIVE: Final = "https://api.credly.com/v1"
SANDBOX: Final = "https://sandbox-api.credly.com/v1"
UUID: Final = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"

SETTINGS: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["organisation", "token"],
    "properties": {
        "organisation": {
            "title": "The organisation's id at Credly",
            "type": "string",
            "pattern": UUID,
        },
        "token": {
            "title": "Name of the secret that holds its authorisation token",
            "type": "string",
            "format": "secret",
        },
        "sandbox": {
            "title": "Whether it is an account of the sandbox, where nothing counts",
            "type": "boolean",
            "default": False,
        },
        "letters": {
            "title": "Whether Credly writes to the recipient",
            "type": "boolean",
            "default": True,
            "place": False,
        },
    },
}


@dataclass(frozen=True)
class Credly:
    """Connects to Credly; `live` and `sandbox` are where its API is."""

    live: str = LIVE
    sandbox: str = SANDBOX
    name: str = "credly"
    title: str = "Credly"
    identity: str = "organisation"
    idempotent: bool = False

    @property
    def settings(self) -> Mapping[str, Any]:
        """JSON Schema of an account's settings."""
        return SETTINGS

    async def issue(self, access: Access, order: Order) -> Issued:
        """`POST …/badges`."""
        body = shapes.issue_body(order, letters=access.settings["letters"])
        return shapes.issued(await self._data(access, "POST", "/badges", body))

    async def replace(self, access: Access, id: str, order: Order) -> Issued:
        """`POST …/badges/{id}/replace`."""
        body = shapes.replace_body(order)
        return shapes.issued(await self._data(access, "POST", f"/badges/{_id(id)}/replace", body))

    async def revoke(self, access: Access, id: str, reason: str) -> Issued:
        """`PUT …/badges/{id}/revoke`; a replaced badge cannot be revoked (422)."""
        body = {"reason": reason, "suppress_revoke_notification_email": not access.settings["letters"]}
        return shapes.issued(await self._data(access, "PUT", f"/badges/{_id(id)}/revoke", body))

    async def read(self, access: Access, id: str) -> Issued:
        """`GET …/badges/{id}`."""
        return shapes.issued(await self._data(access, "GET", f"/badges/{_id(id)}"))

    async def find(self, access: Access, sought: Sought, after: str | None = None) -> Page[Issued]:
        """`GET …/badges` with a filter; without one the search that is made for large numbers."""
        wanted = {"badge_template_id": sought.template, "issuer_earner_id": sought.earner}
        said = [f"{name}::{value}" for name, value in wanted.items() if value is not None]
        path = f"/badges?{urlencode({'filter': '|'.join(said)})}" if said else "/high_volume_issued_badge_search"
        items, following = await self._page(access, after or self._url(access, path))
        # Looking for one badge, an odd one may be it; going through all of them, it is passed over.
        return Page(tuple(map(shapes.issued, items) if said else shapes.readable(items)), following)

    async def templates(self, access: Access, after: str | None = None) -> Page[Template]:
        """`GET …/badge_templates`."""
        items, following = await self._page(access, after or self._url(access, "/badge_templates"))
        return Page(tuple(shapes.template(each) for each in items), following)

    async def analytics(self, access: Access, template: str) -> Figure:
        """`badges_count` of the template, and how many badges of it are in each state."""
        data = await self._data(access, "GET", f"/badge_templates/{_id(template)}")
        counts = {}
        for state in ("accepted", "pending", "rejected", "revoked"):
            said = urlencode({"filter": f"badge_template_id::{template}|state::{state}"})
            answer = await self._get(access, self._url(access, f"/badges?{said}"))
            counts[state] = shapes.total(answer)
        return Figure(template, shapes.whole(data.get("badges_count")), **counts)

    def hint(self, body: bytes) -> Hint:
        """A webhook's body has ids only. Raises ValueError."""
        said = orjson.loads(body)
        if not isinstance(said, dict) or not all(isinstance(said.get(key), str) for key in shapes.EVENT_KEYS):
            raise ValueError("that is no webhook of Credly's")
        return Hint(said["id"], said["organization_id"])

    async def hinted(self, access: Access, hint: Hint) -> Issued | None:
        """`GET …/events/{id}`, then the badge as it is now: an event may be weeks old."""
        event = await self._data(access, "GET", f"/events/{_id(hint.id)}")
        badge = event.get("badge")
        if not isinstance(badge, dict):
            return None
        return await self.read(access, str(badge.get("id")))

    # How it is called

    def _base(self, access: Access) -> str:
        return self.sandbox if access.settings["sandbox"] else self.live

    def _url(self, access: Access, path: str) -> str:
        return f"{self._base(access)}/organizations/{access.settings['organisation']}{path}"

    async def _data(
        self, access: Access, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        answer = await ask(access, method, self._url(access, path), _headers(access), body)
        _refuse(answer)
        return shapes.data(json_of(method, answer), method)

    async def _get(self, access: Access, url: str) -> Mapping[str, Any]:
        answer = await ask(access, "GET", url, _headers(access))
        _refuse(answer)
        return json_of("GET", answer)

    async def _page(self, access: Access, url: str) -> tuple[list[Mapping[str, Any]], str | None]:
        """Read a page; the address of the next one is followed only where it is this account's own."""
        answer = await self._get(access, url)
        items, following = shapes.page(answer)
        if following is not None and not self._is_own(access, following):
            raise Invalid("the platform's next page lies outside the account, and is not asked for")
        return items, following

    def _is_own(self, access: Access, url: str) -> bool:
        own, there = urlsplit(self._url(access, "/")), urlsplit(url)
        return (own.scheme, own.netloc) == (there.scheme, there.netloc) and there.path.startswith(own.path)


def _headers(access: Access) -> Mapping[str, str]:
    """HTTP Basic with the token as the name, and nothing behind the colon."""
    return {"authorization": f"Basic {b64encode(access.secrets['token'].encode() + b':').decode()}"}


def _id(id: str) -> str:
    """An id as a part of a path: Credly's are letters, digits and dashes, and nothing else comes into an address."""
    if not id.isascii() or not id.replace("-", "").isalnum():
        raise NotFound(f"{id[:40]!r} is no id of Credly's")
    return id


def _refuse(answer: Answered) -> None:
    if answer.status in {400, 422}:
        _invalid(answer)


def _invalid(answer: Answered) -> NoReturn:
    message, fields = shapes.refusal(answer.body)
    raise Invalid(message or f"Credly answered {answer.status}", fields)
