"""The package: the wheel in an empty environment, the README's program, the samples, the documentation, the agent."""

import json
import os
import pydoc
import re
import subprocess
import sys
import venv
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from processes import HOME, RegistryProcess, eventually, free_port, program

import paste_registry

SMALL = """
import sys
from paste_registry import Registry, __version__
with Registry.connect(sys.argv[1], drain_delay=0.0) as registry:
    registry.register("wheel", 8080, "10.0.0.7").wait(60)
    print(__version__, registry.service("wheel").choose().instance.port)
"""


def run(*command: str, **environment: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PASTE_REGISTRY"))}
    done = subprocess.run(
        command, env=clean | environment, capture_output=True, text=True, timeout=60, check=False, cwd=HOME
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_in_an_empty_environment(shared: RegistryProcess, tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path), str(HOME))
    wheel = next(tmp_path.glob("paste_registry-*.whl"))
    venv.create(tmp_path / "empty", with_pip=False)
    python = tmp_path / "empty" / "bin" / "python"
    run(*pip, "--python", str(python), "install", "--no-index", "--no-deps", str(wheel))
    printed = run(str(python), "-I", "-c", SMALL, shared.url)
    assert printed == f"{paste_registry.__version__} 8080\n"
    installed = next((tmp_path / "empty" / "lib").glob("python*/site-packages/paste_registry"))
    assert (installed / "py.typed").exists()


def test_the_program_of_the_readme(shared: RegistryProcess) -> None:
    readme = (HOME / "README.md").read_text("utf-8")
    found = re.search(
        r"<!-- program -->\n```python\n(.*?)```\n<!-- /program -->\n\n```text\n(.*?)```", readme, re.DOTALL
    )
    assert found is not None
    program, output = found.groups()
    # Requests are logged to standard error.
    assert run(sys.executable, "-c", program, PYTHONPATH="src", PASTE_REGISTRY_URL=shared.url) == output


def sample(name: str, *arguments: str, **environment: str) -> "AbstractContextManager[subprocess.Popen[str]]":
    return program(sys.executable, f"samples/{name}.py", *arguments, **environment)


def test_the_samples(shared: RegistryProcess, tmp_path: Path) -> None:
    environment = {"PASTE_REGISTRY_URL": shared.url, "TMPDIR": str(tmp_path)}
    port = str(free_port())
    shared.ask("PUT", "/configs/sample/item", {"content": "hi", "format": "text"})
    with (
        sample("watch", "sample", "sample/item", **environment) as watch,
        sample("register", "sample", port, **environment) as register,
    ):
        assert register.stdout is not None and register.stdout.readline() == f"registered sample at {port}\n"
        with sample("discover", "sample", **environment) as discover:
            printed, errors = discover.communicate(timeout=60)
        assert f"127.0.0.1:{port} 1.0.0 up passing" in printed, errors
        assert f"hello from {port}\n" in printed
        with sample("failover", "sample", "2", **environment) as failover:
            printed, errors = failover.communicate(timeout=60)
        assert printed.count(": 200, the list is 0.0 s old") == 2, errors
        register.terminate()
        register.communicate(timeout=60)
        eventually(lambda: shared.ids("sample") == [])
        watch.terminate()
        printed, errors = watch.communicate(timeout=60)
    assert "(up, passing)" in printed and "(draining, passing)" in printed, errors
    assert "configuration: release 1: hi\n" in printed
    assert printed.count("instances: none\n") >= 1


def test_the_agent_of_the_scenarios(shared: RegistryProcess, tmp_path: Path) -> None:
    shared.ask("PUT", "/configs/agent/item", {"content": "v", "format": "text"})
    with program(sys.executable, "scenario.py") as started:

        def ask(**command: Any) -> Any:
            assert started.stdin is not None and started.stdout is not None
            started.stdin.write(json.dumps(command) + "\n")
            started.stdin.flush()
            return json.loads(started.stdout.readline())

        assert "not started" in ask(do="registered")["error"]
        register = {"service": "agent", "address": "127.0.0.1", "port": 9, "id": "one", "version": "1.0.0"}
        folder = str(tmp_path)
        start = {"urls": [shared.url], "snapshot_folder": folder, "services": ["agent"], "configs": ["agent/item"]}
        assert ask(do="start", register=register, **start) == {"ok": True}
        eventually(lambda: ask(do="registered") == {"registered": True})
        eventually(lambda: ask(do="instances", service="agent", wait_ms=20_000) == {"ids": ["one"], "age_ms": 0})
        assert ask(do="pick", service="agent", count=3) == {"picked": {"one": 3}}
        assert ask(do="call", service="agent", path="/x", count=2) == {"ok": 0, "failed": 2}
        assert ask(do="config", name="agent/item", wait_ms=20_000) == {"content": "v", "release": 1}
        assert ask(do="config", name="agent/none", wait_ms=20_000) == {"content": None}
        assert ask(do="block", ms=10) == {"ok": True}
        assert {"registered", "connected"} <= set(ask(do="events")["events"])
        assert "error" in ask(do="nothing")
        assert ask(do="close") == {"left": []}
        started.communicate(timeout=60)
    assert started.returncode == 0
    assert shared.ids("agent") == []


@pytest.mark.parametrize("name", paste_registry.__all__)
def test_everything_public_is_documented(name: str) -> None:
    thing = getattr(paste_registry, name)
    if name.startswith("__"):
        return
    assert thing.__doc__
    shown = pydoc.plain(pydoc.render_doc(thing))
    assert thing.__name__ in shown
    public = [each for each in vars(thing) if not each.startswith("_") and callable(getattr(thing, each))]
    assert [each for each in public if not getattr(thing, each).__doc__] == []
