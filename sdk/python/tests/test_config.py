"""Promise 5: configuration, loaded at the start, followed, acknowledged."""

from pathlib import Path
from typing import Any

import pytest
from conftest import Connect
from fake_node import fake_node
from processes import RegistryProcess, eventually

from paste_registry import ConfigValue


def publish(registry: RegistryProcess, key: str, content: str) -> None:
    status, answer = registry.ask("PUT", f"/configs/shop/{key}", {"content": content, "format": "text"})
    assert status in (200, 201), answer


def acknowledged(registry: RegistryProcess, key: str, session: str) -> dict[str, Any]:
    status, answer = registry.ask("GET", f"/configs/shop/{key}/subscribers")
    found = [each for each in answer["subscribers"] if each.get("session") == session] if status == 200 else []
    told: dict[str, Any] = found[0].get("acknowledged", {}) if found else {}
    return told


def test_it_is_loaded_followed_and_acknowledged(shared: RegistryProcess, connect: Connect) -> None:
    publish(shared, "plain.txt", "one")
    registry = connect(shared.url)
    config = registry.config("shop/plain.txt")
    value = config.value(timeout=30)
    assert value == ConfigValue(release=1, format="text", content="one")
    eventually(lambda: acknowledged(shared, "plain.txt", registry.session).get("release") == 1)
    publish(shared, "plain.txt", "two")
    eventually(lambda: (found := config.value()) is not None and found.content == "two")
    eventually(lambda: acknowledged(shared, "plain.txt", registry.session).get("release") == 2)


def test_callbacks_acknowledge(shared: RegistryProcess, connect: Connect) -> None:
    publish(shared, "called.txt", "one")
    registry = connect(shared.url)
    config = registry.config("shop/called.txt")
    config.value(timeout=30)
    seen: list[str | None] = []

    def apply(value: ConfigValue | None) -> None:
        seen.append(None if value is None else value.content)
        if value is not None and value.content == "bad":
            raise ValueError("can't be applied")

    end = config.on_change(apply)
    publish(shared, "called.txt", "bad")
    eventually(lambda: "error" in acknowledged(shared, "called.txt", registry.session))
    told = acknowledged(shared, "called.txt", registry.session)
    assert (told["release"], told["error"]) == (2, "ValueError: can't be applied")
    publish(shared, "called.txt", "good")
    eventually(lambda: acknowledged(shared, "called.txt", registry.session).get("release") == 3)
    status, answer = shared.ask("DELETE", "/configs/shop/called.txt")
    assert status < 300, answer
    eventually(lambda: seen == ["one", "bad", "good", None])
    end()
    assert config.value() is None


def test_what_is_told_again_is_acknowledged_again(connect: Connect, tmp_path: Path) -> None:
    told = {"namespace": "default", "group": "g", "key": "k", "revision": 1, "release": 3, "format": "text"}
    seen: list[ConfigValue | None] = []

    def refuse(value: ConfigValue | None) -> None:
        seen.append(value)
        raise ValueError("é" * 1000)

    with fake_node() as node:

        def acks() -> list[Any]:
            return [ack for each in node.requests if each.path.endswith("/acks") for ack in each.body["acks"]]

        registry = connect(node.url, snapshot_folder=tmp_path)
        config = registry.config("g/k")
        node.send("config", told | {"content": "one"}, None)
        eventually(lambda: len(acks()) == 1)
        node.send("config", told | {"content": "one"}, None)
        eventually(lambda: len(acks()) == 2)
        config.on_change(refuse)
        eventually(lambda: "error" in acks()[-1])
        before = len(acks())
        node.send("config", told | {"content": "one"}, None)
        eventually(lambda: len(acks()) > before)
        error = acks()[-1]["error"]
        assert error.startswith("ValueError: éé") and len(error.encode()) in (1023, 1024)
        assert len(seen) == 1
        registry.close()
        node.events.put(None)
        eventually(node.events.empty)

        # What the disk held is acknowledged once the stream has confirmed it.
        before = len(acks())
        registry = connect(node.url, snapshot_folder=tmp_path)
        config = registry.config("g/k")
        config.on_change(seen.append)
        eventually(lambda: len(seen) == 2)
        assert len(acks()) == before
        node.send("config", told | {"content": "one"}, None)
        eventually(lambda: acks()[before:] and acks()[-1] == {"group": "g", "key": "k", "release": 3})
        assert len(seen) == 2
        registry.close()


def test_what_is_not_there(shared: RegistryProcess, connect: Connect) -> None:
    registry = connect(shared.url)
    assert registry.config("shop/none").value(timeout=30) is None
    assert registry.config("shop/none") is registry.config("shop/none")
    for name in ("shop", "/x", "shop/", "a/b/c"):
        with pytest.raises(ValueError, match="group/key"):
            registry.config(name)


def test_callbacks_that_throw_or_block_stop_nothing_else(shared: RegistryProcess, connect: Connect) -> None:
    registry = connect(shared.url)
    service = registry.service("cfg-throwing")
    service.on_change(lambda _: 1 / 0)
    seen: list[int] = []
    service.on_change(lambda instances: seen.append(len(instances)))
    service.wait(30)
    shared.put("cfg-throwing", "a")
    eventually(lambda: 1 in seen)
    assert len(service.instances()) == 1
