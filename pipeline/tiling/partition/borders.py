"""Where shared borders end, over all runs of a layer, with a bucket of vertices in memory.

Every vertex of a polygon is a passage: a place, and a digest of the neighbours it lies between. A
place whose passages differ ends an arc (see
:mod:`pipeline.tiling.geometry.topology`). Passages of one place
share a bucket, which answers them in the order in which they came; so the answers find back to
their vertices without a number for each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.tiling.parallel import in_order
from pipeline.tiling.partition.blocks import Arrays, Block, bytes_of, write_arrays
from pipeline.tiling.partition.buckets import dealt, read_bucket
from pipeline.tiling.partition.kernels import BUCKETS, part_bucket
from pipeline.tiling.partition.scan import passages_of, passages_path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor
    from pathlib import Path

    from numpy.typing import NDArray


def nodes_path(run: Path) -> Path:
    """Return where it stands which vertices of a run end a shared border."""
    return run.with_suffix(".nodes")


def mark_runs(runs: Sequence[Path], pool: Executor, told: Callable[[int, int], None]) -> None:
    """Find the nodes of all runs; a run without a file of nodes has none.

    Parameters
    ----------
    runs
        All runs of a layer.
    pool
        Where to run.
    told
        Told how many of how many steps are done.
    """
    bordered = [run for run in runs if passages_path(run).exists()]
    steps = BUCKETS + len(bordered)
    for run in bordered:
        _answers_path(run).write_bytes(b"")
    shared = 0
    marks = in_order(pool, lambda bucket: _mark(bordered, bucket), range(BUCKETS))
    for done, found in enumerate(marks):
        shared += found
        told(done, steps)
    for done, run in enumerate(bordered, BUCKETS):
        if shared:
            _write_nodes(run)
        _answers_path(run).unlink()
        told(done, steps)
    told(steps, steps)


def _answers_path(run: Path) -> Path:
    """Return where the answers for a run gather, one byte per passage.

    Opened for each write: there are more runs than a process may hold files open.
    """
    return run.with_suffix(".answers")


def _mark(runs: list[Path], bucket: int) -> int:
    """Answer one bucket; return how many passages met another."""
    paths = [passages_path(run) for run in runs]
    places = read_bucket(paths, bucket, "place")
    digests = read_bucket(paths, bucket, "digest")
    sizes = [part.size for part in places]
    nodes = np.zeros(sum(sizes), np.uint8)
    capacity = 1 << max(10, int(2 * nodes.size).bit_length())
    shared = part_bucket(np.concatenate(places), np.concatenate(digests), capacity, nodes)
    at = 0
    for run, path, size in zip(runs, paths, sizes, strict=True):
        with Arrays(path) as arrays:
            first = int(arrays.read("starts", bucket, bucket + 1)[0])
        if size:
            with _answers_path(run).open("r+b") as file:
                file.seek(first)
                file.write(bytes_of(nodes[at : at + size]))
        at += size
    return int(shared)


def _write_nodes(run: Path) -> None:
    """Bring the answers of a run into the order of its vertices."""
    with Block(run) as block:
        shapes = block.read_shapes(0, block.total)
    _, _, buckets, at = passages_of(shapes)
    order, _ = dealt(buckets)
    found = np.frombuffer(_answers_path(run).read_bytes(), np.uint8)
    if found.any():
        nodes: NDArray[np.uint8] = np.zeros(shapes.x.size, np.uint8)
        nodes[at[order]] = found
        write_arrays(nodes_path(run), {"nodes": nodes})
