"""FastAPI (and Starlette) in one line:

    paste_registry.fastapi.setup(app, registry, "orders", port=8080, address="10.0.0.7")

The process is registered when the application starts, drained and deregistered when it stops; its calls are counted.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette

from .asgi import Middleware
from .registry import Registry


def setup(app: Starlette, registry: Registry, service: str, *, port: int, address: str, **registration: Any) -> None:
    """Sets up `app` as an instance of `service`; further options are those of `Registry.register`. The client is closed
    with the application; `app.state.registry` is it."""
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(started: Any) -> AsyncIterator[Any]:
        async with inner(started) as state:
            registry.register(service, port, address, **registration)
            try:
                yield state
            finally:
                await asyncio.to_thread(registry.close)

    app.state.registry = registry
    app.router.lifespan_context = lifespan
    app.add_middleware(Middleware, registry=registry)
