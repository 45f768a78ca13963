"""XXH64, the hash on which users, rings and rendezvous agree in every language."""

from struct import iter_unpack, unpack_from

_MASK = 0xFFFFFFFFFFFFFFFF
_P1 = 0x9E3779B185EBCA87
_P2 = 0xC2B2AE3D27D4EB4F
_P3 = 0x165667B19E3779F9
_P4 = 0x85EBCA77C2B2AE63
_P5 = 0x27D4EB2F165667C5


def xxh64(data: bytes, seed: int = 0) -> int:
    """The 64-bit hash of `data`, from 0 to 2^64 - 1."""
    blocks = len(data) & ~31
    accumulated = _blocks(data[:blocks], seed) if blocks else seed + _P5
    value = _tail(accumulated + len(data) & _MASK, data, blocks)
    value = (value ^ value >> 33) * _P2 & _MASK
    value = (value ^ value >> 29) * _P3 & _MASK
    return value ^ value >> 32


def _round(lane: int, word: int) -> int:
    lane = lane + word * _P2 & _MASK
    return (lane << 31 | lane >> 33) * _P1 & _MASK


def _blocks(data: bytes, seed: int) -> int:
    a, b, c, d = seed + _P1 + _P2, seed + _P2, seed, seed - _P1
    for w, x, y, z in iter_unpack("<4Q", data):
        a, b, c, d = _round(a, w), _round(b, x), _round(c, y), _round(d, z)
    value = (a << 1 | a >> 63) + (b << 7 | b >> 57) + (c << 12 | c >> 52) + (d << 18 | d >> 46)
    for lane in (a, b, c, d):
        value = ((value ^ _round(0, lane)) & _MASK) * _P1 + _P4
    return value


def _tail(value: int, data: bytes, at: int) -> int:
    end = len(data)
    while at + 8 <= end:
        value ^= _round(0, unpack_from("<Q", data, at)[0])
        value = ((value << 27 | value >> 37) * _P1 + _P4) & _MASK
        at += 8
    if at + 4 <= end:
        value ^= unpack_from("<I", data, at)[0] * _P1 & _MASK
        value = ((value << 23 | value >> 41) * _P2 + _P3) & _MASK
        at += 4
    for byte in data[at:]:
        value ^= byte * _P5 & _MASK
        value = (value << 11 | value >> 53) * _P1 & _MASK
    return value
