"""xxh64.json: lengths around the blocks of 4, 8 and 32 bytes, text that isn't ASCII, seeds."""

from reference.xxh64 import xxh64

from .draws import hexadecimal

TEXTS = [
    "",
    "a",
    "as",
    "asd",
    "asdf",
    "abc",
    "user-1",
    "user-2",
    "user-3",
    "order/42",
    "10.0.0.1:80_0",
    "[::1]:80_17",
    "Call me Ishmael. Some years ago--never mind how long precisely-",
    "Zürich",
    "日本",
    "🦀",
    "a\0b",
]
LENGTHS = [*range(1, 41), 47, 48, 55, 56, 63, 64, 65, 95, 96, 97, 100]
SEEDS = [1, 2, 0x9E3779B185EBCA87, 2**63, 2**64 - 1]


def vector(name, form, written, data, seed):
    return {"name": name, form: written, "seed": hexadecimal(seed), "hash": hexadecimal(xxh64(data, seed))}


def vectors():
    made = [vector(f"text {text!a}", "text", text, text, 0) for text in TEXTS]
    for length in LENGTHS:
        data = bytes(range(256))[255 - length : 255]
        made.append(vector(f"{length} bytes", "hex", data.hex(), data, 0))
    for seed in SEEDS:
        for length in (0, 3, 8, 31, 32, 100):
            data = bytes(range(length))
            made.append(vector(f"{length} bytes, seed {seed}", "hex", data.hex(), data, seed))
    return made
