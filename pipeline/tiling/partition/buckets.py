"""Records dealt into buckets by a hash, so that equal ones can be compared with little memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.tiling.partition.blocks import Arrays, write_arrays
from pipeline.tiling.partition.kernels import BUCKETS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray


def dealt(buckets: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the stable order of records by bucket, and where each bucket starts in it."""
    order = np.argsort(buckets, kind="stable")
    counts = np.bincount(buckets, minlength=BUCKETS)
    return order, np.concatenate([[0], np.cumsum(counts)])


def write_dealt(
    path: Path, buckets: NDArray[np.uint8], records: Mapping[str, NDArray[Any]]
) -> None:
    """Write records bucket by bucket, each in the order in which it came."""
    order, starts = dealt(buckets)
    columns = {name: values[order] for name, values in records.items()}
    write_arrays(path, columns | {"starts": starts})


def read_bucket(paths: Sequence[Path], bucket: int, name: str) -> list[NDArray[Any]]:
    """Return one column of a bucket, file by file."""
    found = []
    for path in paths:
        with Arrays(path) as arrays:
            first, last = arrays.read("starts", bucket, bucket + 2).tolist()
            found.append(arrays.read(name, first, last))
    return found
