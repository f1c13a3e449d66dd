"""The naive executor's resolvers of what learners join, save, ask for and have come to; of endorsements and codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from tests.oracle.calls import Asked, Call, Refused, Resolver, Table, attempt, columns, global_id
from tests.oracle.earned import called
from tests.oracle.lists import Listing, check_page, listing, reference
from tests.oracle.rows import Row, Thing, View
from tests.oracle.shared import key, must, one
from tests.oracle.things import anywhere, taken_part_in
from waypost.access.permissions import NATIONAL_ROLE, issuer_scoped, permits
from waypost.awards.claim_cards import Card, card, qr
from waypost.awards.claim_rules import code_of, link_problem, shown
from waypost.pathways.progress import Earnable, Part, progress_of
from waypost.pathways.words import Rule

# Root fields that ask for a permission: the permission, the type and table, and the columns of the issuers it is for.
GUARDED: Final = {
    "endorsements": ("endorsement.decide", "Endorsement", "endorsement", ("endorsed_id", "endorser_id")),
    "claimCodes": ("claim.create", "ClaimCode", "claim_code", ("issuer_id",)),
    "awards": ("award.read", "Award", "award", ("issuer_id",)),
    "badgeRequests": ("request.decide", "BadgeRequest", "badge_request", ("issuer_id",)),
}
TIMES: Final = {
    "Award": "awarded_at",
    "Endorsement": "offered_at",
    "ClaimCode": "created_at",
    "BadgeRequest": "requested_at",
}

# What the asker keeps


def kept(table: str, column: str) -> dict[str, Any]:
    """Return resolvers about rows of a person's own: whether one names this thing, and the list of those named."""
    kind = column.removesuffix("_id").title()
    since = "joined_at" if kind == "Pathway" else "saved_at"

    def rows(call: Call) -> Sequence[Row]:
        person = call.asked.asker.person
        return [] if person is None else call.view.rows.where(table, "person_id", person)

    def names_it(call: Call) -> bool:
        return any(row[column] == call.thing["id"] for row in rows(call))

    def all_of_them(call: Call) -> Listing:
        at = {row[column]: row[since] for row in rows(call)}
        named = [call.view.one(kind.lower(), "id", row[column], row["tenant_id"]) for row in rows(call)]
        things = [Thing(kind, row, call.view) for row in named if row is not None]
        return listing(call, things, lambda each: (at[each["id"]], each["id"].bytes), descending=True)

    return {"has": names_it, "list": all_of_them}


def addresses(call: Call) -> list[dict[str, Any]]:
    """The asker's own, the longest known first, wherever they ask."""
    found = call.view.rows.where("person_address", "person_id", call.asked.asker.person)
    found = sorted(found, key=lambda row: row["id"].bytes)
    return [{"address": row["address"], "verifiedAt": row["verified_at"]} for row in found]


JOINED: Final = kept("joined_pathway", "pathway_id")
SAVED: Final = kept("saved_opportunity", "opportunity_id")

# Progress


def earned(call: Call) -> dict[Earnable, Any]:
    """What the asker has accepted as themselves, and still holds, in the tenants that know them."""
    rows, person = call.view.rows, call.asked.asker.person
    found: dict[Earnable, Any] = {}
    known = {each["tenant_id"] for each in rows.where("known_in", "person_id", person)}
    mine = {each["id"] for each in rows.where("recipient", "person_id", person) if each["kind"] == "person"}
    for award in rows.tables["award"]:
        over = award["expires_at"] is not None and award["expires_at"] <= call.asked.now
        if award["tenant_id"] in known and award["recipient_id"] in mine and award["state"] == "accepted" and not over:
            badge = Earnable(award["tenant_id"], award["badge_id"])
            found[badge] = min(award["awarded_at"], found.get(badge, award["awarded_at"]))
    return found


