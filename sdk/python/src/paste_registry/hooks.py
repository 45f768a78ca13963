"""Telling the program what happens, for metrics and traces."""

import logging
from typing import Any

from .settings import Hook

log = logging.getLogger("paste_registry")


class Hooks:
    """The program's `on_event`, if it has one. What it throws is logged, never passed on."""

    def __init__(self, hook: Hook | None) -> None:
        self._hook = hook

    @property
    def wanted(self) -> bool:
        """Whether somebody listens; what is costly to tell is told only then."""
        return self._hook is not None

    def emit(self, name: str, **fields: Any) -> None:
        """Something happened."""
        log.debug("%s %s", name, fields)
        if self._hook is not None:
            try:
                self._hook(name, fields)
            except Exception:
                log.exception("on_event failed at %s", name)
