"""What a plugin is handed to register its contributions with: one registrar a hook and a plugin."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Any, Final, TypeVar

from strawberry.types import get_object_definition
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from waypost.db import App, OwnedTable
from waypost.outbox.linting import Rule, rule_of
from waypost.outbox.submission import Submission
from waypost.outbox.work import Effects, Handler, JobKind, Letter, Schedule
from waypost.plugins.lint_rules import faults_of, rules_in
from waypost.plugins.names import carries, code_prefix, schema_name, type_prefix
from waypost.refusal import Refusal
from waypost.tenancy import CatalogueSection

Declaration = TypeVar("Declaration", bound=type)
Job = TypeVar("Job", Handler, JobKind, Schedule, Letter)

ROOTS: Final = frozenset(("Query", "Mutation", "Subscription"))


@dataclass(frozen=True)
class Declarations:
    """What one plugin adds to the graph; the classes are of `waypost.graph`, which composes them."""

    plugin: str
    prefix: str
    nodes: tuple[type, ...]
    extensions: tuple[type, ...]
    queries: tuple[type, ...]
    mutations: tuple[type, ...] = ()


class Registrar:
    """Notes what a plugin contributes, and what is wrong with it.

    `contributions` holds names as manifests write them (`table:badge_essential`), `faults` sentences;
    one fault is enough to leave the plugin out, but its author sees all of them at once.
    """

    def __init__(self, plugin: str, prefix: str) -> None:
        self.plugin = plugin
        self.prefix = prefix
        self.contributions: set[str] = set()
        self.faults: list[str] = []

    def _contributes(self, kind: str, name: str) -> None:
        contribution = f"{kind}:{name}"
        if contribution in self.contributions:
            self.faults.append(f"{contribution} is registered twice")
        self.contributions.add(contribution)


class GraphRegistrar(Registrar):
    """Takes declarations of `waypost.graph`; every method returns what it was given, so it decorates too."""

    def __init__(self, plugin: str, prefix: str) -> None:
        super().__init__(plugin, prefix)
        self._nodes: list[type] = []
        self._extensions: list[type] = []
        self._queries: list[type] = []
        self._mutations: list[type] = []

    def node(self, declaration: Declaration) -> Declaration:
        """Register a type (`@node` or `@value`); its name begins with the prefix, capitalised."""
        if definition := self._definition(declaration, extends=None):
            name = definition.name
            if not carries(name, type_prefix(self.prefix)):
                self.faults.append(f"the type {name} must begin with {type_prefix(self.prefix)}")
            self._contributes("type", name)
            self._nodes.append(declaration)
        return declaration

    def input(self, declaration: Declaration) -> Declaration:
        """Register an input type of a mutation (`@strawberry.input`); its name begins with the prefix, capitalised."""
        definition = get_object_definition(declaration)
        if definition is None or not definition.is_input:
            self.faults.append(f"{declaration.__name__} is not declared with strawberry.input")
            return declaration
        if not carries(definition.name, type_prefix(self.prefix)):
            self.faults.append(f"the type {definition.name} must begin with {type_prefix(self.prefix)}")
        self._contributes("type", definition.name)
        self._nodes.append(declaration)
        return declaration

    def extend(self, declaration: Declaration) -> Declaration:
        """Register fields on a type of the core (`@extend`); each begins with the prefix."""
        target = str(getattr(declaration, "__extends__", ""))
        if definition := self._definition(declaration, extends="" if target in ROOTS else target):
            for field in definition.fields:
                self._add("field", f"{target}.", field)
            self._extensions.append(declaration)
        return declaration

    def query(self, declaration: Declaration) -> Declaration:
        """Register root fields (`@query`); each begins with the prefix."""
        if definition := self._definition(declaration, extends="Query"):
            for field in definition.fields:
                self._add("query", "", field)
            self._queries.append(declaration)
        return declaration

    def mutation(self, declaration: Declaration) -> Declaration:
        """Register mutations (`@mutation`); each begins with the prefix."""
        if definition := self._definition(declaration, extends="Mutation"):
            for field in definition.fields:
                self._add("mutation", "", field)
            self._mutations.append(declaration)
        return declaration

    def declarations(self) -> Declarations:
        """Everything registered, in its order."""
        return Declarations(
            self.plugin,
            self.prefix,
            tuple(self._nodes),
            tuple(self._extensions),
            tuple(self._queries),
            tuple(self._mutations),
        )

    def _definition(self, declaration: type, extends: str | None) -> StrawberryObjectDefinition | None:
        definition = get_object_definition(declaration)
        if definition is None or getattr(declaration, "__extends__", None) != extends:
            way = {None: "node or value", "Query": "query", "Mutation": "mutation"}.get(extends, "extend")
            self.faults.append(f"{declaration.__name__} is not declared with {way} of waypost.graph")
            return None
        return definition

    def _add(self, kind: str, owner: str, field: StrawberryField) -> None:
        name = field.graphql_name or to_camel_case(field.python_name)
        if not carries(name, self.prefix):
            self.faults.append(f"the field {owner}{name} must begin with {self.prefix}")
        self._contributes(kind, f"{owner}{name}")


class AppRegistrar(Registrar):
    """Takes the one `App` of a plugin."""

    def __init__(self, plugin: str, prefix: str) -> None:
        super().__init__(plugin, prefix)
        self.registered: App | None = None

    def app(self, app: App) -> None:
        """Register tables, migrations and reference data.

        The app is called like the plugin, and each table lies in the plugin's own schema and is of
        one of the four kinds.
        """
        if self.registered is not None:
            self.faults.append("a second app is registered; one plugin has one")
        if app.name != self.plugin:
            self.faults.append(f"the app is called {app.name} and must be called {self.plugin}")
        for table in app.tables:
            self._look_at(table)
        self.registered = app

    def _look_at(self, table: type[Any]) -> None:
        name, schema = table._meta.tablename, table._meta.schema
        if not issubclass(table, OwnedTable):
            self.faults.append(
                f"the table {name} is of none of the four kinds: "
                "TenantTable, PersonTable, ReferenceTable, PlatformTable"
            )
        if schema != schema_name(self.plugin):
            self.faults.append(
                f"the table {name} lies in the schema {schema or 'public'} and must lie in {schema_name(self.plugin)}"
            )
        self._contributes("table", name)


Geocoder = Callable[[str], Awaitable[tuple[float, float] | None]]


class GeocoderRegistrar(Registrar):
    """Takes geocoders: async functions from a postcode (`BR34HG`) to latitude and longitude in degrees, or None."""

    def __init__(self, plugin: str, prefix: str) -> None:
        super().__init__(plugin, prefix)
        self.geocoders: list[Geocoder] = []

    def geocoder(self, geocoder: Geocoder) -> Geocoder:
        """Register a geocoder; it is asked after the platform's own postcodes and has `PATIENCE_S` to answer."""
        self._contributes("geocoder", getattr(geocoder, "__name__", "geocoder"))
        self.geocoders.append(geocoder)
        return geocoder


