"""Version ranges, as far as matching goes; `crates/traffic/src/range.rs` has the grammar and what is refused."""

import re
from dataclasses import dataclass

MAX = 2**64 - 1
LAST = (MAX, MAX, MAX)
RELEASE = (1,)
SUFFIX = r"[0-9A-Za-z.-]+"
COMPARATOR = re.compile(rf"(>=|<=|[><=^~])? *([0-9x*]+(?:\.[0-9x*]+){{0,2}})(?:-({SUFFIX}))?(?:\+{SUFFIX})?")
VERSION = re.compile(rf"(\d+)\.(\d+)\.(\d+)(?:-({SUFFIX}))?(?:\+{SUFFIX})?")


def precedence(prerelease):
    """What a prerelease is ordered by; a release comes after all of its prereleases."""
    if not prerelease:
        return RELEASE
    parts = prerelease.split(".")
    return (0, [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts])


def below(core):
    """The place before all versions of a core, prereleases included."""
    return (core, 0)


def before(core, prerelease=RELEASE):
    return (core, 1, prerelease, 0)


def after(core, prerelease=RELEASE):
    return (core, 1, prerelease, 1)


@dataclass
class Comparator:
    """An operator and a version of which only the beginning may be given."""

    operator: str
    numbers: list
    prerelease: tuple

    def ends(self):
        """The places between which the versions lie that satisfy it."""
        numbers = self.numbers
        full = len(numbers) == 3
        core = tuple((numbers + [0, 0, 0])[:3])
        floor = before(core, self.prerelease) if numbers else below(core)
        ceiling = after(core, self.prerelease) if full else self.same(len(numbers))
        return {
            "=": (floor, ceiling),
            ">": (ceiling, after(LAST)),
            ">=": (floor, after(LAST)),
            "<": (below((0, 0, 0)), floor if full else below(core)),
            "<=": (below((0, 0, 0)), ceiling),
            "^": (floor, self.same(self.compatible())),
            "~": (floor, self.same(min(len(numbers), 2))),
        }[self.operator]

    def same(self, count):
        """The end of the versions whose first `count` numbers are these."""
        return after(tuple(self.numbers[:count]) + (MAX,) * (3 - count))

    def compatible(self):
        """How many numbers stay: up to the leftmost that isn't zero."""
        return next((at + 1 for at, number in enumerate(self.numbers) if number), len(self.numbers))


def comparators(text):
    for operator, partial, prerelease in COMPARATOR.findall(text):
        parts = partial.split(".")
        given = next((at for at, part in enumerate(parts) if part in "x*"), len(parts))
        known = precedence(prerelease) if given == 3 else RELEASE
        yield Comparator(operator or "=", [int(part) for part in parts[:given]], known)


def matches(range_, version):
    """Whether a version is in a range; both are valid."""
    major, minor, patch, prerelease = VERSION.fullmatch(version).groups()
    core, own = (int(major), int(minor), int(patch)), precedence(prerelease)
    place = before(core, own)
    for text in range_.split("||"):
        wanted = list(comparators(text))
        within = all(start <= place < end for start, end in (one.ends() for one in wanted))
        named = any(tuple(one.numbers) == core and one.prerelease != RELEASE for one in wanted)
        if within and (own == RELEASE or named):
            return True
    return False
