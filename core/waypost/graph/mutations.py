"""Mutations: one `input`, one payload union, the payload read back by the planner in the writing transaction.

    @value
    class CreatePlaceSuccess:
        place: Place

    CreatePlacePayload = payload("CreatePlacePayload", CreatePlaceSuccess, SlugTaken, Invalid)

    @mutation
    class PlaceMutation:
        create_place: CreatePlacePayload = act(create, CreatePlaceInput, doc="…")

where `create(act, given)` returns `{"place": Row("Place", id)}` or a `Refusal`.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar, Union
from uuid import UUID

import orjson
import strawberry
from graphql import GraphQLNonNull
from typing_extensions import override

from waypost.db import City, Learner, National
from waypost.refusal import Invalid, NotFound, Refusal

from .alone import Alone
from .answers import Answer, response, told
from .declare import Error, extend
from .errors import GraphError
from .ids import parse_id
from .in_time import in_time
from .inputs import NOWHERE, spelled, tidied
from .pages import camel
from .payloads import Outcome, read_back, refused, told_alone
from .plan import Plan
from .query import Query
from .relations import Argument, Relation
from .repeating import LOST, ReleasedError, Repeat, RepeatedError, UndoneError

if TYPE_CHECKING:
    from graphql import OperationDefinitionNode

    from waypost.db import Database, Personal

    from .documents import Document
    from .engine import Engine, Graph
    from .query import Here, Selected
    from .request import Request

T = TypeVar("T")

OFF: Final = Refusal(code="PLUGIN_OFF", message="The city has not switched on the plugin that does this.")
CITY: Final = "City"  # the one kind whose ids are tenants themselves
Prepare = Callable[[Any, UUID, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
Before = Callable[["Database", "Request", Mapping[str, Any]], Awaitable["Found | Refusal"]]


@dataclass(frozen=True)
class Found:
    """What was found before an act: the tenant, where it is not that of the graph or of an id, and more input."""

    tenant: UUID | None = None
    given: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Acting(Relation):
    """A mutation's field: `run` gets the act and the input, its keys in Python's spelling, absent ones left out.

    `by` names the field of the input whose id tells the tenant, so that the act also works on the national graph; it
    may be left out where it is the city's own id.
    `prepare` reads what only the national scope may see, in a transaction of its own before the act: it gets what
    the composition calls `abroad`, the tenant and the input, and its answer is added to the input. `before` does what
    is not the tenant's in transactions of its own, and may find the tenant; it gets database, request and input.

    `own`: whoever has signed in acts for themselves, in any city, with no role. `learner`: the rows are that person's
    own too, so that the act runs in their scope, and the payload is read in the city's. `shared`: what all graphs
    share changes, the directory of tenants, which is read again before the client hears that it is done.
    """

    run: Callable[[Any, Mapping[str, Any]], Awaitable[Outcome]]
    by: str | None = None
    prepare: Prepare | None = None
    before: Before | None = None
    own: bool = False
    learner: bool = False
    shared: bool = False

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        raise AssertionError(f"{field.coordinate} is carried out, not read")


def act(  # noqa: PLR0913 - each keyword is one thing that an act says of itself
    run: Callable[[Any, Mapping[str, Any]], Awaitable[Outcome]],
    input_type: type[Any],
    *,
    by: str | None = None,
    prepare: Prepare | None = None,
    before: Before | None = None,
    own: bool = False,
    learner: bool = False,
    shared: bool = False,
    doc: str,
) -> Any:
    """Declare a mutation; see `Acting`."""
    given = Argument("input", input_type, required=True, doc="All that the act needs to know, in one object.")
    return Acting(
        run=run,
        by=by,
        prepare=prepare,
        before=before,
        own=own or learner,
        learner=learner,
        shared=shared,
        doc=doc,
        arguments=(given,),
    )


def mutation(cls: type[T]) -> type[T]:
    """Declare mutations: fields made by `act`."""
    return extend("Mutation")(cls)


@strawberry.type(description="Any refusal without a type of its own: a permission's, a plugin's, a missing row's.")
class Refused(Error):
    """The refusal that every payload may hold."""


def payload(name: str, *members: type[Any]) -> Any:
    """Return a payload union of that name; `Refused` is always among its members."""
    kinds = (*members, Refused)
    field = name[0].lower() + name[1:].removesuffix("Payload")
    doc = f"What `{field}` answers: its success, or why it was refused."
    return Annotated[Union[kinds], strawberry.union(name, description=doc)]  # noqa: UP007 - built at run time


@dataclass(frozen=True)
class Mutations:
    """Carries out mutations.

    `begin` makes the act for who asks, inside the tenant's transaction, or refuses; it is told whether somebody acts
    for themselves. `abroad` is handed to what prepares an act in the national scope; `personal` says what all tables
    keep of people.
    """

    begin: Callable[[Request, UUID, bool], Awaitable[Any]]
    abroad: Any = None
    personal: Sequence[Personal] = ()

    async def run(
        self,
        engine: Engine,
        graph: Graph,
        document: Document,
        request: Request,
        operation: OperationDefinitionNode,
    ) -> Answer:
        """Return the response of a mutation: its fields one after the other, each in a transaction of its own.

        A null in the place of a payload that cannot be null is the whole answer, as GraphQL wants; what comes after it
        is not begun. A plugin's payload can: it is null where the plugin fails.
        """
        facts = graph.schema.facts
        root = facts.schema.mutation_type
        assert root is not None
        query = Query(facts, request, dict(document.fragments))
        data: dict[str, Any] = {}
        errors: list[GraphError] = []
        for place, field in enumerate(query.roots(root, operation.selection_set)):
            if field.name == "__typename":
                data[field.key] = root.name
                continue
            data[field.key], found = await self._one(engine, query, field, place)
            errors += found
            if data[field.key] is None and isinstance(field.definition.type, GraphQLNonNull):
                return Answer(response(None, told(errors)))
        return Answer(response(data, told(errors)))

    async def _one(self, engine: Engine, query: Query, field: Selected, place: int) -> tuple[Any, list[GraphError]]:
        relation = query.facts.relation(field)
        given = tidied(spelled(field.argument("input")(query.request)))
        if isinstance(given, Invalid):
            return refused(query, field, given), []
        carry_out = self._alone if isinstance(relation, Alone) else self._acted
        plugin = query.facts.plugin(field)
        if plugin is None:
            done = await carry_out(engine, query, field, given, place)
        else:
            try:
                done = await in_time(plugin, carry_out, engine, query, field, given, place)
            except GraphError as error:
                return None, [GraphError(error.code, error.message, (field.key,))]
        return await done.read(engine) if isinstance(done, Done) else (done, [])

    async def _acted(
        self, engine: Engine, query: Query, field: Selected, given: Mapping[str, Any], place: int
    ) -> Done | dict[str, Any]:
        """Act, and return what is left to be read when it is over; or a payload at once, as where it was refused."""
        relation = query.facts.relation(field)
        assert isinstance(relation, Acting), field.coordinate
        found = await _found(engine.database, query.request, relation, given)
        if isinstance(found, Refusal):
            return refused(query, field, found)
        tenant = _tenant(query.request, relation, given, found)
        if isinstance(tenant, Refusal):
            return refused(query, field, tenant)
        if not _is_on(query, field, tenant):
            return refused(query, field, OFF)
        given = {**given, **found.given}
        request = dataclasses.replace(query.request, tenant=tenant)
        # What the asker has just written may be a draft that nobody else sees yet.
        # Whoever acts for themselves has written nothing that others do not see.
        mine = Query(query.facts, request, query.fragments, drafts=not relation.own)
        # Two scopes are never in one transaction; and for strangers, who are refused anyway, nothing is read.
        if relation.prepare is not None and request.asker.person is not None:
            async with engine.database.transaction(National()):
                given |= await relation.prepare(self.abroad, tenant, given)
        repeat = Repeat.of(request, place, own=relation.learner)
        try:
            plan, text = await self._carried_out(engine, relation, mine, field, given, repeat)
        except UndoneError as undone:
            return refused(mine, field, undone.refusal)
        except RepeatedError:
            return _repeated(mine, field, await _kept(repeat, engine.database))
        return Done(relation, request, field, plan, text, repeat)

    async def _alone(
        self, engine: Engine, query: Query, field: Selected, given: Mapping[str, Any], place: int
    ) -> dict[str, Any]:
        relation = query.facts.relation(field)
        assert isinstance(relation, Alone), field.coordinate

        async def do() -> tuple[dict[str, Any], bool]:
            outcome = await relation.outcome(engine.database, self.personal, query.request, given)
            return told_alone(query, field, outcome), not isinstance(outcome, Refusal)

        # Who is refused whatever they ask for is told nothing that was kept, either.
        kept = relation.repeats and query.request.asker.limits is None
        repeat = Repeat.of(query.request, place, own=True) if kept else None
        return (await do())[0] if repeat is None else _repeated(query, field, await repeat.once(engine.database, do))

    async def _carried_out(
        self,
        engine: Engine,
        relation: Acting,
        mine: Query,
        field: Selected,
        given: Mapping[str, Any],
        repeat: Repeat | None,
    ) -> tuple[Plan, str]:
        """Act and read the payload back: in one transaction, or after that of the learner's own rows."""
        tenant, person = mine.request.tenant, mine.request.asker.person
        assert tenant is not None
        if not relation.learner or person is None:
            async with engine.database.transaction(City(tenant), mine.request.asker.actor(field.name)):
                if repeat is not None:
                    await repeat.take()
                outcome = await self._done(relation, mine, field, given)
                plan, text = await read_back(engine, mine, field, outcome)
                if repeat is not None and engine.is_finished(text, plan):
                    await repeat.keep(orjson.loads(text)[field.key])
                return plan, text
        async with engine.database.transaction(Learner(person), mine.request.asker.actor(field.name)):
            if repeat is not None:
                await repeat.take()
            outcome = await self._done(relation, mine, field, given)
        async with engine.database.transaction(City(tenant)):
            return await read_back(engine, mine, field, outcome)

    async def _done(
        self, relation: Acting, mine: Query, field: Selected, given: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Return what the act did; raise `UndoneError` with a refusal, so that the transaction undoes it.

        Raises `UnaskedError` for what a plugin did without having asked for a permission.
        """
        request = mine.request
        tenant = request.tenant
        assert tenant is not None
        begun = await self.begin(request, tenant, relation.own)
        if request.who.session and not relation.own and not isinstance(begun, Refusal):
            # The role that somebody has is known with the city; the payload is read in it.
            request.who = dataclasses.replace(request.who, role=begun.role, issuer=begun.issuer_id, tenant=tenant)
        outcome = begun if isinstance(begun, Refusal) else await relation.run(begun, given)
        task = asyncio.current_task()
        if task is not None and task.cancelling():  # it went on when it was called off: nobody waits for it any more
            raise asyncio.CancelledError
        if isinstance(outcome, NotFound) and not outcome.path and relation.by is not None:
            outcome = outcome.under(camel(relation.by))
        if isinstance(outcome, Refusal):
            raise UndoneError(outcome)
        if not begun.asked and mine.facts.plugin(field) is not None:
            raise UnaskedError(f"{field.coordinate} asked for no permission: do it by a @command(may=…)")
        return outcome


@dataclass(frozen=True)
class Done:
    """An act that holds, and its payload as far as the statement printed it."""

    relation: Acting
    request: Request
    field: Selected
    plan: Plan
    text: str
    repeat: Repeat | None

    async def read(self, engine: Engine) -> tuple[Any, list[GraphError]]:
        """Return the payload with all that Python finishes of it, kept for who asks again."""
        if self.relation.shared:
            await self.request.services.catch_up()
        tree, errors = await engine.finish(self.text, self.plan, self.request)
        if tree is None:
            return None, errors
        if self.repeat is not None and (self.relation.learner or not engine.is_finished(self.text, self.plan)):
            await self.repeat.keep_after(engine.database, tree[self.field.key])
        return tree[self.field.key], errors


class UnaskedError(Exception):
    """A plugin's mutation acted for somebody of whom it did not ask whether they may."""


def _is_on(query: Query, field: Selected, tenant: UUID) -> bool:
    """Whether the city has the plugin whose mutation it is; the national graph has those of all plugins."""
    plugin = query.facts.plugin(field)
    if plugin is None or query.request.tenant is not None:
        return True
    home = query.request.services.directory.by_id(tenant)
    return home is not None and plugin in home.plugins


async def _kept(repeat: Repeat | None, database: Database) -> Any:
    """Return what was answered before; its transaction holds, so it was done."""
    assert repeat is not None
    try:
        return await repeat.answer(database)
    except ReleasedError:
        return LOST


def _repeated(query: Query, field: Selected, answer: Any) -> dict[str, Any]:
    return refused(query, field, answer) if isinstance(answer, Refusal) else answer


async def _found(database: Database, request: Request, relation: Acting, given: Mapping[str, Any]) -> Found | Refusal:
    """Return what must be found before the act; for strangers, who are refused anyway, nothing is looked for."""
    if relation.before is None or request.asker.person is None:
        return Found()
    return await relation.before(database, request, given)


def _tenant(request: Request, relation: Acting, given: Mapping[str, Any], found: Found) -> UUID | Refusal:
    if found.tenant is not None:
        return found.tenant
    if request.tenant is not None and not relation.learner:
        return request.tenant
    asked = None if relation.by is None else given.get(relation.by)
    if asked is None:
        words = "The national graph cannot tell which city is meant; ask the city's own graph."
        return Refusal(code="CITY_NEEDED", message=words)
    named = parse_id(asked)
    if named is not None and named.type == CITY and named.tenant is None:
        return named.row
    # What nobody can have given out is answered like what is missing.
    return NOWHERE if named is None or named.tenant is None else named.tenant
