"""The numbers of zones: counts and exact sums, and shares, densities and ratios of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, assert_never

import numpy as np
import pandas as pd

from pipeline.derive.apportion import apportion, group_sums, in_units
from pipeline.derive.hidden import gaps, marked
from pipeline.derive.quotients import Sum, quotient
from pipeline.errors import OperationError
from pipeline.findings import Catalogue, Finding, Place
from pipeline.standardise.columns import Field
from pipeline.standardise.values import DTYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pipeline.config.operations import Zones
    from pipeline.config.zones import Measure
    from pipeline.derive.tables import Given
    from pipeline.derive.zones import Placed

SQUARE_KILOMETRE = 1e6


class Groups(NamedTuple):
    """Rows of the result: one for each zone and value of the fields of ``per``.

    Attributes
    ----------
    of_piece
        Row of the result each piece belongs to.
    zone, per
        Of each row of the result.
    """

    of_piece: NDArray[np.int64]
    zone: NDArray[np.int64]
    per: list[tuple[Any, ...]]


@dataclass
class Made:
    """Columns of the result with their fields, and what is to be said of them.

    Attributes
    ----------
    withheld
        Rows of the result a number of which is made of suppressed ones, shape ``(rows,)``;
        ``None`` where no source says what it suppresses.
    """

    columns: dict[str, pd.Series] = field(default_factory=dict)
    fields: list[Field] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    withheld: NDArray[np.bool_] | None = None

    def add(self, name: str, titles: tuple[str, str], kind: str, values: Any) -> None:
        """Add a column of a type."""
        self.columns[name] = pd.Series(values, dtype=DTYPES[kind])
        self.fields.append(Field(name, *titles, kind))


def measured(options: Zones, given: Given, placed: Placed, groups: Groups) -> Made:
    """Return all measures as columns, in order of declaration."""
    made = Made()
    classes = _classes(options, given, made)
    sums = {
        name: _sum(measure, given, placed, groups, classes, made)
        for name, measure in options.measures.items()
        if measure.kind in ("count", "sum")
    }
    for name, measure in options.measures.items():
        if name in sums:
            _add_sum(name, sums[name], options, made)
        else:
            _add_related(name, measure, sums, options, placed, groups, made)
    return made


def _finding(code: str, **details: Any) -> Finding:
    return Catalogue.of("pipeline.derive").finding(code, **details)


def _classes(options: Zones, given: Given, made: Made) -> NDArray[np.int64]:
    """Return the class of each row, numbered in order of declaration; the rest comes last."""
    if options.classes is None:
        return np.zeros(len(given.frame), np.int64)
    number = {v: k for k, values in enumerate(options.classes.groups.values()) for v in values}
    column = given.frame[options.classes.field].reset_index(drop=True)
    rest = len(options.classes.groups)
    codes: NDArray[np.int64] = (
        column.map(number).astype("Float64").fillna(rest).astype(np.int64).to_numpy()
    )
    unknown = column[codes == rest]
    if len(unknown):
        times = unknown.astype(object).where(unknown.notna(), "").value_counts()
        for value, count in sorted(times.items(), key=lambda pair: (-pair[1], str(pair[0]))):
            made.findings.append(
                _finding(
                    "classes-rest",
                    field=options.classes.field,
                    value=value,
                    count=int(count),
                    rest=options.classes.rest,
                )
            )
    return codes


def _sum(
    measure: Measure,
    given: Given,
    placed: Placed,
    groups: Groups,
    classes: NDArray[np.int64],
    made: Made,
) -> Sum:
    pieces = placed.pieces
    width = int(classes.max(initial=0)) + 1
    if measure.kind == "count":
        units = in_units(np.ones(len(given.frame)))
        titles, kind = ("件数", "Count"), "integer"
    else:
        source = given.fields[str(measure.of)]
        units = _units(given, source, made)
        titles, kind = (source.title_ja, source.title_en or source.name), source.type
    parts = apportion(units.whole, pieces.record, pieces.share)
    flat = groups.of_piece * width + classes[pieces.record]
    unknown = np.zeros((len(groups.zone), width + 1), bool)
    if measure.kind == "sum":
        unknown = _unknown(measure, given, (pieces.record, flat), unknown.shape, made)
    table = group_sums(parts, flat, len(groups.zone) * width).reshape(-1, width)
    total = table.sum(axis=1, keepdims=True)
    if measure.title is not None:
        titles = measure.title.ja, measure.title.best("en")
    return Sum(np.hstack([table, total]), units.decimals, titles, kind, unknown)


def _unknown(
    measure: Measure,
    given: Given,
    parts: tuple[NDArray[np.int64], NDArray[np.int64]],
    shape: tuple[int, ...],
    made: Made,
) -> NDArray[np.bool_]:
    """Tell which sums have no number, the total last; name rows without one."""
    rows, width = shape[0], shape[1] - 1
    (record, flat), name = parts, str(measure.of)
    by_class = gaps(given, name, record, flat, rows * width)
    whole = gaps(given, name, record, flat // width, rows)
    if marked(given):
        before = np.zeros(rows, bool) if made.withheld is None else made.withheld
        mine = whole.withheld | by_class.withheld.reshape(rows, width).any(axis=1)
        made.withheld = before | mine
        made.counts[f"sums of {name} withheld"] = int(mine.sum())
        if mine.any():
            count = int(mine.sum())
            made.findings.append(_finding("sum-withheld", field=name, sums=count, groups=rows))
    if len(whole.missing):
        places = [Place(feature=str(row + 1)) for row in whole.missing.tolist()]
        made.findings.append(_finding("aggregate-number-missing", field=name, places=places))
        made.counts[f"rows without {name}"] = len(whole.missing)
    classes = (by_class.withheld | by_class.empty).reshape(rows, width)
    return np.hstack([classes, (whole.withheld | whole.empty)[:, None]])


def _units(given: Given, source: Field, made: Made) -> Any:
    numbers = given.frame[source.name]
    try:
        units = in_units(numbers.astype("Float64").to_numpy(float, na_value=np.nan))
    except OverflowError:
        raise OperationError([_finding("zones-sum-too-large", field=source.name)]) from None
    if len(units.rounded):
        places = [Place(feature=str(row + 1)) for row in units.rounded.tolist()]
        made.findings.append(_finding("zones-rounded", field=source.name, places=places))
    made.counts[f"decimals of {source.name}"] = units.decimals
    return units


def _columns(options: Zones, name: str, titles: tuple[str, str]) -> Iterator[tuple[str, Any]]:
    """Yield the column of each class with its title; none without classes."""
    if options.classes is None:
        return
    for group, values in options.classes.groups.items():
        words = "・".join(map(str, values))
        title = options.classes.titles.get(group)
        ja, en = (title.ja, title.best("en")) if title else (words, group)
        yield f"{name}_{group}", (f"{titles[0]}（{ja}）", f"{titles[1]} ({en})")
    rest = options.classes.rest
    yield f"{name}_{rest}", (f"{titles[0]}（その他）", f"{titles[1]} ({rest})")


def _add_sum(name: str, found: Sum, options: Zones, made: Made) -> None:
    made.add(name, found.titles, found.kind, found.values(-1))
    for number, (column, titles) in enumerate(_columns(options, name, found.titles)):
        inside = number < found.whole.shape[1] - 1
        made.add(column, titles, found.kind, found.values(number) if inside else _zeros(found))


def _zeros(found: Sum) -> Any:
    return np.zeros(len(found.whole), np.int64 if found.kind == "integer" else float)


def _add_related(
    name: str,
    measure: Measure,
    sums: dict[str, Sum],
    options: Zones,
    placed: Placed,
    groups: Groups,
    made: Made,
) -> None:
    found = sums[str(measure.of)]
    match measure.kind:
        case "density":
            area = _of_zones(placed.areas / SQUARE_KILOMETRE, groups)
            titles = f"{found.titles[0]}（1 km² あたり）", f"{found.titles[1]} per km²"
            made.add(name, _titled(measure, titles), "number", quotient(found.values(-1), area))
        case "ratio":
            below, words = _denominator(str(measure.to), sums, placed, groups)
            titles = (
                f"{found.titles[0]}（{words[0]} 1 あたり）",
                f"{found.titles[1]} per {words[1]}",
            )
            made.add(name, _titled(measure, titles), "number", quotient(found.values(-1), below))
        case "share" if measure.over:
            whole = _whole(found, measure.over, options, groups)
            titles = f"{found.titles[0]}の割合", f"Share of {found.titles[1]}"
            made.add(name, _titled(measure, titles), "number", quotient(found.values(-1), whole))
        case "share":
            titles = _titled(measure, (f"{found.titles[0]}の割合", f"Share of {found.titles[1]}"))
            for number, (column, words) in enumerate(_columns(options, name, titles)):
                inside = number < found.whole.shape[1] - 1
                part = found.values(number) if inside else _zeros(found)
                made.add(column, words, "number", quotient(part, found.values(-1)))
        case "count" | "sum":
            raise AssertionError(measure.kind)
        case _:
            assert_never(measure.kind)


def _titled(measure: Measure, otherwise: tuple[str, str]) -> tuple[str, str]:
    return (measure.title.ja, measure.title.best("en")) if measure.title else otherwise


def _of_zones(values: NDArray[np.float64], groups: Groups) -> NDArray[np.float64]:
    return np.where(groups.zone < 0, np.nan, values[groups.zone])


def _denominator(
    name: str, sums: dict[str, Sum], placed: Placed, groups: Groups
) -> tuple[Any, tuple[str, str]]:
    if name in sums:
        return sums[name].values(-1), sums[name].titles
    for known in placed.fields:
        if known.name == name and known.type in ("integer", "number"):
            column = placed.table[name].astype("Float64").to_numpy(float, na_value=np.nan)
            return _of_zones(column, groups), (known.title_ja, known.title_en or name)
    there = ", ".join([*sums, *(f.name for f in placed.fields)])
    raise OperationError(
        [_finding("operation-field-absent", field="measures", value=name, known=there)]
    )


def _whole(found: Sum, over: tuple[str, ...], options: Zones, groups: Groups) -> Any:
    """Return for each row the sum over the rows that differ from it in some fields only."""
    same = [at for at, name in enumerate(options.per) if name not in over]
    keys = [
        (zone, tuple(key[at] for at in same))
        for zone, key in zip(groups.zone.tolist(), groups.per, strict=True)
    ]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    group = np.array([numbers[key] for key in keys], np.int64)
    sums = group_sums(found.whole[:, -1], group, len(numbers))[group]
    unknown = np.zeros(len(numbers), bool)
    unknown[group[found.unknown[:, -1]]] = True
    return np.where(unknown[group], np.nan, sums / 10**found.decimals)
