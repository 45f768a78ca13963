"""One chosen instance, and what became of the call to it."""

from collections.abc import Callable
from types import TracebackType
from typing import Protocol

from .choosing.endpoint import Endpoint
from .choosing.policy import SECOND
from .choosing.trace import Trace
from .instance import Instance


class Outcomes(Protocol):
    """Who is told how calls went."""

    def finish(self, endpoint: Endpoint, success: bool, slowed: bool, latency: int | None) -> None:
        """A call is over; `latency` in nanoseconds."""

    def drop(self, endpoint: Endpoint) -> None:
        """A pick is gone without a word. May be called at any time, within anything, and must not lock."""


class Pick:
    """An instance that was chosen for one call. Say how the call went with `done`, or use it in a `with` block:

        with service.choose() as pick:
            call(pick.instance)

    which takes the time, and an exception for a failure. A pick that is dropped counts as success without latency.
    """

    __slots__ = ("_begun", "_clock", "_endpoint", "_outcomes", "trace")

    def __init__(
        self, endpoint: Endpoint, outcomes: Outcomes, clock: Callable[[], int], trace: Trace | None = None
    ) -> None:
        self._endpoint = endpoint
        self._outcomes: Outcomes | None = outcomes
        self._clock = clock
        self._begun = 0
        self.trace = trace
        """How it was chosen, if that was asked for."""

    @property
    def instance(self) -> Instance:
        """The instance."""
        return self._endpoint.instance

    def done(self, success: bool = True, latency: float | None = None, *, slowed: bool = False) -> None:
        """The call is over, after `latency` seconds. A failure is a connection that failed, a time-out or a 5xx;
        `slowed` is a 429, which counts as slow and ejects nobody. Only the first word counts."""
        outcomes, self._outcomes = self._outcomes, None
        if outcomes is not None:
            outcomes.finish(self._endpoint, success, slowed, None if latency is None else int(latency * SECOND))

    def answered(self, status: int, latency: float) -> None:
        """The call was answered with an HTTP status after `latency` seconds."""
        self.done(status < 500, latency, slowed=status == 429)

    def __enter__(self) -> "Pick":
        self._begun = self._clock()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.done(kind is None or not issubclass(kind, Exception), (self._clock() - self._begun) / SECOND)

    def __del__(self) -> None:
        outcomes = getattr(self, "_outcomes", None)
        if outcomes is not None:
            outcomes.drop(self._endpoint)

    def __repr__(self) -> str:
        return f"Pick({self.instance.id!r}, {self.instance.authority!r})"
