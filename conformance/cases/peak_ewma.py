"""peak-ewma.json: what observations make of costs, how newcomers begin, who is picked."""

from reference.numbers import duration
from reference.peak_ewma import PeakEwma

from .draws import MAX, drawing, numbers

MS = 10**6
SECOND = 10**9


def observe(endpoint, at, rtt):
    return {"do": "observe", "id": endpoint, "at": at, "rtt": rtt}


def fail(endpoint, at, rtt):
    return {"do": "fail", "id": endpoint, "at": at, "rtt": rtt}


def load(endpoint, at, in_flight=0, weight=1):
    return {"do": "load", "id": endpoint, "at": at, "in_flight": in_flight, "weight": weight}


def pick(at, random, *candidates):
    keys = ("id", "in_flight", "weight")
    return {"do": "pick", "at": at, "candidates": [dict(zip(keys, one)) for one in candidates], "random": random}


def gone(endpoint):
    return {"do": "gone", "id": endpoint}


PUBLISHED = [(0, 20), (1000, 10), (2000, 100), (3000, 10), (13000, 10), (23000, 0)]
EVEN = [("a", 0, 100), ("b", 0, 100)]
CASES = [
    ("rises at once, forgets slowly", [observe("a", t * MS, rtt * MS) for t, rtt in PUBLISHED]),
    ("a peak is taken whole", [observe("a", 0, 40 * MS), observe("a", 1, 40 * MS + 1), observe("a", 2, 900 * MS)]),
    ("the same latency changes nothing", [observe("a", 0, 50 * MS), observe("a", SECOND, 50 * MS)]),
    ("at one time the past counts whole", [observe("a", 5, 50 * MS), observe("a", 5, 10 * MS)]),
    (
        "an observation from the past leaves the stamp",
        [observe("a", 9 * SECOND, 50 * MS), observe("a", 2 * SECOND, 10 * MS), observe("a", 10 * SECOND, 10 * MS)],
    ),
    (
        "a peak from the past is taken, the stamp stays",
        [observe("a", 9 * SECOND, 50 * MS), observe("a", 2 * SECOND, 70 * MS), load("a", 9 * SECOND)],
    ),
    ("a newcomer begins at 30 ms", [load("a", 7 * SECOND), load("a", 17 * SECOND)]),
    (
        "a newcomer's first observation is blended with its seed",
        [observe("a", 0, 5 * MS), observe("a", 10 * SECOND, 5 * MS)],
    ),
    (
        "a newcomer takes the median",
        [observe("a", 0, 100 * MS), observe("b", 0, 200 * MS), observe("c", 0, 300 * MS), load("d", 0)],
    ),
    (
        "of four the lower median",
        [*(observe(name, 0, rtt * MS) for name, rtt in zip("abcd", (400, 100, 300, 200))), load("e", 0)],
    ),
    ("of two the lower", [observe("a", 0, 90 * MS), observe("b", 0, 60 * MS), load("c", 0)]),
    (
        "costs count for the median as they stand, not as they would have decayed",
        [observe("a", 0, 90 * MS), load("b", 60 * SECOND)],
    ),
    ("seeded ones don't count for the median", [load("a", 0), observe("b", 0, 400 * MS), load("c", 0), load("d", 0)]),
    ("failures count for the median", [fail("a", 0, 0), load("b", 0)]),
    ("a seed is made once", [load("a", 0), observe("b", 0, 500 * MS), load("a", 0)]),
    (
        "reading changes nothing",
        [observe("a", 0, 80 * MS), load("a", 10 * SECOND), load("a", 10 * SECOND), observe("a", 10 * SECOND, 0)],
    ),
    ("reading before the stamp", [observe("a", 10 * SECOND, 80 * MS), load("a", 0)]),
    ("in flight and weight", [observe("a", 0, 80 * MS), load("a", 0, 3, 1), load("a", 0, 3, 4), load("a", 0, 0, 0.5)]),
    ("no cost at all leaves requests in flight", [observe("a", 0, 30 * MS), load("a", 10000 * SECOND, 4, 2)]),
    ("a fast failure costs at least 100 ms", [observe("a", 0, 40 * MS), fail("a", 0, 1 * MS)]),
    (
        "a fast failure costs twice the others' median",
        [observe("b", 0, 80 * MS), observe("c", 0, 300 * MS), fail("a", 0, 1 * MS)],
    ),
    (
        "a failing one doesn't count for its own failure",
        [observe("a", 0, 900 * MS), observe("b", 0, 20 * MS), fail("a", SECOND, 1 * MS)],
    ),
    ("a slow failure costs what it took", [observe("b", 0, 80 * MS), fail("a", 0, 2 * SECOND)]),
    ("a failure of one that was slow already", [observe("a", 0, 900 * MS), fail("a", 10 * SECOND, 1 * MS)]),
    (
        "gone and back: new",
        [observe("a", 0, 900 * MS), gone("a"), load("a", 0), observe("b", 0, 70 * MS), gone("b"), load("c", 0)],
    ),
    (
        "the lower of two",
        [observe("a", 0, 90 * MS), observe("b", 0, 60 * MS), pick(0, [0, 0], *EVEN), pick(0, [MAX, 0], *EVEN)],
    ),
    ("a tie goes to the first drawn", [pick(0, [0, 0], *EVEN), pick(0, [MAX, 0], *EVEN)]),
    (
        "picking seeds those drawn",
        [
            observe("a", 0, 90 * MS),
            pick(SECOND, [0, MAX], ("a", 0, 100), ("b", 0, 100), ("c", 0, 100)),
            load("b", SECOND),
            load("c", SECOND),
        ],
    ),
    (
        "a fast failing one isn't a magnet",
        [
            observe("a", 0, 20 * MS),
            observe("b", 0, 20 * MS),
            fail("b", MS, 1 * MS),
            pick(2 * MS, [0, 0], *EVEN),
            pick(2 * MS, [MAX, 0], *EVEN),
        ],
    ),
    (
        "busy and fast against idle and slow",
        [
            observe("a", 0, 20 * MS),
            observe("b", 0, 70 * MS),
            pick(0, [0, 0], ("a", 3, 100), ("b", 0, 100)),
            pick(0, [0, 0], ("a", 2, 100), ("b", 0, 100)),
        ],
    ),
    (
        "weight counts",
        [observe("a", 0, 40 * MS), observe("b", 0, 70 * MS), pick(0, [0, 0], ("a", 0, 50), ("b", 0, 100))],
    ),
]


