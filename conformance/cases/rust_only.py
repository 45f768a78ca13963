"""The files whose names begin with rust-."""

from struct import pack

from reference import bounded_load, static_stride, subsetting, success_rate
from reference.hashing import Ring, rendezvous_order
from reference.maglev import Maglev
from reference.throttle import Throttle
from reference.xxh64 import xxh64

from .draws import HALF, MAX, drawing, hexadecimal, least, numbers
from .hashing import CROSSED, EQUAL, KEYS, MIXED, TWINS, V6, hosts, written

S = 10**9


def maglev():
    plain = [(key, []) for key in KEYS]
    tried = [(key, list(without)) for key in KEYS[:4] for without in ("b", "e", "bc", "abce", "abcde")]
    cases = [
        ("five of equal weight", EQUAL, plain + tried),
        ("without the third", [host for host in EQUAL if host.id != "c"], plain),
        ("weights 1, 2, 3", hosts(1, 2, 3), plain),
        ("equal weights other than 1", hosts(100, 100, 100), plain),
        ("great against small", hosts(1, 10000), plain + [("user-1", ["b"]), ("user-2", ["b"])]),
        ("seven of unequal weight", hosts(3, 5, 7, 11, 13, 17, 19), plain),
        ("IPv6", V6, plain),
        ("IPv4, IPv6, a name and another port", MIXED, plain),
        ("ids in another order than addresses", CROSSED, plain),
        ("one address twice", TWINS, plain),
    ]
    return [maglev_vector(*case) for case in cases]


def maglev_vector(name, candidates, picks):
    table = Maglev(candidates)
    return {
        "name": name,
        "candidates": [written(host) for host in candidates],
        "slots": [table.slots.count(index) for index in range(len(candidates))],
        "table": hexadecimal(xxh64(pack(f"<{len(table.slots)}H", *table.slots))),
        "picks": [{"key": key, "tried": tried, "picked": table.pick(key, tried).id} for key, tried in picks],
    }


def loaded():
    idle = [0] * 5
    yield "nobody is busy", "ring_hash", 1.25, EQUAL, idle
    yield "the first choice of user-1 is full", "ring_hash", 1.25, EQUAL, [0, 0, 0, 2, 0]
    yield "two are full", "ring_hash", 1.25, EQUAL, [4, 0, 0, 4, 0]
    yield "all but one are full", "ring_hash", 1, EQUAL, [2, 2, 2, 2, 1]
    yield "exactly the share: one more makes a whole share each", "ring_hash", 1, EQUAL, [1, 1, 1, 1, 0]
    yield "weights", "ring_hash", 1.25, hosts(1, 2, 3), [1, 2, 3]
    yield "a bound with thousandths", "ring_hash", 1.001, hosts(1000, 1000), [499, 500]
    yield "ten times the share", "ring_hash", 10, EQUAL, [9, 9, 9, 9, 9]
    yield "rendezvous, nobody is busy", "rendezvous", 1.25, EQUAL, idle
    yield "rendezvous, one is full", "rendezvous", 1.25, EQUAL, [0, 0, 3, 0, 0]
    yield "rendezvous, weights", "rendezvous", 1.5, hosts(1, 2, 3), [0, 1, 9]
    yield "maglev, nobody is busy", "maglev", 1.25, EQUAL, idle
    yield "maglev, one is full", "maglev", 1.25, EQUAL, [0, 3, 0, 0, 0]
    yield "maglev, weights", "maglev", 2, hosts(1, 2, 3), [2, 0, 9]


def bounded():
    return [bounded_vector(*case) for case in loaded()]


