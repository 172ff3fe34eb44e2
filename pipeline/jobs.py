"""What a build consists of: jobs that each make one publishable thing out of steps."""

from __future__ import annotations

import difflib
import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pipeline.errors import UndeclaredError
from pipeline.findings import Catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pipeline.findings import Finding
    from pipeline.graph.keys import Keys
    from pipeline.graph.run import Outcome
    from pipeline.graph.step import Step

    Results = Callable[[Step], Outcome]
    """What became of a step."""

Kind = Literal["layers", "feeds"]


@dataclass(frozen=True)
class Changes:
    """How a job's result differs from the served one, for whoever builds.

    Attributes
    ----------
    words
        Sentences, each ``{"ja": …, "en": …}``, that tell no value.
    files
        ``{"csv": every difference, "html": a drawing}``, where they lie in the cache.
    """

    words: list[dict[str, str]]
    files: dict[str, Path]


@dataclass
class Built:
    """What a job made.

    Attributes
    ----------
    entry
        The job's part of the manifest, without status and artefacts.
    artefacts
        ``{format: file name inside the job's folder}``.
    findings
        Everything observed; an error means that nothing of it may be published.
    inside
        Observed in data that stays inside: told to whoever builds, never published.
    key
        Of the job from now on, where building it changed what decides the result.
    changes
        Against what is served, where there is something to compare with.
    """

    entry: dict[str, Any] = field(default_factory=dict)
    artefacts: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    inside: list[Finding] = field(default_factory=list)
    key: str = ""
    changes: Changes | None = None


@dataclass(frozen=True)
class Needs:
    """The steps of a job.

    Attributes
    ----------
    told
        Their facts and findings are wanted, and those of every step before them.
    made
        Their files are wanted too.
    """

    told: tuple[Step, ...]
    made: tuple[Step, ...]


class Job(Protocol):
    """One layer or feed of a build."""

    name: str
    kind: Kind
    title: dict[str, str]

    def key(self, keys: Keys) -> str:
        """Return a digest of all that decides the result: sources, declaration, code."""

    def may_serve(self, entry: dict[str, Any]) -> bool:
        """Tell whether what an earlier release serves may still be published."""

    def needs(self, *, check: bool) -> Needs:
        """Return the steps to run: to publish, or only to `check`.

        Raises
        ------
        TonariError
            If the declaration cannot be turned into steps.
        """

    def findings(self, results: Results) -> Built:
        """Return what was found by the steps of a check, without entry and artefacts."""

    def compose(self, results: Results, folder: Path) -> Built:
        """Put the artefacts into `folder`, which exists and is empty."""

    def accept(self, results: Results, keys: Keys) -> str:
        """Do what follows from being published; return its key if that changed it, else nothing."""


def link(file: Path, target: Path) -> None:
    """Give a file a second place; a copy where the file system knows no links."""
    try:
        os.link(file, target)
    except OSError:
        # Some file systems (exFAT, many network shares), and links from one to another.
        shutil.copy2(file, target)


def undeclared(name: str, titles: Mapping[str, Mapping[str, str]]) -> UndeclaredError:
    """Say that nothing of this name is declared, and which one may be meant.

    Parameters
    ----------
    name
        As asked for: a name, or what a person takes for one, like part of a title.
    titles
        Titles (``ja``, ``en``) of everything that is declared, by name.
    """
    words = {name: name for name in titles}
    for known, title in titles.items():
        words |= {word: known for word in title.values() if word}
    inside = [known for word, known in words.items() if name and name in word]
    close = inside or [words[w] for w in difflib.get_close_matches(name, words, n=1, cutoff=0.5)]
    told = close[:1] or list(titles)

    def listed(language: str) -> list[str]:
        return [f"{n} ({title})" if (title := titles[n].get(language)) else n for n in told]

    known = ", ".join(titles)
    ja, en = "、".join(listed("ja")), ", ".join(listed("en"))
    finding = Catalogue.of("pipeline").finding(
        "name-undeclared",
        value=name,
        known=known,
        nearest_ja=f"「{ja}」ではありませんか。" if close else f"宣言されているもの: {ja}",
        nearest_en=f"Did you mean {en}?" if close else f"Declared are: {en}",
    )
    return UndeclaredError([finding])