Veto = Callable[[Submission], Awaitable[Refusal | None]]


class SubmissionRegistrar(Registrar):
    """Takes vetoes: async functions from a `Submission` to a `Refusal`, or None where they do not mind."""

    def __init__(self, plugin: str, prefix: str) -> None:
        super().__init__(plugin, prefix)
        self.vetoes: list[Veto] = []

    def veto(self, veto: Veto) -> Veto:
        """Register a veto; it is asked in the submission's own transaction and has `PATIENCE_S` to answer."""
        self._contributes("veto", getattr(veto, "__name__", "veto"))
        self.vetoes.append(veto)
        return veto


class LintRegistrar(Registrar):
    """Takes rules for the words of badges, in the form of the platform's own."""

    def __init__(self, plugin: str, prefix: str) -> None:
        super().__init__(plugin, prefix)
        self.registered: list[Rule] = []

    def rules(self, rules: Traversable | Iterable[Mapping[str, Any]]) -> None:
        """Register rules: tables as a TOML file holds them under `[[rules]]`, or such a file of the package.

        A code begins with the prefix in upper case: `ESSENTIAL_`, `BADGE_NATION_`.
        """
        for rule in rules_in(rules) if isinstance(rules, Traversable) else rules:
            code = str(rule.get("code", "?")) if isinstance(rule, Mapping) else "?"
            faults = [f"the rule {code}: {fault}" for fault in faults_of(rule, code_prefix(self.prefix))]
            self.faults += faults
            self._contributes("lint_rule", code)
            if not faults:
                self.registered.append(rule_of(rule))


class EffectsRegistrar(Registrar):
    """Takes what a plugin does in the background: handlers of events, jobs, schedules, letters."""

    def __init__(self, plugin: str, prefix: str) -> None:
        super().__init__(plugin, prefix)
        self._handlers: list[Handler] = []
        self._jobs: list[JobKind] = []
        self._schedules: list[Schedule] = []
        self._letters: list[Letter] = []

    def handler(self, handler: Handler) -> Handler:
        """Register a handler of events; it is called for tenants in which the plugin is active."""
        return self._named("handler", handler, self._handlers)

    def job(self, job: JobKind) -> JobKind:
        """Register a job, which `enqueue(name, facts)` asks for."""
        return self._named("job", job, self._jobs)

    def schedule(self, schedule: Schedule) -> Schedule:
        """Register something to be done every so many seconds, in one worker of all."""
        return self._named("schedule", schedule, self._schedules)

    def letter(self, letter: Letter) -> Letter:
        """Register an e-mail; its templates lie in the plugin's package."""
        return self._named("letter", letter, self._letters)

    def effects(self) -> Effects:
        """Everything registered, in its order."""
        return Effects(tuple(self._handlers), tuple(self._jobs), tuple(self._schedules), tuple(self._letters))

    def _named(self, kind: str, effect: Job, known: list[Job]) -> Job:
        if not effect.name.startswith(f"{self.prefix}."):
            self.faults.append(f"the {kind} {effect.name} must begin with {self.prefix}.")
        self._contributes(kind, effect.name)
        known.append(effect)
        return effect


class CatalogueRegistrar(Registrar):
    """Takes sections of the catalogue files."""

    def __init__(self, plugin: str, prefix: str) -> None:
        super().__init__(plugin, prefix)
        self.sections: list[CatalogueSection] = []

    def section(self, section: CatalogueSection) -> None:
        """Register a table inside each entry of one kind, such as `[badges.essential]`.

        Its name is the plugin's prefix, alone or with more words: `essential`, `essential_review`.
        """
        if section.name != self.prefix and not section.name.startswith(f"{self.prefix}_"):
            self.faults.append(
                f"the section {section.kind}.{section.name} must be called {self.prefix} or begin with {self.prefix}_"
            )
        self._contributes("catalogue", f"{section.kind}.{section.name}")
        self.sections.append(section)
