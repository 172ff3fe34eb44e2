"""Streams of variable-length integers, many at a time.

Seven bits a byte, least significant first, the high bit set on all but the last byte of a value
(Protocol Buffers encoding guide, "Base 128 Varints").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.tiling.archive.errors import CorruptArchiveError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_LONGEST = 10  # bytes of a 64-bit value


def encode(values: ArrayLike) -> bytes:
    """Return `values` (unsigned 64-bit integers) as one stream."""
    numbers = np.ascontiguousarray(values, np.uint64).ravel()
    lengths = np.ones(numbers.size, np.int64)
    for k in range(1, _LONGEST):
        lengths += numbers >= np.uint64(1 << 7 * k)
    starts = np.cumsum(lengths) - lengths
    stream = np.empty(int(lengths.sum()), np.uint8)
    for k in range(_LONGEST):
        here = lengths > k
        if not here.any():
            break
        septets = numbers[here] >> np.uint64(7 * k) & np.uint64(0x7F)
        more = (lengths[here] > k + 1).astype(np.uint64) << np.uint64(7)
        stream[starts[here] + k] = septets | more
    return stream.tobytes()


def decode(stream: bytes | memoryview) -> NDArray[np.uint64]:
    """Return the values of a stream as unsigned 64-bit integers.

    Raises
    ------
    CorruptArchiveError
        If the stream ends inside a value or a value has more than 64 bits.
    """
    octets = np.frombuffer(stream, np.uint8)
    if octets.size == 0:
        return np.empty(0, np.uint64)
    ends = np.flatnonzero(octets < 0x80)
    if ends.size == 0 or ends[-1] != octets.size - 1:
        raise CorruptArchiveError("a directory ends in the middle of a number")
    starts = np.empty_like(ends)
    starts[0] = 0
    starts[1:] = ends[:-1] + 1
    lengths = ends - starts + 1
    longest = int(lengths.max())
    if longest > _LONGEST or (longest == _LONGEST and octets[ends[lengths == _LONGEST]].max() > 1):
        raise CorruptArchiveError("a directory holds a number of more than 64 bits")
    values = np.zeros(ends.size, np.uint64)
    for k in range(longest):
        here = lengths > k
        septets = (octets[starts[here] + k] & 0x7F).astype(np.uint64)
        values[here] |= septets << np.uint64(7 * k)
    return values
