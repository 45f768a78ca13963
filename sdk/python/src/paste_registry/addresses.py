"""Which node of the registry is asked: one after the other, as they fail or say that they are isolated."""

from collections.abc import Callable, Sequence
from threading import Lock

_ISOLATED_PAUSE = 30_000_000_000
"""The least time between two moves away from an isolated node, in nanoseconds."""

_ISOLATED_KEPT = 120_000_000_000
"""How long a node counts as isolated after it last said so, in nanoseconds."""


class Addresses:
    """The nodes of one registry. Requests and the stream use the same one."""

    def __init__(self, urls: Sequence[str], first: int, clock: Callable[[], int]) -> None:
        self._urls = list(urls)
        self._index = first
        self._clock = clock
        self._isolated: dict[str, int] = {}
        self._moved_at: int | None = None
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._urls)

    @property
    def current(self) -> str:
        """The node to ask now."""
        return self._urls[self._index]

    def failed(self, url: str) -> None:
        """A node gave no usable answer: the next one, unless somebody else has moved on already."""
        with self._lock:
            if url == self.current:
                self._index = (self._index + 1) % len(self._urls)

    def answered(self, url: str, isolated: bool) -> None:
        """A node answered. From one that is isolated go to the next, at most once in 30 s, unless all are."""
        with self._lock:
            if not isolated:
                self._isolated.pop(url, None)
                return
            now = self._clock()
            recent = {each: said for each, said in self._isolated.items() if now - said < _ISOLATED_KEPT}
            self._isolated = recent | {url: now}
            rested = self._moved_at is None or now - self._moved_at >= _ISOLATED_PAUSE
            if url == self.current and rested and len(self._isolated) < len(self._urls):
                self._index = (self._index + 1) % len(self._urls)
                self._moved_at = now
