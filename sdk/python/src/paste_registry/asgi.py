"""ASGI middleware: counts the calls that are served, for the heartbeat, and passes tracing headers on.

app = paste_registry.asgi.Middleware(app, registry)
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from . import tracing
from .registry import Registry

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Middleware:
    """An ASGI application around another. An answer of 5xx, and an exception, count as errors; what isn't HTTP passes
    by."""

    def __init__(self, app: Application, registry: Registry) -> None:
        self.app = app
        self._served = registry.served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._served.begin()
        token = tracing.enter((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        try:
            await self.app(scope, receive, watched)
        except BaseException:
            status = 500
            raise
        finally:
            tracing.leave(token)
            self._served.end(status >= 500)
