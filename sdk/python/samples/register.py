"""Register: a web server that is found by its name while it runs. Stop it with Ctrl-C.

python samples/register.py hello 8080
"""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from paste_registry import Registry


class Hello(BaseHTTPRequestHandler):
    """Says who it is."""

    server: ThreadingHTTPServer

    def do_GET(self) -> None:
        body = f"hello from {self.server.server_port}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(service: str, port: int) -> None:
    with ThreadingHTTPServer(("127.0.0.1", port), Hello) as server, Registry.connect() as registry:
        registry.register(service, port=server.server_port, address="127.0.0.1", version="1.0.0").wait()
        print(f"registered {service} at {server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
