"""The client for programs on asyncio (the extra `async`): it never blocks the event loop.

    async with AsyncRegistry.connect("http://127.0.0.1:7750") as registry:
        registry.register("hello", port=8080, address="127.0.0.1")
        answer = await registry.http.get("http://orders/orders/42")

The stream and the heartbeats stay on threads of their own, so that a blocked event loop stops neither.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from types import TracebackType
from typing import Any, Generic, TypeVar

import httpx

from .config import Config
from .httpx import AsyncTransport
from .instance import Instance
from .local_config import ConfigValue
from .pick import Pick
from .registration import Registration
from .registry import Registry
from .service import Service

Value = TypeVar("Value")


class AsyncRegistry:
    """`Registry` for asyncio; `core` is what it wraps, whose methods that don't wait may be used as they are."""

    def __init__(self, core: Registry) -> None:
        self.core = core
        self.http = httpx.AsyncClient(transport=AsyncTransport(core), timeout=None)
        """Sends `http://service/path` to an instance; time-outs are those of the service's policy."""

    @classmethod
    def connect(cls, urls: Sequence[str] | str = (), **options: Any) -> "AsyncRegistry":
        """A client with the options of `Settings`. Nothing waits for the registry."""
        return cls(Registry.connect(urls, **options))

    def register(self, service: str, port: int, address: str, **options: Any) -> "AsyncRegistration":
        """`Registry.register`."""
        return AsyncRegistration(self.core.register(service, port, address, **options))

    def service(self, name: str) -> "AsyncService":
        """A service, which is followed from now on."""
        return AsyncService(self.core.service(name))

    def config(self, name: str) -> "AsyncConfig":
        """A configuration item, `group/key`, which is followed from now on."""
        return AsyncConfig(self.core.config(name))

    async def close(self) -> None:
        """Drains, deregisters, stops: at most the close time-out."""
        await self.http.aclose()
        await asyncio.to_thread(self.core.close)

    async def __aenter__(self) -> "AsyncRegistry":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()


class AsyncRegistration:
    """`Registration` for asyncio."""

    def __init__(self, core: Registration) -> None:
        self.core = core

    async def wait(self, timeout: float | None = None) -> bool:
        """Waits until the registry has it; `False` if it hasn't within `timeout` seconds. Raises `RefusedError` and
        `ClosedError`."""
        return await asyncio.to_thread(self.core.wait, timeout)


class AsyncService:
    """`Service` for asyncio. Only the first use waits."""

    def __init__(self, core: Service) -> None:
        self.core = core

    async def instances(self) -> tuple[Instance, ...]:
        """All instances, in id order, whatever their status and health."""
        await self._known()
        return self.core.instances()

    async def choose(self, **options: Any) -> Pick:
        """`Service.choose`."""
        await self._known()
        return self.core.choose(**options)

    def age(self) -> float:
        """`Service.age`."""
        return self.core.age()

    async def changes(self) -> AsyncGenerator[tuple[Instance, ...], None]:
        """All instances, once they are known and whenever something changed; who is slow gets the last state and not
        the ones before."""
        newest: _Newest[tuple[Instance, ...]] = _Newest()
        end = self.core.on_change(newest.put)
        try:
            while True:
                yield await newest.get()
        finally:
            end()

    async def _known(self) -> None:
        if not self.core.known:
            await asyncio.to_thread(self.core.wait)


class AsyncConfig:
    """`Config` for asyncio. Only the first use waits."""

    def __init__(self, core: Config) -> None:
        self.core = core

    async def value(self) -> ConfigValue | None:
        """The release that holds; `None` if there is none."""
        if not self.core.known:
            await asyncio.to_thread(self.core.value)
        return self.core.value()

    def on_change(self, callback: Callable[[ConfigValue | None], object]) -> Callable[[], None]:
        """`Config.on_change`; the callback runs on a thread of the client."""
        return self.core.on_change(callback)


class _Newest(Generic[Value]):
    """The newest value that another thread put, for the event loop in which it was made."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Value] = asyncio.Queue(maxsize=1)

    def put(self, value: Value) -> None:
        self._loop.call_soon_threadsafe(self._replace, value)

    async def get(self) -> Value:
        return await self._queue.get()

    def _replace(self, value: Value) -> None:
        if self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait(value)
