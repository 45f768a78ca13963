"""An HTTP client on the standard library that sends `http://service/path` to an instance of the service."""

import http.client
import json
import select
import socket
import ssl
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from . import tracing
from .call import Call
from .errors import CallFailedError, ClosedError
from .exchange import send
from .instance import Instance
from .pick import Pick

if TYPE_CHECKING:
    from .registry import Registry

BODY_MAX = 64 * 1024 * 1024
"""The longest answer that is read, in bytes, unless a call says otherwise."""

_IDLE_MAX = 128
"""How many connections are kept for later calls."""

_FAILURES = (OSError, http.client.HTTPException)


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, read whole. `instance` is who gave it."""

    status: int
    reason: str
    headers: http.client.HTTPMessage
    body: bytes
    instance: Instance

    @property
    def text(self) -> str:
        """The body as text, in the charset that the answer names, else UTF-8."""
        return self.body.decode(self.headers.get_content_charset() or "utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON; raises `ValueError`."""
        return json.loads(self.body)


class HttpClient:
    """Calls by name, with balancing, retries and time-outs by each service's policy. Use `Registry.http`."""

    def __init__(self, registry: "Registry") -> None:
        self._registry = registry
        self._idle: OrderedDict[int, tuple[str, http.client.HTTPConnection]] = OrderedDict()
        self._lock = Lock()
        self._closed = False

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | Any = None,
        body_max: int = BODY_MAX,
        **options: Any,
    ) -> Response:
        """Sends a request to an instance of the service that `url` names, and reads the answer.

        `body` are bytes, a text, or an iterable of bytes, which can't be sent twice. Further options are those of
        `Call`: `timeout` in seconds, `idempotent`, `version`, `tags`, `metadata`, `hash_key`. An answer of any status
        is returned. Raises `CallFailedError` where there is none, and what `Service.choose` raises.
        """
        given = dict(headers or {})
        given.update(tracing.passed_on(given))
        content = body.encode() if isinstance(body, str) else body
        replayable = content is None or isinstance(content, bytes)
        call = Call(self._registry, url, method, given, replayable=replayable, **options)
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        pick = call.pick()
        while True:
            attempt = _Attempt(self, call, pick, parts.scheme, body_max)
            try:
                response = attempt.run((method, path, content, given))
            except _FAILURES as error:
                again = call.again(call.failed(attempt.sent))
                if again is None:
                    reason = f"{type(error).__name__}: {error}"
                    raise CallFailedError(call.service.name, pick.instance.id, attempt.sent, reason) from error
            else:
                pick.answered(response.status, call.latency)
                again = call.again(call.retries(response.status))
                if again is None:
                    return response
            pick = again

    def get(self, url: str, **options: Any) -> Response:
        """`request` with GET."""
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> Response:
        """`request` with POST."""
        return self.request("POST", url, **options)

    def close(self) -> None:
        """Closes all kept connections."""
        with self._lock:
            self._closed = True
            for _, opened in self._idle.values():
                opened.close()
            self._idle.clear()

    def take(self, origin: str) -> http.client.HTTPConnection | None:
        """A kept connection to `origin` that the other side hasn't closed."""
        while True:
            with self._lock:
                if self._closed:
                    raise ClosedError()
                key = next((key for key, (to, _) in reversed(self._idle.items()) if to == origin), None)
                if key is None:
                    return None
                _, opened = self._idle.pop(key)
            if opened.sock is not None and not _readable(opened.sock):
                return opened
            opened.close()

    def keep(self, origin: str, opened: http.client.HTTPConnection) -> None:
        """Keeps a connection for later; of too many the one that waited longest goes."""
        with self._lock:
            if opened.sock is None or self._closed:
                opened.close()
                return
            self._idle[id(opened)] = origin, opened
            if len(self._idle) > _IDLE_MAX:
                self._idle.popitem(last=False)[1][1].close()

    def open(self, scheme: str, instance: Instance, timeout: float | None) -> http.client.HTTPConnection:
        """A connection to an instance, opened."""
        if scheme == "https":
            tls = self._registry.settings.ssl_context or ssl.create_default_context()
            opened: http.client.HTTPConnection = http.client.HTTPSConnection(
                instance.address, instance.port, timeout=timeout, context=tls
            )
        else:
            opened = http.client.HTTPConnection(instance.address, instance.port, timeout=timeout)
        try:
            opened.connect()
        except BaseException:
            opened.close()
            raise
        return opened


class _Attempt:
    """One try. `sent` is whether a connection was open."""

    def __init__(self, client: HttpClient, call: Call, pick: Pick, scheme: str, body_max: int) -> None:
        self.sent = False
        self._client = client
        self._call = call
        self._instance = pick.instance
        self._scheme = scheme
        self._body_max = body_max

    def run(self, request: tuple[str, str, Any, dict[str, str]]) -> Response:
        origin = f"{self._scheme}://{self._instance.authority}"
        opened = self._client.take(origin)
        if opened is None:
            opened = self._client.open(self._scheme, self._instance, self._call.connect_timeout)
        self.sent = True
        try:
            opened.sock.settimeout(self._call.timeout)
            with send(opened, request, self._bound) as response:
                body = response.read(self._body_max + 1)
                if len(body) > self._body_max:
                    raise http.client.HTTPException(f"the answer has more than {self._body_max} bytes")
                answer = Response(response.status, response.reason, response.headers, body, self._instance)
        except BaseException:
            opened.close()
            raise
        self._client.keep(origin, opened)
        return answer

    def _bound(self, sock: socket.socket) -> None:
        left = self._call.timeout
        if left is not None and left <= 0.001:
            raise TimeoutError("the call took too long")
        sock.settimeout(left)


def _readable(sock: socket.socket) -> bool:
    """Whether there is something to read: on an idle connection that is its end."""
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([sock], [], [], 0)[0])
