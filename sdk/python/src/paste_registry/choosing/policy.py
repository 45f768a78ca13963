"""The policy of a service: how its consumers choose among its instances and send their calls.

It comes from the registry with the service; without one the defaults hold. Durations are nanoseconds here, strings such
as `250ms` in JSON. `None`, and 0 where the definitions say so, switch a part off.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .ask import lowered
from .version_range import VersionRange, version_range

SECOND = 1_000_000_000

_UNITS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND, "d": 86400 * SECOND}
_PART = re.compile(r"\s*([0-9]+)\s*(ns|us|ms|s|m|h|d)\s*", re.ASCII)

_KINDS = {
    **{
        kind: kind
        for kind in ("weighted_random", "smooth_wrr", "least_request", "peak_ewma", "ring_hash", "rendezvous")
    },
    "maglev": "rendezvous",
    "static_stride": "smooth_wrr",
}


@dataclass(frozen=True, slots=True)
class Balancer:
    """Which balancer chooses, and its parameters; `ring_size` is the least number of entries of the ring."""

    kind: str = "peak_ewma"
    decay: int = 10 * SECOND
    hash_header: str | None = None
    ring_size: int = 1024


@dataclass(frozen=True, slots=True)
class Subset:
    """Instances by version, tags and metadata; `weight` is its share of the calls that no rule decides."""

    name: str
    version: VersionRange | None = None
    tags: tuple[str, ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()
    weight: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """Sends calls with these headers, users, zones and regions to a subset. `users` is a header and a percentage."""

    subset: str
    headers: tuple[tuple[str, str], ...] = ()
    users: tuple[str, float] | None = None
    zones: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Locality:
    """Where calls go beyond the caller's region, and when they spill over; thresholds are percentages."""

    failover_regions: tuple[str, ...] = ()
    overprovision: int = 140
    panic_threshold: int = 50


@dataclass(frozen=True, slots=True)
class OutlierDetection:
    """When an endpoint is ejected, for how long, and how many at most (`max_ejected`, a percentage)."""

    consecutive_failures: int = 5
    failure_percentage: int = 60
    failure_percentage_requests: int = 20
    failure_percentage_hosts: int = 2
    interval: int = 10 * SECOND
    base_ejection: int = 30 * SECOND
    max_ejection: int = 300 * SECOND
    max_ejected: int = 30


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a call is tried again, for which answers, within which budget (a percentage of first tries)."""

    max: int = 2
    statuses: tuple[int, ...] = (502, 503, 504)
    budget: int = 20
    min_per_second: int = 10
    backoff_base: int = 25_000_000
    backoff_max: int = 250_000_000


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a connection, a try and a whole call may take."""

    connect: int | None = SECOND
    per_try: int | None = None
    request: int | None = 15 * SECOND


@dataclass(frozen=True, slots=True)
class SlowStart:
    """How long a new endpoint gets less than its weight, and at least which percentage of it."""

    window: int | None = None
    aggression: float = 1.0
    min_weight: int = 10


@dataclass(frozen=True, slots=True)
class Policy:
    """All that a service's owner says of how it is called."""

    description: str = ""
    balancer: Balancer = field(default_factory=Balancer)
    subsets: tuple[Subset, ...] = ()
    rules: tuple[Rule, ...] = ()
    locality: Locality = field(default_factory=Locality)
    outlier_detection: OutlierDetection = field(default_factory=OutlierDetection)
    retries: Retries = field(default_factory=Retries)
    timeouts: Timeouts = field(default_factory=Timeouts)
    slow_start: SlowStart = field(default_factory=SlowStart)
    protect_threshold: int | None = None
    json: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Policy":
        """A policy from the registry's JSON; raises `ValueError` or `TypeError` for what can't be one."""
        return cls(
            description=data.get("description") or "",
            balancer=_balancer(data.get("balancer") or {}),
            subsets=tuple(_subset(each) for each in data.get("subsets") or ()),
            rules=tuple(_rule(each) for each in data.get("rules") or ()),
            locality=_part(Locality, data.get("locality")),
            outlier_detection=_part(OutlierDetection, data.get("outlier_detection")),
            retries=_part(Retries, data.get("retries")),
            timeouts=_part(Timeouts, data.get("timeouts")),
            slow_start=_part(SlowStart, data.get("slow_start")),
            protect_threshold=data.get("protect_threshold"),
            json=data,
        )


def duration(text: str) -> int:
    """Nanoseconds of a duration such as `250ms` or `1m 30s`; raises `ValueError`."""
    position, nanoseconds = 0, 0
    while match := _PART.match(text, position):
        nanoseconds += int(match.group(1)) * _UNITS[match.group(2)]
        position = match.end()
    if position == 0 or position != len(text):
        raise ValueError(f"not a duration such as 250ms: {text!r:.100}")
    return nanoseconds


_DURATIONS = frozenset(
    (
        "interval",
        "base_ejection",
        "max_ejection",
        "backoff_base",
        "backoff_max",
        "connect",
        "per_try",
        "request",
        "window",
    )
)
_NULLABLE = frozenset(("connect", "per_try", "request", "window"))
_OFF = frozenset(("consecutive_failures", "failure_percentage", "panic_threshold", "max_ejected", "max"))


def _part(kind: Any, data: Mapping[str, Any] | None) -> Any:
    """A part whose fields have the names that JSON gives them. What isn't known is passed over."""
    values: dict[str, Any] = {}
    for name, value in (data or {}).items():
        if name not in kind.__dataclass_fields__:
            continue
        if value is None:
            if name in _NULLABLE:
                values[name] = None
            elif name in _OFF:
                values[name] = 0
        elif name in _DURATIONS:
            values[name] = duration(value)
        elif isinstance(value, list):
            values[name] = tuple(value)
        elif isinstance(value, int | float):
            values[name] = value
        else:
            raise TypeError(f"{name} of a policy is no number: {value!r:.100}")
    return kind(**values)


def _balancer(data: Mapping[str, Any]) -> Balancer:
    default = Balancer()
    decay = data.get("decay")
    return Balancer(
        kind=_KINDS.get(data.get("kind") or default.kind, default.kind),
        decay=default.decay if decay is None else duration(decay),
        hash_header=lowered(data.get("hash_header")),
        ring_size=int(data.get("ring_size") or default.ring_size),
    )


def _subset(data: Mapping[str, Any]) -> Subset:
    version = data.get("version")
    return Subset(
        name=data["name"],
        version=version_range(version) if version else None,
        tags=tuple(data.get("tags") or ()),
        metadata=tuple((data.get("metadata") or {}).items()),
        weight=int(data.get("weight") or 0),
    )


def _rule(data: Mapping[str, Any]) -> Rule:
    users = data.get("users")
    return Rule(
        subset=data["subset"],
        headers=tuple((name.lower(), value) for name, value in (data.get("headers") or {}).items()),
        users=(users["header"].lower(), users["percent"]) if users else None,
        zones=tuple(data.get("zones") or ()),
        regions=tuple(data.get("regions") or ()),
    )
