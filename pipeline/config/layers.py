"""The parts of the declaration that describe publishers, municipalities and layers."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from pipeline.config.base import MunicipalityCode, Strict, Text, problem
from pipeline.config.borders import Borders
from pipeline.config.comparison import Comparison
from pipeline.config.described import Described
from pipeline.config.disclosure import Disclosure
from pipeline.config.operations import Origin
from pipeline.config.sources import Source, refuse_parameters, refuse_reserved
from pipeline.config.tiles import FieldName, Tiles
from pipeline.config.waivers import About, Waiver
from pipeline.standardise.codes import check_digit

FieldType = Literal["string", "integer", "number", "boolean", "date", "datetime"]
Color = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
Output = Literal["geojson", "csv", "pmtiles"]
SHAPED_OUTPUTS = frozenset({"geojson", "pmtiles"})
"""Outputs that need geometry."""


SEARCHED = ("name", "name_kana", "name_en", "reading", "address")
"""Fields by which features are found where a layer declares none."""


def _true_code(code: str) -> str:
    expected = code[:5] + check_digit(code[:5])
    if code != expected:
        raise problem("municipality-code-wrong", expected=expected)
    return code


CheckedCode = Annotated[MunicipalityCode, AfterValidator(_true_code)]


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _askable(names: tuple[str, ...]) -> tuple[str, ...]:
    refuse_parameters(names)
    return names


class Publisher(Strict):
    """Who answers for the published data."""

    name: Text
    code: CheckedCode
    licence: str = Field(min_length=1, description="SPDX identifier, e.g. CC-BY-4.0")
    contact: str = ""
    url: str = ""


class Municipality(Strict):
    """A local government whose sources take part."""

    code: CheckedCode
    name: Text
    crs: str = Field(
        default="",
        description="CRS of its sources unless a source says otherwise, e.g. EPSG:6670",
    )


class LayerField(Strict):
    """One attribute of a layer as it is published."""

    title: Text
    type: FieldType = "string"
    required: bool = False
    description: Text | None = None


class Privacy(Disclosure):
    """What may leave the city: the fields listed here, and of tables about few what is safe."""

    publish: Annotated[
        tuple[FieldName, ...], AfterValidator(_each_once), AfterValidator(_askable)
    ] = Field(min_length=1)
    about: About | None = Field(
        default=None,
        description="public_facilities: their addresses and telephone numbers are public",
    )
    waivers: tuple[Waiver, ...] = Field(
        default=(), description="what detectors of personal information find and may be published"
    )

    @model_validator(mode="after")
    def _waives_what_is_published(self) -> Self:
        known: set[tuple[str, str]] = set()
        for waiver in self.waivers:
            if waiver.field not in self.publish:
                raise problem(
                    "waiver-field-missing", name=waiver.field, known=", ".join(self.publish)
                )
            if (waiver.field, waiver.detector) in known:
                raise problem("waiver-twice", name=waiver.field, detector=waiver.detector)
            known.add((waiver.field, waiver.detector))
        return self


class StyleClass(Strict):
    """The colour of one value of the field a layer is coloured by."""

    value: str | int | float | bool
    color: Color
    label: Text | None = None


class FieldFilter(Strict):
    """A field by whose values readers may choose features on maps.

    Attributes
    ----------
    values
        Those to choose from; none for a field of yes and no.
    """

    field: FieldName
    values: tuple[str, ...] = ()


class Style(Strict):
    """How maps draw a layer: one colour, or one per value of a field."""

    color: Color = "#0072B2"
    by: FieldName | None = None
    classes: tuple[StyleClass, ...] = ()
    label: FieldName | None = None
    filters: tuple[FieldFilter, ...] = ()


class Dataset(Strict):
    """What sources or an operation make, whether it is published or not."""

    schema_name: str = Field(
        default="",
        alias="schema",
        description="a schema of pipeline/schemas, e.g. municipal-standard/evacuation_space",
    )
    fields: dict[FieldName, LayerField] = Field(default_factory=dict)
    id: tuple[FieldName, ...] = Field(
        default=(),
        description="fields that together name a feature for ever; else its content does",
    )
    geometry: Literal["none"] | None = Field(
        default=None, description="none: a table, whose rows have no place"
    )
    sources: tuple[Source, ...] = ()
    origin: Origin | None = Field(
        default=None, alias="from", description="made from another dataset instead of from sources"
    )

    @model_validator(mode="after")
    def _no_reserved_field(self) -> Self:
        refuse_reserved(set(self.fields))
        return self

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        if bool(self.sources) == (self.origin is not None):
            raise problem("dataset-one-origin")
        if self.origin is not None and self.schema_name:
            raise problem("derived-with-schema")
        return self

    @model_validator(mode="after")
    def _has_places_or_not(self) -> Self:
        if self.geometry == "none" and any(s.geometry is not None for s in self.sources):
            raise problem("table-with-points")
        return self


class Records(Dataset):
    """A dataset that stays inside: layers are made from it, and it is never published."""

    title: Text = Text(ja="")


class Layer(Described, Dataset):
    """One published theme with one schema, from one or many municipalities."""

    title: Text
    description: Text = Text(ja="")
    privacy: Privacy
    outputs: tuple[Output, ...] = ("geojson", "csv", "pmtiles")
    tiles: Tiles = Tiles()
    style: Style = Style()
    search: tuple[FieldName, ...] = Field(
        default=(),
        description="by what features are found on maps, the name first; else by name and address",
    )
    licence: str = ""
    attribution: str = ""
    borders: Borders | None = Field(
        default=None, description="what is measured where municipalities meet, and mended"
    )
    csv_headings: Literal["names", "titles"] | None = Field(
        default=None,
        description="titles: CSV with Japanese headings, and words beside codes; the default for "
        "a schema of municipal-standard; names: the names of the fields",
    )
    compare: Comparison | None = Field(
        default=None, description="shown side by side by class, town and year, with a chart"
    )
    changes: Literal["refuse", "report"] = Field(
        default="refuse",
        description="when more than a fifth of what is served is lost, moved or emptied",
    )

    @model_validator(mode="after")
    def _says_what_may_be_told_of_records(self) -> Self:
        made_of = self.origin.references() if self.origin is not None else ()
        if any(section == "records" for _, section, _ in made_of) and not self.privacy.declared:
            raise problem("records-unprotected")
        return self

    @model_validator(mode="after")
    def _tiles_of_published_fields(self) -> Self:
        published = self.published()
        for name in self.tiles.fields():
            if name not in published:
                known = ", ".join(sorted(published))
                raise problem("tiles-field-unpublished", name=name, known=known)
        return self

    @model_validator(mode="after")
    def _searched_fields_are_published(self) -> Self:
        published = self.published()
        for name in self.search:
            if name not in published:
                known = ", ".join(sorted(published))
                raise problem("search-field-unpublished", name=name, known=known)
        return self

    @model_validator(mode="after")
    def _compared_fields_are_published(self) -> Self:
        published = self.published()
        for name in self.compare.fields() if self.compare is not None else ():
            if name not in published:
                known = ", ".join(sorted(published))
                raise problem("compare-field-unpublished", name=name, known=known)
        return self

    @model_validator(mode="after")
    def _tables_are_no_maps(self) -> Self:
        wrong = [o for o in self.outputs if o in SHAPED_OUTPUTS]
        if self.geometry == "none" and "outputs" in self.model_fields_set and wrong:
            raise problem("table-not-drawn", outputs=", ".join(wrong))
        return self

    @model_validator(mode="after")
    def _tables_have_no_borders(self) -> Self:
        if self.geometry == "none" and self.borders is not None:
            raise problem("borders-without-places")
        return self

    def published(self) -> set[str]:
        """Return the names of all attributes that may leave the city."""
        added = self.borders.added() if self.borders is not None else ()
        return {*self.privacy.publish, *self.privacy.added(), "municipality_code", *added}

    def headed(self) -> bool:
        """Tell whether its CSV has Japanese headings: as declared, else by its schema."""
        if self.csv_headings is not None:
            return self.csv_headings == "titles"
        return self.schema_name.startswith("municipal-standard/")

    def searched(self) -> tuple[str, ...]:
        """Return the published fields by which maps find features; none if maps cannot show it."""
        if self.geometry == "none" or "pmtiles" not in self.outputs:
            return ()
        if self.search:
            return self.search
        label = [self.style.label] if self.style.label in self.privacy.publish else []
        usual = [name for name in SEARCHED if name in self.privacy.publish]
        found = tuple(dict.fromkeys([*label, *usual]))
        return found if label or "name" in found else ()

    def published_style(self) -> Style:
        """Return the style without what it says of withheld fields: their values are data."""
        hidden: dict[str, Any] = {}
        if self.style.by not in self.published():
            hidden |= {"by": None, "classes": ()}
        if self.style.label not in self.published():
            hidden["label"] = None
        hidden["filters"] = tuple(f for f in self.style.filters if f.field in self.published())
        return self.style.model_copy(update=hidden)