def vectors():
    made = [vector(name, "10s", steps) for name, steps in CASES]
    made.append(
        vector(
            "another decay", "250ms", [observe("a", 0, 80 * MS), load("a", 250 * MS), observe("a", 500 * MS, 8 * MS)]
        )
    )
    trio = [("a", 1, 100), ("b", 0, 50), ("c", 4, 100)]
    steps = [observe("a", 0, 31 * MS), observe("b", 0, 55 * MS), observe("c", 0, 9 * MS)]
    steps += [pick(k * 700 * MS, numbers(f"ewma {k}", 2), *trio) for k in range(8)]
    made.append(vector("three, several draws", "10s", steps))
    return made


def vector(name, decay, steps):
    state = PeakEwma(duration(decay))
    return {"name": name, "decay": decay, "steps": [done(state, step) for step in steps]}


def done(state, step):
    """The step with what came of it."""
    what, step = step["do"], dict(step)
    if what == "gone":
        state.forget(step["id"])
        return step
    if what == "load":
        return {**step, "load": state.load(step["id"], step["in_flight"], step["weight"], step["at"])}
    if what == "pick":
        source, step["random"] = drawing(step["random"])
        candidates = [tuple(one.values()) for one in step["candidates"]]
        index = state.pick(candidates, source, step["at"])
        return {**step, "picked": step["candidates"][index]["id"]}
    (state.observe if what == "observe" else state.fail)(step["id"], step["rtt"], step["at"])
    known = state.endpoints[step["id"]]
    return {**step, "cost": known.cost, "stamp": known.stamp}
