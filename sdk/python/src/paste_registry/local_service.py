"""The local copy of one service: its instances, kept current by the stream."""

import logging
from collections.abc import Callable, Iterable, Mapping
from threading import Event, Lock
from typing import Any

from .choosing.chooser import Chooser
from .choosing.policy import SECOND, Policy
from .instance import Instance

log = logging.getLogger("paste_registry")

_UNCONFIRMED_KEPT = 60 * SECOND
"""How long instances that another history knew are kept while that history hasn't shown them."""


class LocalService:
    """What is known of one service. It is changed by the stream alone, and read by everybody without waiting."""

    def __init__(self, name: str, clock: Callable[[], int], random: Callable[[], int]) -> None:
        self.name = name
        self.known = Event()
        self.asked_at = clock()
        self.revision = 0
        self.protected = False
        self.policy = Policy()
        self.chooser = Chooser(random)
        self.from_stream = False
        """Whether the stream told of it in this run; else what there is comes from disk."""
        self.epoch: str | None = None
        """Of which history it is; `None` while that isn't known."""
        self._clock = clock
        self._lock = Lock()
        self._instances: dict[str, Instance] = {}
        self._unconfirmed: dict[str, int] = {}
        self._view: tuple[Instance, ...] | None = ()

    def instances(self) -> tuple[Instance, ...]:
        """All instances, in id order, whatever their status and health."""
        view = self._view
        if view is None:
            with self._lock:
                view = self._view = tuple(self._instances[name] for name in sorted(self._instances))
        return view

    def snapshot(self, data: Mapping[str, Any]) -> bool:
        """Takes in the whole service; whether that changed anything. Raises `ValueError` for what can't be read."""
        instances, policy = _instances(data["instances"]), self._policy(data.get("policy"))
        gone = self._instances.keys() - instances.keys() - self._unconfirmed.keys()
        changed = [each for each in instances.values() if self._instances.get(each.id) != each]
        news = bool(gone or changed) or not self.known.is_set()
        return self._apply(data, changed, gone, policy, confirmed=instances) or news

    def delta(self, data: Mapping[str, Any]) -> bool:
        """Takes in what changed; raises `ValueError` for what can't be read."""
        upserted = _instances(data["upserted"])
        removed = [name for name in data["removed"] if isinstance(name, str)]
        policy = self._policy(data["policy"]) if "policy" in data else self.policy
        return self._apply(data, upserted.values(), removed, policy, confirmed=upserted) or bool(upserted or removed)

    def doubt(self) -> None:
        """Another history holds: what it doesn't show is kept for a while only."""
        deadline = self._clock() + _UNCONFIRMED_KEPT
        with self._lock:
            for name in self._instances:
                self._unconfirmed.setdefault(name, deadline)

    def renew_doubt(self) -> None:
        """No stream was open for a while: what hasn't been confirmed gets all of its time again."""
        deadline = self._clock() + _UNCONFIRMED_KEPT
        with self._lock:
            self._unconfirmed = dict.fromkeys(self._unconfirmed, deadline)

    @property
    def doubtful(self) -> bool:
        """Whether something is kept that hasn't been confirmed."""
        return bool(self._unconfirmed)

    def expire(self) -> bool:
        """Drops what hasn't been confirmed in time; whether there was anything."""
        if not self._unconfirmed:
            return False
        now = self._clock()
        late = [name for name, deadline in self._unconfirmed.items() if deadline <= now]
        if late:
            self._change((), late, self.policy)
        return bool(late)

    def to_json(self) -> dict[str, Any]:
        """What is kept on disk."""
        return {
            "revision": self.revision,
            "protected": self.protected,
            "policy": self.policy.json or None,
            "instances": [each.to_json() for each in self.instances()],
        }

    def _apply(
        self,
        data: Mapping[str, Any],
        upserted: Iterable[Instance],
        removed: Iterable[str],
        policy: Policy,
        confirmed: Iterable[str],
    ) -> bool:
        """Whether something of the service itself changed."""
        before = self.policy, self.protected
        self.revision, self.protected = int(data["revision"]), bool(data["protected"])
        with self._lock:
            for name in confirmed:
                self._unconfirmed.pop(name, None)
        self._change(upserted, removed, policy)
        self.known.set()
        return before != (self.policy, self.protected)

    def _change(self, upserted: Iterable[Instance], removed: Iterable[str], policy: Policy) -> None:
        upserted, removed = list(upserted), list(removed)
        with self._lock:
            for name in removed:
                self._instances.pop(name, None)
                self._unconfirmed.pop(name, None)
            for instance in upserted:
                self._instances[instance.id] = instance
            self._view = None
        self.policy = policy
        self.chooser.update(upserted, removed, self.protected, policy, self._clock())

    def _policy(self, data: Any) -> Policy:
        """A policy that can't be read leaves what holds: choosing by an old policy is better than not at all."""
        if data is None:
            return Policy()
        if data == self.policy.json:
            return self.policy
        try:
            return Policy.from_json(data)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning("the policy of %s can't be read, the last one holds: %s", self.name, error)
            return self.policy


def _instances(data: Any) -> dict[str, Instance]:
    return {each.id: each for each in map(Instance.from_json, data)}
