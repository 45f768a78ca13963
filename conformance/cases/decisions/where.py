"""Step 4: priorities, spill-over and panic."""

from ..draws import HALF, MAX, least
from ..members import member, members
from .situations import FIRST, HOME, NEAR, RANDOM, case, out

FAR = {"locality": {"failover_regions": ["ap", "us"]}}


def but(*ids):
    return [one for one in NEAR if one["id"] not in ids]


def failing(*ids):
    return [{**one, "health": "failing"} if one["id"] in ids else one for one in NEAR]


PLACE = [
    case("the caller's zone", NEAR, caller=HOME),
    case("the caller's region", but("a"), caller=HOME),
    case("the first failover region", but("a", "b"), caller=HOME, policy_=FAR),
    case("the second failover region", but("a", "b", "d"), caller=HOME, policy_=FAR),
    case("everything else", but("a", "b", "c", "d"), caller=HOME, policy_=FAR),
    case("without failover regions the rest is one", but("a", "b"), [MAX, MAX], caller=HOME, policy_=RANDOM),
    case("a caller without a zone: its region", NEAR, [MAX], caller={"region": "eu"}, policy_=RANDOM),
    case("a caller without a region: its zone", NEAR, caller={"zone": "z2"}),
    case("a caller without a place: failover regions hold for it, too", NEAR, policy_=FAR),
    case("a caller without a place, no failover: all are one", NEAR, [HALF], policy_=RANDOM),
    case(
        "zones of one name in two regions",
        [member("a", zone="z1", region="us"), member("b", zone="z1", region="eu")],
        caller=HOME,
    ),
    case(
        "a zone whose member has no region", [member("a", zone="z1"), member("b", zone="z2", region="eu")], caller=HOME
    ),
    case(
        "the caller's region as a failover region",
        but("a"),
        caller=HOME,
        policy_={"locality": {"failover_regions": ["eu"]}},
    ),
    case(
        "spill-over: half the zone fails, below 70",
        [*failing("a"), member("f", zone="z1", region="eu")],
        [least(70, 100) - 1],
        caller=HOME,
    ),
    case(
        "spill-over: half the zone fails, from 70",
        [*failing("a"), member("f", zone="z1", region="eu")],
        [least(70, 100)],
        caller=HOME,
    ),
    case("the zone fails: the region takes all, and nothing is drawn", failing("a"), [0], caller=HOME),
    case(
        "failing ones are up, so their place isn't empty; ejected ones aren't healthy",
        failing("a"),
        [least(70, 100) - 1, 0],
        caller=HOME,
        endpoints={"b": out()},
    ),
    case("an ejection that is over counts no more", members("ab"), FIRST, endpoints={"a": out(5)}, now=5),
    case("an ejection that isn't over yet", members("ab"), FIRST, endpoints={"a": out(6)}, now=5),
]

SHARED = [member(id_, zone="z1") for id_ in "abcd"]
NO_PANIC = {"locality": {"panic_threshold": 0}}
PANIC = [
    case("half ejected: no panic", SHARED, [MAX], endpoints={"a": out(), "b": out()}, policy_=RANDOM),
    case(
        "three of four ejected: panic, all are candidates",
        SHARED,
        [0],
        endpoints={"a": out(), "b": out(), "c": out()},
        policy_=RANDOM,
    ),
    case(
        "panic switched off: the one that is left",
        SHARED,
        [0],
        endpoints={"a": out(), "b": out(), "c": out()},
        policy_=NO_PANIC,
    ),
    case("all ejected: panic", SHARED, [0], endpoints={id_: out() for id_ in "abcd"}, policy_=RANDOM),
    case("all ejected, panic switched off", SHARED, [0], endpoints={id_: out() for id_ in "abcd"}, policy_=NO_PANIC),
    case(
        "all ejected: the first place that has eligible members",
        [member("a", zone="z1", health="failing"), member("b", zone="z2", region="eu"), member("c")],
        caller=HOME,
        endpoints={"b": out(), "c": out()},
    ),
    case(
        "panic leaves failing ones out",
        [member("a"), member("b"), *members("cdef", health="failing")],
        [MAX],
        endpoints={"a": out()},
        policy_=RANDOM,
    ),
    case(
        "panic of one place while the others are in full health: none",
        [*(member(id_, zone="z1") for id_ in "abc"), *members("def")],
        [0, 0],
        caller={"zone": "z1"},
        endpoints={"a": out(), "b": out()},
        policy_=RANDOM,
    ),
    case(
        "panic of a place that is short while all are short",
        [*(member(id_, zone="z1") for id_ in "abc"), *members("defg")],
        [0, 0],
        caller={"zone": "z1"},
        endpoints={id_: out() for id_ in "abdefg"},
        policy_=RANDOM,
    ),
]

CASES = [*PLACE, *PANIC]
