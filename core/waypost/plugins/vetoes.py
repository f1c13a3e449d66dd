"""Asking plugins whether a draft may be submitted; one that fails or is late refuses nothing, and is told of."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from logging import getLogger
from typing import Final

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
    names = {name for name, _ in plugins.profile(active)}
    unasked: list[str] = []
    for plugin in plugins.in_order():
        name = plugin.manifest.name
        for veto in plugin.by(SubmissionRegistrar).vetoes if name in names else ():
            try:
                refusal = await _asked(veto, submission)
            except Exception as error:
                LOG.exception("a veto of %s failed: %s", name, type(error).__name__)
                plugins.failed_vetoes[name] += 1
                unasked.append(name)
            else:
                if refusal is not None:
                    return Verdict(refusal, tuple(unasked))
    return Verdict(None, tuple(dict.fromkeys(unasked)))


async def _asked(veto: Veto, submission: Submission) -> Refusal | None:
    async with asyncio.timeout(PATIENCE_S), current().savepoint():
        refusal = await veto(submission)
        if refusal is not None and not isinstance(refusal, Refusal):
            raise TypeError(f"it answered {type(refusal).__name__} instead of a Refusal or None")
        return refusal
