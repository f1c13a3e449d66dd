"""Who is asked in a graph, with which settings, and what came of it as plain data."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from waypost.db import City
from waypost.graph import GraphError
from waypost.labour import rules
from waypost.labour.answers import Question
from waypost.labour.market import Heard, LabourMarket, Unanswered
from waypost.occupations import Asking, Source
from waypost.outbox.sealing import digest_of
from waypost.plugins import LabourMarketRegistrar, Plugin
from waypost.plugins.secrets import secret_of
from waypost.plugins.settings import with_defaults

if TYPE_CHECKING:
    from waypost.graph import Request

SETTINGS_SQL: Final = "SELECT settings FROM plugin_setting WHERE tenant_id = $1 AND plugin = $2"


@dataclass(frozen=True)
class Voice:
    """A source that is active in the graph asked, with the settings of the city and a digest of them."""

    plugin: str
    prefix: str
    source: Source
    asking: Asking
    settings_digest: str

    async def hear(
        self,
        request: Request,
        what: str,
        said: tuple[str | None, ...],
        ask: Callable[..., Awaitable[Any]],
        check: Callable[[Any], object],
    ) -> Said:
        """Ask one of its functions, which is given `said`, or say why it does not answer."""
        market: LabourMarket = request.services.labour
        question = Question(self.plugin, self.source.name, request.tenant, self.settings_digest, what, said)
        try:
            heard = await market.hear(question, self.source, partial(_asked, ask, self.asking, *said), check)
        except Unanswered as failed:
            return self, failed.error
        request.ends(request.now + timedelta(seconds=heard.again_s))
        return self, heard


Said = tuple[Voice, Heard | GraphError]  # what one source said, or why it does not answer


async def _asked(ask: Callable[..., Awaitable[Any]], *args: Any) -> Any:
    return await ask(*args)


async def voices_in(request: Request) -> Sequence[Voice]:
    """The sources that are active in the graph asked, in the order of their plugins."""
    found: list[Voice] = []
    for plugin in _active(request):
        sources = plugin.by(LabourMarketRegistrar).sources
        if not sources:
            continue
        settings = await _settings(plugin, request)
        digest = digest_of(json.dumps(settings, sort_keys=True))
        asking = Asking(settings, request.services.labour.outgoing, partial(_secret, request))
        name, prefix = plugin.manifest.name, plugin.manifest.prefix
        found += [Voice(name, prefix, source, asking, digest) for source in sources]
    return found


def crosswalks_in(request: Request) -> Sequence[tuple[str, str]]:
    """The pairs of all crosswalks that are active in the graph asked."""
    return [pair for plugin in _active(request) for pair in plugin.by(LabourMarketRegistrar).pairs]


async def searched(voices: Iterable[Voice], request: Request, text: str) -> Sequence[Said]:
    """Which occupations the sources that can search find with a text."""
    return await asyncio.gather(
        *(
            voice.hear(request, "search", (text,), search, partial(rules.check_occupations, voice.source))
            for voice in voices
            if (search := voice.source.search)
        )
    )


async def found(voices: Iterable[Voice], request: Request, code: str) -> Sequence[Said]:
    """What sources know of an occupation; None in what was told where that is nothing."""
    return await asyncio.gather(
        *(
            voice.hear(request, "occupation", (code,), find, partial(rules.check_occupation, voice.source))
            for voice in voices
            if (find := voice.source.find)
        )
    )


async def figured(voices: Iterable[Voice], request: Request, code: str, area: str | None) -> Sequence[Said]:
    """The figures that sources have of an occupation."""
    return await asyncio.gather(
        *(
            voice.hear(request, "figures", (code, area), figures, partial(rules.check_figures, voice.prefix))
            for voice in voices
            if (figures := voice.source.figures)
        )
    )


def _active(request: Request) -> Iterable[Plugin]:
    shown = request.services.plugins_shown(None, request.tenant)
    names = {each["name"] for each in shown if each["active"]}
    return [plugin for plugin in request.services.plugins.in_order() if plugin.manifest.name in names]


async def _settings(plugin: Plugin, request: Request) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if request.tenant is not None:
        facts = [request.tenant, plugin.manifest.name]
        rows = await request.services.database.reads.rows(City(request.tenant), SETTINGS_SQL, facts)
        said = json.loads(rows[0]["settings"]) if rows else {}
    return with_defaults(said, plugin.manifest.settings)


async def _secret(request: Request, name: str) -> str:
    if request.tenant is None:
        raise LookupError(f"the secret {name} is a city's, and no city asks")
    async with request.services.database.transaction(City(request.tenant, quiet=True)):
        return await secret_of(name, request.services.settings.load_secret_key())
