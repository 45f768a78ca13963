"""Subsetting: each client keeps to some of many instances, so that nobody is connected with everybody."""

from math import isqrt

from .xxh64 import xxh64

ALL = 200
LEAST = 100


def size(instances):
    """To how many a client keeps."""
    if instances <= ALL:
        return instances
    return max(LEAST, isqrt(instances - 1) + 1)


def subset(client, ids, count):
    """The ids that a client keeps to, in order."""
    ranked = sorted(ids, key=lambda id_: (xxh64(f"{id_}\0{client}"), id_.encode()), reverse=True)
    return sorted(ranked[:count], key=str.encode)
