"""Random numbers that are handed in, durations as the policy writes them, and integers from them."""

import re

NANOSECONDS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}


def mulhi(r, n):
    """A number from 0 to n - 1 from a random 64-bit number."""
    return r * n >> 64


def unit(r):
    """A double from 0 up to, but without, 1."""
    return mulhi(r, 2**53) / 2**53


def total(values):
    """The sum from left to right, rounded at each step. (`sum` compensates for rounding in newer Pythons.)"""
    result = 0
    for value in values:
        result += value
    return result


def duration(text):
    """Nanoseconds of a duration such as "250ms"."""
    number, name = re.fullmatch(r"([0-9]+)(ns|us|ms|s|m|h)", text).groups()
    return int(number) * NANOSECONDS[name]


class Random:
    """Random numbers from a list, and how many of them were drawn."""

    def __init__(self, numbers):
        self.numbers = list(numbers)
        self.drawn = 0

    def draw(self):
        self.drawn += 1
        return self.numbers[self.drawn - 1]
