"""JSON Schema of ``layers.yaml``, so that editors complete and check it.

``python -m pipeline.config.schema`` writes ``docs/layers.schema.json``.
"""

from __future__ import annotations

import json
from pathlib import Path

from pipeline.config.declaration import Declaration

PATH = Path("docs/layers.schema.json")


def schema_text() -> str:
    """Return the JSON Schema (draft 2020-12) as the text of the committed file."""
    schema = Declaration.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "layers.yaml of Tonari"
    return json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    PATH.write_text(schema_text(), encoding="utf-8")
