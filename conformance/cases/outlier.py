"""outlier.json: outcomes of calls over time, and who is ejected after each."""

from reference.outlier import Outliers
from reference.policy import piece

S = 10**9


def fail(id_, at, count=1):
    return {"at": at, "id": id_, "success": False, "count": count}


def ok(id_, at, count=1):
    return {"at": at, "id": id_, "success": True, "count": count}


def decide(at):
    return {"at": at}


def members(at, ids):
    return {"at": at, "endpoints": list(ids)}


NO_SHARE = {"failure_percentage": 0}
NO_ROW = {"consecutive_failures": 0}
CASES = [
    ("four in a row are not five", {}, "abc", [fail("a", 0, 4), decide(1)]),
    ("five in a row", {}, "abc", [fail("a", 0, 4), fail("a", 1), decide(1)]),
    ("a success breaks the row", {}, "abc", [fail("a", 0, 4), ok("a", 1), fail("a", 2, 4), fail("a", 3)]),
    ("a row goes on over intervals", {}, "abc", [fail("a", 0, 3), fail("a", 25 * S), fail("a", 47 * S)]),
    ("it ends to the nanosecond", {}, "abc", [fail("a", 5, 5), decide(30 * S + 4), decide(30 * S + 5)]),
    (
        "a second in 300 s takes twice as long",
        {},
        "abc",
        [fail("a", 0, 5), decide(30 * S), fail("a", 31 * S, 5), decide(91 * S - 1), decide(91 * S)],
    ),
    (
        "good intervals make up for it",
        {},
        "abc",
        [fail("a", 0, 5), decide(30 * S), decide(40 * S), fail("a", 41 * S, 5), decide(71 * S - 1), decide(71 * S)],
    ),
    (
        "an interval in which it was ejected is no good one",
        {},
        "abc",
        [
            fail("a", 0, 5),
            decide(10 * S),
            decide(20 * S),
            decide(30 * S + 1),
            fail("a", 31 * S, 5),
            decide(91 * S - 1),
            decide(91 * S),
        ],
    ),
    (
        "nor is the one in which it came back",
        {},
        "abc",
        [
            ok("b", 0),
            fail("a", 5 * S, 5),
            decide(10 * S),
            decide(20 * S),
            decide(30 * S),
            decide(40 * S),
            fail("a", 41 * S, 5),
            decide(101 * S - 1),
            decide(101 * S),
        ],
    ),
    (
        "the one after it is",
        {},
        "abc",
        [
            ok("b", 0),
            fail("a", 5 * S, 5),
            decide(10 * S),
            decide(20 * S),
            decide(30 * S),
            decide(40 * S),
            decide(50 * S),
            fail("a", 51 * S, 5),
            decide(81 * S - 1),
            decide(81 * S),
        ],
    ),
    (
        "at most 5 minutes",
        {"base_ejection": "200s", **NO_SHARE},
        "abc",
        [fail("a", 0, 5), decide(200 * S), fail("a", 201 * S, 5), decide(501 * S - 1), decide(501 * S)],
    ),
    (
        "a base over the most holds",
        {"base_ejection": "400s", **NO_SHARE},
        "abc",
        [fail("a", 0, 5), decide(400 * S - 1), decide(400 * S)],
    ),
    (
        "an ejection within one interval counts for the next",
        {"base_ejection": "2s"},
        "abc",
        [
            fail("a", 0, 5),
            decide(2 * S),
            fail("a", 3 * S, 5),
            decide(7 * S - 1),
            decide(7 * S),
            decide(10 * S),
            fail("a", 11 * S, 5),
            decide(17 * S - 1),
            decide(17 * S),
        ],
    ),
    ("the last one stays", {}, "a", [fail("a", 0, 50), decide(10 * S)]),
    ("of two one stays", {}, "ab", [fail("a", 0, 5), fail("b", 1, 5), decide(2)]),
    (
        "of two the second goes when the first is back",
        {},
        "ab",
        [fail("a", 0, 5), fail("b", 1, 5), fail("b", 30 * S, 5)],
    ),
    ("30 % of five: the second is one too many", {}, "abcde", [fail("a", 0, 5), fail("b", 1, 5)]),
    ("40 % of five: two", {"max_ejected": 40}, "abcde", [fail("a", 0, 5), fail("b", 1, 5), fail("c", 2, 5)]),
    ("30 % of ten: three", {}, "abcdefghij", [fail("a", 0, 5), fail("b", 1, 5), fail("c", 2, 5), fail("d", 3, 5)]),
    ("100 %: one stays", {"max_ejected": 100}, "abc", [fail("a", 0, 5), fail("b", 1, 5), fail("c", 2, 5)]),
    ("0 % switches ejecting off", {"max_ejected": 0}, "abc", [fail("a", 0, 50), decide(11 * S)]),
    (
        "a row that may not eject begins anew",
        {},
        "ab",
        [fail("a", 0, 5), fail("b", 1, 5), fail("b", 30 * S, 4), fail("b", 30 * S + 1)],
    ),
    (
        "failures of an ejected one don't lengthen its ejection",
        {},
        "abc",
        [fail("a", 0, 5), fail("a", 5 * S, 14), decide(30 * S), fail("a", 30 * S + 1)],
    ),
    ("rows switched off", {"consecutive_failures": 0}, "abc", [fail("a", 0, 50)]),
    ("a row of one", {"consecutive_failures": 1}, "abc", [fail("b", 0), decide(30 * S)]),
    (
        "60 % of 20 at the interval's end",
        NO_ROW,
        "abc",
        [
            ok("a", 0, 8),
            fail("a", 0, 12),
            ok("b", 0, 20),
            decide(10 * S - 1),
            decide(10 * S),
            decide(40 * S - 1),
            decide(40 * S),
        ],
    ),
    ("59 % are not 60 %", NO_ROW, "abc", [ok("a", 0, 41), fail("a", 0, 59), ok("b", 0, 20), decide(10 * S)]),
    ("59.7 % are not 60 %", NO_ROW, "abc", [ok("a", 0, 403), fail("a", 0, 597), ok("b", 0, 20), decide(10 * S)]),
    (
        "19 in the second interval, neither",
        NO_ROW,
        "abc",
        [ok("b", 0, 20), decide(10 * S), fail("a", 11 * S, 19), ok("b", 11 * S, 20), decide(20 * S)],
    ),
    ("19 outcomes are not judged", NO_ROW, "abc", [fail("a", 0, 19), ok("b", 0, 20), ok("c", 0, 20), decide(10 * S)]),
    (
        "one that is judged is not enough",
        NO_ROW,
        "abc",
        [fail("a", 0, 20), ok("b", 0, 19), ok("c", 0, 19), decide(10 * S)],
    ),
    ("in id order, as many as may be", NO_ROW, "abcde", [*(fail(name, 0, 20) for name in "edcba"), decide(10 * S)]),
    (
        "in id order, 60 %",
        {**NO_ROW, "max_ejected": 60},
        "abcde",
        [*(fail(name, 0, 20) for name in "edcba"), decide(10 * S)],
    ),
    (
        "the outcome that ends the interval counts for the next",
        NO_ROW,
        "abc",
        [fail("a", 0, 19), ok("b", 0, 20), fail("a", 10 * S), decide(20 * S)],
    ),
    (
        "counts begin anew",
        NO_ROW,
        "abc",
        [fail("a", 0, 10), ok("b", 0, 20), decide(10 * S), fail("a", 11 * S, 10), ok("b", 11 * S, 20), decide(20 * S)],
    ),
    (
        "unseen intervals are one, and the next begins when it is seen",
        NO_ROW,
        "abc",
        [
            ok("b", 0),
            decide(35 * S),
            fail("a", 36 * S, 20),
            ok("b", 36 * S, 20),
            decide(44 * S),
            decide(45 * S - 1),
            decide(45 * S),
        ],
    ),
    (
        "unseen intervals make up for one ejection only",
        {},
        "abc",
        [
            fail("a", 0, 5),
            decide(30 * S),
            fail("a", 31 * S, 5),
            decide(100 * S),
            decide(500 * S),
            fail("a", 501 * S, 5),
            decide(561 * S - 1),
            decide(561 * S),
        ],
    ),
    (
        "intervals begin with the first outcome, not with decisions",
        NO_ROW,
        "abc",
        [
            decide(0),
            decide(9 * S),
            fail("a", 9 * S, 20),
            ok("b", 9 * S, 20),
            decide(10 * S),
            decide(19 * S - 1),
            decide(19 * S),
        ],
    ),
    (
        "outcomes of an ejected one aren't judged",
        {},
        "abc",
        [fail("a", 0, 5), fail("a", 1, 20), ok("b", 1, 20), ok("c", 1, 20), decide(10 * S), decide(30 * S)],
    ),
    (
        "percentage switched off",
        {**NO_ROW, "failure_percentage": 0},
        "abc",
        [fail("a", 0, 50), ok("b", 0, 50), decide(10 * S)],
    ),
    (
        "one that is gone loses its state",
        {},
        "abc",
        [fail("a", 0, 5), members(1, "bc"), members(2, "abc"), fail("a", 3, 4), fail("a", 4), decide(30 * S + 4)],
    ),
    (
        "ejected ones that are gone make room",
        {},
        "abcde",
        [fail("a", 0, 5), fail("b", 1, 5), members(2, "bcde"), fail("b", 3, 5)],
    ),
    (
        "more endpoints allow more",
        {},
        "abc",
        [fail("a", 0, 5), fail("b", 1, 5), members(2, "abcdefg"), fail("b", 3, 5)],
    ),
    (
        "an ejection by percentage counts as the second",
        {},
        "abc",
        [
            fail("a", 0, 5),
            decide(30 * S),
            ok("a", 31 * S, 10),
            fail("a", 31 * S, 4),
            ok("a", 32 * S),
            fail("a", 32 * S, 4),
            *(step for k in range(4) for step in (ok("a", 33 * S + k), fail("a", 33 * S + k, 4))),
            ok("b", 34 * S, 20),
            decide(40 * S),
            decide(100 * S - 1),
            decide(100 * S),
        ],
    ),
]


def vectors():
    return [vector(*case) for case in CASES]


def vector(name, written, ids, steps):
    state = Outliers(piece("outlier_detection", written), ids)
    return {
        "name": name,
        "outlier_detection": written,
        "endpoints": list(ids),
        "steps": [done(state, step) for step in steps],
    }


def done(state, step):
    """The step with the ids that are ejected after it."""
    if "endpoints" in step:
        state.members(step["endpoints"])
    elif "id" in step:
        for _ in range(step["count"]):
            state.outcome(step["id"], step["success"], step["at"])
    else:
        state.decide(step["at"])
    return {**step, "ejected": state.ejected(step["at"])}
