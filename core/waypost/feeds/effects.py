"""The background work of feeds: which are due, and reading one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from waypost.db import City, execute
from waypost.feeds import state
from waypost.feeds.beginning import JOB, begin
from waypost.feeds.keys import open_secrets
from waypost.feeds.settings import BadSettings, feeds_in, read_settings
from waypost.feeds.walking import Source, Walk, end, problem_of
from waypost.outbox.act import Act
from waypost.outbox.feeding import FeedFault
from waypost.outbox.jobs import end_job
from waypost.outbox.work import Effects, JobKind, Schedule, Work
from waypost.plugins import FeedsRegistrar, Plugin, Plugins, settings_of
from waypost.tenancy import Tenant, load_directory
from waypost.tenancy.entries import Here

EVERY_S: Final = 300
UNNAMED: Final = FeedFault(
    "FEED_SETTINGS", "it was taken out of the settings, or its plugin was switched off, while it was read"
)


def effects_of(plugins: Plugins) -> Effects:
    """The background work of the feeds that these plugins read."""

    async def look(work: Work) -> None:
        await begin_due(work, plugins)

    async def read(work: Work, facts: Mapping[str, Any]) -> None:
        await read_feed(work, plugins, facts)

    return Effects(jobs=(JobKind(JOB, read, dead=give_up),), schedules=(Schedule("feeds", EVERY_S, look),))


async def begin_due(work: Work, plugins: Plugins) -> int:
    """Begin to read what is due in all cities; answers how many feeds those are."""
    begun = 0
    reading = [plugin for plugin in plugins.in_order() if plugin.by(FeedsRegistrar).registered]
    for tenant in (await load_directory(work.database)).tenants:
        if tenant.is_open:
            begun += await _begin_in(work, plugins, tenant, reading)
    return begun


async def _begin_in(work: Work, plugins: Plugins, tenant: Tenant, reading: list[Plugin]) -> int:
    profile = plugins.profile(tenant.plugins)
    now = work.now()
    async with work.database.transaction(City(tenant.id, quiet=True)):
        named = [
            (plugin.manifest.name, name)
            for plugin in reading
            if plugin.key in profile
            for name in feeds_in(await settings_of(plugin.manifest))
        ]
        others = await state.meet(tenant.id, named, now)
        if not others and not await state.due(tenant.id, now):
            return 0
    async with work.database.transaction(City(tenant.id)):
        for job in await state.switch_off_others(tenant.id, named) if others else ():
            await end_job(tenant.id, job, "failed", [problem_of(UNNAMED)])
        found = await state.due(tenant.id, now)
        for feed in found:
            await begin(Act(Here.of(tenant), None, None, None, now), feed)
    return len(found)


async def read_feed(work: Work, plugins: Plugins, facts: Mapping[str, Any]) -> None:
    """Read a feed from where it stands; a walk that was ended or overtaken is left alone."""
    tenant = (await load_directory(work.database)).by_id(UUID(str(facts["tenant"])))
    if tenant is None:
        return
    async with work.database.transaction(City(tenant.id, quiet=True)):
        feed = await state.find(tenant.id, UUID(str(facts["feed"])))
        if feed is None or feed.state != "reading" or feed.round != int(facts["round"]):
            return
        source = await _source(work, plugins, tenant, feed)
        if isinstance(source, Source) and source.kind.whole and feed.pages == 0 and feed.cursor is not None:
            # Where a walk was broken off is no place to begin one that closes what it does not meet.
            await execute(state.FROM_THE_BEGINNING_SQL, tenant.id, feed.id)
            feed = replace(feed, cursor=None, came_to=None)
    if isinstance(source, Source):
        await Walk(work, source, feed).go()
        return
    async with work.database.transaction(City(tenant.id)):
        await end(work, tenant.id, feed, "failed", feed.position, source, hours=1)


async def give_up(work: Work, facts: Mapping[str, Any]) -> None:
    """End a walk whose work failed for good, so that the feed is due again and its job says so."""
    tenant = UUID(str(facts["tenant"]))
    async with work.database.transaction(City(tenant)):
        feed = await state.find(tenant, UUID(str(facts["feed"])), lock=True)
        if feed is not None and feed.state == "reading" and feed.round == int(facts["round"]):
            fault = FeedFault("FEED_UNREACHED", "the work failed again and again; the worker's log says why")
            await end(work, tenant, feed, "failed", feed.position, fault, hours=1)


async def _source(work: Work, plugins: Plugins, tenant: Tenant, feed: state.FeedState) -> Source | FeedFault:
    if not tenant.is_open:  # ended, so that it is due when the city is open again
        return FeedFault("FEED_SETTINGS", "the city is closed")
    plugin = plugins.get(feed.plugin)
    kind = plugin.by(FeedsRegistrar).registered if plugin else None
    if plugin is None or kind is None or plugin.key not in plugins.profile(tenant.plugins):
        return FeedFault("FEED_SETTINGS", f"the plugin {feed.plugin} is not switched on here")
    raw = feeds_in(await settings_of(plugin.manifest)).get(feed.name)
    try:
        settings = read_settings(feed.name, raw)
        secrets = await open_secrets(settings, plugin.manifest, work.settings)
        return Source(tenant, plugin, kind, settings, plugins, secrets)
    except FeedFault as fault:
        return fault
    except BadSettings as error:
        return FeedFault("FEED_SETTINGS", str(error), f"plugins.{feed.plugin}.feeds.{feed.name}")
