"""What of the declaration the search for personal information reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.layers.options import Detecting
from pipeline.privacy.detect.waivers import Accepted
from pipeline.standardise.schemas import schema_about

if TYPE_CHECKING:
    import datetime as dt

    from pipeline.config.layers import Layer
    from pipeline.config.waivers import About


def detecting(place: str, layer: Layer, day: dt.date) -> Detecting:
    """Return the options of the step that looks through a layer.

    Parameters
    ----------
    day
        On which waivers are judged: what has ended on it is another option, and so another key.
    """
    waivers = tuple(
        Accepted(**waiver.model_dump(mode="json"), expired=not waiver.holds(day))
        for waiver in layer.privacy.waivers
    )
    publish = layer.privacy.publish
    headings = tuple((name, _headings(layer, name)) for name in publish)
    return Detecting(place, publish, headings, _about(layer), waivers)


def _about(layer: Layer) -> About | None:
    if layer.privacy.about is not None or not layer.schema_name:
        return layer.privacy.about
    return "public_facilities" if schema_about(layer.schema_name) == "public_facilities" else None


def _headings(layer: Layer, name: str) -> tuple[str, ...]:
    """Return the declared title of a field and what the sources call it."""
    titles = (
        [layer.fields[name].title.ja, layer.fields[name].title.en] if name in layer.fields else []
    )
    called = [h for source in layer.sources for h, given in source.fields.items() if given == name]
    return tuple(dict.fromkeys([*titles, *called]))
