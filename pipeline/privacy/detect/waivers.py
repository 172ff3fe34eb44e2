"""What is found is an error until the declaration waives it, by field, with a reason and an end."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.findings import Catalogue, Finding
from pipeline.privacy.detect.words import read_yaml

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from pipeline.privacy.detect.scan import Hit

CATALOGUE = "pipeline.privacy.detect"
FIRST_ROWS = 10
_CLASSES = (
    (re.compile(r"[0-9]"), "9"), (re.compile(r"[A-Za-z]"), "a"), (re.compile(r"[ぁ-ん]"), "あ"),
    (re.compile(r"[ァ-ヶー]"), "ア"), (re.compile(r"[一-龠々]"), "漢"),
)  # fmt: skip


@dataclass(frozen=True)
class Accepted:
    """A waiver as a build judges it.

    Attributes
    ----------
    date, expires
        ISO 8601.
    expired
        On the day of the build.
    """

    field: str
    detector: str
    reason: str
    note: str
    author: str
    date: str
    expires: str
    count: int
    expired: bool


def masked(value: str) -> str:
    """Return the shape of a value without the value: each character by its kind.

    Examples
    --------
    >>> masked("小倉 太郎 090-1234")
    '漢漢 漢漢 999-9999'
    """
    text = unicodedata.normalize("NFKC", value)
    for kind, sign in _CLASSES:
        text = kind.sub(sign, text)
    return re.sub(r"[^9aあア漢\s\-@.()/:・]", "＊", text)


def judge(
    place: str,
    hits: Sequence[Hit],
    waivers: Sequence[Accepted],
    frame: pd.DataFrame,
    where: tuple[str, str],
) -> list[Finding]:
    """Say of every hit whether it is waived, and of every waiver whether it still holds.

    Parameters
    ----------
    place
        ``layers.NAME``.
    where
        Names of the columns of file and row; a derived layer has neither.
    """
    found = {(hit.field, hit.detector): hit for hit in hits}
    by_place = {(waiver.field, waiver.detector): waiver for waiver in waivers}
    findings = []
    for key, hit in found.items():
        waiver = by_place.get(key)
        findings += _unwaived(place, hit, frame, where) if waiver is None else [_held(hit, waiver)]
    return findings + [_idle(place, w) for key, w in by_place.items() if key not in found]


def _held(hit: Hit, waiver: Accepted) -> Finding:
    if waiver.expired:
        return _said("waiver-expired", waiver, found=len(hit.rows))
    if waiver.count != len(hit.rows):
        return _said("waiver-count-changed", waiver, found=len(hit.rows))
    return _said("personal-information-waived", waiver, found=len(hit.rows))


def _said(code: str, waiver: Accepted, *, found: int = 0, place: str = "") -> Finding:
    detector, reason = titles("detectors", waiver.detector), titles("reasons", waiver.reason)
    note = f": {waiver.note}" if waiver.note else ""
    return Catalogue.of(CATALOGUE).finding(
        code,
        field=waiver.field,
        detector=waiver.detector,
        detector_ja=detector[0],
        detector_en=detector[1],
        reason_ja=reason[0] + note,
        reason_en=reason[1] + note,
        author=waiver.author,
        date=waiver.date,
        expires=waiver.expires,
        declared=waiver.count,
        found=found,
        place=place,
    )


def _idle(place: str, waiver: Accepted) -> Finding:
    return _said("waiver-idle", waiver, place=place)


def titles(section: str, name: str) -> tuple[str, str]:
    """Return the Japanese and English words for a detector or a reason."""
    words = read_yaml("words.yaml")[section][name]
    return words["ja"], words["en"]


def _unwaived(place: str, hit: Hit, frame: pd.DataFrame, where: tuple[str, str]) -> list[Finding]:
    source, row = where
    ja, en = titles("detectors", hit.detector)
    code = "personal-heading" if hit.heading else "personal-information"
    located = source in frame and row in frame
    first = frame.iloc[hit.rows[:FIRST_ROWS]]
    shown = [masked(str(value)) for value in first[hit.field]]
    rows = [int(number) for number in first[row]] if located else [None] * len(first)
    files = list(dict.fromkeys(first[source])) if located else [""]
    shapes = "、".join(
        f"{n}: {s}" if n is not None else s for n, s in zip(rows, shown, strict=True)
    )
    return [
        Catalogue.of(CATALOGUE).finding(
            code,
            file=str(files[0]),
            field=hit.field,
            row=rows[0],
            count=len(hit.rows),
            detector=hit.detector,
            detector_ja=ja,
            detector_en=en,
            heading=hit.heading,
            place=place,
            shapes=shapes,
        )
    ]
