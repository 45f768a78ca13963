"""WSGI middleware: counts the calls that are served, for the heartbeat, and passes tracing headers on.

application = paste_registry.wsgi.Middleware(application, registry)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from . import tracing
from .registry import Registry

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Middleware:
    """A WSGI application around another. An answer of 5xx, and an exception, count as errors."""

    def __init__(self, application: WSGIApplication, registry: Registry) -> None:
        self._application = application
        self._served = registry.served

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        status = "500"

        def start(line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal status
            status = line
            return start_response(line, headers, exc_info) if exc_info else start_response(line, headers)

        self._served.begin()
        named = ((name, str(environ.get(f"HTTP_{name.upper()}", ""))) for name in tracing.HEADERS)
        token = tracing.enter((name, value) for name, value in named if value)
        try:
            body = self._application(environ, start)
        except BaseException:
            self._served.end(True)
            raise
        finally:
            tracing.leave(token)
        return _Body(body, lambda failed: self._served.end(failed or status.startswith("5")))


class _Body:
    """The body of an answer, whose end is the end of the call."""

    def __init__(self, body: Iterable[bytes], ended: Any) -> None:
        self._body = body
        self._ended = ended
        self._failed = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._body
        except Exception:
            self._failed = True
            raise

    def close(self) -> None:
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            ended, self._ended = self._ended, lambda failed: None
            ended(self._failed)
