"""A service as its consumers see it: the local copy, and choosing from it."""

from collections import deque
from collections.abc import Callable, Collection, Mapping
from threading import Event
from typing import TYPE_CHECKING

from .choosing.ask import Ask
from .choosing.chooser import NoneToChooseError
from .choosing.endpoint import Endpoint
from .choosing.policy import SECOND, Policy
from .choosing.retry_budget import RetryBudget
from .choosing.trace import Trace
from .choosing.version_range import VersionRange, version_range
from .errors import ClosedError, NoInstanceError, NotKnownYetError
from .instance import Instance
from .pick import Pick

if TYPE_CHECKING:
    from .local_service import LocalService
    from .registry import Registry


class Service:
    """One service, followed. Everything is answered from memory; only the first use waits for the first knowledge, at
    most the request time-out, and then raises `NotKnownYetError`."""

    def __init__(self, registry: "Registry", local: "LocalService") -> None:
        self.name = local.name
        self.budget = RetryBudget()
        """Shared by all wrappers that retry calls to this service."""
        self._registry = registry
        self._local = local
        self._dropped: deque[Endpoint] = deque()
        self._plain = Ask(zone=registry.settings.zone, region=registry.settings.region)

    @property
    def known(self) -> bool:
        """Whether anything is known of it."""
        return self._local.known.is_set()

    def wait(self, timeout: float | None = None) -> None:
        """Waits for the first knowledge, at most `timeout` seconds, else for what is left of the request time-out since
        the service was first asked for; raises `NotKnownYetError` and `ClosedError`."""
        wait_known(self._registry, self.name, self._local.known, self._local.asked_at, timeout)

    def instances(self, timeout: float | None = None) -> tuple[Instance, ...]:
        """All instances, in id order, whatever their status and health."""
        self.wait(timeout)
        return self._local.instances()

    def age(self) -> float:
        """Seconds for which nothing is known for certain: 0 while the stream is open. Infinite if nothing is known."""
        return self._registry.copy.age(self._local)

    def policy(self) -> Policy:
        """The policy that holds; that of the defaults, if the service has none."""
        self.wait()
        return self._local.policy

    def on_change(self, callback: Callable[[tuple[Instance, ...]], object]) -> Callable[[], None]:
        """Calls `callback` with all instances, once they are known and whenever something changed, one call at a time,
        on a thread of the client. What it gives back ends that."""
        return self._registry.notifier.on_service(self._local, callback)

    def choose(
        self,
        *,
        version: str | VersionRange | None = None,
        tags: Collection[str] = (),
        metadata: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        hash_key: str | None = None,
        exclude: Collection[str] = (),
        trace: bool = False,
    ) -> Pick:
        """Chooses an instance by what is asked for, the policy, the place of this process and the outcomes of earlier
        calls. `version` is a range such as `^1.4`; `headers` are those of the call, for rules and hashing; `hash_key`
        is what hashing balancers go by where the policy names no header; `exclude` are ids that were tried before;
        `trace` asks for the reasons. Raises `NoInstanceError`, `NotKnownYetError`, `InvalidVersionRangeError` and
        `ClosedError`."""
        ask = self._plain
        if version is not None or tags or metadata or headers or hash_key is not None or exclude:
            ask = Ask(
                version=version_range(version) if isinstance(version, str) else version,
                tags=tuple(tags),
                metadata=tuple(sorted(metadata.items())) if metadata else (),
                zone=ask.zone,
                region=ask.region,
                headers={name.lower(): value for name, value in headers.items()} if headers else {},
                hash_key=hash_key,
                tried=frozenset(exclude),
            )
        return self.pick(ask, Trace() if trace else None)

    def pick(self, ask: Ask, trace: Trace | None = None) -> Pick:
        """`choose` for a question that is kept."""
        if not self._local.known.is_set() or self._registry.closed:
            self.wait()
        while self._dropped:
            self.finish(self._dropped.popleft(), True, False, None)
        clock = self._registry.settings.clock
        try:
            endpoint = self._local.chooser.decide(ask, clock(), trace)
        except NoneToChooseError as error:
            raise NoInstanceError(self.name, error.reason) from None
        if self._registry.hooks.wanted:
            self._registry.hooks.emit("picked", service=self.name, id=endpoint.id)
        return Pick(endpoint, self, clock, trace)

    def finish(self, endpoint: Endpoint, success: bool, slowed: bool, latency: int | None) -> None:
        """A call is over, as `Pick.done` says."""
        registry = self._registry
        failed = not success and not slowed
        now = registry.settings.clock()
        ejected = self._local.chooser.finish(endpoint, failed, slowed, latency, now)
        registry.load.calls.add(self.name, not success or slowed, latency)
        if registry.hooks.wanted:
            took = None if latency is None else latency / SECOND
            registry.hooks.emit("called", service=self.name, id=endpoint.id, success=success, latency=took)
            if ejected:
                registry.hooks.emit("ejected", service=self.name, id=endpoint.id)

    def drop(self, endpoint: Endpoint) -> None:
        """A pick is gone without a word: that is taken in before the next choice, as this may be called within one."""
        self._dropped.append(endpoint)


def wait_known(registry: "Registry", name: str, known: Event, asked_at: int, timeout: float | None) -> None:
    """Waits until something is known; raises `NotKnownYetError`, or `ClosedError` once the client is."""
    if registry.closed:
        raise ClosedError()
    if known.is_set():
        return
    if timeout is None:
        spent = (registry.settings.clock() - asked_at) / SECOND
        timeout = registry.settings.request_timeout - spent
    if not known.wait(max(timeout, 0.0)):
        raise NotKnownYetError(name, registry.copy.last_failure)
