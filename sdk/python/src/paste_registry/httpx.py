"""Transports for httpx that send `http://service/path` to an instance of the service.

    client = httpx.Client(transport=paste_registry.httpx.Transport(registry))
    client = httpx.AsyncClient(transport=paste_registry.httpx.AsyncTransport(registry))

httpx writes hosts in small letters: services whose names have others can't be called this way. A request's extension
`paste_registry` may hold options of `Call`: `idempotent`, `version`, `tags`, `metadata`, `hash_key`.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx

from . import tracing
from .call import Call, service_of
from .pick import Pick
from .registry import Registry

_SECONDS = ("connect", "read", "write", "pool")
_UNOPENED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Transport(httpx.BaseTransport):
    """Sends through `transport`, a new `httpx.HTTPTransport` unless given, which is closed with this."""

    def __init__(self, registry: Registry, transport: httpx.BaseTransport | None = None) -> None:
        self._registry = registry
        self._transport = transport or httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        call = _call(self._registry, request)
        pick = call.pick()
        while True:
            try:
                response = self._transport.handle_request(_directed(request, call, pick))
            except httpx.TransportError as error:
                again = call.again(call.failed(not isinstance(error, _UNOPENED)))
                if again is None:
                    raise
            else:
                try:
                    response.stream = _Reported(response.stream, pick, response.status_code, call.latency)
                    again = call.again(_reported(call, pick, response.status_code))
                except BaseException:
                    response.close()
                    raise
                if again is None:
                    return response
                response.close()
            pick = again

    def close(self) -> None:
        self._transport.close()


class AsyncTransport(httpx.AsyncBaseTransport):
    """Sends through `transport`, a new `httpx.AsyncHTTPTransport` unless given, which is closed with this."""

    def __init__(self, registry: Registry, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._registry = registry
        self._transport = transport or httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        service = self._registry.service(service_of(str(request.url)))
        if not service.known:
            await asyncio.to_thread(service.wait)
        call = _call(self._registry, request)
        pick = call.pick()
        while True:
            try:
                response = await self._transport.handle_async_request(_directed(request, call, pick))
            except httpx.TransportError as error:
                again = await _again(call, call.failed(not isinstance(error, _UNOPENED)))
                if again is None:
                    raise
            else:
                try:
                    response.stream = _AsyncReported(response.stream, pick, response.status_code, call.latency)
                    again = await _again(call, _reported(call, pick, response.status_code))
                except BaseException:
                    await response.aclose()
                    raise
                if again is None:
                    return response
                await response.aclose()
            pick = again

    async def aclose(self) -> None:
        await self._transport.aclose()


def _call(registry: Registry, request: httpx.Request) -> Call:
    options: dict[str, Any] = dict(request.extensions.get("paste_registry", {}))
    replayable = isinstance(request.stream, httpx.ByteStream)
    return Call(registry, str(request.url), request.method, request.headers, replayable=replayable, **options)


def _reported(call: Call, pick: Pick, status: int) -> float | None:
    """The seconds to wait before the next try; then this one is over, though its answer may still be read."""
    wait = call.retries(status)
    if wait is not None:
        pick.answered(status, call.latency)
    return wait


async def _again(call: Call, wait: float | None) -> Pick | None:
    """`Call.again` for asyncio."""
    if wait is None:
        return None
    await asyncio.sleep(wait)
    return call.again(0.0)


def _directed(request: httpx.Request, call: Call, pick: Pick) -> httpx.Request:
    """The request as it is sent to an instance."""
    instance = pick.instance
    url = request.url.copy_with(host=instance.address, port=instance.port)
    headers = request.headers.copy()
    headers["Host"] = instance.authority
    headers.update(tracing.passed_on(headers))
    given = request.extensions.get("timeout", {})
    limits = {"connect": call.connect_timeout, "read": call.timeout, "write": call.timeout, "pool": call.timeout}
    timeout = {name: _lesser(given.get(name), limits[name]) for name in _SECONDS}
    extensions = {**request.extensions, "timeout": timeout}
    return httpx.Request(request.method, url, headers=headers, stream=request.stream, extensions=extensions)


def _lesser(first: float | None, second: float | None) -> float | None:
    known = [each for each in (first, second) if each is not None]
    return min(known) if known else None


class _Reported(httpx.SyncByteStream):
    """The body of an answer; a call is in flight until it is closed, and has failed when it can't be read."""

    def __init__(self, stream: Any, pick: Pick, status: int, latency: float) -> None:
        self._stream, self._pick, self._status, self._latency = stream, pick, status, latency

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._stream
        except httpx.TransportError:
            self._pick.done(False, self._latency)
            raise

    def close(self) -> None:
        self._pick.answered(self._status, self._latency)
        self._stream.close()


class _AsyncReported(httpx.AsyncByteStream):
    """The same for asyncio."""

    def __init__(self, stream: Any, pick: Pick, status: int, latency: float) -> None:
        self._stream, self._pick, self._status, self._latency = stream, pick, status, latency

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._stream:
                yield chunk
        except httpx.TransportError:
            self._pick.done(False, self._latency)
            raise

    async def aclose(self) -> None:
        self._pick.answered(self._status, self._latency)
        await self._stream.aclose()
