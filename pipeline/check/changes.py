"""What a layer is about to lose, move or empty against the version that is served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.check.matching import Matched, match, shown
from pipeline.findings import Catalogue, Finding, Place, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.standardise.columns import Field

MOST = 0.2
"""Share of its features that a layer may lose, move or empty without its being meant."""
MOVED_M = 30.0
"""Metres from which a feature has moved: more than a survey corrects, less than a datum shifts."""
METRES_PER_DEGREE = 111_200.0
NAMES_IN_A_LINE = 10
COMPASS = (
    ("東", "east"), ("北東", "north-east"), ("北", "north"), ("北西", "north-west"),
    ("西", "west"), ("南西", "south-west"), ("南", "south"), ("南東", "south-east"),
)  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """A layer beside the version of it that is served.

    Attributes
    ----------
    before, after
        The served and the new version: ``id``, ``municipality_code``, fields, ``geometry``.
    layer
        Its name.
    key
        The fields that name a feature; none if its content does.
    fields
        The published fields.
    names
        Of the municipalities by code.
    meant
        Whether what changed is accepted: then it is a warning, else an error.
    """

    before: gpd.GeoDataFrame
    after: gpd.GeoDataFrame
    layer: str
    key: Sequence[str]
    fields: Sequence[Field]
    names: Mapping[str, str]
    meant: bool

    def finding(
        self, code: str, at: NDArray[np.int64], /, field: str = "", **details: object
    ) -> Finding:
        """Make a finding about features of the served version, named as people call them."""
        labels = self.labels(at, self.before)
        more = ", …" if len(labels) > NAMES_IN_A_LINE else ""
        return Catalogue.of("pipeline").finding(
            code,
            field=f"layers.{self.layer} {field}".strip(),
            places=[Place(feature=label) for label in labels],
            severity=Severity.WARNING if self.meant else None,
            **{"names": ", ".join(labels[:NAMES_IN_A_LINE]) + more} | details,  # type: ignore[arg-type]
        )

    def labels(self, at: NDArray[np.int64], frame: gpd.GeoDataFrame) -> list[str]:
        """Return for each feature its key and its first two fields of text, or else its id."""
        known = [name for name in self.key if name in frame.columns]
        texts = [f.name for f in self.fields if f.type == "string" and f.name in frame.columns]
        chosen = [*known, *texts[:2]] or ["id"]
        rows = frame.iloc[at][list(dict.fromkeys(chosen))].astype(object)
        return [" ".join(map(shown, row)).strip() or "?" for row in rows.itertuples(index=False)]


def served_version(path: Path) -> gpd.GeoDataFrame:
    """Read the version of a layer that is served, with moments as text as layers have them."""
    frame = gpd.read_parquet(path)
    for name in frame.columns:
        if isinstance(frame[name].dtype, pd.DatetimeTZDtype):
            text = frame[name].map(lambda moment: moment.isoformat(), na_action="ignore")
            frame[name] = text.astype(object)
    return frame


def change_findings(compared: Comparison, known: Matched | None = None) -> list[Finding]:
    """Compare a layer with the version that is served.

    Parameters
    ----------
    known
        Which features are the same ones, if that has been found out.

    Returns
    -------
    list of Finding
        What more than a fifth of the layer, or of one municipality in it, has lost: features,
        their place, the values of a field, or the ids of all of them.
    """
    matched = known or match(compared.before, compared.after)
    found = [*_gone(compared, matched), *_moved(compared, matched), *_emptied(compared, matched)]
    ids = compared.before["id"]
    if len(matched.renewed) > MOST * len(ids) and not ids.isin(compared.after["id"]).any():
        found.append(compared.finding("changes-ids", matched.renewed))
    return found


def _too_much(
    compared: Comparison, of: NDArray[np.int64], hit: NDArray[np.int64]
) -> Iterator[tuple[str, NDArray[np.int64], NDArray[np.int64]]]:
    """Yield the whole layer, else each municipality, of which too much is hit.

    Parameters
    ----------
    of, hit
        Positions in the served version: of which, and those of them that are hit.

    Yields
    ------
    code, of, hit
        Of the municipality, empty for the whole layer; positions that belong to it.
    """
    if len(hit) > MOST * len(of):
        yield "", of, hit
        return
    codes = compared.before["municipality_code"].to_numpy(object)
    for code in dict.fromkeys(codes[hit]):
        mine, all_mine = hit[codes[hit] == code], of[codes[of] == code]
        if len(mine) > MOST * len(all_mine):
            yield str(code), all_mine, mine


def _whose(compared: Comparison, code: str) -> dict[str, Any]:
    name = compared.names.get(code, code)
    return {"of_ja": f"{name}の" if name else "", "of_en": f" of {name}" if name else ""}


def _gone(compared: Comparison, matched: Matched) -> Iterator[Finding]:
    every = np.arange(len(compared.before))
    now = compared.after["municipality_code"]
    for code, of, gone in _too_much(compared, every, matched.gone):
        left = int((now == code).sum()) if code else len(now)
        yield compared.finding(
            "changes-gone", gone, before=len(of), after=left, **_whose(compared, code)
        )


def _moved(compared: Comparison, matched: Matched) -> Iterator[Finding]:
    way = np.full((len(compared.before), 2), np.nan)
    way[matched.before] = displacement(
        compared.before.geometry.to_numpy()[matched.before],
        compared.after.geometry.to_numpy()[matched.after],
    )
    metres = np.hypot(*way.T)
    with np.errstate(invalid="ignore"):
        far = np.flatnonzero(metres > MOVED_M)
    for code, of, moved in _too_much(compared, matched.before, far):
        middle = np.median(way[moved], axis=0)
        together = np.median(np.hypot(*(way[moved] - middle).T)) < 0.1 * np.hypot(*middle)
        ja, en = COMPASS[round(np.degrees(np.arctan2(middle[1], middle[0])) / 45) % 8]
        yield compared.finding(
            "changes-moved",
            moved,
            total=len(of),
            metres=f"{np.median(metres[moved]):,.0f}",
            how_ja=f"、そろって{ja}へ" if together else "",
            how_en=f", all to the {en}" if together else "",
            **_whose(compared, code),
        )


def displacement(before: NDArray[np.object_], after: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return how far east and north the middles of shapes went, in metres; NaN without a shape."""
    there, here = shapely.centroid(after), shapely.centroid(before)
    lat = shapely.get_y(here)
    east = (shapely.get_x(there) - shapely.get_x(here)) * np.cos(np.radians(lat))
    return np.column_stack([east, shapely.get_y(there) - lat]) * METRES_PER_DEGREE


def _emptied(compared: Comparison, matched: Matched) -> Iterator[Finding]:
    for name, title in [("geometry", "図形 geometry")] + [
        (field.name, field.title_ja) for field in compared.fields
    ]:
        if name not in compared.before.columns:
            continue
        was = compared.before[name].iloc[matched.before].notna().to_numpy()
        now = compared.after[name].iloc[matched.after].notna().to_numpy()
        emptied = matched.before[was & ~now]
        if len(emptied) > MOST * was.sum():
            yield compared.finding("changes-emptied", emptied, title, total=int(was.sum()))
