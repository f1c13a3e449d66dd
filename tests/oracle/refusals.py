"""Which arguments a field does not take: it is null then, with an error at its place, and only if it is reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from graphql import GraphQLField

from tests.oracle import school, search
from tests.oracle.audits import check_audit
from tests.oracle.calls import Asked, Refused, attempt
from tests.oracle.doings import check_from
from tests.oracle.learning import GUARDED, check_guarded, check_link
from tests.oracle.lists import (
    check_box,
    check_cities,
    check_metres,
    check_moment,
    check_page,
    check_point,
    check_text,
    origin,
)
from tests.oracle.schemes import check_facts
from waypost.access.permissions import NATIONAL_ROLE, permissions_of
from waypost.graph.facts import relation_of

Args: TypeAlias = Mapping[str, Any]
Check: TypeAlias = Callable[[Args, Asked], None]


# What single fields take


def _by_key(key: str, *, of_tenant: bool = True) -> Check:
    def check(args: Args, asked: Asked) -> None:
        given = [name for name in ("id", key) if name in args]
        if given == [key]:
            check_text(args[key], args.get("city") if of_tenant else None)
            if of_tenant and asked.view.national and "city" not in args:
                raise Refused("INVALID_ARGUMENT")
        elif given != ["id"]:
            raise Refused("INVALID_ARGUMENT")

    return check


def _city(args: Args, asked: Asked) -> None:
    if args or asked.view.national:
        _by_key("slug", of_tenant=False)(args, asked)


def _filtered(filter: Args, asked: Asked) -> None:
    """What all filters have in common."""
    texts = (
        value
        for name, value in filter.items()
        if name not in {"postcode", "issuer", "badge", "pathway", "creator", "webhook"}
    )
    attempt(lambda: check_cities(asked, filter), lambda: check_box(filter.get("bounds")), lambda: check_text(*texts))


def _list(field: str, order: str = "default") -> Check:
    def check(args: Args, asked: Asked) -> None:
        attempt(
            lambda: _filtered(args.get("filter", {}), asked),
            lambda: check_page(args, asked, ("Query", field), order),
        )

    return check


def _nearest_or_name(field: str) -> Check:
    def check(args: Args, asked: Asked) -> None:
        filter = args.get("filter", {})
        near, postcode, most = (filter.get(each) for each in ("near", "postcode", "withinMetres"))
        order = "name" if near is None and postcode is None else "nearest"
        attempt(
            lambda: origin(asked, near, postcode),
            lambda: check_metres(most),
            lambda: _needs(most is None or order == "nearest"),
            lambda: _list(field, order)(args, asked),
        )

    return check


def _needs(fulfilled: bool) -> None:
    if not fulfilled:
        raise Refused("INVALID_ARGUMENT")


def _cities(args: Args, asked: Asked) -> None:
    covers = args.get("filter", {}).get("covers")
    attempt(
        lambda: covers is None or check_point(covers["latitude"], covers["longitude"]),
        lambda: _list("cities")(args, asked),
    )


def _discover(args: Args, asked: Asked) -> None:
    filter, order = args["filter"], search.order_of(args)
    near, postcode, age = (filter.get(each) for each in ("near", "postcode", "age"))
    attempt(
        lambda: _needs(not search.measures(args) or origin(asked, near, postcode) is not None),
        lambda: _needs(order != "relevance" or filter.get("text") is not None),
        lambda: _needs(age is None or 0 <= age <= 120),
        lambda: check_metres(filter.get("withinMetres")),
        lambda: check_moment(filter.get("startsAfter")),
        lambda: check_moment(filter.get("startsBefore")),
        lambda: _list("discover", order)(args, asked),
    )


def _first_of_facet(args: Args, asked: Asked) -> None:
    if not 0 <= (first := args.get("first", 20)) <= 100:
        raise Refused("LIMIT_EXCEEDED" if first > 100 else "INVALID_ARGUMENT")


def _ids(args: Args, asked: Asked) -> None:
    if len(args.get("ids", args.get("representations", ()))) > 100:
        raise Refused("LIMIT_EXCEEDED")


def _permitted(field: str, permission: str) -> Check:
    """What is read in one city's graph by who has the permission there; whoever has not is told that alone."""

    def check(args: Args, asked: Asked) -> None:
        asker, tenant = asked.asker, asked.view.tenant
        if tenant is None:
            raise Refused("CITY_NEEDED")
        if asker.person is None:
            raise Refused("UNAUTHENTICATED")
        at_home = asker.role == NATIONAL_ROLE or asker.tenant == tenant
        if not at_home or permission not in permissions_of(asker.role, asker.limits):
            raise Refused("FORBIDDEN")
        _list(field)(args, asked)

    return check


CHECKS: Mapping[tuple[str, str], Check] = {
    **{
        ("Query", each): _by_key("slug")
        for each in ("place", "issuer", "badge", "opportunity", "pathway", "collection")
    },
    ("Query", "skill"): _by_key("code", of_tenant=False),
    ("Query", "city"): _city,
    ("Query", "nodes"): _ids,
    ("Query", "_entities"): _ids,
    ("Query", "cities"): _cities,
    ("Query", "skills"): _list("skills"),
    ("Query", "places"): _list("places"),
    ("Query", "badges"): _list("badges"),
    ("Query", "collections"): _list("collections"),
    ("Query", "webhooks"): _list("webhooks"),
    ("Query", "deliveries"): _list("deliveries"),
    ("Query", "badgeDrafts"): _list("badgeDrafts"),
    ("Query", "reviewQueue"): lambda args, asked: _list("reviewQueue", school.order_of(args))(args, asked),
    ("Query", "issuers"): _nearest_or_name("issuers"),
    ("Query", "pathways"): _nearest_or_name("pathways"),
    ("Query", "discover"): _discover,
    ("Query", "schemeEligibility"): check_facts,
    ("Query", "essentialSkills"): lambda args, _asked: check_text(args.get("framework")),
    **{("Query", field): check_guarded(field) for field in GUARDED},
    **{("ClaimCode", field): check_link for field in ("qr", "card")},
    ("Query", "auditLog"): check_audit,
    ("Query", "members"): _permitted("members", "member.read"),
    ("Query", "invitations"): _permitted("invitations", "member.read"),
    ("DiscoverFacets", "skills"): _first_of_facet,
    ("Opportunity", "distanceMetres"): check_from,
    ("Pathway", "distanceMetres"): check_from,
    ("Pathway", "nearest"): check_from,
}


def refused_codes(kind: str, name: str, args: Args, asked: Asked, definition: GraphQLField) -> tuple[str, ...]:
    """Return why a field is not answered: its permission first, then its arguments, of which any reason is told."""
    relation = relation_of(definition)
    if relation is not None and relation.may and (codes := school.unpermitted(relation.may, asked)):
        return codes
    check = CHECKS.get((kind, name))
    try:
        if check is not None:
            check(args, asked)
        elif "after" in definition.args and name != "occurrences":
            check_page(args, asked, (kind, name))
    except Refused as refusal:
        return refusal.codes
    return ()
