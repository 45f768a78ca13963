#!/usr/bin/env python3
"""Writes the vector files, each made by the definitions in `reference/` from the inputs in `cases/`.

`generate.py` writes all files that it makes; `generate.py NAME…` only those. `generate.py --check` writes nothing: it
checks the definitions against independent sources, names the files that differ from what it would write, and exits 1 if
there is anything of either.
"""

import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True

from cases import FILES  # noqa: E402
from selftest import failures  # noqa: E402

FOLDER = Path(__file__).resolve().parent


def rounded(value):
    """Floats with 12 digits: the last bits of `exp`, `log` and powers are not the same everywhere."""
    if isinstance(value, float):
        return float(f"{value:.12g}")
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(inner) for inner in value]
    return value


def text(vectors):
    names = [vector["name"] for vector in vectors]
    assert len(set(names)) == len(names), f"two vectors have one name: {names}"
    lines = ",\n".join("  " + json.dumps(rounded(vector), ensure_ascii=False) for vector in vectors)
    return f"[\n{lines}\n]\n"


def differing():
    for name, make in FILES.items():
        path = FOLDER / name
        if not path.exists() or path.read_text("utf-8") != text(make()):
            yield f"{name} differs from what generate.py writes"


def main(arguments):
    if arguments == ["--check"]:
        found = [*failures(), *differing()]
        print(*found, sep="\n", end="\n" if found else "")
        return 1 if found else 0
    unknown = [name for name in arguments if name not in FILES]
    if unknown:
        print("no such file:", *unknown, file=sys.stderr)
        return 2
    for name in arguments or FILES:
        (FOLDER / name).write_text(text(FILES[name]()), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
