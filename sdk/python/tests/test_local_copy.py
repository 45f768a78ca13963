"""Promise 2: the copy is never wrongly empty, and tells how old it is. With an injected clock."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from fake_node import EPOCH, listed

from paste_registry.choosing.policy import SECOND
from paste_registry.hooks import Hooks
from paste_registry.local_config import LocalConfig
from paste_registry.local_copy import LocalCopy, UnreadableError
from paste_registry.local_service import LocalService
from paste_registry.settings import Settings
from paste_registry.sse import Event

OTHER = "00000000000000bb"


class Told:
    def __init__(self) -> None:
        self.changes: list[str] = []

    def service_changed(self, service: LocalService) -> None:
        self.changes.append(service.name)

    def config_changed(self, config: LocalConfig) -> None:
        self.changes.append(config.name)


class Copy:
    """A copy with a clock that tests move."""

    def __init__(self, folder: Path | None = None) -> None:
        self.now = 1000 * SECOND
        self.told = Told()
        settings = Settings(clock=lambda: self.now, random=lambda: 0, snapshot_folder=folder)
        self.copy = LocalCopy(settings, Hooks(None), self.told)

    def follow(self, *services: str, resumed: bool = False) -> None:
        for service in services:
            self.copy.service(service)
        self.copy.opened(resumed)

    def event(self, name: str, data: Any, event_id: str | None = f"{EPOCH}-1") -> None:
        self.copy.apply(Event(name, json.dumps(data).encode(), event_id))

    def ids(self, service: str = "a") -> list[str]:
        return [each.id for each in self.copy.service(service)[0].instances()]


def delta(**fields: Any) -> dict[str, Any]:
    return {
        "service": "a",
        "namespace": "default",
        "revision": 2,
        "protected": False,
        "upserted": [],
        "removed": [],
    } | fields


def test_what_the_stream_says_holds() -> None:
    copy = Copy()
    copy.follow("a")
    copy.event("snapshot", listed("a", "x", "y"))
    copy.event("delta", delta(removed=["x"], upserted=listed("a", "z")["instances"]))
    assert copy.ids() == ["y", "z"]
    copy.event("snapshot", listed("a"))
    assert copy.ids() == []


def test_a_reset_keeps_what_was_known_until_it_is_confirmed() -> None:
    copy = Copy()
    copy.follow("a")
    copy.event("snapshot", listed("a", "x", "y", "z"))
    copy.event("reset", {"epoch": OTHER}, None)
    copy.event("snapshot", listed("a", "x"), f"{OTHER}-1")
    assert copy.ids() == ["x", "y", "z"]
    copy.now += 59 * SECOND
    copy.copy.tick()
    assert copy.ids() == ["x", "y", "z"]
    copy.event("delta", delta(upserted=listed("a", "y")["instances"]), f"{OTHER}-2")
    copy.now += SECOND
    copy.copy.tick()
    assert copy.ids() == ["x", "y"]
    copy.event("delta", delta(removed=["y"]), f"{OTHER}-3")
    assert copy.ids() == ["x"]


def test_nothing_goes_while_there_is_no_stream() -> None:
    copy = Copy()
    copy.follow("a")
    copy.event("snapshot", listed("a", "x"))
    copy.event("reset", {"epoch": OTHER}, None)
    copy.copy.ended("cut")
    copy.now += 600 * SECOND
    copy.copy.tick()
    assert copy.ids() == ["x"]


def test_what_is_unconfirmed_gets_its_time_again_when_the_registry_was_away() -> None:
    copy = Copy()
    copy.follow("a")
    copy.event("snapshot", listed("a", "x"))
    copy.event("reset", {"epoch": OTHER}, None)
    copy.copy.ended("cut")
    copy.now += 600 * SECOND
    copy.follow()
    copy.event("snapshot", listed("a"), f"{OTHER}-2")
    copy.now += 59 * SECOND
    # A stream that takes the place of an open one changes nothing.
    copy.follow()
    copy.copy.tick()
    assert copy.ids() == ["x"]
    copy.now += SECOND
    copy.copy.tick()
    assert copy.ids() == []


def test_the_history_of_first_snapshots_is_known_by_the_id_that_ends_them() -> None:
    copy = Copy()
    copy.follow("a", "b")
    copy.event("snapshot", listed("a", "x"))
    copy.event("snapshot", listed("b", "y"))
    copy.follow()
    copy.event("snapshot", listed("a"), None)
    assert copy.ids("a") == ["x"]
    copy.event("snapshot", listed("b"), f"{OTHER}-7")
    assert (copy.ids("a"), copy.ids("b")) == (["x"], ["y"])
    copy.follow()
    copy.event("snapshot", listed("a", "n"), None)
    copy.event("snapshot", listed("b"), f"{OTHER}-8")
    assert (copy.ids("a"), copy.ids("b")) == (["n", "x"], ["y"])


def test_what_is_known_and_was_never_there_starts_empty() -> None:
    copy = Copy()
    copy.follow("a")
    assert not copy.copy.service("a")[0].known.is_set()
    copy.event("snapshot", listed("a"))
    assert copy.copy.service("a")[0].known.is_set()
    assert copy.ids() == []


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("snapshot", {"service": "a"}),
        ("snapshot", listed("a", "x") | {"instances": [{"id": "x"}]}),
        ("snapshot", listed("a", "x") | {"instances": None}),
        ("delta", delta(removed=None)),
        ("delta", delta(upserted=[{"id": 1, "address": "a", "port": 1}])),
        ("snapshot", [1, 2]),
    ],
)
def test_what_cannot_be_read_changes_nothing(name: str, data: Any) -> None:
    copy = Copy()
    copy.follow("a")
    copy.event("snapshot", listed("a", "x"))
    with pytest.raises(UnreadableError):
        copy.event(name, data)
    assert copy.ids() == ["x"]


def test_policies_come_and_go() -> None:
    copy = Copy()
    copy.follow("a")
    service = copy.copy.service("a")[0]
    copy.event("snapshot", listed("a", "x") | {"policy": {"balancer": {"kind": "smooth_wrr"}}})
    assert service.policy.balancer.kind == "smooth_wrr"
    copy.event("delta", delta())
    assert service.policy.balancer.kind == "smooth_wrr"
    copy.event("delta", delta(policy={"balancer": {"kind": "maglev"}, "from_the_future": 1}))
    assert service.policy.balancer.kind == "rendezvous"
    copy.event("delta", delta(policy={"timeouts": {"request": "soon"}}))
    assert service.policy.balancer.kind == "rendezvous"
    copy.event("delta", delta(policy=None))
    assert service.policy.balancer.kind == "peak_ewma"


def test_age() -> None:
    copy = Copy()
    copy.follow("a")
    service = copy.copy.service("a")[0]
    assert copy.copy.age(service) == math.inf
    copy.event("snapshot", listed("a", "x"))
    copy.now += 20 * SECOND
    assert copy.copy.age(service) == 0
    copy.now += SECOND
    assert copy.copy.age(service) == 21
    copy.copy.heard()
    copy.now += SECOND
    assert copy.copy.age(service) == 0
    copy.copy.ended("cut")
    assert copy.copy.age(service) == 1


def test_a_copy_from_disk(tmp_path: Path) -> None:
    first = Copy(tmp_path)
    first.follow("a")
    first.copy.config("g/k")
    first.copy.config("g/secret")
    first.event("snapshot", listed("a", "x", "y") | {"policy": {"balancer": {"kind": "ring_hash"}}})
    config = {"group": "g", "key": "k", "release": 3, "format": "yaml", "content": "a: 1"}
    first.event("config", config)
    first.event("config", config | {"key": "secret", "secret": True})
    first.now += SECOND
    first.copy.tick()
    assert "secret" not in (tmp_path / "default.json").read_text()

    second = Copy(tmp_path)
    second.follow("a")
    service = second.copy.service("a")[0]
    assert second.ids() == ["x", "y"]
    assert service.policy.balancer.kind == "ring_hash"
    value = second.copy.config("g/k")[0].value
    assert value is not None and (value.release, value.content) == (3, "a: 1")
    second.now += 90 * SECOND
    assert second.copy.age(service) >= 90
    # Another history: what it doesn't show stays for a while.
    second.event("snapshot", listed("a", "x"), f"{OTHER}-1")
    assert second.ids() == ["x", "y"]
    second.now += 60 * SECOND
    second.copy.tick()
    assert second.ids() == ["x"]


def test_a_copy_from_disk_of_the_same_history_is_replaced(tmp_path: Path) -> None:
    first = Copy(tmp_path)
    first.follow("a")
    first.event("snapshot", listed("a", "x", "y"))
    first.copy.save()
    second = Copy(tmp_path)
    second.follow("a")
    second.event("snapshot", listed("a", "x"))
    assert second.ids() == ["x"]


def test_what_is_asked_for_later_is_of_the_history_on_disk(tmp_path: Path) -> None:
    first = Copy(tmp_path)
    first.follow("a", "b")
    first.event("snapshot", listed("a", "x"))
    first.event("snapshot", listed("b", "y"))
    first.copy.save()
    second = Copy(tmp_path)
    second.follow("a")
    second.event("snapshot", listed("a", "x"), f"{OTHER}-1")
    second.follow("b")
    second.event("snapshot", listed("a", "x"), None)
    second.event("snapshot", listed("b"), f"{OTHER}-1")
    assert second.ids("b") == ["y"]
    second.now += 60 * SECOND
    second.copy.tick()
    assert second.ids("b") == []


def test_the_disk_is_left_alone_until_the_stream_told_everything(tmp_path: Path) -> None:
    first = Copy(tmp_path)
    first.follow("a", "b")
    first.copy.config("g/k")
    first.event("snapshot", listed("a", "x", "y"))
    first.event("snapshot", listed("b"))
    config = {"group": "g", "key": "k", "release": 3, "format": "text", "content": "one"}
    first.event("config", config, None)
    first.copy.save()
    file = tmp_path / "default.json"
    before = file.read_bytes()

    second = Copy(tmp_path)
    second.follow("a", "b")
    second.copy.config("g/k")

    def kept() -> bool:
        second.now += SECOND
        second.copy.tick()
        second.copy.save()
        return file.read_bytes() == before

    second.event("snapshot", listed("a", "x"), None)
    assert kept()
    second.event("snapshot", listed("b"), f"{OTHER}-1")
    second.event("config", config, None)
    assert kept(), "y isn't confirmed"
    second.event("reset", {"epoch": EPOCH}, None)
    second.event("snapshot", listed("a", "x", "y"), None)
    assert kept(), "b is of another history"
    second.event("snapshot", listed("b"), f"{EPOCH}-9")
    assert not kept()
    written = json.loads(file.read_bytes().partition(b"\n")[2])
    assert (written["epoch"], sorted(written["services"]), sorted(written["configs"])) == (EPOCH, ["a", "b"], ["g/k"])


def test_an_item_from_disk_that_the_stream_did_not_tell_keeps_the_disk_as_it_is(tmp_path: Path) -> None:
    config = {"group": "g", "key": "k", "release": 3, "format": "text", "content": "one"}
    first = Copy(tmp_path)
    first.copy.config("g/k")
    first.event("config", config, None)
    first.copy.save()
    before = (tmp_path / "default.json").read_bytes()
    second = Copy(tmp_path)
    second.copy.config("g/k")
    second.follow("a")
    second.event("snapshot", listed("a", "x"))
    second.event("config", config | {"error": "secret-key-missing"}, None)
    second.copy.save()
    assert (tmp_path / "default.json").read_bytes() == before
    second.event("config", config, None)
    second.copy.save()
    assert (tmp_path / "default.json").read_bytes() != before


def test_over_a_hundred_services_all_are_followed() -> None:
    copy = Copy()
    names = [f"s{number}" for number in range(101)]
    copy.follow(*names)
    assert copy.copy.subscribed()[1:] == (["*"], [])
    copy.event("snapshot", listed("s5", "x"))
    copy.copy.service("later")
    copy.copy.all_shown(101)
    assert not copy.copy.service("s6")[0].known.is_set(), "the stream may have shown what wasn't followed then"
    copy.copy.all_shown(102)
    assert (copy.ids("s5"), copy.ids("s6")) == (["x"], [])
    assert copy.copy.service("s6")[0].known.is_set()
    # Another history that doesn't show it any more.
    copy.event("reset", {"epoch": OTHER}, None)
    copy.copy.all_shown(102)
    assert (copy.ids("s5"), copy.copy.service("s5")[0].epoch) == (["x"], OTHER)
    copy.now += 60 * SECOND
    copy.copy.tick()
    assert copy.ids("s5") == []


def test_over_a_hundred_items_their_groups_are_followed() -> None:
    copy = Copy()
    copy.follow("a")
    for number in range(101):
        copy.copy.config(f"g{number % 2}/k{number}")
    assert copy.copy.subscribed()[1:] == (["*"], ["g0/*", "g1/*"])


def test_a_configuration_item() -> None:
    copy = Copy()
    copy.copy.opened(False)
    config = copy.copy.config("g/k")[0]
    told = {"namespace": "default", "group": "g", "key": "k", "revision": 1, "release": 1, "format": "text"}
    copy.event("config", told | {"content": "one"})
    copy.event("config", told | {"release": 2, "error": "secret-key-missing"})
    assert config.value is not None and config.value.content == "one"
    copy.event("config", told | {"release": 0, "removed": True})
    assert config.value is None
    assert copy.told.changes == ["g/k", "g/k"]
