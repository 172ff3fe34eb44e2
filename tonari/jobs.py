"""The jobs of a declaration: its layers and its feeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gtfs.job import FeedJob
from pipeline.federation.neighbourhood import visit_all
from pipeline.inventory.items import require_open
from pipeline.layers.job import LayerJob
from pipeline.layers.plan import Planner
from pipeline.raster.job import RasterJob
from pipeline.release.previous import Previous
from pipeline.release.store import Store
from pipeline.run import Standing

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config.load import Loaded
    from pipeline.federation.neighbourhood import Neighbourhood
    from pipeline.jobs import Job

REGISTRY = "data/registry"
"""Where the registers of ids lie, from the folder of the declaration."""


def standing_of(loaded: Loaded, data: Path, *, accept: bool = False) -> Standing:
    """Visit the neighbours and load the keys; nothing of it stops a build but a missing key.

    Raises
    ------
    KeyFileError
        If a declared key cannot be used.
    """
    # Few declarations have a key, and its library is slow to load.
    from pipeline.federation.signing import signer_of  # noqa: PLC0415

    declared = loaded.declaration.signing
    signer = signer_of(declared, loaded.root) if declared else None
    return Standing(visit_all(loaded.declaration, data, loaded.root, accept=accept), signer)


def jobs_of(
    loaded: Loaded, data: Path, *, accept: bool = False, neighbourhood: Neighbourhood | None = None
) -> list[Job]:
    """Return one job per layer and feed, in the order of the declaration.

    Parameters
    ----------
    data
        Folder that holds ``releases/``: everything is compared with what is served.
    accept
        Whether losing, moving or emptying much of a served layer is meant.
    neighbourhood
        What neighbours have given.

    Raises
    ------
    SourceError
        If the inventory closes one of them.
    """
    served = Store(data).current()
    known = Previous(served).manifest.get("layers", {})
    declaration, root = loaded.declaration, loaded.root
    if declaration.inventory:
        require_open(root / declaration.inventory, declaration.layers, declaration.feeds)
    planner = Planner(declaration, root, neighbourhood=neighbourhood)
    layers: list[Job] = [
        LayerJob(
            name,
            declaration,
            planner,
            served / "layers" / name / f"{name}.parquet" if served else None,
            known.get(name, {}).get("data", ""),
            accept=accept,
        )
        for name in declaration.layers
    ]
    feeds: list[Job] = [
        FeedJob(
            name, declaration, root, root / REGISTRY, served / "feeds" / name if served else None
        )
        for name in declaration.feeds
    ]
    rasters: list[Job] = [
        RasterJob(name, declaration, planner.rasters) for name in declaration.rasters
    ]
    return layers + rasters + feeds
