"""The local copy of one configuration item."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event
from typing import Any


@dataclass(frozen=True, slots=True)
class ConfigValue:
    """A release: its number, its format (`text`, `json`, `yaml`, `toml`, `properties`) and its content."""

    release: int
    format: str
    content: str
    secret: bool = False


class Follower:
    """A callback of the program, which is called once with each release."""

    def __init__(self, callback: Callable[[ConfigValue | None], object]) -> None:
        self._callback = callback
        self._told: ConfigValue | None = None

    def tell(self, value: ConfigValue | None) -> None:
        """Calls it, unless it knows; what it throws is passed on."""
        if value != self._told:
            self._told = value
            self._callback(value)


class LocalConfig:
    """What is known of one item. It is changed by the stream alone."""

    def __init__(self, name: str, now: int) -> None:
        self.name = name
        self.group, _, self.key = name.partition("/")
        self.known = Event()
        self.asked_at = now
        self.value: ConfigValue | None = None
        self.followers: list[Follower] = []

    def changed(self, data: Mapping[str, Any]) -> bool:
        """Takes in a `config` event; whether the program is to be told. An event with `error` keeps what was there."""
        if data.get("error"):
            return False
        value = None if data.get("removed") else _value(data)
        news = value != self.value or not self.known.is_set()
        self.value = value
        self.known.set()
        return news

    def restore(self, data: Mapping[str, Any]) -> None:
        """Takes in what was kept on disk."""
        self.value = _value(data)
        self.known.set()

    def to_json(self) -> dict[str, Any] | None:
        """What is kept on disk; `None` for nothing, and for secrets."""
        value = self.value
        if value is None or value.secret:
            return None
        return {"release": value.release, "format": value.format, "content": value.content}


def _value(data: Mapping[str, Any]) -> ConfigValue:
    content = data["content"]
    if not isinstance(content, str):
        raise ValueError("the content of a configuration item is no text")
    return ConfigValue(int(data["release"]), str(data.get("format") or "text"), content, bool(data.get("secret")))
