"""What a plugin answers over HTTP: paths of its own, and calls from outside."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from waypost.outbox.incoming import IncomingHook
from waypost.plugins.registrars.base import Registrar
from waypost.plugins.sites import Site

Endpoint = Callable[[Request, Site], Awaitable[Response] | Response]

METHODS: Final = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE"))
_PARAMETER: Final = re.compile(r"\{([a-z0-9_]+)(?::([a-z]+))?\}")
_PATH: Final = re.compile(r"(/([a-z0-9][a-z0-9._-]*|\{[a-z][a-z0-9_]*(:(str|int|uuid))?\}))+")


@dataclass(frozen=True)
class PluginRoute:
    """A path below `/{tenant}/x/{plugin}`, and who answers there."""

    path: str
    endpoint: Endpoint
    methods: frozenset[str]

    @property
    def shape(self) -> str:
        """The path whatever its parameters are called: `/steps/{code}` and `/steps/{id}` are one."""
        return _PARAMETER.sub("{}", self.path)

    def example(self, values: Mapping[str, str]) -> str:
        """The path with a value for each parameter, by what it takes: `str`, `int` or `uuid`."""
        return _PARAMETER.sub(lambda found: values[found[2] or "str"], self.path)


class RoutesRegistrar(Registrar):
    """Takes paths of a plugin's own, and what takes calls from outside."""

    kinds = ("route", "incoming")

    def __init__(self, plugin: str, prefix: str) -> None:
        super().__init__(plugin, prefix)
        self.routes: list[PluginRoute] = []
        self.hook: IncomingHook | None = None

    def route(self, path: str, endpoint: Endpoint, methods: Iterable[str] = ("GET",)) -> Endpoint:
        """Register who answers at a path such as `/certificates/{code}` below `/{tenant}/x/{plugin}`.

        The endpoint gets Starlette's Request, its body read already (at most a megabyte), and a `Site`; it has
        ten seconds.
        """
        route = PluginRoute(path, endpoint, frozenset(map(str.upper, methods)))
        if not _PATH.fullmatch(path):
            self.faults.append(f"the path {path} must be like /certificates/{{code}}, in lower case")
        names = [
            "tenant",
            *(found[1] for found in _PARAMETER.finditer(path)),
        ]  # what is before the path has a parameter, too
        if twice := sorted({name for name in names if names.count(name) > 1}):
            self.faults.append(f"the path {path} has two parameters called {', '.join(twice)}")
        if unlike := [each.path for each in self.routes if each.shape == route.shape and each.path != path]:
            self.faults.append(f"the paths {unlike[0]} and {path} are one; call its parameters alike")
        if unknown := route.methods - METHODS:
            self.faults.append(f"the path {path} takes {', '.join(sorted(METHODS))}, not {', '.join(sorted(unknown))}")
        if any(each.path == path and each.methods & route.methods for each in self.routes):
            self.faults.append(f"the path {path} is registered twice")
        self._calls(f"the path {path}", endpoint, "request", "site")
        self._contributes("route", getattr(endpoint, "__name__", "endpoint"))
        self.routes.append(route)
        return endpoint

    def incoming(self, hook: IncomingHook) -> IncomingHook:
        """Register what takes the calls that come to `/hooks/{plugin}/{tenant}`."""
        if self.hook is not None:
            self.faults.append("a second incoming hook is registered; one plugin has one")
        self._calls("the check of calls", hook.check, "work", "call")
        self._calls("the handle of calls", hook.handle, "work", "call")
        self._contributes("incoming", getattr(hook.handle, "__name__", "calls"))
        self.hook = hook
        return hook
