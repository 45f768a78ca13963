"""What a heartbeat says of this process: its load, the calls it served, and the calls it made."""

import os
import time
from collections.abc import Callable
from threading import Lock
from typing import Any

from .choosing.latency import BUCKETS, bucket

_SERVICES_MAX = 100
"""How many called services a heartbeat tells of."""


class Served:
    """The calls that this process serves, as the server middleware counts them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._used = False
        self.in_flight = 0
        self.requests = 0
        self.errors = 0

    def begin(self) -> None:
        """A call came in."""
        with self._lock:
            self._used = True
            self.in_flight += 1

    def end(self, error: bool) -> None:
        """It is answered; `error` is a 5xx, or no answer at all."""
        with self._lock:
            self.in_flight -= 1
            self.requests += 1
            self.errors += error

    def report(self) -> dict[str, int]:
        """What happened since the last report that was taken; nothing where no call is counted."""
        with self._lock:
            if not self._used:
                return {}
            return {"in_flight": self.in_flight, "requests": self.requests, "errors": self.errors}

    def taken(self, report: dict[str, Any]) -> None:
        """The registry took a report: it isn't told again."""
        with self._lock:
            self.requests -= report.get("requests", 0)
            self.errors -= report.get("errors", 0)


class _Calls:
    __slots__ = ("count", "errors", "latency")

    def __init__(self) -> None:
        self.count = 0
        self.errors = 0
        self.latency = [0] * BUCKETS


class CallCounts:
    """The calls that this process makes, by service."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._services: dict[str, _Calls] = {}

    def add(self, service: str, failed: bool, latency: int | None) -> None:
        """A call is over; `latency` in nanoseconds, where it is known."""
        with self._lock:
            calls = self._services.get(service)
            if calls is None:
                if len(self._services) >= _SERVICES_MAX:
                    return
                calls = self._services[service] = _Calls()
            calls.count += 1
            calls.errors += failed
            if latency is not None:
                calls.latency[bucket(latency)] += 1

    def report(self) -> list[dict[str, Any]]:
        """What happened since the last report that was taken."""
        with self._lock:
            return [_told(name, calls) for name, calls in self._services.items() if calls.count]

    def taken(self, report: list[dict[str, Any]]) -> None:
        """The registry took a report: it isn't told again."""
        with self._lock:
            for told in report:
                calls = self._services[told["service"]]
                calls.count -= told["count"]
                calls.errors -= told["errors"]
                for index, count in enumerate(told["latency"]):
                    calls.latency[index] -= count
                if not calls.count:
                    del self._services[told["service"]]


def _told(name: str, calls: _Calls) -> dict[str, Any]:
    last = max((index for index, count in enumerate(calls.latency) if count), default=-1)
    return {"service": name, "count": calls.count, "errors": calls.errors, "latency": calls.latency[: last + 1]}


class Load:
    """All of it together."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self.served = Served()
        self.calls = CallCounts()
        self._clock = clock
        self._cpu_since = clock(), time.process_time_ns()

    def report(self) -> dict[str, Any]:
        """The body of a heartbeat."""
        report: dict[str, Any] = {**self._cpu(), **self.served.report()}
        calls = self.calls.report()
        return {**report, "calls": calls} if calls else report

    def taken(self, report: dict[str, Any]) -> None:
        """The registry took a heartbeat with this body."""
        self.served.taken(report)
        self.calls.taken(report.get("calls", []))

    def _cpu(self) -> dict[str, float]:
        """The share of its processors that this process kept busy since the last report."""
        before, used = self._cpu_since
        now, using = self._clock(), time.process_time_ns()
        if now <= before:
            return {}
        self._cpu_since = now, using
        share = (using - used) / (now - before) / (os.cpu_count() or 1)
        return {"cpu": round(min(max(share, 0.0), 1.0), 4)}
