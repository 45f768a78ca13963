"""retry-budget.json and backoff.json."""

from reference import retries
from reference.policy import piece

from .draws import HALF, MAX, drawing, numbers

S = 10**9


def tries(at, count):
    return {"at": at, "tries": count}


def asks(at, count):
    return {"at": at, "retries": count}


NO_RESERVE = {"min_per_second": 0}
BUDGETS = [
    ("the reserve alone", {}, [asks(0, 101), asks(1, 1)]),
    ("the reserve comes back after 10 slots", {}, [asks(0, 101), asks(10 * S - 1, 1), asks(10 * S, 101)]),
    ("slots, not 10 s: the end of a slot", {}, [asks(S - 1, 101), asks(10 * S - 1, 1), asks(10 * S, 101)]),
    ("without a reserve and tries: none", NO_RESERVE, [asks(0, 1)]),
    ("four tries don't pay a retry", NO_RESERVE, [tries(0, 4), asks(0, 1), tries(0, 1), asks(0, 2)]),
    ("one in five", NO_RESERVE, [tries(0, 100), asks(0, 30)]),
    ("tries are worth something for 10 slots", NO_RESERVE, [tries(0, 50), asks(10 * S - 1, 5), asks(10 * S, 1)]),
    (
        "what was paid comes back later than what paid for it",
        NO_RESERVE,
        [tries(0, 50), asks(5 * S, 10), tries(10 * S, 50), asks(10 * S, 1), asks(15 * S, 11)],
    ),
    ("refused retries cost nothing", NO_RESERVE, [tries(0, 4), asks(0, 1000), tries(0, 1), asks(0, 1)]),
    ("retries are no first tries", NO_RESERVE, [tries(0, 25), asks(0, 6), asks(1, 6)]),
    ("30 %: exact where the cost has no end", {"budget": 30, "min_per_second": 1}, [asks(0, 11), asks(1, 1)]),
    ("30 % of tries", {"budget": 30, "min_per_second": 0}, [tries(0, 10), asks(0, 4)]),
    ("7 %", {"budget": 7, "min_per_second": 3}, [asks(0, 31), tries(0, 100), asks(0, 8)]),
    ("100 %: one for each", {"budget": 100, "min_per_second": 0}, [tries(0, 3), asks(0, 4)]),
    ("1 %", {"budget": 1, "min_per_second": 0}, [tries(0, 199), asks(0, 2)]),
    (
        "a spread of slots",
        {"min_per_second": 1},
        [step for k in range(12) for step in (tries(k * S, 3), asks(k * S + 5, 2))],
    ),
    ("a long pause", {}, [tries(0, 1000), asks(0, 301), asks(3600 * S, 101)]),
    ("late times", NO_RESERVE, [tries(8_000_000 * S, 5), asks(8_000_009 * S, 1), asks(8_000_010 * S, 1)]),
]


def retry_budget():
    return [budget_vector(*case) for case in BUDGETS]


def budget_vector(name, written, steps):
    budget = retries.Budget(piece("retries", written))
    return {"name": name, "retries": written, "steps": [done(budget, step) for step in steps]}


def done(budget, step):
    if "tries" in step:
        for _ in range(step["tries"]):
            budget.first_try(step["at"])
        return step
    return {**step, "granted": sum(budget.retry(step["at"]) for _ in range(step["retries"]))}


WAITS = [
    ("lowest", {}, 0, 0),
    ("highest is the base itself", {}, 0, MAX),
    ("half", {}, 0, HALF),
    ("the second", {}, 1, MAX),
    ("the fourth", {}, 3, MAX),
    ("the fifth is cut off", {}, 4, MAX),
    ("another base", {"backoff_base": "1s", "backoff_max": "10s"}, 2, HALF),
    ("a base that is the most", {"backoff_base": "1s", "backoff_max": "1s"}, 3, MAX),
    ("shifts don't overflow", {}, 63, MAX),
    ("64", {}, 64, HALF),
    ("1000", {}, 1000, MAX),
]
RECONNECTS = [
    ("reconnect, lowest", 0, 0),
    ("reconnect, highest is below half a second", 0, MAX),
    ("reconnect, half", 0, HALF),
    ("reconnect, the second", 1, MAX),
    ("reconnect, the sixth", 5, MAX),
    ("reconnect, the seventh is cut off", 6, MAX),
    ("reconnect, 64", 64, MAX),
    ("reconnect, 1000", 1000, HALF),
]


def backoff():
    waits = [*WAITS, *((f"draw {n}", {}, n, numbers(f"backoff {n}", 1)[0]) for n in range(6))]
    connects = [*RECONNECTS, *((f"reconnect, draw {n}", n, numbers(f"reconnect {n}", 1)[0]) for n in range(8))]
    return [*(wait_vector(*case) for case in waits), *(reconnect_vector(*case) for case in connects)]


def wait_vector(name, written, n, number):
    source, random = drawing([number])
    wait = retries.backoff(piece("retries", written), n, source)
    return {"name": name, "retries": written, "n": n, "random": random, "wait": wait}


def reconnect_vector(name, n, number):
    source, random = drawing([number])
    return {"name": name, "n": n, "random": random, "wait": retries.reconnect(n, source)}
