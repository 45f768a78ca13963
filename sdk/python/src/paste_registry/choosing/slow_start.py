"""Slow start: an endpoint that is new, or back, gets less than its weight until it has warmed up."""

from .endpoint import Endpoint
from .policy import SECOND, SlowStart


class Warming:
    """The endpoints of a service that are warming up."""

    def __init__(self, policy: SlowStart) -> None:
        self.policy = policy
        self._starting: set[Endpoint] = set()

    def begin(self, endpoint: Endpoint, now: int) -> None:
        """An endpoint joined a service that was known, or became eligible after it wasn't."""
        endpoint.slow_since = now
        self._starting.add(endpoint)

    def forget(self, endpoint: Endpoint) -> None:
        """An endpoint is gone."""
        self._starting.discard(endpoint)

    def applies(self, eligible: int, now: int) -> bool:
        """Whether weights are reduced now; not if more than half of the `eligible` endpoints are warming up."""
        window = self.policy.window
        if not window or not self._starting:
            return False
        self._starting = {each for each in self._starting if now - (each.slow_since or 0) < window}
        starting = sum(each.eligible for each in self._starting)
        return starting > 0 and starting * 2 <= eligible

    def factor(self, endpoint: Endpoint, now: int) -> float:
        """The share of its weight that an endpoint gets now, where they are reduced at all."""
        if endpoint not in self._starting:
            return 1.0
        return slow_start_factor(self.policy, now - (endpoint.slow_since or 0))


def slow_start_factor(policy: SlowStart, age: int) -> float:
    """The share of its weight that an endpoint gets `age` nanoseconds after its beginning."""
    if not policy.window or age >= policy.window:
        return 1.0
    grown = (max(age, SECOND) / policy.window) ** (1 / policy.aggression)
    return float(min(max(policy.min_weight / 100, grown), 1.0))
