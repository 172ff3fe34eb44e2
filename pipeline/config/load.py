"""``layers.yaml`` → :class:`Declaration`, with errors a planner can act on."""

from __future__ import annotations

import difflib
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from pipeline.config.declaration import Declaration, dangling_references
from pipeline.config.yamlfile import Document, read_document
from pipeline.errors import DeclarationError
from pipeline.findings import Catalogue, Finding

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic_core import ErrorDetails


@dataclass(frozen=True)
class Loaded:
    """A declaration and what stands behind it.

    Attributes
    ----------
    declaration
        The frozen objects.
    root
        Folder that relative paths of the declaration start from.
    document
        The YAML with the line of every key, for messages.
    """

    declaration: Declaration
    root: Path
    document: Document


def load(path: Path) -> Loaded:
    """Read, merge and validate the declaration.

    Raises
    ------
    DeclarationError
        With one finding per problem, each naming file, line, key and remedy.
    """
    document = read_document(path)
    try:
        declaration = Declaration.model_validate(document.data)
    except ValidationError as error:
        findings = [_explain(detail, document) for detail in _causes(error.errors())]
        raise DeclarationError(_without_repeats(findings)) from error
    dangling = [
        _finding("reference-dangling", document, loc, value=name, kind=kind, known=", ".join(known))
        for loc, kind, name, known in dangling_references(declaration)
    ]
    if dangling:
        raise DeclarationError(dangling)
    return Loaded(declaration, path.resolve().parent, document)


def _causes(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Leave out lists called too short only because what is in them is wrong."""
    places = [detail["loc"] for detail in details]
    return [
        detail
        for detail in details
        if detail["type"] != "too_short"
        or not any(
            loc != detail["loc"] and loc[: len(detail["loc"])] == detail["loc"] for loc in places
        )
    ]


def _finding(code: str, document: Document, loc: tuple[str | int, ...], **details: Any) -> Finding:
    file, line = document.place(loc)
    if code == "key-unknown":
        loc = loc[:-1]
    shown = ".".join(str(part) for part in loc)
    return Catalogue.of("pipeline.config").finding(
        code, file=file, row=line, field=shown, **details
    )


def _explain(detail: ErrorDetails, document: Document) -> Finding:
    kind, value = detail["type"], detail["input"]
    loc = _within(document.data, detail["loc"])
    shown = value if isinstance(value, str | int | float) else ""
    if kind == "extra_forbidden":
        *above, key = detail["loc"]
        loc = (*_within(document.data, tuple(above)), key)
        return _finding("key-unknown", document, loc, **_nearest(tuple(detail["loc"])), key=key)
    if kind == "missing":
        return _finding("key-missing", document, loc, key=detail["loc"][-1])
    details = {"value": shown, "reason": detail["msg"]} | detail.get("ctx", {})
    return _finding(_code(detail), document, loc, **details)


def _code(detail: ErrorDetails) -> str:
    """Return the sentence that explains an error of pydantic to a planner."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "string_type" and isinstance(detail["input"], int | float):
        return "value-needs-quotes"
    if kind in ("literal_error", "enum"):
        return "value-not-allowed"
    if kind == "string_pattern_mismatch" and str(context["pattern"]).startswith("^[a-z]"):
        return "name-wrong"
    return kind if kind in Catalogue.of("pipeline.config").entries else "value-wrong"


def _within(data: Any, loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Keep of pydantic's location what exists in the file: it adds names of union members."""
    kept: list[str | int] = []
    for part in loc:
        known = isinstance(data, dict) and part in data
        known = known or (isinstance(data, list) and isinstance(part, int) and part < len(data))
        if known:
            data = data[part]
            kept.append(part)
    return tuple(kept)


def _without_repeats(findings: list[Finding]) -> list[Finding]:
    return list(dict.fromkeys(findings))


def _nearest(loc: tuple[str | int, ...]) -> dict[str, str]:
    known = _known_keys(loc[:-1])
    close = difflib.get_close_matches(str(loc[-1]), known, n=1, cutoff=0.5)
    if close:
        return {
            "nearest_ja": f"「{close[0]}」の間違いではありませんか。",
            "nearest_en": f"Did you mean '{close[0]}'?",
        }
    listed = ", ".join(known)
    return {"nearest_ja": f"ここで使える項目: {listed}", "nearest_en": f"Keys known here: {listed}"}


def _known_keys(loc: tuple[str | int, ...]) -> list[str]:
    kinds: list[Any] = [Declaration]
    for part in loc:
        models = [kind for kind in kinds if _is_model(kind)]
        kinds = [
            member for kind in kinds if not _is_model(kind) for member in _value_types(kind)
        ] + [
            member
            for model in models
            for name, info in model.model_fields.items()
            if part in (name, info.alias)
            for member in _members(info.annotation)
        ]
        # Pydantic names the member of a tagged union between the keys: it is no key itself.
        kinds = kinds or [model for model in models if _has_tag(model, part)]
    keys = [
        info.alias or name
        for kind in kinds
        if _is_model(kind)
        for name, info in kind.model_fields.items()
    ]
    return list(dict.fromkeys(keys))


def _has_tag(model: type[BaseModel], tag: object) -> bool:
    return any(tag in get_args(info.annotation) for info in model.model_fields.values())


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _members(annotation: Any) -> list[Any]:
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return [member for arg in get_args(annotation) for member in _members(arg)]
    if origin is Annotated:
        return _members(get_args(annotation)[0])
    return [annotation]


def _value_types(annotation: Any) -> list[Any]:
    """Return what a dictionary or tuple of this annotation holds."""
    arguments = [arg for arg in get_args(annotation) if arg is not Ellipsis]
    return _members(arguments[-1]) if arguments else []
