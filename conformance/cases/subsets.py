"""subsets.json: rules, users and shares of the traffic."""

from reference import subsets
from reference.numbers import mulhi
from reference.policy import policy
from reference.xxh64 import xxh64

from .draws import HALF, MAX, drawing, least
from .members import member


def subset(name, weight=0, **wanted):
    return {"name": name, **wanted, "weight": weight}


def rule(to, **conditions):
    return {**conditions, "subset": to}


def users(percent):
    return {"header": "x-user", "percent": percent}


def user_at(place):
    """A user that the share for the subset `v2` just reaches, or just doesn't: `place` of 10,000."""
    return next(f"u{k}" for k in range(10**6) if mulhi(xxh64(f"v2\0u{k}"), 10000) == place)


A = member("a", version="1.4.0", tags=["blue"], metadata={"team": "x"})
B = member("b", version="2.0.0", tags=["blue", "fast"], metadata={"team": "y", "rack": "7"})
C = member("c", version="2.1.0-rc.1", tags=["green"])
D = member("d")
ALL = [A, B, C, D]
V1, V2, NONE = subset("v1", version="^1"), subset("v2", version="^2"), subset("none", version="^9")
BETA = rule("v2", headers={"x-beta": "1"})
SHARES = [subset("v1", 95, version="^1"), subset("v2", 5, version="^2")]
BY_PLACE = [rule("v1", zones=["z1", "z2"]), rule("v2", regions=["eu"])]


def selection():
    yield "no subsets: all", [], [], {}, {}, []
    yield "subsets without weights and without rules: all", [V1, V2], [], {}, {}, []
    yield "by tag", [subset("s", 1, tags=["blue"])], [], {}, {}, []
    yield "by all tags", [subset("s", 1, tags=["blue", "fast"])], [], {}, {}, []
    yield "by metadata", [subset("s", 1, metadata={"team": "y", "rack": "7"})], [], {}, {}, []
    yield (
        "by metadata that one pair contradicts: nobody, so all",
        [subset("s", 1, metadata={"team": "y", "rack": "8"})],
        [],
        {},
        {},
        [],
    )
    yield (
        "by version: a prerelease isn't in it, nor is who has no version",
        [subset("s", 1, version=">=1")],
        [],
        {},
        {},
        [],
    )
    yield "by version: a prerelease that is named", [subset("s", 1, version=">=2.1.0-rc.0")], [], {}, {}, []
    yield "by version and tag", [subset("s", 1, version="*", tags=["fast"])], [], {}, {}, []
    yield "a subset that wants nothing has all", [subset("s", 1)], [], {}, {}, []


def weights():
    three = [subset("v1", 1, version="^1"), subset("none", 8, version="^9"), subset("v2", 1, version="^2")]
    yield "95 to 5, lowest", SHARES, [], {}, {}, [0]
    yield "95 to 5, just below the boundary", SHARES, [], {}, {}, [least(95, 100) - 1]
    yield "95 to 5, the boundary", SHARES, [], {}, {}, [least(95, 100)]
    yield "95 to 5, highest", SHARES, [], {}, {}, [MAX]
    yield "in the policy's order, not in that of names", SHARES[::-1], [], {}, {}, [0]
    yield "an empty subset has no share, below the half", three, [], {}, {}, [HALF - 1]
    yield "an empty subset has no share, from the half", three, [], {}, {}, [HALF]
    yield "weight 0 has no share, and of one nothing is drawn", [V1, subset("v2", 5, version="^2")], [], {}, {}, [0]
    yield "all subsets with weight are empty: all", [subset("none", 5, version="^9"), V2], [], {}, {}, [0]
    yield (
        "members that are in two subsets",
        [subset("blue", 1, tags=["blue"]), subset("fast", 1, tags=["fast"])],
        [],
        {},
        {},
        [HALF],
    )


