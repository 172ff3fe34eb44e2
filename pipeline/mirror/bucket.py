"""A place on object storage, ``s3://bucket/prefix``, behind errors a person can read."""

from __future__ import annotations

import contextlib
import os
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pipeline.errors import ReleaseError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID")
"""Variables whose values no message repeats: servers quote them in their errors."""
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


class ChangedError(Exception):
    """An object is no longer what it was when it was read."""


class Bucket:
    """Objects below one prefix of one bucket.

    Keys, secrets, region and endpoint come from the environment (``AWS_ACCESS_KEY_ID``,
    ``AWS_SECRET_ACCESS_KEY``, ``AWS_REGION``, ``AWS_ENDPOINT_URL`` …) and from nowhere else.

    Parameters
    ----------
    address
        ``s3://bucket/prefix``; the prefix may be empty.

    Raises
    ------
    ReleaseError
        If `address` is none, or the library for storage is not installed.
    """

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme != "s3" or not BUCKET.fullmatch(parts.netloc) or parts.query:
            # Not repeated: somebody may have written a password into it.
            raise ReleaseError(
                "storage is named s3://bucket/prefix; keys belong into the environment",
                ja="保存先は s3://バケット/接頭辞 の形で指定してください。鍵は環境変数に置きます。",
            )
        try:
            import obstore  # noqa: PLC0415 - an extra that most installations lack
            from obstore.store import S3Store  # noqa: PLC0415
        except ImportError as error:
            raise ReleaseError(
                "object storage needs: pip install 'tonari[storage]'",
                ja="オブジェクトストレージには pip install 'tonari[storage]' が必要です。",
            ) from error
        self.address = address.rstrip("/")
        self._obstore: Any = obstore
        endpoint = os.environ.get("AWS_ENDPOINT_URL") or os.environ.get("AWS_ENDPOINT") or ""
        with self._told():
            self._store: Any = S3Store(
                parts.netloc,
                prefix=parts.path.strip("/") or None,
                client_options={"allow_http": endpoint.startswith("http://")},
                retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=60)},
            )

    def sizes(self, below: str) -> dict[str, int]:
        """Return the size in bytes of every object below `below`, by its key."""
        with self._told():
            pages = self._obstore.list(self._store, prefix=below)
            return {str(one["path"]): int(one["size"]) for page in pages for one in page}

    def read(self, key: str) -> tuple[bytes, str] | None:
        """Return an object whole and its ETag, or ``None`` if there is none."""
        try:
            with self._told():
                answer = self._obstore.get(self._store, key)
                return bytes(answer.bytes()), str(answer.meta["e_tag"])
        except FileNotFoundError:
            return None

    def chunks(self, key: str) -> Iterator[bytes]:
        """Yield an object piece by piece."""
        with self._told():
            yield from (bytes(piece) for piece in self._obstore.get(self._store, key))

    def put(self, key: str, content: bytes | Path, media_type: str, cache: str) -> None:
        """Write an object; it is there whole or not at all."""
        with self._told():
            self._obstore.put(self._store, key, content, attributes=_told_of(media_type, cache))

    def put_if(self, key: str, content: bytes, tag: str | None, headers: tuple[str, str]) -> None:
        """Write an object if it is still the one with ETag `tag`, or still absent (``None``).

        Raises
        ------
        ChangedError
            If it is not.
        """
        mode = "create" if tag is None else {"e_tag": tag}
        failures = self._obstore.exceptions
        try:
            with self._told():
                self._obstore.put(
                    self._store, key, content, mode=mode, attributes=_told_of(*headers)
                )
        except (failures.AlreadyExistsError, failures.PreconditionError) as error:
            raise ChangedError(key) from error

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the library raises into one sentence without secrets."""
        failures = self._obstore.exceptions
        try:
            yield
        except (FileNotFoundError, failures.AlreadyExistsError, failures.PreconditionError):
            raise
        except (failures.BaseError, OSError, ValueError) as error:
            if "NoSuchBucket" in str(error):
                raise ReleaseError(
                    f"there is no bucket for {self.address} at this service; make it first",
                    ja=f"{self.address} のバケットがありません。先に作成してください。",
                ) from None
            said = without_secrets(" ".join(str(error).split())[:300])
            raise ReleaseError(
                f"storage {self.address} cannot be used now: {said}; run the command again",
                ja=f"保存先 {self.address} を使えません（{said}）。もう一度実行してください。",
            ) from None


def without_secrets(text: str) -> str:
    """Return `text` without the values of :data:`SECRETS`."""
    for name in SECRETS:
        if value := os.environ.get(name):
            text = text.replace(value, "***")
    return text


def _told_of(media_type: str, cache: str) -> dict[str, str]:
    return {"Content-Type": media_type, "Cache-Control": cache}
