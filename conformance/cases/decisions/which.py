"""Steps 5 and 6: who was tried, weights and slow start."""

from ..draws import HALF, MAX, least
from ..members import member, members
from .situations import FIRST, HOME, LEAST, NEAR, RANDOM, RENDEZVOUS, RING, SECOND, WRR, S, case

TRIED = [
    case("tried ones are left out", members("abc"), FIRST, request={"tried": ["a"]}),
    case("one is left", members("ab"), FIRST, request={"tried": ["a"]}),
    case("all tried: as if none was", members("ab"), SECOND, request={"tried": ["a", "b"]}),
    case("tried ones that are gone", members("ab"), FIRST, request={"tried": ["x"]}),
    case("tried: the place stays", NEAR, caller=HOME, request={"tried": ["a"]}),
    case(
        "ring: tried ones are passed over on the whole ring",
        members("abcde"),
        request={"hash_key": "user-1", "tried": ["d"]},
        policy_=RING,
    ),
    case(
        "rendezvous: tried ones are left out",
        members("abcde"),
        request={"hash_key": "user-1", "tried": ["c"]},
        policy_=RENDEZVOUS,
    ),
    case(
        "smooth_wrr: tried ones don't count",
        members("ab") + members("c", weight=200),
        request={"tried": ["c"]},
        endpoints={"a": {"current": -50}, "b": {"current": 25}},
        policy_=WRR,
    ),
]

WEIGHT = [
    case("weight 0 is left out", [member("a", weight=0), member("b")], FIRST),
    case("all of weight 0", members("ab", weight=0), SECOND),
    case("all of weight 0 have weight 1", members("abc", weight=0), [HALF], policy_=RANDOM),
    case(
        "only weight 0 isn't tried",
        [member("a", weight=0), member("b"), member("c", weight=0)],
        [MAX],
        request={"tried": ["b"]},
        policy_=RANDOM,
    ),
    case(
        "ring: only weight 0 isn't tried",
        [member("a", weight=0), member("b"), member("c", weight=0)],
        request={"tried": ["b"], "hash_key": "user-1"},
        policy_=RING,
    ),
    case(
        "ring: weight 0 isn't on it",
        [member("a", weight=0), *members("bcde")],
        request={"hash_key": "order/42"},
        policy_=RING,
    ),
    case(
        "weight 0 counts as healthy for its place",
        [member("a", zone="z1", weight=0), member("b", zone="z1"), member("c")],
        [MAX],
        caller={"zone": "z1"},
    ),
    case(
        "slow start: a tenth",
        members("ab"),
        [least(1, 11) + 2**24],
        endpoints={"a": {"slow_start_began": 0}},
        policy_={**RANDOM, "slow_start": {"window": "60s"}},
    ),
    case(
        "slow start: within the tenth",
        members("ab"),
        [least(1, 11) - 2**24],
        endpoints={"a": {"slow_start_began": 0}},
        policy_={**RANDOM, "slow_start": {"window": "60s"}},
    ),
    case(
        "slow start: half the window",
        members("ab"),
        [least(1, 3) + 2**24],
        endpoints={"a": {"slow_start_began": 10 * S}},
        now=40 * S,
        policy_={**RANDOM, "slow_start": {"window": "60s"}},
    ),
    case(
        "slow start: over",
        members("ab"),
        [HALF - 2**24],
        endpoints={"a": {"slow_start_began": 10 * S}},
        now=70 * S,
        policy_={**RANDOM, "slow_start": {"window": "60s"}},
    ),
    case(
        "slow start: most are new",
        members("abc"),
        [HALF],
        endpoints={id_: {"slow_start_began": 0} for id_ in "ab"},
        policy_={**RANDOM, "slow_start": {"window": "60s"}},
    ),
    case(
        "slow start: most of the candidates are new, but not of the service",
        [member("a", zone="z1"), member("b", zone="z1"), *members("cd")],
        [HALF],
        caller={"zone": "z1"},
        endpoints={"a": {"slow_start_began": 0}, "b": {"slow_start_began": 30 * S}},
        now=30 * S,
        policy_={**RANDOM, "slow_start": {"window": "60s"}},
    ),
    case(
        "slow start: failing ones don't count",
        [*members("abc"), *members("de", health="failing")],
        [HALF],
        endpoints={id_: {"slow_start_began": 0} for id_ in "ab"},
        policy_={**RANDOM, "slow_start": {"window": "60s"}},
    ),
    case(
        "slow start switched off",
        members("ab"),
        [HALF - 2**24],
        endpoints={"a": {"slow_start_began": 0}},
        policy_=RANDOM,
    ),
    case(
        "slow start on weight 0 that has become 1",
        members("abc", weight=0),
        [HALF],
        endpoints={"a": {"slow_start_began": 0}},
        policy_={**RANDOM, "slow_start": {"window": "60s"}},
    ),
    case(
        "slow start with least_request",
        members("ab"),
        FIRST,
        endpoints={"a": {"slow_start_began": 0}, "b": {"in_flight": 8}},
        policy_={**LEAST, "slow_start": {"window": "60s"}},
    ),
    case(
        "slow start doesn't move keys",
        members("abcde"),
        request={"hash_key": "user-1"},
        endpoints={"d": {"slow_start_began": 0}},
        policy_={**RING, "slow_start": {"window": "60s"}},
    ),
]

CASES = [*TRIED, *WEIGHT]
