"""The manifest of a release as frozen objects: read once, never a dictionary inside the server.

The server is lenient where the pipeline is strict: a newer pipeline may add keys, so unknown ones
are ignored, but a manifest of another major format is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from pipeline.standardise.codelists import code_key, code_list
from pipeline.standardise.headings import LABEL
from tiles_server.errors import BrokenReleaseError

if TYPE_CHECKING:
    from pathlib import Path

Status = Literal["built", "linked", "kept", "failed"]
Extent = tuple[float, float, float, float]
"""West, south, east, north in degrees."""


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, content: Any) -> Any:
        if isinstance(content, dict):
            return {key: value for key, value in content.items() if value is not None}
        return content


def _inside(path: str) -> str:
    if path.startswith("/") or "\\" in path or ".." in path.split("/"):
        raise ValueError(f"'{path}' leads out of the release")
    return path


ArtefactPath = Annotated[str, AfterValidator(_inside)]


class Words(_Read):
    """A text in Japanese and, where there is one, English."""

    ja: str = ""
    en: str = ""

    def best(self, language: str) -> str:
        """Return the text in `language`, else in the other one."""
        first, second = (self.en, self.ja) if language == "en" else (self.ja, self.en)
        return first or second


class Publisher(_Read):
    """Who publishes the release."""

    name: Words = Words()
    code: str = ""
    licence: str = ""
    contact: str = ""
    url: str = ""


class Municipality(_Read):
    """One local government whose data the release holds."""

    code: str
    name: Words = Words()


class FieldInfo(_Read):
    """One published attribute of a layer."""

    name: str
    title: Words = Words()
    type: str = "string"
    codes: str = ""


def code_words(codes: str, value: object) -> Words:
    """Return what a code of list `codes` means; nothing if it or the list is unknown."""
    if not codes or value is None:
        return Words()
    try:
        known = code_list(codes).get(code_key(value))
    except KeyError:  # a newer pipeline has lists this server does not know
        return Words()
    return Words(ja=known.label_ja, en=known.label_en) if known else Words()


MUNICIPALITY = FieldInfo(
    name="municipality_code", title=Words(ja="全国地方公共団体コード", en="Municipality code")
)
"""What the pipeline adds to every feature, whatever its layer declares."""


class StyleClass(_Read):
    """One class of a layer's legend: features whose `by` field equals `value`."""

    value: Any = None
    color: str
    label: Words = Words()


class FieldFilter(_Read):
    """A field by whose values readers may choose features; no values: yes or no."""

    field: str
    values: tuple[str, ...] = ()


class LayerStyle(_Read):
    """How a layer is drawn."""

    color: str = "#0072B2"
    by: str | None = None
    classes: tuple[StyleClass, ...] = ()
    label: str | None = None
    filters: tuple[FieldFilter, ...] = ()


class TileZooms(_Read):
    """Zooms of a layer's tileset."""

    minzoom: int = 0
    maxzoom: int = 14


class Source(_Read):
    """One file a layer or feed was made from."""

    municipality: str = ""
    path: str = ""
    sha256: str = ""
    features: int | None = None
    crs: str | None = None
    licence: str = ""
    codes: tuple[str, ...] = ()
    neighbour: str = ""
    publisher: Words = Words()
    state: str = "current"
    as_of: str = ""


class Published(_Read):
    """What a layer and a feed have in common."""

    title: Words = Words()
    description: Words = Words()
    licence: str = ""
    attribution: str = ""
    modified: str = ""
    status: Status = "built"
    built_in: str = ""
    extent: Extent | None = None
    sources: tuple[Source, ...] = ()
    findings: dict[str, int] = Field(default_factory=dict)
    artefacts: dict[str, ArtefactPath] = Field(default_factory=dict)
    theme: str = ""
    keywords: tuple[str, ...] = ()
    dated: str = ""
    difference: tuple[Words, ...] = ()

    @property
    def data_date(self) -> str:
        """Of when the data is: as declared, else as a neighbour says; empty if nobody says."""
        return self.dated or max((s.as_of for s in self.from_neighbours), default="")

    @property
    def available(self) -> bool:
        """Whether there is anything to serve; a failed layer without a past has nothing."""
        return bool(self.artefacts)

    @property
    def from_neighbours(self) -> tuple[Source, ...]:
        """The sources that neighbours keep."""
        return tuple(source for source in self.sources if source.neighbour)

    @property
    def as_of(self) -> dict[str, str]:
        """Of when the data of each neighbour is, if it is not its newest: ``{name: date}``."""
        return {s.neighbour: s.as_of for s in self.from_neighbours if s.state != "current"}


class RasterFacts(_Read):
    """What a raster is, and how maps show it."""

    kind: str = "photo"
    encoding: str = ""
    size: int = 512
    opacity: float = 1.0
    pixel_m: float | None = None
    classes: tuple[StyleClass, ...] = ()


class BorderCount(_Read):
    """How much of one kind was found at a border: rows, and metres or square metres."""

    count: int = 0
    size: float = 0.0


class BorderFacts(_Read):
    """What a layer was held against at the borders of its municipalities."""

    rule: tuple[str, ...] = ()
    pairs: dict[str, dict[str, BorderCount]] = Field(default_factory=dict)


class Compare(_Read):
    """How a layer is read side by side: classes against towns and years."""

    by: str = ""
    label: str | None = None
    measure: str = ""
    shown: Literal["number", "percent"] = "number"
    year: str | None = None
    definition: Words = Words()

    def fields(self) -> tuple[str, ...]:
        """Return the fields it reads."""
        return tuple(name for name in (self.by, self.label, self.measure, self.year) if name)


