"""Where the rooms' declarations become schemas, and the engine gets what it may ask for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from waypost.access import forgetting as access_forgetting
from waypost.audit import graph as audit
from waypost.awards import claim_codes, claim_forgetting, claim_writes, completing, progress, request_effects, requests
from waypost.awards import effects as award_effects
from waypost.awards import forgetting as awards_forgetting
from waypost.awards import graph as awards
from waypost.awards import joining as award_joining
from waypost.awards import keeping as award_keeping
from waypost.awards import known as award_known
from waypost.awards import live as awards_live
from waypost.awards import many_writes as award_many_writes
from waypost.awards import writes as award_writes
from waypost.awards.mine import mine_in
from waypost.badges import borrowing, collection_writes, collections, endorsements, endorsing_abroad
from waypost.badges import effects as badge_effects
from waypost.badges import files as badge_files
from waypost.badges import graph as badges
from waypost.badges import writes as badge_writes
from waypost.cities import graph as cities
from waypost.cities import plugin_graph
from waypost.cities import writes as city_writes
from waypost.connectors import effects as connector_effects
from waypost.connectors import forgetting as connectors_forgetting
from waypost.connectors import graph as connectors
from waypost.connectors import writes as connector_writes
from waypost.connectors.registry import Connectors
from waypost.db import National
from waypost.discover import graph as discover
from waypost.discover import live as discover_live
from waypost.eligibility import graph as eligibility
from waypost.eligibility.sources import LOOKUP as SCHEMES
from waypost.eligibility.sources import schemes_in
from waypost.feeds import effects as feed_effects
from waypost.feeds import graph as feeds
from waypost.feeds import writes as feed_writes
from waypost.frameworks import effects as framework_effects
from waypost.frameworks import gaps
from waypost.frameworks import graph as alignments
from waypost.frameworks import writes as framework_writes
from waypost.graph import Contribution, Engine, GraphError, Mutations, Schema, compose
from waypost.graph.acting import Begin
from waypost.graph.compose import CORE
from waypost.insight import effects as insight_effects
from waypost.insight import forgetting as insight_forgetting
from waypost.insight import graph as insight
from waypost.issuers import costs
from waypost.issuers import files as issuer_files
from waypost.issuers import graph as issuers
from waypost.issuers import writes as issuer_writes
from waypost.issuers.commands import IssuerUpdated
from waypost.jobs import graph as jobs
from waypost.labour import graph as labour
from waypost.learners import belongings
from waypost.learners import forgetting as learners_forgetting
from waypost.learners import graph as learners
from waypost.learners import writes as learner_writes
from waypost.learners.belongings import kept_in
from waypost.learners.graph import memberships_in, names_in, permissions_in
from waypost.members import addresses
from waypost.members import effects as member_effects
from waypost.members import graph as members
from waypost.members import writes as member_writes
from waypost.members.addresses import addresses_in
from waypost.members.graph import tokens_in
from waypost.opportunities import files as opportunity_files
from waypost.opportunities import graph as opportunities
from waypost.opportunities import writes as opportunity_writes
from waypost.opportunities.store import follow_provider
from waypost.outbox import effects as outbox_effects
from waypost.outbox import forgetting as outbox_forgetting
from waypost.outbox.kinds import event_types
from waypost.outbox.work import Effects
from waypost.pathways import files as pathway_files
from waypost.pathways import graph as pathways
from waypost.pathways import writes as pathway_writes
from waypost.places import files as place_files
from waypost.places import graph as places
from waypost.places import writes as place_writes
from waypost.places.rules import normal_postcode
from waypost.plugins import Plugins, geocode, verdict_on
from waypost.plugins.formats import called_formats
from waypost.privacy import effects as privacy_effects
from waypost.privacy import writes as privacy_writes
from waypost.refusal import Refusal
from waypost.schemes import files as scheme_files
from waypost.school import effects as school_effects
from waypost.school import files as school_files
from waypost.school import forgetting as school_forgetting
from waypost.school import graph as school
from waypost.school import review_graph, review_writes
from waypost.school import writes as school_writes
from waypost.skills import framework_graph
from waypost.skills import graph as skills
from waypost.standards import graph as standards
from waypost.tenancy.writing import types_told
from waypost.webhooks import effects as webhook_effects
from waypost.webhooks import forgetting as webhooks_forgetting
from waypost.webhooks import graph as webhooks
from waypost.webhooks import writes as webhook_writes

if TYPE_CHECKING:
    from waypost.db import Database, Personal
    from waypost.graph import Request
    from waypost.outbox import Act, Event
    from waypost.plugins import Profile

TOLD_BY_JOBS: Final = frozenset({"framework.imported", "job.begun", "job.ended", "job.progressed"})


def core() -> Contribution:
    """Return what the core declares."""
    shown = (
        *(cities, standards, skills, framework_graph, places, costs, issuers, badges, collections, opportunities),
        *(pathways, discover, eligibility, labour, learners, school, review_graph, insight),
        *(alignments, gaps),
    )
    owned = (plugin_graph, belongings, members, endorsements, awards, progress, claim_codes, requests)
    kept = (audit, privacy_writes, connectors, connector_writes)
    told = (discover_live, jobs, webhooks, webhook_writes, awards_live, feeds, feed_writes)
    written = (
        *(place_writes, issuer_writes, badge_writes, collection_writes, opportunity_writes, pathway_writes),
        *(city_writes, member_writes, addresses, learner_writes, school_writes, review_writes),
        *(award_writes, award_many_writes, claim_writes, framework_writes),
    )
    rooms = (*shown, *owned, *written, *told, *kept)
    return Contribution(CORE, tuple(each for room in rooms for each in room.TYPES))


def schema_of(plugins: Plugins, profile: Profile) -> Schema:
    """Return the schema of one profile of plugins; raise `BadDeclarations` with every fault."""
    added = (
        Contribution(each.plugin, (*each.nodes, *each.extensions, *each.queries, *each.mutations))
        for each in plugins.declarations(profile)
    )
    return compose([core(), *added])


def effects(plugins: Plugins | None = None) -> Effects:
    """Return the background work of all rooms and plugins: what each declares as EFFECTS in its `effects.py`.

    Those that forget people are made of what all of them keep of people.
    """
    rooms = (outbox_effects, webhook_effects, badge_effects, endorsing_abroad, member_effects, school_effects)
    given = (award_effects, award_joining, award_known, completing, claim_codes, request_effects, insight_effects)
    plugins = plugins or Plugins(())
    kept = [room.effects_of(personal(plugins)) for room in (privacy_effects, award_keeping)]
    frameworks = framework_effects.effects(partial(called_formats, plugins))
    others = (frameworks, feed_effects.effects_of(plugins), connector_effects.effects_of(Connectors.of(plugins)))
    return Effects.joined((*(room.EFFECTS for room in (*rooms, *given)), *kept, *others, *plugins.effects()))


def events_told() -> frozenset[str]:
    """Return the types of all events that the core tells: of acts, of files and feeds, of long work."""
    kinds = (place_files.PLACES, issuer_files.ISSUERS, badge_files.BADGES, scheme_files.SCHEMES)
    more = (opportunity_files.OPPORTUNITIES, pathway_files.PATHWAYS, school_files.LINT_RULES)
    acts = (type for module, type in event_types() if module.startswith("waypost.") and type is not None)
    return frozenset((*acts, *(type for kind in (*kinds, *more) for type in types_told(kind)), *TOLD_BY_JOBS))


def personal(plugins: Plugins | None = None) -> tuple[Personal, ...]:
    """Return what the tables of all rooms and plugins keep of people, and how they forget them."""
    rooms = (access_forgetting, outbox_forgetting, webhooks_forgetting, learners_forgetting)
    given = (awards_forgetting, claim_forgetting, connectors_forgetting, school_forgetting, insight_forgetting)
    added = () if plugins is None else plugins.apps()
    return (
        *(each for room in (*rooms, *given) for each in room.PERSONAL),
        *(each for app in added for each in app.personal),
    )


def engine(database: Database, plugins: Plugins | None = None) -> Engine:
    """Return an engine on the database; it looks postcodes up in the table first, then by plugins' geocoders."""
    plugins = plugins or Plugins(())
    lookups = {
        "postcode": _postcodes(database, plugins),
        "memberships": memberships_in(database),
        "name": names_in(database),
        "permissions": permissions_in(database, plugins.granted),
        "tokens": tokens_in(database),
        "addresses": addresses_in(database),
        "joined": kept_in(database, "joined"),
        "saved": kept_in(database, "saved"),
        "awards": mine_in(database, "awards"),
        "recipients": mine_in(database, "recipients"),
        "requests": mine_in(database, "requests"),
        SCHEMES: schemes_in(database, plugins),
    }
    begin = Begin((_follow_issuer,), partial(verdict_on, plugins), plugins.lint_rules, plugins.granted)
    return Engine(
        database, lookups, Mutations(begin, abroad=borrowing, personal=personal(plugins)), calls=plugins.calls
    )


async def _follow_issuer(act: Act, event: Event) -> None:
    """What an issuer offers is found by its name."""
    if isinstance(event, IssuerUpdated) and event.renamed:
        await follow_provider(act.here, event.issuer)


def _postcodes(database: Database, plugins: Plugins) -> Callable[[str, Request], Awaitable[tuple[float, float]]]:
    async def find(postcode: str, request: Request) -> tuple[float, float]:
        normal = normal_postcode(postcode)
        if isinstance(normal, Refusal):
            raise GraphError("INVALID_POSTCODE", normal.message)
        point = await _in_table(database, normal)
        if point is None:
            shown = request.services.plugins_shown(None, request.tenant)
            point = await geocode(plugins, {each["name"] for each in shown if each["active"]}, normal, request.tenant)
        if point is None:
            raise GraphError("UNKNOWN_POSTCODE", f"No geocoder here knows {postcode.strip().upper()}.")
        return point

    return find


async def _in_table(database: Database, postcode: str) -> tuple[float, float] | None:
    rows = await database.reads.rows(National(), "select latitude, longitude from postcode where code = $1", [postcode])
    return (rows[0]["latitude"], rows[0]["longitude"]) if rows else None
