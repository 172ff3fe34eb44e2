"""The validators, each asked in its own way and answered in ours.

gtfs-guru and gtfs-analyzer are libraries; gtfs-validator promises only its command line, so it is
run as one. Each is imported when asked: where one is not installed the others still work.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gtfs.errors import FeedUnreadable
from gtfs.validate.notice import Notice, sentences
from pipeline.findings import Severity

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    Tool = Callable[[Path, dt.date], list[Notice]]

_COUNTRY = "JP"
_CANONICAL = {"ERROR": Severity.ERROR, "WARNING": Severity.WARNING, "INFO": Severity.INFO}
_ROWS = ("csvRowNumber", "csvRowNumber1", "newCsvRowNumber")
_FEATURES = (
    "stopId",
    "tripId",
    "routeId",
    "routeId1",
    "serviceId",
    "shapeId",
    "fareId",
    "agencyId",
)
_VALUES = ("fieldValue", "stopName", "routeLongName", "serviceId", "date")
_FACTS = ["ARC_006", "ARC_011", "GEO_013"]
"""Rules of gtfs-analyzer that report a fact about any feed: optional file, its size, its extent."""


def installed(tool: str) -> str:
    """Return the version of a validator, empty if it is not installed."""
    try:
        return importlib.metadata.version(tool)
    except importlib.metadata.PackageNotFoundError:
        return ""


def ask_guru(path: Path, on: dt.date) -> list[Notice]:
    """Ask gtfs-guru: the canonical rules, fast."""
    gtfs_guru = importlib.import_module("gtfs_guru")
    try:
        result = gtfs_guru.validate(str(path), country_code=_COUNTRY, date=on.isoformat())
    except ValueError as error:
        raise FeedUnreadable(f"gtfs-guru cannot read {path.name}: {error}") from error
    if result.by_code("i_o_error"):
        raise FeedUnreadable(f"gtfs-guru cannot read {path.name}: it is no zip")
    return _canonical("gtfs-guru", result.to_dict()["notices"])


def ask_validator(path: Path, on: dt.date) -> list[Notice]:
    """Ask gtfs-validator of PyPI: all canonical rules, not by MobilityData; slow on large feeds."""
    command = [sys.executable, "-m", "gtfs_validator.cli", "--input", str(path)]
    command += ["--country_code", _COUNTRY, "--date", on.isoformat(), "--stdout"]
    run = subprocess.run(command, capture_output=True, check=False, encoding="utf-8")
    if run.returncode != 0 or not run.stdout:
        raise FeedUnreadable(f"gtfs-validator cannot read {path.name}: {run.stderr.strip()}")
    return _canonical("gtfs-validator", json.loads(run.stdout)["notices"])


def ask_analyzer(path: Path, on: dt.date, *, profile: str = "v4") -> list[Notice]:
    """Ask gtfs-analyzer with a GTFS-JP profile (``v3``, ``v4`` or ``auto``)."""
    gtfs_analyzer = importlib.import_module("gtfs_analyzer")
    config = {"gtfs_jp_profile": profile, "disabled_rule_ids": _FACTS}
    try:
        ja, en = (
            gtfs_analyzer.validate_gtfs(path, today=on.isoformat(), config=config, lang=language)
            for language in ("ja", "en")
        )
    except gtfs_analyzer.ValidationError as error:
        raise FeedUnreadable(f"gtfs-analyzer cannot read {path.name}: {error}") from error
    english = {notice["id"]: notice for notice in en["notices"]}
    return [_analysed(notice, english[notice["id"]]) for notice in ja["notices"]]


TOOLS: dict[str, Tool] = {
    "gtfs-analyzer": ask_analyzer,
    "gtfs-guru": ask_guru,
    "gtfs-validator": ask_validator,
}


def _canonical(tool: str, groups: Iterable[Mapping[str, Any]]) -> list[Notice]:
    """Read the report both canonical validators write: a group of samples for each rule."""
    notices = []
    for group in groups:
        samples = group["sampleNotices"]
        found = [_sample(tool, group["code"], group["severity"], values) for values in samples]
        # Samples end at a thousand; what is not listed is counted with the last one.
        unlisted = group["totalNotices"] - len(samples)
        found[-1:] = [replace(notice, count=1 + unlisted) for notice in found[-1:]]
        notices += found
    return notices


def _sample(tool: str, rule: str, severity: str, values: Mapping[str, Any]) -> Notice:
    known = {name: value for name, value in values.items() if value not in (None, "")}
    return Notice(
        rule=rule,
        severity=_CANONICAL[severity],
        tools=(tool,),
        file=_first(known, ("filename", "childFilename")),
        row=next((known[name] for name in _ROWS if name in known), None),
        field=_first(known, ("fieldName", "columnName", "childFieldName")),
        value=_first(known, _VALUES),
        feature=_first(known, _FEATURES),
        **sentences(rule, known),
    )


def _first(known: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((str(known[name]) for name in names if name in known), "")


def _analysed(ja: Mapping[str, Any], en: Mapping[str, Any]) -> Notice:
    return Notice(
        rule=ja["rule_id"],
        severity=_analyser_severity(ja["severity"], ja["rule_class"]),
        tools=("gtfs-analyzer",),
        message_ja=_line(ja["message"] or ja["title"]),
        message_en=_line(en["message"] or en["title"]),
        remedy_ja=_line(ja["remediation"] or ""),
        remedy_en=_line(en["remediation"] or ""),
        file=ja["file"] or "",
        row=ja["line"],
        field=ja["field"] or "",
        value=str(ja["observed_value"] or ""),
        feature=str(ja["entity_id"] or ""),
    )


def _analyser_severity(severity: str, rule_class: str) -> Severity:
    """Agree on severities: specification and interoperability block, statistics inform.

    ANALYTICS describes the service (few departures, a gap in the year), which is the operator's
    business; only its HIGH rules (a jump in a shape, an impossible speed) hint at mistakes.
    """
    if severity == "CRITICAL" or (severity == "HIGH" and rule_class in ("SPEC", "INTEROP")):
        return Severity.ERROR
    if severity == "HIGH" or (severity == "MEDIUM" and rule_class != "ANALYTICS"):
        return Severity.WARNING
    return Severity.INFO


def _line(text: str) -> str:
    return " ".join(text.split())
