"""Adaptive throttling: a client stops sending what would be refused anyway."""

from .numbers import unit

SLOT = 10**9
SLOTS = 120
FACTOR = 2


class Throttle:
    def __init__(self):
        self.slots = {}

    def slot(self, now):
        """The counts of the current slot; those that are too old go."""
        current = now // SLOT
        self.slots = {slot: counts for slot, counts in self.slots.items() if slot > current - SLOTS}
        return self.slots.setdefault(current, [0, 0])

    def count(self, now, requests, accepts):
        counts = self.slot(now)
        counts[0] += requests
        counts[1] += accepts

    def probability(self, now):
        self.slot(now)
        requests, accepts = (sum(counts) for counts in zip(*self.slots.values()))
        return max(0, requests - FACTOR * accepts) / (requests + 1)

    def rejects(self, now, random):
        """Whether a request isn't sent. The caller counts it as a request either way."""
        probability = self.probability(now)
        return probability > 0 and unit(random.draw()) < probability