def come(call: Call, pathway: Row | None, step: UUID | None) -> dict[str, Any] | None:
    """How far the asker has come with a step of a pathway, or with the whole of it."""
    if call.asked.asker.person is None or pathway is None:
        return None
    parts = []
    for each in call.view.beside("step", "pathway_id", pathway["id"], pathway):
        links = call.view.beside("step_badge", "step_id", each["id"], each)
        badges = tuple(Earnable(link["home_tenant_id"], link["badge_id"]) for link in links)
        rule = Rule(each["rule_kind"], each["rule_required"])
        parts.append(Part(each["id"], each["parent_id"], rule, each["optional"], badges))
    found = progress_of(Rule(pathway["rule_kind"], pathway["rule_required"]), parts, earned(call))[step]
    return {"done": found.done, "of": found.of, "fraction": found.fraction, "completedAt": found.completed_at}


def step_progress(call: Call) -> dict[str, Any] | None:
    """How far the asker has come with a step."""
    step = call.thing
    return come(call, call.view.one("pathway", "id", step["pathway_id"], step["tenant_id"]), step["id"])


# What asks for a permission


def check_guarded(field: str) -> Any:
    """Refuse who may not read it, and what the list does not take."""
    may = GUARDED[field][0]

    def check(args: Mapping[str, Any], asked: Asked) -> None:
        asker, tenant = asked.asker, asked.view.tenant
        if tenant is None:
            raise Refused("CITY_NEEDED")
        if asker.person is None:
            raise Refused("UNAUTHENTICATED")
        if asker.role != NATIONAL_ROLE and (asker.tenant != tenant or not permits(asker.role, may)):
            raise Refused("FORBIDDEN")
        attempt(lambda: check_page(args, asked, ("Query", field)))

    return check


def guarded(field: str) -> Resolver:
    """All of a tenant's rows that the asker may see, the latest first; below them also what is not public."""
    _, kind, table, issuers = GUARDED[field]

    def resolve(call: Call) -> Listing:
        asker, filter = call.asked.asker, call.args.get("filter", {})
        view = View(call.view.rows, call.view.tenant, drafts=True)

        def wanted(row: Row) -> bool:
            states, badge, usable = filter.get("states"), filter.get("badge"), filter.get("usable")
            return (
                row["tenant_id"] == view.tenant
                and (
                    bool(row.get("public"))
                    or not issuer_scoped(asker.role)
                    or asker.issuer in {row[each] for each in issuers}
                )
                and (states is None or row["state"] in {getattr(each, "value", each) for each in states})
                and (badge is None or reference(badge, "Badge") == (row["tenant_id"], row["badge_id"]))
                and all(_refers(row, name, filter.get(name)) for name in ("issuer", "recipient", "batch"))
                and (usable is None or usable == _usable(row, call))
            )

        things = [Thing(kind, row, view) for row in view.rows.tables[table] if wanted(row)]
        return listing(call, things, lambda each: (each[TIMES[kind]], each["id"].bytes), descending=True)

    return resolve


def _refers(row: Row, name: str, id: str | None) -> bool:
    kind = "Job" if name == "batch" else name.title()
    return id is None or reference(id, kind) == (row["tenant_id"], row[f"{name}_id"])


def _usable(row: Row, call: Call) -> bool:
    over = row["closes_at"] is not None and row["closes_at"] <= call.asked.now
    return row["cancelled_at"] is None and not over and (row["most"] is None or row["claimed"] < row["most"])


def my_requests(call: Call) -> Listing:
    """The asker's own requests: in this tenant, or in all that know them."""
    rows, person, tenant = call.view.rows, call.asked.asker.person, call.view.tenant
    known = {each["tenant_id"] for each in rows.where("known_in", "person_id", person)}
    wanted = {tenant} if tenant is not None else known
    found = [row for row in rows.where("badge_request", "person_id", person) if row["tenant_id"] in wanted]
    things = [Thing("BadgeRequest", row, call.view) for row in found]
    return listing(call, things, lambda each: (each["requested_at"], each["id"].bytes), descending=True)


def name_of(call: Call) -> str | None:
    """How the recipient that a row names is called by its issuer."""
    found = call.view.rows.where("recipient", "id", call.thing["recipient_id"])
    return called(call, found[0], call.thing["issuer_id"]) if found else None


