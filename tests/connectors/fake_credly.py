"""A Credly on loopback with the shapes, errors, page borders and oddities of its Web Service API."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from tests.connectors.http_server import Asked, Reply, Server, serving

ORGANISATION = "6f4b1a6e-3d1c-4a53-9d5b-8f7e2f0b7a10"
TOKEN = "a-token-for-tests-alone"
REQUIRED = ("recipient_email", "issued_to_first_name", "issued_to_last_name", "badge_template_id", "issued_at")
NOW = "2027-01-04 09:00:00 +0000"


def refusal(message: str, **errors: str) -> Reply:
    listed = [{"attribute": name, "attribute_label": name, "messages": [words]} for name, words in errors.items()]
    return Reply(422, {"data": {"message": message, "errors": listed}})


@dataclass
class FakeCredly:
    """One organisation's account. `per` is the size of its pages."""

    per: int = 50
    token: str = TOKEN
    organisation: str = ORGANISATION
    templates: dict[str, dict[str, Any]] = field(default_factory=dict)
    badges: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    foreign_next: str | None = None
    server: Server = field(init=False)

    def __post_init__(self) -> None:
        self.server = Server(self.answer)

    # What tests do to it

    @property
    def url(self) -> str:
        return f"{self.server.url}/v1"

    def template(self, name: str, *, duplicates: bool = False, state: str = "active") -> str:
        id = str(uuid4())
        self.templates[id] = {
            "id": id,
            "name": name,
            "description": "",
            "state": state,
            "public": True,
            "allow_duplicate_badges": duplicates,
            "badges_count": 0,
            "recipient_type": "User",
            "url": f"https://www.credly.com/org/example/badge/{name.lower().replace(' ', '-')}",
            "owner": {"type": "Organization", "id": self.organisation, "name": "Example"},
            "alignments": [],
            "skills": [],
            "created_at": NOW,
            "updated_at": NOW,
        }
        return id

    def of(self, template: str) -> list[dict[str, Any]]:
        return [each for each in self.badges.values() if each["badge_template"]["id"] == template]

    def decide(self, badge: str, state: str) -> str:
        """What the earner did there; answers the id of the event."""
        self.badges[badge]["state"] = state
        return self.event("badge.state.changed", badge)

    def event(self, kind: str, badge: str) -> str:
        id = str(uuid4())
        self.events[id] = {"id": id, "event_type": kind, "occurred_at": NOW, "badge": dict(self.badges[badge])}
        return id

    def webhook(self, event: str) -> dict[str, Any]:
        """The body that its webhook would have."""
        kind = self.events[event]["event_type"]
        return {"id": event, "organization_id": self.organisation, "event_type": kind, "occurred_at": NOW}

    def by_hand(self, template: str, address: str, earner: str | None = None) -> str:
        """Somebody gives a badge in its web pages."""
        order = {
            "badge_template_id": template,
            "recipient_email": address,
            "issued_to_first_name": "By",
            "issued_to_last_name": "Hand",
            "issued_at": NOW,
            "issuer_earner_id": earner,
        }
        reply = self._issue(order)
        assert reply.status == 201, reply.body
        return str(reply.body["data"]["id"])

    # What it answers

    def answer(self, asked: Asked) -> Reply:  # noqa: PLR0911 - one line a path
        wanted = f"Basic {base64.b64encode(f'{self.token}:'.encode()).decode()}"
        if asked.headers.get("authorization") != wanted:
            return Reply(401, {"data": {"message": "Unauthorized", "errors": []}})
        found = re.fullmatch(rf"/v1/organizations/{self.organisation}(/.*)", asked.path)
        if found is None:
            return Reply(404, {"data": {"message": "Not found", "errors": []}})
        match asked.method, found[1].strip("/").split("/"):
            case "GET", ["badge_templates"]:
                return self._list(asked, list(self.templates.values()))
            case "GET", ["badge_templates", id] if id in self.templates:
                return Reply(200, {"data": self.templates[id] | {"badges_count": len(self.of(id))}})
            case "GET", ["badges"] | ["high_volume_issued_badge_search"]:
                return self._list(asked, self._filtered(asked.query.get("filter", "")))
            case "GET", ["badges", id] if id in self.badges:
                return Reply(200, {"data": self.badges[id]})
            case "GET", ["events", id] if id in self.events:
                return Reply(200, {"data": self.events[id]})
            case "POST", ["badges"]:
                return self._issue(asked.body)
            case "POST", ["badges", id, "replace"] if id in self.badges:
                return self._replace(self.badges[id], asked.body)
            case "PUT", ["badges", id, "revoke"] if id in self.badges:
                return self._revoke(self.badges[id], asked.body)
            case _:
                return Reply(404, {"data": {"message": "Not found", "errors": []}})

    def _filtered(self, said: str) -> list[dict[str, Any]]:
        wanted = dict(part.split("::", 1) for part in said.split("|") if part)
        return [each for each in self.badges.values() if all(_has(each, *pair) for pair in wanted.items())]

    def _list(self, asked: Asked, items: list[dict[str, Any]]) -> Reply:
        page, pages = int(asked.query.get("page", "1")), max(-(-len(items) // self.per), 1)
        part = items[(page - 1) * self.per : page * self.per]

        def address(number: int) -> str | None:
            if not 1 <= number <= pages:
                return None
            query = urlencode({**asked.query, "page": str(number)})
            return f"{self.foreign_next or self.server.url}{asked.path}?{query}"

        metadata = {
            "count": len(part),
            "current_page": page,
            "total_count": len(items),
            "total_pages": pages,
            "per": self.per,
            "previous_page_url": address(page - 1),
            "next_page_url": address(page + 1),
        }
        return Reply(200, {"data": part, "metadata": metadata})

    def _issue(self, order: Mapping[str, Any]) -> Reply:
        empty = {name: "can't be blank" for name in REQUIRED if not order.get(name)}
        if empty:
            return refusal("Some attributes are missing.", **empty)
        template = self.templates.get(str(order["badge_template_id"]))
        if template is None:
            return refusal("There is no such badge template.", badge_template_id="is invalid")
        if template["state"] != "active":
            return refusal("The badge template is archived.", badge_template_id="is archived")
        if not template["allow_duplicate_badges"] and (twice := self._twice(order)):
            return refusal("The user already has this badge.", **{twice: f"{order['recipient_email']} has it already"})
        return Reply(201, {"data": self._make(order, template)})

    def _twice(self, order: Mapping[str, Any]) -> str | None:
        for badge in self.of(str(order["badge_template_id"])):
            if badge["state"] not in {"pending", "accepted"} or badge["replacement_badge_id"]:
                continue
            if badge["recipient_email"] == order["recipient_email"]:
                return "recipient_email"
            if order.get("issuer_earner_id") and badge["issuer_earner_id"] == order["issuer_earner_id"]:
                return "issuer_earner_id"
        return None

    def _make(self, order: Mapping[str, Any], template: Mapping[str, Any]) -> dict[str, Any]:
        id = str(uuid4())
        # Null is the template's own, which these have not; false is never.
        expires = order.get("expires_at") or None
        first, last = order["issued_to_first_name"], order["issued_to_last_name"]
        self.badges[id] = {
            "id": id,
            "issued_to": f"{first} {last}",
            "issued_to_first_name": first,
            "issued_to_last_name": last,
            "recipient_email": order["recipient_email"],
            "state": "pending",
            "public": False,
            "locale": order.get("locale", "en"),
            "issued_at": order["issued_at"],
            "expires_at": expires,
            "created_at": NOW,
            "updated_at": NOW,
            "state_updated_at": NOW,
            "accept_badge_url": f"https://www.credly.com/go/{id[:8]}",
            "badge_url": f"https://www.credly.com/badges/{id}",
            "evidence": list(order.get("evidence") or ()),
            "alignments": [],
            "issuer_earner_id": order.get("issuer_earner_id"),
            "replacement_badge_id": None,
            "revocation_reason": None,
            "user": {"id": str(uuid4()), "first_name": first, "last_name": last},
            "issuer": {"type": "Organization", "id": self.organisation, "name": "Example"},
            "badge_template": {"id": template["id"], "name": template["name"]},
        }
        return self.badges[id]

    def _replace(self, badge: dict[str, Any], order: Mapping[str, Any]) -> Reply:
        if badge["replacement_badge_id"] or badge["state"] == "revoked":
            return refusal("The badge cannot be replaced.", base="has been replaced or revoked")
        template = self.templates[str(order["badge_template_id"])]
        kept = {name: badge[name] for name in ("recipient_email", "issuer_earner_id")}
        made = self._make({**order, **kept}, template)
        badge["replacement_badge_id"] = made["id"]
        return Reply(200, {"data": made})

    def _revoke(self, badge: dict[str, Any], said: Mapping[str, Any]) -> Reply:
        if badge["replacement_badge_id"]:
            return refusal("A replaced badge cannot be revoked.", base="has been replaced")
        if not said.get("reason"):
            return refusal("Some attributes are missing.", reason="can't be blank")
        badge["state"], badge["revocation_reason"] = "revoked", said["reason"]
        return Reply(200, {"data": badge})


def _has(badge: Mapping[str, Any], name: str, value: str) -> bool:
    found = badge["badge_template"]["id"] if name == "badge_template_id" else badge.get(name)
    return bool(found == value)


@asynccontextmanager
async def credly_running(per: int = 50) -> AsyncIterator[FakeCredly]:
    """A Credly on a port of its own."""
    fake = FakeCredly(per)
    async with serving(fake.server):
        yield fake
