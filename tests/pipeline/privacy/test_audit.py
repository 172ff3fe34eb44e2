"""The audit finds every leak that is planted, and passes a release without one."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from pipeline.privacy.audit.attack_releases import audit
from pipeline.privacy.audit.intervals import narrow
from pipeline.privacy.audit.knowledge import Knowledge, Table
from pipeline.release.store import Store
from tests.pipeline.privacy.test_protect_layers import _houses

BLOCK = {
    (column, row): {"住宅": count}
    for row, counts in enumerate(([3, 25, 12, 30], [18, 40, 15, 22]))
    for column, count in enumerate(counts)
}


def _layer(mesh, **privacy):
    made = {"records": "all", "operation": "zones", "measures": {"count": {"kind": "count"}}}
    if mesh:
        made["mesh"] = mesh
    return {
        "title": {"ja": "棟数"},
        "from": made,
        "privacy": {"publish": [*(["mesh_code"] if mesh else []), "count"]} | privacy,
        "outputs": ["csv", "geojson"] if mesh else ["csv"],
        "changes": "report",
    } | ({} if mesh else {"geometry": "none"})


@pytest.fixture
def city(project):
    project.layer("buildings", rows=_houses(BLOCK))
    ledger = project.declared["layers"].pop("buildings")
    project.declared["records"] = {"all": {"sources": ledger["sources"]}}
    project.declared["layers"]["fine"] = _layer("250m", min_count=10, remedy="suppress")
    return project


def attacked(project):
    store = Store(project.releases.parent)
    releases = {n: (store.folder / n, store.manifest(n)) for n in store.names()}
    return audit(releases, store.current().name)


def codes(project):
    return {f.code for f in attacked(project).findings if f.severity == "error"}


def test_a_release_without_a_leak_passes(city):
    assert not city.build().failed
    found = attacked(city)
    assert found.findings == []
    assert found.hidden >= 2


def _table(layer, cells, **said):
    described = {
        "universe": "records 0", "data": "x", "count": "count", "parts": {}, "same": {}, "per": [],
        "keys": ["mesh_code"], "zones": "mesh", "fewest": 10, "width": 10.0,
    }  # fmt: skip
    frame = pd.DataFrame({"mesh_code": list(cells), "count": list(cells.values())})
    return Table("now", layer, described | said, frame.astype({"count": "Int64"}))


def _told(*tables):
    knowledge = Knowledge()
    for table in tables:
        knowledge.learn(table)
    found = narrow(knowledge)
    return {knowledge.targets[n].row: tuple(round(v, 6) for v in i) for n, i in found.items()}


QUARTERS = {"5030334411": None, "5030334412": 14, "5030334413": 23, "5030334414": None}


def test_quarters_hidden_together_are_wide_enough():
    coarse = _table("coarse", {"503033441": 50}, fewest=0, width=0.0)
    assert _told(_table("fine", QUARTERS), coarse) == {}


def test_a_quarter_hidden_alone_is_computed_from_the_coarser_cell():
    coarse = _table("coarse", {"503033441": 50}, fewest=0, width=0.0)
    found = _told(_table("fine", QUARTERS | {"5030334414": 12}), coarse)
    assert found == {"5030334411": (1, 1)}


def test_two_hidden_in_different_coarser_cells_are_both_computed():
    fine = {"5030334411": None, "5030334412": 14, "5030334421": None, "5030334422": 30}
    coarse = _table("coarse", {"503033441": 15, "503033442": 42}, fewest=0, width=0.0)
    assert _told(_table("fine", fine), coarse) == {"5030334411": (1, 1), "5030334421": (12, 12)}


def test_tables_of_other_records_tell_nothing():
    coarse = _table("coarse", {"503033441": 50}, fewest=0, width=0.0, data="another")
    assert _told(_table("fine", QUARTERS | {"5030334414": 12}), coarse) == {}


def test_members_of_a_group_are_told_by_a_table_that_is_not_merged():
    merged = _table("fine", {"5030334411": None, "5030334412": 24})
    merged.frame["merged_into"] = ["5030334412", None]
    assert _told(merged) == {}
    plain = _table("plain", {"5030334411": 4, "5030334412": 20}, fewest=0, width=0.0)
    assert _told(merged, plain)["5030334411"] == (4, 4)


def test_layers_that_give_each_other_away_are_not_published(city):
    city.declared["layers"]["again"] = _layer("250m", min_count=1)
    result = city.build()
    assert {o.name for o in result.failed} == {"again", "fine"}
    found = [f for o in result.failed for f in o.findings if f.code == "audit-narrow"]
    assert len(found) == 2
    assert all("fine" in place.feature for f in found for place in f.places)


def test_a_layer_that_gives_a_served_one_away_is_not_published_beside_it(city):
    assert not city.build().failed
    city.declared["layers"]["again"] = _layer("250m", min_count=1)
    result = city.build()
    assert [o.name for o in result.failed] == ["again"]
    assert codes(city) == set()


def test_last_months_release_that_shows_a_number_is_told_of(city):
    city.declared["layers"]["fine"]["privacy"]["min_count"] = 2
    assert not city.build().failed
    city.declared["layers"]["fine"]["privacy"]["min_count"] = 10
    result = city.build()
    assert not result.failed
    told = [f for o in result.outcomes for f in o.findings if f.code == "audit-narrow"]
    assert [f.severity for f in told] == ["warning"]
    assert "audit-narrow" in codes(city)
    store = Store(city.releases.parent)
    store.delete(store.names()[0])
    assert codes(city) == set()


def test_a_field_that_is_not_declared_is_found_in_a_file(city):
    assert not city.build().failed
    path = city.releases / (city.releases / "current").readlink() / "layers/fine/fine.geojson"
    data = json.loads(path.read_text("utf-8"))
    data["features"][0]["properties"]["owner"] = "山田太郎"
    path.unlink()
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    found = [f for f in attacked(city).findings if f.code == "audit-field"]
    assert [f.value for f in found] == ["owner"]
    assert "山田" not in found[0].line("ja")


def test_a_missing_file_is_named(city):
    assert not city.build().failed
    (city.releases / (city.releases / "current").readlink() / "layers/fine/fine.csv").unlink()
    assert "audit-file-missing" in codes(city)


def test_a_damaged_table_of_a_kept_release_is_named_and_stops_nobody(city):
    assert not city.build().failed
    kept = (city.releases / "current").readlink()
    path = city.releases / kept / "layers/fine/fine.parquet"
    path.unlink()  # files of releases are shared by link: the next one keeps its own
    path.write_bytes(b"PAR1 spoilt")
    city.declared["layers"]["coarse"] = _layer("", min_count=10, remedy="suppress")
    result = city.build()
    assert not result.failed
    (outcome,) = [o for o in result.outcomes if o.name == "fine"]
    told = [(f.code, f.severity, f.file) for f in outcome.findings]
    assert ("audit-unreadable", "warning", f"{kept}/layers/fine/fine.parquet") in told
    assert "audit-unreadable" in codes(city)
