"""Acts upon a city itself: what it says of itself, and its plugins."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from waypost.cities import rules, store
from waypost.outbox import Act, Event, command
from waypost.plugins.manager import Plugins
from waypost.plugins.secrets import BadSecret, MissingSecret, remove_secret, set_secret
from waypost.refusal import Invalid, Refusal, Refused
from waypost.tenancy.entries import FILES
from waypost.tenancy.writing import lock

MOST_SECRETS: Final = 100  # of a city


@dataclass(frozen=True)
class CityUpdated(Event):
    """What a city says of itself changed."""

    city: UUID
    changed: tuple[str, ...]


@dataclass(frozen=True)
class CityPluginSet(Event):
    """A plugin was switched on or off, or its settings or secrets changed."""

    city: UUID
    plugin: str
    active: bool


@dataclass(frozen=True)
class Ground:
    """What the process knows: its plugins, and the platform's key."""

    plugins: Plugins
    secret_key: str = field(repr=False)


@command(may="city.update")
async def update_city(act: Act, given: Mapping[str, Any]) -> CityUpdated | Refusal:
    """Change what a city says of itself; `given` has the keys of `rules.CityWords`.

    Refused with ManagedByFiles where its files say it, and not only at first.
    """
    await lock("directory")
    row = await store.read_city(act.here.tenant_id)
    if row["managed_by"] == FILES and row["files"] != "seed" and given:
        return rules.managed_by_files(act.here.slug, _first_key(given))
    changes = rules.city_changes(given, row)
    if isinstance(changes, Refusal):
        return changes
    updated = CityUpdated(act.here.tenant_id, tuple(sorted(changes)))
    if not changes:
        return updated
    await store.write_city(act.here.tenant_id, changes, act.now)
    return await act.tell(updated)


@command(may="plugin.manage")
async def set_plugin(act: Act, wish: rules.Wish, ground: Ground) -> CityPluginSet | Refusal:
    """Switch a plugin on or off, set its settings, keep and forget secrets; all of it or nothing.

    Settings are checked where they are given and where the plugin is on afterwards.
    """
    tenant, name = act.here.tenant_id, wish.plugin
    await lock("directory")
    standing = await store.read_standing(tenant, name)
    decision = rules.decide(wish, standing, ground.plugins, act.here.slug)
    if isinstance(decision, Refusal):
        return decision
    wrong = await _keep_secrets(act, wish.secrets, ground.secret_key)
    if wrong:
        return wrong
    if decision.switches:
        await store.switch(tenant, name, decision.keeper, active=decision.active)
    if decision.switches or decision.sets:
        await store.write_settings(tenant, name, decision.settings, act.now if decision.switches else None)
    told = CityPluginSet(tenant, name, decision.active)
    return await act.tell(told) if decision.switches or decision.sets or wish.secrets else told


async def _keep_secrets(act: Act, secrets: Mapping[str, str | None], secret_key: str) -> Refusal | None:
    """Keep and forget secrets; what was done is undone with the refusal."""
    tenant = act.here.tenant_id
    for index, (name, value) in enumerate(secrets.items()):
        if value is None:
            with suppress(MissingSecret):
                await remove_secret(tenant, name)
            continue
        try:
            await set_secret(tenant, name, value, secret_key=secret_key, now=act.now)
        except BadSecret as error:
            return Invalid(message=f"{error}.", path=("secrets", str(index)))
    if secrets and await store.count_secrets(tenant) > MOST_SECRETS:
        words = f"A city has at most {MOST_SECRETS} secrets; forget one first."
        return Refused(code="TOO_MANY", message=words, path=("secrets",))
    return None


def _first_key(given: Mapping[str, Any]) -> str:
    """The first of the given keys as `tenant.toml` spells it: `look.primary_colour`."""
    name = next(iter(given))
    return f"look.{next(iter(given['look']), 'primary_colour')}" if name == "look" else name
