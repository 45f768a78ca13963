"""The real registry as a process, and what tests say to it directly."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parents[3]
HOME = ROOT / "sdk" / "python"
LIMIT = 30.0
"""Seconds that a test waits for what must happen; generous, because machines are busy."""

Value = TypeVar("Value")


def eventually(look: Callable[[], Value], limit: float = LIMIT) -> Value:
    """What `look` gives once that is true."""
    until = time.monotonic() + limit
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < until, "it didn't happen"
        time.sleep(0.02)


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def binary() -> Path:
    """The registry that the tests start."""
    found = Path(os.environ.get("PASTE_REGISTRY_BIN") or ROOT / "target" / "debug" / "paste-registry")
    assert found.exists(), f"{found} isn't there: build it with `cargo build`, or set PASTE_REGISTRY_BIN"
    return found


@contextmanager
def program(*command: str, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """A program with pipes, that uses the sources; it is killed where a test ends before it does."""
    pipe = subprocess.PIPE
    variables = os.environ | {"PYTHONPATH": str(HOME / "src")} | environment
    started = subprocess.Popen(command, env=variables, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=HOME)
    with started:
        try:
            yield started
        finally:
            if started.poll() is None:
                started.kill()


class RegistryProcess:
    """A registry with a folder and a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [str(binary()), "serve", "--http", f"127.0.0.1:{self.port}", "--data-dir", str(self.folder / "data")]
        # The registry takes every such variable for a setting of its own.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PASTE_REGISTRY_")}
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment)
        eventually(self._ready)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def lose_data(self) -> None:
        shutil.rmtree(self.folder / "data")

    def _ready(self) -> bool:
        assert self.process is not None and self.process.poll() is None, (self.folder / "log").read_text()
        try:
            return self.ask("GET", "/readyz", root="")[0] == 200
        except OSError:
            return False

    def ask(self, method: str, path: str, body: Any = None, root: str = "/api/v1") -> tuple[int, Any]:
        """The status and the JSON of an answer."""
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + root + path, content, method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=LIMIT) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text.startswith((b"{", b"[")) else text
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.loads(refused.read() or b"null")

    def put(self, service: str, instance_id: str, port: int = 1, **fields: Any) -> None:
        """Registers an instance that lives as long as the test."""
        body = {"address": "127.0.0.1", "port": port, "session": f"of-{service}", "ttl": "10m", "remove_after": "20m"}
        status, answer = self.ask("PUT", f"/services/{service}/instances/{instance_id}", body | fields)
        assert status in (200, 201), answer

    def ids(self, service: str) -> list[str]:
        """The ids of all instances that the registry knows."""
        status, answer = self.ask("GET", f"/services/{service}/instances?all=true")
        return [each["id"] for each in answer["instances"]] if status == 200 else []

    def statuses(self, service: str) -> dict[str, str]:
        """Their statuses."""
        status, answer = self.ask("GET", f"/services/{service}/instances?all=true")
        return {each["id"]: each["status"] for each in answer["instances"]} if status == 200 else {}
