"""The thread that keeps this process registered: registrations, heartbeats, and the end of the session."""

import json
import logging
import math
import threading
import time
from collections.abc import Callable
from typing import Any

from .addresses import Addresses
from .choosing.arithmetic import mulhi
from .choosing.policy import SECOND
from .errors import RefusedError, UnavailableError
from .exchange import Answer, Exchange, segment
from .hooks import Hooks
from .load import Load
from .reconnect import Reconnect
from .registration import ENDED, REFUSED, REGISTERED, WANTED, Registration
from .settings import Settings

log = logging.getLogger("paste_registry")

_FINAL = (400, 401, 403, 409, 413, 422)
"""Answers to a registration that trying again doesn't change."""

_JITTER = 0.1

_IDLE = 60.0
"""The longest wait, in seconds, where nothing is due."""

_REST = 1.0
"""Seconds of the close time-out that are left for ending the stream and the callbacks."""


class _Task:
    """Something that is done again and again, and when the next time is, by `time.monotonic`."""

    def __init__(self, name: str, reconnect: Reconnect, longest: Callable[[], float] = lambda: math.inf) -> None:
        """`longest` gives the longest wait after a failure, in seconds."""
        self.name = name
        self.due = math.inf
        self._reconnect = reconnect
        self._longest = longest
        self._failing = False

    def done(self, pause: float) -> None:
        """It went well, and is due again after `pause` seconds."""
        self._reconnect.succeeded()
        self._failing = False
        self.due = time.monotonic() + pause

    def failed(self, error: UnavailableError) -> float:
        """It failed: the seconds until it is tried again."""
        wait = min(self._reconnect.failed(error), self._longest())
        self._failing = True
        self.due = time.monotonic() + wait
        return wait

    def poke(self) -> None:
        """There is news: it is due now, unless it is failing, as that would turn trouble into a storm."""
        if not self._failing:
            self.due = 0.0


