"""What stops the work of the pipeline.

TonariError
├── DeclarationError      layers.yaml cannot be used
├── SourceError           one source cannot be read; carries the findings that say why
├── ReleaseError          a release cannot be published, found or switched
└── TilingError           an archive cannot be cut or written

What is wrong with *data* is not an exception but a :class:`pipeline.findings.Finding`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.findings import Finding


class TonariError(Exception):
    """Base of every error this project raises; its text is one line for a person."""


class DeclarationError(TonariError):
    """``layers.yaml`` is missing, is not YAML or does not follow the schema.

    Parameters
    ----------
    problems
        One line per problem, each with file, line number and remedy.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


class SourceError(TonariError):
    """A source cannot be read at all.

    Parameters
    ----------
    findings
        At least one finding of severity error that names the cause and the remedy.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("; ".join(f.line("en") for f in findings))
        self.findings = list(findings)


class ReleaseError(TonariError):
    """A release cannot be published, found or switched."""


class TilingError(TonariError):
    """A tileset cannot be cut or written."""
