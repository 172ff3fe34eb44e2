"""Files that nobody but the server's own user may read."""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from tiles_server.errors import AccountError

KEY_BYTES = 32


def read_private(path: Path) -> bytes:
    """Read a private file.

    Raises
    ------
    FileNotFoundError
        If it is absent.
    AccountError
        If others may read or write it: then it is no secret any more. If this user may not.
    """
    try:
        handle = path.open("rb")
    except PermissionError:
        raise AccountError(
            f"{path.name} belongs to another user; make accounts as the user the server runs as"
        ) from None
    with handle as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & 0o077:
            raise AccountError(
                f"{path.name} may be read by others (mode {mode:04o}); set it to 0600"
            )
        return file.read()


def write_private(path: Path, content: bytes, *, only_new: bool = False) -> None:
    """Write a private file, whole or not at all.

    With `only_new` a file that is there already is left alone.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if only_new:
            with suppress(FileExistsError):
                path.hardlink_to(name)
        else:
            Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def secret_key(folder: Path) -> bytes:
    """Return the key that signs cookies; the first who asks makes it, for all processes.

    Raises
    ------
    AccountError
        If it is not private or cut short.
    """
    path = folder / "secret.key"
    try:
        key = read_private(path)
    except FileNotFoundError:
        write_private(path, secrets.token_bytes(KEY_BYTES), only_new=True)
        key = read_private(path)
    if len(key) < KEY_BYTES:
        raise AccountError(f"{path.name} is cut short; delete it, and everybody signs in again")
    return key
