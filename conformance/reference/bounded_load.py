"""Bounded load: a hashing balancer passes over those that have more than their share in flight."""


def capacities(weights, in_flight, bound):
    """Most requests in flight of each, one more than there are included; `bound` is in thousandths."""
    requests, whole = sum(in_flight) + 1, 1000 * sum(weights)
    return [-(-bound * requests * weight // whole) for weight in weights]


def pick(order, in_flight, limits):
    """The first id of `order` that is below its limit."""
    return next(id_ for id_ in order if in_flight[id_] < limits[id_])
