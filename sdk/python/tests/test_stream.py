"""The stream against nodes that behave badly."""

import time

import pytest
from conftest import Connect
from fake_node import EPOCH, Request, fake_node, listed
from processes import RegistryProcess, eventually, free_port

from paste_registry import ClosedError, NotKnownYetError, Registry


def ids(registry: Registry, service: str = "a") -> list[str]:
    return [each.id for each in registry.service(service).instances()]


def test_what_requests_say(connect: Connect) -> None:
    with fake_node() as node:
        registry = connect(node.url, namespace="other", token="secret", zone="z", labels={"canary": "yes"})
        registry.service("a")
        stream = eventually(node.streams)[0]
        assert stream.path == "/api/v1/watch?namespace=other"
        assert stream.body == {"services": ["a"], "configs": [], "labels": {"canary": "yes"}, "zone": "z"}
        assert stream.headers["authorization"] == "Bearer secret"
        assert stream.headers["prefer"] == "handling=lenient"
        assert stream.headers["user-agent"].startswith("paste-registry-python/")
        assert "last-event-id" not in stream.headers
        registry.register("a", 1, "10.0.0.1", id="x/y").wait(30)
        put = next(each for each in node.requests if each.method == "PUT")
        assert put.path == "/api/v1/services/a/instances/x%2Fy?namespace=other"
        beat = eventually(lambda: [each for each in node.requests if "/heartbeat" in each.path])[0]
        assert beat.path == f"/api/v1/sessions/{registry.session}/heartbeat?namespace=other"
        registry.close()
        end = [each.path for each in node.requests if each.method == "DELETE"]
        assert end == [f"/api/v1/sessions/{registry.session}?namespace=other"]


def test_it_goes_on_where_it_ended(connect: Connect) -> None:
    with fake_node() as node:
        registry = connect(node.url)
        node.snapshot("a", "x", revision=7)
        assert ids(registry) == ["x"]
        node.events.put(None)
        second = eventually(lambda: node.streams()[1:])[0]
        assert second.headers["last-event-id"] == f"{EPOCH}-7"
        assert ids(registry) == ["x"]


def test_a_new_subscription_opens_it_anew_before_the_old_one_is_closed(connect: Connect) -> None:
    with fake_node() as node:
        registry = connect(node.url)
        node.snapshot("a", "x")
        assert ids(registry) == ["x"]
        registry.service("b")
        second = eventually(lambda: node.streams()[1:])[0]
        assert second.body["services"] == ["a", "b"]
        assert "last-event-id" not in second.headers


@pytest.mark.parametrize(
    "garbage",
    [b"event: snapshot\ndata: {nonsense\n\n", b'event: snapshot\ndata: {"service":"a"}\n\n', b"\xff\xfeid: \xff\n\n"],
)
def test_garbage_changes_nothing_and_opens_it_anew(connect: Connect, garbage: bytes) -> None:
    with fake_node() as node:
        registry = connect(node.url)
        node.snapshot("a", "x")
        assert ids(registry) == ["x"]
        node.events.put(garbage)
        node.events.put(b"id: zz-9\n\n")
        node.events.put(None)
        eventually(lambda: node.streams()[1:])
        assert ids(registry) == ["x"]
        node.events.put(None)


def test_answers_that_are_no_stream(connect: Connect) -> None:
    answers = [
        (500, {}, b""),
        (429, {"Retry-After": "0"}, b""),
        (200, {"Content-Type": "text/html"}, b"<html>"),
        (302, {"Location": "/elsewhere"}, b""),
        (204, {}, b""),
        (400, {}, b'{"code":"invalid-header"}'),
    ]
    with fake_node() as node:
        node.answer = lambda request: answers.pop() if answers else None
        node.snapshot("a", "x")
        registry = connect(node.url, random=lambda: 0)
        assert ids(registry) == ["x"]
        assert answers == []


def test_a_session_that_is_not_known_is_registered_again(connect: Connect) -> None:
    refused: list[Request] = []

    def answer(request: Request) -> tuple[int, dict[str, str], bytes] | None:
        if request.path.startswith("/api/v1/watch") and request.body.get("session") and not refused:
            refused.append(request)
            return 404, {}, b'{"code":"not-registered"}'
        return None

    with fake_node() as node:
        node.answer = answer
        registry = connect(node.url)
        registry.register("a", 1, "10.0.0.1", id="x").wait(30)
        registry.service("a")
        eventually(lambda: refused)
        eventually(lambda: [each for each in node.requests if each.method == "PUT"][1:])
        eventually(lambda: [each for each in node.streams() if each.body.get("session")][1:])
        registry.close()


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"code":"no-such-route"}', b"[]"])
def test_a_404_that_is_not_the_word_of_the_registry_is_left_for_the_next_node(connect: Connect, body: bytes) -> None:
    with fake_node() as bad, fake_node() as good:
        bad.answer = lambda request: (404, {}, body) if request.path.startswith("/api/v1/watch") else None
        good.snapshot("a", "x")
        registry = connect([bad.url, good.url], random=lambda: 0)
        registry.register("a", 1, "10.0.0.1", id="x").wait(30)
        assert ids(registry) == ["x"]
        assert len([each for each in bad.requests + good.requests if each.method == "PUT"]) == 1
        registry.close()


