"""Django in one line of its settings, beside what is registered:

    MIDDLEWARE = ["paste_registry.django.middleware", ...]
    PASTE_REGISTRY = {"service": "orders", "port": 8080, "address": "10.0.0.7"}

The process is registered when the application is loaded, drained and deregistered at its end; its calls are counted.
`connect` in `PASTE_REGISTRY` holds options of `Registry.connect`, everything else is for `Registry.register`.
"""

from collections.abc import Callable
from inspect import iscoroutinefunction
from threading import Lock
from typing import Any

from django.conf import settings

from . import tracing
from .registry import Registry

_lock = Lock()
_registry: Registry | None = None


def registry() -> Registry:
    """The client of this process, set up by `settings.PASTE_REGISTRY` at its first use."""
    global _registry  # noqa: PLW0603 - Django makes middleware from a name, and gives it nowhere to keep things
    with _lock:
        if _registry is None or _registry.closed:
            said = dict(settings.PASTE_REGISTRY)
            _registry = Registry.connect(**said.pop("connect", {}))
            _registry.register(**said)
        return _registry


def middleware(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The middleware, for both kinds of Django: with and without asyncio."""
    served = registry().served
    if not iscoroutinefunction(get_response):

        def serve(request: Any) -> Any:
            served.begin()
            status = 500
            token = tracing.enter(_lowered(request))
            try:
                response = get_response(request)
                status = response.status_code
                return response
            finally:
                tracing.leave(token)
                served.end(status >= 500)

        return serve

    async def serve_async(request: Any) -> Any:
        served.begin()
        status = 500
        token = tracing.enter(_lowered(request))
        try:
            response = await get_response(request)
            status = response.status_code
            return response
        finally:
            tracing.leave(token)
            served.end(status >= 500)

    return serve_async


middleware.sync_capable = middleware.async_capable = True  # type: ignore[attr-defined]


def _lowered(request: Any) -> list[tuple[str, str]]:
    return [(name.lower(), value) for name, value in request.headers.items()]
