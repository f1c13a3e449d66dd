"""Whether what a plugin waits for can ever happen."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from logging import getLogger
from typing import Final

from waypost.outbox.kinds import event_types
from waypost.plugins.manager import Plugin, Plugins
from waypost.plugins.names import perhaps, permission_prefix
from waypost.plugins.registrars import EffectsRegistrar

LOG: Final = getLogger(__name__)


def hearing(plugins: Plugins, core: Collection[str]) -> Plugins:
    """These plugins, without those that wait for events which nobody tells.

    `core` are the types that the core tells. A plugin may wait for the events of another that is not installed: a type
    whose first word is neither the core's nor a working plugin's is let through.
    """
    declared = list(event_types())
    told = {*core, *(type for _, type in declared if type is not None)}
    open_ended = {module.partition(".")[0] for module, type in declared if type is None}
    known = {type.partition(".")[0] for type in core}
    prefixes = [permission_prefix(each.manifest.prefix) for each in plugins.ready if each.package not in open_ended]

    def whose(word: str) -> bool:
        return word in known or any(word == prefix or word.startswith(f"{prefix}-") for prefix in prefixes)

    for plugin in plugins.in_order():
        wrong = [
            f"the handler {handler}: nobody tells {type}{perhaps(type, told)}"
            for handler, type in _waited_for(plugin)
            if type not in told and whose(type.partition(".")[0])
        ]
        if wrong:
            plugins = plugins.without(plugin.manifest.name, "; ".join(wrong))
            LOG.warning("plugin %s is left out: %s", plugin.manifest.name, "; ".join(wrong))
    return plugins


def _waited_for(plugin: Plugin) -> Iterator[tuple[str, str]]:
    for handler in plugin.by(EffectsRegistrar).effects().handlers:
        for type in sorted(handler.events):
            yield handler.name, type
