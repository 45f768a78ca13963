"""Promise 3: calls by name, steered by outcomes, retried within the budget."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from backends import Backend, backend, feed
from conftest import Connect
from processes import free_port

from paste_registry import CallFailedError, NoInstanceError, Registry, tracing

RANDOM = {
    "balancer": {"kind": "smooth_wrr"},
    "retries": {"backoff_base": "1ms"},
    "outlier_detection": {"max_ejected": 0},
}
EAGER = RANDOM | {"retries": {"backoff_base": "1ms", "max": 5}}


@pytest.fixture
def registry(connect: Connect) -> Registry:
    """A client that nobody feeds but the test."""
    return connect(f"http://127.0.0.1:{free_port()}")


def test_a_call_by_name(registry: Registry) -> None:
    with backend("one") as one:
        feed(registry, "orders", one)
        answer = registry.http.request("POST", "http://orders/items?x=1", body="text", headers={"X-Own": "1"})
        assert (answer.status, answer.text, answer.instance.id) == (200, "one", "one")
        method, path, headers, body = one.hits[0]
        assert (method, path, body) == ("POST", "/items?x=1", b"text")
        assert headers["host"] == f"127.0.0.1:{one.port}"
        assert headers["x-own"] == "1"
        for _ in range(3):
            assert registry.http.get("http://orders").status == 200


def test_kept_connections_that_the_other_side_closed_are_not_used(registry: Registry) -> None:
    with backend("one", lambda self, _: (200, b"x")) as one:
        feed(registry, "orders", one)
        assert registry.http.get("http://orders/").body == b"x"
        kept = registry.http.take(f"http://127.0.0.1:{one.port}")
        assert kept is not None
        registry.http.keep(f"http://127.0.0.1:{one.port}", kept)
    with backend("one") as again:
        feed(registry, "orders", again)
        assert registry.http.post("http://orders/", body=b"x").text == "one"


def test_who_refuses_connections_is_not_asked_again(registry: Registry) -> None:
    with backend("up") as up:
        down = Backend("down", free_port())
        feed(registry, "orders", up, down, policy=RANDOM)
        answers = [registry.http.post("http://orders/", body=iter([b"once"])) for _ in range(6)]
        assert {each.instance.id for each in answers} == {"up"}
        assert up.hits[0][3] == b"once"


@pytest.mark.parametrize("status", [503, 0])
def test_the_last_word_is_what_comes_back_when_nobody_is_left(registry: Registry, status: int) -> None:
    def last(self: Backend, _: str) -> tuple[int, bytes]:
        feed(registry, "orders", policy=RANDOM)
        return status, b"busy"

    with backend("one", last) as one:
        feed(registry, "orders", one, policy=RANDOM)
        if status:
            assert registry.http.get("http://orders/").body == b"busy"
        else:
            with pytest.raises(CallFailedError):
                registry.http.get("http://orders/")
        assert len(one.hits) == 1
        with pytest.raises(NoInstanceError):
            registry.http.get("http://orders/")


@pytest.mark.parametrize(
    ("method", "options", "tries"),
    [
        ("GET", {}, 3),
        ("PUT", {"body": b"x"}, 3),
        ("PUT", {"body": iter([b"x"])}, 1),
        ("POST", {"body": b"x"}, 1),
        ("POST", {"body": b"x", "idempotent": True}, 3),
        ("GET", {"idempotent": False}, 1),
    ],
)
def test_which_answers_are_tried_again(registry: Registry, method: str, options: dict[str, Any], tries: int) -> None:
    with backend("one", lambda *_: (503, b"busy")) as one:
        feed(registry, "orders", one, policy=RANDOM)
        answer = registry.http.request(method, "http://orders/", **options)
        assert (answer.status, answer.body) == (503, b"busy")
        assert len(one.hits) == tries


def test_statuses_that_the_policy_does_not_name_are_not(registry: Registry) -> None:
    with backend("one", lambda *_: (500, b"")) as one:
        feed(registry, "orders", one, policy=RANDOM)
        assert registry.http.get("http://orders/").status == 500
        assert len(one.hits) == 1


def test_never_the_same_again_while_there_is_another(registry: Registry) -> None:
    def busy(*_: object) -> tuple[int, bytes]:
        return 503, b""

    with backend("a", busy) as a, backend("b", busy) as b, backend("c", busy) as c:
        feed(registry, "orders", a, b, c, policy=RANDOM)
        assert registry.http.get("http://orders/").status == 503
        assert [len(each.hits) for each in (a, b, c)] == [1, 1, 1]


def test_retries_stay_within_the_budget(registry: Registry) -> None:
    with backend("one", lambda *_: (503, b"")) as one:
        policy = RANDOM | {"retries": {"backoff_base": "0s", "min_per_second": 0, "budget": 20}}
        feed(registry, "orders", one, policy=policy)
        for _ in range(10):
            registry.http.get("http://orders/")
        assert len(one.hits) == 12


def test_a_connection_that_breaks(registry: Registry) -> None:
    with backend("one", lambda *_: (0, b"")) as one:
        feed(registry, "orders", one, policy=RANDOM)
        with pytest.raises(CallFailedError) as failed:
            registry.http.post("http://orders/", body=b"x")
        assert (failed.value.service, failed.value.instance, failed.value.sent) == ("orders", "one", True)
        assert failed.value.__cause__ is not None
        assert len(one.hits) == 1


@pytest.fixture
def slow() -> Iterator[tuple[Backend, threading.Event]]:
    go_on = threading.Event()

    def answer(self: Backend, _: str) -> tuple[int, bytes]:
        if len(self.hits) == 1:
            go_on.wait(60)
        return 200, b"at last"

    with backend("slow", answer) as made:
        yield made, go_on
        go_on.set()


def test_a_try_may_take_its_time_only(registry: Registry, slow: tuple[Backend, threading.Event]) -> None:
    feed(registry, "orders", slow[0], policy=RANDOM | {"timeouts": {"per_try": "200ms"}})
    assert registry.http.get("http://orders/").text == "at last"
    assert len(slow[0].hits) == 2


def test_a_call_ends_with_its_time_out(registry: Registry, slow: tuple[Backend, threading.Event]) -> None:
    feed(registry, "orders", slow[0], policy=RANDOM)
    began = time.monotonic()
    with pytest.raises(CallFailedError, match=r"timed out|too long"):
        registry.http.get("http://orders/", timeout=0.3)
    assert time.monotonic() - began < 30
    assert len(slow[0].hits) == 1


def test_answers_are_bounded(registry: Registry) -> None:
    with backend("one", lambda *_: (200, b"x" * 1000)) as one:
        feed(registry, "orders", one, policy=RANDOM)
        with pytest.raises(CallFailedError, match="more than 999 bytes"):
            registry.http.post("http://orders/", body_max=999)


def test_failures_eject_and_are_counted(connect: Connect) -> None:
    events: list[str] = []
    registry = connect(f"http://127.0.0.1:{free_port()}", on_event=lambda name, _: events.append(name))
    with backend("bad", lambda *_: (500, b"")) as bad, backend("good") as good, backend("fine") as fine:
        feed(registry, "orders", bad, good, fine, policy={"balancer": {"kind": "smooth_wrr"}})
        statuses = [registry.http.get("http://orders/").status for _ in range(60)]
    assert statuses.count(500) == 5
    assert events.count("ejected") == 1
    assert events.count("called") == 60
    told = registry.load.calls.report()
    assert [(each["service"], each["count"], each["errors"]) for each in told] == [("orders", 60, 5)]
    assert sum(told[0]["latency"]) == 60


def test_tracing_headers_are_passed_on(registry: Registry) -> None:
    with backend("one") as one:
        feed(registry, "orders", one)
        token = tracing.enter([("traceparent", "00-aa-bb-01"), ("baggage", "k=v"), ("cookie", "no")])
        registry.http.get("http://orders/", headers={"Baggage": "own"})
        tracing.leave(token)
        registry.http.get("http://orders/")
        assert one.hits[0][2]["traceparent"] == "00-aa-bb-01"
        assert one.hits[0][2]["baggage"] == "own"
        assert "cookie" not in one.hits[0][2]
        assert "traceparent" not in one.hits[1][2]


def test_what_cannot_be_called(registry: Registry) -> None:
    feed(registry, "orders")
    with pytest.raises(NoInstanceError, match="no instances"):
        registry.http.get("http://orders/")
    for url in ("orders/x", "ftp://orders/", "http:///x"):
        with pytest.raises(ValueError, match="not a URL"):
            registry.http.get(url)


def test_rules_see_headers_and_versions_are_chosen(registry: Registry) -> None:
    with backend("old") as old, backend("new") as new:
        policy = {
            "subsets": [{"name": "new", "tags": ["new"]}],
            "rules": [{"headers": {"X-Beta": "1"}, "subset": "new"}],
        }
        feed(registry, "orders", old, new, policy=policy)
        assert registry.http.get("http://orders/", headers={"x-beta": "1"}).status == 200
        with pytest.raises(NoInstanceError, match="none match"):
            registry.http.get("http://orders/", version="^2")
