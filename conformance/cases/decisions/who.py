"""Steps 1 to 3: eligible members, what is asked, subsets."""

from ..draws import HALF, MAX
from ..members import member, members
from .situations import CANARY, FIRST, RANDOM, SECOND, case, out

ELIGIBLE = [
    case("nobody", []),
    case("one", members("a")),
    case("one draws nothing", members("a"), [MAX, MAX]),
    case("two, equal: the first drawn", members("ab"), FIRST),
    case("two, equal: the first drawn is the second", members("ab"), SECOND),
    case(
        "other statuses aren't eligible",
        [member("a", status="draining"), member("b", status="down"), member("c", status="starting"), member("d")],
    ),
    case("failing isn't eligible, suspect is", [member("a", health="failing"), member("b", health="suspect")]),
    case("all failing, not protected", members("ab", health="failing")),
    case("all draining, protected", members("ab", status="draining"), protected=True),
    case("protected: failing ones answer", members("ab", health="failing"), SECOND, protected=True),
    case(
        "protected: those of another status don't",
        [member("a", status="draining"), member("b", health="failing")],
        protected=True,
    ),
]

V1, V2 = member("a", version="1.2.3"), member("b", version="2.0.0")
ASKED = [
    case("a version", [V1, V2], request={"version": "^2"}),
    case("a version that nobody has", [V1, V2], request={"version": "^3"}),
    case("a version, and one without", [member("a"), V2], request={"version": "*"}),
    case("tags, all of them", [member("a", tags=["x"]), member("b", tags=["x", "y"])], request={"tags": ["x", "y"]}),
    case(
        "metadata, all pairs",
        [member("a", metadata={"k": "1", "l": "2"}), member("b", metadata={"k": "1"})],
        request={"metadata": {"k": "1", "l": "2"}},
    ),
    case("metadata of another value", members("ab", metadata={"k": "1"}), request={"metadata": {"k": "01"}}),
    case("who matches is failing", [V1, {**V2, "health": "failing"}], request={"version": "^2"}),
    case(
        "who matches is failing, protected",
        [V1, {**V2, "health": "failing"}],
        request={"version": "^2"},
        protected=True,
    ),
    case(
        "asked before rules: the subset is empty among those asked for",
        [V1, V2],
        request={"version": "^1", "headers": {"x-beta": "1"}},
        policy_={
            "subsets": [{"name": "v2", "version": "^2", "weight": 0}],
            "rules": [{"headers": {"x-beta": "1"}, "subset": "v2"}],
        },
    ),
]

TWO_AND_TWO = [member(id_, version=version) for id_, version in zip("abcd", ("1.0.0", "1.1.0", "2.0.0", "2.1.0"))]
BETA = {**CANARY, "rules": [{"headers": {"x-beta": "1"}, "subset": "v2"}]}
SUBSET = [
    case("shares: the draw of the subset comes first", TWO_AND_TWO, [0, 0, 0], policy_=CANARY),
    case("shares: the canary", TWO_AND_TWO, [MAX, MAX, 0], policy_=CANARY),
    case("a rule draws nothing", TWO_AND_TWO, [0, 0, 0], policy_=BETA, request={"headers": {"X-Beta": "1"}}),
    case(
        "the canary fails: the rest has all",
        [member("a", version="1.0.0"), member("b", version="2.0.0", health="failing")],
        [MAX],
        policy_=BETA,
        request={"headers": {"x-beta": "1"}},
    ),
    case(
        "an ejected canary is still eligible, and in panic",
        [member("a", version="1.0.0"), member("b", version="2.0.0")],
        [MAX],
        policy_=CANARY,
        endpoints={"b": out()},
    ),
    case(
        "up ones of the subset alone count for panic",
        [*(member(id_, version="1.0.0") for id_ in "abcde"), *(member(id_, version="2.0.0") for id_ in "fgh")],
        [MAX, MAX, 0],
        policy_=CANARY,
        endpoints={"f": out(), "g": out()},
    ),
    case(
        "failing ones of the subset count as up",
        [
            member("a", version="2.0.0"),
            member("b", version="2.0.0"),
            *(member(id_, version="2.0.0", health="failing") for id_ in "cde"),
            member("f", version="1.0.0"),
        ],
        [MAX, 0, 0],
        policy_=CANARY,
        endpoints={"a": out()},
    ),
    case(
        "subset, then locality, then the balancer",
        [member(id_, version="2.0.0", zone=zone) for id_, zone in zip("abcd", ("z1", "z1", "z2", "z2"))]
        + [member("e", version="1.0.0", zone="z1")],
        [MAX, MAX, HALF],
        policy_={**CANARY, **RANDOM},
        caller={"zone": "z1"},
        endpoints={"a": out()},
    ),
]

CASES = [*ELIGIBLE, *ASKED, *SUBSET]
