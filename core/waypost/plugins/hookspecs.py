"""What Waypost asks of its plugins: every hook, in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from inspect import cleandoc, getdoc, isfunction, signature
from json import dumps
from typing import Final, Literal, TypeVar, get_type_hints

from pluggy import HookimplMarker, HookspecMarker

from waypost.plugins.registrars import (
    AppRegistrar,
    CatalogueRegistrar,
    ConnectorRegistrar,
    EffectsRegistrar,
    FeedsRegistrar,
    FrameworkRegistrar,
    GeocoderRegistrar,
    GraphRegistrar,
    LabourMarketRegistrar,
    LintRegistrar,
    PagesRegistrar,
    PermissionsRegistrar,
    Registrar,
    RoutesRegistrar,
    SchemesRegistrar,
    SubmissionRegistrar,
)

PROJECT: Final = "waypost"
API: Final = "1.2"  # what a manifest's `api` is compared with; grows with every hook, by semantic versioning

hookspec: Final = HookspecMarker(PROJECT)
hookimpl: Final = HookimplMarker(PROJECT)

Stability = Literal["stable", "experimental"]
Spec = TypeVar("Spec", bound=Callable[..., None])


@dataclass(frozen=True)
class Hook:
    """One hook as the committed list and the documentation know it."""

    name: str
    arguments: tuple[str, ...]
    since: str  # the version of the plugin API that brought it
    stability: Stability
    summary: str
    kinds: tuple[str, ...]  # of contributions
    registers: Mapping[str, tuple[str, ...]]  # what the registrar can do → the parameters of that


def hook(*, since: str, stability: Stability) -> Callable[[Spec], Spec]:
    """Make a function a hook specification and note since when it exists and how firm it is."""

    def announce(spec: Spec) -> Spec:
        summary = cleandoc(getdoc(spec) or "").split("\n", 1)[0]
        registrar: type[Registrar] = get_type_hints(spec)["registrar"]
        arguments = tuple(signature(spec).parameters)
        methods = _methods(registrar)
        spec.__dict__["hook"] = Hook(spec.__name__, arguments, since, stability, summary, registrar.kinds, methods)
        return hookspec(spec)

    return announce


def _methods(registrar: type[Registrar]) -> dict[str, tuple[str, ...]]:
    """What plugins may call of a registrar: its public methods that take something. `name=` need not be given."""
    found = {name: _parameters(each)[1:] for name, each in vars(registrar).items() if isfunction(each)}
    return {name: parameters for name, parameters in sorted(found.items()) if name[0] != "_" and parameters}


def _parameters(method: Callable[..., object]) -> tuple[str, ...]:
    found = signature(method).parameters.values()
    return tuple(each.name if each.default is each.empty else f"{each.name}=" for each in found)


@hook(since="1.0", stability="experimental")
def waypost_graph(registrar: GraphRegistrar) -> None:
    """Declare types, fields on types of the core, root fields and mutations.

    The declarations are those of `waypost.graph`, the very ones that the core uses. Names carry
    the plugin's prefix, and whatever is added to the core is nullable::

        @hookimpl
        def waypost_graph(registrar: GraphRegistrar) -> None:
            registrar.node(EssentialSkill)
            registrar.extend(BadgeEssentials)
            registrar.query(EssentialQuery)

    A mutation is an act of the core's kind, with a permission of the core or the plugin, and is carried out in cities
    with the plugin alone::

            registrar.input(EssentialNoteInput)
            registrar.mutation(EssentialMutation)
    """


@hook(since="1.0", stability="experimental")
def waypost_app(registrar: AppRegistrar) -> None:
    """Bring tables, migrations and reference data.

    Every table lies in the schema `plugin_<name>` and is of one of the four kinds::

        @hookimpl
        def waypost_app(registrar: AppRegistrar) -> None:
            registrar.app(App(name="skills_builder", migrations=HERE / "migrations", tables=TABLES))
    """


@hook(since="1.0", stability="experimental")
def waypost_catalogue(registrar: CatalogueRegistrar) -> None:
    """Declare sections of the catalogue files that cities with the plugin may write.

    `waypost tenants check` then knows what `[badges.essential]` means and `apply` writes it::

        @hookimpl
        def waypost_catalogue(registrar: CatalogueRegistrar) -> None:
            registrar.section(ESSENTIAL)
    """


@hook(since="1.2", stability="experimental")
def waypost_connectors(registrar: ConnectorRegistrar) -> None:
    """Connect to issuing platforms, which give people the badges that they were awarded here.

    A connector says how accounts with the platform are set, and does single operations; when, for whom and how often
    is the core's to decide::

        @hookimpl
        def waypost_connectors(registrar: ConnectorRegistrar) -> None:
            registrar.connector(Credly())
    """


@hook(since="1.0", stability="experimental")
def waypost_geocoders(registrar: GeocoderRegistrar) -> None:
    """Find postcodes that the platform's own table does not know.

    A geocoder gets the postcode without spaces in upper case, and returns latitude and longitude in WGS 84
    degrees, or None. One that fails or is late counts as one that does not know. It is asked in the
    graphs where its plugin is active::

        @hookimpl
        def waypost_geocoders(registrar: GeocoderRegistrar) -> None:
            registrar.geocoder(find_postcode)
    """


@hook(since="1.1", stability="experimental")
def waypost_effects(registrar: EffectsRegistrar) -> None:
    """Do something in the background: when something happened, when asked, again and again; and write e-mails.

    Handlers, jobs, schedules and letters are those of `waypost.outbox`; their names begin with the prefix and a dot.
    Handlers hear of what happened in cities with the plugin, after it is committed and at least once::

        @hookimpl
        def waypost_effects(registrar: EffectsRegistrar) -> None:
            registrar.handler(Handler("essential.count", frozenset({"badge.published"}), count))
    """


@hook(since="1.2", stability="experimental")
def waypost_feeds(registrar: FeedsRegistrar) -> None:
    """Bring a kind of feed, from which cities take what others offer.

    A kind pulls pages with the platform's own client, and says what each item means; the platform keeps the cursor,
    writes what changed and closes what vanished. The city's settings name its feeds::

        @hookimpl
        def waypost_feeds(registrar: FeedsRegistrar) -> None:
            registrar.feed(FeedKind("councilEvents", pull=pull, read=read))
    """


@hook(since="1.2", stability="experimental")
def waypost_labour_market(registrar: LabourMarketRegistrar) -> None:
    """Tell occupations and the figures of a labour market, from a source outside.

    A source says under which licence it is used, and how long its answers stay fresh. It is asked in the graphs where
    its plugin is active, for a question at a time, and knows nothing of who asks::

        @hookimpl
        def waypost_labour_market(registrar: LabourMarketRegistrar) -> None:
            registrar.source(Source(name="tides_office", title="Tides Office", figures=figures, ...))
    """


@hook(since="1.1", stability="experimental")
def waypost_lint(registrar: LintRegistrar) -> None:
    """Add rules to the linter of the Badge School.

    The rules have the form of the platform's own, and hold in cities with the plugin. Codes begin with the
    prefix in upper case::

        @hookimpl
        def waypost_lint(registrar: LintRegistrar) -> None:
            registrar.rules(files("waypost_skills_builder") / "rules.toml")
    """


@hook(since="1.2", stability="experimental")
def waypost_pages(registrar: PagesRegistrar) -> None:
    """Show words and links on the platform's pages.

    A slot is filled while the page is made, within a second, in cities with the plugin. It is given words, never
    markup::

        @hookimpl
        def waypost_pages(registrar: PagesRegistrar) -> None:
            registrar.slot("city", tides_of_today)
    """


@hook(since="1.2", stability="experimental")
def waypost_permissions(registrar: PermissionsRegistrar) -> None:
    """Bring permissions, which commands, fields and paths of the plugin ask for.

    A permission is a `Granted`: its name, what it allows in words, and the roles that have it. City admins and
    operators have all of them::

        DECIDE = Granted("kickstart.decide", "Decide applications for placements.", roles={"curator"})

        @hookimpl
        def waypost_permissions(registrar: PermissionsRegistrar) -> None:
            registrar.permission(DECIDE)
    """


@hook(since="1.2", stability="experimental")
def waypost_routes(registrar: RoutesRegistrar) -> None:
    """Answer at paths of its own, and take calls from outside.

    Paths lie below `/{tenant}/x/{plugin}`, in cities with the plugin. Calls to `/hooks/{plugin}/{tenant}` are
    checked and kept while the sender waits, and handled by the worker::

        @hookimpl
        def waypost_routes(registrar: RoutesRegistrar) -> None:
            registrar.route("/steps/{code}", show_step)
            registrar.incoming(IncomingHook(check=who_says_so, handle=read_again))
    """


@hook(since="1.2", stability="experimental")
def waypost_schemes(registrar: SchemesRegistrar) -> None:
    """Bring schemes: who is eligible, what is paid, and when the rules held.

    A scheme is data, in the very form in which a tenant writes its own in its files. Its code begins with the
    prefix in small letters::

        @hookimpl
        def waypost_schemes(registrar: SchemesRegistrar) -> None:
            registrar.schemes(files("waypost_kickstart") / "scheme.toml")
    """


@hook(since="1.1", stability="experimental")
def waypost_submission(registrar: SubmissionRegistrar) -> None:
    """Object to a draft that would be submitted for its review.

    A veto gets a `Submission` of a city with the plugin, in the transaction that would submit it, and returns a
    Refusal or None. One that fails refuses nothing; the event `badge.submitted` then names its plugin::

        @hookimpl
        def waypost_submission(registrar: SubmissionRegistrar) -> None:
            registrar.veto(needs_essential_skills)
    """


@hook(since="1.2", stability="experimental")
def waypost_frameworks(registrar: FrameworkRegistrar) -> None:
    """Bring skills frameworks, and formats in which others write theirs.

    A framework is a `waypost.outbox.frameworks.Package` that `waypost migrate` writes for the whole country; a format
    reads what `waypost import frameworks` and cities with the plugin are given. Names are the prefix, alone or with a
    dot and more behind it::

        @hookimpl
        def waypost_frameworks(registrar: FrameworkRegistrar) -> None:
            registrar.framework("essential.framework-2.0", universal_framework)
            registrar.format(WORDING)
    """


SPECIFICATIONS: Final = {
    get_type_hints(spec)["registrar"]: spec
    for spec in (
        waypost_app,
        waypost_catalogue,
        waypost_connectors,
        waypost_effects,
        waypost_frameworks,
        waypost_feeds,
        waypost_geocoders,
        waypost_graph,
        waypost_labour_market,
        waypost_lint,
        waypost_pages,
        waypost_permissions,
        waypost_routes,
        waypost_schemes,
        waypost_submission,
    )
}


def hook_of(registrar: type[Registrar]) -> str:
    """The name of the hook that is handed such a registrar."""
    return SPECIFICATIONS[registrar].__name__


def hooks() -> tuple[Hook, ...]:
    """Every hook, by name."""
    return tuple(spec.__dict__["hook"] for spec in SPECIFICATIONS.values())


def hook_list() -> str:
    """The hooks as JSON text: what `schema/hooks.json` holds, so that a changed hook shows in a diff."""
    return dumps({"api": API, "hooks": [asdict(one) for one in hooks()]}, indent=2, ensure_ascii=False) + "\n"
