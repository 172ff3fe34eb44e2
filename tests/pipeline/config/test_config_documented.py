"""What is written about layers.yaml agrees with what reads it."""

import json
import re
import types
from typing import Annotated, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from pipeline.config.declaration import Declaration
from pipeline.config.load import load
from pipeline.config.schema import schema_text


def models(kind, seen):
    """Collect every model reachable from an annotation."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if kind not in seen:
            seen.append(kind)
            for info in kind.model_fields.values():
                models(info.annotation, seen)
    elif get_origin(kind) in (Union, types.UnionType, Annotated, tuple, list, dict):
        for part in get_args(kind):
            models(part, seen)
    return seen


KEYS = sorted(
    {
        (model.__name__, info.alias or name)
        for model in models(Declaration, [])
        for name, info in model.model_fields.items()
    }
)


def test_the_committed_json_schema_is_the_one_the_models_make(root):
    committed = (root / "docs" / "layers.schema.json").read_text(encoding="utf-8")
    assert committed == schema_text(), "run: make schema"


def test_the_json_schema_refuses_unknown_keys_everywhere():
    schema = json.loads(schema_text())
    objects = [d for d in schema["$defs"].values() if d.get("type") == "object"]
    assert len(objects) > 10
    assert all(d["additionalProperties"] is False for d in objects)


@pytest.mark.parametrize(("model", "key"), KEYS)
def test_every_key_is_in_the_planners_guide(root, model, key):
    guide = (root / "docs" / "planner.md").read_text(encoding="utf-8")
    assert re.search(rf"`{re.escape(key)}:?`|\b{re.escape(key)}:", guide), f"{model}.{key}"


def test_the_sample_declaration_is_sound(root):
    assert load(root / "layers.yaml").declaration.sample
