"""A naive executor: graphql-core's own, over the same schema, with a resolver for each field that walks plain rows.

It shares no line with the engine's planner, its SQL or its printing; what it answers is what the graph means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from graphql import (
    ExecutionResult,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLUnionType,
    OperationDefinitionNode,
    execute,
    parse,
)
from graphql.execution.values import get_directive_values, get_variable_values

from tests.oracle.askers import ASKERS
from tests.oracle.audits import AUDITS
from tests.oracle.calls import Asked, Call, Cursors, Problem, Resolver, Table, told
from tests.oracle.doings import DOINGS
from tests.oracle.earned import EARNED
from tests.oracle.figures import FIGURES
from tests.oracle.frameworks import FRAMEWORKS
from tests.oracle.issuing import ISSUING
from tests.oracle.labour import LABOUR
from tests.oracle.learning import LEARNING
from tests.oracle.lists import LISTS
from tests.oracle.plugged import PLUGGED
from tests.oracle.refusals import refused_codes
from tests.oracle.roots import ROOTS
from tests.oracle.rows import Rows, View
from tests.oracle.schemes import SCHEMES
from tests.oracle.school import SCHOOL
from tests.oracle.search import SEARCH
from tests.oracle.telling import TELLING
from tests.oracle.things import THINGS
from waypost.graph import Asker, Schema

RESOLVERS: Table = {
    **THINGS,
    **DOINGS,
    **LISTS,
    **SEARCH,
    **ROOTS,
    **ASKERS,
    **AUDITS,
    **LEARNING,
    **EARNED,
    **SCHEMES,
    **SCHOOL,
    **FIGURES,
    **LABOUR,
    **TELLING,
    **FRAMEWORKS,
    **ISSUING,
    **PLUGGED,
}


@dataclass(frozen=True)
class Verdict:
    """What an answer must be; `accepted` is false where nothing is executed."""

    data: Any
    errors: Sequence[Problem]
    accepted: bool = True


class Oracle:
    """Answers the operations of one composed schema, which becomes its own: each field gets its resolver."""

    def __init__(self, schema: Schema, rows: Rows, postcodes: Mapping[str, tuple[float, float]]) -> None:
        self.composed, self.schema, self.rows, self.postcodes = schema, schema.core, rows, postcodes
        self.directive = self.schema.get_directive("inContext")
        for kind in self.schema.type_map.values():
            if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
                kind.is_type_of = None
                for name, definition in kind.fields.items():
                    if (kind.name, name) in RESOLVERS:
                        _give(definition, RESOLVERS[kind.name, name])
            elif isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
                kind.resolve_type = lambda value, _info, _of: str(value.kind)
            elif isinstance(kind, GraphQLEnumType) and not kind.name.startswith("__"):
                kind.coerce_output_value = _enum  # type: ignore[method-assign, assignment]  # on this schema alone
        for name, shown in (("DateTime", _moment), ("Decimal", str)):
            scalar = self.schema.type_map[name]
            assert isinstance(scalar, GraphQLScalarType)
            scalar.coerce_output_value = shown

    def answer(
        self,
        text: str,
        variables: Mapping[str, Any],
        *,
        tenant: UUID | None,
        own: Sequence[str],
        languages: Sequence[str],
        asker: Asker,
        services: Any,
        cursors: Cursors,
    ) -> Verdict:
        """Answer one operation; `own` are the tenant's languages."""
        document = parse(text)
        operation = next(each for each in document.definitions if isinstance(each, OperationDefinitionNode))
        given = get_variable_values(self.schema, operation.variable_definitions or (), dict(variables))
        if isinstance(given, list):
            return Verdict(None, [("INVALID_VARIABLES", ())], accepted=False)
        assert self.directive is not None
        try:
            chosen = get_directive_values(self.directive, operation, given)
        except GraphQLError:
            return Verdict(None, [("INVALID_ARGUMENT", ())], accepted=False)
        wanted = wanted_languages([chosen["language"]] if chosen else languages, own)
        view = View(self.rows, tenant)
        asked = Asked(view, asker, datetime.now(UTC), wanted, services, cursors, self.postcodes, self.composed)
        result = execute(self.schema, document, variable_values=dict(variables), context_value=asked)
        assert isinstance(result, ExecutionResult), "nothing here waits"
        errors: list[Problem] = []
        for error in result.errors or ():
            if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
                raise error.original_error
            # What graphql-core itself refuses are values that an argument or a directive does not take.
            code = (error.extensions or {}).get("code", "INVALID_ARGUMENT")
            errors.append((str(code), tuple(error.path or ())))
        return Verdict(result.data, errors)


def _give(definition: GraphQLField, resolver: Resolver) -> None:
    """Let a field of the schema be resolved by one of ours, unless it does not take its arguments."""

    def resolve(source: Any, info: GraphQLResolveInfo[Any], **args: Any) -> Any:
        asked: Asked = info.context
        given = {name: value for name, value in args.items() if value is not None}
        codes = refused_codes(info.parent_type.name, info.field_name, given, asked, definition)
        if codes:
            raise told(*codes)
        return resolver(Call(source, given, asked, info))

    definition.resolve = resolve


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _enum(value: Any) -> str:
    return str(value).upper().replace("-", "_")


def wanted_languages(asked: Sequence[str], own: Sequence[str]) -> Sequence[str]:
    """Return the languages to look for: each with its regionless form behind it, and none for a tenant's first."""
    found = [each for tag in asked for each in (tag, tag.split("-")[0])]
    known = [each for each in dict.fromkeys(found) if not own or each in own]
    return [] if own and known[:1] == [own[0]] else known
