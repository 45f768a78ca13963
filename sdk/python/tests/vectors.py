"""Reading the shared vectors: with their keys checked, so that nobody passes by overlooking one."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "conformance"


def vectors(name: str) -> list[Any]:
    """The vectors of a file as test parameters."""
    found = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    assert found
    return [pytest.param(each, id=str(each.get("name", each.get("range")))) for each in found]


def only(vector: dict[str, Any], *known: str) -> None:
    """Fails for a key that the test doesn't know."""
    unknown = vector.keys() - {*known, "name", "note"}
    assert not unknown, f"keys that this test doesn't know: {unknown}"


class Draws:
    """Random numbers out of a vector; all of them have to be drawn."""

    def __init__(self, numbers: Iterable[str]) -> None:
        self.numbers = [int(number, 16) for number in numbers]

    def __call__(self) -> int:
        return self.numbers.pop(0)

    def all_drawn(self) -> bool:
        return not self.numbers


def close(value: float) -> Any:
    return pytest.approx(value, rel=1e-9, abs=0)
