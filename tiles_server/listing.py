"""What a reader asked of a layer's table: words, values, order; and the addresses of the rest.

The address of a table carries what the items address of the layer takes (``q``, ``sortby``, a
field by value), so that what is seen and what is downloaded is the same set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import request, url_for

from tiles_server import table
from tiles_server.errors import BadQueryError
from tiles_server.features import CONTROLS, MOST, features_of, read_query
from tiles_server.language import language, say
from tiles_server.manifest import MUNICIPALITY
from tiles_server.parameters import CAMPAIGN, page_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiles_server.manifest import FieldInfo, Layer
    from tiles_server.releases import Release
    from tiles_server.table import TablePage

OF_THE_PAGE = ("page", "lang")


@dataclass(frozen=True)
class Choice:
    """A field by whose values rows can be chosen, in a form.

    Attributes
    ----------
    field, title
        Of the layer.
    values
        Each value as it is asked for, and in words.
    chosen
        The value that is asked for; empty for all.
    """

    field: str
    title: str
    values: tuple[tuple[str, str], ...]
    chosen: str


@dataclass(frozen=True)
class Listing:
    """A layer's table as it was asked for.

    Attributes
    ----------
    name, layer
        Of the layer.
    asked
        Parameters that choose and order rows, without empty ones.
    rows
        The page; None if the layer has no table.
    most
        Rows that one download of a choice holds.
    """

    name: str
    layer: Layer
    asked: Mapping[str, str]
    rows: TablePage | None
    most: int = MOST

    @property
    def cut(self) -> bool:
        """Whether there are more rows than one download of a choice holds."""
        return self.rows is not None and self.rows.total > MOST

    def address(self, **changes: object) -> str:
        """Return the address of this table with other parameters."""
        given = {**self.asked, **changes, "lang": language()}
        # Names of fields are no keywords: one may be called as url_for calls something else.
        return f"{url_for('pages.layer', layer=self.name)}?{urlencode(given)}#table"

    def plain(self) -> str:
        """Return the address of the whole table."""
        return url_for("pages.layer", layer=self.name, lang=language()) + "#table"

    def download(self, form: str) -> str:
        """Return the address of the rows that are chosen, as ``csv`` or ``json``."""
        given = {**self.asked, "f": form, "limit": MOST}
        return f"{url_for('ogc.items', layer=self.name)}?{urlencode(given)}"

    def direction(self, field: str) -> str:
        """Return how the table is sorted by `field`, as ``aria-sort`` says it."""
        first = self.asked.get("sortby", "").split(",")[0].strip().removeprefix("+")
        if first.removeprefix("-") != field:
            return "none"
        return "descending" if first.startswith("-") else "ascending"

    def sorting(self, field: str) -> str:
        """Return the address of the table sorted by `field`; downwards if it is so upwards."""
        turned = "-" if self.direction(field) == "ascending" else ""
        return self.address(sortby=turned + field)

    def choices(self, release: Release) -> list[Choice]:
        """Return the fields that can be chosen by: declared ones, classes, municipalities."""
        style = self.layer.style
        titles = {column.name: column for column in self.layer.columns}
        found: dict[str, tuple[tuple[str, str], ...]] = {}
        codes = sorted({code for source in self.layer.sources for code in source.codes})
        if len(codes) > 1:
            known = [(code, release.manifest.municipality(code)) for code in codes]
            found[MUNICIPALITY.name] = tuple(
                (code, (one and one.name.best(language())) or code) for code, one in known
            )
        if style.by in titles:
            found[str(style.by)] = tuple(
                (str(one.value), one.label.best(language()) or str(one.value))
                for one in style.classes
            )
        for declared in style.filters:
            yes_no = (("true", say("yes_")), ("false", say("no_")))
            values = tuple((value, value) for value in declared.values) or yes_no
            found.setdefault(declared.field, values)
        return [
            Choice(name, _title(titles[name]), values, self.asked.get(name, ""))
            for name, values in found.items()
            if name in titles and values
        ]

    def others(self, choices: list[Choice]) -> dict[str, str]:
        """Return what is asked for beside the words and `choices`: a form must not lose it."""
        shown = {choice.field for choice in choices} | {"q"}
        return {name: value for name, value in self.asked.items() if name not in shown}


def _title(field: FieldInfo) -> str:
    if field.name == MUNICIPALITY.name:
        return say("municipality")
    return field.title.best(language()) or field.name


def listing(release: Release, name: str) -> Listing:
    """Return the table of layer `name` as the present request asks for it.

    Raises
    ------
    BadQueryError
        If it asks for a field there is not, or a page there is not.
    """
    layer = release.layer(name)
    number = page_number(request.args.get("page"))
    asked = {
        key: value
        for key, value in request.args.items()
        if value and key not in OF_THE_PAGE and not CAMPAIGN.fullmatch(key)
    }
    # A page has its own rows and form: what only programs ask for would be overlooked.
    if foreign := sorted(set(asked) & (CONTROLS - {"q", "sortby"})):
        raise BadQueryError(f"unknown parameter {foreign[0]}")
    path = layer.artefacts.get("parquet")
    if path is None:
        return Listing(name, layer, {}, None)
    if not asked:
        return Listing(
            name, layer, {}, table.read_page(release.folder / path, layer.columns, number)
        )
    source = features_of(release, name)
    query = read_query(asked, layer, source.kinds)
    return Listing(name, layer, asked, table.found_page(source, query, layer.columns, number))
