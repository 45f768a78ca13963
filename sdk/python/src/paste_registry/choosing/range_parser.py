"""Reading the text of a version range: one function per rule of the grammar."""

from dataclasses import dataclass

from . import semver

_COMPARATOR = "a version such as 1.4, 1.x or *, or an operator (=, >, >=, <, <=, ^, ~)"
_NUMBER = "a number, x or *"
_SEPARATOR = "a comma, a space, || or the end"
_PRERELEASE = "a prerelease such as rc.1, without empty parts or leading zeros"
_BUILD = "build metadata such as 7f3a, without empty parts"
_DIGITS = frozenset("0123456789")
_SUFFIX = _DIGITS | frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-.")


class RefusedError(Exception):
    """The text breaks the grammar (`syntax`), or a number is over 2^64 - 1 (`number`), at the byte `at`."""

    def __init__(self, kind: str, at: int, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.at = at


@dataclass(frozen=True, slots=True)
class Comparator:
    """An operator and the beginning of a version: up to three `numbers`, and a `prerelease`, which may be empty."""

    operator: str
    numbers: tuple[int, ...]
    prerelease: str = ""

    @property
    def core(self) -> semver.Core:
        """The numbers, with zeros for those that are missing."""
        major, minor, patch = (*self.numbers, 0, 0, 0)[:3]
        return major, minor, patch

    def __str__(self) -> str:
        if not self.numbers:
            return self.operator + "*" if self.operator in ("<", ">") else "*"
        text = ".".join(str(number) for number in self.numbers)
        if self.operator == "=":
            text += "" if len(self.numbers) == 3 else ".x"
        else:
            text = self.operator + text
        return f"{text}-{self.prerelease}" if self.prerelease else text


def parse(text: str) -> list[list[Comparator]]:
    """The comparators of `text`, by set; raises `RefusedError`."""
    reader = _Reader(text)
    sets = [reader.set()]
    while reader.take("|"):
        if not reader.take("|"):
            raise reader.refused("||")
        sets.append(reader.set())
    if reader.peek():
        raise reader.refused(_SEPARATOR)
    return sets


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def peek(self) -> str:
        return self.text[self.position : self.position + 1]

    def take(self, expected: str) -> bool:
        there = self.text.startswith(expected, self.position)
        self.position += len(expected) if there else 0
        return there

    def take_while(self, allowed: frozenset[str]) -> str:
        start = self.position
        while self.peek() in allowed and self.peek():
            self.position += 1
        return self.text[start : self.position]

    def refused(self, expected: str) -> RefusedError:
        at = len(self.text[: self.position].encode())
        found = repr(self.peek()) if self.peek() else "the end"
        return RefusedError("syntax", at, f"expected {expected} at byte {at}, found {found}")

    def set(self) -> list[Comparator]:
        comparators: list[Comparator] = []
        while True:
            self.take_while(frozenset(" "))
            comparators.append(self.comparator())
            spaced = bool(self.take_while(frozenset(" ")))
            if not (self.take(",") or (spaced and self.peek() not in ("", "|"))):
                return comparators

    def comparator(self) -> Comparator:
        operator = next((text for text in (">=", "<=", ">", "<", "=", "^", "~") if self.take(text)), "")
        self.take_while(frozenset(" "))
        numbers = [self.number(_NUMBER if operator else _COMPARATOR)]
        while len(numbers) < 3 and self.take("."):
            numbers.append(self.number(_NUMBER))
        prerelease = self.suffixes() if len(numbers) == 3 else ""
        if None in numbers:
            numbers = numbers[: numbers.index(None)]
            prerelease = ""
        return Comparator(operator or "=", tuple(n for n in numbers if n is not None), prerelease)

    def number(self, expected: str) -> int | None:
        """A number; `None` for a wildcard."""
        if self.take("x") or self.take("*"):
            return None
        start = self.position
        digits = self.take_while(_DIGITS)
        if not digits:
            raise self.refused(expected)
        if len(digits) > 1 and digits.startswith("0"):
            self.position = start
            raise self.refused("a number without leading zeros")
        number = int(digits)
        if number > semver.NUMBER_MAX:
            at = len(self.text[:start].encode())
            raise RefusedError("number", at, f"the number at byte {at} is over {semver.NUMBER_MAX}")
        return number

    def suffixes(self) -> str:
        """A prerelease, and build metadata, which is checked and dropped."""
        prerelease = ""
        if self.take("-"):
            prerelease = self.suffix(_PRERELEASE)
        if self.take("+"):
            self.suffix(_BUILD)
        return prerelease

    def suffix(self, expected: str) -> str:
        start = self.position
        text = self.take_while(_SUFFIX)
        valid = semver.is_prerelease(text) if expected is _PRERELEASE else semver.is_build(text)
        if not valid:
            self.position = start
            raise self.refused(expected)
        return text
