"""The naive executor's resolvers of drafts and reviews, and who is let at what asks for a permission."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.oracle.calls import Asked, Call, Resolver, Table, columns, global_id, told
from tests.oracle.lists import Listing, by_name, listing, named, reference
from tests.oracle.rows import Row, Thing
from tests.oracle.shared import below, key, one
from waypost.access.permissions import NATIONAL_ROLE, issuer_scoped, permissions_of
from waypost.graph.ids import parse_id
from waypost.school.rulebook import rulebook

Filter = Mapping[str, Any]


def unpermitted(may: str, asked: Asked) -> tuple[str, ...]:
    """Say why the asker may not read what asks for a permission; nothing where they may."""
    asker = asked.asker
    if asked.view.national:
        return ("CITY_NEEDED",)
    if asker.person is None:
        return ("UNAUTHENTICATED",)
    at_home = asker.role == NATIONAL_ROLE or asker.tenant == asked.view.tenant
    return () if at_home and may in permissions_of(asker.role, asker.limits) else ("FORBIDDEN",)


def order_of(args: Filter) -> str:
    """What orders the queue: its own order, or time where states are asked for."""
    return "queue" if args.get("filter", {}).get("states") is None else "newest"


def _is_mine(call: Call, row: Row) -> bool:
    asker = call.asked.asker
    return not issuer_scoped(asker.role) or row["creator_id"] == asker.issuer


def drafts(call: Call) -> Listing:
    """The drafts that the asker sees."""
    filter = call.args.get("filter", {})
    states, creator, badge = filter.get("states"), filter.get("creator"), filter.get("badge")
    found = [
        thing
        for thing in (Thing("BadgeDraft", row, call.view) for row in call.view.all("badge_draft"))
        if _is_mine(call, thing.row)
        and (thing["state"] != "published" and not thing["given_up"])
        and (states is None or thing["state"] in {each.value for each in states})
        and (creator is None or reference(creator, "Issuer") == (thing["tenant_id"], thing["creator_id"]))
        and (badge is None or reference(badge, "Badge") == (thing["tenant_id"], thing["badge_id"]))
        and named(filter.get("text"), thing)
    ]
    return listing(call, found, by_name)


def draft(call: Call) -> Thing:
    """One draft by its id."""
    given = parse_id(call.args["id"])
    row = None
    if given is not None and given.type == "BadgeDraft" and given.tenant == call.view.tenant:
        row = call.view.one("badge_draft", "id", given.row, given.tenant)
    if row is None or not _is_mine(call, row):
        raise told("NOT_FOUND")
    return Thing("BadgeDraft", row, call.view)


def queue(call: Call) -> Listing:
    """What waits for a decision, or what is in the states asked for."""
    filter, now, me = call.args.get("filter", {}), call.asked.now, call.asked.asker.person
    states = filter.get("states")

    def wanted(review: Thing) -> bool:
        taken = review["leased_until"] is not None and review["leased_until"] > now
        facts = {
            "urgent": review["priority"] == 0,
            "taken": taken,
            "mine": taken and review["reviewer_id"] == me,
            "overdue": review["due_at"] is not None and review["due_at"] < now,
        }
        home = call.view.one("tenant", "id", review["home_tenant_id"])
        return (
            review["state"] in ({"submitted"} if states is None else {each.value for each in states})
            and all(filter.get(name) in {None, holds} for name, holds in facts.items())
            and filter.get("city") in {None, home and home["slug"]}
            and named(filter.get("text"), review)
        )

    found = [each for each in (Thing("Review", row, call.view) for row in call.view.all("review")) if wanted(each)]
    if states is None:
        return listing(call, found, lambda each: (each["priority"], each["due_at"], each["id"].bytes), "queue")
    return listing(call, found, lambda each: (each["submitted_at"], each["id"].bytes), "newest", descending=True)


def counts(call: Call) -> dict[str, Any]:
    """How much there is to review."""
    rows, now = list(call.view.all("review")), call.asked.now
    waiting = [row for row in rows if row["state"] == "submitted"]
    held = [row for row in waiting if row["leased_until"] is not None and row["leased_until"] > now]

    def age(row: Row) -> str:
        days = (now - row["submitted_at"]).total_seconds() / 86_400
        return "under-a-week" if days < 7 else "one-to-two-weeks" if days < 14 else "over-two-weeks"

    return {
        "byState": _counted([row["state"] for row in rows]),
        "byAge": _counted([age(row) for row in waiting]),
        "byReviewer": _counted([global_id("Viewer", row["reviewer_id"]) for row in held]),
        "waiting": len(waiting),
        "urgent": len([row for row in waiting if row["priority"] == 0]),
        "overdue": len([row for row in waiting if row["due_at"] < now]),
        "free": len(waiting) - len(held),
    }


def _counted(codes: Sequence[str]) -> list[dict[str, Any]]:
    return [{"code": code, "count": count} for code, count in sorted(Counter(codes).items())]


def checklist(call: Call) -> list[dict[str, str]]:
    """The curators' questions."""
    wanted = (*call.asked.languages, "en")
    return [
        {"code": each.code, "question": next(each.question[tag] for tag in wanted if tag in each.question)}
        for each in rulebook(()).checklist
    ]


