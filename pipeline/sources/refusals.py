"""Why a file cannot be read at all, said with cause and remedy."""

from __future__ import annotations

import difflib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, assert_never

from pipeline.errors import SourceError
from pipeline.findings import Catalogue

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.confined import Limits, Stopped


@cache
def _causes() -> dict[str, dict[str, dict[str, str]]]:
    from ruamel.yaml import YAML  # noqa: PLC0415 - most builds refuse nothing

    text = resources.files("pipeline.sources").joinpath("causes.yaml").read_text(encoding="utf-8")
    causes: dict[str, dict[str, dict[str, str]]] = YAML(typ="safe").load(text)
    return causes


def unreadable(file: str, cause: str, **details: object) -> SourceError:
    """Return the refusal of a file.

    Parameters
    ----------
    file
        As declared.
    cause
        A key of ``causes.yaml``.
    details
        What its sentences need.
    """
    words = {key: " ".join(str(value).split()) for key, value in details.items()}

    def say(kind: str, language: str) -> str:
        return _causes()[cause][kind][language].format(**words)

    finding = Catalogue.of("pipeline").finding(
        "source-unreadable",
        file=file,
        reason_ja=say("reason", "ja"),
        reason_en=say("reason", "en"),
        remedy_ja=say("remedy", "ja"),
        remedy_en=say("remedy", "en"),
    )
    return SourceError([finding])


def explained(stopped: Stopped, path: Path, file: str, limits: Limits) -> SourceError:
    """Return the refusal of a file whose reading was stopped.

    Parameters
    ----------
    path, file
        Where it is, and as declared: messages name the latter.
    limits
        Of the reading.
    """
    match stopped.cause:
        case "memory":
            return unreadable(file, "memory", limit=f"{limits.memory / 2**30:.1f} GB")
        case "time":
            return unreadable(file, "time", limit=f"{limits.seconds:.0f}")
        case "crash":
            return unreadable(file, "crash", detail=stopped.detail)
        case "failed":
            detail = stopped.detail.replace(str(path.absolute()), file)
            return unreadable(file, "damaged", detail=detail)
        case _:
            assert_never(stopped.cause)


def missing(path: Path, file: str) -> SourceError:
    """Return the refusal of a file that is not there, with the nearest name that is."""
    names = [p.name for p in path.parent.glob("*")] if path.parent.is_dir() else []
    close = [name for name in names if name.lower() == path.name.lower()]
    close += difflib.get_close_matches(path.name, names, n=1, cutoff=0.6)
    return SourceError(
        [
            Catalogue.of("pipeline").finding(
                "source-missing",
                file=file,
                hint_ja=f"「{close[0]}」ならあります。" if close else "",
                hint_en=f" There is '{close[0]}'." if close else "",
            )
        ]
    )
