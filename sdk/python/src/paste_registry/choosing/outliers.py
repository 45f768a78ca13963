"""Outlier detection: endpoints that fail are left alone for a while."""

from collections.abc import Mapping

from .endpoint import Endpoint
from .policy import OutlierDetection


class Outliers:
    """The ejections of one service. `endpoints` are all of the service by id, live. Times are nanoseconds.

    `generation` grows whenever somebody is ejected or comes back.
    """

    def __init__(self, policy: OutlierDetection, endpoints: Mapping[str, Endpoint]) -> None:
        self.policy = policy
        self.generation = 0
        self._endpoints = endpoints
        self._ejected: set[Endpoint] = set()
        self._began: int | None = None
        self._next_return: int | None = None

    def look(self, now: int) -> None:
        """What is due by `now`: returns, and the end of an interval. Before each decision and each outcome."""
        if self._next_return is not None and now >= self._next_return:
            self._bring_back(now)
        if self._began is not None and now >= self._began + self.policy.interval:
            self._end_interval(self._began, now)

    def outcome(self, endpoint: Endpoint, failed: bool, now: int) -> bool:
        """Counts an outcome, after `look`; whether it ejected the endpoint."""
        if self._began is None:
            self._began = now
        endpoint.outcomes += 1
        if not failed:
            endpoint.consecutive = 0
            return False
        endpoint.failures += 1
        endpoint.consecutive += 1
        limit = self.policy.consecutive_failures
        if not limit or endpoint.consecutive < limit:
            return False
        endpoint.consecutive = 0
        return self._eject(endpoint, now)

    def forget(self, endpoint: Endpoint) -> None:
        """An endpoint is gone."""
        self._ejected.discard(endpoint)

    def _bring_back(self, now: int) -> None:
        for endpoint in [each for each in self._ejected if (each.ejected_until or 0) <= now]:
            endpoint.ejected = False
            self._ejected.discard(endpoint)
        self._next_return = min((each.ejected_until or 0 for each in self._ejected), default=None)
        self.generation += 1

    def _end_interval(self, began: int, now: int) -> None:
        ordered = [self._endpoints[name] for name in sorted(self._endpoints)]
        for endpoint in self._failing(ordered):
            self._eject(endpoint, now)
        for endpoint in ordered:
            # An ejection that lasted into the interval keeps it from being a good one.
            if endpoint.ejected_until is None or endpoint.ejected_until <= began:
                endpoint.times = max(endpoint.times - 1, 0)
            endpoint.outcomes = endpoint.failures = 0
        self._began = now

    def _failing(self, ordered: list[Endpoint]) -> list[Endpoint]:
        """Those whose share of failures in the interval is too high."""
        policy = self.policy
        least = max(policy.failure_percentage_requests, 1)
        judged = [each for each in ordered if not each.ejected and each.outcomes >= least]
        if not policy.failure_percentage or len(judged) < policy.failure_percentage_hosts:
            return []
        return [each for each in judged if each.failures * 100 >= policy.failure_percentage * each.outcomes]

    def _eject(self, endpoint: Endpoint, now: int) -> bool:
        policy, there, ejected = self.policy, len(self._endpoints), len(self._ejected)
        allowed = ejected == 0 or (ejected + 1) * 100 <= policy.max_ejected * there
        if endpoint.ejected or not policy.max_ejected or not allowed or ejected + 1 >= there:
            return False
        endpoint.times += 1
        longest = max(policy.base_ejection, policy.max_ejection)
        until = now + min(policy.base_ejection * endpoint.times, longest)
        endpoint.ejected, endpoint.ejected_until = True, until
        self._ejected.add(endpoint)
        self._next_return = until if self._next_return is None else min(self._next_return, until)
        self.generation += 1
        return True