class Layer(Published):
    """One published layer.

    ``not_provided`` names for a field the municipalities that do not collect it, ``csv_headings``
    how the columns of its CSV files are headed where that is not their name.
    """

    csv_headings: dict[str, str] = Field(default_factory=dict)

    borders: BorderFacts = BorderFacts()
    compare: Compare | None = None
    not_provided: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    geometry: str = "Mixed"
    features: int = 0
    fields: tuple[FieldInfo, ...] = ()
    style: LayerStyle = LayerStyle()
    tiles: TileZooms | None = None
    raster: RasterFacts | None = None

    @property
    def columns(self) -> tuple[FieldInfo, ...]:
        """The declared fields, and the municipality that every feature carries."""
        if any(field.name == MUNICIPALITY.name for field in self.fields):
            return self.fields
        return (*self.fields, MUNICIPALITY)

    @property
    def csv_columns(self) -> tuple[FieldInfo, ...]:
        """The columns in the order of the CSV file: the municipality comes first."""
        others = (field for field in self.columns if field.name != MUNICIPALITY.name)
        return (MUNICIPALITY, *others)

    def labelled(self, field: FieldInfo) -> bool:
        """Tell whether the words of a code stand in a CSV column behind it."""
        column = field.name + LABEL
        return column in self.csv_headings and all(column != f.name for f in self.fields)

    def heading(self, column: str) -> str:
        """Return how a column of the CSV files is headed."""
        return self.csv_headings.get(column, column)

    def said(self, field: str, value: object, language: str) -> str:
        """Return the words for a value: of its class in the legend, or of a code, with the code."""
        if field == self.style.by:
            found = next((one for one in self.style.classes if one.value == value), None)
            if found and found.label.best(language):
                return found.label.best(language)
        codes = next((one.codes for one in self.fields if one.name == field), "")
        words = code_words(codes, value).best(language)
        return f"{value} {words}" if words else ""

    def collects(self, code: object, field: str) -> bool:
        """Tell whether a municipality collects a field that others do."""
        return str(code) not in self.not_provided.get(field, ())


class Operator(_Read):
    """Who runs the service of a feed."""

    name: Words = Words()
    url: str = ""


class Feed(Published):
    """One published GTFS feed."""

    operator: Operator = Operator()
    start_date: str = ""
    end_date: str = ""
    version: str = ""
    counts: dict[str, int] = Field(default_factory=dict)

    @property
    def data_date(self) -> str:
        """Of when the timetable is: as declared, else the first day it is valid."""
        return self.dated or self.start_date

    def operator_name(self, language: str) -> str:
        """Return the operator's name in `language`."""
        return self.operator.name.best(language)


class Embed(_Read):
    """Which sites may show a map in a frame."""

    allow: tuple[str, ...] = ()


class BaseTiles(_Read):
    """Raster tiles of others as a base map."""

    title: Words = Words()
    url: str
    attribution: str = ""
    minzoom: int = 0
    maxzoom: int = 18
    size: Literal[256, 512] = 256


class BaseLayer(_Read):
    """A layer of our own as a base map."""

    layer: str


Base = str | BaseTiles | BaseLayer
"""The name of a known base map, or what else lies under a map."""


class Map(_Read):
    """A named composition of layers."""

    base: tuple[Base, ...] = ()
    ground: tuple[str, ...] = ()

    title: Words = Words()
    description: Words = Words()
    layers: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    center: tuple[float, float] | None = None
    zoom: float | None = None
    embed: Embed = Embed()


class Artefact(_Read):
    """One file of the release."""

    path: ArtefactPath
    media_type: str = "application/octet-stream"
    bytes: int
    sha256: str


class Manifest(_Read):
    """Everything a release says about itself."""

    format: Literal[1]
    release: str
    created: str = ""
    publisher: Publisher = Publisher()
    sample: bool = False
    municipalities: dict[str, Municipality] = Field(default_factory=dict)
    layers: dict[str, Layer] = Field(default_factory=dict)
    feeds: dict[str, Feed] = Field(default_factory=dict)
    maps: dict[str, Map] = Field(default_factory=dict)
    artefacts: tuple[Artefact, ...] = ()
    neighbours: dict[str, dict[str, Any]] = Field(default_factory=dict)
    signing: dict[str, Any] = Field(default_factory=dict)

    def borders(self) -> dict[str, int]:
        """Return every pair of municipalities that was measured, with the number of findings."""
        found: dict[str, int] = {}
        for layer in self.layers.values():
            for pair, kinds in layer.borders.pairs.items():
                if "-" in pair:  # else what concerns one municipality alone
                    told = sum(of.count for kind, of in kinds.items() if kind != "sea")
                    found[pair] = found.get(pair, 0) + told
        return found

    def municipality(self, code: object) -> Municipality | None:
        """Return the municipality with this code, if the release is about it."""
        return next((m for m in self.municipalities.values() if m.code == code), None)


def read_manifest(folder: Path) -> Manifest:
    """Read ``manifest.json`` of the release in `folder`.

    Raises
    ------
    BrokenReleaseError
        If it is missing, unreadable, of another format or of another release.
    """
    try:
        manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
    except OSError as error:
        raise BrokenReleaseError(f"{folder.name}: no readable manifest.json") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BrokenReleaseError(f"{folder.name}: manifest.json {place}: {first['msg']}") from error
    if manifest.release != folder.name:
        raise BrokenReleaseError(f"{folder.name}: manifest.json is of {manifest.release}")
    return manifest