def evidence(call: Call) -> list[str]:
    """What is shown, in order."""
    rows = call.view.rows.where("badge_request_evidence", "request_id", call.thing["id"])
    return [each["url"] for each in sorted(rows, key=lambda row: row["position"])]


# Codes


def check_link(args: Mapping[str, Any], asked: Asked) -> None:
    """Refuse a link that no card may bear."""
    del asked
    if args.get("link") is not None and link_problem(args["link"]):
        raise Refused("INVALID_ARGUMENT")


def _code(call: Call) -> str:
    return code_of(call.asked.services.settings.secret_key, call.thing["id"])


def drawn(call: Call) -> str:
    """A card with the names in the first language of the city."""
    names = {}
    for part in ("badge", "issuer"):
        names[part] = next(each["name"] for each in call.view.rows.where(part, "id", call.thing[f"{part}_id"]))
    return card(Card(_code(call), **names, recipient=name_of(call), link=call.args.get("link")))


def endorsed(column: str) -> Resolver:
    """What stands behind a thing, as it was accepted."""

    def resolve(call: Call) -> list[Thing]:
        found = call.view.beside("endorsement", column, call.thing["id"], call.thing.row)
        accepted = [row for row in found if row["state"] == "accepted"]
        accepted.sort(key=lambda row: (row["valid_from"], row["id"].bytes))
        return call.thing.things("Endorsement", accepted)

    return resolve


def owned(kind: str) -> Resolver:
    """The id of a tenant's thing."""
    return lambda call: global_id(kind, call.thing["id"], call.thing["tenant_id"])


LEARNING: Table = {
    ("Viewer", "pathways"): JOINED["list"],
    ("Viewer", "saved"): SAVED["list"],
    ("Viewer", "requests"): my_requests,
    ("Viewer", "addresses"): addresses,
    **{("OwnAddress", name): key(name) for name in ("address", "verifiedAt")},
    ("Pathway", "viewerHasJoined"): JOINED["has"],
    ("Opportunity", "viewerHasSaved"): SAVED["has"],
    ("Pathway", "viewerProgress"): lambda call: come(call, call.thing.row, None),
    ("PathwayStep", "viewerProgress"): step_progress,
    **{("Progress", name): key(name) for name in ("done", "of", "fraction", "completedAt")},
    **{("Query", field): guarded(field) for field in GUARDED},
    ("Badge", "endorsements"): endorsed("badge_id"),
    ("Issuer", "endorsements"): endorsed("issuer_id"),
    ("Endorsement", "badge"): anywhere("Badge", "badge_id", "home_tenant_id"),
    ("Endorsement", "issuer"): anywhere("Issuer", "issuer_id", "home_tenant_id"),
    **columns("Endorsement", "state reason offeredAt decidedAt"),
    ("ClaimCode", "id"): owned("ClaimCode"),
    ("ClaimCode", "badge"): must("Badge", "badge", "badge_id"),
    ("ClaimCode", "opportunity"): taken_part_in,
    ("ClaimCode", "recipientName"): name_of,
    ("ClaimCode", "code"): lambda call: shown(_code(call)),
    ("ClaimCode", "qr"): lambda call: qr(_code(call), call.args.get("link")),
    ("ClaimCode", "card"): drawn,
    **columns("ClaimCode", "label opensAt closesAt limit=most claimed createdAt cancelledAt"),
    ("BadgeRequest", "id"): owned("BadgeRequest"),
    ("BadgeRequest", "badge"): must("Badge", "badge", "badge_id"),
    ("BadgeRequest", "issuer"): must("Issuer", "issuer", "issuer_id"),
    ("BadgeRequest", "recipientName"): name_of,
    ("BadgeRequest", "evidence"): evidence,
    ("BadgeRequest", "award"): one("Award", "award", "award_id"),
    **columns("BadgeRequest", "statement state reason requestedAt decidedAt"),
}
