"""Promise 1: registered at the start, alive by heartbeats, drained and deregistered at the end."""

import time
from typing import Any

import pytest
from conftest import Connect
from fake_node import Answer, Request, fake_node
from processes import RegistryProcess, eventually, free_port

from paste_registry import ClosedError, RefusedError


def test_registers_and_deregisters(shared: RegistryProcess, connect: Connect) -> None:
    registry = connect(shared.url, zone="a", region="eu")
    registration = registry.register("reg-basic", 8080, "10.0.0.7", version="1.2.3", tags=["x"], metadata={"k": "v"})
    assert registration.wait(30)
    assert registration.id == f"{registry.session}-8080"
    _, found = shared.ask("GET", f"/services/reg-basic/instances/{registration.id}")
    told = {
        name: found[name] for name in ("address", "port", "version", "zone", "region", "tags", "metadata", "session")
    }
    assert told == {
        "address": "10.0.0.7",
        "port": 8080,
        "version": "1.2.3",
        "zone": "a",
        "region": "eu",
        "tags": ["x"],
        "metadata": {"k": "v"},
        "session": registry.session,
    }
    registry.close()
    assert shared.ids("reg-basic") == []
    with pytest.raises(ClosedError):
        registry.register("reg-basic", 1, "10.0.0.7")


def test_drains_before_it_ends(shared: RegistryProcess, connect: Connect) -> None:
    seen: list[dict[str, str]] = []
    watcher = connect(shared.url)
    watched = watcher.service("reg-drain")
    watched.on_change(lambda instances: seen.append({each.id: each.status for each in instances}))
    registry = connect(shared.url, drain_delay=0.5)
    registry.register("reg-drain", 8080, "10.0.0.7", id="one").wait(30)
    eventually(lambda: {"one": "up"} in seen)
    registry.close()
    eventually(lambda: seen[-1] == {})
    assert seen[-2] == {"one": "draining"}


def test_heartbeats_keep_it_alive_and_tell_of_load(shared: RegistryProcess, connect: Connect) -> None:
    registry = connect(shared.url)
    registry.register("reg-beat", 8080, "10.0.0.7", id="one").wait(30)
    registry.served.begin()
    registry.served.begin()
    registry.served.end(True)
    eventually(lambda: (registry.served.requests, registry.served.errors) == (0, 0))
    assert registry.served.in_flight == 1
    assert registry.registered


def test_the_registry_comes_later(own: RegistryProcess, connect: Connect) -> None:
    events: list[str] = []
    registry = connect(own.url, on_event=lambda name, _: events.append(name))
    registration = registry.register("late", 8080, "10.0.0.7", id="one")
    assert not registration.wait(0.2)
    eventually(lambda: "retrying" in events)
    assert not registry.registered
    own.start()
    assert registration.wait(60)
    assert own.ids("late") == ["one"]
    assert registry.registered


def test_a_registry_that_lost_its_data_gets_everything_again(own: RegistryProcess, connect: Connect) -> None:
    own.start()
    registry = connect(own.url)
    registration = registry.register("lost", 8080, "10.0.0.7", id="one")
    second = registry.register("lost", 8081, "10.0.0.7", id="two")
    assert registration.wait(30) and second.wait(30)
    registration.set_status("maintenance")
    eventually(lambda: own.statuses("lost")["one"] == "maintenance")
    own.kill()
    own.lose_data()
    own.start()
    eventually(lambda: own.statuses("lost") == {"one": "maintenance", "two": "up"}, 60)
    eventually(lambda: registry.registered)


def test_a_refusal_is_final(shared: RegistryProcess, connect: Connect) -> None:
    registry = connect(shared.url)
    registration = registry.register("reg-refused", 8080, "10.0.0.7", weight=99_999_999)
    with pytest.raises(RefusedError) as refused:
        registration.wait(30)
    assert (refused.value.status, refused.value.code) == (400, "invalid-field")
    assert "weight" in refused.value.detail
    assert not registration.registered


