"""The balancers that give the same key to the same instance: ring hash and rendezvous."""

from bisect import bisect_left
from dataclasses import dataclass
from math import ceil, inf, log

from .xxh64 import xxh64

SCALE_MAX = 4096


@dataclass(frozen=True)
class Host:
    """A candidate as the hashing balancers see it."""

    id: str
    address: str
    port: int
    weight: int

    @property
    def key(self):
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{address}:{self.port}"


class Ring:
    """Hosts, in id order, on a ring of hashes."""

    def __init__(self, hosts, ring_size):
        self.hosts = hosts
        weights = sum(host.weight for host in hosts)
        shares = [host.weight / weights for host in hosts]
        least = min(shares)
        scale = min(ceil(least * ring_size) / least, SCALE_MAX)
        entries, target = [], 0.0
        for index, (host, share) in enumerate(zip(hosts, shares)):
            target += scale * share
            k = 0
            while len(entries) < target:
                entries.append((xxh64(f"{host.key}_{k}"), index))
                k += 1
        self.entries = sorted(entries)

    def order(self, key):
        """The hosts in the order in which the walk from the hash of `key` meets them."""
        start = bisect_left(self.entries, (xxh64(key), -1))
        met = dict.fromkeys(index for _, index in self.entries[start:] + self.entries[:start])
        return [self.hosts[index] for index in met]

    def pick(self, key, tried=()):
        """The first host on the walk that wasn't tried; where all were, the first."""
        order = self.order(key)
        return next((host for host in order if host.id not in tried), order[0])


def score(weight, hash_):
    logarithm = log(((hash_ >> 11) + 0.5) / 2**53)
    return -weight / logarithm if logarithm else inf


def rendezvous_order(hosts, key):
    """The hosts, best first."""
    hashes = {host.id: xxh64(host.key.encode() + b"\0" + key.encode()) for host in hosts}
    equal = len({host.weight for host in hosts}) == 1

    def rank(host):
        hash_ = hashes[host.id]
        return (hash_ if equal else score(host.weight, hash_)), host.key.encode()

    # The sort is stable in reverse, too: of equal keys the first id comes first.
    return sorted(hosts, key=rank, reverse=True)
