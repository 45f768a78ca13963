"""Peak EWMA: latencies that rise at once and are forgotten slowly."""

from bisect import bisect_left, insort
from math import exp

from .endpoint import Endpoint

COST_UNKNOWN = 30_000_000
"""What a call to an endpoint is expected to take while nobody has called any, in nanoseconds."""

FAILURE_MIN = 100_000_000
"""What a failure counts as at least, in nanoseconds: otherwise fast failures would attract traffic."""


class PeakEwma:
    """The latencies of a service's endpoints. `decay` is in nanoseconds."""

    def __init__(self, decay: int) -> None:
        self.decay = decay
        # The costs of the endpoints that have observed something, in order: their median is asked for often.
        self._costs: list[float] = []

    def load(self, endpoint: Endpoint, weight: float, now: int) -> float:
        """What another call would cost there. Reading changes nothing but the seed of an endpoint that has none."""
        cost = endpoint.cost
        if cost is None:
            cost = self._seed(endpoint, now)
        age = now - endpoint.stamp
        if age > 0:
            cost *= exp(-age / self.decay)
        return (cost + 1) * (endpoint.in_flight + 1) / weight

    def observe(self, endpoint: Endpoint, rtt: float, now: int) -> None:
        """Takes in how long a call took, in nanoseconds."""
        cost = endpoint.cost
        if cost is None:
            cost = self._seed(endpoint, now)
        self.forget(endpoint)
        kept = exp(-max(now - endpoint.stamp, 0) / self.decay)
        endpoint.cost = cost = rtt if rtt > cost else cost * kept + rtt * (1 - kept)
        endpoint.stamp = max(endpoint.stamp, now)
        endpoint.observed = True
        insort(self._costs, cost)

    def observe_failure(self, endpoint: Endpoint, rtt: float, now: int) -> None:
        """Takes in a call that failed after `rtt` nanoseconds."""
        self.forget(endpoint)
        others = self._median()
        self.observe(endpoint, max(rtt, 2 * (others or 0), FAILURE_MIN), now)

    def forget(self, endpoint: Endpoint) -> None:
        """What an endpoint has observed counts no more for others."""
        if endpoint.observed and endpoint.cost is not None:
            del self._costs[bisect_left(self._costs, endpoint.cost)]
            endpoint.observed = False

    def _seed(self, endpoint: Endpoint, now: int) -> float:
        median = self._median()
        endpoint.cost = cost = COST_UNKNOWN if median is None else median
        endpoint.stamp = now
        return cost

    def _median(self) -> float | None:
        """The middle cost, of an even number the lower of the two; `None` of none."""
        costs = self._costs
        return costs[(len(costs) - 1) // 2] if costs else None
