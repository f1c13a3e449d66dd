"""The naive executor's resolvers of opportunities and pathways, and of what both are found by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.oracle.calls import Asked, Call, Resolver, Table, columns, global_id, told
from tests.oracle.lists import by_name, metres, origin, point_of, rounded
from tests.oracle.rows import Row, Thing
from tests.oracle.shared import below, city, codes, cost, itself, key, must, one, ordered, words
from tests.oracle.things import is_listed, lent
from waypost.opportunities.rules import KINDS, Timing
from waypost.opportunities.rules import occurrences as happening

# Opportunities


def distance(call: Call) -> int | None:
    """The way from the given origin."""
    there, given = point_of(call.thing), call.args.get("from", {})
    here = origin(call.asked, given.get("point"), given.get("postcode"))
    return None if here is None or there is None else rounded(metres(here, there))


def occurrences(call: Call) -> list[dict[str, datetime | None]]:
    """The next times that it happens, as the room's rule counts them."""
    first, after = call.args.get("first", 10), call.args.get("after", call.asked.now)
    if not 0 <= first <= 100:
        raise told("LIMIT_EXCEEDED" if first > 100 else "INVALID_ARGUMENT")
    if after.tzinfo is None:
        raise told("INVALID_ARGUMENT")
    thing = call.thing
    timing = Timing(thing["starts_at"], thing["ends_at"], thing["recurrence"], thing["timezone"])
    return [
        {"startsAt": each.starts_at.astimezone(UTC), "endsAt": each.ends_at and each.ends_at.astimezone(UTC)}
        for each in happening(timing, after, first)
    ]


def layers(call: Call) -> list[Thing]:
    """The layers of its badges, in their standards' order."""
    links = call.view.beside("opportunity_layer", "opportunity_id", call.thing["id"], call.thing.row)
    rows = [row for link in links for row in call.view.where("layer", "code", link["layer"])]
    return call.thing.things("Layer", sorted(rows, key=lambda row: ordered(row, ("standard_code", "position"))))


def opportunity_pathways(call: Call) -> list[Thing]:
    """The tenant's own pathways that it is a part of."""
    links = call.view.beside("step_opportunity", "opportunity_id", call.thing["id"], call.thing.row)
    ids = {link["pathway_id"] for link in links}
    rows = [row for id in ids for row in call.view.beside("pathway", "id", id, call.thing.row)]
    return sorted(call.thing.things("Pathway", [row for row in rows if row["state"] == "published"]), key=by_name)


def ages(call: Call) -> Thing | None:
    """For whom it is; null for everybody."""
    return None if call.thing["age_min"] is None and call.thing["age_max"] is None else call.thing


def kind_of(call: Call) -> dict[str, str]:
    """What kind of activity it is."""
    return {"code": call.thing["kind"], "name": KINDS.get(call.thing["kind"], call.thing["kind"])}


# Pathways


def problem_of(call: Call, step: Row) -> str | None:
    """Say what is wrong with a step's badges: the worst first."""
    states = set()
    for link in call.view.beside("step_badge", "step_id", step["id"], step):
        own = call.view.one("badge", "id", link["own_badge_id"], step["tenant_id"])
        away = call.view.one("borrowed", "id", link["borrowed_id"], step["tenant_id"])
        known = own or away
        states.add("withdrawn" if known is None else known["state"])
    return next((state.upper() for state in ("withdrawn", "retired") if state in states), None)


def problems(call: Call) -> list[str]:
    """The problems of all steps, each once."""
    steps = call.view.beside("step", "pathway_id", call.thing["id"], call.thing.row)
    return sorted(filter(None, {problem_of(call, step) for step in steps}))


def top_steps(call: Call) -> list[Thing]:
    """The top of the tree."""
    return [step for step in below("PathwayStep", "step", "pathway_id", "position")(call) if step["parent_id"] is None]


def outcomes(call: Call) -> list[Thing]:
    """Where it leads."""
    links = call.view.beside("pathway_outcome", "pathway_id", call.thing["id"], call.thing.row)
    links = sorted(links, key=lambda link: ordered(link, ("position", "opportunity_id")))
    rows = [row for link in links for row in call.view.beside("opportunity", "id", link["opportunity_id"], link)]
    return call.thing.things("Opportunity", rows)


def parent_id(call: Call) -> str | None:
    """The id of the step above."""
    above = call.thing["parent_id"]
    return None if above is None else global_id("PathwayStep", above, call.thing["tenant_id"])


