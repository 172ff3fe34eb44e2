"""What may not be published any more is not published any more."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from pipeline.config.load import load
from pipeline.errors import ReleaseError
from pipeline.layers.job import LayerJob
from pipeline.layers.plan import Planner
from pipeline.progress import silent
from pipeline.release.store import Store
from pipeline.run import build

if TYPE_CHECKING:
    from pathlib import Path

DECLARATION = """
publisher: {{name: {{ja: 北九州市}}, code: "401005", licence: CC-BY-4.0}}
municipalities: {{k: {{code: "401005", name: {{ja: 北九州市}}}}}}
layers:
  toilets:
    title: {{ja: トイレ}}
    {id}
    sources:
      - municipality: k
        path: a.csv
        geometry: {{x: x, y: y, crs: EPSG:6668}}
        fields: {{name: name, phone: phone}}
      {more}
    privacy: {{publish: [{publish}], about: public_facilities}}
    outputs: [geojson]
"""


def publish(folder: Path, fields: str, *, row: str = "駅,093-1,130.8,33.9", **parts: str):
    (folder / "a.csv").write_text(f"name,phone,x,y\n{row}\n", encoding="utf-8")
    text = DECLARATION.format(publish=fields, **({"id": "", "more": ""} | parts))
    (folder / "layers.yaml").write_text(text, encoding="utf-8")
    loaded = load(folder / "layers.yaml")
    jobs = [LayerJob("toilets", loaded.declaration, Planner(loaded.declaration, loaded.root))]
    return build(loaded.declaration, jobs, folder / "data", silent)


def test_a_failed_layer_is_not_kept_when_a_field_of_it_has_been_withheld(tmp_path):
    publish(tmp_path, "name, phone")
    result = publish(tmp_path, "name", row="駅,093-1,30.8,133.9")
    outcome = result.outcomes[0]
    assert outcome.status == "failed"
    assert outcome.artefacts == {}
    errors = [f.code for f in outcome.findings if f.severity == "error"]
    assert errors == ["coordinate-outside", "withheld-now"]


def test_a_failed_layer_is_kept_while_its_fields_may_be_published(tmp_path):
    publish(tmp_path, "name")
    result = publish(tmp_path, "name, phone", row="駅,093-1,30.8,133.9")
    assert result.outcomes[0].status == "kept"


def test_an_id_is_never_made_from_a_field_that_stays_in_the_city(tmp_path):
    result = publish(tmp_path, "name", id="id: [phone]")
    assert [f.code for f in result.outcomes[0].findings if f.severity == "error"] == ["id-withheld"]


def test_a_type_nobody_declared_fits_the_values_of_all_sources(tmp_path):
    whole = {"name": "a", "phone": 10, "x": 130.8, "y": 33.9}
    for file, value in (("b", 10), ("c", 12.5)):
        feature = {
            "type": "Feature",
            "properties": whole | {"phone": value},
            "geometry": {"type": "Point", "coordinates": [130.8, 33.9]},
        }
        text = json.dumps({"type": "FeatureCollection", "features": [feature]})
        (tmp_path / f"{file}.geojson").write_text(text, encoding="utf-8")
    text = DECLARATION.format(publish="name, phone", id="", more="")
    table = text[text.index("      - municipality") : text.index("    privacy")]
    sources = "".join(
        f"      - {{municipality: k, path: {f}.geojson, fields: {{name: name, phone: phone}}}}\n"
        for f in "bc"
    )
    (tmp_path / "layers.yaml").write_text(text.replace(table, sources), encoding="utf-8")
    loaded = load(tmp_path / "layers.yaml")
    jobs = [LayerJob("toilets", loaded.declaration, Planner(loaded.declaration, loaded.root))]
    build(loaded.declaration, jobs, tmp_path / "data", silent)
    written = tmp_path / "data/releases/current/layers/toilets/toilets.geojson"
    features = json.loads(written.read_text(encoding="utf-8"))["features"]
    assert [f["properties"]["phone"] for f in features] == [10, 12.5]


def test_a_release_published_by_mistake_can_be_deleted_but_not_while_it_is_served(tmp_path):
    first = publish(tmp_path, "name").release
    second = publish(tmp_path, "name, phone").release
    store = Store(tmp_path / "data")
    with pytest.raises(ReleaseError, match="being served"):
        store.delete(second)
    store.rollback()
    store.delete(second)
    assert store.names() == [first]


def test_a_damaged_previous_release_does_not_stop_the_next_build(tmp_path):
    publish(tmp_path, "name")
    (tmp_path / "data/releases/current/manifest.json").write_text("{", encoding="utf-8")
    assert publish(tmp_path, "name, phone").published


def test_a_layer_whose_files_vanished_from_the_previous_release_is_built_again(tmp_path):
    publish(tmp_path, "name")
    shutil.rmtree(tmp_path / "data/releases/current/layers/toilets")
    result = publish(tmp_path, "name")
    assert result.outcomes[0].status == "built"
