"""Numbers of the Python SDK, as JSON lines, each beside a bare reference measured in turn with it.

    python sdk/python/bench.py [--seconds 1.0]

It starts the registry named by PASTE_REGISTRY_BIN, else target/debug/paste-registry of the repository.
"""

import argparse
import asyncio
import gc
import http.client
import json
import multiprocessing
import random
import statistics
import sys
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parent
sys.path[:0] = [str(HOME / "src"), str(HOME / "tests")]

import httpx  # noqa: E402
from processes import RegistryProcess, free_port  # noqa: E402

from paste_registry import Instance, Policy, Registry  # noqa: E402
from paste_registry.choosing.ask import Ask  # noqa: E402
from paste_registry.choosing.chooser import Chooser  # noqa: E402
from paste_registry.httpx import AsyncTransport, Transport  # noqa: E402
from paste_registry.sse import Event  # noqa: E402

ROUNDS = 5
PAUSE = 0.2
KINDS = ("peak_ewma", "least_request", "weighted_random", "smooth_wrr", "ring_hash", "rendezvous")


def tell(**fields: Any) -> None:
    print(json.dumps(fields), flush=True)


def rate(work: Callable[[], object], seconds: float) -> float:
    """How often `work` is done in a second."""
    count, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds:
        for _ in range(20):
            work()
        count += 20
    return count / spent


def compared(reference: Callable[[], object], measured: Callable[[], object], seconds: float) -> tuple[float, float]:
    """The median rates of both, measured in turn."""
    rates = [(rate(reference, seconds / ROUNDS), rate(measured, seconds / ROUNDS)) for _ in range(ROUNDS)]
    return statistics.median(each[0] for each in rates), statistics.median(each[1] for each in rates)


def instances(count: int) -> list[dict[str, Any]]:
    return [
        {
            "id": f"host-{number}-4711-0a1b2c3d-8080",
            "address": f"10.{number >> 8}.{number & 255}.1",
            "port": 8080,
            "weight": 100,
            "status": "up",
            "health": "passing",
            "version": "1.4.2",
            "zone": f"z{number % 3}",
            "region": "eu",
            "session": f"host-{number}-4711-0a1b2c3d",
            "ephemeral": True,
            "revision": number,
            "tags": ["blue"],
            "metadata": {"team": "shop"},
        }
        for number in range(count)
    ]


def picks(seconds: float) -> None:
    """Choosing and reporting, against a bare random choice from a list."""
    for count in (10, 10_000):
        there = [Instance.from_json(each) for each in instances(count)]
        for kind in KINDS:
            if count > 10 and kind in ("smooth_wrr", "rendezvous"):
                continue  # They look at each candidate for each pick.
            chooser = Chooser(lambda: random.getrandbits(64))
            chooser.update(there, (), False, Policy.from_json({"balancer": {"kind": kind}}), 0)
            ask = Ask(hash_key="user-1")

            def pick(chooser: Chooser = chooser, ask: Ask = ask) -> None:
                now = time.monotonic_ns()
                chooser.finish(chooser.decide(ask, now), False, False, 1_000_000, now)

            pick()
            bare, measured = compared(lambda: random.choice(there), pick, seconds)  # noqa: B023 - used at once
            tell(bench="picks", balancer=kind, instances=count, per_second=round(measured), random_choice=round(bare))


def memory(registry: Registry) -> None:
    """What 10,000 instances take in the copy, endpoint states included."""
    data = {"service": "many", "revision": 1, "protected": False, "instances": instances(10_000)}
    event = Event("snapshot", json.dumps(data).encode(), "aa-1")
    del data
    registry.copy.service("many")
    registry.copy.opened(False)
    gc.collect()
    tracemalloc.start()
    registry.copy.apply(event)
    registry.service("many").choose().done()
    gc.collect()
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    tell(bench="memory", instances=10_000, bytes=used, bytes_per_instance=round(used / 10_000))


