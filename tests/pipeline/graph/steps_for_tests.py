"""Steps of our own, in a module that worker processes can import by name."""

import contextlib
import os
import shutil
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import SourceError, TonariError
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


def tells(work):
    """Say how far it is, and do what it is for."""
    for done in range(3):
        work.progress("telling", done, 3)
    return write(work)


def deaf(work):
    """Close every pipe and socket of its process: no answer can be sent from here."""
    if note(work.options) <= work.options.kills:
        # Not closed but turned to a full disk, so that writing to them raises an OSError.
        with Path("/dev/full").open("wb") as full:
            for path in list(Path("/proc/self/fd").iterdir()):
                with contextlib.suppress(FileNotFoundError):  # what listed them is closed again
                    if str(path.readlink()).startswith("socket:"):
                        os.dup2(full.fileno(), int(path.name))
    (work.folder / "text").write_text(work.options.text)
    return Made()


class TwoWordsError(TonariError):
    """An error that pickle takes and cannot give back."""

    stops_the_build = True

    def __init__(self, first, second):
        super().__init__(f"{first} {second}")


def baffles(work):
    note(work.options)
    raise TwoWordsError("no", "idea")


def fills(work):
    """Write more than the disk of the cache takes."""
    note(work.options)
    (work.folder / "text").write_bytes(bytes(8 << 20))
    return Made()


def sleeps(work):
    time.sleep(600)
