"""The naive executor's resolvers of awards: what was given to whom, and who sees it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.oracle.calls import Call, Table, columns, global_id
from tests.oracle.lists import Listing, listing
from tests.oracle.rows import Row, Thing
from tests.oracle.shared import city, must
from tests.oracle.things import taken_part_in
from waypost.access.permissions import NATIONAL_ROLE, issuer_scoped, permits


def sees(call: Call, award: Row) -> bool:
    """Whether the asker may see an award here: their own, nationally where a tenant knows them; else by permission."""
    asker, tenant = call.asked.asker, call.view.tenant
    own = asker.person is not None and award["person_id"] == asker.person
    if tenant is None:
        known = call.view.rows.where("known_in", "person_id", asker.person)
        return own and any(each["tenant_id"] == award["tenant_id"] for each in known)
    if award["tenant_id"] != tenant:
        return False
    at_home = asker.role == NATIONAL_ROLE or asker.tenant == tenant
    may = at_home and permits(asker.role, "award.read")
    return own or (may and (not issuer_scoped(asker.role) or asker.issuer == award["issuer_id"]))


def mine(call: Call, badge: Row | None = None) -> list[Row]:
    """The asker's own awards that are seen here, of one badge if that is given."""
    person = call.asked.asker.person
    found = call.view.rows.where("award", "person_id", person) if person is not None else []
    key = None if badge is None else (badge["tenant_id"], badge["id"])
    return [row for row in found if sees(call, row) and key in {None, (row["tenant_id"], row["badge_id"])}]


def newest(thing: Thing) -> tuple[Any, ...]:
    """Order by when it was earned."""
    return thing["awarded_at"], thing["id"].bytes


def my_awards(call: Call) -> Listing:
    """The asker's, the newest first."""
    things = [Thing("Award", row, call.view) for row in mine(call)]
    return listing(call, things, newest, descending=True)


def my_awards_of_badge(call: Call) -> list[Thing]:
    """The asker's of a badge, the oldest first."""
    found = sorted(mine(call, call.thing.row), key=lambda row: (row["awarded_at"], row["id"].bytes))
    return call.thing.things("Award", found)


def repeats(call: Call) -> str:
    """How often it is given, as the engine stores it."""
    rows = call.view.rows.where("award_policy", "badge_id", call.thing["id"])
    return str(rows[0]["repeats"]) if rows else "once"


def beside(call: Call, table: str, id: UUID | None) -> Row | None:
    """The row of a private table that a column of this award names."""
    return next((row for row in call.view.rows.where(table, "id", id)), None) if id is not None else None


def recipient(call: Call) -> Thing:
    """Who was given it: seen by who sees the award."""
    return call.must("Recipient", beside(call, "recipient", call.thing["recipient_id"]))


def called(call: Call, who: Row, issuer: UUID | None) -> str:
    """How an issuer calls a recipient, or who named them first."""
    names = call.view.rows.where("recipient_name", "recipient_id", who["id"])
    said = [row["name"] for row in names if row["issuer_id"] == issuer]
    return str(said[0] if said else who["display_name"])


def speaks_for(call: Call) -> UUID | None:
    """The issuer whose people the asker is one of."""
    asker = call.asked.asker
    return asker.issuer if call.view.tenant is not None and issuer_scoped(asker.role) else None


def replaced_by(call: Call) -> Thing | None:
    """The award in its place, if it is seen."""
    found = beside(call, "award", call.thing["replaced_by_id"])
    return call.of("Award", found if found is not None and sees(call, found) else None)


def evidence(call: Call) -> list[str]:
    """What is shown, in order."""
    rows = call.view.rows.where("award_evidence", "award_id", call.thing["id"])
    return [each["url"] for each in sorted(rows, key=lambda row: row["position"])]


def credential(call: Call) -> str | None:
    """Its address once it was accepted."""
    award = call.thing
    if award["decided_at"] is None or award["state"] == "declined":
        return None
    return f"{call.asked.services.settings.base_url.rstrip('/')}/credentials/{award['id']}"


def batch(call: Call) -> str | None:
    """The job that gave it."""
    award = call.thing
    return None if award["batch_id"] is None else global_id("Job", award["batch_id"], award["tenant_id"])


EARNED: Table = {
    ("Viewer", "awards"): my_awards,
    ("Badge", "viewerAwards"): my_awards_of_badge,
    ("Badge", "repeats"): repeats,
    ("Award", "id"): lambda call: global_id("Award", call.thing["id"], call.thing["tenant_id"]),
    ("Award", "badge"): must("Badge", "badge", "badge_id"),
    ("Award", "version"): must("BadgeVersion", "badge_version", "version_id"),
    ("Award", "issuer"): must("Issuer", "issuer", "issuer_id"),
    ("Award", "recipient"): recipient,
    ("Award", "opportunity"): taken_part_in,
    ("Award", "replacedBy"): replaced_by,
    ("Award", "evidence"): evidence,
    ("Award", "city"): city,
    ("Award", "credentialUrl"): credential,
    ("Award", "shareUrl"): lambda _call: None,
    ("Award", "batch"): batch,
    **columns("Award", "state awardedAt expiresAt narrative decidedAt revokedAt revokedReason origin"),
    ("Recipient", "id"): lambda call: global_id("Recipient", call.thing["id"], call.thing["tenant_id"]),
    ("Recipient", "name"): lambda call: called(call, call.thing.row, speaks_for(call)),
    **columns("Recipient", "kind"),
}