def test_the_first_use_says_why_nothing_is_known(connect: Connect) -> None:
    registry = connect(f"http://127.0.0.1:{free_port()}", request_timeout=0.5)
    service = registry.service("a")
    with pytest.raises(NotKnownYetError, match="ConnectionRefusedError"):
        service.instances()
    began = time.monotonic()
    with pytest.raises(NotKnownYetError):
        service.choose()
    assert time.monotonic() - began < 20
    registry.close()
    with pytest.raises(ClosedError):
        service.choose()


def test_a_node_that_never_answers_is_left(connect: Connect) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as mute, fake_node() as node:
        node.snapshot("a", "x")
        urls = [f"http://127.0.0.1:{mute.getsockname()[1]}", node.url]
        registry = connect(urls, request_timeout=0.5, random=lambda: 0)
        assert [each.id for each in registry.service("a").instances(timeout=30)] == ["x"]


def test_an_isolated_node_is_left(connect: Connect) -> None:
    with fake_node() as first, fake_node() as second:
        first.headers = {"X-Registry-Isolated": "true"}
        first.snapshot("a", "x")
        second.snapshot("a", "x", "y")
        registry = connect([first.url, second.url], random=lambda: 0)
        eventually(lambda: ids(registry) == ["x", "y"])
        assert second.streams()


def test_a_restart_that_lost_everything_empties_nothing(own: RegistryProcess, connect: Connect) -> None:
    own.start()
    own.put("a", "x")
    events: list[str] = []
    registry = connect(own.url, on_event=lambda name, _: events.append(name))
    assert ids(registry) == ["x"]
    own.kill()
    eventually(lambda: "disconnected" in events)
    assert ids(registry) == ["x"]
    own.lose_data()
    own.start()
    eventually(lambda: "reset" in events, 60)
    assert ids(registry) == ["x"]
    assert registry.service("a").age() < 60


def test_a_start_without_the_registry(own: RegistryProcess, connect: Connect) -> None:
    own.start()
    own.put("a", "x")
    folder = own.folder / "copy"
    first = connect(own.url, snapshot_folder=folder)
    assert ids(first) == ["x"]
    first.close()
    own.kill()
    second = connect(own.url, snapshot_folder=folder)
    assert ids(second) == ["x"]
    with second.service("a").choose() as pick:
        assert pick.instance.id == "x"
    assert 0 <= second.service("a").age() < 60


def test_ten_thousand_instances(shared: RegistryProcess, connect: Connect) -> None:
    for start in range(0, 10_000, 1000):
        items = [
            {
                "action": "register",
                "service": "many",
                "id": f"i{number:05}",
                "instance": {"address": "10.0.0.1", "port": number + 1, "session": "of-many", "ttl": "10m"},
            }
            for number in range(start, start + 1000)
        ]
        status, answer = shared.ask("POST", "/batch", {"items": items})
        assert status == 200, answer
    registry = connect(shared.url)
    service = registry.service("many")
    assert len(service.instances(timeout=30)) == 10_000
    assert len({service.choose().instance.id for _ in range(200)}) > 100
    shared.put("many", "i10000")
    eventually(lambda: len(service.instances()) == 10_001)


def test_the_fake_node_is_like_the_real_one(shared: RegistryProcess) -> None:
    """What the other tests feed is shaped like what the registry sends."""
    shared.put("shape", "x")
    _, real = shared.ask("GET", "/services/shape/instances")
    assert real.keys() >= listed("a").keys() - {"policy"}
    assert real["instances"][0].keys() >= listed("a", "x")["instances"][0].keys()


def test_policies_come_with_the_service(shared: RegistryProcess, connect: Connect) -> None:
    shared.put("policed", "x")
    registry = connect(shared.url)
    service = registry.service("policed")
    service.wait(30)
    assert service.policy().balancer.kind == "peak_ewma"
    status, answer = shared.ask("PUT", "/policies/policed", {"balancer": {"kind": "rendezvous"}})
    assert status in (200, 201), answer
    eventually(lambda: service.policy().balancer.kind == "rendezvous")
    assert connect(shared.url).service("policed").policy().balancer.kind == "rendezvous"
    shared.ask("DELETE", "/policies/policed")
    eventually(lambda: service.policy().balancer.kind == "peak_ewma")


def test_names_that_would_end_the_stream_for_all_are_refused(connect: Connect) -> None:
    registry = connect(f"http://127.0.0.1:{free_port()}")
    for name in ("", "a b", "*", "-a", "a/b", "x" * 129):
        with pytest.raises(ValueError, match="is named by"):
            registry.service(name)
