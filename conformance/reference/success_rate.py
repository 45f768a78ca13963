"""Outliers by success rate: those far below the mean of their peers."""

from math import sqrt

from .numbers import total

FACTOR = 1.9


def judged(outcomes, requests):
    """Success rates in percent by id, of those with enough outcomes; `outcomes` has successes and failures by id."""
    return {
        id_: 100 * successes / (successes + failures)
        for id_, (successes, failures) in outcomes.items()
        if successes + failures >= requests
    }


def threshold(rates):
    """The rate below which one is an outlier."""
    mean = total(rates) / len(rates)
    deviation = sqrt(total((rate - mean) ** 2 for rate in rates) / len(rates))
    return mean - FACTOR * deviation


def outliers(outcomes, hosts, requests):
    """The threshold, None if too few can be judged, and the ids below it."""
    rates = judged(outcomes, requests)
    if len(rates) < hosts:
        return None, []
    limit = threshold(list(rates.values()))
    return limit, [id_ for id_, rate in rates.items() if rate < limit]
