"""Step 7: balancers and hash keys; and everything at once."""

from ..draws import HALF, MAX, numbers
from ..members import member, members
from .situations import CANARY, FIRST, LEAST, MS, RANDOM, RENDEZVOUS, RING, SECOND, WRR, S, balancer, case, warm

HEADER = balancer("rendezvous", hash_header="X-User")
TRIO = {"a": warm(20 * MS, in_flight=2), "b": warm(50 * MS), "c": warm(90 * MS, in_flight=1)}
BALANCER = [
    case("weighted_random", [member("a", weight=1), member("b", weight=3)], [2**62], policy_=RANDOM),
    case(
        "smooth_wrr: the greatest current",
        members("abc"),
        endpoints={"a": {"current": -100}, "b": {"current": 50}, "c": {"current": 50}},
        policy_=WRR,
    ),
    case(
        "smooth_wrr: the heaviest begins",
        [member("a", weight=1), member("b", weight=2), member("c", weight=2)],
        policy_=WRR,
    ),
    case(
        "least_request",
        members("abc"),
        [MAX, 0],
        endpoints={"a": {"in_flight": 3}, "c": {"in_flight": 2}},
        policy_=LEAST,
    ),
    case(
        "least_request: a tie by weight",
        [member("a", weight=200), member("b", weight=100)],
        SECOND,
        endpoints={"a": {"in_flight": 1}},
        policy_=LEAST,
    ),
    case("without a policy: peak_ewma", members("abc"), FIRST, endpoints=TRIO),
    case("peak_ewma: another draw", members("abc"), SECOND, endpoints=TRIO),
    case(
        "peak_ewma: costs decay",
        members("ab"),
        FIRST,
        endpoints={"a": warm(50 * MS), "b": warm(40 * MS, 9 * S)},
        now=10 * S,
    ),
    case(
        "peak_ewma: another decay",
        members("ab"),
        FIRST,
        endpoints={"a": warm(50 * MS), "b": warm(40 * MS, 9 * S)},
        now=10 * S,
        policy_=balancer("peak_ewma", decay="100s"),
    ),
    case(
        "peak_ewma: a newcomer has the median",
        members("abcd"),
        [MAX, HALF],
        endpoints={"a": warm(10 * MS), "b": warm(80 * MS), "c": warm(60 * MS, in_flight=0)},
    ),
    case(
        "peak_ewma: a newcomer has 30 ms where nobody knows", members("ab"), SECOND, endpoints={"b": {"in_flight": 1}}
    ),
    case("peak_ewma: a newcomer against a slow one", members("ab"), FIRST, endpoints={"a": warm(31 * MS, in_flight=1)}),
    case("ring_hash", members("abcde"), request={"hash_key": "user-2"}, policy_=RING),
    case(
        "ring_hash: IPv6",
        [member(id_, address=f"fd00::{k}", port=8080) for k, id_ in enumerate("abc")],
        request={"hash_key": "user-2"},
        policy_=RING,
    ),
    case(
        "ring_hash: another size",
        members("abcde"),
        request={"hash_key": "user-3"},
        policy_=balancer("ring_hash", ring_size=7),
    ),
    case("rendezvous", members("abcde"), request={"hash_key": "user-3"}, policy_=RENDEZVOUS),
    case(
        "rendezvous: weights",
        [member("a", weight=1), member("b", weight=2), member("c", weight=3)],
        request={"hash_key": "user-1"},
        policy_=RENDEZVOUS,
    ),
    case(
        "hash_header before the caller's key",
        members("abcde"),
        request={"headers": {"x-user": "user-1"}, "hash_key": "user-3"},
        policy_=HEADER,
    ),
    case(
        "hash_header isn't there: the caller's key",
        members("abcde"),
        request={"headers": {"x-other": "user-1"}, "hash_key": "user-3"},
        policy_=HEADER,
    ),
    case(
        "an empty header is a key",
        members("abcde"),
        request={"headers": {"x-user": ""}, "hash_key": "user-3"},
        policy_=HEADER,
    ),
    case("an empty key is a key", members("abcde"), [MAX], request={"hash_key": ""}, policy_=RENDEZVOUS),
    case("no key: sixteen digits are drawn", members("abcde"), [0xAB], policy_=RENDEZVOUS),
    case("no key, ring_hash", members("abcde"), numbers("key", 1), policy_=RING),
    case(
        "no key: the place is drawn before it",
        [member("a", zone="z1"), member("b", zone="z1", health="failing"), *members("cd")],
        [MAX, 0xFEDCBA9876543210],
        caller={"zone": "z1"},
        policy_=HEADER,
    ),
    case("no key and one candidate: nothing is drawn", members("a"), [0], policy_=RING),
    case("smooth_wrr with one candidate", members("a"), endpoints={"a": {"current": 3}}, policy_=WRR),
]

WIDE = [
    member(
        f"{letter}{k}",
        address=f"10.1.{k}.{ord(letter)}",
        weight=50 + 25 * k,
        zone=f"z{k}",
        region="eu" if k < 3 else "us",
        version=f"{1 + k % 2}.{k}.0",
        health="failing" if (letter, k) in (("a", 0), ("b", 1)) else "passing",
    )
    for k in range(5)
    for letter in "abc"
]
WIDE_STATE = {
    one["id"]: warm(
        (7 + 13 * k % 89) * MS,
        k * S // 3,
        in_flight=k % 4,
        **({"ejected_until": 9 * S} if k % 5 == 2 else {}),
        **({"slow_start_began": k * S // 2} if k % 6 == 1 else {}),
    )
    for k, one in enumerate(WIDE)
}
WIDE_CASES = [
    case(
        f"all at once, {kind}, draw {k}",
        WIDE,
        numbers(f"wide {kind} {k}", 4),
        policy_={
            **CANARY,
            "balancer": {"kind": kind, "hash_header": "x-user"},
            "slow_start": {"window": "30s"},
            "locality": {"failover_regions": ["us"]},
        },
        caller={"zone": f"z{k}", "region": "eu"},
        request={"headers": {"x-user": f"user-{k}"} if k else {}, "tried": [f"a{k}", f"b{k}"]},
        endpoints=WIDE_STATE,
        now=6 * S,
    )
    for kind in ("weighted_random", "smooth_wrr", "least_request", "peak_ewma", "ring_hash", "rendezvous")
    for k in range(3)
]

CASES = [*BALANCER, *WIDE_CASES]
