"""The balancers: each chooses an index among two or more candidates whose weights are above 0."""

from bisect import bisect_right
from collections.abc import Sequence

from .arithmetic import Random, mulhi, total, two_indices
from .candidates import Candidates
from .endpoint import Endpoint
from .peak_ewma import PeakEwma


def weighted_random(cumulative: Sequence[float], random: Random) -> int:
    """Each as probable as its share of the weights, whose running sums are given."""
    point = mulhi(random(), 2**53) / 2**53 * cumulative[-1]
    return min(bisect_right(cumulative, point), len(cumulative) - 1)


def smooth_wrr(endpoints: Sequence[Endpoint], weights: Sequence[float]) -> int:
    """Round robin in which the turns of the heavy ones are spread out."""
    best = 0
    for index, endpoint in enumerate(endpoints):
        endpoint.current += weights[index]
        if endpoint.current > endpoints[best].current:
            best = index
    endpoints[best].current -= total(weights)
    return best


def least_request(endpoints: Sequence[Endpoint], weights: Sequence[float], random: Random) -> int:
    """Of two drawn the one with fewer calls in flight for its weight."""
    first, second = two_indices(len(endpoints), random)
    cost_first = (endpoints[first].in_flight + 1) / weights[first]
    cost_second = (endpoints[second].in_flight + 1) / weights[second]
    return first if cost_first <= cost_second else second


def peak_ewma(candidates: Candidates, ewma: PeakEwma, now: int, random: Random) -> int:
    """Of two drawn the one with the lower load."""
    endpoints, weights = candidates.endpoints, candidates.weights
    first, second = two_indices(len(endpoints), random)
    load_first = ewma.load(endpoints[first], weights[first], now)
    load_second = ewma.load(endpoints[second], weights[second], now)
    return first if load_first <= load_second else second
