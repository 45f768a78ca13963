"""Those among which a balancer chooses, with their weights: what steps 5 and 6 of the definitions leave."""

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import accumulate

from .endpoint import Endpoint
from .hash_ring import Ring


class Candidates:
    """Endpoints in id order with weights above 0. `plain` are the weights without slow start, `weights` those that hold
    now. What a balancer derives from them is kept with them."""

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        plain: Sequence[int],
        factor: Callable[[Endpoint], float] | None = None,
    ) -> None:
        self.endpoints = endpoints
        self.plain = plain
        self.weights: Sequence[float] = plain
        if factor is not None:
            self.weights = [weight * factor(each) for each, weight in zip(endpoints, plain, strict=True)]
        self._rings: dict[int, Ring] = {}

    @classmethod
    def of(cls, endpoints: Sequence[Endpoint], factor: Callable[[Endpoint], float] | None = None) -> "Candidates":
        """Without those of weight 0, unless that leaves none; then all of them have weight 1."""
        weighted = [each for each in endpoints if each.instance.weight > 0]
        if weighted:
            return cls(weighted, [each.instance.weight for each in weighted], factor)
        return cls(endpoints, [1] * len(endpoints), factor)

    @cached_property
    def cumulative(self) -> list[float]:
        """The running sums of the weights."""
        return list(accumulate(map(float, self.weights)))

    def ring(self, size: int) -> Ring:
        """The ring of hashes with at least `size` entries."""
        if size not in self._rings:
            authorities = [each.instance.authority for each in self.endpoints]
            self._rings[size] = Ring(authorities, self.plain, size)
        return self._rings[size]
