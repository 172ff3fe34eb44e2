"""Why a file cannot be read at all, said with cause and remedy."""

from __future__ import annotations

from functools import cache
from importlib import resources

from pipeline.errors import SourceError
from pipeline.findings import Catalogue


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
