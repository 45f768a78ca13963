"""Promise 6: what heartbeats carry, and that nothing is lost when one fails."""

from conftest import Connect
from fake_node import Request, fake_node
from processes import eventually

from paste_registry.load import CallCounts, Load, Served


def test_calls_by_service() -> None:
    calls = CallCounts()
    for latency in (0, 100_000, 150_000, 400_000):
        calls.add("orders", False, latency)
    calls.add("orders", True, None)
    report = calls.report()
    assert report == [{"service": "orders", "count": 5, "errors": 1, "latency": [2, 0, 1, 0, 1]}]
    calls.add("orders", False, 1)
    calls.taken(report)
    assert calls.report() == [{"service": "orders", "count": 1, "errors": 0, "latency": [1]}]
    calls.taken(calls.report())
    assert calls.report() == []


def test_at_most_a_hundred_services() -> None:
    calls = CallCounts()
    for number in range(150):
        calls.add(f"s{number}", False, None)
    assert len(calls.report()) == 100


def test_served_calls_are_left_out_where_nobody_counts() -> None:
    served = Served()
    assert served.report() == {}
    served.begin()
    assert served.report() == {"in_flight": 1, "requests": 0, "errors": 0}


def test_cpu_is_a_share() -> None:
    now = [0]
    load = Load(lambda: now[0])
    now[0] = 10**15
    assert 0 <= load.report()["cpu"] <= 1
    assert load.report() == {}, "no time went by"


def test_what_a_failed_heartbeat_carried_is_carried_again(connect: Connect) -> None:
    beats: list[Request] = []

    def answer(request: Request) -> tuple[int, dict[str, str], bytes] | None:
        if not request.path.endswith("/heartbeat"):
            return None
        beats.append(request)
        return (503 if len(beats) == 1 else 204), {}, b""

    with fake_node() as node:
        node.answer = answer
        registry = connect(node.url, random=lambda: 0)
        registry.load.calls.add("orders", True, 1)
        registry.served.begin()
        registry.served.end(False)
        registry.register("a", 1, "10.0.0.1").wait(30)
        eventually(lambda: beats[2:])
        registry.close()
    for beat in beats[:2]:
        assert beat.body["requests"] == 1
        assert beat.body["calls"] == [{"service": "orders", "count": 1, "errors": 1, "latency": [1]}]
    assert "calls" not in beats[2].body
    assert beats[2].body["requests"] == 0
