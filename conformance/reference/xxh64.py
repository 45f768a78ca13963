"""XXH64, the hash that everything here is built on."""

from struct import iter_unpack, unpack_from

MASK = 2**64 - 1
P1 = 0x9E3779B185EBCA87
P2 = 0xC2B2AE3D27D4EB4F
P3 = 0x165667B19E3779F9
P4 = 0x85EBCA77C2B2AE63
P5 = 0x27D4EB2F165667C5


def rotated(value, bits):
    return (value << bits | value >> (64 - bits)) & MASK


def mixed(lane, value):
    return rotated((lane + value * P2) & MASK, 31) * P1 & MASK


def merged(hash_, lane):
    return ((hash_ ^ mixed(0, lane)) * P1 + P4) & MASK


def xxh64(data, seed=0):
    """The hash of bytes, or of a text as UTF-8."""
    if isinstance(data, str):
        data = data.encode()
    hash_, rest = beginning(data, seed)
    return avalanched(tail(hash_ + len(data) & MASK, rest))


def beginning(data, seed):
    """What the blocks of 32 bytes make, and the bytes after them."""
    if len(data) < 32:
        return seed + P5 & MASK, data
    lanes = [seed + P1 + P2, seed + P2, seed, seed - P1]
    whole = len(data) // 32 * 32
    for block in iter_unpack("<4Q", data[:whole]):
        lanes = [mixed(lane, value) for lane, value in zip(lanes, block)]
    hash_ = sum(rotated(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18))) & MASK
    for lane in lanes:
        hash_ = merged(hash_, lane)
    return hash_, data[whole:]


def tail(hash_, rest):
    at = 0
    while at + 8 <= len(rest):
        hash_ = (rotated(hash_ ^ mixed(0, unpack_from("<Q", rest, at)[0]), 27) * P1 + P4) & MASK
        at += 8
    if at + 4 <= len(rest):
        hash_ = (rotated(hash_ ^ unpack_from("<I", rest, at)[0] * P1 & MASK, 23) * P2 + P3) & MASK
        at += 4
    for byte in rest[at:]:
        hash_ = rotated(hash_ ^ byte * P5 & MASK, 11) * P1 & MASK
    return hash_


def avalanched(hash_):
    hash_ = (hash_ ^ hash_ >> 33) * P2 & MASK
    hash_ = (hash_ ^ hash_ >> 29) * P3 & MASK
    return hash_ ^ hash_ >> 32
