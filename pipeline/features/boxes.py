"""Boxes of features in a packed tree: which of them meet a rectangle, without looking at all.

The boxes lie along a Hilbert curve; sixteen neighbours make a node, sixteen nodes the next one. A
node's box is all that is kept of it, its children are known by its number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Boxes = NDArray[np.float64]

FANOUT = 16
Box = tuple[float, float, float, float]


def parents(boxes: Boxes) -> list[Boxes]:
    """Return the boxes of the nodes above `boxes`, level by level, the root's level last.

    Parameters
    ----------
    boxes
        West, south, east, north, shape (features, 4), along the curve; no NaN.
    """
    levels = []
    while len(boxes) > FANOUT:
        starts = np.arange(0, len(boxes), FANOUT)
        low = np.minimum.reduceat(boxes[:, :2], starts)
        high = np.maximum.reduceat(boxes[:, 2:], starts)
        boxes = np.hstack([low, high])
        levels.append(boxes)
    return levels


def levels_of(count: int) -> list[int]:
    """Return how many nodes each level above `count` boxes has."""
    sizes = []
    while count > FANOUT:
        count = -(-count // FANOUT)
        sizes.append(count)
    return sizes


def search(levels: list[Boxes], box: Box) -> NDArray[np.int64]:
    """Return the numbers of the boxes that meet `box`, edges included.

    Parameters
    ----------
    levels
        The boxes themselves, then the levels above them.
    box
        West, south, east, north; infinite sides are allowed.
    """
    west, south, east, north = box
    found: list[NDArray[np.int64]] = []
    nodes = np.arange(len(levels[-1]))
    for height in range(len(levels) - 1, -1, -1):
        xmin, ymin, xmax, ymax = levels[height][nodes].T
        meets = (xmax >= west) & (xmin <= east) & (ymax >= south) & (ymin <= north)
        if height == 0:
            found.append(nodes[meets])
            break
        # Everything below a node that lies inside is found without being looked at.
        inside = (xmin >= west) & (xmax <= east) & (ymin >= south) & (ymax <= north)
        found += _below(nodes[inside], height, len(levels[0]))
        nodes = _children(nodes[meets & ~inside], len(levels[height - 1]))
    return np.concatenate(found)


def _below(nodes: NDArray[Any], height: int, count: int) -> list[NDArray[np.int64]]:
    width = FANOUT**height
    return [np.arange(n * width, min((n + 1) * width, count)) for n in nodes.tolist()]


def _children(nodes: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    below = (nodes[:, None] * FANOUT + np.arange(FANOUT)).ravel()
    return below[below < count]
