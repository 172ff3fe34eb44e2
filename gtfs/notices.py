"""Findings of this package, from the sentences in ``findings.yaml`` beside it."""

from __future__ import annotations

from typing import Any

from pipeline.findings import Catalogue, Finding


def notice(code: str, **place: Any) -> Finding:
    """Make a finding of rule `code`; `place` is what :meth:`Catalogue.finding` takes.

    Raises
    ------
    KeyError
        If there is no such rule or its sentence needs a detail that is not given.
    """
    return Catalogue.of("gtfs").finding(code, **place)
