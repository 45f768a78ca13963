"""Maglev: the balancer that gives the same key to the same instance by looking into a table."""

from .xxh64 import xxh64

SLOTS = 65537


class Maglev:
    """Hosts, in id order, in a table of slots; `slots` is a prime."""

    def __init__(self, hosts, slots=SLOTS):
        self.hosts = hosts
        self.slots = [None] * slots
        heaviest = max(host.weight for host in hosts)
        ways = [self.way(host.key) for host in hosts]
        taken = [0] * len(hosts)
        turn = free = 0
        while free < slots:
            turn += 1
            for index, host in enumerate(hosts):
                if turn * host.weight >= taken[index] * heaviest and free < slots:
                    slot = next(slot for slot in ways[index] if self.slots[slot] is None)
                    self.slots[slot] = index
                    taken[index] += 1
                    free += 1

    def way(self, key):
        """The slots in the order in which a host wants them."""
        count = len(self.slots)
        at, skip = xxh64(key) % count, xxh64(key, 1) % (count - 1) + 1
        while True:
            yield at
            at = (at + skip) % count

    def order(self, key):
        """The hosts in the order in which the walk from the slot of `key` meets them."""
        start = xxh64(key) % len(self.slots)
        met = dict.fromkeys(self.slots[start:] + self.slots[:start])
        return [self.hosts[index] for index in met]

    def pick(self, key, tried=()):
        """The first host on the walk that wasn't tried; where all were, the first."""
        order = self.order(key)
        return next((host for host in order if host.id not in tried), order[0])
