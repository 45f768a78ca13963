"""rendezvous.json and ring-hash.json."""

from reference.hashing import Host, Ring, rendezvous_order

KEYS = [
    "user-1",
    "user-2",
    "user-3",
    "order/42",
    "",
    "Zürich",
    "a key that is longer than the thirty-two bytes of one block",
]


def hosts(*weights, address="10.0.0.{}", port=80):
    return [Host(chr(97 + k), address.format(k + 1), port, weight) for k, weight in enumerate(weights)]


EQUAL = hosts(1, 1, 1, 1, 1)
V6 = hosts(100, 100, 100, address="fd00::{}", port=8080)
MIXED = [
    Host("a", "10.0.0.1", 80, 100),
    Host("b", "::1", 80, 100),
    Host("c", "orders.example", 8080, 50),
    Host("d", "10.0.0.1", 81, 200),
]
# Ids in another order than addresses.
CROSSED = [Host("a", "10.0.0.9", 80, 1), Host("b", "10.0.0.10", 80, 1), Host("c", "10.0.0.1", 80, 1)]
TWINS = [Host("a", "10.0.0.1", 80, 1), Host("b", "10.0.0.1", 80, 1)]


def written(host):
    return {"id": host.id, "address": host.address, "port": host.port, "weight": host.weight}


def rendezvous():
    without = [host for host in EQUAL if host.id != "c"]
    cases = [
        ("five of equal weight", EQUAL, KEYS),
        ("without the third: the others' keys stay", without, KEYS),
        ("weights 1, 2, 3", hosts(1, 2, 3), [*KEYS, *(f"key-{k}" for k in range(24))]),
        ("equal weights other than 1", hosts(100, 100, 100, 100, 100), KEYS),
        ("one of a hundredth", hosts(1, 100, 100), [f"key-{k}" for k in range(20)]),
        ("great weights", hosts(10000, 1), KEYS),
        ("two", hosts(1, 1), KEYS),
        ("IPv6", V6, KEYS),
        ("IPv4, IPv6, a name and another port", MIXED, KEYS),
        ("ids in another order than addresses", CROSSED, KEYS),
        ("one address twice: the first id", TWINS, KEYS),
    ]
    return [
        {
            "name": name,
            "candidates": [written(host) for host in candidates],
            "picks": [{"key": key, "picked": rendezvous_order(candidates, key)[0].id} for key in keys],
        }
        for name, candidates, keys in cases
    ]


def ring_hash():
    plain = [(key, []) for key in KEYS]
    tried = [(key, list(without)) for key in KEYS for without in ("a", "d", "bd", "abde", "abcde")]
    cases = [
        ("five of equal weight", EQUAL, 1024, plain),
        ("tried ones are passed over", EQUAL, 1024, tried),
        ("weights 1, 2, 3", hosts(1, 2, 3), 1024, plain + [(f"key-{k}", []) for k in range(12)]),
        ("the default weight", hosts(100, 100, 100), 1024, plain),
        ("three of equal weight", hosts(1, 1, 1), 1000, plain),
        ("seven of unequal weight", hosts(3, 5, 7, 11, 13, 17, 19), 1024, plain),
        ("a small ring", EQUAL, 1, plain),
        ("a small ring of unequal weights", hosts(1, 3), 2, plain),
        ("the greatest ring", hosts(1, 1, 1), 4096, plain),
        ("so unequal that the ring is cut off: the light one comes first", hosts(1, 10000), 1024, plain),
        (
            "so unequal that the ring is cut off: the light ones come last",
            hosts(10000, 1, 1, 1),
            1024,
            plain + [("key-7", ["a"]), ("key-8", ["a"])],
        ),
        ("IPv6", V6, 1024, plain),
        ("IPv4, IPv6, a name and another port", MIXED, 1024, plain + [("user-1", ["d"]), ("user-2", ["a", "d"])]),
        ("ids in another order than addresses", CROSSED, 1024, plain),
        ("one address twice: the first id, then the other", TWINS, 64, plain + [("user-1", ["a"]), ("user-2", ["a"])]),
    ]
    return [ring_vector(*case) for case in cases]


def ring_vector(name, candidates, ring_size, picks):
    ring = Ring(candidates, ring_size)
    owners = [index for _, index in ring.entries]
    return {
        "name": name,
        "ring_size": ring_size,
        "candidates": [written(host) for host in candidates],
        "entries": [owners.count(index) for index in range(len(candidates))],
        "picks": [{"key": key, "tried": tried, "picked": ring.pick(key, tried).id} for key, tried in picks],
    }
