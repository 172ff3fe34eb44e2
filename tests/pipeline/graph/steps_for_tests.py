"""Steps of our own, in a module that worker processes can import by name."""

import os
import shutil
import signal
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import SourceError
from pipeline.findings import Catalogue
from pipeline.graph.step import Made


@dataclass(frozen=True)
class Says:
    """What a step writes; `ran` gets a byte each time it runs; it may be killed `kills` times."""

    text: str
    ran: Path = field(metadata={"key": False})
    kills: int = 0


def note(options):
    with options.ran.open("ab") as out:
        out.write(b".")
    return options.ran.stat().st_size


def write(work):
    note(work.options)
    before = "".join(entry.path("text").read_text() for entry in work.inputs)
    (work.folder / "text").write_text(before + work.options.text)
    return Made({"length": len(before) + len(work.options.text)})


def names(work):
    """Write one file, called as the text says."""
    out = work.folder / work.options.text
    out.parent.mkdir(exist_ok=True)
    out.write_bytes(bytes(5000))
    return Made()


def dies(work):
    if note(work.options) <= work.options.kills:
        os.kill(os.getpid(), signal.SIGKILL)
    (work.folder / "text").write_text(work.options.text)
    return Made()


def edits(work):
    """Change the ledger named by the text, as a person who saves it meanwhile."""
    Path(work.options.text).write_text("2")
    return Made()


def spoils(work):
    """Take away the folder of the result, as a hand that tidies up too eagerly."""
    note(work.options)
    (work.folder / "text").write_text("x")
    shutil.rmtree(work.folder)
    return Made()


def refuses(work):
    note(work.options)
    raise SourceError([Catalogue.of("pipeline").finding("source-empty", file="a.csv")])


def breaks(work):
    note(work.options)
    raise RuntimeError("no idea")


def finds(work):
    note(work.options)
    (work.folder / "text").write_text("x")
    return Made({}, [Catalogue.of("pipeline").finding("source-empty", file="a.csv")])
