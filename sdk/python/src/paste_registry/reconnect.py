"""When to try again after the registry couldn't be used."""

from collections.abc import Callable

from .choosing.backoff import reconnect_wait
from .choosing.policy import SECOND
from .errors import UnavailableError

_SETTLED = 10 * SECOND
"""Success that lasted this long makes the waits begin anew."""

_RETRY_AFTER_MAX = 60.0
"""What a node may ask to wait, in seconds; what is more is passed over."""


class Reconnect:
    """The failures in a row of one thing that is tried again, and the waits after them."""

    def __init__(self, clock: Callable[[], int], random: Callable[[], int]) -> None:
        self._clock = clock
        self._random = random
        self._failures = 0
        self._well_since: int | None = None

    def succeeded(self) -> None:
        """It works (still)."""
        if self._well_since is None:
            self._well_since = self._clock()

    def failed(self, error: UnavailableError) -> float:
        """It failed: the seconds to wait before the next try."""
        if self._well_since is not None and self._clock() - self._well_since >= _SETTLED:
            self._failures = 0
        self._well_since = None
        wait = reconnect_wait(self._failures, self._random) / SECOND
        self._failures += 1
        if error.retry_after is not None and error.retry_after <= _RETRY_AFTER_MAX:
            wait = max(wait, error.retry_after)
        return wait
