"""Semantic versions (semver 2.0) as values that compare by precedence."""

import re
from functools import lru_cache
from typing import TypeAlias

NUMBER_MAX = 2**64 - 1

Prerelease: TypeAlias = tuple[tuple[int, int, str], ...]
Core: TypeAlias = tuple[int, int, int]
Version: TypeAlias = tuple[Core, Prerelease]

RELEASE: Prerelease = ((2, 0, ""),)
"""In place of a prerelease where there is none: behind all of them."""

_IDENTIFIER = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_PRERELEASE = re.compile(rf"{_IDENTIFIER}(?:\.{_IDENTIFIER})*")
_BUILD = re.compile(r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*")
_NUMBER = r"(0|[1-9][0-9]*)"
_VERSION = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-({_PRERELEASE.pattern}))?(?:\+{_BUILD.pattern})?",
    re.ASCII,
)


def is_prerelease(text: str) -> bool:
    """Whether `text` is what may follow the hyphen."""
    return _PRERELEASE.fullmatch(text) is not None


def is_build(text: str) -> bool:
    """Whether `text` is what may follow the plus sign."""
    return _BUILD.fullmatch(text) is not None


def prerelease(text: str) -> Prerelease:
    """A prerelease as a key: numbers by value and before words, words by their bytes, the shorter before the longer."""
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in text.split("."))


@lru_cache(maxsize=4096)
def parse(text: str) -> Version | None:
    """The version that `text` stands for, without its build metadata; `None` if it is none."""
    match = _VERSION.fullmatch(text)
    if match is None:
        return None
    major, minor, patch = (int(number) for number in match.group(1, 2, 3))
    if max(major, minor, patch) > NUMBER_MAX:
        return None
    named = match.group(4)
    return (major, minor, patch), prerelease(named) if named else RELEASE
