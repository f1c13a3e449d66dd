"""One request as the planner sees it: who asks, for which tenant, with which variables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError
from graphql.execution.values import get_argument_values, get_directive_values

from waypost.calling import Calls
from waypost.db import Actor

from .errors import GraphError, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from uuid import UUID

    from graphql import FieldNode, GraphQLDirective, GraphQLField
    from graphql.execution.values import NodeWithDirective, VariableValues

    from waypost.access.memberships import Wish

    from .plan import Lookups
    from .repeating import Said

    Getter = Callable[["Request"], Any]


@dataclass(frozen=True)
class Asker:
    """Who asks; `person` is None for a stranger.

    `limits` are the permissions that a token is kept to, None for all of its role. Who comes with a `session` has a
    role wherever they are members; `role` is theirs in the city asked, `wish` the one that they chose, and `host` where
    the session came to. `token` is the bearer token that they came with.
    """

    person: UUID | None = None
    role: str | None = None
    issuer: UUID | None = None
    tenant: UUID | None = None
    limits: frozenset[str] | None = None
    session: bool = False
    wish: Wish | None = None
    token: UUID | None = None
    host: str | None = None

    def actor(self, act: str) -> Actor | None:
        """Whose trace an act leaves; None for a stranger, who may write nothing."""
        return None if self.person is None else Actor(self.person, act, self.role, self.token)


@dataclass(frozen=True)
class About:
    """The object of which a subscription's message tells; `always`: also where the subscription does not list it."""

    kind: str
    tenant: UUID
    row: UUID
    always: bool = True


@dataclass
class Request:
    """The values of one request; plans are shared between requests, values never.

    `tenant` is None on the national graph. `languages` are BCP 47 tags, the most wanted first, empty
    for the tenant's own; `spoken` are those that the tenant has, its first one first. `services` is what Python
    fields may use, handed through by the engine; `lookups` find what the composition knows by name. `until` is when
    something that was computed changes with the time; `memo` is what was looked up for one field, and another of the
    same request needs too. `calls` makes those of plugins. `about` is set while a subscription is
    answered; `said` is the key under which a mutation that is sent twice is done once.
    """

    now: datetime
    tenant: UUID | None = None
    variables: VariableValues | None = None
    languages: tuple[str, ...] = ()
    who: Asker = Asker()
    services: Any = None
    until: datetime | None = None
    personal: bool = False
    refused: dict[Place, GraphError] = field(default_factory=dict)
    about: About | None = None
    said: Said | None = None
    calls: Calls = field(default_factory=Calls)
    lookups: Lookups = field(default_factory=dict)
    spoken: tuple[str, ...] = ()
    away: dict[int, list[tuple[UUID, UUID]]] = field(default_factory=dict)
    memo: dict[str, Any] = field(default_factory=dict)
    _arguments: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def asker(self) -> Asker:
        """Who asks. Whoever looks makes the answer that person's alone, so that it is never kept for others."""
        self.personal = True
        return self.who

    def ends(self, moment: datetime) -> None:
        """Say that the answer changes at a moment."""
        self.until = moment if self.until is None else min(self.until, moment)

    def arguments(self, definition: GraphQLField, node: FieldNode) -> dict[str, Any]:
        """Return the coerced arguments of a field, `null` left out; raise `GraphError` INVALID_ARGUMENT for wrong ones.

        Validation lets a variable with a default stand where null may not, and null can still be sent for it.
        """
        known = self._arguments.get(id(node))
        if known is None:
            try:
                given = get_argument_values(definition, node, self.variables) if definition.args else {}
            except GraphQLError as error:
                raise GraphError("INVALID_ARGUMENT", error.message) from error
            known = {name: value for name, value in given.items() if value is not None}
            self._arguments[id(node)] = known
        return known

    def directive(self, definition: GraphQLDirective, node: NodeWithDirective) -> Mapping[str, Any] | None:
        """Return the arguments of a directive, None where it does not stand; raise as `arguments` does."""
        try:
            return get_directive_values(definition, node, self.variables)
        except GraphQLError as error:
            raise GraphError("INVALID_ARGUMENT", error.message) from error


@dataclass(frozen=True)
class Lookup:
    """A value that must be asked for before the statement can run, such as where a postcode lies.

    `kind` names the lookup, `key` what is asked; `then` turns the answer into the value.
    """

    kind: str
    key: str
    then: Callable[[Any], Any]
