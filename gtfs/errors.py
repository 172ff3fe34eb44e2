"""What stops the work of building, reading or publishing a feed.

GtfsError
├── FeedBlocked           findings of severity error forbid publishing; carries them
├── TimetableUnreadable   a workbook cannot be opened at all; carries the finding that says why
├── FeedUnreadable        a GTFS zip cannot be opened or lacks its tables
├── RegistryError         the register of ids contradicts itself
└── AlertError            an announcement cannot be made, found or withdrawn

What is wrong with the *contents* of a timetable is a :class:`pipeline.findings.Finding`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import TonariError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.findings import Finding


class GtfsError(TonariError):
    """Base of every error of this package; its text is one line for a person."""


class FeedBlocked(GtfsError):
    """A feed has findings of severity error and must not be published.

    Parameters
    ----------
    findings
        All findings of the build, of any severity.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("; ".join(f.line("en") for f in findings))
        self.findings = list(findings)


class TimetableUnreadable(GtfsError):
    """A workbook, ledger or line file cannot be opened or lacks the declared part.

    Parameters
    ----------
    finding
        The finding that names the file and the remedy.
    """

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.line("en"))
        self.finding = finding
        self.findings = [finding]


class FeedUnreadable(GtfsError):
    """A GTFS zip cannot be opened or lacks its tables.

    Parameters
    ----------
    message
        One line for a person.
    findings
        The same with file and remedy, where it is about the file as a whole.
    """

    def __init__(self, message: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.findings = list(findings)


class RegistryError(GtfsError):
    """The register of ids contradicts itself."""


class AlertError(GtfsError):
    """An announcement cannot be made, found or withdrawn.

    Parameters
    ----------
    text
        One line for a person.
    code
        The reason as one word, for a form that says it in the reader's language; empty for what
        only a program can do wrong.
    ja
        The text in Japanese.
    """

    def __init__(self, text: str, code: str = "", *, ja: str = "") -> None:
        super().__init__(text, ja=ja)
        self.code = code
