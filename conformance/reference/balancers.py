"""The balancers that don't hash, but for peak EWMA: they choose among two or more candidates of weights above 0."""

from .numbers import mulhi, total, unit


def two_indices(n, random):
    """The p2c draw: two different indices below n, which is at least 2."""
    i = mulhi(random.draw(), n)
    j = mulhi(random.draw(), n - 1)
    return i, j + 1 if j >= i else j


def weighted_random(weights, random):
    """An index; each as probable as its share of the weights."""
    x = unit(random.draw()) * total(weights)
    cumulative = 0
    for index, weight in enumerate(weights):
        cumulative += weight
        if cumulative > x:
            return index
    return len(weights) - 1


def least_request(candidates, random):
    """An index; `candidates` are pairs of requests in flight and weight."""
    costs = [(in_flight + 1) / weight for in_flight, weight in candidates]
    i, j = two_indices(len(candidates), random)
    return i if costs[i] <= costs[j] else j


class SmoothWeightedRoundRobin:
    """Round robin in which the turns of the heavy ones are spread out."""

    def __init__(self, current=()):
        self.current = dict(current)

    def forget(self, endpoint):
        self.current.pop(endpoint, None)

    def pick(self, candidates):
        """An id; `candidates` are pairs of id and weight, in id order."""
        for endpoint, weight in candidates:
            self.current[endpoint] = self.current.get(endpoint, 0) + weight
        # The first of equals: `max` keeps the one that it saw first.
        best = max((endpoint for endpoint, _ in candidates), key=self.current.get)
        self.current[best] -= total(weight for _, weight in candidates)
        return best
