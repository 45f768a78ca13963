"""The transports for httpx."""

import asyncio

import httpx
import pytest
from backends import Backend, backend, feed
from conftest import Connect
from processes import free_port

from paste_registry import Registry
from paste_registry.httpx import AsyncTransport, Transport

POLICY = {
    "balancer": {"kind": "smooth_wrr"},
    "retries": {"backoff_base": "1ms"},
    "outlier_detection": {"max_ejected": 0},
}


@pytest.fixture
def registry(connect: Connect) -> Registry:
    return connect(f"http://127.0.0.1:{free_port()}")


class Both:
    """The same request through both transports."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    def sync(self, method: str, url: str, **options: object) -> httpx.Response:
        with httpx.Client(transport=Transport(self.registry)) as client:
            return client.request(method, url, **options)  # type: ignore[arg-type]

    def with_asyncio(self, method: str, url: str, **options: object) -> httpx.Response:
        async def run() -> httpx.Response:
            async with httpx.AsyncClient(transport=AsyncTransport(self.registry)) as client:
                return await client.request(method, url, **options)  # type: ignore[arg-type]

        return asyncio.run(run())


@pytest.mark.parametrize("way", ["sync", "with_asyncio"])
def test_a_call_by_name(registry: Registry, way: str) -> None:
    with backend("one") as one:
        feed(registry, "orders", one)
        answer = getattr(Both(registry), way)("POST", "http://orders/items?x=1", content=b"body")
        assert (answer.status_code, answer.text) == (200, "one")
        method, path, headers, body = one.hits[0]
        assert (method, path, body) == ("POST", "/items?x=1", b"body")
        assert headers["host"] == f"127.0.0.1:{one.port}"
        assert registry.copy.services["orders"].chooser.endpoints["one"].in_flight == 0


@pytest.mark.parametrize("way", ["sync", "with_asyncio"])
def test_retries(registry: Registry, way: str) -> None:
    with backend("busy", lambda *_: (503, b"")) as busy, backend("up") as up:
        down = Backend("down", free_port())
        feed(registry, "orders", busy, down, up, policy=POLICY)
        answers = [getattr(Both(registry), way)("GET", "http://orders/") for _ in range(3)]
        assert [each.text for each in answers] == ["up"] * 3
    told = registry.load.calls.report()[0]
    assert told["errors"] == told["count"] - 3 > 0
    assert len(busy.hits) > 0


@pytest.mark.parametrize("way", ["sync", "with_asyncio"])
def test_the_last_word_is_what_comes_back_when_nobody_is_left(registry: Registry, way: str) -> None:
    def last(self: Backend, method: str) -> tuple[int, bytes]:
        feed(registry, "orders", policy=POLICY)
        return (503, b"busy") if method == "GET" else (0, b"")

    with backend("one", last) as one:
        feed(registry, "orders", one, policy=POLICY)
        answer = getattr(Both(registry), way)("GET", "http://orders/")
        assert (answer.status_code, answer.text) == (503, "busy")
        feed(registry, "orders", one, policy=POLICY)
        with pytest.raises(httpx.RemoteProtocolError):
            getattr(Both(registry), way)("PUT", "http://orders/", content=b"x")
        assert len(one.hits) == 2


@pytest.mark.parametrize("way", ["sync", "with_asyncio"])
def test_options_of_a_call(registry: Registry, way: str) -> None:
    with backend("one", lambda *_: (503, b"")) as one:
        feed(registry, "orders", one, policy=POLICY)
        for options, tries in (({}, 1), ({"idempotent": True}, 4)):
            extensions = {"paste_registry": options}
            getattr(Both(registry), way)("POST", "http://orders/", content=b"x", extensions=extensions)
            assert len(one.hits) == tries


@pytest.mark.parametrize("way", ["sync", "with_asyncio"])
def test_the_last_error_is_raised(registry: Registry, way: str) -> None:
    feed(registry, "orders", Backend("down", free_port()), policy=POLICY)
    with pytest.raises(httpx.ConnectError):
        getattr(Both(registry), way)("GET", "http://orders/")


def test_the_first_use_does_not_block_the_event_loop(registry: Registry) -> None:
    with backend("one") as one:

        async def run() -> str:
            async with httpx.AsyncClient(transport=AsyncTransport(registry)) as client:
                call = asyncio.create_task(client.get("http://orders/"))
                await asyncio.sleep(0.05)
                feed(registry, "orders", one)
                return (await call).text

        assert asyncio.run(run()) == "one"
