"""When what failed is tried again: pure rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

# After the first failure at most half a minute, after the sixth at most a day; then it is dead.
DELAYS_S: Final = (30.0, 120.0, 600.0, 3_600.0, 21_600.0, 86_400.0)
MOST_ATTEMPTS: Final = len(DELAYS_S) + 1


def retry_in_s(attempts: int, share: Callable[[], float], *, least_s: float = 0.0) -> float | None:
    """How long to wait after so many failed attempts (1 or more); None = no more, it is dead.

    `share` gives a random number from 0 to 1: full jitter, so that what failed together does not come back
    together. `least_s` is what the other side asked for (`Retry-After`), kept within a day.
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    delay = DELAYS_S[max(attempts, 1) - 1] * share()
    return min(max(delay, least_s), DELAYS_S[-1])
