"""Peak EWMA: latencies that rise at once and are forgotten slowly, and the choice of the lower load of two."""

from math import exp

from .balancers import two_indices

UNKNOWN = 30 * 10**6
FAILURE_MIN = 100 * 10**6


def lower_median(values):
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2] if ordered else None


class Endpoint:
    def __init__(self, cost, stamp, observed=False):
        self.cost, self.stamp, self.observed = cost, stamp, observed

    def kept(self, at, decay):
        """The share of the past that still counts."""
        return exp(-max(at - self.stamp, 0) / decay)


class PeakEwma:
    """The endpoints of one service. Times are nanoseconds."""

    def __init__(self, decay, endpoints=()):
        self.decay = decay
        self.endpoints = dict(endpoints)

    def forget(self, endpoint):
        self.endpoints.pop(endpoint, None)

    def median(self, but=None):
        costs = (known.cost for name, known in self.endpoints.items() if known.observed and name != but)
        return lower_median(costs)

    def used(self, endpoint, at):
        """The state of an endpoint, seeded at its first use."""
        if endpoint not in self.endpoints:
            median = self.median()
            self.endpoints[endpoint] = Endpoint(UNKNOWN if median is None else median, at)
        return self.endpoints[endpoint]

    def observe(self, endpoint, rtt, at):
        known = self.used(endpoint, at)
        kept = known.kept(at, self.decay)
        known.cost = rtt if rtt > known.cost else known.cost * kept + rtt * (1 - kept)
        known.stamp = max(known.stamp, at)
        known.observed = True

    def fail(self, endpoint, rtt, at):
        self.observe(endpoint, max(rtt, 2 * (self.median(but=endpoint) or 0), FAILURE_MIN), at)

    def load(self, endpoint, in_flight, weight, at):
        known = self.used(endpoint, at)
        return (known.cost * known.kept(at, self.decay) + 1) * (in_flight + 1) / weight

    def pick(self, candidates, random, at):
        """An index; `candidates` are triples of id, requests in flight and weight."""
        i, j = two_indices(len(candidates), random)
        first, second = (self.load(*candidates[index], at) for index in (i, j))
        return i if first <= second else j
