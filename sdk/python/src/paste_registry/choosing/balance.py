"""Steps 5 to 7 of the definitions: of the members that are near enough, the one that the balancer chooses."""

from collections.abc import Callable, Sequence

from . import balancers
from .arithmetic import Random
from .ask import Ask
from .candidates import Candidates
from .endpoint import Endpoint
from .hash_ring import rendezvous
from .peak_ewma import PeakEwma
from .policy import Balancer


class Balance:
    """A balancer with its parameters, over the members of one priority.

    `factor` gives the share of its weight that an endpoint gets in slow start; without it nobody is in slow start.
    """

    def __init__(
        self,
        policy: Balancer,
        ewma: PeakEwma,
        members: Sequence[Endpoint],
        factor: Callable[[Endpoint], float] | None = None,
    ) -> None:
        self._policy = policy
        self._ewma = ewma
        self._members = members
        self._factor = factor
        self._everyone = Candidates.of(members, factor)

    def choose(self, ask: Ask, now: int, random: Random) -> Endpoint:
        """One of the members, of which there is at least one."""
        left = self._everyone
        if ask.tried:
            untried = [each for each in self._members if each.id not in ask.tried]
            left = Candidates.of(untried, self._factor) if untried else left
        endpoints, kind = left.endpoints, self._policy.kind
        if kind == "smooth_wrr":
            return endpoints[balancers.smooth_wrr(endpoints, left.weights)]
        if len(endpoints) == 1:
            return endpoints[0]
        match kind:
            case "weighted_random":
                return endpoints[balancers.weighted_random(left.cumulative, random)]
            case "least_request":
                return endpoints[balancers.least_request(endpoints, left.weights, random)]
            case "ring_hash":
                return self._on_ring(left, ask, random)
            case "rendezvous":
                authorities = [each.instance.authority for each in endpoints]
                return endpoints[rendezvous(authorities, left.plain, self._key(ask, random))]
            case _:
                return endpoints[balancers.peak_ewma(left, self._ewma, now, random)]

    def _on_ring(self, left: Candidates, ask: Ask, random: Random) -> Endpoint:
        key, size = self._key(ask, random), self._policy.ring_size
        if left is self._everyone:
            return left.endpoints[next(left.ring(size).walk(key))]
        # Who was tried stays on the ring, so that keys of others stay where they are.
        everyone = self._everyone.endpoints
        for index in self._everyone.ring(size).walk(key):
            if everyone[index].id not in ask.tried:
                return everyone[index]
        return left.endpoints[next(left.ring(size).walk(key))]

    def _key(self, ask: Ask, random: Random) -> str:
        """What is hashed: the policy's header, else what the caller gives, else anything."""
        header = self._policy.hash_header
        key = ask.headers.get(header) if header is not None else None
        if key is None:
            key = ask.hash_key
        return key if key is not None else f"{random():016x}"
