"""A node of the registry that says what a test wants, right or wrong."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

Answer = tuple[int, dict[str, str], bytes]
EPOCH = "00000000000000aa"


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class FakeNode:
    """`answer` decides about requests; streams get what is put into `events`, and end with `None`."""

    requests: list[Request] = field(default_factory=list)
    events: "Queue[bytes | None]" = field(default_factory=Queue)
    answer: Callable[[Request], Answer | None] = lambda _: None
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""

    def send(self, name: str, data: Any, revision: int | None = 1, epoch: str = EPOCH) -> None:
        """Puts an event on the stream."""
        text = data if isinstance(data, str) else json.dumps(data)
        tail = f"id: {epoch}-{revision}\n\n" if revision is not None else "\n"
        self.events.put(f"event: {name}\ndata: {text}\n{tail}".encode())

    def snapshot(self, service: str, *ids: str, revision: int | None = 1, epoch: str = EPOCH) -> None:
        """Puts a snapshot on the stream."""
        self.send("snapshot", listed(service, *ids), revision, epoch)

    def streams(self) -> list[Request]:
        """The streams that were asked for."""
        return [each for each in self.requests if each.path.startswith("/api/v1/watch")]


def listed(service: str, *ids: str) -> dict[str, Any]:
    """A list of instances as the registry writes it."""
    instances = [{"id": name, "address": "10.0.0.1", "port": 80, "weight": 100, "revision": 1} for name in ids]
    return {"service": service, "namespace": "default", "revision": 1, "protected": False, "instances": instances}


@contextmanager
def fake_node(port: int = 0) -> Iterator[FakeNode]:
    """A node, while the test needs it."""
    node = FakeNode()
    server = ThreadingHTTPServer(("127.0.0.1", port), handler(node))
    server.daemon_threads = True
    node.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield node
    finally:
        node.events.put(None)
        server.shutdown()
        server.server_close()
        thread.join()


def handler(node: FakeNode) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            sent = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, self.path, sent, json.loads(body) if body else None)
            node.requests.append(request)
            answer = node.answer(request)
            if answer is None and request.path.startswith("/api/v1/watch"):
                self.stream()
                return
            status, headers, content = answer or (200, {}, b"{}")
            self.head(status, headers | {"Content-Length": str(len(content))})
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = serve  # noqa: N815 - http.server calls them so

        def head(self, status: int, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in (headers | node.headers).items():
                self.send_header(name, value)
            self.end_headers()

        def stream(self) -> None:
            self.close_connection = True
            self.head(200, {"Content-Type": "text/event-stream", "Connection": "close"})
            while (event := node.events.get()) is not None:
                self.wfile.write(event)
                self.wfile.flush()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
