"""Server-sent events (WHATWG HTML §9.2), read from bytes as they come."""

from collections.abc import Iterator
from dataclasses import dataclass

LINE_MAX = 64 * 1024 * 1024
"""The longest line that is read, in bytes."""


class LineTooLongError(ValueError):
    """A line is over `LINE_MAX`."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event; an empty `data` where only an id came. `id` is `None` where none came with it."""

    name: str
    data: bytes
    id: str | None


class Parser:
    """Takes bytes, gives the events that they complete."""

    def __init__(self, line_max: int = LINE_MAX) -> None:
        self._line_max = line_max
        self._rest = bytearray()
        self._name = ""
        self._data: list[bytes] = []
        self._id: str | None = None

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events that end in `data`; raises `LineTooLongError`."""
        start = len(self._rest)
        self._rest += data
        begin = 0
        while (end := self._rest.find(b"\n", max(begin, start))) >= 0:
            line = bytes(self._rest[begin:end])
            begin = end + 1
            event = self._line(line.removesuffix(b"\r"))
            if event is not None:
                yield event
        del self._rest[:begin]
        if len(self._rest) > self._line_max:
            raise LineTooLongError(f"a line of the stream has more than {self._line_max} bytes")

    def _line(self, line: bytes) -> Event | None:
        if not line:
            return self._dispatch()
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
        elif field == b"event":
            self._name = value.decode()
        elif field == b"id":
            self._id = value.decode()
        return None

    def _dispatch(self) -> Event | None:
        event = Event(self._name, b"\n".join(self._data), self._id)
        self._name, self._data, self._id = "", [], None
        return event if event.data or event.id is not None else None
