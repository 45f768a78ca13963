"""Intervals of versions.

Bounds are cuts between versions, not versions: the order of versions is dense, so that an interval can't always be
closed by a last one. With cuts every comparator is one half-open interval.
"""

from typing import TypeAlias

from .range_parser import Comparator
from .semver import NUMBER_MAX, RELEASE, Core, Prerelease, prerelease

Cut: TypeAlias = tuple[Core, Prerelease, int]
"""A place beside a version: 0 just before it, 1 just after it. The empty prerelease is before all of its core."""

Span: TypeAlias = tuple[Cut, Cut]
"""The versions between two cuts; none if they are out of order."""

START: Cut = ((0, 0, 0), (), 0)
END: Cut = ((NUMBER_MAX, NUMBER_MAX, NUMBER_MAX), RELEASE, 1)


def span(comparator: Comparator) -> Span:
    """The versions that satisfy a comparator, by precedence alone."""
    floor, ceiling = _floor(comparator), _ceiling(comparator)
    match comparator.operator:
        case ">":
            return ceiling, END
        case ">=":
            return floor, END
        case "<":
            return START, floor if len(comparator.numbers) == 3 else (comparator.core, (), 0)
        case "<=":
            return START, ceiling
        case "^":
            return floor, _compatible(comparator)
        case "~":
            return floor, _patches(comparator)
        case _:
            return floor, ceiling


def prereleases(core: Core) -> Span:
    """All prereleases of `core`."""
    return (core, (), 0), (core, RELEASE, 0)


def union(spans: list[Span]) -> list[Span]:
    """What is in any of `spans`: in order, none empty, no two of which touch."""
    merged: list[Span] = []
    for low, high in sorted(each for each in spans if each[0] < each[1]):
        if merged and low <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], high)
        else:
            merged.append((low, high))
    return merged


def _named(comparator: Comparator) -> Prerelease:
    return prerelease(comparator.prerelease) if comparator.prerelease else RELEASE


def _floor(comparator: Comparator) -> Cut:
    """Just before its first version."""
    return (comparator.core, _named(comparator), 0) if comparator.numbers else START


def _ceiling(comparator: Comparator) -> Cut:
    """Just after its last version."""
    if len(comparator.numbers) == 3:
        return comparator.core, _named(comparator), 1
    return _end_of(*comparator.numbers)


def _compatible(comparator: Comparator) -> Cut:
    """The end of what is compatible with it: the leftmost number that isn't zero stays."""
    numbers = comparator.numbers
    fixed = next((index for index, number in enumerate(numbers) if number), len(numbers) - 1)
    return _end_of(*numbers[: fixed + 1])


def _patches(comparator: Comparator) -> Cut:
    """The end of its patches; of its minors where only the major number is given."""
    return _end_of(*comparator.numbers[:2])


def _end_of(*numbers: int) -> Cut:
    major, minor, patch = (*numbers, NUMBER_MAX, NUMBER_MAX, NUMBER_MAX)[:3]
    return (major, minor, patch), RELEASE, 1
