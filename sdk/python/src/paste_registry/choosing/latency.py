"""The buckets of the latency histogram that heartbeats carry."""

from bisect import bisect_left
from math import isqrt

BUCKETS = 40

_BOUNDS = [isqrt(100_000**2 << index) for index in range(BUCKETS - 1)]
"""The greatest latency of each bucket but the last: 100 µs times the square root of 2 to the index, in nanoseconds."""


def bucket(latency: int) -> int:
    """The bucket, 0 to 39, of a latency in nanoseconds."""
    return bisect_left(_BOUNDS, latency)
