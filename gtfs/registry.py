"""The register of ids: what was once published under an id keeps it, and nothing else gets it.

One CSV per feed, ``data/registry/<feed>.csv``, under version control: a line per id, sorted, so
that two people's additions merge. Lines are never removed; what is no longer published is marked
retired with a date, and its id stays taken.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import itertools
import re
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Self

from gtfs.errors import RegistryError
from gtfs.stops.identity import SAME_PLACE_METRES, Entry, Wanted, match, metres
from pipeline.findings import Catalogue, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_FAR_METRES = 1000.0
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII)


class Registry:
    """The ids of one feed.

    Attributes
    ----------
    entries
        Every entry by kind and id.
    findings
        What the last assignments found out: renamed, moved, retired, returned.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries: dict[tuple[str, str], Entry] = {}
        self.findings: list[Finding] = []
        self._used: set[tuple[str, str]] = set()
        for entry in entries:
            self._check(entry)
            self.entries[entry.kind, entry.id] = entry

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a register; a file that does not exist yet is an empty one.

        Raises
        ------
        RegistryError
            If a line cannot be understood or an id is there twice.
        """
        if not path.exists():
            return cls()
        rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))
        if rows.fieldnames != [field.name for field in fields(Entry)]:
            raise RegistryError(f"{path.name}: the header is not that of a register of ids")
        try:
            return cls(_entry(row) for row in rows)
        except (ValueError, TypeError) as error:
            raise RegistryError(f"{path.name}: line cannot be read: {error}") from None

    def text(self) -> str:
        """Return the register as the text of its file, sorted by kind and id."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([field.name for field in fields(Entry)])
        for _, entry in sorted(self.entries.items()):
            writer.writerow([_word(getattr(entry, field.name)) for field in fields(Entry)])
        return out.getvalue()

    def write(self, path: Path) -> None:
        """Write the register where anything changed; an equal file is left alone."""
        if path.exists() and path.read_text(encoding="utf-8") == self.text():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.new")
        temporary.write_text(self.text(), encoding="utf-8", newline="")
        temporary.replace(path)

    def assign(self, kind: str, wanted: Sequence[Wanted], *, on: dt.date) -> list[str]:
        """Give every wanted thing its id: the one it has, else a new one.

        Something is what an entry stands for when the keys agree; else when the names agree and
        it lies within 300 m; else when it lies within 15 m of an entry nobody else claims.
        Nearest pairs are matched first.

        Parameters
        ----------
        kind
            Ids are looked up and made within a kind.
        wanted
            All things of that kind in the feed, together: one alone could take what belongs to
            another.
        on
            Date written as first seen, so that the result does not depend on the clock.

        Returns
        -------
        list of str
            Ids in the order of `wanted`.
        """
        free = [
            e for e in self.entries.values() if (kind, e.id) not in self._used and e.kind == kind
        ]
        matched = match(wanted, free)
        return [
            self._keep(matched[i], item) if i in matched else self._new(kind, item, on)
            for i, item in enumerate(wanted)
        ]

    def retire_missing(self, kind: str, *, on: dt.date) -> list[str]:
        """Mark as retired what was not assigned since the register was read; return its ids."""
        gone = [
            entry
            for key, entry in self.entries.items()
            if entry.kind == kind and key not in self._used and entry.retired is None
        ]
        for entry in gone:
            self.entries[kind, entry.id] = replace(entry, retired=on)
            self._say("id-retired", entry, value=entry.name)
        return sorted(entry.id for entry in gone)

    def _keep(self, entry: Entry, item: Wanted) -> str:
        if entry.name != item.name:
            self._say("id-renamed", entry, value=item.name, old=entry.name)
        distance = metres(entry, item)
        if distance is not None and distance > SAME_PLACE_METRES:
            code = "id-moved-far" if distance > _FAR_METRES else "id-moved"
            self._say(code, entry, value=item.name, metres=round(distance))
        if entry.retired:
            self._say("id-returned", entry, value=item.name, date=entry.retired)
        self._put(
            replace(
                entry,
                key=item.key or entry.key,
                name=item.name,
                lat=item.lat,
                lon=item.lon,
                retired=None,
            )
        )
        return entry.id

    def _new(self, kind: str, item: Wanted, on: dt.date) -> str:
        made = (_digest(kind, item, attempt) for attempt in itertools.count())
        chosen = next(
            candidate
            for candidate in itertools.chain([item.prefer, item.key], made)
            if _ID.fullmatch(candidate) and (kind, candidate) not in self.entries
        )
        self._put(Entry(kind, chosen, item.key, item.name, item.lat, item.lon, first_seen=on))
        return chosen

    def _put(self, entry: Entry) -> None:
        self.entries[entry.kind, entry.id] = entry
        self._used.add((entry.kind, entry.id))

    def _check(self, entry: Entry) -> None:
        if not entry.kind or _ID.fullmatch(entry.id) is None:
            raise RegistryError(f"{entry.kind} id {entry.id!r} is not ASCII letters, digits, . _ -")
        if (entry.kind, entry.id) in self.entries:
            raise RegistryError(f"{entry.kind} id {entry.id!r} stands in the register twice")

    def _say(self, code: str, entry: Entry, *, value: str, **details: object) -> None:
        finding = Catalogue.of("gtfs.data").finding(
            code,
            feature=entry.id,
            field=entry.kind,
            value=value,
            **details,  # type: ignore[arg-type]
        )
        self.findings.append(finding)


def _digest(kind: str, item: Wanted, attempt: int) -> str:
    content = "\x1f".join([kind, item.key, item.name, str(attempt)])
    return f"{kind[0]}{hashlib.sha256(content.encode()).hexdigest()[:8]}"


def _entry(row: dict[str, str]) -> Entry:
    return Entry(
        kind=row["kind"],
        id=row["id"],
        key=row["key"],
        name=row["name"],
        lat=float(row["lat"]) if row["lat"] else None,
        lon=float(row["lon"]) if row["lon"] else None,
        first_seen=dt.date.fromisoformat(row["first_seen"]) if row["first_seen"] else None,
        retired=dt.date.fromisoformat(row["retired"]) if row["retired"] else None,
    )


def _word(value: str | float | dt.date | None) -> str:
    if isinstance(value, float):
        return f"{value:.6f}"
    return "" if value is None else str(value)
