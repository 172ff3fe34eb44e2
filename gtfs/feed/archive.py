"""A zip archive whose bytes depend on its contents alone.

The standard library's archives carry the clock, and their compressed bytes change with the zlib
a Python was linked with. Here the time is fixed and the compressor (libdeflate) comes with a locked
package, so two machines write the same archive.
"""

from __future__ import annotations

import os
import struct
import tempfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import deflate

if TYPE_CHECKING:
    from collections.abc import Mapping

LEVEL = 6
_EARLIEST = (1 << 5 | 1) << 16  # 1980-01-01 00:00, the first moment a zip can name
_UTF8_NAME = 0x800
_DEFLATED = 8
_REGULAR_FILE = 0o100644 << 16
_LIMIT = 0xFFFFFFFF


def write_archive(members: Mapping[str, bytes], path: Path) -> None:
    """Write members in the given order; the file appears whole or not at all.

    Parameters
    ----------
    members
        File name to contents, each under 4 GiB.
    path
        The zip to write; an existing one is replaced in one step.

    Raises
    ------
    ValueError
        If the archive would need the ZIP64 extension.
    """
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        packed = list(pool.map(_compress, members.values()))
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as out:
        try:
            directory: list[bytes] = []
            for (name, data), body in zip(members.items(), packed, strict=True):
                directory.append(_entry(name, data, body, out.tell()))
                out.write(_header(name, data, body))
                out.write(body)
            out.write(_directory(directory, out.tell()))
            out.flush()
            os.fsync(out.fileno())
            Path(out.name).chmod(0o644)
            Path(out.name).replace(path)
        except BaseException:
            Path(out.name).unlink(missing_ok=True)
            raise


def _compress(data: bytes) -> bytes:
    return bytes(deflate.deflate_compress(data, LEVEL))


def _common(name: str, data: bytes, body: bytes) -> bytes:
    if max(len(data), len(body)) > _LIMIT:
        raise ValueError(f"{name} is larger than a zip without ZIP64 can hold")
    return struct.pack(
        "<HHHIIIIHH",
        20,  # version 2.0: deflate
        _UTF8_NAME,
        _DEFLATED,
        _EARLIEST,
        zlib.crc32(data),
        len(body),
        len(data),
        len(name.encode()),
        0,
    )


def _header(name: str, data: bytes, body: bytes) -> bytes:
    return b"PK\x03\x04" + _common(name, data, body) + name.encode()


def _entry(name: str, data: bytes, body: bytes, offset: int) -> bytes:
    if offset > _LIMIT:
        raise ValueError("the archive is larger than a zip without ZIP64 can hold")
    made_by = struct.pack("<H", 3 << 8 | 20)  # Unix, so that the permission below is read
    rest = struct.pack("<HHHII", 0, 0, 0, _REGULAR_FILE, offset)
    return b"PK\x01\x02" + made_by + _common(name, data, body) + rest + name.encode()


def _directory(entries: list[bytes], offset: int) -> bytes:
    size = sum(map(len, entries))
    end = struct.pack("<HHHHIIH", 0, 0, len(entries), len(entries), size, offset, 0)
    return b"".join(entries) + b"PK\x05\x06" + end
