"""Buckets of the latency histogram."""

from math import isqrt

BUCKETS = 40


def bound(i):
    """The greatest latency of bucket `i`: 100 µs times the square root of 2 to the i, rounded down to ns."""
    return isqrt(100000**2 << i)


def bucket(latency):
    return next((i for i in range(BUCKETS) if latency <= bound(i)), BUCKETS - 1)
