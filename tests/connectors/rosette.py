"""A connector to a made-up platform, as a partner would write one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from waypost.connectors import (
    Access,
    Figure,
    Invalid,
    Issued,
    IssueState,
    NotFound,
    Order,
    Page,
    Sought,
    Template,
    ask,
    json_of,
)

STATES: Final = {
    "offered": IssueState.PENDING,
    "taken": IssueState.ACCEPTED,
    "refused": IssueState.REJECTED,
    "void": IssueState.REVOKED,
    "superseded": IssueState.REPLACED,
}
SETTINGS: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["club", "key"],
    "properties": {
        "club": {"type": "string", "title": "The club's number at Rosette"},
        "key": {"type": "string", "format": "secret", "title": "Name of the secret that holds its key"},
    },
}


@dataclass(frozen=True)
class Rosette:
    """Connects to Rosette, which knows an order by its key."""

    base: str
    name: str = "rosette"
    title: str = "Rosette"
    identity: str = "club"
    idempotent: bool = True
    settings: Mapping[str, Any] = field(default_factory=lambda: SETTINGS)

    async def issue(self, access: Access, order: Order) -> Issued:
        return await self._give(access, order)

    async def replace(self, access: Access, id: str, order: Order) -> Issued:
        return await self._give(access, order, instead_of=id)

    async def revoke(self, access: Access, id: str, reason: str) -> Issued:
        return _issued(await self._call(access, "POST", f"/awards/{_id(id)}/void", {"reason": reason}))

    async def read(self, access: Access, id: str) -> Issued:
        return _issued(await self._call(access, "GET", f"/awards/{_id(id)}"))

    async def find(self, access: Access, sought: Sought, after: str | None = None) -> Page[Issued]:
        wanted = {"series": sought.template, "holder": sought.earner, "from": after}
        page = await self._call(access, "GET", f"/awards?{_query(wanted)}")
        return Page([_issued(each) for each in page["items"]], page["from"])

    async def templates(self, access: Access, after: str | None = None) -> Page[Template]:
        page = await self._call(access, "GET", f"/series?{_query({'from': after})}")
        return Page([_template(each) for each in page["items"]], page["from"])

    async def analytics(self, access: Access, template: str) -> Figure:
        counts, after = dict.fromkeys(IssueState, 0), None
        while True:
            page = await self.find(access, Sought(template), after)
            for each in page.items:
                counts[each.state] += 1
            after = page.next
            if after is None:
                break
        named = {state.value: counts[state] for state in IssueState if state is not IssueState.REPLACED}
        return Figure(template, sum(counts.values()), **named)

    async def _give(self, access: Access, order: Order, instead_of: str | None = None) -> Issued:
        body = {
            "series": order.template,
            "holder": order.earner,
            "email": order.address,
            "name": f"{order.first_name} {order.last_name}",
            "given": order.issued_at.isoformat(),
            "until": order.expires_at.isoformat() if order.expires_at else None,
            "instead_of": instead_of,
        }
        return _issued(await self._call(access, "POST", "/awards", body, order.reference))

    async def _call(
        self, access: Access, method: str, path: str, body: Mapping[str, Any] | None = None, key: str = ""
    ) -> Mapping[str, Any]:
        headers = {"authorization": f"Bearer {access.secrets['key']}"}
        if key:
            headers["idempotency-key"] = key
        answer = await ask(access, method, self.base + path, headers, body)
        if answer.status in {400, 422}:
            raise Invalid(f"Rosette refuses it: {answer.body.decode(errors='replace')[:200]}")
        return json_of(method, answer)


def _issued(award: Mapping[str, Any]) -> Issued:
    return Issued(
        id=award["id"],
        template=award["series"],
        state=STATES[award["status"]],
        earner=award["holder"],
        reference=award["key"],
        replaced_by=award["next"],
    )


def _template(series: Mapping[str, Any]) -> Template:
    state = "archived" if series["retired"] else "active"
    return Template(series["id"], series["title"], state, series["repeatable"])


def _query(wanted: Mapping[str, str | None]) -> str:
    return urlencode({name: value for name, value in wanted.items() if value is not None})


def _id(id: str) -> str:
    if not id.isascii() or not id.replace("-", "").isalnum():
        raise NotFound("that is no id of Rosette's")
    return id
