"""Version ranges (`^1.4`, `>=2 <3`, `1.x || 2.x`, `*`): the one grammar of the registry and all its clients.

A bare version is exact, a partial one stands for all that begin like it. A set of comparators is separated by commas or
spaces and must hold as a whole; of several sets (`||`) one is enough. A prerelease matches only if a comparator of the
same set names the same `major.minor.patch` with a prerelease.
"""

from bisect import bisect_right
from functools import lru_cache

from . import range_parser, semver
from .range_span import END, START, Span, prereleases, span, union

BYTES_MAX = 256
"""Longest range, as written and in its canonical form, in bytes."""


class InvalidVersionRangeError(ValueError):
    """A text that is no version range.

    `kind` is `syntax`, `number` (over 2^64 - 1) or `length`; `at` is where, in bytes of UTF-8, unless it is `length`.
    """

    def __init__(self, kind: str, at: int | None, message: str) -> None:
        super().__init__(f"version range: {message}")
        self.kind = kind
        self.at = at


class VersionRange:
    """A set of versions. Two are equal when their canonical forms are."""

    __slots__ = ("_prereleases", "_releases", "canonical")

    def __init__(self, text: str) -> None:
        """Parses `text`; raises `InvalidVersionRangeError`."""
        _bounded(text)
        try:
            sets = range_parser.parse(text)
        except range_parser.RefusedError as refused:
            raise InvalidVersionRangeError(refused.kind, refused.at, str(refused)) from None
        self.canonical = " || ".join(", ".join(str(each) for each in group) for group in sets)
        _bounded(self.canonical)
        releases: list[Span] = []
        early: list[Span] = []
        for group in sets:
            low, high = START, END
            for comparator in group:
                start, end = span(comparator)
                low, high = max(low, start), min(high, end)
            releases.append((low, high))
            for comparator in group:
                if comparator.prerelease:
                    start, end = prereleases(comparator.core)
                    early.append((max(low, start), min(high, end)))
        self._releases = union(releases)
        self._prereleases = union(early)

    def matches(self, version: str | None) -> bool:
        """Whether `version` is in the range; what is no semantic version, or `None`, is in none."""
        parsed = semver.parse(version) if version is not None else None
        if parsed is None:
            return False
        core, prerelease = parsed
        spans = self._releases if prerelease == semver.RELEASE else self._prereleases
        place = (core, prerelease, 0)
        index = bisect_right(spans, place, key=lambda each: each[0]) - 1
        return index >= 0 and place < spans[index][1]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VersionRange) and self.canonical == other.canonical

    def __hash__(self) -> int:
        return hash(self.canonical)

    def __str__(self) -> str:
        return self.canonical

    def __repr__(self) -> str:
        return f"VersionRange({self.canonical!r})"


@lru_cache(maxsize=1024)
def version_range(text: str) -> VersionRange:
    """The range that `text` stands for; those used last are remembered."""
    return VersionRange(text)


def _bounded(text: str) -> None:
    length = len(text.encode())
    if length > BYTES_MAX:
        limit = f"the limit (version_range_bytes_max) is {BYTES_MAX}"
        raise InvalidVersionRangeError("length", None, f"it has {length} bytes; {limit}")
