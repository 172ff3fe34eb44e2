"""``layers.yaml`` → :class:`Declaration`, with errors a planner can act on."""

from __future__ import annotations

import difflib
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from pipeline.config.declaration import (
    Declaration,
    circle,
    dangling_references,
    nameless_sources,
)
from pipeline.config.keyboard import meant
from pipeline.config.yamlfile import Document, read_document, slips_at
from pipeline.errors import DeclarationError
from pipeline.findings import Catalogue, Finding

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic_core import ErrorDetails


_KINDS = {
    "int_parsing": "value-not-integer", "int_type": "value-not-integer",
    "int_from_float": "value-not-integer", "int_parsing_size": "value-not-integer",
    "float_parsing": "value-not-number", "float_type": "value-not-number",
    "finite_number": "value-not-number", "bool_parsing": "value-not-boolean",
    "bool_type": "value-not-boolean", "list_type": "value-not-list",
    "tuple_type": "value-not-list", "set_type": "value-not-list",
    "frozen_set_type": "value-not-list", "dict_type": "value-not-mapping",
    "model_type": "value-not-mapping", "model_attributes_type": "value-not-mapping",
    "string_type": "value-not-text", "greater_than_equal": "value-not-in-range",
    "less_than_equal": "value-not-in-range", "greater_than": "value-not-in-range",
    "less_than": "value-not-in-range", "too_short": "value-not-filled",
    "string_too_short": "value-not-filled", "date_type": "value-not-date",
    "date_parsing": "value-not-date", "date_from_datetime_parsing": "value-not-date",
    "date_from_datetime_inexact": "value-not-date",
}  # fmt: skip
"""pydantic's kind of error → our sentence for it."""
_FORMS = frozenset({*_KINDS.values(), "value-not-allowed", "name-wrong", "value-wrong"})
_BOUNDS = {
    "ge": ("{} 以上", "at least {}"),
    "gt": ("{} より大きい", "above {}"),
    "le": ("{} 以下", "at most {}"),
    "lt": ("{} 未満", "below {}"),
}


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
        details = _causes(error.errors())
        findings = _mistyped_keys(details, document) or [_explain(d, document) for d in details]
        raise DeclarationError(_without_repeats(findings)) from error
    dangling = [
        _finding("reference-dangling", document, loc, value=name, kind=kind, known=", ".join(known))
        for loc, kind, name, known in dangling_references(declaration)
    ]
    for name, map_ in declaration.maps.items():
        for at, part in enumerate(map_.layers):
            layer = declaration.layers.get(part)
            if layer is not None and layer.geometry == "none":
                place = ("maps", name, "layers", at)
                dangling.append(_finding("table-on-map", document, place, value=part))
    dangling += [
        _finding("source-without-municipality", document, loc, known=", ".join(known))
        for loc, known in nameless_sources(declaration)
    ]
    ring = circle(declaration)
    if ring:
        said = " → ".join(".".join(key) for key in [*ring, ring[0]])
        dangling.append(_finding("from-circle", document, (*ring[0], "from"), value=said))
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


def _mistyped_keys(details: list[ErrorDetails], document: Document) -> list[Finding]:
    """Find keys that swallowed a full-width sign; the other errors may follow from them."""
    return [
        finding
        for detail in details
        if detail["type"] == "extra_forbidden"
        and meant(str(detail["loc"][-1])) != detail["loc"][-1]
        for finding in slips_at(
            document, (*_within(document.data, detail["loc"][:-1]), detail["loc"][-1])
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
    code = _code(detail)
    if code in _FORMS and isinstance(value, str) and meant(value) != value:
        return _finding("value-wide", document, loc, value=value, meant=meant(value))
    details = {"value": shown, "reason": detail["msg"]} | detail.get("ctx", {})
    return _finding(code, document, loc, **details | _bounds(details))


def _bounds(details: dict[str, Any]) -> dict[str, str]:
    """Say in words between which bounds a value must lie."""
    words = [
        (ja.format(details[key]), en.format(details[key]))
        for key, (ja, en) in _BOUNDS.items()
        if details.get(key) is not None
    ]
    ja, en = zip(*words, strict=True) if words else ((), ())
    return {"bound_ja": "、".join(ja), "bound_en": " and ".join(en)}


def _code(detail: ErrorDetails) -> str:
    """Return the sentence that explains an error of pydantic to a planner."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "string_type" and isinstance(detail["input"], int | float):
        return "value-needs-quotes"
    if kind in ("literal_error", "enum"):
        return "value-not-allowed"
    if kind == "string_pattern_mismatch" and str(context["pattern"]).startswith("^[a-z]"):
        return "name-wrong"
    if kind in _KINDS:
        return _KINDS[kind]
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
    close = difflib.get_close_matches(meant(str(loc[-1])), known, n=1, cutoff=0.5)
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
