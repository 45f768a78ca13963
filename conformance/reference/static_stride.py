"""Static stride: round robin by weights that follow from what the endpoints report of their load."""

from dataclasses import dataclass
from math import floor

from .numbers import total

MOST = 65535
OFFSET = 32767
EXPIRY = 180 * 10**9


@dataclass
class Report:
    """What an endpoint says: requests and errors a second, utilization from 0 to 1, and how long ago in ns."""

    qps: float
    eps: float
    utilization: float
    age: int


def load_weight(report):
    """The weight that follows from a report; None: nothing does."""
    if report is None or report.age > EXPIRY or report.qps <= 0 or report.utilization <= 0:
        return None
    return report.qps / (report.utilization + report.eps / report.qps)


def scaled(reports, weights):
    """The weights of all candidates as integers up to `MOST`."""
    known = [load_weight(report) for report in reports]
    given = [weight for weight in known if weight is not None]
    mean = total(given) / len(given) if len(given) >= 2 else None
    loads = [1.0 if mean is None else mean if weight is None else weight for weight in known]
    products = [load * weight for load, weight in zip(loads, weights)]
    most = max(products)
    return [max(1, floor(MOST * product / most + 0.5)) for product in products]


def pick(weights, sequence):
    """An index, and the sequence number for the next pick."""
    while True:
        turn, index = divmod(sequence, len(weights))
        sequence += 1
        if (weights[index] * turn + index * OFFSET) % MOST >= MOST - weights[index]:
            return index, sequence
