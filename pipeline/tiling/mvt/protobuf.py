"""The few protocol buffer fields that are written from Python."""

from __future__ import annotations

import struct


def varint(value: int) -> bytes:
    """Return a number of zero or more in base 128, least digits first."""
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def bytes_field(tag: int, content: bytes) -> bytes:
    """Return a field of given tag byte that holds bytes."""
    return bytes([tag]) + varint(len(content)) + content


def number_value(value: float) -> bytes:
    """Return a tile value (MVT 2.1, section 4.1): whole numbers as integers, others as double."""
    if value != int(value):
        return b"\x19" + struct.pack("<d", value)
    whole = int(value)
    return b"\x28" + varint(whole) if whole >= 0 else b"\x30" + varint(-2 * whole - 1)
