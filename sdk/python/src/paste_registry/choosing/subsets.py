"""Which subset of a service a call belongs to: by the rules of the policy, else by the weights of its subsets."""

from collections.abc import Sequence
from functools import cached_property

from .arithmetic import Random, mulhi
from .ask import Ask, matches
from .endpoint import Endpoint
from .locality import Priority, priorities
from .policy import Policy, Rule
from .xxh64 import xxh64

_CALLERS_MAX = 64
"""For how many zones and regions of callers the distances are remembered."""


class Pool:
    """Members with status `up`, in id order, from which one call is answered."""

    def __init__(self, up: Sequence[Endpoint]) -> None:
        self.up = up
        self._priorities: dict[tuple[str | None, str | None], list[Priority]] = {}

    @cached_property
    def answers(self) -> bool:
        """Whether somebody in it is eligible."""
        return any(endpoint.eligible for endpoint in self.up)

    def priorities(self, policy: Policy, ask: Ask) -> list[Priority]:
        """Its members by distance from the caller."""
        caller = (ask.zone, ask.region)
        if caller not in self._priorities:
            if len(self._priorities) >= _CALLERS_MAX:
                self._priorities.clear()
            self._priorities[caller] = priorities(self.up, policy.locality, ask)
        return self._priorities[caller]


class Asked(Pool):
    """All members that have what a caller asks for, and the subsets of them, by name."""

    def __init__(self, up: Sequence[Endpoint], policy: Policy) -> None:
        super().__init__(up)
        self.policy = policy
        self.subsets = {
            subset.name: Pool([each for each in up if matches(each.instance, subset)]) for subset in policy.subsets
        }

    @cached_property
    def weighted(self) -> list[tuple[str, int]]:
        """The subsets that share the calls that no rule decides, in the policy's order."""
        named = [(each.name, each.weight) for each in self.policy.subsets]
        return [(name, weight) for name, weight in named if weight > 0 and self.subsets[name].answers]


def subset_of(asked: Asked, ask: Ask, random: Random) -> tuple[str | None, str]:
    """The name of the subset that gets the call, `None` for all that are asked for; and what decided."""
    for index, rule in enumerate(asked.policy.rules):
        pool = asked.subsets.get(rule.subset)
        if pool is not None and applies(rule, ask) and pool.answers:
            return rule.subset, f"rule {index}"
    weighted = asked.weighted
    if not weighted:
        return None, "no rule, no weights"
    if len(weighted) == 1:
        return weighted[0][0], "the only one with a weight"
    whole = sum(weight for _, weight in weighted)
    point = mulhi(random(), whole)
    cumulative = 0
    decided = ""
    for name, weight in weighted:
        cumulative += weight
        if cumulative > point:
            decided = name
            break
    return decided, f"weights, {point} of {whole}"


def applies(rule: Rule, ask: Ask) -> bool:
    """Whether a rule speaks of the call."""
    return (
        all(ask.headers.get(name) == value for name, value in rule.headers)
        and (rule.users is None or _chosen(rule.subset, *rule.users, ask))
        and (not rule.zones or ask.zone in rule.zones)
        and (not rule.regions or ask.region in rule.regions)
    )


def _chosen(subset: str, header: str, percent: float, ask: Ask) -> bool:
    value = ask.headers.get(header)
    if value is None:
        return False
    return mulhi(xxh64(f"{subset}\0{value}".encode()), 10_000) < round(percent * 100)
