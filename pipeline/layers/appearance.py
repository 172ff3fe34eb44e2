"""What people can tell apart by the declared colours of a layer and of its neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.check.colours import CONFUSED, blended, closest, confusions, proposal
from pipeline.findings import Catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.config.declaration import Declaration
    from pipeline.config.layers import Layer
    from pipeline.findings import Finding

AREA_OPACITY = 0.85
"""Of areas drawn by class (``tiles_server.style``): what their colours look like over white."""

_VISIONS = {
    "normal": ("だれでも", "everybody"),
    "protan": ("赤の見えにくい人（P型）", "people with protan vision"),
    "deutan": ("緑の見えにくい人（D型）", "people with deutan vision"),
    "tritan": ("青の見えにくい人（T型）", "people with tritan vision"),
}


def colour_findings(name: str, declaration: Declaration, geometry: str) -> list[Finding]:
    """Return which colours of a layer somebody takes for each other.

    Parameters
    ----------
    geometry
        Of the layer's features, as in the manifest; areas are drawn a little transparent.
    """
    layer = declaration.layers[name]
    return [*_of_classes(name, layer, geometry), *_of_neighbours(name, declaration)]


def _of_classes(name: str, layer: Layer, geometry: str) -> Iterator[Finding]:
    style = layer.published_style()
    opacity = 1.0 if geometry in ("Point", "LineString") else AREA_OPACITY
    drawn = {str(c.value): blended(c.color, opacity) for c in style.classes}
    declared = {str(c.value): c.color for c in style.classes}
    for found in confusions(drawn):
        others = [color for value, color in declared.items() if value != found.second]
        yield _finding(
            "classes-confused", name, (found.first, found.second), found.vision, found.distance,
            proposal(declared[found.second], others),
        )  # fmt: skip


def _of_neighbours(name: str, declaration: Declaration) -> Iterator[Finding]:
    """Compare a layer of one colour with those before it on any map."""
    own = declaration.layers[name]
    if own.style.classes:
        return
    told: set[str] = set()
    for chart in declaration.maps.values():
        if name not in chart.layers:
            continue
        single = [
            other
            for other in chart.layers
            if other in declaration.layers and not declaration.layers[other].style.classes
        ]
        for other in single[: single.index(name)]:
            vision, apart = closest(own.style.color, declaration.layers[other].style.color)
            if apart < CONFUSED and other not in told:
                told.add(other)
                colors = [declaration.layers[one].style.color for one in single if one != name]
                better = proposal(own.style.color, colors)
                yield _finding("layers-confused", name, (other, name), vision, apart, better)


def _finding(
    code: str, name: str, pair: tuple[str, str], vision: str, apart: float, better: str
) -> Finding:
    ja, en = _VISIONS[vision]
    return Catalogue.of("pipeline").finding(
        code,
        field=f"layers.{name}.style",
        value=" / ".join(pair),
        distance=f"{apart:.1f}",
        who_ja=ja,
        who_en=en,
        better_ja=f"後の方を {better} に" if better else "後の方を別の色相に",
        better_en=f"make the second {better}" if better else "give the second another hue",
    )