def _keys(kind: str, names: str) -> Table:
    return {(kind, name): key(name) for name in names.split()}


def _home(call: Call) -> Thing:
    return call.must("City", call.view.one("tenant", "id", call.thing["home_tenant_id"]))


def _layer(code: Any) -> Resolver:
    return lambda call: call.must("Layer", call.view.one("layer", "code", code(call)))


def _id(kind: str, column: str = "id") -> Resolver:
    return lambda call: global_id(kind, call.thing[column], call.thing["tenant_id"])


SCHOOL: Table = {
    ("Query", "badgeDrafts"): drafts,
    ("Query", "badgeDraft"): draft,
    ("Query", "reviewQueue"): queue,
    ("Query", "reviewCounts"): counts,
    ("Query", "reviewChecklist"): checklist,
    **_keys("ReviewQuestion", "code question"),
    **_keys("ReviewCounts", "byState byAge byReviewer waiting urgent overdue free"),
    **_keys("ReviewCount", "code count"),
    ("BadgeDraft", "id"): _id("BadgeDraft"),
    ("BadgeDraft", "badgeId"): _id("Badge", "badge_id"),
    **columns("BadgeDraft", "state name language words findings round submittedAt dueAt createdAt updatedAt"),
    ("BadgeDraft", "published"): one("Badge", "badge", "badge_id"),
    ("BadgeDraft", "creator"): one("Issuer", "issuer", "creator_id"),
    ("BadgeDraft", "issuer"): one("Issuer", "issuer", "issuer_id"),
    **_keys("DraftWords", "slug name description criteria skills translations audience imageUrl imageAlt category"),
    **_keys("DraftWords", "level timeToEarn free price currency costNote urgent"),
    ("DraftWords", "layer"): _layer(lambda call: call.source["layer"]),
    **_keys("DraftCriterion", "text required skills"),
    **_keys("DraftTranslation", "language name description criteria"),
    **_keys("LintFinding", "code severity path message mend reason blocks badge"),
    ("Review", "id"): _id("Review"),
    **columns("Review", "state name creatorName issuerName language words findings round receivedAt submittedAt"),
    **columns("Review", "dueAt leasedUntil decidedAt"),
    ("Review", "city"): _home,
    ("Review", "urgent"): lambda call: call.thing["priority"] == 0,
    ("Review", "layer"): _layer(lambda call: call.thing["layer"]),
    ("Review", "reviewer"): lambda call: call.thing["reviewer_id"] and global_id("Viewer", call.thing["reviewer_id"]),
    ("Review", "viewerHolds"): lambda call: bool(
        call.thing["reviewer_id"] == call.asked.asker.person
        and call.thing["leased_until"]
        and call.thing["leased_until"] > call.asked.now
    ),
    **{
        (kind, "comments"): below("ReviewComment", "review_comment", "review_id", "made_at", "id")
        for kind in ("BadgeDraft", "Review")
    },
    **{
        (kind, "decisions"): below("ReviewDecision", "review_decision", "review_id", "round")
        for kind in ("BadgeDraft", "Review")
    },
    ("ReviewComment", "id"): _id("ReviewComment"),
    **columns("ReviewComment", "text criterion round byCurator madeAt"),
    ("ReviewComment", "viewerWrote"): lambda call: call.thing["person_id"] == call.asked.asker.person,
    ("ReviewDecision", "id"): _id("ReviewDecision"),
    **columns("ReviewDecision", "outcome reason checklist round madeAt"),
    **_keys("ReviewAnswer", "code answer note"),
}