def nearest_of(call: Call, pathway: Thing, here: tuple[float, float]) -> tuple[float, Row] | None:
    """Return the way to a pathway's nearest opportunity among its tenant's own that lists show, and that."""
    found: list[tuple[float, bytes, Row | None]] = []
    for link in call.view.beside("step_opportunity", "pathway_id", pathway["id"], pathway.row):
        row = call.view.one("opportunity", "id", link["own_opportunity_id"], pathway["tenant_id"])
        if row is not None and is_listed(call, row) and (there := point_of(row)) is not None:
            found.append((metres(here, there), row["id"].bytes, row))
    way, _, row = min(found, key=lambda each: each[:2], default=(0.0, b"", None))
    return None if row is None else (way, row)


def from_origin(then: Callable[[Call, tuple[float, Row]], Any]) -> Resolver:
    """What follows from the nearest opportunity, as seen from the argument `from`."""

    def resolve(call: Call) -> Any:
        given = call.args["from"]
        here = origin(call.asked, given.get("point"), given.get("postcode"))
        assert here is not None, given
        found = nearest_of(call, call.thing, here)
        return None if found is None else then(call, found)

    return resolve


def check_from(args: Mapping[str, Any], asked: Asked) -> None:
    """Refuse an origin that is nowhere."""
    given = args.get("from", {})
    origin(asked, given.get("point"), given.get("postcode"))


DOINGS: Table = {
    **columns("Opportunity", "slug outsideArea online startsAt endsAt recurrence timezone applyBy capacity"),
    **columns("Opportunity", "contactUrl url source licence attribution"),
    ("Opportunity", "title"): words("opportunity_text", "opportunity_id", "title", copied="title"),
    ("Opportunity", "summary"): words("opportunity_text", "opportunity_id", "summary"),
    ("Opportunity", "kind"): kind_of,
    ("OpportunityKind", "code"): key("code"),
    ("OpportunityKind", "name"): key("name"),
    ("Opportunity", "provider"): must("Issuer", "issuer", "provider_id"),
    ("Opportunity", "place"): one("Place", "place", "place_id"),
    ("Opportunity", "location"): itself("latitude"),
    ("Opportunity", "distanceMetres"): distance,
    ("Opportunity", "occurrences"): occurrences,
    ("Occurrence", "startsAt"): key("startsAt"),
    ("Occurrence", "endsAt"): key("endsAt"),
    ("Opportunity", "cost"): cost,
    ("Opportunity", "ages"): ages,
    **columns("AgeRange", "min=age_min max=age_max"),
    ("Opportunity", "accessibility"): codes("opportunity_accessibility", "opportunity_id", "code"),
    ("Opportunity", "layers"): layers,
    ("Opportunity", "badges"): lent("Badge", "opportunity_badge", "opportunity_id", "badge_id"),
    ("Opportunity", "city"): city,
    ("Opportunity", "pathways"): opportunity_pathways,
    **columns("Pathway", "slug"),
    ("Pathway", "name"): words("pathway_text", "pathway_id", "name", copied="name"),
    ("Pathway", "description"): words("pathway_text", "pathway_id", "description"),
    ("Pathway", "issuer"): must("Issuer", "issuer", "issuer_id"),
    ("Pathway", "city"): city,
    ("Pathway", "rule"): itself(),
    **columns("PathwayRule", "kind=rule_kind required=rule_required"),
    ("Pathway", "steps"): top_steps,
    ("Pathway", "allSteps"): below("PathwayStep", "step", "pathway_id", "position"),
    ("Pathway", "completionBadge"): one("Badge", "badge", "completion_badge_id"),
    ("Pathway", "outcomes"): outcomes,
    ("Pathway", "interests"): codes("pathway_interest", "pathway_id", "interest"),
    ("Pathway", "nearest"): from_origin(lambda call, found: call.of("Opportunity", found[1])),
    ("Pathway", "distanceMetres"): from_origin(lambda _call, found: rounded(found[0])),
    ("Pathway", "problems"): problems,
    **columns("PathwayStep", "depth optional"),
    ("PathwayStep", "parentId"): parent_id,
    ("PathwayStep", "title"): words("step_text", "step_id", "title"),
    ("PathwayStep", "rule"): itself(),
    ("PathwayStep", "badges"): lent("Badge", "step_badge", "step_id", "badge_id"),
    ("PathwayStep", "opportunities"): lent("Opportunity", "step_opportunity", "step_id", "opportunity_id"),
    ("PathwayStep", "steps"): below("PathwayStep", "step", "parent_id", "position"),
    ("PathwayStep", "problem"): lambda call: problem_of(call, call.thing.row),
}