def test_one_of_several_can_end(shared: RegistryProcess, connect: Connect) -> None:
    registry = connect(shared.url)
    one = registry.register("reg-several", 8080, "10.0.0.7", id="one")
    two = registry.register("reg-several", 8081, "10.0.0.7", id="two")
    assert one.wait(30) and two.wait(30)
    one.deregister()
    eventually(lambda: shared.ids("reg-several") == ["two"])
    with pytest.raises(ClosedError):
        one.wait(1)


def test_closing_without_the_registry_is_quick(connect: Connect) -> None:
    events: list[tuple[str, Any]] = []
    registry = connect(f"http://127.0.0.1:{free_port()}", on_event=lambda name, fields: events.append((name, fields)))
    registry.register("nowhere", 8080, "10.0.0.7")
    registry.service("other")
    eventually(lambda: len(events) > 4)
    began = time.monotonic()
    registry.close()
    assert time.monotonic() - began < registry.settings.close_timeout + 5
    assert "deregistered" not in [name for name, _ in events]


def test_a_registration_that_fails_does_not_keep_heartbeats_from_their_turn(connect: Connect) -> None:
    def answer(request: Request) -> tuple[int, dict[str, str], bytes] | None:
        return (503, {"Retry-After": "60"}, b"") if "/services/bad/" in request.path else None

    with fake_node() as node:
        node.answer = answer
        registry = connect(node.url, heartbeat=0.05)
        registry.register("good", 1, "10.0.0.1").wait(30)
        bad = registry.register("bad", 2, "10.0.0.1")
        eventually(lambda: [each for each in node.requests if "/services/bad/" in each.path])
        before = len(node.requests)
        eventually(lambda: sum(each.path.endswith("/heartbeat") for each in node.requests[before:]) > 5)
        assert not bad.registered
        registry.close()


def test_a_failed_heartbeat_is_repeated_with_the_next_interval(connect: Connect) -> None:
    refusing: list[Request] = []

    def answer(request: Request) -> Answer | None:
        if request.path.endswith("/heartbeat") and len(refusing) < 8:
            refusing.append(request)
            return 503, {"Retry-After": "60"}, b""
        return None

    with fake_node() as node:
        node.answer = answer
        # Waits as long as jitter allows: it would be minutes.
        registry = connect(node.url, heartbeat=0.05, random=lambda: (1 << 64) - 1)
        registry.register("a", 1, "10.0.0.1").wait(30)
        eventually(lambda: len(refusing) == 8)
        eventually(lambda: registry.registered)
        registry.close()


def test_a_session_that_may_be_there_is_ended_and_tried_again(connect: Connect) -> None:
    """The registration was sent and never answered; the first end of the session fails."""
    ends: list[Request] = []

    def answer(request: Request) -> Answer | None:
        if request.method == "PUT":
            return 503, {}, b""
        ends.append(request)
        return (500, {}, b"") if len(ends) < 3 else (404, {}, b'{"code":"not-registered"}')

    with fake_node() as node:
        node.answer = answer
        registry = connect(node.url, random=lambda: 0)
        registration = registry.register("a", 1, "10.0.0.1")
        eventually(lambda: node.requests)
        registry.close()
        assert not registration.registered
        assert [each.path for each in ends] == [f"/api/v1/sessions/{registry.session}"] * 3


def test_an_instance_id_and_a_status_that_are_refused(shared: RegistryProcess, connect: Connect) -> None:
    registry = connect(shared.url)
    registration = registry.register("reg-status", 8080, "10.0.0.7", id="one")
    assert registration.wait(30)
    registration.set_status("nonsense")
    registration.set_status("draining")
    eventually(lambda: shared.statuses("reg-status") == {"one": "draining"})
    assert registry.registered


@pytest.mark.parametrize("answer", [(200, {}, b"<html>"), (404, {}, b"no such page"), (301, {"Location": "/"}, b"")])
def test_garbage_in_answer_to_a_registration_is_left_for_the_next_node(connect: Connect, answer: Answer) -> None:
    with fake_node() as bad, fake_node() as good:
        bad.answer = lambda _: answer
        registry = connect([bad.url, good.url], random=lambda: 0)
        assert registry.register("a", 1, "10.0.0.1", id="one").wait(30)
        registry.close()
        assert [each.method for each in bad.requests] == ["PUT"]
