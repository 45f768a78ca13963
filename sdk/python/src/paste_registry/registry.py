"""The client of a registry: what a program opens once, and closes at its end."""

import os
import re
import time
from collections.abc import Collection, Mapping, Sequence
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .addresses import Addresses
from .choosing.arithmetic import mulhi
from .config import Config
from .errors import ClosedError
from .exchange import Exchange
from .hooks import Hooks
from .keeper import Keeper
from .load import Load, Served
from .local_copy import LocalCopy
from .notifier import Notifier
from .reconnect import Reconnect
from .registration import Registration
from .service import Service
from .settings import TTL, Settings, draw_session
from .shutdown import Shutdown
from .stream import Stream

if TYPE_CHECKING:
    from .http import HttpClient


_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?")
"""A name that the registry takes: one that it doesn't would end the stream for all others."""


class Registry:
    """A client of one registry and one namespace. Safe to be used by several threads.

    Make one with `Registry.connect`, after a fork and not before; close it with `close`, or use it in a `with` block.
    At the end of the program, and on SIGTERM and SIGINT, it closes itself.
    """

    def __init__(self, settings: Settings) -> None:
        """Nothing here waits for the registry. Raises `ValueError` for settings that can't be."""
        nodes = settings.nodes()
        self.settings = settings
        self.session = draw_session()
        self.hooks = Hooks(settings.on_event)
        self.load = Load(settings.clock)
        self._addresses = Addresses(nodes, mulhi(settings.random(), len(nodes)), settings.clock)
        reconnect = Reconnect(settings.clock, settings.random)
        self.notifier = Notifier(self.session, Exchange(settings, self._addresses), reconnect)
        self.copy = LocalCopy(settings, self.hooks, self.notifier)
        self._keeper = Keeper(settings, self._addresses, self.session, self.load, self.hooks, self._reopen)
        self._stream = Stream(
            settings, self._addresses, self.copy, self.hooks, self._session_of_stream, self._keeper.forgotten
        )
        self._lock = Lock()
        self._close_lock = Lock()
        self._services: dict[str, Service] = {}
        self._configs: dict[str, Config] = {}
        self._http: HttpClient | None = None
        self._process = os.getpid()
        self.closed = False
        self._shutdown = Shutdown(self.close, settings.handle_signals)

    @classmethod
    def connect(cls, urls: Sequence[str] | str = (), **options: Any) -> "Registry":
        """A client with the options of `Settings`. Nothing waits for the registry: it may be away."""
        return cls(Settings(urls=urls, **options))

    @property
    def registered(self) -> bool:
        """Whether the last registration or heartbeat was taken."""
        return self._keeper.taken

    @property
    def served(self) -> Served:
        """The calls that this process serves; middleware counts them here."""
        return self.load.served

    @property
    def http(self) -> "HttpClient":
        """An HTTP client that sends `http://service/path` to an instance of the service."""
        if self._http is None:
            from .http import HttpClient

            with self._lock:
                self._http = self._http or HttpClient(self)
        return self._http

    def register(
        self,
        service: str,
        port: int,
        address: str,
        *,
        id: str | None = None,
        version: str | None = None,
        zone: str | None = None,
        region: str | None = None,
        weight: int | None = None,
        status: str = "up",
        protocol: str | None = None,
        tags: Collection[str] = (),
        metadata: Mapping[str, str] | None = None,
        ports: Mapping[str, int] | None = None,
        checks: Sequence[Mapping[str, Any]] = (),
    ) -> Registration:
        """Registers an instance of this process, in the background: returns at once, and keeps trying. Zone and region
        are those of the client unless given; `weight` is 0 to 10000, 100 unless given; `checks` are how the registry
        probes it, as in its API."""
        if self.closed:
            raise ClosedError()
        body: dict[str, Any] = {
            "address": address,
            "port": port,
            "version": version,
            "zone": self.settings.zone if zone is None else zone,
            "region": self.settings.region if region is None else region,
            "weight": weight,
            "status": status,
            "protocol": protocol,
            "tags": list(tags),
            "metadata": dict(metadata or {}),
            "ports": dict(ports or {}),
            "checks": [dict(check) for check in checks],
            "session": self.session,
            "ttl": TTL,
        }
        said = {key: value for key, value in body.items() if value not in (None, [], {})}
        return self._keeper.add(service, id or f"{self.session}-{port}", said)

    def service(self, name: str) -> Service:
        """A service, which is followed from now on; raises `ValueError` for what can't be a name."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"a service is named by 1 to 128 of A-Z, a-z, 0-9, dot, hyphen, underscore: {name!r:.200}")
        with self._lock:
            if self.closed:
                raise ClosedError()
            found = self._services.get(name)
            if found is None:
                local, _ = self.copy.service(name)
                found = self._services[name] = Service(self, local)
                self._stream.subscribe()
            return found

    def config(self, name: str) -> Config:
        """A configuration item, `group/key`, which is followed from now on."""
        parts = name.split("/")
        if len(parts) != 2 or not all(_NAME.fullmatch(part) for part in parts):
            raise ValueError(f"a configuration item is named group/key: {name!r}")
        with self._lock:
            if self.closed:
                raise ClosedError()
            found = self._configs.get(name)
            if found is None:
                local, _ = self.copy.config(name)
                found = self._configs[name] = Config(self, local)
                self._stream.subscribe()
            return found

    def close(self) -> None:
        """Drains, deregisters, stops: at most the close time-out. Nothing is left behind. May be called again."""
        if os.getpid() != self._process:
            # A fork has the object, but neither the threads nor the session.
            return
        with self._close_lock:
            if self.closed:
                return
            deadline = time.monotonic() + self.settings.close_timeout
            self._keeper.close(deadline)
            self.closed = True
            self._stream.close(deadline)
            self.notifier.close(deadline)
            if self._http is not None:
                self._http.close()
            self._shutdown.forget()

    def __enter__(self) -> "Registry":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _reopen(self) -> None:
        self._stream.reopen()

    def _session_of_stream(self, configs: bool) -> str | None:
        return self.session if configs or self._keeper.speaks else None
