"""slow-start.json: factors by age, and when most are new."""

from reference import slow_start
from reference.policy import piece

S = 10**9
MINUTE = {"window": "60s"}
SQUARE = {"window": "60s", "aggression": 2.0}
CASES = [
    ("it begins at the least weight", MINUTE, [0, None]),
    ("the first second", MINUTE, [S - 1, None, None]),
    ("6 s", MINUTE, [6 * S, None]),
    ("just over a tenth of the window", MINUTE, [7 * S, None]),
    ("a quarter", MINUTE, [15 * S, None]),
    ("half", MINUTE, [30 * S, None]),
    ("just before the end", MINUTE, [60 * S - 1, None]),
    ("the end", MINUTE, [60 * S, None]),
    ("long after", MINUTE, [3600 * S, None]),
    ("aggression 2, 1 s", SQUARE, [S, None]),
    ("aggression 2, 15 s", SQUARE, [15 * S, None]),
    ("aggression 2, 30 s", SQUARE, [30 * S, None]),
    ("aggression one half", {"window": "60s", "aggression": 0.5}, [30 * S, None]),
    ("aggression one and a half", {"window": "60s", "aggression": 1.5}, [20 * S, None]),
    ("a least weight below the growth", {"window": "60s", "min_weight": 1}, [0, None]),
    ("the least weight is all", {"window": "60s", "min_weight": 100}, [0, None]),
    ("switched off", {}, [0, None, None]),
    ("a window of a second", {"window": "1s"}, [0, None]),
    ("exactly half are new", MINUTE, [0, 30 * S, None, None]),
    ("more than half are new: all have their weight", MINUTE, [0, 30 * S, None]),
    ("those past the window aren't new", MINUTE, [0, 60 * S, 61 * S]),
    ("one alone that is new", MINUTE, [0]),
    ("all are new", MINUTE, [0, 0, 0]),
    ("nobody is new", MINUTE, [None, None]),
    ("nobody at all", MINUTE, []),
]


def vectors():
    return [
        {
            "name": name,
            "slow_start": written,
            "ages": ages,
            "factors": slow_start.factors(piece("slow_start", written), ages),
        }
        for name, written, ages in CASES
    ]