class Keeper:
    """All registrations of a process. Its thread runs from the first registration to the end."""

    def __init__(
        self,
        settings: Settings,
        addresses: Addresses,
        session: str,
        load: Load,
        hooks: Hooks,
        known_again: Callable[[], None],
    ) -> None:
        """`known_again` is called when a registry that had forgotten the session knows it again."""
        self.session = session
        self.taken = False
        """Whether the last registration or heartbeat was taken."""
        self._settings = settings
        self._addresses = addresses
        self._load = load
        self._hooks = hooks
        self._known_again = known_again
        self._was_forgotten = False
        self._exchange = Exchange(settings, addresses)
        self._registering = _Task("registration", Reconnect(settings.clock, settings.random))
        # A jitter of 30 s would outlast the ttl.
        self._beating = _Task("heartbeat", Reconnect(settings.clock, settings.random), self._interval)
        self._registrations: dict[tuple[str, str], Registration] = {}
        self._lock = threading.Lock()
        self._poked = threading.Event()
        self._closing = False
        self._thread: threading.Thread | None = None

    @property
    def speaks(self) -> bool:
        """Whether the registry knows the session."""
        return any(each.registered for each in list(self._registrations.values()))

    def add(self, service: str, instance_id: str, body: dict[str, Any]) -> Registration:
        """Registers an instance in the background."""
        registration = Registration(service, instance_id, body, self._poked.set)
        with self._lock:
            self._registrations[service, instance_id] = registration
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="paste-registry-heartbeat", daemon=True)
                self._thread.start()
        self._poked.set()
        return registration

    def close(self, deadline: float) -> None:
        """Drains, waits for the drain delay, ends the session: all until `deadline`, of `time.monotonic`, but for what
        the rest of the client needs to end."""
        self._closing = True
        self._poked.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(max(deadline - time.monotonic(), 0.0))
        there = [each for each in self._registrations.values() if each.registered]
        if there:
            self._drain(there, deadline - _REST)
        # A registration that was sent may be there, even if it was never answered.
        if self._exchange.sent:
            self._end_session(deadline - _REST)
        for each in self._registrations.values():
            each.settle(ENDED)
            each.state = ENDED
        self._exchange.close()
        self.taken = False

    def _run(self) -> None:
        while not self._closing:
            due = min(self._registering.due, self._beating.due)
            if self._poked.wait(min(max(due - time.monotonic(), 0.0), _IDLE)):
                self._poked.clear()
                self._registering.poke()
            # Each for itself: a registration that fails must not keep the heartbeat of others from its turn.
            self._attempt(self._registering, self._register_all)
            self._attempt(self._beating, self._beat)

    def _attempt(self, task: _Task, work: Callable[[], float]) -> None:
        """Does what is due; `work` gives the seconds until it is due again."""
        if self._closing or time.monotonic() < task.due:
            return
        try:
            task.done(work())
        except UnavailableError as error:
            self.taken = False
            wait = task.failed(error)
            self._hooks.emit("retrying", what=task.name, error=str(error), wait=wait)
        except Exception:
            log.exception("the %s goes on after a fault of its own", task.name)
            task.done(self._settings.heartbeat)

    def _register_all(self) -> float:
        for registration in list(self._registrations.values()):
            if self._closing:
                break
            if registration.state == WANTED:
                self._register(registration)
            elif registration.registered and registration.sent_status != registration.status:
                self._patch(registration)
            elif registration.state == ENDED:
                self._deregister(registration)
        if self._was_forgotten and self.speaks:
            self._was_forgotten = False
            self._known_again()
        return math.inf

    def _interval(self) -> float:
        spread = mulhi(self._settings.random(), 2 * SECOND) / SECOND - 1
        return self._settings.heartbeat * (1 + _JITTER * spread)

    def _path(self, registration: Registration) -> str:
        return f"/services/{segment(registration.service)}/instances/{segment(registration.id)}"

    def _register(self, registration: Registration) -> None:
        body = dict(registration.body)
        answer = self._exchange.request("PUT", self._path(registration), body)
        if answer.status in _FINAL:
            refused = RefusedError(answer.status, *answer.problem())
            log.error("%s of %s: %s", registration.id, registration.service, refused)
            registration.settle(REFUSED, refused)
            return
        self._documented(answer, 200, 201)
        registration.sent_status = str(body.get("status", "up"))
        registration.settle(REGISTERED)
        self.taken = True
        if self._beating.due == math.inf:
            self._beating.done(self._interval())
        self._hooks.emit("registered", service=registration.service, id=registration.id)

    def _patch(self, registration: Registration) -> None:
        status = registration.status
        answer = self._exchange.request("PATCH", self._path(registration), {"status": status})
        if answer.status == 404:
            self.forgotten()
            return
        if answer.status in _FINAL:
            log.error("%s of %s can't be %s: %s", registration.id, registration.service, status, answer.problem())
        else:
            self._documented(answer, 200)
        registration.sent_status = status

    def _deregister(self, registration: Registration) -> None:
        answer = self._exchange.request("DELETE", self._path(registration))
        if answer.status >= 400 and answer.status != 404:
            log.warning("%s of %s can't be deregistered: %s", registration.id, registration.service, answer.problem())
        with self._lock:
            self._registrations.pop((registration.service, registration.id), None)
        self._hooks.emit("deregistered", service=registration.service, id=registration.id)

    def _beat(self) -> float:
        if not self.speaks:
            return math.inf
        report = self._load.report()
        path = f"/sessions/{segment(self.session)}/heartbeat"
        answer = self._exchange.request("POST", path, report)
        if answer.status == 404:
            self.forgotten()
            return math.inf
        self._documented(answer, 200, 204)
        self._load.taken(report)
        self.taken = True
        return self._interval()

    def _documented(self, answer: Answer, *statuses: int) -> None:
        """Raises `UnavailableError` for an answer that the request can't have, or a body that is none: that node is of
        no use."""
        try:
            if answer.status not in statuses:
                raise UnavailableError(f"{answer.url}: status {answer.status}: {': '.join(answer.problem())}")
            if answer.body:
                json.loads(answer.body)
        except ValueError as error:
            self._addresses.failed(answer.url)
            raise UnavailableError(f"{answer.url}: the answer can't be read: {error}") from error
        except UnavailableError:
            self._addresses.failed(answer.url)
            raise

    def forgotten(self) -> None:
        """The registry doesn't know us any more: everything is registered again, then the stream opened anew."""
        self.taken = False
        self._was_forgotten = True
        for each in list(self._registrations.values()):
            each.lost()
        self._poked.set()

    def _drain(self, registrations: list[Registration], deadline: float) -> None:
        try:
            for each in registrations:
                self._last_request("PATCH", self._path(each), {"status": "draining"}, deadline)
        except UnavailableError as error:
            # Nobody hears that we are draining, so nobody would turn away while we wait.
            log.warning("draining can't be told: %s", error)
            return
        time.sleep(max(min(self._settings.drain_delay, deadline - time.monotonic()), 0.0))

    def _end_session(self, deadline: float) -> None:
        reconnect = Reconnect(self._settings.clock, self._settings.random)
        while True:
            try:
                answer = self._last_request("DELETE", f"/sessions/{segment(self.session)}", None, deadline)
                # 404: it has ended already, or none of its registrations was taken.
                self._documented(answer, 200, 204, 404, *_FINAL)
                if answer.status in _FINAL:
                    log.warning("the session can't be ended, it will expire: %s", answer.problem())
                    return
                self._hooks.emit("deregistered", session=self.session)
                return
            except UnavailableError as error:
                wait = reconnect.failed(error)
                if time.monotonic() + wait >= deadline:
                    log.warning("the session can't be ended, it will expire: %s", error)
                    return
                time.sleep(wait)

    def _last_request(self, method: str, path: str, body: Any, deadline: float) -> Answer:
        left = min(self._settings.request_timeout, deadline - time.monotonic())
        return self._exchange.request(method, path, body, timeout=max(left, 0.1))
