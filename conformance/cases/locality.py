"""locality.json: loads by Envoy's published table and at their edges, panic, draws."""

from reference import locality
from reference.policy import piece

from .draws import HALF, MAX, drawing, least


def cases():
    edges = [[0], [MAX]]
    published = [
        ([(72, 100), (72, 100)], edges),
        ([(71, 100), (100, 100)], [*edges, [least(99, 100) - 1], [least(99, 100)]]),
        ([(50, 100), (100, 100)], [*edges, [least(70, 100) - 1], [least(70, 100)]]),
        ([(25, 100), (100, 100)], [*edges, [least(35, 100) - 1], [least(35, 100)]]),
        ([(25, 100), (25, 100)], [*edges, [HALF - 1], [HALF]]),
        (
            [(25, 100), (25, 100), (20, 100)],
            [*edges, [least(37, 100) - 1], [least(37, 100)], [least(72, 100) - 1], [least(72, 100)]],
        ),
        ([(5, 100), (65, 100)], [*edges, [least(8, 100) - 1], [least(8, 100)]]),
    ]
    for counts, draws in published:
        yield "healthy " + ", ".join(str(healthy) for healthy, _ in counts), {}, counts, draws
    yield "one priority, all healthy", {}, [(3, 3)], edges
    yield "one priority, one of three healthy: panic", {}, [(1, 3)], edges
    yield "one priority, half healthy: exactly at the threshold is no panic", {}, [(1, 2)], edges
    yield "one priority, nobody healthy", {}, [(0, 3)], []
    yield "nobody healthy anywhere", {}, [(0, 3), (0, 1)], []
    yield "the first has nobody healthy", {}, [(0, 3), (2, 2)], edges
    yield "the first has nobody healthy, the second few: panic in both", {}, [(0, 3), (1, 3)], edges
    yield "a gap in the middle", {}, [(1, 2), (0, 2), (2, 2)], [*edges, [least(70, 100)]]
    yield "full health in total, so no panic where few are healthy", {}, [(1, 10), (10, 10)], [*edges, [least(14, 100)]]
    yield "what is left by rounding goes to the first that has health", {}, [(0, 5), (1, 9), (1, 9), (1, 9)], edges
    yield "health that rounds down to 0", {}, [(1, 200), (4, 4)], edges
    yield "health that rounds down to 0 everywhere", {}, [(1, 200)], []
    thin = [(0, 9), (1, 100), (1, 100), (1, 100)]
    yield "health of 1: what is left goes to the first of them", {"overprovision": 100}, thin, edges
    yield "just below the panic threshold", {}, [(100, 201)], edges
    yield "no overprovision", {"overprovision": 100}, [(9, 10), (10, 10)], [*edges, [least(90, 100)]]
    yield "overprovision of a double", {"overprovision": 200}, [(1, 2), (2, 2)], edges
    yield "panic switched off", {"panic_threshold": 0}, [(1, 9), (1, 9)], edges
    yield (
        "panic at 100: from the first that isn't healthy, if health is short",
        {"panic_threshold": 100},
        [(2, 3)],
        edges,
    )
    yield "panic at 100 with enough health", {"panic_threshold": 100}, [(3, 4)], edges
    yield "more than 100 in total", {}, [(1, 1), (1, 1), (1, 1)], edges
    yield (
        "the second fills up, the third gets nothing",
        {},
        [(1, 2), (1, 2), (2, 2)],
        [*edges, [least(70, 100) - 1], [least(70, 100)]],
    )


def vectors():
    return [vector(*case) for case in cases()]


def vector(name, written, counts, draws):
    settings = piece("locality", written)
    shares, norm = locality.loads(counts, settings["overprovision"])
    return {
        "name": name,
        "locality": written,
        "priorities": [{"healthy": healthy, "total": total} for healthy, total in counts],
        "loads": shares,
        "panic": locality.panics(counts, norm, settings["panic_threshold"]),
        "draws": [draw(shares, numbers) for numbers in draws],
    }


def draw(shares, numbers):
    source, written = drawing(numbers)
    index = locality.drawn(shares, source)
    return {"random": written[: source.drawn], "priority": index}
