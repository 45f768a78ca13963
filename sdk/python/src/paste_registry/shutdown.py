"""The end of the program: what closes the client when nobody else does."""

import atexit
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any


class Shutdown:
    """Calls `close` at the end of the interpreter and, where it may, on SIGTERM and SIGINT.

    A signal's earlier handler is called, too. Where the signal would have ended the process at once, it does so after
    `close`; a second one doesn't wait for that. `KeyboardInterrupt` is raised as ever: the end of the interpreter
    follows from it, unless the program goes on.
    """

    def __init__(self, close: Callable[[], None], signals: bool) -> None:
        self._close = close
        self._earlier: dict[int, Any] = {}
        atexit.register(close)
        if signals and threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._take(number)

    def forget(self) -> None:
        """The client is closed: gives back what was taken, as far as nobody took it since."""
        atexit.unregister(self._close)
        if threading.current_thread() is threading.main_thread():
            for number, earlier in self._earlier.items():
                if signal.getsignal(number) == self._handle:
                    signal.signal(number, earlier)

    def _take(self, number: int) -> None:
        earlier = signal.getsignal(number)
        # What isn't set from Python can't be called; what is ignored stays so; the interrupt raises by itself.
        if earlier not in (None, signal.SIG_IGN, signal.default_int_handler):
            self._earlier[number] = earlier
            signal.signal(number, self._handle)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        earlier = self._earlier[number]
        fatal = earlier is signal.SIG_DFL
        if fatal:
            signal.signal(number, signal.SIG_DFL)
        # Not here: what was interrupted may hold a lock that closing needs.
        threading.Thread(target=self._end, args=(number, fatal), name="paste-registry-shutdown", daemon=True).start()
        if callable(earlier):
            earlier(number, frame)

    def _end(self, number: int, fatal: bool) -> None:
        self._close()
        if fatal:
            os.kill(os.getpid(), number)
