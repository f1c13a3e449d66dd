"""Which connectors there are in this process, and how they are called: bounded, counted, paused where they fail."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, Final, TypeVar
from uuid import UUID

from waypost.calling import Call, CallLate, Calls, PluginPaused
from waypost.connectors.hints import Fruitless
from waypost.connectors.rules import can_be_kept, place_of
from waypost.outbox.connecting import (
    Access,
    Connector,
    ConnectorError,
    Doubtful,
    Issued,
    IssueState,
    Page,
    Template,
)
from waypost.outbox.work import Later, Work
from waypost.outgoing import Outgoing
from waypost.plugins import ConnectorRegistrar, Plugins

T = TypeVar("T")
Listed = TypeVar("Listed", Issued, Template)

log: Final = logging.getLogger("waypost.worker")

ANSWER_S: Final = 20.0  # a platform's, to one call over HTTP
CALL_S: Final = 60.0  # a connector's, which may make a few of them
MOST_BYTES: Final = 8_000_000
PAGED: Final[Mapping[str, type[Any]]] = {"find": Issued, "templates": Template}


@dataclass(frozen=True)
class Offered:
    """A connector, the plugin that brings it, and the names of all that must be on with it, its own too."""

    plugin: str
    connector: Connector
    needs: frozenset[str]


@dataclass
class Connectors:
    """The connectors of the working plugins, by name."""

    offered: Iterable[Offered] = ()
    calls: Calls = field(default_factory=Calls)
    fruitless: Fruitless = field(default_factory=Fruitless)
    _outgoing: Outgoing | None = None

    @classmethod
    def of(cls, plugins: Plugins) -> Connectors:
        """Those that the plugins registered."""
        offered = [
            Offered(plugin.manifest.name, connector, plugins.needs(plugin))
            for plugin in plugins.in_order()
            for connector in plugin.by(ConnectorRegistrar).connectors
        ]
        return cls(offered, plugins.calls)

    def find(self, name: str) -> Offered | None:
        """The connector of a name."""
        return next((each for each in self.offered if each.connector.name == name), None)

    @property
    def titles(self) -> Mapping[str, str]:
        """How people call the platforms, by connector."""
        return {each.connector.name: each.connector.title for each in self.offered}

    def outgoing(self, work: Work) -> Outgoing:
        """The way to the platforms."""
        if self._outgoing is None:
            allowed = work.settings.allow_private_targets
            self._outgoing = Outgoing(allowed, timeout_s=ANSWER_S, most_bytes=MOST_BYTES)
        return self._outgoing


@dataclass(frozen=True)
class Opened:
    """An account that can be used: whose, which, by which connector, and the way in."""

    tenant: UUID
    id: UUID
    offered: Offered
    access: Access
    calls: Calls

    @property
    def connector(self) -> Connector:
        """What knows the platform."""
        return self.offered.connector

    @property
    def place(self) -> Mapping[str, object]:
        """Where at the platform the account was when it was opened."""
        return place_of(self.access.settings, self.connector.settings)

    async def ask(self, what: str, function: Callable[..., Awaitable[T]], kind: type[Any] | UnionType, *args: Any) -> T:
        """Make one call; whatever it raises but a `ConnectorError` is `Doubtful`, and so is an answer of another kind.

        Raises `Later`, without having called, while the connector's plugin is paused for the owner.
        """

        def check(answer: Any) -> None:
            if not isinstance(answer, kind):
                raise TypeError(f"it answered {type(answer).__name__} to {what}")
            if isinstance(answer, Page) and not all(isinstance(each, PAGED[what]) for each in answer.items):
                raise TypeError(f"it answered a page of something else to {what}")
            if not all(map(is_whole, answer.items if isinstance(answer, Page) else [answer])):
                raise TypeError(f"it answered {what} with a part of another type")
            if not can_be_kept(answer):  # what a platform writes is no fault of the connector
                raise Doubtful(f"{name} answered what cannot be kept")

        name = f"the connector {self.connector.name} ({what})"
        call = Call(self.offered.plugin, name, self.tenant, CALL_S, check=check, meant=(ConnectorError,))
        try:
            answer: T = await self.calls.make(call, function, self.access, *args)
        except PluginPaused as error:
            raise Later(str(error), error.for_s, counted=False) from error
        except ConnectorError:
            raise
        except CallLate as error:
            raise Doubtful(str(error)) from error
        except Exception as error:  # a connector's fault; what it had done before is not known
            raise Doubtful(f"{name} failed: {type(error).__name__}") from error
        return answer

    def kept(self, listed: Iterable[Listed]) -> Iterator[Listed]:
        """Those of a list that can be kept; any other is named in the log, and costs itself alone."""
        for each in listed:
            if can_be_kept(each):
                yield each
            else:
                words, facts = "what %s lists as %.40r cannot be kept", {"tenant": str(self.tenant)}
                log.warning(words, self.connector.name, each.id, extra=facts)


def is_whole(answer: object) -> bool:
    """Whether the parts by which we know what was given, and a template, are of their types.

    What was given and has no id would be given again.
    """
    match answer:
        case Issued():
            named = (answer.earner, answer.reference, answer.url, answer.replaced_by)
            texts = (answer.id, answer.template, *(each for each in named if each is not None))
            return _are_texts(texts) and answer.id != "" and isinstance(answer.state, IssueState)
        case Template():
            texts = (answer.id, answer.name, answer.state, answer.url or "")
            return _are_texts(texts) and isinstance(answer.duplicates, bool)
        case _:
            return True


def _are_texts(values: Iterable[object]) -> bool:
    return all(isinstance(each, str) for each in values)
