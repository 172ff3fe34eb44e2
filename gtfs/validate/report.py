"""A validation as a document: JSON for programs, HTML for the planner."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import jinja2
import orjson

from gtfs.validate.rules import tools

if TYPE_CHECKING:
    from gtfs.validate.run import Validation

FORMAT = 1
"""Raised when a reader of ``validation.json`` would have to change."""


def validation_json(validation: Validation) -> bytes:
    """Return a validation as JSON: the same feed and day give the same bytes."""
    document = {
        "format": FORMAT,
        "feed": validation.name,
        "date": validation.on.isoformat(),
        "tools": validation.tools,
        "follows": {tool.name: tool.en for tool in tools() if tool.name in validation.tools},
        "absent": validation.absent,
        "failed": validation.failed,
        "counts": validation.counts(),
        "notices": [notice.as_dict() for notice in validation.notices],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


def validation_html(validation: Validation) -> str:
    """Return a validation as one page in Japanese and English, without scripts or other files."""
    return _template().render(
        validation=validation,
        counts=validation.counts(),
        tools=tools(),
        open=[n for n in validation.notices if not n.allowed_ja],
        allowed=[n for n in validation.notices if n.allowed_ja],
        severities={
            "error": ("エラー", "error"),
            "warning": ("注意", "warning"),
            "info": ("参考", "note"),
        },
    )


@cache
def _template() -> jinja2.Template:
    loader = jinja2.PackageLoader("gtfs.validate", package_path="")
    environment = jinja2.Environment(
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("report.html.j2")
