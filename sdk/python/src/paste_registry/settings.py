"""What a client is set up with, where each value comes from, and its default."""

import os
import re
import secrets
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ._version import __version__

DEFAULT_URL = "http://127.0.0.1:7750"
TTL = "15s"
"""Silence after which the registry takes the process for failing."""

Hook = Callable[[str, Mapping[str, Any]], None]
"""Is told what happens, by name and with fields. What it throws is logged."""

USER_AGENT = f"paste-registry-python/{__version__}"


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of `Registry.connect`. Times are in seconds.

    urls             nodes of one registry; else those of PASTE_REGISTRY_URL, separated by commas; else
                     http://127.0.0.1:7750
    namespace        `default` unless given
    token            sent as `Authorization: Bearer`; else PASTE_REGISTRY_TOKEN; else none
    zone, region     where this process runs; given to its registrations unless they say otherwise, and to its choices
    snapshot_folder  where the copy is kept, as <namespace>.json, for a start without the registry; nowhere unless given
    heartbeat        between two heartbeats, more or less 10 %
    request_timeout  of each request to the registry but the stream; also how long the first use of a service waits
    drain_delay      between `draining` and the end of the session
    close_timeout    all of `close`, drain delay included
    labels           what this process says of itself, for gray releases of configuration
    on_event         called with a name and fields when something happens: registered, deregistered, connected,
                     disconnected, retrying, snapshot-loaded, reset, ejected, picked, called. On threads of the client:
                     it should not block. What it throws is logged
    handle_signals   whether SIGTERM and SIGINT end the registrations; whatever handled them before is called, too
    ssl_context      for `https`, if the system's certificates aren't the right ones
    clock, random    nanoseconds of a monotonic clock, and random numbers of 64 bits; for tests
    """

    urls: Sequence[str] = ()
    namespace: str = "default"
    token: str | None = None
    zone: str | None = None
    region: str | None = None
    snapshot_folder: str | Path | None = None
    heartbeat: float = 5.0
    request_timeout: float = 5.0
    drain_delay: float = 2.0
    close_timeout: float = 10.0
    labels: Mapping[str, str] = field(default_factory=dict)
    on_event: Hook | None = None
    handle_signals: bool = True
    ssl_context: ssl.SSLContext | None = None
    clock: Callable[[], int] = time.monotonic_ns
    random: Callable[[], int] = field(default_factory=lambda: lambda: secrets.randbits(64))

    def nodes(self) -> list[str]:
        """The addresses of the registry's nodes; raises `ValueError` for what isn't one."""
        given = [self.urls] if isinstance(self.urls, str) else list(self.urls)
        urls = given or os.environ.get("PASTE_REGISTRY_URL", "").split(",")
        nodes = [url.strip().rstrip("/") for url in urls if url.strip()] or [DEFAULT_URL]
        for url in nodes:
            if not re.match(r"https?://[^/?#]+", url):
                raise ValueError(f"an address of the registry begins with http:// or https://: {url!r}")
        return nodes

    def bearer(self) -> str | None:
        """The token that requests carry."""
        return self.token or os.environ.get("PASTE_REGISTRY_TOKEN") or None


def draw_session() -> str:
    """An id for this process: host name, process id and eight hexadecimal digits."""
    host = re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname()).lstrip("._-")[:64] or "host"
    return f"{host}-{os.getpid()}-{secrets.token_hex(4)}"