def bounded_vector(name, kind, bound, candidates, in_flight):
    order = {
        "ring_hash": lambda key: Ring(candidates, 1024).order(key),
        "rendezvous": lambda key: rendezvous_order(candidates, key),
        "maglev": Maglev(candidates).order,
    }[kind]
    limits = bounded_load.capacities([host.weight for host in candidates], in_flight, round(bound * 1000))
    ids = [host.id for host in candidates]
    busy, most = dict(zip(ids, in_flight)), dict(zip(ids, limits))
    return {
        "name": name,
        "balancer": {"kind": kind, "bounded_load": bound},
        "candidates": [{**written(host), "in_flight": busy[host.id]} for host in candidates],
        "capacities": limits,
        "picks": [
            {"key": key, "picked": bounded_load.pick([host.id for host in order(key)], busy, most)} for key in KEYS
        ],
    }


def report(qps, eps=0, utilization=1.0, age=0):
    return {"qps": qps, "eps": eps, "utilization": utilization, "age": age}


def stride():
    cases = [
        ("4, 2, 1", [report(4), report(2), report(1)], [1, 1, 1], 0),
        ("3, 1, 1, 1", [report(3), report(1), report(1), report(1)], [1, 1, 1, 1], 0),
        ("nobody reports: by weight", [None, None, None], [1, 1, 1], 0),
        ("nobody reports: by unequal weight", [None, None, None], [100, 50, 25], 0),
        ("one reports: nobody is heard", [report(9), None, None], [1, 1, 1], 0),
        ("two report: the third has the mean", [report(100, 0, 0.5), report(100, 0, 0.25), None], [100, 100, 100], 0),
        ("errors cost", [report(100, 0, 0.5), report(100, 10, 0.5), report(100, 100, 0.5)], [100, 100, 100], 0),
        ("reports and weights", [report(80, 0, 0.8), report(91, 0, 0.3)], [100, 10], 0),
        ("no requests: no report", [report(0, 0, 0.5), report(10, 0, 0.5), report(20, 0, 0.5)], [1, 1, 1], 0),
        ("no utilization: no report", [report(10, 0, 0), report(10, 0, 0.5), report(20, 0, 0.5)], [1, 1, 1], 0),
        (
            "a report of 180 s ago counts",
            [report(10, 0, 0.5, 180 * S), report(20, 0, 0.5), report(40, 0, 0.5)],
            [1, 1, 1],
            0,
        ),
        (
            "an older one doesn't",
            [report(10, 0, 0.5, 180 * S + 1), report(20, 0, 0.5), report(40, 0, 0.5)],
            [1, 1, 1],
            0,
        ),
        ("the least weight is 1", [report(1), report(1000000)], [1, 1], 65534 * 2),
        ("in the middle", [report(4), report(2), report(1)], [1, 1, 1], 12345678901),
        ("two equal", [report(5), report(5)], [1, 1], 3),
    ]
    return [stride_vector(*case) for case in cases]


def stride_vector(name, reports, weights, start):
    known = [one and static_stride.Report(**one) for one in reports]
    scaled = static_stride.scaled(known, weights)
    sequence, picked = start, []
    for _ in range(14):
        index, sequence = static_stride.pick(scaled, sequence)
        picked.append(index)
    candidates = [{"weight": weight, "report": one} for weight, one in zip(weights, reports)]
    return {
        "name": name,
        "candidates": candidates,
        "scaled": scaled,
        "start": start,
        "picked": picked,
        "next": sequence,
    }


def rates():
    def of(*successes, requests=100):
        return {chr(97 + k): (good, requests - good) for k, good in enumerate(successes)}

    cases = [
        ("one of five at half", of(100, 100, 100, 100, 50), 5, 100),
        ("six, one at 80", of(99, 98, 100, 97, 99, 80), 5, 100),
        ("of four none can be so far off", of(100, 100, 100, 50), 4, 100),
        ("four are too few", of(100, 100, 100, 0), 5, 100),
        ("too few outcomes", of(99, 99, 99, 99, 0, requests=99), 5, 100),
        ("one without enough outcomes doesn't count", {**of(100, 100, 100, 100, 50), "f": (0, 99)}, 5, 100),
        ("all alike", of(90, 90, 90, 90, 90), 5, 100),
        ("all failing", of(0, 0, 0, 0, 0), 5, 100),
        ("two of twelve", of(99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 40, 42), 5, 100),
        ("two of six hide each other", of(100, 100, 100, 100, 0, 0), 5, 100),
        (
            "outcomes that differ in number",
            {"a": (990, 10), "b": (99, 1), "c": (9900, 100), "d": (495, 5), "e": (198, 2), "f": (60, 140)},
            5,
            100,
        ),
    ]
    return [rate_vector(*case) for case in cases]


