"""Choosing among the instances of one service: `decide` of the definitions, and the state that it needs."""

from collections.abc import Iterable
from threading import Lock

from ..instance import Instance
from .arithmetic import Random
from .ask import Ask, matches
from .balance import Balance
from .eligibility import is_eligible, is_up
from .endpoint import Endpoint
from .locality import Priority, drawn
from .outliers import Outliers
from .peak_ewma import PeakEwma
from .policy import Policy
from .slow_start import Warming
from .subsets import Asked, Pool, subset_of
from .trace import Trace

_REMEMBERED_MAX = 256
"""How many different questions are remembered with those who can answer them."""


class NoneToChooseError(Exception):
    """No instance can be chosen. `reason` is `no instances`, `none eligible`, `none match` or `all ejected`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Chooser:
    """The endpoints of one service. Safe for several threads. Times are nanoseconds of one monotonic clock."""

    def __init__(self, random: Random) -> None:
        self.policy = Policy()
        self.endpoints: dict[str, Endpoint] = {}
        self._random = random
        self._lock = Lock()
        self._protected = False
        self._known = False
        self._ewma = PeakEwma(self.policy.balancer.decay)
        self._outliers = Outliers(self.policy.outlier_detection, self.endpoints)
        self._warming = Warming(self.policy.slow_start)
        self._stale = True
        self._generation = 0
        self._members: list[Endpoint] = []
        self._eligible = 0
        self._asked: dict[tuple[object, ...], Asked] = {}

    def update(
        self, upserted: Iterable[Instance], removed: Iterable[str], protected: bool, policy: Policy, now: int
    ) -> None:
        """Takes in instances that are new or changed, ids that are gone, and what holds for the service."""
        with self._lock:
            for name in removed:
                self._forget(self.endpoints.pop(name, None))
            for instance in upserted:
                self._upsert(instance, protected, now)
            if protected != self._protected:
                self._protected = protected
                for endpoint in self.endpoints.values():
                    self._judge(endpoint, now)
            if policy is not self.policy:
                self._follow(policy)
            self._known = self._stale = True

    def decide(self, ask: Ask, now: int, trace: Trace | None = None) -> Endpoint:
        """One endpoint, which has a call in flight from now on; raises `NoneToChooseError`. `trace` is filled in."""
        with self._lock:
            self._outliers.look(now)
            if self._stale or self._generation != self._outliers.generation:
                self._refresh()
            asked = self._those_asked(ask, trace)
            name, why = subset_of(asked, ask, self._random)
            pool = asked if name is None else asked.subsets[name]
            priority = self._priority(pool, ask)
            endpoint = self._balance(priority, now).choose(ask, now, self._random)
            endpoint.in_flight += 1
            if trace is not None:
                trace.subset, trace.subset_by = name, why
                trace.priorities = [(p.name, p.load, p.panic) for p in pool.priorities(self.policy, ask)]
                trace.priority, trace.candidates = priority.name, len(priority.candidates)
                trace.tried, trace.balancer = len(ask.tried), self.policy.balancer.kind
                trace.picked = endpoint.id
            return endpoint

    def finish(self, endpoint: Endpoint, failed: bool, slowed: bool, latency: int | None, now: int) -> bool:
        """A call is over. `failed` counts for outlier detection, `failed` and `slowed` for the EWMA; `latency` in
        nanoseconds. Whether the endpoint was ejected for it."""
        with self._lock:
            endpoint.in_flight -= 1
            if self.endpoints.get(endpoint.id) is not endpoint:
                return False
            self._outliers.look(now)
            if failed or slowed:
                self._ewma.observe_failure(endpoint, latency or 0, now)
            elif latency is not None:
                self._ewma.observe(endpoint, latency, now)
            return self._outliers.outcome(endpoint, failed, now)

    def _upsert(self, instance: Instance, protected: bool, now: int) -> None:
        known = self.endpoints.get(instance.id)
        if known is not None and known.instance.authority == instance.authority:
            known.instance = instance
            if protected == self._protected:
                self._judge(known, now)
            return
        self._forget(known)
        endpoint = Endpoint(instance, is_eligible(instance, protected))
        self.endpoints[instance.id] = endpoint
        if self._known:
            self._warming.begin(endpoint, now)

    def _judge(self, endpoint: Endpoint, now: int) -> None:
        eligible = is_eligible(endpoint.instance, self._protected)
        if eligible and not endpoint.eligible:
            self._warming.begin(endpoint, now)
        endpoint.eligible = eligible

    def _forget(self, endpoint: Endpoint | None) -> None:
        if endpoint is not None:
            self._ewma.forget(endpoint)
            self._outliers.forget(endpoint)
            self._warming.forget(endpoint)

    def _follow(self, policy: Policy) -> None:
        self.policy = policy
        self._ewma.decay = policy.balancer.decay
        self._outliers.policy = policy.outlier_detection
        self._warming.policy = policy.slow_start

    def _refresh(self) -> None:
        """What was derived from members and ejections is derived anew when it is asked for."""
        if self._stale:
            self._members = [self.endpoints[name] for name in sorted(self.endpoints)]
            self._eligible = sum(each.eligible for each in self._members)
            self._stale = False
        self._generation = self._outliers.generation
        self._asked.clear()

    def _those_asked(self, ask: Ask, trace: Trace | None) -> Asked:
        key = (ask.version, ask.tags, ask.metadata)
        asked = self._asked.get(key)
        if asked is None:
            up = [each for each in self._members if is_up(each.instance) and matches(each.instance, ask)]
            if len(self._asked) >= _REMEMBERED_MAX:
                self._asked.clear()
            asked = self._asked[key] = Asked(up, self.policy)
        if trace is not None:
            trace.members, trace.eligible = len(self._members), self._eligible
            trace.asked = sum(each.eligible for each in asked.up)
        if not asked.answers:
            if not self._members:
                raise NoneToChooseError("no instances")
            raise NoneToChooseError("none match" if self._eligible else "none eligible")
        return asked

    def _priority(self, pool: Pool, ask: Ask) -> Priority:
        found = pool.priorities(self.policy, ask)
        if found[0].load == 100:
            return found[0]
        if any(each.load for each in found):
            return found[drawn([each.load for each in found], self._random)]
        if not self.policy.locality.panic_threshold:
            raise NoneToChooseError("all ejected")
        return next(each for each in found if each.eligible)

    def _balance(self, priority: Priority, now: int) -> Balance:
        balancer = self.policy.balancer
        # The hashing ones weigh without slow start, so that their rings can be kept.
        weighed_now = balancer.kind not in ("ring_hash", "rendezvous")
        if weighed_now and self._warming.applies(self._eligible, now):
            return Balance(balancer, self._ewma, priority.candidates, lambda each: self._warming.factor(each, now))
        if priority.balance is None:
            priority.balance = Balance(balancer, self._ewma, priority.candidates)
        return priority.balance
