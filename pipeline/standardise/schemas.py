"""The fields of a layer: from a national schema, from the declaration, or both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

from ruamel.yaml import YAML

from pipeline.standardise.columns import Field

if TYPE_CHECKING:
    from pipeline.config.layers import Dataset


class Text(NamedTuple):
    """A text in Japanese and, where there is one, English."""

    ja: str
    en: str = ""


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


@dataclass(frozen=True)
class Schema:
    """A national schema: what a survey or a standard data set holds.

    Attributes
    ----------
    item
        Its number in the manual it is from; empty without one.
    source
        Whose list it follows.
    verified
        Whether that text itself could be read; if not, `note` says what is uncertain.
    descriptions
        Of the fields that need one.
    about
        What its records are about, where that makes more of them public.
    """

    name: str
    title: Text
    item: str
    source: str
    verified: bool
    note: Text
    fields: dict[str, Field]
    descriptions: dict[str, Text]
    about: str | None = None


@cache
def schema(name: str) -> Schema:
    """Read a national schema.

    Raises
    ------
    KeyError
        If there is no schema of that name.
    """
    if name not in schema_names():
        raise KeyError(name)
    group, entry = name.split("/")
    text = (resources.files("pipeline") / "schemas" / group / f"{entry}.yaml").read_text("utf-8")
    read = YAML(typ="safe").load(text)
    parts = read.get("margins", {})
    specs = read["fields"]
    return Schema(
        name,
        _text(read.get("title", {"ja": entry})),
        read.get("item", ""),
        read.get("source", ""),
        read.get("verified", True),
        _text(read.get("note", {"ja": ""})),
        {key: _field(key, spec, tuple(parts.get(key, ()))) for key, spec in specs.items()},
        {key: _text(spec["description"]) for key, spec in specs.items() if "description" in spec},
        read.get("about"),
    )


def _text(words: dict[str, str]) -> Text:
    return Text(words["ja"], words.get("en", ""))


def _field(key: str, spec: dict[str, Any], parts: tuple[str, ...]) -> Field:
    return Field(
        key,
        spec["title"]["ja"],
        spec["title"]["en"],
        spec.get("type", "string"),
        spec.get("required", False),
        tuple(spec.get("headings", ())),
        spec.get("unit", ""),
        spec.get("codes", ""),
        spec.get("minimum"),
        spec.get("maximum"),
        parts,
        spec.get("heading", ""),
    )


def schema_fields(name: str) -> dict[str, Field]:
    """Return the fields of a national schema.

    Raises
    ------
    KeyError
        If there is no schema of that name.
    """
    return schema(name).fields


def schema_about(name: str) -> str | None:
    """Return what the records of a national schema are about, where that makes more of it public.

    Raises
    ------
    KeyError
        If there is no schema of that name.
    """
    return schema(name).about


def layer_fields(layer: Dataset) -> dict[str, Field]:
    """Return the fields a layer declares, in order of publication.

    Fields of the national schema come first, then the layer's own, then names that only a
    source mentions; those take their title from the source's heading and their type from
    its data.
    """
    fields = dict(schema_fields(layer.schema_name)) if layer.schema_name else {}
    for name, spec in layer.fields.items():
        known = fields.get(name, Field(name, spec.title.ja))
        fields[name] = replace(
            known,
            title_ja=spec.title.ja,
            title_en=spec.title.en,
            type=spec.type,
            required=spec.required,
        )
    for source in layer.sources:
        for heading, name in source.fields.items():
            fields.setdefault(name, Field(name, heading))
        for name in source.values:
            fields.setdefault(name, Field(name, name))
    return fields
