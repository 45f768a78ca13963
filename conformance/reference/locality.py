"""Which place answers: priorities, their loads, and panic."""

from .numbers import mulhi


def loads(counts, overprovision):
    """The share of each priority in percent, and the normalised health; `counts` are pairs of healthy and total."""
    health = [min(100, overprovision * healthy // total) for healthy, total in counts]
    norm = min(100, sum(health))
    if norm == 0:
        return [0] * len(counts), 0
    shares = []
    for own in health:
        shares.append(min(100 - sum(shares), own * 100 // norm))
    shares[next(index for index, own in enumerate(health) if own > 0)] += 100 - sum(shares)
    return shares, norm


def panics(counts, norm, threshold):
    """Whether each priority is in panic."""
    return [norm < 100 and healthy * 100 < threshold * total for healthy, total in counts]


def drawn(shares, random):
    """The index of the priority that takes a request; one of them is above 0."""
    loaded = [index for index, share in enumerate(shares) if share > 0]
    if len(loaded) == 1:
        return loaded[0]
    x = mulhi(random.draw(), 100)
    return next(index for index in range(len(shares)) if sum(shares[: index + 1]) > x)


def priority(member, caller, failover_regions):
    """The place of a member as the caller sees it: its rank, and its name."""
    zone, region = caller.get("zone"), caller.get("region")
    its_zone, its_region = member.get("zone"), member.get("region")
    regions_agree = region is None or its_region is None or its_region == region
    if zone is not None and its_zone == zone and regions_agree:
        return 0, "zone"
    if region is not None and its_region == region:
        return 1, "region"
    if its_region in failover_regions:
        index = failover_regions.index(its_region)
        return 2 + index, f"failover:{its_region}"
    return 2 + len(failover_regions), "other"
