"""A feed as a job of a build: the zip and everything said about it."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING, Any

from gtfs.options import REGISTER, Comparing, Describing, Making, Validating
from pipeline.config.base import input_files
from pipeline.findings import has_error
from pipeline.graph.step import Step
from pipeline.jobs import Built, Kind, Needs, link
from pipeline.sources.files import source_files

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config.declaration import Declaration
    from pipeline.graph.keys import Keys
    from pipeline.jobs import Results

STEPS = "gtfs.steps"


class FeedJob:
    """Builds one GTFS feed.

    Parameters
    ----------
    name
        Of the feed.
    declaration
        The whole declaration.
    root
        Folder that the paths of the declaration start from.
    registry
        Folder of the registers of ids.
    published
        Folder of the feed in the release that is served, for the difference to it.
    """

    kind: Kind = "feeds"

    def __init__(
        self,
        name: str,
        declaration: Declaration,
        root: Path,
        registry: Path,
        published: Path | None = None,
    ) -> None:
        self.name = name
        self.root = root
        self.registry = registry
        self.published = published
        self.feed = declaration.feeds[name]
        self.title = self.feed.title.model_dump()
        self.publisher = declaration.publisher

    def key(self, keys: Keys) -> str:
        """Return a digest of the keys of all steps but the comparison, and of what is said."""
        made, checked, described, _ = self._steps()
        said = {
            "steps": [keys.key(step) for step in (made, checked, described)],
            "feed": self.feed.model_dump(mode="json", by_alias=True),
            "code": keys.digest("gtfs.job:FeedJob"),
        }
        text = json.dumps(said, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def may_serve(self, entry: dict[str, Any]) -> bool:
        """Tell that feeds have no allow-list: an earlier version may always stay."""
        return True

    def needs(self, *, check: bool) -> Needs:
        """Return the steps: made, compared with its files and validated; to publish, all."""
        steps = self._steps()
        return Needs(steps[:2], ()) if check else Needs(steps, steps)

    def findings(self, results: Results) -> Built:
        """Return what was found when the feed was made, compared and validated."""
        made, checked, *_ = self._steps()
        found = [*results(made).findings, *results(checked).findings]
        return Built({"title": self.title}, findings=found)

    def compose(self, results: Results, folder: Path) -> Built:
        """Link zip, validation, layers, tiles and difference into `folder`."""
        steps = self._steps()
        outcomes = [results(step) for step in steps]
        made, *others = (outcome.entry for outcome in outcomes)
        built = Built(self._entry(made.facts if made is not None else {}))
        for outcome in outcomes:
            built.findings += outcome.findings
        for entry in others:
            if entry is not None:
                built.entry |= {k: v for k, v in entry.facts.items() if k != "pages"}
        if has_error(built.findings) or made is None:
            return built
        for entry in (made, *(other for other in others if other is not None)):
            for file in entry.files:
                if file != REGISTER:
                    link(entry.path(file), folder / file)
                    built.artefacts[_format(file, self.name)] = file
        return built

    def accept(self, results: Results, keys: Keys) -> str:
        """Give out the ids of a feed that passed; return the key with the register it leaves."""
        made = results(self._steps()[0]).entry
        if made is not None:
            self.registry.mkdir(parents=True, exist_ok=True)
            target = self.registry / f"{self.name}.csv"
            part = target.with_name(f".{target.name}.part")
            shutil.copyfile(made.path(REGISTER), part)
            part.replace(target)
        return self.key(keys)

    def _steps(self) -> tuple[Step, Step, Step, Step]:
        feed, place = self.feed, f"feeds.{self.name}"
        named = sorted(set(input_files(feed)))
        files = [(f"{n}/{p.name}", p) for n in named for p in source_files(self.root / n)]
        files.append(("registry", self.registry / f"{self.name}.csv"))
        making = Making(self.name, feed, self.publisher, self.root, self.registry)
        made = Step(f"{place}: make", f"{STEPS}:make", making, files=tuple(files))
        validating = Validating(self.name, feed.period.start.isoformat())
        checked = Step(f"{place}: validate", f"{STEPS}:check_feed", validating, (made,), clean=True)
        words = Describing(self.name, feed.title.ja, self.publisher.name.ja, feed.sample)
        described = Step(
            f"{place}: describe", f"{STEPS}:describe", words, (made, checked), clean=True
        )
        before = self.published / f"{self.name}.zip" if self.published else None
        known = (("published", before),) if before is not None else ()
        compared = Step(
            f"{place}: compare", f"{STEPS}:compare", Comparing(self.name, before),
            (made, checked), known, clean=True,
        )  # fmt: skip
        return made, checked, described, compared

    def _entry(self, facts: dict[str, Any]) -> dict[str, Any]:
        feed = self.feed
        operator = feed.operator
        return {
            "title": self.title,
            "description": feed.description.model_dump() if feed.description else None,
            **feed.described(),
            "operator": {
                "name": operator.name.model_dump(), "id": operator.id, "url": operator.url
            },
            "licence": feed.licence,
            "mode": feed.mode,
            "sample": feed.sample,
            "start_date": feed.period.start.isoformat(),
            "end_date": feed.period.end.isoformat(),
            "version": feed.version or feed.period.start.isoformat(),
        } | facts  # fmt: skip


def _format(file: str, name: str) -> str:
    """Return by which name the manifest lists a file of a feed."""
    known = {
        f"{name}.zip": "gtfs",
        f"{name}.pmtiles": "pmtiles",
        "validation.json": "validation",
        "validation.html": "validation_html",
    }
    return known.get(file, file.rpartition(".")[0])
