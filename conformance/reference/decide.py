"""A whole decision: one member of a service, or why there is none."""

from dataclasses import dataclass

from . import balancers, hashing, locality, slow_start, subsets
from .numbers import duration
from .peak_ewma import Endpoint, PeakEwma


@dataclass
class Situation:
    """All that a decision rests on. Members, `policy` (complete), caller and request are as on the wire."""

    members: list
    protected: bool
    policy: dict
    caller: dict
    request: dict
    endpoints: dict
    now: int


class NoInstance(Exception):
    """Why there is none, as its text."""


@dataclass
class Decision:
    picked: str
    subset: str | None
    priority: str


def decide(situation, random):
    if not situation.members:
        raise NoInstance("no instances")
    up, able = eligible(situation.members, situation.protected)
    if not able:
        raise NoInstance("none eligible")
    factors = slow_start_factors(situation, able)
    up, able = narrowed(situation.request, up), narrowed(situation.request, able)
    if not able:
        raise NoInstance("none match")
    headers = situation.request.get("headers", {})
    subset = subsets.chosen(situation.policy, able, headers, situation.caller, random)
    if subset:
        up, able = narrowed(subset, up), narrowed(subset, able)
    priority, pool = place(situation, up, able, random)
    picked = balanced(situation, pool, factors, random)
    return Decision(picked, subset and subset["name"], priority)


def eligible(members, protected):
    """Those with status up, and those of them that are eligible."""
    up = [member for member in members if member["status"] == "up"]
    return up, [member for member in up if protected or member["health"] != "failing"]


def narrowed(wanted, members):
    return [member for member in members if subsets.selects(wanted, member)]


def slow_start_factors(situation, able):
    ids = [member["id"] for member in able]
    began = [situation.endpoints.get(id_, {}).get("slow_start_began") for id_ in ids]
    ages = [None if at is None else situation.now - at for at in began]
    return dict(zip(ids, slow_start.factors(situation.policy["slow_start"], ages)))


def place(situation, up, able, random):
    """The name of the priority that answers, and its candidates."""
    settings = situation.policy["locality"]
    names, groups = {}, {}
    for member in up:
        rank, name = locality.priority(member, situation.caller, settings["failover_regions"])
        names[rank] = name
        groups.setdefault(rank, []).append(member)
    ranks = sorted(groups)
    answering = [[member for member in groups[rank] if member in able] for rank in ranks]
    healthy = [[member for member in group if not ejected(situation, member)] for group in answering]
    counts = [(len(well), len(groups[rank])) for well, rank in zip(healthy, ranks)]
    loads, norm = locality.loads(counts, settings["overprovision"])
    if norm == 0:
        if settings["panic_threshold"] == 0:
            raise NoInstance("all ejected")
        index = next(index for index, group in enumerate(answering) if group)
        return names[ranks[index]], answering[index]
    index = locality.drawn(loads, random)
    panic = locality.panics(counts, norm, settings["panic_threshold"])[index]
    return names[ranks[index]], (answering if panic else healthy)[index]


def ejected(situation, member):
    until = situation.endpoints.get(member["id"], {}).get("ejected_until")
    return until is not None and until > situation.now


def weighed(members):
    """Pairs of member and weight: those of weight 0 are left out, unless that leaves none."""
    weights = [(member, member["weight"]) for member in members if member["weight"] > 0]
    return weights or [(member, 1) for member in members]


def balanced(situation, pool, factors, random):
    """The id that the balancer picks."""
    tried = situation.request.get("tried", [])
    candidates = weighed([member for member in pool if member["id"] not in tried] or pool)
    if len(candidates) == 1:
        return candidates[0][0]["id"]
    ids = [member["id"] for member, _ in candidates]
    weights = [weight * factors[member["id"]] for member, weight in candidates]
    in_flight = [situation.endpoints.get(id_, {}).get("in_flight", 0) for id_ in ids]
    kind = situation.policy["balancer"]["kind"]
    if kind == "weighted_random":
        return ids[balancers.weighted_random(weights, random)]
    if kind == "smooth_wrr":
        current = {id_: one["current"] for id_, one in situation.endpoints.items() if "current" in one}
        return balancers.SmoothWeightedRoundRobin(current).pick(list(zip(ids, weights)))
    if kind == "least_request":
        return ids[balancers.least_request(list(zip(in_flight, weights)), random)]
    if kind == "peak_ewma":
        return ids[ewma(situation).pick(list(zip(ids, in_flight, weights)), random, situation.now)]
    return hashed(situation, pool, candidates, random)


def ewma(situation):
    """The state of those that have observed something."""
    known = {id_: one for id_, one in situation.endpoints.items() if "cost" in one}
    states = {id_: Endpoint(one["cost"], one["stamp"], observed=True) for id_, one in known.items()}
    return PeakEwma(duration(situation.policy["balancer"]["decay"]), states)


def hashed(situation, pool, candidates, random):
    settings = situation.policy["balancer"]
    key = hash_key(settings["hash_header"], situation.request, random)
    hosts = hosted(candidates)
    if settings["kind"] == "rendezvous":
        return hashing.rendezvous_order(hosts, key)[0].id
    ids = {host.id for host in hosts}
    whole = hosted(weighed(pool))
    if not any(host.id in ids for host in whole):
        whole = hosts
    left_out = {host.id for host in whole} - ids
    return hashing.Ring(whole, settings["ring_size"]).pick(key, left_out).id


def hosted(candidates):
    return [hashing.Host(one["id"], one["address"], one["port"], weight) for one, weight in candidates]


def hash_key(header, request, random):
    value = subsets.header(request.get("headers", {}), header) if header else None
    value = request.get("hash_key") if value is None else value
    return f"{random.draw():016x}" if value is None else value
