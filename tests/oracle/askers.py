"""The naive executor's fields of who asks: memberships, permissions, tokens, and whom they may know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.oracle.calls import Call, Table, columns, global_id
from tests.oracle.lists import Listing, listing, reference
from tests.oracle.rows import Row, Thing
from tests.oracle.shared import key
from waypost.access.permissions import NATIONAL_ROLE, issuer_scoped, permissions_of


def viewer(call: Call) -> dict[str, Any] | None:
    """The person behind the token."""
    asker = call.asked.asker
    if asker.person is None:
        return None
    profile = call.view.rows.where("person_profile", "person_id", asker.person)
    return {"id": global_id("Viewer", asker.person), "name": profile[0]["name"] if profile else None}


def memberships(call: Call) -> list[Thing]:
    """The asker's, in the tenant asked or that of the token."""
    asker, rows = call.asked.asker, call.asked.view.rows
    tenant = call.asked.view.tenant or asker.tenant
    found = [row for row in rows.where("membership", "person_id", asker.person) if row["tenant_id"] == tenant]
    return [
        Thing("Membership", row, call.asked.view)
        for row in sorted(found, key=lambda row: (row["role"], row["id"].bytes))
    ]


def permissions(call: Call) -> Sequence[str]:
    """What the token may do in a city: nothing in another one than its own, unless it is the platform's."""
    asker, view = call.asked.asker, call.asked.view
    tenant = view.tenant
    if "city" in call.args:
        row = view.one("tenant", "slug", call.args["city"])
        if row is None and asker.role != NATIONAL_ROLE:
            return []
        tenant = None if row is None else row["id"]
    if asker.role != NATIONAL_ROLE and tenant not in {None, asker.tenant}:
        return []
    return sorted(permissions_of(asker.role))


def members(call: Call) -> Listing:
    """The members whom the asker may know, the oldest first."""
    filter = call.args.get("filter", {})
    roles, issuer = filter.get("roles"), filter.get("issuer")

    def wanted(member: Thing) -> bool:
        return (roles is None or member["role"] in roles) and (
            issuer is None or reference(issuer, "Issuer") == (member["tenant_id"], member["issuer_id"])
        )

    things = [Thing("Member", row, call.view) for row in call.view.all("membership") if _knows(call, row)]
    return listing(call, [each for each in things if wanted(each)], by_id_alone)


def invitations(call: Call) -> Listing:
    """The open invitations that the asker may know, the oldest first."""
    rows = [row for row in call.view.all("invitation") if row["state"] == "open" and _speaks_for(call, row)]
    return listing(call, [Thing("Invitation", row, call.view) for row in rows], by_id_alone)


def by_id_alone(thing: Thing) -> tuple[Any, ...]:
    """Order by id, which is the order of time."""
    return (thing["id"].bytes,)


def _speaks_for(call: Call, row: Row) -> bool:
    asker = call.asked.asker
    return not issuer_scoped(asker.role) or row["issuer_id"] == asker.issuer


def _knows(call: Call, row: Row) -> bool:
    return _speaks_for(call, row) or row["person_id"] == call.asked.asker.person


def tokens(call: Call) -> list[Thing]:
    """The asker's own, in the tenant asked or that of the token, the newest first."""
    asker, rows = call.asked.asker, call.asked.view.rows
    tenant = call.asked.view.tenant or asker.tenant
    found = [row for row in rows.where("access_token", "person_id", asker.person) if row["tenant_id"] == tenant]
    found.sort(key=lambda row: row["id"].bytes, reverse=True)
    return [Thing("Token", row, call.asked.view) for row in found]


def last_used(call: Call) -> Any:
    """When a token was last used."""
    found = call.view.rows.where("token", "id", call.thing["id"])
    return found[0]["last_used_at"] if found else None


ASKERS: Table = {
    ("Query", "viewer"): viewer,
    ("Viewer", "id"): key("id"),
    ("Viewer", "name"): key("name"),
    ("Viewer", "memberships"): memberships,
    ("Viewer", "permissions"): permissions,
    ("Viewer", "tokens"): tokens,
    ("Query", "members"): members,
    ("Query", "invitations"): invitations,
    **columns("Member", "name role since=created_at"),
    **columns("Invitation", "state name address role createdAt expiresAt"),
    **columns("Token", "name role permissions createdAt expiresAt revokedAt"),
    ("Token", "lastUsedAt"): last_used,
    **{
        (kind, "issuer"): lambda call: call.of(
            "Issuer", call.view.one("issuer", "id", call.thing["issuer_id"], call.thing["tenant_id"])
        )
        for kind in ("Member", "Invitation", "Token")
    },
    ("Token", "city"): lambda call: call.must("City", call.view.one("tenant", "id", call.thing["tenant_id"])),
    ("Membership", "role"): lambda call: call.thing["role"],
    ("Membership", "city"): lambda call: call.must("City", call.view.one("tenant", "id", call.thing["tenant_id"])),
    ("Membership", "issuer"): lambda call: call.of(
        "Issuer", call.view.one("issuer", "id", call.thing["issuer_id"], call.thing["tenant_id"])
    ),
}
