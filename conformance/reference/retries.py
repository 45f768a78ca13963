"""Retries: the budget, and the waits before retries and reconnects."""

from .numbers import duration, mulhi

SLOT = 10**9
SLOTS = 10
RECONNECT_BASE = SLOT // 2
RECONNECT_MAX = 30 * SLOT


class Budget:
    """Counted in integers: the definition's terms, times `budget`."""

    def __init__(self, settings):
        self.budget = settings["budget"]
        self.reserve = settings["min_per_second"] * SLOTS * 100
        self.slots = {}

    def slot(self, now):
        """The counts of the current slot; those that are too old go."""
        current = now // SLOT
        self.slots = {slot: counts for slot, counts in self.slots.items() if slot > current - SLOTS}
        return self.slots.setdefault(current, [0, 0])

    def first_try(self, now):
        self.slot(now)[0] += 1

    def retry(self, now):
        """Whether a retry is granted; then it is paid for."""
        current = self.slot(now)
        tries, retries = (sum(counts) for counts in zip(*self.slots.values()))
        if tries * self.budget + self.reserve - retries * 100 < 100:
            return False
        current[1] += 1
        return True


def backoff(settings, n, random):
    """The wait in ns before retry `n`."""
    longest = min(duration(settings["backoff_max"]), duration(settings["backoff_base"]) << n)
    return mulhi(random.draw(), longest + 1)


def reconnect(n, random):
    """The wait in ns after the failure `n` of a connection to the registry."""
    return mulhi(random.draw(), min(RECONNECT_MAX, RECONNECT_BASE << n))
