"""The copy on disk, for a start without the registry: a line with a checksum, then the payload."""

import contextlib
import json
import logging
import os
import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .choosing.xxh64 import xxh64

log = logging.getLogger("paste_registry")

_FORMAT = 1
_OLD = 10 * 60.0
_TOO_OLD = 24 * 60 * 60.0


class SnapshotFile:
    """`<folder>/<namespace>.json`. `wall_clock` gives seconds since 1970."""

    def __init__(self, folder: str | Path, namespace: str, wall_clock: Callable[[], float] = time.time) -> None:
        self._path = Path(folder) / f"{namespace}.json"
        self._wall_clock = wall_clock

    def write(self, payload: Mapping[str, Any]) -> None:
        """Keeps a copy: beside, synced, renamed. Failures are logged: the copy in memory is what counts."""
        saved_at = datetime.fromtimestamp(self._wall_clock(), timezone.utc).isoformat().replace("+00:00", "Z")
        content = json.dumps({**payload, "saved_at": saved_at}, ensure_ascii=False, separators=(",", ":")).encode()
        head = json.dumps({"format": _FORMAT, "checksum": f"{xxh64(content):016x}"}, separators=(",", ":"))
        beside = self._path.with_name(f"{self._path.name}.{os.getpid()}.new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(head.encode() + b"\n" + content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
        except OSError as error:
            log.warning("the copy can't be kept in %s: %s", self._path, error)
            with contextlib.suppress(OSError):
                beside.unlink()

    def read(self) -> tuple[dict[str, Any], float] | None:
        """The payload and its age in seconds; `None` if there is none that can be used, which is logged."""
        try:
            head, _, content = self._path.read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("the copy in %s is passed over: %s", self._path, error)
            return None
        try:
            payload = _checked(head, content)
            age = max(self._wall_clock() - _seconds(payload["saved_at"]), 0.0)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("the copy in %s is passed over: %s", self._path, error)
            return None
        if age > _TOO_OLD:
            log.warning("the copy in %s is passed over: it is %.0f hours old", self._path, age / 3600)
            return None
        if age > _OLD:
            log.warning("the copy in %s is used, though it is %.0f minutes old", self._path, age / 60)
        return payload, age


def _checked(head: bytes, content: bytes) -> dict[str, Any]:
    said = json.loads(head)
    if said["format"] != _FORMAT:
        raise ValueError(f"its format is {said['format']!r}, not {_FORMAT}")
    if said["checksum"] != f"{xxh64(content):016x}":
        raise ValueError("its checksum is wrong: it is torn")
    payload = json.loads(content)
    if not isinstance(payload, dict):
        raise ValueError("its payload is no object")
    return payload


def _seconds(text: str) -> float:
    """Seconds since 1970 of an RFC 3339 time, whose fractions may have nanoseconds."""
    shortened = re.sub(r"(\.\d{6})\d+", r"\1", text.upper().replace("Z", "+00:00"))
    found = re.fullmatch(r"(.*?)(?:\.(\d{1,6}))?([+-]\d\d:\d\d)", shortened)
    if found is None:
        raise ValueError(f"no time: {text!r:.50}")
    whole = datetime.fromisoformat(found.group(1) + found.group(3))
    return whole.timestamp() + (float(f"0.{found.group(2)}") if found.group(2) else 0.0)
