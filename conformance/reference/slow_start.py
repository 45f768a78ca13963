"""Slow start: newcomers get little at first."""

from .numbers import duration

SECOND = 10**9


def factor(settings, age):
    """The share of its weight that an endpoint has after `age` ns; None: it isn't new."""
    window = settings["window"] and duration(settings["window"])
    if not window or age is None or age >= window:
        return 1.0
    grown = (max(age, SECOND) / window) ** (1 / settings["aggression"])
    return max(settings["min_weight"] / 100, grown)


def factors(settings, ages):
    """The factors of all eligible endpoints of a service."""
    window = settings["window"] and duration(settings["window"])
    new = sum(age is not None and age < window for age in ages) if window else 0
    if new * 2 > len(ages):
        return [1.0] * len(ages)
    return [factor(settings, age) for age in ages]
