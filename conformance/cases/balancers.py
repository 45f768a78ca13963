"""p2c-draw.json, weighted-random.json, smooth-wrr.json and least-request.json."""

from reference import balancers

from .draws import HALF, MAX, drawing, least, numbers


def p2c_draw():
    cases = [
        ("two, both lowest", 2, [0, 0]),
        ("two, first highest", 2, [MAX, 0]),
        ("two, both highest: the second moves past the first", 2, [MAX, MAX]),
        ("two, halves", 2, [HALF, HALF]),
        ("two, just below the half", 2, [HALF - 1, MAX]),
        ("five, lowest", 5, [0, 0]),
        ("five, halves", 5, [HALF, HALF]),
        ("five, highest", 5, [MAX, MAX]),
        ("five, highest and lowest", 5, [MAX, 0]),
        ("five, lowest and highest", 5, [0, MAX]),
        ("three, the second equals the first", 3, [least(1, 3), least(1, 2)]),
        ("three, the second is one below the first", 3, [least(1, 3), least(1, 2) - 1]),
        ("three, just below a boundary", 3, [least(1, 3) - 1, 0]),
        ("ten thousand", 10000, [0x0123456789ABCDEF, 0xFEDCBA9876543210]),
        ("2^32 and more", 2**32 + 1, [MAX, MAX - 1]),
    ]
    cases += [(f"n = {n}", n, numbers(f"p2c {n}", 2)) for n in (2, 3, 4, 7, 16, 100, 1000)]
    return [p2c_vector(*case) for case in cases]


def p2c_vector(name, n, random):
    source, written = drawing(random)
    return {"name": name, "n": n, "random": written, "indices": list(balancers.two_indices(n, source))}


def weighted_random():
    cases = [
        ("lowest", [1, 1], [0]),
        ("highest", [1, 1], [MAX]),
        ("the half belongs to the second", [1, 1], [HALF]),
        ("just below the half", [1, 1], [HALF - 2048]),
        ("the lowest 11 bits don't count", [1, 1], [HALF - 1]),
        ("one in a hundred, inside", [1, 99], [least(1, 100) - 4096]),
        ("one in a hundred, outside", [1, 99], [least(1, 100) + 4096]),
        ("a boundary that is exact", [1, 3], [2**62]),
        ("below a boundary that is exact", [1, 3], [2**62 - 2048]),
        ("thirds, highest", [1, 1, 1], [MAX]),
        ("fractions", [0.5, 0.25, 0.25], [HALF]),
        ("fractions, highest", [0.1, 0.2, 0.3], [MAX]),
        ("tenths, ten times, highest", [0.1] * 10, [MAX]),
        ("great weights, highest", [10000, 10000, 10000], [MAX]),
        ("great and small", [10000, 0.1], [MAX]),
        ("default weights", [100, 100, 100, 100], [0xC000000000000000]),
    ]
    for k, weights in enumerate(([100, 50, 25], [1, 2, 3, 4, 5], [10, 100, 100, 100], [7.5, 100, 42.25])):
        cases += [(f"{weights}, draw {d}", weights, [r]) for d, r in enumerate(numbers(f"weighted {k}", 4))]
    return [weighted_vector(*case) for case in cases]


def weighted_vector(name, weights, random):
    source, written = drawing(random)
    return {"name": name, "weights": weights, "random": written, "picked": balancers.weighted_random(weights, source)}


def smooth_wrr():
    def same(count, **weights):
        return [weights] * count

    cases = [
        ("5, 1, 1", same(14, a=5, b=1, c=1)),
        ("3, 2, 1", same(12, a=3, b=2, c=1)),
        ("1, 1, 2", same(12, a=1, b=1, c=2)),
        ("equal weights take turns in id order", same(7, a=100, b=100, c=100)),
        ("two equal", same(4, a=1, b=1)),
        ("fractions that are exact", same(9, a=0.5, b=0.25, c=0.25)),
        ("one candidate keeps what it had", [dict(a=2, b=1), dict(a=2), dict(a=2, b=1), dict(b=1), *same(4, a=2, b=1)]),
        ("one that comes later begins at 0", [*same(3, a=1, b=1), *same(6, a=1, b=1, c=1)]),
        (
            "one that misses rounds keeps its current",
            [*same(2, a=5, b=1, c=1), *same(3, a=5, c=1), *same(6, a=5, b=1, c=1)],
        ),
        ("weights that change", [*same(3, a=3, b=1), *same(5, a=1, b=3)]),
        (
            "one that is gone comes back at 0",
            [*same(4, a=1, b=1, c=2), ("gone", "c"), *same(2, a=1, b=1), *same(5, a=1, b=1, c=2)],
        ),
        ("all gone", [*same(1, a=1, b=1), ("gone", "a", "b"), *same(3, a=1, b=1)]),
        ("ids by byte order", same(4, B=1, a=1, b=1)),
        ("slow start grows", [dict(a=100, b=10 * step) for step in range(1, 11)]),
    ]
    return [{"name": name, "rounds": list(smooth_rounds(rounds))} for name, rounds in cases]


def smooth_rounds(rounds):
    balancer = balancers.SmoothWeightedRoundRobin()
    gone = []
    for round_ in rounds:
        if isinstance(round_, tuple):
            gone = list(round_[1:])
            for endpoint in gone:
                balancer.forget(endpoint)
            continue
        candidates = [{"id": endpoint, "weight": weight} for endpoint, weight in round_.items()]
        yield {"gone": gone, "candidates": candidates, "picked": balancer.pick(list(round_.items()))}
        gone = []


def least_request():
    cases = [
        ("the less busy, drawn second", [(5, 100), (1, 100)], [0, 0]),
        ("the less busy, drawn first", [(1, 100), (5, 100)], [0, 0]),
        ("a tie goes to the first drawn", [(3, 100), (3, 100)], [0, 0]),
        ("a tie goes to the first drawn, which has the greater index", [(3, 100), (3, 100)], [MAX, 0]),
        ("idle ones of different weight: the heavier", [(0, 50), (0, 100)], [0, 0]),
        ("equal costs by weight", [(1, 2), (0, 1)], [0, 0]),
        ("equal costs by weight, the other first", [(1, 2), (0, 1)], [MAX, 0]),
        ("a third and two sixths are equal", [(0, 3), (1, 6)], [MAX, 0]),
        ("the idlest isn't drawn", [(9, 100), (8, 100), (0, 100)], [0, 0]),
        ("highest numbers", [(0, 1), (7, 1), (2, 1), (2, 1), (3, 1)], [MAX, MAX]),
        ("halves", [(0, 1), (0, 1), (4, 1), (3, 1), (0, 1)], [HALF, HALF]),
        ("slow start: a tenth of the weight", [(0, 10), (5, 100)], [0, 0]),
        ("slow start: more than a tenth", [(0, 10.5), (9, 100)], [0, 0]),
        ("a million in flight", [(1000000, 100), (1000001, 100)], [MAX, 0]),
    ]
    crowd = [(3, 100), (0, 25), (7, 200), (1, 50), (12, 100), (2, 100)]
    cases += [(f"six, draw {k}", crowd, numbers(f"least {k}", 2)) for k in range(8)]
    return [least_vector(*case) for case in cases]


def least_vector(name, candidates, random):
    source, written = drawing(random)
    return {
        "name": name,
        "candidates": [{"in_flight": in_flight, "weight": weight} for in_flight, weight in candidates],
        "random": written,
        "picked": balancers.least_request(candidates, source),
    }
