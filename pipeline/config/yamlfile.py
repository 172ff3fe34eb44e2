"""YAML with the line of every key, and with ``include``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarint import ScalarInt

from pipeline.config.bounds import require_bounded
from pipeline.config.includes import own_part, shared_sources
from pipeline.config.keyboard import Slip, slips
from pipeline.errors import DeclarationError
from pipeline.findings import Catalogue, Finding

if TYPE_CHECKING:
    from pathlib import Path

Loc = tuple[str | int, ...]
_PROBLEMS = {
    "mapping values are not allowed": "yaml-colon-inside",
    "found duplicate key": "yaml-key-twice",
    "found unexpected end of stream": "yaml-unclosed",
    "expected ',' or": "yaml-unclosed",
    "did not find expected": "yaml-indent",
    "expected <block end>": "yaml-indent",
    "could not find expected ':'": "yaml-colon-missing",
    "cannot start any token": "yaml-sign-first",
}
"""What the parser says → the sentence a planner can act on."""
SECTIONS = ("municipalities", "records", "layers", "rasters", "feeds", "maps", "neighbours")


@dataclass
class Document:
    """Plain data of one or more merged YAML files and where each part was written.

    Attributes
    ----------
    data
        Dictionaries, lists and scalars only.
    places
        ``{path of keys and indices: (file as named by the user, line from 1)}``.
    files
        The files read, the main one first.
    lines
        ``{file as named by the user: its lines}``.
    """

    data: dict[str, Any]
    places: dict[Loc, tuple[str, int]] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    lines: dict[str, list[str]] = field(default_factory=dict)

    def place(self, loc: Loc) -> tuple[str, int]:
        """Return file and line of `loc`, or of the nearest part that encloses it."""
        while loc not in self.places and loc:
            loc = loc[:-1]
        return self.places.get(loc, (str(self.files[0]), 1))


def read_document(path: Path, shown: str = "") -> Document:
    """Read a YAML file and the files it includes.

    Parameters
    ----------
    path
        The main file; ``include`` is resolved from its folder.
    shown
        How messages name the file; `path` unless given.

    Raises
    ------
    DeclarationError
        If a file is missing, is not YAML, is not a mapping, or declares a name a second time.
    """
    document = _read_one(path, shown or str(path))
    for entry in _as_list(document.data.get("include")):
        if isinstance(entry, dict):
            _merge_own(document, entry, path.parent)
        else:
            _merge(document, _read_one(path.parent / str(entry), str(entry)))
    # A section whose entries are all commented out reads as null: it is empty.
    document.data = {k: v for k, v in document.data.items() if v is not None or k not in SECTIONS}
    return document


def _merge_own(document: Document, entry: dict[str, Any], root: Path) -> None:
    """Merge a file that one municipality keeps; what it lacks the declaration's models say."""
    path, municipality = entry.get("path"), entry.get("municipality")
    if not isinstance(path, str) or not isinstance(municipality, str):
        return
    part = _read_one(root / path, path)
    refused = own_part(part, municipality, root) or shared_sources(document, part)
    if refused:
        raise DeclarationError(refused)
    _merge(document, part)


def _as_list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


def _read_one(path: Path, shown: str) -> Document:
    catalogue = Catalogue.of("pipeline.config")
    try:
        text = path.read_text(encoding="utf-8-sig")
        require_bounded(text, shown)
        node = YAML(typ="rt").load(text)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise DeclarationError([catalogue.finding("declaration-missing", file=shown)]) from error
    except UnicodeDecodeError as error:
        raise DeclarationError([catalogue.finding("yaml-not-utf8", file=shown)]) from error
    except YAMLError as error:
        raise DeclarationError(_unreadable(error, text, shown)) from error
    if not isinstance(node, CommentedMap):
        raise DeclarationError([catalogue.finding("yaml-not-mapping", file=shown, row=1)])
    document = Document({}, {(): (shown, 1)}, [path], {shown: text.splitlines()})
    document.data = _plain(node, (), shown, document.places)
    return document


