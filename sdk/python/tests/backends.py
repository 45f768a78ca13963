"""Small HTTP servers that answer as a test wants, and a client whose copy is given to it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from paste_registry import Registry
from paste_registry.sse import Event

Answer = Callable[["Backend", str], tuple[int, bytes]]


@dataclass
class Backend:
    """A server; `hits` are the requests it saw: method, path, headers with small letters, body."""

    id: str
    port: int = 0
    hits: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def backend(name: str, answer: Answer = lambda self, _: (200, self.id.encode())) -> Iterator[Backend]:
    """A server while the test needs it."""
    made = Backend(name)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.headers.get("Transfer-Encoding") == "chunked":
                while (size := int(self.rfile.readline(), 16)) > 0:
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
            made.hits.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            status, content = answer(made, self.command)
            if status == 0:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = serve  # noqa: N815 - http.server calls them so

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def feed(registry: Registry, service: str, *backends: Backend, policy: dict[str, Any] | None = None) -> None:
    """Gives a client's copy a service, as the stream would."""
    instances = [
        {"id": each.id, "address": "127.0.0.1", "port": each.port, "weight": 100, "revision": 1} for each in backends
    ]
    data = {"service": service, "revision": 1, "protected": False, "instances": instances, "policy": policy}
    registry.copy.service(service)
    registry.copy.opened(False)
    registry.copy.apply(Event("snapshot", json.dumps(data).encode(), "aa-1"))
