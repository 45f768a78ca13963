"""Random numbers for vectors, and how they are written."""

from reference.numbers import Random
from reference.xxh64 import xxh64

HALF = 2**63
MAX = 2**64 - 1


def hexadecimal(number):
    return f"{number:016x}"


def numbers(name, count):
    """Numbers that look random and are the same each time."""
    return [xxh64(f"{name} {k}") for k in range(count)]


def drawing(random):
    """The numbers as a source, and as a vector has them."""
    return Random(random), [hexadecimal(number) for number in random]


def least(x, n):
    """The least random number of which `mulhi(r, n)` makes `x`."""
    return -(-(x << 64) // n)
