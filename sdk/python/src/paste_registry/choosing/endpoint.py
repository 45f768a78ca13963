"""What a client knows of one instance beyond what the registry says: its own calls to it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..instance import Instance


class Endpoint:
    """The state of one instance in one client. Times are nanoseconds of the client's monotonic clock."""

    __slots__ = (
        "consecutive",
        "cost",
        "current",
        "ejected",
        "ejected_until",
        "eligible",
        "failures",
        "in_flight",
        "instance",
        "observed",
        "outcomes",
        "slow_since",
        "stamp",
        "times",
    )

    def __init__(self, instance: "Instance", eligible: bool = True) -> None:
        self.instance = instance
        self.eligible = eligible
        # Calls that were picked and aren't done.
        self.in_flight = 0
        # Peak EWMA; a cost of `None` has not been seeded.
        self.cost: float | None = None
        self.stamp = 0
        self.observed = False
        # Outlier detection: failures in a row, what the interval counted, how often it was ejected; whether it is, and
        # when the last ejection ends or ended.
        self.consecutive = 0
        self.outcomes = 0
        self.failures = 0
        self.times = 0
        self.ejected = False
        self.ejected_until: int | None = None
        # When slow start began.
        self.slow_since: int | None = None
        # Smooth weighted round robin.
        self.current = 0.0

    @property
    def id(self) -> str:
        """The id of its instance."""
        return self.instance.id