def _unreadable(error: YAMLError, text: str, shown: str) -> list[Finding]:
    """Say what a planner typed where the parser stopped, else what the parser says."""
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark else None
    lines = text.splitlines()
    found = [_sign(slip, lines, shown) for slip in slips(lines, line)]
    if found:
        return found
    problem = str(getattr(error, "problem", None) or "")
    code = next((code for words, code in _PROBLEMS.items() if words in problem), "yaml-broken")
    context = getattr(error, "context_mark", None)
    if code in ("yaml-key-twice", "yaml-unclosed") and context:
        line = context.line + 1 if code == "yaml-unclosed" else line
    told = lines[line - 1].strip() if line and line <= len(lines) else ""
    reason = problem or type(error).__name__
    return [
        Catalogue.of("pipeline.config").finding(
            code, file=shown, row=line, value=told, reason=reason
        )
    ]


def _sign(slip: Slip, lines: list[str], shown: str) -> Finding:
    return Catalogue.of("pipeline.config").finding(
        "yaml-sign",
        file=shown,
        row=slip.line,
        value=lines[slip.line - 1].strip(),
        column=slip.column,
        name_ja=slip.name[0],
        name_en=slip.name[1],
        right_ja=slip.remedy[0],
        right_en=slip.remedy[1],
    )


def slips_at(document: Document, loc: Loc) -> list[Finding]:
    """Say which signs in the line of `loc` cannot have been meant."""
    shown, line = document.place(loc)
    lines = document.lines[shown]
    return [_sign(slip, lines, shown) for slip in slips(lines, line) if slip.line == line]


def _plain(node: Any, loc: Loc, shown: str, places: dict[Loc, tuple[str, int]]) -> Any:
    if isinstance(node, CommentedMap):
        for key in node:
            # A key that came by a merge (<<) has no line of its own here.
            written = node.lc.data and key in node.lc.data
            line = node.lc.key(key)[0] if written else node.lc.line
            places[(*loc, key)] = (shown, line + 1)
        return {key: _plain(node[key], (*loc, key), shown, places) for key in node}
    if isinstance(node, CommentedSeq):
        for index in range(len(node)):
            places[(*loc, index)] = (shown, node.lc.item(index)[0] + 1)
        return [_plain(item, (*loc, i), shown, places) for i, item in enumerate(node)]
    if isinstance(node, ScalarInt) and _zero_padded(node):
        # 012025 is a code that lost its quotes, not the number 12025: keep it readable.
        return PaddedInt(node, _width_of(node))
    # Scalars of the round-trip loader are subclasses that remember their spelling.
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


class PaddedInt(int):
    """A number written with leading zeros, which its text keeps."""

    def __new__(cls, value: int, width: int) -> PaddedInt:
        """Remember how many digits were written."""
        made = super().__new__(cls, value)
        made.width = width
        return made

    width: int

    def __str__(self) -> str:
        """Return the digits as written."""
        return f"{int(self):0{self.width}d}"


def _zero_padded(node: ScalarInt) -> bool:
    return len(str(int(node))) < _width_of(node)


def _width_of(node: ScalarInt) -> int:
    return getattr(node, "_width", None) or 0


def _merge(document: Document, part: Document) -> None:
    catalogue = Catalogue.of("pipeline.config")
    shown = part.places[()][0]
    twice = []
    for section, entries in part.data.items():
        if section not in SECTIONS or not isinstance(entries, dict):
            twice.append(_unknown_section(document, part, section))
            continue
        target = document.data.get(section) or {}
        document.data[section] = target
        for name, entry in entries.items():
            if name in target:
                other = document.place((section, name))[0]
                twice.append(
                    catalogue.finding(
                        "key-twice",
                        file=shown,
                        row=part.place((section, name))[1],
                        key=f"{section}.{name}",
                        other=other,
                    )
                )
            target[name] = entry
    if twice:
        raise DeclarationError(twice)
    document.places.update({loc: at for loc, at in part.places.items() if loc})
    document.files += part.files
    document.lines |= part.lines


def _unknown_section(document: Document, part: Document, section: str) -> Any:
    shown, line = part.place((section,))
    listed = ", ".join(SECTIONS)
    return Catalogue.of("pipeline.config").finding(
        "key-unknown",
        file=shown,
        row=line,
        key=section,
        nearest_ja=f"include されるファイルに書けるのは {listed} です。",
        nearest_en=f"An included file may hold {listed}.",
    )