def rate_vector(name, outcomes, hosts_, requests):
    limit, ejected = success_rate.outliers(outcomes, hosts_, requests)
    written_ = [{"id": id_, "successes": good, "failures": bad} for id_, (good, bad) in outcomes.items()]
    return {
        "name": name,
        "outcomes": written_,
        "hosts": hosts_,
        "requests": requests,
        "threshold": limit,
        "outliers": ejected,
    }


def count(at, requests, accepts):
    return {"at": at, "requests": requests, "accepts": accepts}


def ask(at, *random):
    return {"at": at, "random": list(random)}


def throttle():
    steps = [
        ("nothing known", [ask(0)]),
        ("half are accepted", [count(0, 100, 50), ask(0)]),
        ("40 of 100, lowest", [count(0, 100, 40), ask(0, 0)]),
        ("40 of 100, highest", [count(0, 100, 40), ask(0, MAX)]),
        ("40 of 100, either side", [count(0, 100, 40), ask(0, least(20, 101) - 2**24), ask(0, least(20, 101) + 2**24)]),
        ("none of 100", [count(0, 100, 0), ask(0, HALF), ask(0, MAX)]),
        ("the first refusal", [count(0, 1, 0), ask(0, HALF - 2048), ask(0, HALF)]),
        ("120 slots", [count(0, 10, 0), ask(120 * S - 1, 0), ask(120 * S)]),
        ("slots end, not 120 s", [count(S - 1, 10, 0), ask(120 * S - 1, 0), ask(120 * S)]),
        ("accepted later", [count(0, 10, 0), count(5 * S, 10, 10), ask(5 * S), count(6 * S, 1, 0), ask(6 * S, 0)]),
        ("a long pause", [count(0, 1000, 0), ask(9999 * S)]),
        ("several draws", [count(0, 100, 20), *(ask(k, number) for k, number in enumerate(numbers("throttle", 8)))]),
    ]
    return [{"name": name, "steps": list(throttled(todo))} for name, todo in steps]


def throttled(steps):
    state = Throttle()
    for step in steps:
        if "requests" in step:
            state.count(step["at"], step["requests"], step["accepts"])
            yield step
            continue
        source, random = drawing(step["random"])
        probability, rejected = state.probability(step["at"]), state.rejects(step["at"], source)
        assert source.drawn == len(random), "all numbers are drawn"
        yield {"at": step["at"], "random": random, "probability": probability, "rejected": rejected}


def subsets():
    few = [f"i-{k:03}" for k in range(12)]
    many = [f"i-{k:03}" for k in range(201)]
    cases = [(f"4 of 12, {client}", client, few, 4) for client in ("c-1", "c-2", "c-3", "Zürich", "")]
    cases += [
        ("one is gone: the others stay", "c-1", [id_ for id_ in few if id_ != "i-003"], 4),
        ("1 of 12", "c-1", few, 1),
        ("all", "c-1", few, 12),
        ("more than there are", "c-1", few, 20),
        ("none there", "c-1", [], 4),
        ("100 of 201", "c-1", many, 100),
    ]
    sizes = (0, 1, 100, 200, 201, 9999, 10000, 10001, 10201, 10202, 1000000)
    return [
        *({"name": f"size for {n}", "instances": n, "size": subsetting.size(n)} for n in sizes),
        *(
            {"name": name, "client": client, "ids": ids, "size": k, "chosen": subsetting.subset(client, ids, k)}
            for name, client, ids, k in cases
        ),
    ]
