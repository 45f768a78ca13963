"""The end of a program, however it comes: drained, deregistered, nothing left behind."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import Connect
from processes import RegistryProcess, eventually, free_port, program

PROGRAM = """
import os, signal, sys, threading, time
from paste_registry import Registry
# A shell that starts something in the background has it ignore SIGINT, and so whatever that starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
if "own-handler" in sys.argv:
    signal.signal(signal.SIGTERM, lambda *_: print("handled", flush=True))
registry = Registry.connect(sys.argv[1], drain_delay=0.1)
registry.register(sys.argv[2], 8080, "10.0.0.7", id="one").wait(60)
if "fork" in sys.argv:
    child = os.fork()
    if child == 0:
        registry.close()
        sys.exit(0)
    os.waitpid(child, 0)
print("ready", flush=True)
if "wait" in sys.argv:
    sys.stdin.readline()
    print("left", len(threading.enumerate()), flush=True)
if "raise" in sys.argv:
    raise RuntimeError("no")
"""


@contextmanager
def client(*arguments: str) -> "Iterator[subprocess.Popen[str]]":
    """A program that has registered."""
    with program(sys.executable, "-c", PROGRAM, *arguments) as started:
        assert started.stdout is not None and started.stdout.readline() == "ready\n"
        yield started


@pytest.mark.parametrize("how", ["plain", "raise"])
def test_the_end_of_the_interpreter(shared: RegistryProcess, how: str) -> None:
    with client(shared.url, f"end-{how}", how) as started:
        started.communicate(timeout=60)
    assert started.returncode == (1 if how == "raise" else 0)
    assert shared.ids(f"end-{how}") == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, -signal.SIGINT)])
def test_signals_that_end_it(shared: RegistryProcess, number: signal.Signals, code: int) -> None:
    service = f"end-{number.name}"
    with client(shared.url, service, "wait") as started:
        assert shared.ids(service) == ["one"]
        started.send_signal(number)
        _, errors = started.communicate(timeout=60)
    assert started.returncode == code, errors
    assert shared.ids(service) == []


def test_an_earlier_handler_is_called(shared: RegistryProcess) -> None:
    with client(shared.url, "end-handled", "wait", "own-handler") as started:
        started.send_signal(signal.SIGTERM)
        assert started.stdout is not None and started.stdout.readline() == "handled\n"
        eventually(lambda: shared.ids("end-handled") == [])
        output, _ = started.communicate("go on\n", timeout=60)
    assert started.returncode == 0
    assert output == "left 1\n"


def test_a_fork_does_not_deregister_its_parent(shared: RegistryProcess) -> None:
    with client(shared.url, "end-fork", "wait", "fork") as started:
        assert shared.ids("end-fork") == ["one"]
        started.communicate("\n", timeout=60)
    assert shared.ids("end-fork") == []


def test_handlers_are_given_back(connect: Connect) -> None:
    before = signal.getsignal(signal.SIGTERM)
    registry = connect(f"http://127.0.0.1:{free_port()}")
    assert signal.getsignal(signal.SIGTERM) != before
    registry.close()
    assert signal.getsignal(signal.SIGTERM) == before
    connect(f"http://127.0.0.1:{free_port()}", handle_signals=False)
    assert signal.getsignal(signal.SIGTERM) == before


def test_close_leaves_nothing(shared: RegistryProcess, connect: Connect, tmp_path: Path) -> None:
    before = set(threading.enumerate())
    descriptors = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    registry = connect(shared.url, snapshot_folder=tmp_path)
    registry.register("end-nothing", 8080, "127.0.0.1", id="one").wait(30)
    registry.service("end-nothing").on_change(lambda _: None)
    registry.config("end/nothing").value(timeout=30)
    names = {each.name for each in set(threading.enumerate()) - before}
    assert {"paste-registry-heartbeat", "paste-registry-stream"} <= names
    registry.close()
    registry.close()
    assert set(threading.enumerate()) - before == set()
    if descriptors:
        assert len(os.listdir("/proc/self/fd")) == descriptors


def test_closing_while_it_reconnects(connect: Connect) -> None:
    events: list[str] = []
    registry = connect(f"http://127.0.0.1:{free_port()}", on_event=lambda name, _: events.append(name))
    registry.service("a")
    registry.register("a", 1, "10.0.0.1")
    eventually(lambda: events.count("retrying") > 3)
    before = set(threading.enumerate())
    registry.close()
    assert not [each for each in threading.enumerate() if each in before and each.name.startswith("paste-registry")]
