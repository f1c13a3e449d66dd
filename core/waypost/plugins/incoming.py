"""Calls from outside for plugins: believed, kept, and handled in the worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from waypost.calling import HANGING, Call, Calls
from waypost.outbox.incoming import Forged, IncomingHook, arrived, call_handled, keep_call, kept_call
from waypost.outbox.work import Effects, JobKind, Later, Work
from waypost.plugins.activation import is_active
from waypost.plugins.secrets import MissingSecret

CHECK_S: Final = 5.0
OFF_S: Final = 3_600.0  # so often what waits looks whether the plugin is on again
MOST_KEY: Final = 500


def kind_of(plugin: str) -> str:
    """The job that handles the calls of a plugin."""
    return f"incoming.{plugin}"


async def take_call(
    calls: Calls, plugin: str, hook: IncomingHook, work: Work, tenant: UUID, body: bytes, headers: Mapping[str, str]
) -> bool:
    """Check a call and keep it until it is handled; False = it is known already, and nothing is done again.

    Raises `Forged` for one that the plugin does not believe, `MissingSecret` where it cannot know, `TooManyWaiting`,
    and what its check raises or is late with, so that the sender tries again.
    """
    call = arrived(work, tenant, body, headers)
    rests: dict[str, Any] = {"entry": "incoming", "pausing": HANGING}
    checking = Call(plugin, "the check of incoming calls", tenant, CHECK_S, _is_key, (Forged, MissingSecret), **rests)
    key: str = await calls.make(checking, hook.check, work, call)
    kept = replace(call, headers={name: value for name, value in headers.items() if name in hook.headers})
    return await keep_call(work, plugin, kind_of(plugin), key, kept)


def handling(plugin: str, hook: IncomingHook, calls: Calls, needs: frozenset[str]) -> Effects:
    """The background work that handles a plugin's calls; where it does not work they wait, until they are swept.

    `needs` are as of `where_active`.
    """

    async def run(work: Work, facts: Mapping[str, Any]) -> None:
        tenant = UUID(facts["tenant"])
        call = await kept_call(work, tenant, UUID(facts["call"]))
        if call is None:
            return
        if not await is_active(work.database, tenant, needs):
            raise Later(f"the plugin {plugin} is switched off here", OFF_S, counted=False)
        await calls.bounded(Call(plugin, "the handling of incoming calls", tenant), hook.handle, work, call)
        await call_handled(work, call)

    return Effects(jobs=(JobKind(kind_of(plugin), run),))


def _is_key(answer: Any) -> None:
    if not isinstance(answer, str) or not 1 <= len(answer) <= MOST_KEY:
        raise TypeError(f"it answered {type(answer).__name__} instead of the sender's id of the call")
