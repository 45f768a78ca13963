#!/usr/bin/env python3
"""Checks everything of the Python SDK: formatter, linter, types, tests, the package. Standard library only.

    python3 sdk/python/check.py [arguments of pytest]

makes or updates `.venv` from `requirements-dev.txt` first. The tests start the registry named by PASTE_REGISTRY_BIN,
else `target/debug/paste-registry` of the repository.
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

HOME = Path(__file__).resolve().parent
VENV = HOME / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
REQUIREMENTS = HOME / "requirements-dev.txt"


def run(*command: str) -> None:
    print("$", *command, flush=True)
    result = subprocess.run([str(PYTHON), "-m", *command], cwd=HOME, check=False)
    if result.returncode != 0:
        sys.exit(f"failed: {' '.join(command)}")


def prepare() -> None:
    """A virtual environment with exactly the pinned packages; made anew when the pins or the interpreter change."""
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    stamp = VENV / "requirements.sha256"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    venv.create(VENV, clear=True, with_pip=True)
    run("pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r", str(REQUIREMENTS))
    run("pip", "check")
    stamp.write_text(wanted)


def main() -> None:
    if sys.version_info < (3, 10):  # noqa: UP036 - this runs with whatever Python there is, to say so
        sys.exit("the Python SDK needs Python 3.10 or newer")
    prepare()
    run("ruff", "format", "--check", "--quiet", ".")
    run("ruff", "check", "--quiet", ".")
    run("mypy")
    run("pytest", *sys.argv[1:])


if __name__ == "__main__":
    main()
