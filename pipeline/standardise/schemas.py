"""The fields of a layer: from a national schema, from the declaration, or both."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from pipeline.standardise.columns import Field

if TYPE_CHECKING:
    from pipeline.config.layers import Dataset


def schema_names() -> list[str]:
    """Return the names that ``schema:`` accepts, e.g. ``municipal-standard/evacuation_space``."""
    root = resources.files("pipeline") / "schemas"
    return sorted(
        f"{group.name}/{entry.name.removesuffix('.yaml')}"
        for group in root.iterdir()
        if group.is_dir()
        for entry in group.iterdir()
        if entry.name.endswith(".yaml")
    )


@cache
def schema_fields(name: str) -> dict[str, Field]:
    """Read the fields of a national schema.

    Raises
    ------
    KeyError
        If there is no schema of that name.
    """
    return {
        key: Field(
            key,
            spec["title"]["ja"],
            spec["title"]["en"],
            spec.get("type", "string"),
            spec.get("required", False),
            tuple(spec.get("headings", ())),
        )
        for key, spec in _schema(name)["fields"].items()
    }


def schema_about(name: str) -> str | None:
    """Return what the records of a national schema are about, where that makes more of it public.

    Raises
    ------
    KeyError
        If there is no schema of that name.
    """
    about: str | None = _schema(name).get("about")
    return about


@cache
def _schema(name: str) -> dict[str, Any]:
    if name not in schema_names():
        raise KeyError(name)
    group, entry = name.split("/")
    text = (resources.files("pipeline") / "schemas" / group / f"{entry}.yaml").read_text("utf-8")
    content: dict[str, Any] = YAML(typ="safe").load(text)
    return content


def layer_fields(layer: Dataset) -> dict[str, Field]:
    """Return the fields a layer declares, in order of publication.

    Fields of the national schema come first, then the layer's own, then names that only a
    source mentions; those take their title from the source's heading and their type from
    its data.
    """
    fields = dict(schema_fields(layer.schema_name)) if layer.schema_name else {}
    for name, spec in layer.fields.items():
        fields[name] = Field(name, spec.title.ja, spec.title.en, spec.type, spec.required)
    for source in layer.sources:
        for heading, name in source.fields.items():
            fields.setdefault(name, Field(name, heading))
        for name in source.values:
            fields.setdefault(name, Field(name, name))
    return fields
