"""Putting the sources of a dataset together."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from pipeline.findings import Catalogue, Finding
from pipeline.graph.step import Made
from pipeline.graph.tables import read_table, write_table
from pipeline.standardise.columns import ROW, SOURCE
from pipeline.standardise.values import DTYPES, convert, widest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.graph.step import Work
    from pipeline.layers.options import Joining
    from pipeline.standardise.columns import Field


def join(work: Work) -> Made:
    """Put the sources of a dataset together, each field of a type that fits them all."""
    options: Joining = work.options
    kinds = [entry.facts["types"] for entry in work.inputs]
    fields = [
        f if f.type else replace(f, type=widest({k[f.name] for k in kinds} - {""}))
        for f in options.fields
    ]
    frames = [_widened(read_table(entry), fields) for entry in work.inputs]
    findings = _twice(frames)
    joined = gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=frames[0].crs)
    joined = joined.astype({f.name: DTYPES[f.type] for f in fields})
    write_table(joined, work.folder)
    return Made({"fields": [asdict(f) for f in fields], "features": len(joined)}, findings)


def _twice(frames: list[gpd.GeoDataFrame]) -> list[Finding]:
    """Name sources that hold the same records: one file handed in twice counts everything twice."""
    sizes = Counter(map(len, frames))
    known: list[tuple[str, gpd.GeoDataFrame]] = []
    findings = []
    for frame in frames:
        size = len(frame)
        if not size or sizes[size] < 2:
            continue
        path = str(frame[SOURCE].iloc[0])
        held = frame.drop(columns=[SOURCE, ROW]).reset_index(drop=True)
        same = [other for other, one in known if len(one) == size and one.equals(held)]
        if same:
            findings.append(
                Catalogue.of("pipeline").finding(
                    "source-twice", file=path, count=size, other=same[0]
                )
            )
        else:
            known.append((path, held))
    return findings


def _widened(frame: gpd.GeoDataFrame, fields: Iterable[Field]) -> gpd.GeoDataFrame:
    for field in fields:
        if str(frame[field.name].dtype) != DTYPES[field.type]:
            frame[field.name] = convert(frame[field.name].astype(object), field.type)[0]
    return frame
