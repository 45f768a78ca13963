"""Locality: near instances first, farther ones as the near ones fail."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from .arithmetic import Random, mulhi
from .ask import Ask
from .balance import Balance
from .endpoint import Endpoint
from .policy import Locality


@dataclass(slots=True)
class Priority:
    """Instances that are equally near. `load` is its percentage of the calls; `balance` is kept for the next one."""

    name: str
    up: list[Endpoint]
    load: int = 0
    panic: bool = False
    balance: Balance | None = None

    @property
    def eligible(self) -> list[Endpoint]:
        """Those that may answer, ejected or not."""
        return [each for each in self.up if each.eligible]

    @property
    def healthy(self) -> list[Endpoint]:
        """Those that may answer and aren't ejected."""
        return [each for each in self.up if each.eligible and not each.ejected]

    @property
    def candidates(self) -> list[Endpoint]:
        """Those among which a balancer chooses; in id order."""
        return self.eligible if self.panic else self.healthy


def priorities(up: Sequence[Endpoint], policy: Locality, ask: Ask) -> list[Priority]:
    """The members with status `up` by priority, nearest first, with loads; empty priorities are left out."""
    regions = [*([ask.region] if ask.region is not None else []), *policy.failover_regions]
    near = Priority("zone", [])
    by_region = {region: Priority("region" if region == ask.region else f"failover:{region}", []) for region in regions}
    others = Priority("other", [])
    for endpoint in up:
        instance = endpoint.instance
        if ask.zone is not None and _same_zone(instance.zone, instance.region, ask):
            near.up.append(endpoint)
        else:
            by_region.get(instance.region or "", others).up.append(endpoint)
    found = [each for each in (near, *by_region.values(), others) if each.up]
    counts = [(len(each.healthy), len(each.up)) for each in found]
    for priority, (load, panic) in zip(found, loads(counts, policy), strict=True):
        priority.load, priority.panic = load, panic
    return found


def _same_zone(zone: str | None, region: str | None, ask: Ask) -> bool:
    return zone == ask.zone and (region is None or ask.region is None or region == ask.region)


def loads(counts: Sequence[tuple[int, int]], policy: Locality) -> list[tuple[int, bool]]:
    """For each priority, given as (healthy, total): its percentage of the calls, and whether it is in panic."""
    health = [min(100, policy.overprovision * healthy // total) for healthy, total in counts]
    norm = min(100, sum(health))
    shares: list[int] = []
    for value in health:
        shares.append(min(100 - sum(shares), value * 100 // norm) if norm else 0)
    if norm:
        first = next(index for index, value in enumerate(health) if value > 0)
        shares[first] += 100 - sum(shares)
    panics = [norm < 100 and healthy * 100 < policy.panic_threshold * total for healthy, total in counts]
    return list(zip(shares, panics, strict=True))


def drawn(shares: Sequence[int], random: Random) -> int:
    """The index of the priority that gets the call; at least one share is above 0, and they add up to 100."""
    loaded = [index for index, share in enumerate(shares) if share > 0]
    if len(loaded) == 1:
        return loaded[0]
    return bisect_right(list(accumulate(shares)), mulhi(random(), 100))