def rules():
    yes = {"x-beta": "1"}
    yield "a rule wins over weights, and nothing is drawn", SHARES, [BETA], yes, {}, [0]
    yield "a rule that doesn't apply leaves it to the weights", SHARES, [BETA], {}, {}, [0]
    yield "names of headers without regard to case", [V1, V2], [BETA], {"X-Beta": "1"}, {}, []
    yield "values of headers exactly", [V1, V2], [rule("v2", headers={"x-beta": "Yes"})], {"x-beta": "yes"}, {}, []
    yield "the beginning of a value isn't the value", [V1, V2], [BETA], {"x-beta": "1 "}, {}, []
    yield "all headers", [V1, V2], [rule("v2", headers={"x-beta": "1", "x-team": "a"})], yes, {}, []
    yield (
        "all headers are there",
        [V1, V2],
        [rule("v2", headers={"x-beta": "1", "x-team": "a"})],
        {**yes, "x-team": "a"},
        {},
        [],
    )
    yield "an empty value is a value", [V1, V2], [rule("v2", headers={"x-beta": ""})], {"x-beta": ""}, {}, []
    yield "a header that isn't there has no empty value", [V1, V2], [rule("v2", headers={"x-beta": ""})], {}, {}, []
    yield "the first rule that applies", [V1, V2], [rule("v1", headers=yes), BETA], yes, {}, []
    yield "a rule whose subset is empty is passed over", [NONE, V1, V2], [rule("none", headers=yes), BETA], yes, {}, []
    yield "all subsets of rules that apply are empty: all", [NONE, V1], [rule("none", headers=yes)], yes, {}, []
    yield (
        "an empty rule's subset leaves it to the weights",
        [NONE, *SHARES],
        [rule("none", headers=yes)],
        yes,
        {},
        [MAX],
    )
    yield "the caller's zone is among them", [V1, V2], BY_PLACE, {}, {"zone": "z2", "region": "us"}, []
    yield "the caller's region is among them", [V1, V2], BY_PLACE, {}, {"zone": "z3", "region": "eu"}, []
    yield "the caller's place is in none", [V1, V2], BY_PLACE, {}, {"zone": "z3", "region": "us"}, []
    yield "a caller without a place", [V1, V2], BY_PLACE, {}, {}, []
    both = [rule("v2", headers=yes, zones=["z1"], regions=["eu"])]
    yield "header, zone and region", [V1, V2], both, yes, {"zone": "z1", "region": "eu"}, []
    yield "header and zone, but another region", [V1, V2], both, yes, {"zone": "z1", "region": "us"}, []


def shares_of_users():
    for percent in (0.01, 0.07, 0.29, 10, 12.34, 50, 99.99):
        reached = round(percent * 100)
        for place, word in ((reached - 1, "the last one in"), (reached, "the first one out")):
            headers = {"x-user": user_at(place)}
            yield f"{percent} % of users, {word}", [V1, V2], [rule("v2", users=users(percent))], headers, {}, []
    half = [rule("v2", users=users(50)), rule("v1", users=users(50))]
    yield "all users", [V1, V2], [rule("v2", users=users(100))], {"X-User": "u0"}, {}, []
    yield "a request without a user", [V1, V2], [rule("v2", users=users(100))], {}, {}, []
    yield "a user without a name is a user", [V1, V2], [rule("v2", users=users(100))], {"x-user": ""}, {}, []
    for name in ("u0", "u1", "u2", "u3", "u4", "u5", "Zürich", ""):
        yield f"half of the users for each of two subsets: {name!r}", [V1, V2], half, {"x-user": name}, {}, []
    mixed = [rule("v2", headers={"x-beta": "1"}, users=users(50))]
    inside = {"x-beta": "1", "x-user": user_at(4999)}
    yield "a header and a user", [V1, V2], mixed, inside, {}, []
    yield "a user without the header", [V1, V2], mixed, {"x-user": user_at(4999)}, {}, []


def vectors():
    cases = [*selection(), *weights(), *rules(), *shares_of_users()]
    return [vector(*case) for case in cases]


def vector(name, parts, rules_, headers, caller, random):
    source, written = drawing(random)
    chosen = subsets.chosen(policy({"subsets": parts, "rules": rules_}), ALL, headers, caller, source)
    return {
        "name": name,
        "policy": {"subsets": parts, "rules": rules_},
        "members": ALL,
        "caller": caller,
        "headers": headers,
        "random": written,
        "drawn": source.drawn,
        "subset": chosen and chosen["name"],
        "left": [one["id"] for one in ALL if not chosen or subsets.selects(chosen, one)],
    }
