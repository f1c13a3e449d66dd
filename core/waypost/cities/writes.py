"""Mutations of a city itself and of its plugins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import strawberry

from waypost.graph import ID, URL, Error, GlobalId, LanguageTag, Row, act, column, mutation, parse_id, payload, value
from waypost.graph.inputs import Given, cleared, maybe, needed
from waypost.graph.mutations import Found
from waypost.graph.pages import camel
from waypost.graph.payloads import Outcome
from waypost.graph.refusals import Invalid, ManagedByFiles
from waypost.outbox import Act
from waypost.plugins.showing import shown, shown_gone
from waypost.refusal import Invalid as NotTaken
from waypost.refusal import Refusal, missing

from . import commands, rules, store
from .graph import City, Plugin

if TYPE_CHECKING:
    from waypost.db import Database
    from waypost.graph.request import Request

WHICH: Final = "The id of the city; needed on the national graph alone."
MOST_SECRETS: Final = 20  # in one act


@strawberry.input(description="A city's looks; what is left out stays.")
class LookInput:
    """Colours and logo."""

    primary_colour: str | None = maybe("#rrggbb, dark enough for white text on it.")
    accent_colour: str | None = maybe("#rrggbb, light enough for black text on it.")
    logo_url: URL | None = maybe("An image of the city's logo; null takes it away.")


@strawberry.input(description="Changes to what a city says of itself: what is left out stays, null clears.")
class UpdateCityInput:
    """What changes."""

    city: ID | None = maybe(WHICH)
    name: str | None = maybe("As people say it, such as Brighton & Hove.")
    languages: list[LanguageTag] | None = maybe(
        "All of them, as BCP 47 tags such as en and cy: the first stays, others are added."
    )
    look: LookInput | None = maybe("Its colours and logo.")
    contact_url: URL | None = maybe("Where people reach the city; null takes it away.")


@strawberry.input(description="A secret that settings name. It is sealed, and shown to nobody again.")
class PluginSecretInput:
    """A secret under its name."""

    name: str = needed("As the settings name it, such as credly-live; the same for all plugins of the city.")
    secret: str | None = needed("The secret itself, kept to the letter; null forgets the one that is kept.")


@strawberry.input(description="What is to become of a plugin in a city: what is left out stays as it is.")
class SetPluginInput:
    """A plugin, and what changes."""

    city: ID | None = maybe(WHICH)
    plugin: str = needed("Its name, such as skills_builder; `plugins` lists them.")
    active: bool | None = maybe(
        "Whether it is switched on. Switched off it is hidden, and keeps what it has; "
        "one that is not installed any more can be switched off too."
    )
    settings: str | None = maybe("All of its settings: a JSON object as text, by `Plugin.settingsSchema`.")
    secrets: list[PluginSecretInput] | None = maybe("Secrets to be kept or forgotten; those left out stay.")


@strawberry.type(description="Something in the settings that the plugin's schema does not allow.")
class SettingsProblem:
    """One problem."""

    path: list[str] = strawberry.field(description="The way into the input: settings, then the keys in them.")
    message: str = strawberry.field(description="What is wrong with it, in English.")


@strawberry.type(description="Settings that the plugin's schema does not allow; `path` leads to the first problem.")
class SettingsInvalid(Error):
    """Correct the settings."""

    problems: list[SettingsProblem] = strawberry.field(description="All that is wrong, in the order of the keys.")


@value
class UpdateCitySuccess:
    """The city says of itself what the input says."""

    city: City = column(doc="The city as it is now.")


@value
class SetPluginSuccess:
    """The plugin is as the input says, for this city."""

    plugin: Plugin = column(
        doc="The plugin as `plugins` shows it from now on; of one that does not work here, its name."
    )


UpdateCityPayload: Any = payload("UpdateCityPayload", UpdateCitySuccess, Invalid, ManagedByFiles)
SetPluginPayload: Any = payload("SetPluginPayload", SetPluginSuccess, SettingsInvalid, Invalid, ManagedByFiles)


async def _in_city(_database: Database, request: Request, given: Mapping[str, Any]) -> Found | Refusal:
    """Find what this process knows; on a city's graph no other city is meant."""
    if given.get("city") is not None:
        named = parse_id(given["city"])
        if named is None or named != GlobalId("City", None, request.tenant or named.row):
            return missing().under("city")
    return Found(given={"services": request.services})


async def _update(act: Act, given: Given) -> Outcome:
    wrong = cleared(given, "name", "languages", "look") or _cleared_look(given)
    if wrong:
        return wrong
    said = {key: given[key] for key in ("name", "languages", "look", "contact_url") if key in given}
    done = await commands.update_city(act, {key: each for key, each in said.items() if each != {}})
    if isinstance(done, Refusal):
        return replace(done, path=tuple(map(camel, done.path)))
    return {"city": Row("City", act.here.tenant_id)}


def _cleared_look(given: Given) -> NotTaken | None:
    wrong = cleared(given.get("look") or {}, "primary_colour", "accent_colour")
    return None if wrong is None else wrong.under("look")


async def _set(act: Act, given: Given) -> Outcome:
    services = given["services"]
    wish = _wish(given)
    if isinstance(wish, Refusal):
        return wish
    ground = commands.Ground(services.plugins, services.settings.load_secret_key())
    done = await commands.set_plugin(act, wish, ground)
    if isinstance(done, Refusal):
        return done
    rows = await store.read_plugins(act.here.tenant_id)
    profile = ground.plugins.profile(name for name, row in rows.items() if row.active)
    plugin = ground.plugins.get(wish.plugin)
    if plugin is None:
        return {"plugin": shown_gone(wish.plugin)}
    calls, tenant = ground.plugins.calls, act.here.tenant_id
    return {"plugin": shown(plugin, calls, tenant, active=plugin.key in profile)}


def _wish(given: Given) -> rules.Wish | Refusal:
    wrong = cleared(given, "active")
    if wrong:
        return wrong
    settings = None if "settings" not in given else rules.settings_in(given["settings"] or "{}")
    if isinstance(settings, Refusal):
        return settings
    secrets = given.get("secrets") or ()
    if len(secrets) > MOST_SECRETS:
        return NotTaken(message=f"At most {MOST_SECRETS} secrets are taken at once.", path=("secrets",))
    names = [each["name"] for each in secrets]
    if twice := next((index for index, name in enumerate(names) if name in names[:index]), None):
        return NotTaken(message="This name stands here twice.", path=("secrets", str(twice), "name"))
    by_name = {each["name"]: each.get("secret") for each in secrets}
    return rules.Wish(given["plugin"], given.get("active"), settings, by_name)


@mutation
class CityMutation:
    """What a city does to itself."""

    update_city: UpdateCityPayload = act(
        _update, UpdateCityInput, by="city", before=_in_city, shared=True, doc="Change what the city says of itself."
    )
    set_plugin: SetPluginPayload = act(
        _set,
        SetPluginInput,
        by="city",
        before=_in_city,
        shared=True,
        doc="Switch a plugin on or off for the city, set its settings, and keep its secrets.",
    )


TYPES = (
    LookInput,
    UpdateCityInput,
    PluginSecretInput,
    SetPluginInput,
    SettingsProblem,
    SettingsInvalid,
    UpdateCitySuccess,
    SetPluginSuccess,
    CityMutation,
)
