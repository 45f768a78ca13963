"""What choosing remembers of endpoints as the service changes. With injected time and randomness."""

import threading
from collections.abc import Callable

import pytest

from paste_registry import Instance, Policy
from paste_registry.choosing.ask import Ask
from paste_registry.choosing.chooser import Chooser, NoneToChooseError
from paste_registry.choosing.policy import SECOND

ANY = Ask()


def instance(name: str, **fields: object) -> Instance:
    return Instance.from_json({"id": name, "address": "10.0.0.1", "port": 80, **fields})


def drawing(numbers: list[int]) -> Callable[[], int]:
    return lambda: numbers.pop(0)


def chooser(*names: str, policy: dict[str, object] | None = None) -> Chooser:
    made = Chooser(lambda: 0)
    made.update([instance(name) for name in names], (), False, Policy.from_json(policy or {}), 0)
    return made


def test_calls_in_flight_steer() -> None:
    made = chooser("a", "b", policy={"balancer": {"kind": "least_request"}})
    first = made.decide(ANY, 0)
    second = made.decide(ANY, 0)
    assert {first.id, second.id} == {"a", "b"}
    made.finish(first, False, False, None, 0)
    assert made.decide(ANY, 0).id == first.id


def test_slow_and_failing_ones_get_less() -> None:
    made = chooser("a", "b", policy={"outlier_detection": {"max_ejected": 0}})
    for name, failed, latency in (("a", False, 500_000_000), ("b", False, 1_000_000), ("b", True, 1_000_000)):
        endpoint = made.endpoints[name]
        endpoint.in_flight += 1
        made.finish(endpoint, failed, False, latency, 0)
    # b's fast failure counts as twice what the others take.
    assert made.endpoints["b"].cost == 1_000_000_000
    assert made.decide(ANY, 0).id == "a"


def test_too_many_requests_slow_but_do_not_eject() -> None:
    made = chooser("a", "b", "c")
    for _ in range(10):
        endpoint = made.endpoints["a"]
        endpoint.in_flight += 1
        made.finish(endpoint, False, True, 1, 0)
    assert not endpoint.ejected
    assert endpoint.cost == 100_000_000


def test_another_address_is_another_endpoint() -> None:
    made = chooser("a", "b", "c")
    old = made.endpoints["a"]
    for _ in range(5):
        old.in_flight += 1
        assert made.finish(old, True, False, 1, 0) == (_ == 4)
    assert {made.decide(ANY, 1).id for _ in range(4)} <= {"b", "c"}
    made.update([instance("a", port=81)], (), False, made.policy, 2)
    assert made.endpoints["a"] is not old
    assert (made.endpoints["a"].ejected, made.endpoints["a"].cost) == (False, None)
    # What is told of the old one afterwards changes nothing.
    assert not made.finish(old, True, False, 1, 3)
    made.update([instance("a", port=81, version="2.0.0")], (), False, made.policy, 4)
    assert made.decide(Ask(tried=frozenset("bc")), 5).instance.version == "2.0.0"


def test_who_joins_or_comes_back_starts_slowly() -> None:
    policy = {"slow_start": {"window": "60s"}, "balancer": {"kind": "weighted_random"}}
    # The point is at 53 % of the weights, of which a newcomer has a tenth: of 200, 210, 210 and 300.
    made = Chooser(lambda: int(0.53 * 2**64))
    made.update([instance("a"), instance("b")], (), False, Policy.from_json(policy), 0)
    assert made.decide(ANY, 0).id == "b", "all are new, and nobody starts slowly"
    made.update([instance("c")], (), False, made.policy, 0)
    assert made.decide(ANY, SECOND).id == "b"
    made.update([instance("b", health="failing")], (), False, made.policy, 70 * SECOND)
    made.update([instance("b")], (), False, made.policy, 80 * SECOND)
    assert made.decide(ANY, 81 * SECOND).id == "c"
    assert made.decide(ANY, 140 * SECOND).id == "b"


def test_protection_makes_failing_ones_eligible() -> None:
    made = chooser("a")
    made.update([instance("a", health="failing")], (), False, made.policy, 0)
    with pytest.raises(NoneToChooseError, match="none eligible"):
        made.decide(ANY, 0)
    made.update((), (), True, made.policy, 0)
    assert made.decide(ANY, 0).id == "a"
    made.update((), ["a"], True, made.policy, 0)
    with pytest.raises(NoneToChooseError, match="no instances"):
        made.decide(ANY, 0)


def test_many_questions_are_not_remembered_for_ever() -> None:
    made = chooser("a")
    for number in range(1000):
        with pytest.raises(NoneToChooseError):
            made.decide(Ask(tags=(str(number),)), 0)
    assert len(made._asked) <= 256


def test_several_threads_leave_nothing_in_flight() -> None:
    made = chooser("a", "b", "c")

    def work() -> None:
        for _ in range(500):
            made.finish(made.decide(ANY, 1), False, False, 1000, 2)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.in_flight for each in made.endpoints.values()] == [0, 0, 0]
