"""How people come to their roles, in the stories."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from tests.journeys.stage import SECRET, Stage, named_by
from waypost.access.people import find_person
from waypost.graph import Asker
from waypost.members.effects import invitation_letter
from waypost.outbox.work import Work
from waypost.settings import Settings

INVITED = "invitation { id state name address role issuer { slug } expiresAt }"
MEMBER = "member { id name role issuer { slug } }"
TOKEN = "secret token { id name role permissions expiresAt revokedAt lastUsedAt city { slug } issuer { slug } }"
MEMBERS = """query($filter: MemberFilter) { members(first: 100, filter: $filter) {
  nodes { id name role issuer { slug } } totalCount } }"""
NO_INVITERS = ("brighton curator", "issuer-staff", "employer", "learner", "plymouth admin", "stranger")


async def signed_in(stage: Stage, name: str, town: str | None = "brighton", role: str = "learner") -> Asker:
    """Somebody without any role, signed in by a browser."""
    person = await find_person(stage.database, f"{name}@example.org", secret_key=SECRET, now=datetime.now(UTC))
    assert isinstance(person, UUID)
    tenant = None if town is None else stage.town(town).id
    stage.who[name] = Asker(person, role, None, tenant, session=True)
    return stage.who[name]


async def code_for(stage: Stage, invitation: str) -> str:
    """The code that stands in an invitation's letter."""
    named = named_by(invitation)
    work = Work(stage.database, Settings(secret_key=SECRET))
    letter = await invitation_letter(work, {"invitation": str(named.row), "tenant": str(named.tenant)})
    assert letter is not None
    asked = dict(parse_qsl(urlsplit(str(letter.values["link"])).query))
    assert asked["invitation"] == invitation
    return asked["code"]


async def invited(stage: Stage, role: str = "curator", *, who: str = "brighton admin", **facts: Any) -> dict[str, Any]:
    given = {"address": "new@example.org", "role": role, **facts}
    made = await stage.done("inviteMember", given, INVITED, who=who)
    found: dict[str, Any] = made["invitation"]
    return found


async def joined(stage: Stage, name: str, role: str, **facts: Any) -> str:
    """Let somebody be invited and accept; answers the member's id."""
    await signed_in(stage, name)
    invitation = (await invited(stage, role, address=f"{name}@example.org", name=name.title(), **facts))["id"]
    given = {"invitation": invitation, "code": await code_for(stage, invitation)}
    member = (await stage.done("acceptInvitation", given, MEMBER, who=name))["member"]
    return str(member["id"])
