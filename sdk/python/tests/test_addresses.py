"""Promise 4: several addresses, full jitter, a preference for nodes that aren't isolated."""

import pytest

from paste_registry.addresses import Addresses
from paste_registry.choosing.policy import SECOND
from paste_registry.errors import UnavailableError
from paste_registry.reconnect import Reconnect
from paste_registry.settings import Settings

HALF = 1 << 63


class Clock:
    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


def test_each_failure_goes_on_to_the_next() -> None:
    addresses = Addresses(["a", "b", "c"], 2, Clock())
    assert addresses.current == "c"
    addresses.failed("c")
    assert addresses.current == "a"
    addresses.failed("c")
    assert addresses.current == "a", "another thread had moved on already"


def test_isolated_nodes_are_left_at_most_once_in_30_s() -> None:
    clock = Clock()
    addresses = Addresses(["a", "b", "c"], 0, clock)
    addresses.answered("a", True)
    assert addresses.current == "b"
    addresses.answered("b", True)
    assert addresses.current == "b"
    clock.now = 30 * SECOND
    addresses.answered("b", True)
    assert addresses.current == "c"
    clock.now = 90 * SECOND
    addresses.answered("c", True)
    assert addresses.current == "c", "all are isolated"
    addresses.answered("a", False)
    addresses.answered("c", True)
    assert addresses.current == "a"


def test_isolation_is_forgotten_after_120_s() -> None:
    clock = Clock()
    addresses = Addresses(["a", "b"], 0, clock)
    addresses.answered("a", True)
    assert addresses.current == "b"
    clock.now = 120 * SECOND - 1
    addresses.answered("b", True)
    assert addresses.current == "b", "all are isolated"
    clock.now += 1
    addresses.answered("b", True)
    assert addresses.current == "a"


def test_waits_double_up_to_30_s_and_begin_anew_after_10_s_of_success() -> None:
    clock = Clock()
    reconnect = Reconnect(clock, lambda: HALF)
    error = UnavailableError("no")
    assert [reconnect.failed(error) for _ in range(9)] == [0.25, 0.5, 1, 2, 4, 8, 15, 15, 15]
    reconnect.succeeded()
    clock.now += 10 * SECOND - 1
    reconnect.succeeded()
    assert reconnect.failed(error) == 15
    reconnect.succeeded()
    clock.now += 10 * SECOND
    assert reconnect.failed(error) == 0.25


def test_retry_after_is_the_least_to_wait() -> None:
    reconnect = Reconnect(Clock(), lambda: HALF)
    assert reconnect.failed(UnavailableError("busy", 7)) == 7
    assert reconnect.failed(UnavailableError("busy", 61)) == 0.5
    assert reconnect.failed(UnavailableError("busy", 0)) == 1


def test_where_addresses_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PASTE_REGISTRY_URL", raising=False)
    monkeypatch.setenv("PASTE_REGISTRY_TOKEN", "of the environment")
    assert Settings().nodes() == ["http://127.0.0.1:7750"]
    monkeypatch.setenv("PASTE_REGISTRY_URL", "http://a:1/, https://b:2")
    assert Settings().nodes() == ["http://a:1", "https://b:2"]
    assert Settings(urls="http://c").nodes() == ["http://c"]
    assert (Settings().bearer(), Settings(token="own").bearer()) == ("of the environment", "own")
    with pytest.raises(ValueError, match="begins with http"):
        Settings(urls=["a:1"]).nodes()
