"""A configuration item as the program sees it: loaded at start, changed at run time."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from .local_config import ConfigValue
from .service import wait_known

if TYPE_CHECKING:
    from .local_config import LocalConfig
    from .registry import Registry


class Config:
    """One item, followed. Taking a release into the copy acknowledges it; with callbacks, their return does."""

    def __init__(self, registry: "Registry", local: "LocalConfig") -> None:
        self.name = local.name
        self._registry = registry
        self._local = local

    @property
    def known(self) -> bool:
        """Whether anything is known of it."""
        return self._local.known.is_set()

    def value(self, timeout: float | None = None) -> ConfigValue | None:
        """The release that holds; `None` if there is none. The first use waits as that of a service does, and raises
        `NotKnownYetError`."""
        wait_known(self._registry, self.name, self._local.known, self._local.asked_at, timeout)
        return self._local.value

    def on_change(self, callback: Callable[[ConfigValue | None], object]) -> Callable[[], None]:
        """Calls `callback` with the release that holds and with each after it, `None` for the item's end, one call at a
        time, on a thread of the client. The release is acknowledged when the callback returns, and with the error when
        it throws. What it gives back ends the calls."""
        return self._registry.notifier.on_config(self._local, callback)
