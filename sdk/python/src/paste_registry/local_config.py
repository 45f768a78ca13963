"""The local copy of one configuration item."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event
from typing import Any

log = logging.getLogger("paste_registry")


@dataclass(frozen=True, slots=True)
class ConfigValue:
    """A release: its number, its format (`text`, `json`, `yaml`, `toml`, `properties`) and its content."""

    release: int
    format: str
    content: str
    secret: bool = False


class Follower:
    """A callback of the program, which is called once with each release."""

    def __init__(self, name: str, callback: Callable[[ConfigValue | None], object]) -> None:
        self._name = name
        self._callback = callback
        self._told: ConfigValue | None = None
        self._error: str | None = None

    def tell(self, value: ConfigValue | None) -> str | None:
        """Calls it, unless it knows; what it said of this release by throwing, or `None`."""
        if value != self._told:
            self._told, self._error = value, None
            try:
                self._callback(value)
            except Exception as error:
                log.exception("a callback of configuration %s failed", self._name)
                self._error = f"{type(error).__name__}: {error}"
        return self._error


class LocalConfig:
    """What is known of one item. It is changed by the stream alone."""

    def __init__(self, name: str, now: int) -> None:
        self.name = name
        self.group, _, self.key = name.partition("/")
        self.known = Event()
        self.asked_at = now
        self.value: ConfigValue | None = None
        self.from_stream = False
        """Whether the stream told of it in this run; else what there is comes from disk."""
        self.followers: list[Follower] = []

    def take(self, data: Mapping[str, Any]) -> bool:
        """Takes in a `config` event; whether it told what holds. One with `error` doesn't: what was there is kept."""
        if data.get("error"):
            return False
        self.value = None if data.get("removed") else _value(data)
        self.from_stream = True
        self.known.set()
        return True

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
