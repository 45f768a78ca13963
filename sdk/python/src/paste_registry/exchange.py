"""Requests to the registry over HTTP/1.1: one kept connection, every request bounded in time and size."""

import http.client
import io
import json
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from .addresses import Addresses
from .errors import UnavailableError
from .settings import USER_AGENT, Settings

_BODY_MAX = 16 * 1024 * 1024
"""The longest answer that is read, in bytes."""

_FAILURES = (OSError, http.client.HTTPException, ValueError)
"""What a connection that fails, or an answer that is none, looks like."""

_GONE = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)
"""What a kept connection looks like that the other side closed meanwhile."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status below 400 that is documented, or one from 400 to 499 that isn't to be tried again."""

    url: str
    status: int
    body: bytes

    def problem(self) -> tuple[str, str]:
        """The `code` and `detail` of a problem document; the code is `unknown` if it is none."""
        try:
            data = json.loads(self.body)
            return str(data.get("code", "unknown")), str(data.get("detail", ""))
        except (ValueError, AttributeError):
            return "unknown", f"status {self.status} without a problem document"


class TimedReader(io.RawIOBase):
    """What a connection sends; before each read it is asked whether to wait, and how long."""

    def __init__(self, sock: socket.socket, before_read: Callable[[socket.socket], None]) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._before_read = before_read

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._before_read(self._sock)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Source:
    """What `http.client` takes for a socket when it makes a response."""

    def __init__(self, reader: TimedReader) -> None:
        self._reader = reader

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._reader, 65_536)


def connection(url: str, timeout: float, context: ssl.SSLContext | None) -> http.client.HTTPConnection:
    """A connection to the host of `url`, not yet opened."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        tls = context or ssl.create_default_context()
        return http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=timeout, context=tls)
    return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)


def send(
    opened: http.client.HTTPConnection,
    request: tuple[str, str, bytes | None, dict[str, str]],
    before_read: Callable[[socket.socket], None],
) -> http.client.HTTPResponse:
    """Sends a request (method, target, body, headers) and reads the head of the answer."""

    def response(sock: socket.socket, **options: Any) -> http.client.HTTPResponse:
        return http.client.HTTPResponse(_Source(TimedReader(sock, before_read)), **options)  # type: ignore[arg-type]

    opened.response_class = response  # type: ignore[assignment]
    method, target, body, headers = request
    opened.request(method, target, body, headers)
    return opened.getresponse()


class Exchange:
    """Requests of one thread. A failure moves on to the next node and is told as `UnavailableError`."""

    def __init__(self, settings: Settings, addresses: Addresses) -> None:
        self._settings = settings
        self._addresses = addresses
        self._kept: tuple[str, http.client.HTTPConnection] | None = None
        self.sent = False
        """Whether any request may have reached a node: a connection was open for it."""

    def request(self, method: str, path: str, body: Any = None, *, timeout: float | None = None) -> Answer:
        """Sends a request and reads the answer; raises `UnavailableError`."""
        url = self._addresses.current
        limit = self._settings.request_timeout if timeout is None else timeout
        content = None if body is None else json.dumps(body).encode()
        request = (method, target(url, path, self._settings), content, headers(self._settings, method, content))
        try:
            status, answered, read = self._exchanged(url, request, time.monotonic() + limit)
        except _FAILURES as error:
            self._addresses.failed(url)
            raise UnavailableError(f"{url}: {type(error).__name__}: {error}") from error
        failure = not_usable(status, answered)
        if failure is not None:
            self._addresses.failed(url)
            raise UnavailableError(f"{url}: {failure}", retry_after(answered))
        self._addresses.answered(url, answered.get("X-Registry-Isolated") is not None)
        return Answer(url, status, read)

    def close(self) -> None:
        """Closes the kept connection."""
        if self._kept is not None:
            self._kept[1].close()
            self._kept = None

    def _exchanged(
        self, url: str, request: tuple[str, str, bytes | None, dict[str, str]], deadline: float
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        kept = self._kept is not None and self._kept[0] == url
        try:
            return self._once(url, request, deadline)
        except _GONE:
            if not kept:
                raise
            return self._once(url, request, deadline)

    def _once(
        self, url: str, request: tuple[str, str, bytes | None, dict[str, str]], deadline: float
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        def remaining() -> float:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("the request took too long")
            return left

        if self._kept is None or self._kept[0] != url:
            self.close()
            self._kept = url, connection(url, remaining(), self._settings.ssl_context)
        opened = self._kept[1]
        try:
            if opened.sock is None:
                opened.timeout = remaining()
                opened.connect()
            opened.sock.settimeout(remaining())
            self.sent = True
            with send(opened, request, lambda sock: sock.settimeout(remaining())) as response:
                read = response.read(_BODY_MAX + 1)
                if len(read) > _BODY_MAX:
                    raise ValueError(f"the answer has more than {_BODY_MAX} bytes")
                return response.status, response.headers, read
        except BaseException:
            self.close()
            raise


def target(url: str, path: str, settings: Settings) -> str:
    """What the request line names."""
    query = f"?{urlencode({'namespace': settings.namespace})}" if settings.namespace != "default" else ""
    return f"{urlsplit(url).path}/api/v1{path}{query}"


def segment(text: str) -> str:
    """A name as a part of a path."""
    return quote(text, safe="")


def headers(settings: Settings, method: str, content: bytes | None) -> dict[str, str]:
    """The headers of every request to the registry."""
    found = {"Prefer": "handling=lenient", "User-Agent": USER_AGENT, "Accept": "application/json"}
    if content is not None:
        found["Content-Type"] = "application/merge-patch+json" if method == "PATCH" else "application/json"
    token = settings.bearer()
    if token is not None:
        found["Authorization"] = f"Bearer {token}"
    return found


def not_usable(status: int, answered: http.client.HTTPMessage) -> str | None:
    """Why an answer counts as a failure that is to be tried again; `None` if it doesn't."""
    if status in (200, 201, 204):
        return None
    if 400 <= status < 500 and status not in (408, 429):
        return None
    return f"status {status}"


def retry_after(answered: http.client.HTTPMessage) -> float | None:
    """The seconds that an answer asks to wait; dates are passed over."""
    text = answered.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else None
