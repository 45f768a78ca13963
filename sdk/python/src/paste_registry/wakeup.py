"""Waiting for a socket in a way that another thread can interrupt."""

import contextlib
import selectors
import socket
import ssl


class Wakeup:
    """A bell that one thread waits for, beside a socket, and any thread rings."""

    def __init__(self) -> None:
        self._waiting, self._ringing = socket.socketpair()
        self._waiting.setblocking(False)
        self._ringing.setblocking(False)

    def ring(self) -> None:
        """Ends the wait that is going on, or the next one."""
        # Full: it has been rung often enough. Closed: nobody waits any more.
        with contextlib.suppress(OSError):
            self._ringing.send(b"\0")

    def wait(self, timeout: float, sock: socket.socket | None = None) -> tuple[bool, bool]:
        """Waits until the bell is rung or `sock` can be read, at most `timeout` seconds: whether each is so."""
        if isinstance(sock, ssl.SSLSocket) and sock.pending():
            return False, True
        with selectors.DefaultSelector() as selector:
            selector.register(self._waiting, selectors.EVENT_READ)
            if sock is not None:
                selector.register(sock, selectors.EVENT_READ)
            ready = {key.fileobj for key, _ in selector.select(max(timeout, 0.0))}
        rung = self._waiting in ready
        if rung:
            self._drain()
        return rung, sock in ready

    def close(self) -> None:
        """Closes both ends."""
        self._waiting.close()
        self._ringing.close()

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while len(self._waiting.recv(4096)) == 4096:
                pass
