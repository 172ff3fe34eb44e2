"""What `tiles:` of a layer declares is what its tileset shows."""

import gzip

import mapbox_vector_tile
import pytest

from pipeline.errors import DeclarationError
from pipeline.findings import has_error
from pipeline.layers.tiling import tile_options
from pipeline.tiling.archive import PMTilesReader, zxy

TOBATA, WAKAMATSU, AIRPORT = (130.8188, 33.9013), (130.8144, 33.9023), (131.0347, 33.8459)
ROWS = [("幹線", *TOBATA), ("支線", *WAKAMATSU), ("幹線", *AIRPORT)]


@pytest.fixture
def shown(project, tmp_path):
    """Build a layer with some `tiles:`; return zoom -> the names in its tiles, and the entry."""

    def of(rows=ROWS, **tiles):
        project.layer("roads", rows=rows, tiles=tiles, outputs=["pmtiles"])
        (job,) = project.jobs(project.load())
        built = project.composed(job, tmp_path)
        names = {}
        if has_error(built.findings):
            return names, built
        with PMTilesReader(tmp_path / "roads.pmtiles") as archive:
            for tile, data in archive.tiles():
                layer = mapbox_vector_tile.decode(gzip.decompress(data))["roads"]
                found = [f["properties"] for f in layer["features"]]
                names.setdefault(zxy(tile)[0], []).extend(found)
        return names, built

    return of


def test_a_class_appears_from_its_zoom_on(shown):
    names, _ = shown(
        minzoom=8, maxzoom=10, filters=[{"field": "name", "values": ["支線"], "minzoom": 10}]
    )
    counted = {zoom: sorted(f["name"] for f in found) for zoom, found in names.items()}
    assert counted[9] == ["幹線", "幹線"]
    assert counted[10].count("支線") >= 1


def test_an_attribute_is_written_at_its_zooms_only(shown):
    names, _ = shown(minzoom=8, maxzoom=9, attribute_zooms={"name": {"minzoom": 9}})
    assert not any("name" in found for found in names[8])
    assert all("name" in found for found in names[9])


def test_points_beyond_the_budget_are_clustered_and_counted(shown):
    crowd = [
        (f"施設 {i} " + "長" * 40, 130.8 + i % 60 / 6e4, 33.9 + i // 60 / 6e4) for i in range(3000)
    ]
    names, built = shown(crowd, minzoom=8, maxzoom=9, budget=10_000, reduce=["cluster"])
    clustered = built.entry["tiling"]["zooms"][0]["causes"]["clustered"]
    assert clustered > 0
    assert len(names[9]) >= 3000  # the last zoom keeps everything
    assert sum(f.get("point_count", 1) for f in names[8]) >= 3000


def test_without_rules_nothing_differs_from_the_engines_defaults(project):
    project.layer("roads", outputs=["pmtiles"])
    tiles = project.load().declaration.layers["roads"].tiles
    options = tile_options("roads", tiles, 0)
    assert (options.minzoom, options.maxzoom, options.tile_bytes) == (0, 14, 500_000)
    assert options.layer("roads").strategies == ()
    assert not options.reduce_last_zoom


@pytest.mark.parametrize(
    ("tiles", "code", "said"),
    [
        ({"rank": "area"}, "tiles-field-unpublished", "area"),
        ({"filters": [{"field": "kind", "values": ["x"]}]}, "tiles-field-unpublished", "kind"),
        ({"reduce": ["rank"]}, "rank-missing", "rank"),
        ({"attribute_zooms": {"name": {"minzoom": 9, "maxzoom": 3}}}, "zooms-reversed", "9"),
        ({"reduce": ["drop"]}, "value-not-allowed", "drop"),
        ({"filter": []}, "key-unknown", "filters"),
    ],
)
def test_rules_that_cannot_be_are_refused_in_words(project, tiles, code, said):
    project.layer("roads", tiles=tiles)
    with pytest.raises(DeclarationError) as refused:
        project.load()
    (found,) = refused.value.findings
    assert found.code == code
    assert said in found.line("en")


def test_a_filter_of_another_type_blocks_the_layer_and_names_field_and_value(shown):
    _, built = shown(minzoom=8, maxzoom=8, filters=[{"field": "name", "values": ["幹線", 3]}])
    (found,) = [f for f in built.findings if f.code == "tiles-value-type"]
    assert has_error(built.findings)
    assert (found.field, found.value) == ("layers.roads.tiles.filters.0 name", "3")
    assert "文字" in found.message_ja


def test_text_can_neither_rank_nor_be_added_up(shown):
    _, built = shown(minzoom=8, maxzoom=9, reduce=["rank", "cluster"], rank="name", sums=["name"])
    wrong = [f.field for f in built.findings if f.code == "tiles-not-numeric"]
    assert wrong == ["layers.roads.tiles.rank name", "layers.roads.tiles.sums name"]


def test_a_filter_on_a_field_no_ledger_fills_hides_nothing(project, tmp_path):
    rule = {"field": "memo", "values": ["x"], "minzoom": 12}
    tiles = {"minzoom": 8, "maxzoom": 8, "filters": [rule]}
    publish = {"publish": ["name", "memo"]}
    fields = {"memo": {"title": {"ja": "備考"}, "type": "string"}}
    project.layer(
        "roads", rows=ROWS, tiles=tiles, privacy=publish, fields=fields, outputs=["pmtiles"]
    )
    (job,) = project.jobs(project.load())
    built = project.composed(job, tmp_path)
    assert built.entry["tiling"]["zooms"][0]["features"] >= 3
