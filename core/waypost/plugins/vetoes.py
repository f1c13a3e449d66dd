"""Asking plugins whether a draft may be submitted; one that fails or is late refuses nothing, and is told of."""

from __future__ import annotations

from collections.abc import Iterable
from logging import getLogger
from typing import Any, Final

from waypost.calling import Call, PluginPaused
from waypost.db.transaction import current
from waypost.outbox.submission import Submission, Verdict
from waypost.plugins.manager import Plugins
from waypost.plugins.registrars import SubmissionRegistrar, Veto
from waypost.refusal import Refusal

LOG: Final = getLogger(__name__)
PATIENCE_S: Final = 2.0


async def verdict_on(plugins: Plugins, active: Iterable[str], submission: Submission) -> Verdict:
    """Ask the vetoes of the plugins that a tenant switched on, in the current transaction; the first refusal counts.

    A veto that raises, is late or answers something else refuses nothing, lest one plugin's fault keep a city from
    its work. What it did is undone, it is logged and counted, and the verdict names its plugin: that goes into the
    event of the submission, so that what could not be asked does not pass unseen.
    """
    unasked: list[str] = []
    for plugin in plugins.active(active):
        name = plugin.manifest.name
        for veto in plugin.by(SubmissionRegistrar).vetoes:
            try:
                async with current().savepoint():
                    call = Call(name, _name(veto), submission.here.tenant_id, PATIENCE_S, check=_is_verdict)
                    refusal: Refusal | None = await plugins.calls.make(call, veto, submission)
            except PluginPaused:
                unasked.append(name)
            except Exception as error:
                LOG.exception("a veto of %s failed: %s", name, type(error).__name__)
                unasked.append(name)
            else:
                if refusal is not None:
                    return Verdict(refusal, tuple(unasked))
    return Verdict(None, tuple(dict.fromkeys(unasked)))


def _name(veto: Veto) -> str:
    return f"the veto {getattr(veto, '__name__', '')}".rstrip()


def _is_verdict(answer: Any) -> None:
    if answer is not None and not isinstance(answer, Refusal):
        raise TypeError(f"it answered {type(answer).__name__} instead of a Refusal or None")
