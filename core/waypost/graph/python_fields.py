"""Fields that Python finishes: batch fields, called once for all parents of a level, and ordinary resolvers.

The statement keeps their place in the answer with an object `{"$": number, …}` that holds what they need.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import partial
from traceback import walk_tb
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from graphql import Executor, GraphQLError, GraphQLNonNull, parse
from graphql.execution.collect_fields import FieldDetails, FragmentDetails
from graphql.pyutils import Path
from typing_extensions import override

from waypost.calling import Call, PluginPaused
from waypost.tracing import reference

from .errors import GraphError
from .facts import columns_of
from .relations import Relation
from .render import form_of, printed
from .shape import Incomplete, complete, shape_of
from .sql import text_object

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from .plan import Plan
    from .query import Here, Patch, Query, Selected
    from .request import Request

PATIENCE_S: Final = 5.0  # for all parents of a level
log: Final = logging.getLogger("waypost.graph")
Spot = tuple[Any, Any, tuple[str | int, ...]]  # a container of the answer, the key in it, the way to it
ANY: Final = parse("{ __typename }")


@dataclass(frozen=True, kw_only=True)
class Computed(Relation):
    """A field that Python finishes, once for all its parents.

    `columns` of the row are read beside the others. `work(parents, field, request)` gets one mapping of those
    columns a parent (timestamps as RFC 3339 text) and returns one value a parent, or an exception for one that
    failed; values are plain data: mappings with the GraphQL names as keys, lists, what JSON knows, and a `GraphError`
    in the place of a part that failed by itself. At the root
    there is one parent, empty. `private` says that the field is about who asks: null for strangers, and the work is
    not called. `kept` says that the values follow from columns, arguments and the directory of
    tenants alone, or that the work tells `request.ends` when they change: only then may the whole answer be kept.
    """

    kept: bool = False
    private: bool = False
    columns: tuple[str, ...] = ()
    work: Callable[[Sequence[Mapping[str, Any]], Selected, Request], Awaitable[Sequence[Any]] | Sequence[Any]]

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        if self.private:
            query.personal = True
            if not query.decide(_is_known):
                return "'null'"
        number = query.patch(field, self, shape_of(query, field))
        return _place(number, here, self.columns)

    @override
    def needs(self, name: str) -> Sequence[str]:
        del name
        return self.columns


def _is_known(request: Request) -> bool:
    return request.asker.person is not None


@dataclass(frozen=True, kw_only=True)
class Resolved(Relation):
    """A field with an ordinary resolver: graphql-core runs it, and all below it, once a parent.

    The resolver's `self` has the columns of the parent's row as attributes, `info.context` is the request. One that
    `blocks` is no coroutine function: it is begun in a thread, for all parents, and with it what below it is none.
    """

    kept: bool = field(default=False, init=False)
    blocks: bool

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        known = () if here is None else [name for name, column in columns_of(here.table).items() if form_of(column)]
        return _place(query.patch(field, self), here, known)


def _place(number: int, here: Here | None, names: Sequence[str]) -> str:
    """Return SQL that keeps a place: the number of the patch, and columns of the row."""
    parts = [("$", f"'{number}'")]
    if here is not None:
        known = columns_of(here.table)
        for name in names:
            form = form_of(known[name])
            assert form is not None, f"{here.table.__name__}.{name}: composition checks this"
            parts.append((name, printed(form, f"{here}.{name}", nullable=bool(known[name]._meta.null))))
    return text_object(parts)


# Finding the places


def places(tree: Any, patch: Patch) -> list[Spot]:
    """Return the places that a patch finishes, in response order."""
    found: list[Spot] = []
    _gather({"": tree}, "", patch.path, patch.number, (), found)
    return found


def _gather(
    container: Any, key: Any, path: Sequence[str], number: int, way: tuple[str | int, ...], found: list[Spot]
) -> None:
    value = container[key]
    if isinstance(value, dict):
        if path:
            name = path[0]
            if name in value:
                _gather(value, name, path[1:], number, (*way, name), found)
        elif value.get("$") == number:
            found.append((container, key, way))
    elif isinstance(value, list):
        for index in range(len(value)):
            _gather(value, index, path, number, (*way, index), found)


# Finishing them


async def finish(
    tree: Any, patch: Patch, plan: Plan, request: Request, worked: Sequence[Any] | None = None
) -> list[GraphError]:
    """Finish all places of one patch; return the errors of those that are null because of them.

    `worked` is what its work gave, where that was done before.
    """
    spots = places(tree, patch)
    if not spots:
        return []
    if worked is None and isinstance(patch.work, Computed):
        worked = await worked_out([container[key] for container, key, _ in spots], patch, plan, request)
    elif worked is None:
        assert isinstance(patch.work, Resolved)
        work = _begun if patch.work.blocks else _resolved
        worked = await _or_failed(work, (spots, patch, plan, request), len(spots), patch, plan, request)
    plugin = plan.query.facts.plugin(patch.field)
    pairs = zip(spots, worked, strict=True)
    return [error for spot, value in pairs for error in _put(spot, value, patch, plugin)]


async def worked_out(parents: Sequence[Mapping[str, Any]], patch: Patch, plan: Plan, request: Request) -> Sequence[Any]:
    """Return what the work of a batch field gives: a value or an exception a parent."""
    assert isinstance(patch.work, Computed)
    work = patch.work.work
    return await _or_failed(work, (parents, patch.field, request), len(parents), patch, plan, request)


async def _or_failed(
    work: Callable[..., Any], args: tuple[Any, ...], count: int, patch: Patch, plan: Plan, request: Request
) -> Sequence[Any]:
    """Return so many values, or as many exceptions.

    What a plugin raises costs its field, this once, and nothing else; what the core raises is unforeseen.
    """
    plugin = plan.query.facts.plugin(patch.field)
    try:
        if plugin is None:
            return _so_many(await work(*args), count)
        check = partial(_some_good, count=count, patch=patch)
        call = Call(plugin, patch.field.coordinate, request.tenant, PATIENCE_S, check, meant=(GraphError,))
        return _so_many(await request.calls.make(call, work, *args), count)
    except NothingGood as error:
        return error.values
    except GraphError as error:
        return [error] * count
    except PluginPaused as error:
        return [paused(error.plugin)] * count
    except Exception as error:
        if plugin is None:
            raise
        return [failed(plugin, patch.field, error) for _ in range(count)]


class NothingGood(Exception):
    """Nothing can be shown of what a plugin gave for any parent; that is a failure. `values` say why, each its own."""

    def __init__(self, values: Sequence[Any]) -> None:
        super().__init__("it gave nothing that its type allows")
        self.values = values


def _some_good(values: Sequence[Any], count: int, patch: Patch) -> None:
    found = _so_many(values, count)
    if found and all(_is_failure(value, patch) for value in found):  # as a rule the first one ends the search
        raise NothingGood(found)


def _is_failure(value: Any, patch: Patch) -> bool:
    if isinstance(value, Outcome):
        return any(error.code == "PLUGIN_FAILED" for error in value.errors)
    if isinstance(value, Exception):
        return not isinstance(value, GraphError)
    faults: list[Incomplete] = []
    complete(patch.shape, value, faults)
    return bool(faults)


def _so_many(values: Sequence[Any], count: int) -> Sequence[Any]:
    return [value for value, _ in zip(values, range(count), strict=True)]


async def _resolved(spots: Sequence[Spot], patch: Patch, plan: Plan, request: Request) -> Sequence[Outcome]:
    return await _begun(spots, patch, plan, request)


def _begun(spots: Sequence[Spot], patch: Patch, plan: Plan, request: Request) -> Awaitable[Sequence[Outcome]]:
    """Resolve what does not wait, and return how to wait for the rest."""
    return _ended([_begin(spot, patch, plan, request) for spot in spots])


async def _ended(begun: Sequence[Begun]) -> Sequence[Outcome]:
    return [await _end(each) for each in begun]


def _put(spot: Spot, value: Any, patch: Patch, plugin: str | None) -> list[GraphError]:
    """Put one value in its place, completed; return its errors with their ways."""
    container, key, way = spot
    if isinstance(value, Outcome):
        container[key] = value.data
        return value.errors
    if isinstance(value, Exception):
        told = value if isinstance(value, GraphError) else failed(plugin or "core", patch.field, value)
        if isinstance(patch.field.definition.type, GraphQLNonNull):
            raise told.at(patch.field.place, way)
        container[key] = None
        return [GraphError(told.code, told.message, way)]
    faults: list[Incomplete] = []
    container[key] = complete(patch.shape, value, faults)
    if foreign := [fault for fault in faults if not fault.code]:
        words, first = "%s of %s gives what its type does not allow: %s It gave %s", foreign[0]
        log.warning(words, patch.field.coordinate, plugin, first, first.given)
    return [GraphError(fault.code or "PLUGIN_FAILED", str(fault), (*way, *fault.path)) for fault in faults]


def paused(plugin: str) -> GraphError:
    """Return what clients are told of a plugin that rests."""
    return GraphError("PLUGIN_PAUSED", f"The plugin {plugin} keeps failing here and rests.")


def failed(plugin: str, field: Selected, error: Exception) -> GraphError:
    """Return what clients are told of a plugin that failed; the log has the rest, under the same reference."""
    under = reference()
    log.error("%s of the plugin %s failed, reference %s", field.coordinate, plugin, under, exc_info=error)
    return GraphError("PLUGIN_FAILED", f"The plugin {plugin} could not answer. Reference: {under}")


@dataclass(frozen=True)
class Begun:
    """What graphql-core has for one place so far: data that may have to be waited for, or why there is none."""

    executor: Executor[Any]
    way: tuple[str | int, ...]
    data: Any = None
    error: GraphQLError | None = None


@dataclass(frozen=True)
class Outcome:
    """What graphql-core made of one place."""

    data: Any
    errors: list[GraphError]


def _begin(spot: Spot, patch: Patch, plan: Plan, request: Request) -> Begun:
    """Let graphql-core resolve one field of one parent, with everything below it, as far as that does not wait."""
    container, key, way = spot
    facts, chosen = plan.query.facts, patch.field
    executor = Executor.build(facts.schema, ANY, context_value=request)
    assert isinstance(executor, Executor)
    if request.variables is not None:
        executor.variable_values = request.variables
    executor.fragments = {name: FragmentDetails(each) for name, each in plan.query.fragments.items()}
    parent = SimpleNamespace(**{name: value for name, value in container[key].items() if name != "$"})
    details = [FieldDetails(node, None) for node in chosen.nodes]
    path: Path | None = None
    for step in way:
        path = Path(path, step, None)
    assert path is not None
    try:
        return Begun(executor, way, executor.execute_field(chosen.parent, parent, details, path, None))
    except GraphQLError as error:
        return Begun(executor, way, error=error)


async def _end(begun: Begun) -> Outcome:
    """Wait for what is not there yet."""
    executor, way = begun.executor, begun.way
    if begun.error is not None:
        return Outcome(None, [_told(begun.error, way)])
    try:
        data = await begun.data if executor.is_awaitable(begun.data) else begun.data
    except GraphQLError as error:
        return Outcome(None, [_told(error, way)])
    return Outcome(data, [_told(error, way) for error in executor.collected_errors.errors])


def _told(error: GraphQLError, way: tuple[str | int, ...]) -> GraphError:
    cause = error.original_error
    if isinstance(cause, GraphError):
        return GraphError(cause.code, cause.message, tuple(error.path or way))
    under, path = reference(), tuple(error.path or way)
    if _is_of_graphql(cause or error):
        log.error("the resolver of %s gave what its type does not allow, reference %s", list(path), under)
    else:
        log.error("a resolver failed, reference %s", under, exc_info=cause or error)
    return GraphError("PLUGIN_FAILED", f"A plugin could not answer. Reference: {under}", path)


def _is_of_graphql(error: BaseException) -> bool:
    """Whether graphql-core itself raised it, looking at a value that a resolver gave; its words repeat the value."""
    names = [str(frame.f_globals.get("__name__")) for frame, _ in walk_tb(error.__traceback__)]
    return bool(names) and names[-1].startswith("graphql.")
