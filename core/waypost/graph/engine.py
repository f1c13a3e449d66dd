"""The engine: a request comes in, the bytes of a GraphQL response go out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import orjson
from graphql import GraphQLError, OperationType, execute
from graphql.execution.values import get_variable_values
from graphql.language import FieldNode

from waypost.calling import Calls
from waypost.db import City, National

from .answers import Answer, refused, response, told, unexecuted
from .breaking import unbroken
from .confidence import refuse_get
from .documents import Documents
from .errors import GraphError
from .hidden import settle
from .inplace import put_in
from .keeping import Keeping, may_be_kept
from .limits import refuse_too_costly, refuse_too_much
from .marks import AWAY, HIDDEN_MARK, MISSING_MARK, PLACE_MARK
from .relations import Across
from .repeating import Said
from .request import Asker, Request
from .splice import splice
from .trusted import Trusted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from graphql import OperationDefinitionNode

    from waypost.db import Database

    from .compose import Schema
    from .documents import Document
    from .inplace import Worked
    from .mutations import Mutations
    from .plan import Lookups, Plan

MOST_REFUSALS: Final = 20  # of one request, each planned around; more refuse it whole


@dataclass(frozen=True)
class GraphRequest:
    """What a client sent: a document, or the id of a published one.

    `languages` are BCP 47 tags from Accept-Language, the most wanted first.
    """

    query: str = ""
    operation_name: str | None = None
    variables: Mapping[str, Any] | None = None
    languages: tuple[str, ...] = ()
    idempotency_key: str | None = None
    document_id: str | None = None


@dataclass
class Graph:
    """One graph to ask: a schema, and the tenant that it speaks for (None: the nation).

    `languages` are the tenant's, the first being the one that its text is written in. `shared` is the version
    of what all tenants share at which schema and services were made; without it no answer is kept. `trusted_only`
    says that published documents alone are answered.
    """

    schema: Schema
    tenant: UUID | None = None
    languages: tuple[str, ...] = ()
    services: Any = None
    shared: int | None = None
    trusted_only: bool = False


@dataclass(frozen=True)
class Prepared:
    """An operation that may run, the values of its request, and what it costs in points."""

    document: Document
    operation: OperationDefinitionNode
    request: Request
    cost: int


@dataclass
class Engine:
    """Answers requests from one database.

    `lookups` find what a statement needs beforehand, by kind; `trusted` are the published documents; `calls` makes
    those of plugins.
    """

    database: Database
    lookups: Lookups = field(default_factory=dict)
    mutations: Mutations | None = None
    trusted: Trusted = field(default_factory=Trusted)
    calls: Calls = field(default_factory=Calls)

    def __post_init__(self) -> None:
        self._documents: dict[tuple[int, bool], Documents] = {}
        self._keeping = Keeping(self.database)

    async def answer(
        self,
        graph: Graph,
        asked: GraphRequest,
        asker: Asker,
        *,
        queries_only: bool = False,
        spend: Callable[[int], None] | None = None,
        open_schema: bool = True,
    ) -> Answer:
        """Answer one request; never raises for anything that a client can send.

        `spend` is told what the operation costs before anything is planned, and raises `GraphError` THROTTLED
        where the asker has asked for too much of late. `open_schema` says whether the asker may ask about the
        schema, and gets suggestions.
        """
        prepared = self.prepare(graph, asked, asker, spend=spend, open_schema=open_schema)
        if isinstance(prepared, Answer):
            return prepared
        document, operation, request, cost = prepared.document, prepared.operation, prepared.request, prepared.cost
        if queries_only and document.confidential:
            return unexecuted(refuse_get())
        if operation.operation is OperationType.QUERY:
            return replace(await unbroken(self._query(graph, document, request, operation)), cost=cost)
        if operation.operation is OperationType.MUTATION and self.mutations is not None:
            if queries_only:
                return unexecuted(GraphError("MUTATION_NEEDS_POST", "A mutation is sent by POST."))
            done = await unbroken(self.mutations.run(self, graph, document, request, operation))
            return replace(done, cost=cost)
        words = "A subscription goes over a WebSocket, or as an event stream: Accept: text/event-stream."
        return unexecuted(GraphError("SUBSCRIPTION_NEEDS_STREAM", words))

    def prepare(
        self,
        graph: Graph,
        asked: GraphRequest,
        asker: Asker,
        *,
        spend: Callable[[int], None] | None = None,
        open_schema: bool = True,
    ) -> Prepared | Answer:
        """Return an operation that may run, or the answer that says why it may not; see `answer`."""
        try:
            text = self._text_of(graph, asked)
        except GraphError as error:
            return unexecuted(error)
        document = self._documents_of(graph.schema, open_schema=open_schema).get(text)
        if document.errors:
            return refused([(document.code, error) for error in document.errors])
        try:
            operation = _operation(document, asked.operation_name)
            price = document.plans(operation).price(graph.schema.core)
            refuse_too_much(price)
            if not open_schema:
                _refuse_introspection(document, operation)
            request = self._request(graph, asked, asker, operation)
            cost = price.of(request.variables.coerced if request.variables else {})
            refuse_too_costly(cost)
            if spend is not None:
                spend(cost)
        except GraphError as error:
            return unexecuted(error)
        except InvalidVariablesError as error:
            return refused([("INVALID_VARIABLES", each) for each in error.errors])
        return Prepared(document, operation, request, cost)

    def _text_of(self, graph: Graph, asked: GraphRequest) -> str:
        if asked.document_id is not None:
            return self.trusted.text(asked.document_id)
        if graph.trusted_only:
            self.trusted.refuse_others(asked.query)
        return asked.query

    def _documents_of(self, schema: Schema, *, open_schema: bool) -> Documents:
        key = (id(schema), open_schema)
        known = self._documents.get(key)
        if known is None:
            known = self._documents[key] = Documents(schema.core, suggest=open_schema)
        return known

    def _request(self, graph: Graph, asked: GraphRequest, asker: Asker, operation: OperationDefinitionNode) -> Request:
        variables = get_variable_values(
            graph.schema.core, operation.variable_definitions or (), dict(asked.variables or {})
        )
        if isinstance(variables, list):
            raise InvalidVariablesError(variables)
        request = Request(
            now=datetime.now(UTC),
            tenant=graph.tenant,
            variables=variables,
            who=asker,
            services=graph.services,
            said=Said.of(asked),
            calls=self.calls,
            lookups=self.lookups,
            spoken=graph.languages,
        )
        directive = graph.schema.core.get_directive("inContext")
        chosen = request.directive(directive, operation) if directive else None
        languages = (chosen["language"],) if chosen else asked.languages
        request.languages = wanted_languages(languages, graph.languages)
        return request

    # Reading

    async def _query(
        self, graph: Graph, document: Document, request: Request, operation: OperationDefinitionNode
    ) -> Answer:
        if any(_introspects(each) for each in _fields(document, operation)):
            return Answer(self._introspect(graph, document, request, operation))
        planned = document.plans(operation)
        while True:
            try:
                return await self.read(graph, planned.plan(graph.schema.facts, request), request)
            except GraphError as error:
                if not error.place or error.place in request.refused or len(request.refused) == MOST_REFUSALS:
                    raise
                request.refused[error.place] = error

    async def read(self, graph: Graph, plan: Plan, request: Request) -> Answer:
        """Run a plan in its scope and return the response."""
        begun = self._keeping.begun(graph.tenant, graph.shared)
        scope = National() if graph.tenant is None else City(graph.tenant)
        text = await self._text(scope, plan, request)
        # Most answers whose fields might lie in other tenants hold none that does: those need no further look.
        placed = bool(plan.patches) and PLACE_MARK in text
        marked = bool(plan.query.refused) or _is_marked(text)
        whole, worked = await put_in(text, plan, request) if placed and not marked else (text, {})
        if marked or whole is None:
            tree, errors = await self.finish(text, plan, request, worked)
            body = response(tree, told(errors))
        else:
            errors, body = [], b'{"data":' + whole.encode() + b"}"
        if begun is None or errors or not may_be_kept(plan, request):
            return Answer(body)
        wide = placed and any(patch.work is AWAY or isinstance(patch.work, Across) for patch in plan.patches)
        return Answer(body, keep=await self._keeping.ended(begun, plan, request, wide=wide))

    async def finish(
        self, text: str, plan: Plan, request: Request, worked: Worked | None = None
    ) -> tuple[Any, list[GraphError]]:
        """Return an answer's tree with everything that Python adds, and the errors on the way.

        `worked` is what batch fields have given already.
        """
        tree = orjson.loads(text)
        errors: list[GraphError] = []
        texts = [text]

        async def national(plan: Plan, request: Request) -> Any:
            texts.append(await self._text(National(), plan, request))
            return orjson.loads(texts[-1])

        if plan.patches:
            errors += await splice(tree, plan, request, national, worked or {})
        if plan.query.refused or any(map(_is_marked, texts)):
            tree, hidden = settle(tree, plan.query, plan.fields, request)
            errors += hidden
        return tree, errors

    def is_finished(self, text: str, plan: Plan) -> bool:
        """Whether an answer's text is whole as PostgreSQL printed it."""
        return not plan.patches and not plan.query.refused and not _is_marked(text)

    async def _text(self, scope: Any, plan: Plan, request: Request) -> str:
        values = await plan.values(request, self.lookups)
        text = await self.database.reads.read(scope, plan.sql, values, by_values=plan.query.by_values)
        assert isinstance(text, str)
        return text

    def _introspect(
        self, graph: Graph, document: Document, request: Request, operation: OperationDefinitionNode
    ) -> bytes:
        """Answer questions about the schema by graphql-core; they touch no data."""
        if not all(_introspects(each) for each in _fields(document, operation)):
            raise GraphError("INVALID_DOCUMENT", "Ask about the schema in an operation of its own.")
        assert document.node is not None
        result = execute(
            graph.schema.core,
            document.node,
            operation_name=operation.name.value if operation.name else None,
            variable_values=dict(request.variables.coerced) if request.variables else None,
        )
        formatted = result.formatted  # type: ignore[union-attr]  # introspection never awaits
        return orjson.dumps(formatted)


