"""The retry budget: retries are a share of the first tries, so that they can't make an outage worse."""

from threading import Lock

from .policy import SECOND, Retries

_SLOTS = 10


class RetryBudget:
    """Counts the first tries and the retries of a service over the last 10 slots of one second."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._slots: dict[int, list[int]] = {}

    def first_try(self, now: int) -> None:
        """A call is sent for the first time."""
        with self._lock:
            self._slot(now)[0] += 1

    def retry(self, policy: Retries, now: int) -> bool:
        """Whether the budget allows another retry; then it is paid for."""
        with self._lock:
            current = self._slot(now)
            tries = sum(slot[0] for slot in self._slots.values())
            retries = sum(slot[1] for slot in self._slots.values())
            # The terms of the definition times `budget`, so that all are integers.
            reserve = policy.min_per_second * _SLOTS * 100
            if tries * policy.budget + reserve - retries * 100 < 100:
                return False
            current[1] += 1
            return True

    def _slot(self, now: int) -> list[int]:
        current = now // SECOND
        if current not in self._slots:
            self._slots = {slot: counts for slot, counts in self._slots.items() if slot > current - _SLOTS}
            self._slots[current] = [0, 0]
        return self._slots[current]
