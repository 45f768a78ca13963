"""What tests share: a registry for all, one of their own for those that kill it, and clients that get closed."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import RegistryProcess, eventually

from paste_registry import Registry

Connect = Callable[..., Registry]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryProcess]:
    """A registry that tests share, each with services of its own."""
    process = RegistryProcess(tmp_path_factory.mktemp("registry"))
    process.start()
    yield process
    process.kill()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[RegistryProcess]:
    """A registry that the test may start, kill and wipe."""
    process = RegistryProcess(tmp_path)
    yield process
    process.kill()


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes clients that are closed after the test, and leave no thread behind."""
    before = set(threading.enumerate())
    made: list[Registry] = []

    def make(urls: Any, **options: Any) -> Registry:
        made.append(Registry.connect(urls, **{"drain_delay": 0.0, "heartbeat": 0.2, **options}))
        return made[-1]

    yield make
    for registry in made:
        registry.close()
    # Threads of tests may end a moment later; those of the client have to be gone.
    left = [each.name for each in set(threading.enumerate()) - before]
    assert [name for name in left if name.startswith("paste-registry")] == []
    eventually(lambda: not [each for each in set(threading.enumerate()) - before if not each.daemon])
