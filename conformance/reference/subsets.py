"""What is asked, and which part of a service answers: selection, rules, and shares of the traffic."""

from itertools import accumulate

from .numbers import mulhi
from .version import matches
from .xxh64 import xxh64


def selects(wanted, member):
    """Whether a member has the version, all tags and all metadata that a request or a subset wants."""
    range_, own = wanted.get("version"), member.get("version")
    if range_ is not None and (own is None or not matches(range_, own)):
        return False
    tags, metadata = member.get("tags", []), member.get("metadata", {})
    return all(tag in tags for tag in wanted.get("tags", [])) and all(
        metadata.get(key) == value for key, value in wanted.get("metadata", {}).items()
    )


def header(headers, name):
    """The value of a header, if it is there."""
    return next((value for key, value in headers.items() if key.lower() == name.lower()), None)


def holds(users, subset, headers):
    """Whether the user whom a header names is among the share that goes to a subset."""
    value = header(headers, users["header"])
    if value is None:
        return False
    place = mulhi(xxh64(f"{subset}\0{value}"), 10000)
    return place < round(users["percent"] * 100)


def applies(rule, headers, caller):
    if any(header(headers, name) != value for name, value in rule.get("headers", {}).items()):
        return False
    if rule.get("users") is not None and not holds(rule["users"], rule["subset"], headers):
        return False
    zones, regions = rule.get("zones", []), rule.get("regions", [])
    return (not zones or caller.get("zone") in zones) and (not regions or caller.get("region") in regions)


def chosen(policy, members, headers, caller, random):
    """The subset that answers, None for all; `members` are eligible and asked for."""
    populated = [one for one in policy["subsets"] if any(selects(one, member) for member in members)]
    by_name = {one["name"]: one for one in populated}
    for rule in policy["rules"]:
        if rule["subset"] in by_name and applies(rule, headers, caller):
            return by_name[rule["subset"]]
    weighted = [one for one in populated if one.get("weight", 0) > 0]
    if len(weighted) < 2:
        return weighted[0] if weighted else None
    x = mulhi(random.draw(), sum(one["weight"] for one in weighted))
    cumulative = accumulate(one["weight"] for one in weighted)
    return next(one for one, reached in zip(weighted, cumulative) if reached > x)
