"""What stops the work of the pipeline.

TonariError
├── DeclarationError      layers.yaml cannot be used; carries findings
├── SourceError           one source cannot be read; carries findings
├── StorageError          the disk takes no more; carries the finding that says so
├── OperationError        a dataset cannot be made from others; carries findings
├── FetchError            a neighbour's file cannot be had; carries why
├── KeyFileError          a key cannot be made, read or used
├── ReleaseError          a release cannot be published, found or switched
├── UndeclaredError       a layer or feed is asked for that is not declared; carries findings
├── CacheError            the cache of steps cannot be written; stops the whole build
├── OtherVersionError     a worker has other code; stops the whole build
├── SchedulerError        there is no such scheduler, or it cannot be reached
└── TilingError           an archive cannot be cut or written

What is wrong with *data* is not an exception but a :class:`pipeline.findings.Finding`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.findings import Finding


class TonariError(Exception):
    """Base of every error this project raises; its text is one line for a person.

    Parameters
    ----------
    text
        In English.
    ja
        The same in Japanese; empty for what only a program can do wrong.

    Attributes
    ----------
    stops_the_build
        Whether no step can go on, not only the one that met it.
    """

    stops_the_build = False

    def __init__(self, text: str = "", *, ja: str = "") -> None:
        super().__init__(text)
        self.ja = ja


class _FindingsError(TonariError):
    """An error that carries the findings that say what is wrong, where and what to do."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(finding.line("en") for finding in findings))
        self.findings = list(findings)

    def __reduce__(self) -> tuple[type[_FindingsError], tuple[list[Finding]]]:
        """Travel between processes with the findings rather than their text."""
        return type(self), (self.findings,)


class DeclarationError(_FindingsError):
    """``layers.yaml`` is missing, is not YAML or does not follow the schema."""


class SourceError(_FindingsError):
    """A source cannot be read at all."""


class StorageError(_FindingsError):
    """The disk is full, read-only or failing."""

    stops_the_build = True


class OperationError(_FindingsError):
    """A dataset cannot be made from others as declared."""


class FetchError(TonariError):
    """A neighbour's file cannot be had as declared.

    Attributes
    ----------
    code
        Of the finding that says so, in ``pipeline/federation/findings.yaml``.
    details
        What its sentences name.
    """

    def __init__(self, code: str, **details: str) -> None:
        super().__init__(f"{code}: " + ", ".join(f"{k} {v}" for k, v in details.items()))
        self.code, self.details = code, details


class KeyFileError(TonariError):
    """A signing key cannot be made, read or used."""


class ReleaseError(TonariError):
    """A release cannot be published, found or switched."""


class UndeclaredError(_FindingsError):
    """A layer or feed is asked for that ``layers.yaml`` does not declare."""


class TilingError(TonariError):
    """A tileset cannot be cut or written."""


class CacheError(TonariError):
    """The cache of steps cannot be written: full, read-only, not there."""

    stops_the_build = True


class OtherVersionError(TonariError):
    """A worker has another version of the program."""

    stops_the_build = True


class SchedulerError(TonariError):
    """There is no such scheduler, or it cannot be reached."""
