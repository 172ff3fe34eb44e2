"""合算: small areas are added to a neighbour of the same parent, so that sums stay usable.

As Japan's census does it: the members of a group are published as one number in the row of their
host, and each member says into what it was put (e-Stat's columns HTKSYORI, HTKSAKI, GASSAN). As
many groups as possible are kept; among those choices the one that moves least, where what a group
moves is its sum without its largest member; then the one whose groups come first in order of code.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy import sparse
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    Indices = NDArray[np.int64]
    Floats = NDArray[np.float64]

Group = tuple[int, ...]
_Cover = tuple[float, float, tuple[Group, ...]]

_EXACT = 14
"""Areas of a component solved to the optimum; larger ones are solved greedily and improved."""
_WINDOW = 9
"""Areas of such a one that are chosen anew together."""
_PASSES = 6
_NONE: _Cover = (math.inf, 0.0, ())


@dataclass(frozen=True)
class Merged:
    """Which area is published in whose row.

    Attributes
    ----------
    host
        Position of the host of each area, its own where it stands for itself, shape (n,).
    stranded
        Areas that stay too small: everything they touch within their parent together is.
    exact
        Whether every choice is proven to be the best.
    """

    host: Indices
    stranded: Indices
    exact: bool

    def members(self, host: int) -> Indices:
        """Return the areas put into one, without itself, in order."""
        inside = np.flatnonzero(self.host == host)
        return np.asarray(inside[inside != host])


def merge(
    counts: Floats, least: float, edges: Indices, parents: Sequence[object] | None = None
) -> Merged:
    """Put areas with too few together with neighbours.

    Parameters
    ----------
    counts
        What must reach `least`, shape (n,), areas in order of code. Areas with none need no host
        and are taken only as a bridge.
    edges
        Pairs of areas that touch, shape (e, 2).
    parents
        Areas are put together only within one; all are of one parent unless told.
    """
    n = len(counts)
    edges = np.asarray(edges, np.int64).reshape(-1, 2)
    if parents is not None:
        names = {name: i for i, name in enumerate(dict.fromkeys(parents))}
        label = np.array([names[p] for p in parents])
        edges = edges[label[edges[:, 0]] == label[edges[:, 1]]]
    graph = sparse.coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n))
    _, component = connected_components(graph, directed=False)
    beside = _neighbours(n, edges)
    host, stranded, exact = np.arange(n), [], True
    for one in range(int(component.max(initial=-1)) + 1):
        areas = np.flatnonzero(component == one)
        if not _small(counts[areas], least).any():
            continue
        if counts[areas].sum() < least:
            stranded += areas[counts[areas] > 0].tolist()
        groups, best = _groups(areas, counts, least, beside)
        exact &= best
        for group in groups:
            host[list(group)] = _host(group, counts)
    return Merged(host, np.array(stranded, np.int64), exact)


def moved(group: Group, counts: Floats) -> float:
    """Return how much of a group appears in another row than its own."""
    values = counts[list(group)]
    return float(values.sum() - values.max())


def _small(counts: Floats, least: float) -> NDArray[np.bool_]:
    return np.asarray((counts > 0) & (counts < least))


def _host(group: Group, counts: Floats) -> int:
    """Return the largest member, the first of equals."""
    return group[int(np.argmax(counts[list(group)]))]


def _neighbours(n: int, edges: Indices) -> list[list[int]]:
    out: list[set[int]] = [set() for _ in range(n)]
    for a, b in edges.tolist():
        if a != b:
            out[a].add(b)
            out[b].add(a)
    return [sorted(found) for found in out]


def _groups(
    areas: Indices, counts: Floats, least: float, beside: list[list[int]]
) -> tuple[list[Group], bool]:
    """Return the groups of one component, and whether they are proven to be the best."""
    if counts[areas].sum() < least:
        return [tuple(areas.tolist())], True
    if len(areas) <= _EXACT:
        return _optimum(areas.tolist(), counts, least, beside), True
    return _improved(_greedy(areas, counts, least, beside), counts, least, beside), False


def _connected(
    areas: list[int], counts: Floats, least: float, beside: list[list[int]]
) -> Iterator[Group]:
    """Yield every connected set that may stand as one row, each once.

    An area that is large enough or empty may stand alone. The sets are grown from their first
    member by neighbours that come later or were not refused before (ESU of Wernicke, 2006).
    """
    within = set(areas)

    def grow(group: Group, frontier: Group, barred: set[int]) -> Iterator[Group]:
        total = counts[list(group)].sum()
        if total >= least or (len(group) == 1 and total == 0):
            yield tuple(sorted(group))
        barred = set(barred)
        for at, area in enumerate(frontier):
            barred.add(area)
            known = barred.union(group, frontier)
            new = [b for b in beside[area] if b in within and b not in known]
            yield from grow((*group, area), (*frontier[at + 1 :], *new), barred)

    for place, first in enumerate(areas):
        earlier = set(areas[:place])
        start = tuple(b for b in beside[first] if b in within and b not in earlier)
        yield from grow((first,), start, earlier)


def _optimum(
    areas: list[int], counts: Floats, least: float, beside: list[list[int]]
) -> list[Group]:
    """Cover every area once: most groups, then least moved, then first in order of code."""
    bit = {area: 1 << i for i, area in enumerate(areas)}
    by_first: dict[int, list[tuple[int, Group, float]]] = {area: [] for area in areas}
    for group in _connected(areas, counts, least, beside):
        mask = sum(bit[area] for area in group)
        by_first[group[0]].append((mask, group, moved(group, counts)))
    return list(_best_cover((1 << len(areas)) - 1, areas, by_first, {0: (0, 0.0, ())})[2])


def _best_cover(
    left: int,
    areas: list[int],
    by_first: dict[int, list[tuple[int, Group, float]]],
    known: dict[int, _Cover],
) -> _Cover:
    """Return the best cover of the areas left: minus the groups, what is moved, the groups."""
    if left not in known:
        first = areas[(left & -left).bit_length() - 1]
        best = _NONE
        for mask, group, cost in by_first[first]:
            if mask & ~left:
                continue
            few, much, groups = _best_cover(left & ~mask, areas, by_first, known)
            best = min(best, (few - 1, round(much + cost, 6), (group, *groups)))
        known[left] = best
    return known[left]


def _greedy(areas: Indices, counts: Floats, least: float, beside: list[list[int]]) -> list[Group]:
    """Give the smallest group that is too small to its smallest neighbour until none is."""
    of = {area: area for area in areas.tolist()}
    groups = {area: (area,) for area in areas.tolist()}
    sums = {area: float(counts[area]) for area in groups}
    small = [(value, area) for area, value in sums.items() if 0 < value < least]
    heapq.heapify(small)
    while small:
        value, name = heapq.heappop(small)
        if name not in groups or sums[name] != value:
            continue
        touching = {of[b] for area in groups[name] for b in beside[area]} - {name}
        other = min(touching, key=lambda g: (sums[g] == 0, sums[g], g))
        members = tuple(sorted(groups.pop(name) + groups.pop(other)))
        total = sums.pop(name) + sums.pop(other)
        groups[members[0]], sums[members[0]] = members, total
        of |= dict.fromkeys(members, members[0])
        if total < least:
            heapq.heappush(small, (total, members[0]))
    return sorted(groups.values())


def _improved(
    groups: list[Group], counts: Floats, least: float, beside: list[list[int]]
) -> list[Group]:
    """Choose anew, to the optimum, among a group and those beside it, until nothing improves."""
    of = {area: group for group in groups for area in group}
    queue = [group for group in groups if len(group) > 1]
    for _ in range(_PASSES):
        changed: list[Group] = []
        for group in queue:
            if of.get(group[0]) != group:
                continue
            window = _window(group, of, beside)
            areas = sorted(area for one in window for area in one)
            better = _optimum(areas, counts, least, beside)
            if _worth(better, counts) < _worth(window, counts):
                of |= {area: one for one in better for area in one}
                changed += [one for one in better if len(one) > 1]
        if not changed:
            break
        queue = changed
    return sorted(set(of.values()))


def _window(group: Group, of: dict[int, Group], beside: list[list[int]]) -> list[Group]:
    """Return a group and groups that touch it, of so many areas as an optimum can be found for."""
    window, size = [group], len(group)
    for near in sorted({of[b] for area in group for b in beside[area]} - {group}):
        if size + len(near) <= _WINDOW:
            window.append(near)
            size += len(near)
    return sorted(window)


def _worth(groups: list[Group], counts: Floats) -> tuple[int, float]:
    return -len(groups), round(sum(moved(group, counts) for group in groups), 6)


def touching(frame: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Return pairs of areas that share a piece of border, not a corner alone."""
    shapes = frame.geometry.to_numpy()
    a, b = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    a, b = a[a < b], b[a < b]
    common = shapely.length(shapely.intersection(shapes[a], shapes[b]))
    return np.stack([a[common > 0], b[common > 0]], axis=1)
