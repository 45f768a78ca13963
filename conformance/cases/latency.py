"""latency-buckets.json: each bound, and what lies just above it."""

from reference.latency import BUCKETS, bound, bucket


def vectors():
    latencies = [("nothing", 0), ("a nanosecond", 1)]
    for i in range(BUCKETS):
        latencies += [(f"up to bound {i}", bound(i)), (f"just above bound {i}", bound(i) + 1)]
    latencies.append(("a day", 86400 * 10**9))
    return [{"name": name, "latency": latency, "bucket": bucket(latency)} for name, latency in latencies]
