"""The balancers that send the same key to the same instance: ring hash and rendezvous."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from math import ceil, inf, log

from .arithmetic import total
from .xxh64 import xxh64

SCALE_MAX = 4096
"""How many entries a ring has at most, for each share of 1 of the weights."""


class Ring:
    """Hosts (`address:port`) on a ring of hashes, each with entries in proportion to its weight."""

    def __init__(self, authorities: Sequence[str], weights: Sequence[float], size: int) -> None:
        whole = total(weights)
        shares = [weight / whole for weight in weights]
        least = min(shares)
        scale = min(ceil(least * size) / least, SCALE_MAX)
        entries: list[tuple[int, int]] = []
        target = 0.0
        for index, (authority, share) in enumerate(zip(authorities, shares, strict=True)):
            target += scale * share
            number = 0
            while len(entries) < target:
                entries.append((xxh64(f"{authority}_{number}".encode()), index))
                number += 1
        entries.sort()
        self._hashes = [entry[0] for entry in entries]
        self.owners = [entry[1] for entry in entries]

    def walk(self, key: str) -> Iterator[int]:
        """The indices of the hosts whose entries are met from the hash of `key` on, once round the ring."""
        start = bisect_left(self._hashes, xxh64(key.encode()))
        yield from self.owners[start:]
        yield from self.owners[:start]


def rendezvous(authorities: Sequence[str], weights: Sequence[int], key: str) -> int:
    """The index of the host with the greatest score for `key`; of equals the greater `address:port`, then the first."""
    suffix = b"\0" + key.encode()
    names = [authority.encode() for authority in authorities]
    hashes = [xxh64(name + suffix) for name in names]
    equal = all(weight == weights[0] for weight in weights)
    scores: Sequence[float] = hashes if equal else [_score(w, h) for w, h in zip(weights, hashes, strict=True)]
    return max(range(len(names)), key=lambda index: (scores[index], names[index]))


def _score(weight: int, value: int) -> float:
    logarithm = log(((value >> 11) + 0.5) / 2**53)
    return -weight / logarithm if logarithm else inf
