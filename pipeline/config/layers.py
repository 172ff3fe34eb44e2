"""The parts of the declaration that describe publishers, municipalities, sources and layers."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from pipeline.config.base import MunicipalityCode, Name, Strict, Text, problem
from pipeline.config.borders import PROVENANCE, Borders
from pipeline.config.described import Described
from pipeline.config.disclosure import Disclosure
from pipeline.config.operations import Origin
from pipeline.config.tiles import FieldName, Tiles
from pipeline.config.waivers import About, Waiver
from pipeline.standardise.codes import check_digit

FieldType = Literal["string", "integer", "number", "boolean", "date", "datetime"]
Color = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
Output = Literal["geojson", "csv", "pmtiles"]
SHAPED_OUTPUTS = frozenset({"geojson", "pmtiles"})
"""Outputs that need geometry."""

RESERVED_FIELDS = frozenset(
    {"id", "geometry", "municipality_code", "longitude", "latitude", "bbox", *PROVENANCE}
)
"""Columns that published files get by themselves; a declaration may not define them again."""

QUERY_PARAMETERS = frozenset(
    {"limit", "offset", "datetime", "f", "lang", "crs", "filter", "sortby", "properties", "q"}
)
"""What asks a server of OGC API - Features for something else than a value of a field (17-069r4,
19-079r2); a field called so could not be asked for, or would be asked for by accident."""

SEARCHED = ("name", "name_kana", "name_en", "reading", "address")
"""Fields by which features are found where a layer declares none."""

BASE_ADDRESS = r"^https?://[A-Za-z0-9.-]+(:\d+)?/[^\s'\"<>;,]*\{z\}[^\s'\"<>;,]*$"
"""An address whose host a Content-Security-Policy can name."""


def _true_code(code: str) -> str:
    expected = code[:5] + check_digit(code[:5])
    if code != expected:
        raise problem("municipality-code-wrong", expected=expected)
    return code


CheckedCode = Annotated[MunicipalityCode, AfterValidator(_true_code)]


def relative_path(path: str) -> str:
    """Return a path that starts from the folder of the declaration; refuse any other."""
    absolute = PurePosixPath(path).is_absolute() or PureWindowsPath(path).drive
    if absolute or path.startswith(("~", "\\")):
        raise problem("path-not-relative")
    return path


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _refuse_reserved(names: set[str]) -> None:
    for name in sorted(RESERVED_FIELDS & names):
        raise problem("field-reserved", name=name)
    _refuse_parameters(names)


def _refuse_parameters(names: set[str] | tuple[str, ...]) -> None:
    for name in sorted(QUERY_PARAMETERS & set(names)):
        raise problem("field-parameter", name=name)


def _askable(names: tuple[str, ...]) -> tuple[str, ...]:
    _refuse_parameters(names)
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


class PointColumns(Strict):
    """Which columns of a table hold a point's coordinates.

    ``x`` is the longitude or easting and ``y`` the latitude or northing, whatever the
    ledger calls them (in Japanese plane rectangular ledgers the column *X* is the northing).
    """

    x: str
    y: str
    crs: str = ""


class Source(Strict):
    """One file of one municipality, or one layer of a neighbour.

    Attributes
    ----------
    neighbour, layer
        Instead of `path`: whose layer it is. Codes of municipalities are the neighbour's own
        where it has them; `municipality` says them for all features where it has none.
    licence, attribution
        Of this source, where they are not those of the layer.
    survey_approval
        Number of the approval under the Survey Act (articles 29, 30, 43, 44), ``not needed`` or
        ``unknown``.
    """

    neighbour: Name | None = None
    layer: Name | None = None
    municipality: str = ""
    path: Annotated[str, AfterValidator(relative_path)] = ""
    licence: str = ""
    attribution: str = ""
    survey_approval: str = ""
    encoding: str = Field(default="", description="cp932, utf-8 …; else .cpg, else found out")
    table: str = Field(default="", description="sheet of a workbook or layer of a GeoPackage")
    header: int = Field(default=1, ge=1, description="row that holds the column names")
    totals: Literal["refuse", "drop", "keep"] = Field(
        default="refuse", description="what to do with a row called 合計 or 計"
    )
    crs: str = ""
    geometry: PointColumns | None = None
    fields: dict[str, FieldName] = Field(
        default_factory=dict, description="column in the source: name of the published field"
    )
    values: dict[FieldName, str | int | float | bool] = Field(
        default_factory=dict, description="published field: the one value this whole source has"
    )

    @classmethod
    def of_feed(cls, path: str) -> Source:
        """Return a file of a feed: it belongs to an operator, not to a municipality."""
        return cls.model_construct(path=path)

    @field_validator("municipality", "path")
    @classmethod
    def _needed_of_a_file(cls, value: str, info: ValidationInfo) -> str:
        taken = info.data.get("neighbour") is not None or info.data.get("layer") is not None
        if not value and not taken:
            raise problem("key-missing", key=str(info.field_name))
        return value

    @model_validator(mode="after")
    def _file_or_neighbour(self) -> Self:
        taken = self.neighbour is not None or self.layer is not None
        if not taken:
            return self
        if self.path or self.neighbour is None or self.layer is None:
            raise problem("source-one-origin")
        return self

    @model_validator(mode="after")
    def _one_giver_per_field(self) -> Source:
        givers: dict[str, list[str]] = {}
        for column, name in self.fields.items():
            givers.setdefault(name, []).append(column)
        for name in self.values:
            givers.setdefault(name, []).append("values")
        for name, given in givers.items():
            _refuse_reserved({name})
            if len(given) > 1:
                raise problem("field-twice", name=name, givers=", ".join(given))
        return self


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
        _refuse_reserved(set(self.fields))
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


class Embed(Strict):
    """Which web sites may show a map in a frame."""

    allow: tuple[
        Annotated[str, StringConstraints(pattern=r"^https?://(\*\.)?[A-Za-z0-9.-]+(:\d+)?$")], ...
    ] = ()


class BaseTiles(Strict):
    """Raster tiles of anybody as a base map; the page may then ask their host, and no other.

    Attributes
    ----------
    url
        With ``{z}``, ``{x}`` and ``{y}``.
    attribution
        Whom to credit, as their terms want it.
    size
        Width of a tile in pixels.
    """

    title: Text
    url: Annotated[str, StringConstraints(pattern=BASE_ADDRESS)]
    attribution: str = Field(min_length=1)
    minzoom: int = Field(default=0, ge=0, le=22)
    maxzoom: int = Field(default=18, ge=0, le=22)
    size: Literal[256, 512] = 256


class BaseLayer(Strict):
    """A layer of our own as a base map, drawn quietly beneath the others."""

    layer: Name


Base = Literal["gsi/pale", "gsi/std", "gsi/photo", "gsi/vector", "none"] | BaseTiles | BaseLayer
"""What lies under a map: tiles of GSI (国土地理院), of others, a layer of our own, nothing."""


class Map(Strict):
    """A named composition of layers: what a neighbour embeds.

    Attributes
    ----------
    base
        Base maps to choose from; the first is shown.
    ground
        Layers of our own beneath whatever base map is chosen.
    """

    title: Text
    base: tuple[Base, ...] = ()
    ground: tuple[Name, ...] = ()
    description: Text = Text(ja="")
    layers: tuple[Name, ...] = ()
    feeds: tuple[Name, ...] = ()
    center: tuple[float, float] = Field(description="longitude, latitude")
    zoom: float = Field(default=11, ge=0, le=22)
    embed: Embed = Embed()
