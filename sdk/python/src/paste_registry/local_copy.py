"""The local copy: everything that this client follows, fed by the stream, kept on disk."""

import json
import logging
import math
from collections.abc import Callable
from threading import Lock
from typing import Any, Protocol

from .choosing.policy import SECOND
from .hooks import Hooks
from .local_config import LocalConfig
from .local_service import LocalService
from .settings import Settings
from .snapshot_file import SnapshotFile
from .sse import Event

log = logging.getLogger("paste_registry")

_QUIET = 20 * SECOND
"""Silence of an open stream that says nothing about its age."""

_IDLE = 60.0
"""Seconds after which it is looked at what is due, when nothing is known to be."""

_WAITING_MAX = 10_000
"""How many events may wait for the id that says of which history they are."""

SUBSCRIPTIONS_MAX = 100
"""How many services and items one stream follows by name."""


class Listener(Protocol):
    """Who is told of changes; must not block."""

    def service_changed(self, service: LocalService) -> None: ...

    def config_changed(self, config: LocalConfig) -> None: ...


class UnreadableError(ValueError):
    """An event that can't be read: the stream is of no use any more."""


class LocalCopy:
    """The services and configuration items of one namespace that are followed."""

    def __init__(self, settings: Settings, hooks: Hooks, listener: Listener) -> None:
        self.services: dict[str, LocalService] = {}
        self.configs: dict[str, LocalConfig] = {}
        self.subscriptions = 0
        """Grows with each new subscription."""
        self.epoch: str | None = None
        self.last_failure = "the registry has not answered yet"
        self._settings = settings
        self._hooks = hooks
        self._listener = listener
        self._lock = Lock()
        self._clock = settings.clock
        self._open = False
        self._last_byte: int | None = None
        self._epoch_settled = False
        self._waiting: list[Event] = []
        self._changed_at: int | None = None
        self._file = SnapshotFile(settings.snapshot_folder, settings.namespace) if settings.snapshot_folder else None
        self._on_disk: dict[str, Any] = {}
        self._disk_born = 0
        self._disk_epoch: str | None = None
        self._load()

    def service(self, name: str) -> tuple[LocalService, bool]:
        """A service, and whether it is followed only from now on."""
        with self._lock:
            found = self.services.get(name)
            if found is not None:
                return found, False
            found = LocalService(name, self._clock, self._settings.random)
            self._restore(found.name, "services", found.snapshot)
            found.epoch = self._disk_epoch if found.known.is_set() else None
            self.services[name] = found
            self.subscriptions += 1
            return found, True

    def config(self, name: str) -> tuple[LocalConfig, bool]:
        """A configuration item, and whether it is followed only from now on."""
        with self._lock:
            found = self.configs.get(name)
            if found is not None:
                return found, False
            found = LocalConfig(name, self._clock())
            self._restore(found.name, "configs", found.restore)
            self.configs[name] = found
            self.subscriptions += 1
            return found, True

    def subscribed(self) -> tuple[int, list[str], list[str]]:
        """The number of the last subscription, and what a stream has to follow."""
        with self._lock:
            services, configs = list(self.services), list(self.configs)
            if len(services) + len(configs) > SUBSCRIPTIONS_MAX:
                services = ["*"] if services else []
            if len(services) + len(configs) > SUBSCRIPTIONS_MAX:
                configs = sorted({f"{name.partition('/')[0]}/*" for name in configs})
            return self.subscriptions, services, configs

    def age(self, service: LocalService) -> float:
        """Seconds for which nothing is known for certain; infinite before anything is known."""
        if not service.known.is_set():
            return math.inf
        now = self._clock()
        if not service.from_stream:
            return (now - self._disk_born) / SECOND
        silence = now - (self._last_byte or 0)
        return 0.0 if self._open and silence <= _QUIET else silence / SECOND

    # What follows is called by the thread of the stream alone.

    def opened(self, resumed: bool) -> None:
        """A stream is open; `resumed` goes on where the last one ended."""
        if not self._open:
            for service in list(self.services.values()):
                service.renew_doubt()
        self._open = True
        self._last_byte = self._clock()
        self._epoch_settled = resumed or self.epoch is None
        self._waiting.clear()

    def heard(self) -> None:
        """Something came."""
        self._last_byte = self._clock()

    def ended(self, reason: str) -> None:
        """There is no stream. That changes nothing in the copy."""
        self._open = False
        self.last_failure = reason
        self._waiting.clear()

    def apply(self, event: Event) -> None:
        """Takes in an event; raises `UnreadableError`."""
        if event.id is not None:
            self._settle(event.id.partition("-")[0])
        if not event.data:
            return
        if not self._epoch_settled and event.name in ("snapshot", "delta"):
            # Of which history it is comes only with the id that ends the first snapshots.
            if len(self._waiting) >= _WAITING_MAX:
                raise UnreadableError("the stream doesn't say which history it tells of")
            self._waiting.append(event)
            return
        self._take(event)

    def all_shown(self, subscriptions: int) -> None:
        """All first snapshots of a stream of all services came: what it didn't show has no instances, unless there are
        more `subscriptions` than it knew of."""
        with self._lock:
            if subscriptions != self.subscriptions:
                return
            missing = [each for each in self.services.values() if not each.from_stream or each.epoch != self.epoch]
        for service in missing:
            self._take_service(service, "snapshot", {"revision": 0, "protected": False, "instances": []})

    def tick(self) -> float:
        """Does what is due; the seconds until something may be due again."""
        services = list(self.services.values())
        if self._open:
            for service in services:
                if service.expire():
                    self._touch()
                    self._listener.service_changed(service)
        pause = 1.0 if any(service.doubtful for service in services) else _IDLE
        if self._changed_at is None or self._file is None:
            return pause
        left = self._changed_at + SECOND - self._clock()
        if left > 0:
            return min(left / SECOND, pause)
        self.save()
        return pause

    def save(self) -> None:
        """Writes the copy to disk, if the stream told anything and there is a folder. Waits while something isn't
        confirmed: one epoch and one time couldn't be true of all."""
        if self._changed_at is None or self._file is None:
            return
        with self._lock:
            services = [each for each in self.services.values() if each.known.is_set()]
            configs = [each for each in self.configs.values() if each.known.is_set()]
        if not all(map(self._confirmed, services)) or not all(each.from_stream for each in configs):
            return
        self._changed_at = None
        kept = {each.name: value for each in configs if (value := each.to_json()) is not None}
        self._file.write(
            {"epoch": self.epoch, "services": {each.name: each.to_json() for each in services}, "configs": kept}
        )

    def _confirmed(self, service: LocalService) -> bool:
        """Whether the stream told all of it in this run, and in the history that holds."""
        told = service.from_stream and not service.doubtful
        return told and service.epoch is not None and service.epoch == self.epoch

    def _settle(self, epoch: str) -> None:
        """The stream tells of this history."""
        if self.epoch is None:
            # The first snapshots of all came before the id that names their history.
            for service in list(self.services.values()):
                service.epoch = epoch if service.from_stream else None
        elif epoch != self.epoch:
            self._doubt()
        self.epoch = epoch
        self._epoch_settled = True
        waiting, self._waiting = self._waiting, []
        for event in waiting:
            self._take(event)

    def _doubt(self) -> None:
        for service in list(self.services.values()):
            service.doubt()

    def _take(self, event: Event) -> None:
        try:
            data = json.loads(event.data)
            match event.name:
                case "snapshot" | "delta":
                    service = self.services.get(data["service"])
                    if service is not None:
                        self._take_service(service, event.name, data)
                case "config":
                    config = self.configs.get(f"{data['group']}/{data['key']}")
                    if config is not None and config.take(data):
                        self._touch()
                        self._listener.config_changed(config)
                case "reset":
                    self._doubt()
                    self.epoch, self._epoch_settled = str(data["epoch"]), True
                    self._hooks.emit("reset", epoch=self.epoch)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnreadableError(f"a {event.name} event can't be read: {type(error).__name__}: {error}") from error

    def _take_service(self, service: LocalService, kind: str, data: dict[str, Any]) -> None:
        if kind == "delta" and not service.from_stream:
            return
        if service.epoch != self.epoch:
            # What came from disk may be of a history that was past when the service was asked for.
            service.doubt()
        news = service.snapshot(data) if kind == "snapshot" else service.delta(data)
        service.from_stream, service.epoch = True, self.epoch
        self._touch()
        if news:
            self._listener.service_changed(service)

    def _touch(self) -> None:
        if self._changed_at is None:
            self._changed_at = self._clock()

    def _load(self) -> None:
        found = self._file.read() if self._file is not None else None
        if found is None:
            return
        self._on_disk, age = found
        # One that isn't told is none that a stream could tell of.
        self.epoch = self._disk_epoch = str(self._on_disk.get("epoch") or "")
        self._disk_born = self._clock() - int(age * SECOND)
        self._hooks.emit("snapshot-loaded", age=age)

    def _restore(self, name: str, part: str, restore: Callable[[dict[str, Any]], object]) -> None:
        try:
            data = (self._on_disk.get(part) or {}).pop(name, None)
            if data is not None:
                restore(data)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("what was kept of %s on disk is passed over: %s", name, error)
