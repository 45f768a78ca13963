"""An instance of this process in the registry."""

from collections.abc import Callable, Mapping
from threading import Event
from typing import Any

from .errors import ClosedError, RefusedError

WANTED, REGISTERED, REFUSED, ENDED = "wanted", "registered", "refused", "ended"


class Registration:
    """One registration. It is repeated until it is there, and again when the registry lost it.

    `service` and `id` name it; `body` is what is registered, as the registry's JSON.
    """

    def __init__(self, service: str, instance_id: str, body: Mapping[str, Any], poke: Callable[[], None]) -> None:
        self.service = service
        self.id = instance_id
        self.body = dict(body)
        self.state = WANTED
        self.sent_status: str | None = None
        self.error: RefusedError | None = None
        self._settled = Event()
        self._poke = poke

    @property
    def registered(self) -> bool:
        """Whether the registry has it, as far as is known."""
        return self.state == REGISTERED

    @property
    def status(self) -> str:
        """The status that its owner wants."""
        return str(self.body.get("status", "up"))

    def set_status(self, status: str) -> None:
        """Wants another status (`up`, `starting`, `draining`, `down`, `maintenance`); it is sent in the background."""
        self.body["status"] = status
        self._poke()

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until the registry has it; `False` if it hasn't within `timeout` seconds. Raises `RefusedError` if it
        never will, and `ClosedError` if it was ended."""
        self._settled.wait(timeout)
        if self.error is not None:
            raise self.error
        if self.state == ENDED:
            raise ClosedError()
        return self.registered

    def deregister(self) -> None:
        """Ends it; the registry is told in the background."""
        if self.state != ENDED:
            self.state = ENDED
            self._poke()

    def settle(self, state: str, error: RefusedError | None = None) -> None:
        """What became of it; called by the keeper."""
        if self.state != ENDED:
            self.state, self.error = state, error
        self._settled.set()

    def lost(self) -> None:
        """The registry hasn't got it any more; called by the keeper."""
        if self.state == REGISTERED:
            self.state, self.sent_status = WANTED, None
            self._settled.clear()
