"""Random draws and sums that give the same bits in every language."""

from collections.abc import Callable, Iterable

Random = Callable[[], int]
"""Gives the next random number, from 0 to 2^64 - 1."""


def mulhi(random: int, bound: int) -> int:
    """A number from 0 to `bound - 1` out of a random one of 64 bits."""
    return random * bound >> 64


def two_indices(length: int, random: Random) -> tuple[int, int]:
    """Two different indices below `length`, which is at least 2."""
    first = mulhi(random(), length)
    second = mulhi(random(), length - 1)
    return first, second + 1 if second >= first else second


def total(values: Iterable[float]) -> float:
    """The sum from left to right; `sum` of newer Pythons compensates for what is lost, other languages don't."""
    result = 0.0
    for value in values:
        result += value
    return result
