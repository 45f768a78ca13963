"""Promise 6 and the one-line set-ups: what middleware counts, and who is registered when."""

import asyncio
from collections.abc import Iterable
from typing import Any

import django
import flask as flask_library
import httpx
import pytest
from conftest import Connect
from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from fastapi import FastAPI
from processes import RegistryProcess, eventually, free_port

from paste_registry import Registry, asgi, fastapi, flask, tracing, wsgi


@pytest.fixture
def alone(connect: Connect) -> Registry:
    """A client without a registry."""
    return connect(f"http://127.0.0.1:{free_port()}")


def counts(registry: Registry) -> tuple[int, int, int]:
    served = registry.served
    return served.requests, served.errors, served.in_flight


def test_wsgi(alone: Registry) -> None:
    seen: list[object] = []

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/raise":
            raise RuntimeError("no")
        start_response(environ["PATH_INFO"][1:], [])
        seen.append((counts(alone), dict(tracing.passed_on(()))))
        return [b"x"]

    wrapped: Any = wsgi.Middleware(application, alone)
    for status in ("200 OK", "503 Busy"):
        body = wrapped({"PATH_INFO": f"/{status}", "HTTP_TRACEPARENT": "00-aa"}, lambda *_: None)
        assert list(body) == [b"x"]
        assert alone.served.in_flight == 1
        body.close()
        body.close()
    with pytest.raises(RuntimeError):
        wrapped({"PATH_INFO": "/raise"}, lambda *_: None)
    assert counts(alone) == (3, 2, 0)
    assert seen[0] == ((0, 0, 1), {"traceparent": "00-aa"})
    assert tracing.passed_on(()) == {}


def test_asgi(alone: Registry) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        assert tracing.passed_on(()) == {"traceparent": "00-aa"}
        if scope["path"] == "/raise":
            raise RuntimeError("no")
        await send({"type": "http.response.start", "status": int(scope["path"][1:]), "headers": []})

    async def nothing(*_: Any) -> Any:
        return None

    async def run(path: str, kind: str = "http") -> None:
        scope = {"type": kind, "path": path, "headers": [(b"traceparent", b"00-aa")]}
        await asgi.Middleware(app, alone)(scope, nothing, nothing)

    asyncio.run(run("/200"))
    asyncio.run(run("/500"))
    asyncio.run(run("/", "lifespan"))
    with pytest.raises(RuntimeError):
        asyncio.run(run("/raise"))
    assert counts(alone) == (3, 2, 0)


def test_fastapi(shared: RegistryProcess, connect: Connect) -> None:
    registry = connect(shared.url, heartbeat=600)
    app = FastAPI()

    @app.get("/")
    def root() -> str:
        return "hello"

    fastapi.setup(app, registry, "int-fastapi", port=8080, address="10.0.0.7", id="one")
    assert shared.ids("int-fastapi") == []

    async def live() -> None:
        async with app.router.lifespan_context(app):
            await asyncio.to_thread(eventually, lambda: shared.ids("int-fastapi") == ["one"])
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
                assert (await client.get("/")).json() == "hello"
            assert counts(registry) == (1, 0, 0)

    asyncio.run(live())
    assert shared.ids("int-fastapi") == []
    assert registry.closed


def test_flask(shared: RegistryProcess, connect: Connect) -> None:
    registry = connect(shared.url, heartbeat=600)
    app = flask_library.Flask("test")

    @app.get("/")
    def root() -> str:
        return "hello"

    flask.setup(app, registry, "int-flask", port=8080, address="10.0.0.7", id="one").wait(30)
    assert shared.ids("int-flask") == ["one"]
    with app.test_client() as client, client.get("/") as answer:
        assert answer.data == b"hello"
    with app.test_client() as client, client.get("/missing") as answer:
        assert answer.status_code == 404
    assert counts(registry) == (2, 0, 0)
    assert app.extensions["paste_registry"] is registry


def view(request: HttpRequest) -> HttpResponse:
    if request.path == "/raise":
        raise RuntimeError("no")
    return HttpResponse("hello")


async def async_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


def test_django(shared: RegistryProcess) -> None:
    connect = {"urls": shared.url, "heartbeat": 600, "drain_delay": 0.0}
    urls = type("urls", (), {"urlpatterns": [path("", view), path("raise", view), path("async", async_view)]})
    django_settings.configure(
        MIDDLEWARE=["paste_registry.django.middleware"],
        ROOT_URLCONF=urls,
        PASTE_REGISTRY={
            "service": "int-django",
            "port": 8080,
            "address": "10.0.0.7",
            "id": "one",
            "connect": connect,
        },
        ALLOWED_HOSTS=["*"],
    )
    django.setup()
    from paste_registry.django import registry

    try:
        client = Client(raise_request_exception=False)
        assert client.get("/").content == b"hello"
        assert client.get("/raise").status_code == 500
        eventually(lambda: shared.ids("int-django") == ["one"])
        assert counts(registry()) == (2, 1, 0)
        from django.test import AsyncClient

        answer = asyncio.run(AsyncClient().get("/async"))
        assert answer.content == b"hello"
        assert counts(registry()) == (3, 1, 0)
    finally:
        registry().close()
    assert shared.ids("int-django") == []