def propagation(node: RegistryProcess, registry: Registry, changes: int) -> None:
    """From a registration's being sent to its being in another client's copy."""
    service = registry.service("moving")
    service.wait(30)
    arrived = threading.Event()
    service.on_change(lambda _: arrived.set())
    time.sleep(PAUSE)
    connection = http.client.HTTPConnection("127.0.0.1", node.port)
    waits, answers = [], []
    for number in range(changes):
        body = json.dumps({"address": "10.0.0.1", "port": number + 1, "session": "bench", "ttl": "10m"})
        path = f"/api/v1/services/moving/instances/i{number}"
        # The registry merges changes that follow each other; each of these is to be the first of a quiet service.
        time.sleep(PAUSE)
        arrived.clear()
        began = time.perf_counter()
        connection.request("PUT", path, body, {"Content-Type": "application/json"})
        connection.getresponse().read()
        answers.append(time.perf_counter() - began)
        while len(service.instances()) <= number:
            arrived.wait(1)
            arrived.clear()
        waits.append(time.perf_counter() - began)
    connection.close()
    milliseconds = sorted(round(wait * 1000, 3) for wait in waits)
    median, p99 = milliseconds[len(milliseconds) // 2], milliseconds[len(milliseconds) * 99 // 100]
    answered = round(statistics.median(answers) * 1000, 3)
    tell(bench="propagation", changes=changes, median_ms=median, p99_ms=p99, registration_median_ms=answered)


class Backend(BaseHTTPRequestHandler):
    """Answers at once, in one piece."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello")

    def log_message(self, format: str, *args: Any) -> None:
        pass


def serve(told: "multiprocessing.SimpleQueue[int]") -> None:
    """The backend, in a process of its own, so that it doesn't share the interpreter with who is measured."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    told.put(server.server_port)
    server.serve_forever()


def overhead(name: str, bare: float, measured: float) -> None:
    percent = round((bare / measured - 1) * 100, 1)
    tell(bench="http", client=name, per_second=round(measured), bare=round(bare), overhead_percent=percent)


def calls(registry: Registry, seconds: float) -> None:
    """Calls through the wrappers, against the bare clients."""
    told: multiprocessing.SimpleQueue[int] = multiprocessing.SimpleQueue()
    server = multiprocessing.Process(target=serve, args=(told,), daemon=True)
    server.start()
    port = told.get()
    there = [{"id": "one", "address": "127.0.0.1", "port": port, "weight": 100, "revision": 1}]
    data = {"service": "backend", "revision": 1, "protected": False, "instances": there}
    registry.copy.service("backend")
    registry.copy.apply(Event("snapshot", json.dumps(data).encode(), "aa-1"))
    kept = http.client.HTTPConnection("127.0.0.1", port)

    def bare() -> None:
        kept.request("GET", "/")
        kept.getresponse().read()

    overhead("http.client", *compared(bare, lambda: registry.http.get("http://backend/"), seconds))
    kept.close()
    url = f"http://127.0.0.1:{port}/"
    with httpx.Client() as plain, httpx.Client(transport=Transport(registry)) as wrapped:
        overhead("httpx", *compared(lambda: plain.get(url), lambda: wrapped.get("http://backend/"), seconds))

    with asyncio.Runner() if hasattr(asyncio, "Runner") else _Loop() as runner:
        plain_async, wrapped_async = httpx.AsyncClient(), httpx.AsyncClient(transport=AsyncTransport(registry))
        rates = compared(
            lambda: runner.run(plain_async.get(url)), lambda: runner.run(wrapped_async.get("http://backend/")), seconds
        )
        overhead("httpx, asyncio", *rates)
        runner.run(plain_async.aclose())
        runner.run(wrapped_async.aclose())
    server.terminate()
    server.join()


class _Loop:
    """What `asyncio.Runner` is from Python 3.11 on."""

    def __enter__(self) -> "_Loop":
        self.loop = asyncio.new_event_loop()
        return self

    def run(self, task: Any) -> Any:
        return self.loop.run_until_complete(task)

    def __exit__(self, *_: object) -> None:
        self.loop.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1.0, help="for each side of each number")
    seconds = parser.parse_args().seconds
    tell(bench="machine", python=sys.version.split()[0], platform=sys.platform)
    picks(seconds)
    alone = Registry.connect(f"http://127.0.0.1:{free_port()}", handle_signals=False)
    memory(alone)
    calls(alone, seconds)
    alone.close()
    with tempfile.TemporaryDirectory() as folder:
        node = RegistryProcess(Path(folder))
        node.start()
        try:
            with Registry.connect(node.url, handle_signals=False) as registry:
                propagation(node, registry, 50)
        finally:
            node.kill()


if __name__ == "__main__":
    main()