class InvalidVariablesError(Exception):
    """Variables that do not fit their declarations."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__("invalid variables")
        self.errors = errors


def _operation(document: Document, name: str | None) -> OperationDefinitionNode:
    if name is None and len(document.operations) == 1:
        return next(iter(document.operations.values()))
    if name is None or name not in document.operations:
        known = ", ".join(filter(None, document.operations)) or "none that has a name"
        raise GraphError("UNKNOWN_OPERATION", f"Name one operation of the document: {known}.")
    return document.operations[name]


def wanted_languages(asked: Sequence[str], own: Sequence[str]) -> tuple[str, ...]:
    """Return the languages to look for, most wanted first; empty when the tenant's own words are wanted.

    Each tag is followed by its language without region (RFC 4647 lookup).
    """
    found: list[str] = []
    for tag in asked:
        for each in (tag, tag.split("-")[0]):
            if own and each == own[0] and not found:
                return ()
            if each not in found:
                found.append(each)
    if own:
        found = [each for each in found if each in own]
        if found[:1] == list(own[:1]):
            return ()
    return tuple(found)


def _fields(document: Document, operation: OperationDefinitionNode) -> list[FieldNode]:
    """Return the root fields of an operation, through fragments."""
    found: list[FieldNode] = []
    pending = [operation.selection_set]
    seen: set[str] = set()
    while pending:
        for node in pending.pop().selections:
            if isinstance(node, FieldNode):
                found.append(node)
            elif hasattr(node, "selection_set"):
                pending.append(node.selection_set)
            elif node.name.value not in seen:  # type: ignore[attr-defined]  # what is left is a spread
                seen.add(node.name.value)  # type: ignore[attr-defined]
                pending.append(document.fragments[node.name.value].selection_set)  # type: ignore[attr-defined]
    return found


def _is_marked(text: str) -> bool:
    return HIDDEN_MARK in text or MISSING_MARK in text


def _introspects(node: FieldNode) -> bool:
    return node.name.value in {"__schema", "__type"}


def _refuse_introspection(document: Document, operation: OperationDefinitionNode) -> None:
    if any(_introspects(each) for each in _fields(document, operation)):
        raise GraphError("INTROSPECTION_CLOSED", "This graph's schema is not shown here.")
