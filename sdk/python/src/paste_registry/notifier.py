"""The thread that tells the program of changes, one at a time, and acknowledges configuration."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from itertools import islice

from .errors import UnavailableError
from .exchange import Exchange
from .local_config import ConfigValue, Follower, LocalConfig
from .local_service import LocalService
from .reconnect import Reconnect

log = logging.getLogger("paste_registry")

_QUEUE_MAX = 1_000
"""How many changes may wait for callbacks that are slow; of more the oldest are dropped."""

_ACKS_MAX = 1_000
"""How many acknowledgements one request carries."""

_ERROR_MAX = 1_024
"""The longest error that an acknowledgement carries, in bytes of UTF-8."""

Ack = dict[str, object]


class Notifier:
    """Calls back, then acknowledges. Its thread runs from the first thing there is to tell to the end."""

    def __init__(self, session: str, exchange: Exchange, reconnect: Reconnect) -> None:
        self._session = session
        self._exchange = exchange
        self._reconnect = reconnect
        self._queue: deque[Callable[[], None]] = deque(maxlen=_QUEUE_MAX)
        self._acks: dict[str, Ack] = {}
        self._services: dict[str, list[Callable[[tuple[object, ...]], object]]] = {}
        self._owed: set[str] = set()
        self._changed = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None

    def on_service(self, service: LocalService, callback: Callable[..., object]) -> Callable[[], None]:
        """Calls `callback` with all instances of a service, at once if they are known and whenever they have changed;
        gives what ends that."""

        def end() -> None:
            with self._changed:
                self._services[service.name] = [each for each in self._services[service.name] if each is not callback]

        with self._changed:
            self._services.setdefault(service.name, []).append(callback)
        if service.known.is_set():
            self.service_changed(service)
        return end

    def on_config(self, config: LocalConfig, callback: Callable[[ConfigValue | None], object]) -> Callable[[], None]:
        """Calls `callback` with the release of an item that holds and with each after it; gives what ends that."""
        follower = Follower(config.name, callback)

        def end() -> None:
            with self._changed:
                config.followers = [each for each in config.followers if each is not follower]

        with self._changed:
            config.followers = [*config.followers, follower]
        if config.known.is_set():
            self.config_changed(config)
        return end

    def service_changed(self, service: LocalService) -> None:
        """A service changed: its callbacks are owed its state, once however often it changed."""
        with self._changed:
            if self._services.get(service.name) and service.name not in self._owed:
                self._owed.add(service.name)
                self._put(lambda: self._tell_service(service))

    def config_changed(self, config: LocalConfig) -> None:
        """The stream told the release of a configuration item, again or for the first time."""
        # In this order: what the stream told comes before the word that it did.
        told, value = config.from_stream, config.value
        with self._changed:
            self._put(lambda: self._tell_config(config, value, told))

    def close(self, deadline: float) -> None:
        """Ends the thread, after the callback that is running; waits until `deadline`, of `time.monotonic`."""
        with self._changed:
            self._closing = True
            self._queue.clear()
            self._changed.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(max(deadline - time.monotonic(), 0.0))
        self._exchange.close()

    def _put(self, task: Callable[[], None]) -> None:
        if self._closing:
            return
        if len(self._queue) == _QUEUE_MAX:
            log.warning("callbacks are too slow: the oldest change is dropped")
        self._queue.append(task)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="paste-registry-callbacks", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _run(self) -> None:
        wait: float | None = None
        while True:
            with self._changed:
                idle = not self._acks or wait is not None
                if idle and not self._queue and not self._closing:
                    self._changed.wait(wait)
                task = self._queue.popleft() if self._queue else None
            if task is not None:
                task()
            else:
                wait = self._acknowledge()
            if self._closing:
                return

    def _tell_service(self, service: LocalService) -> None:
        with self._changed:
            self._owed.discard(service.name)
            callbacks = list(self._services.get(service.name, ()))
        for callback in callbacks:
            try:
                callback(service.instances())
            except Exception:
                log.exception("a callback of service %s failed", service.name)

    def _tell_config(self, config: LocalConfig, value: ConfigValue | None, told: bool) -> None:
        """Tells the callbacks, and acknowledges a release that the stream `told`: one from disk alone may be past."""
        errors = [error for follower in config.followers if (error := follower.tell(value)) is not None]
        if value is None or not told:
            return
        ack: Ack = {"group": config.group, "key": config.key, "release": value.release}
        if errors:
            ack["error"] = errors[-1].encode("utf-8", "replace")[:_ERROR_MAX].decode("utf-8", "ignore")
        self._acks[config.name] = ack

    def _acknowledge(self) -> float | None:
        """Sends what is to be acknowledged; the seconds until it is tried again, if it has to be."""
        if not self._acks:
            return None
        sent = dict(islice(self._acks.items(), _ACKS_MAX))
        try:
            answer = self._exchange.request(
                "POST", "/configs/acks", {"session": self._session, "acks": list(sent.values())}
            )
        except UnavailableError as error:
            return self._reconnect.failed(error)
        if answer.status >= 400 and answer.status != 404:
            log.warning("acknowledgements are refused: %s", ": ".join(answer.problem()))
        self._reconnect.succeeded()
        for name, ack in sent.items():
            if self._acks.get(name) is ack:
                del self._acks[name]
        return None
