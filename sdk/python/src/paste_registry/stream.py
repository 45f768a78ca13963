"""The thread that follows the registry: one stream for all that is watched, opened anew whenever it ends."""

import http.client
import json
import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from .addresses import Addresses
from .errors import UnavailableError
from .exchange import Answer, connection, headers, not_usable, retry_after, send, target
from .hooks import Hooks
from .local_copy import LocalCopy
from .reconnect import Reconnect
from .settings import Settings
from .sse import Parser
from .wakeup import Wakeup

log = logging.getLogger("paste_registry")

SILENCE_MAX = 45.0
"""Seconds without a byte after which a stream is dead."""

_READ = 65_536


class _Closing(Exception):  # noqa: N818 - no error, but a way out
    """The client is being closed."""


class _Replaced(Exception):  # noqa: N818 - no error, but a way out
    """Another stream is open, which takes the place of this one."""

    def __init__(self, by: "_Open") -> None:
        super().__init__()
        self.by = by


@dataclass(slots=True)
class _Open:
    """A stream that is open, and what it follows."""

    url: str
    subscriptions: int
    everything: bool
    resumed: bool
    connection: http.client.HTTPConnection
    response: http.client.HTTPResponse

    def close(self) -> None:
        self.response.close()
        self.connection.close()


class Stream:
    """Feeds the local copy. Its thread runs from the first subscription to the end."""

    def __init__(
        self,
        settings: Settings,
        addresses: Addresses,
        copy: LocalCopy,
        hooks: Hooks,
        session: Callable[[bool], str | None],
        not_registered: Callable[[], None],
    ) -> None:
        """`session` gives the session to name, told whether configuration is followed; `not_registered` is called when
        the registry doesn't know it."""
        self._settings = settings
        self._addresses = addresses
        self._copy = copy
        self._hooks = hooks
        self._session = session
        self._not_registered = not_registered
        self._reconnect = Reconnect(settings.clock, settings.random)
        self._wakeup = Wakeup()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._reopen = False
        self._position: tuple[str, int] | None = None
        self._deadline = 0.0
        self._next_try = 0.0
        self._current: _Open | None = None

    def subscribe(self) -> None:
        """There is something new to follow."""
        with self._lock:
            if self._thread is None and not self._closing:
                self._thread = threading.Thread(target=self._run, name="paste-registry-stream", daemon=True)
                self._thread.start()
        self._wakeup.ring()

    def reopen(self) -> None:
        """The stream is opened anew, so that it names the session again."""
        self._reopen = True
        self._wakeup.ring()

    def close(self, deadline: float) -> None:
        """Ends the thread; waits until `deadline`, of `time.monotonic`."""
        self._closing = True
        self._wakeup.ring()
        with self._lock:
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(max(deadline - time.monotonic(), 0.0))
        if thread is None or not thread.is_alive():
            self._wakeup.close()

    def _run(self) -> None:
        while not self._closing:
            try:
                self._follow_all()
            except _Closing:
                break
            except UnavailableError as error:
                self._failed(error)
            except Exception as error:
                log.exception("the stream goes on after a fault of its own")
                self._failed(UnavailableError(f"a fault of this client: {error}"))
        self._copy.ended("the client is closed")
        self._copy.save()

    def _failed(self, error: UnavailableError) -> None:
        self._copy.ended(str(error))
        wait = self._reconnect.failed(error)
        self._hooks.emit("disconnected", error=str(error))
        self._hooks.emit("retrying", what="stream", error=str(error), wait=wait)
        until = time.monotonic() + wait
        while not self._closing and (left := until - time.monotonic()) > 0:
            self._wakeup.wait(min(left, self._copy.tick()))

    def _follow_all(self) -> None:
        """Follows one stream after another until one fails."""
        stream = self._opened()
        while True:
            try:
                self._follow(stream)
            except _Replaced as replaced:
                stream.close()
                stream = replaced.by
            except BaseException:
                stream.close()
                raise

    def _opened(self) -> _Open:
        """Opens a stream; raises `UnavailableError`."""
        self._reopen = False
        url = self._addresses.current
        subscriptions, services, configs = self._copy.subscribed()
        body = {"services": services, "configs": configs, "labels": dict(self._settings.labels)}
        named = {"zone": self._settings.zone, "session": self._session(bool(configs))}
        content = json.dumps(body | {key: value for key, value in named.items() if value is not None}).encode()
        sent = headers(self._settings, "POST", content) | {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        resumed = self._position is not None and self._position[1] == subscriptions
        if resumed and self._position is not None:
            sent["Last-Event-ID"] = self._position[0]
        opened = connection(url, self._settings.request_timeout, self._settings.ssl_context)
        self._deadline = time.monotonic() + self._settings.request_timeout
        try:
            request = ("POST", target(url, "/watch", self._settings), content, sent)
            response = send(opened, request, self._before_read)
        except (OSError, http.client.HTTPException, ValueError) as error:
            opened.close()
            self._addresses.failed(url)
            raise UnavailableError(f"{url}: {type(error).__name__}: {error}") from error
        except BaseException:
            opened.close()
            raise
        stream = _Open(url, subscriptions, services == ["*"], resumed, opened, response)
        try:
            self._check(stream)
        except BaseException:
            stream.close()
            raise
        self._deadline = time.monotonic() + SILENCE_MAX
        return stream

    def _check(self, stream: _Open) -> None:
        """Raises `UnavailableError` for an answer that is no stream."""
        response = stream.response
        failure = not_usable(response.status, response.headers)
        if failure is None and response.status == 200:
            isolated = response.headers.get("X-Registry-Isolated") is not None
            if response.headers.get_content_type() == "text/event-stream":
                self._addresses.answered(stream.url, isolated)
                return
            failure = f"the answer is {response.headers.get_content_type()}, no stream of events"
        wait = retry_after(response.headers)
        if response.status == 404 and self._problem(stream) == "not-registered":
            self._not_registered()
            raise UnavailableError(f"{stream.url}: the session is not registered (any more)", wait)
        if failure is None:
            failure = f"the stream is refused with status {response.status}"
            # What this node remembers of our position may be what it can't take.
            self._position = None
        self._addresses.failed(stream.url)
        raise UnavailableError(f"{stream.url}: {failure}", wait)

    def _problem(self, stream: _Open) -> str:
        """The code of a problem document: what has none isn't the registry's word."""
        try:
            body = stream.response.read(_READ)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._addresses.failed(stream.url)
            raise UnavailableError(f"{stream.url}: {type(error).__name__}: {error}") from error
        return Answer(stream.url, stream.response.status, body).problem()[0]

    def _follow(self, stream: _Open) -> None:
        """Feeds the copy until the stream ends, which is raised as `UnavailableError`, or is replaced."""
        self._copy.opened(stream.resumed)
        self._hooks.emit("connected", url=stream.url)
        parser, ids = Parser(), 0
        reader = stream.response
        self._current = stream
        try:
            while data := reader.read1(_READ):
                self._reconnect.succeeded()
                self._copy.heard()
                self._deadline = time.monotonic() + SILENCE_MAX
                for event in parser.feed(data):
                    self._copy.apply(event)
                    if event.id is not None:
                        self._position = event.id, stream.subscriptions
                        ids += 1
                        # An id of revision 0 may come before the first snapshots.
                        if stream.everything and (ids > 1 or not event.id.endswith("-0")):
                            self._copy.all_shown(stream.subscriptions)
            raise UnavailableError(f"{stream.url}: the stream was ended")
        except (OSError, http.client.HTTPException, ValueError) as error:
            if isinstance(error, ValueError):
                # What can't be read would come again from the same position.
                self._position = None
            self._addresses.failed(stream.url)
            raise UnavailableError(f"{stream.url}: {type(error).__name__}: {error}") from error
        finally:
            self._current = None

    def _before_read(self, sock: socket.socket) -> None:
        """Waits until there is something to read. Meanwhile does what is due."""
        while True:
            if self._closing:
                raise _Closing()
            self._replace()
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("the registry is silent")
            pause = self._copy.tick() if self._current is not None else left
            due = self._next_try - time.monotonic()
            _, readable = self._wakeup.wait(min(left, pause, due if due > 0 else left), sock)
            if readable:
                # There is something, so that this doesn't wait; but a TLS record may be incomplete.
                sock.settimeout(max(left, 0.1))
                return

    def _replace(self) -> None:
        """Opens another stream, if this one doesn't follow all that it should or isn't where it should be."""
        current = self._current
        if current is None or time.monotonic() < self._next_try:
            return
        wanted, _, _ = self._copy.subscribed()
        if wanted == current.subscriptions and current.url == self._addresses.current and not self._reopen:
            return
        self._current, deadline = None, self._deadline
        try:
            raise _Replaced(self._opened())
        except UnavailableError as error:
            # The old one is better than none.
            wait = self._reconnect.failed(error)
            self._next_try, self._deadline, self._current = time.monotonic() + wait, deadline, current
            self._hooks.emit("retrying", what="stream", error=str(error), wait=wait)
