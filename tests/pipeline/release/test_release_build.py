"""A build: what succeeds is published, what fails keeps its last good version and is said."""

import hashlib
import json
from html.parser import HTMLParser

import pytest

from pipeline.errors import TonariError, UndeclaredError
from pipeline.jobs import Built, Needs
from pipeline.run import check

TOBATA = (130.818836, 33.901292)
OUTSIDE = [("海の外", 0.0, 0.0)]


def ledger_of(*rows):
    return "".join(f"{r[0]},{r[1]},{r[2]}\n" for r in [("名称", "経度", "緯度"), *rows])


def rewrite(project, name, *rows):
    project.ledger(name).write_text(ledger_of(*rows), encoding="cp932")


def current(project, *parts):
    return project.releases.joinpath("current", *parts)


def manifest(project):
    return json.loads(current(project, "manifest.json").read_text(encoding="utf-8"))


def sources_told(project):
    """Return what the office's manifest says of the ledgers: their checksums stay inside."""
    told = json.loads((project.office() / "manifest.json").read_text(encoding="utf-8"))
    return told["layers"]["parks"]["sources"]


def statuses(result):
    return {outcome.name: outcome.status for outcome in result.outcomes}


def whole(project):
    """Tell that every artefact of the served release has the bytes its manifest says."""
    for record in manifest(project)["artefacts"]:
        raw = current(project, record["path"]).read_bytes()
        assert len(raw) == record["bytes"]
        assert hashlib.sha256(raw).hexdigest() == record["sha256"]
    return True


@pytest.fixture
def two(project):
    """Build a first release of two layers."""
    project.layer("parks").layer("shelters", rows=[("一枝小学校", 130.84, 33.88)])
    assert not project.build().failed
    return project


def test_a_first_build_publishes_everything_declared(two):
    assert whole(two)
    found = manifest(two)
    assert list(found["layers"]) == ["parks", "shelters"]
    assert found["release"] == current(two).readlink().name
    assert {entry["status"] for entry in found["layers"].values()} == {"built"}
    assert {entry["built_in"] for entry in found["layers"].values()} == {found["release"]}


def test_the_manifest_lists_every_artefact_of_every_layer(two):
    found = manifest(two)
    listed = {record["path"] for record in found["artefacts"]}
    declared = {p for entry in found["layers"].values() for p in entry["artefacts"].values()}
    assert declared == listed
    on_disk = {
        p.relative_to(current(two).resolve()).as_posix()
        for p in current(two).resolve().rglob("*")
        if p.is_file()
    }
    assert on_disk == listed | {"manifest.json", "findings.json", "findings.csv", "report.html"}


def test_nothing_changed_publishes_nothing(two):
    before = manifest(two)["release"]
    result = two.build()
    assert (result.release, result.published) == (before, False)
    assert statuses(result) == {"parks": "linked", "shelters": "linked"}
    assert len([p for p in two.releases.iterdir() if p.name.startswith("2")]) == 1


def test_a_ledger_saved_again_is_a_new_release_whose_office_knows_what_it_was_made_from(two):
    before, told = manifest(two), sources_told(two)
    two.ledger("parks").write_bytes(two.ledger("parks").read_bytes() + b"\n")
    assert two.build().published
    after = manifest(two)
    assert after["artefacts"] == before["artefacts"]
    assert sources_told(two) != told
    assert not two.build().published


def test_an_unchanged_layer_is_the_same_file_on_disk(two):
    before = current(two, "layers/parks/parks.csv").stat().st_ino
    rewrite(two, "shelters", ("若松小学校", 130.81, 33.90))
    result = two.build()
    assert statuses(result) == {"parks": "linked", "shelters": "built"}
    assert current(two, "layers/parks/parks.csv").stat().st_ino == before
    assert whole(two)


def test_a_linked_layer_keeps_the_release_and_time_it_was_built_in(two):
    first = manifest(two)
    rewrite(two, "shelters", ("若松小学校", 130.81, 33.90))
    two.build()
    second = manifest(two)
    for part in ("built_in", "modified", "key", "features", "sources"):
        assert second["layers"]["parks"][part] == first["layers"]["parks"][part]
    assert second["layers"]["shelters"]["built_in"] == second["release"]


def test_a_failing_layer_keeps_its_last_good_version(two):
    good = current(two, "layers/parks/parks.geojson").read_bytes()
    rewrite(two, "parks", *OUTSIDE)
    rewrite(two, "shelters", ("若松小学校", 130.81, 33.90))
    result = two.build()
    assert [o.name for o in result.failed] == ["parks"]
    assert statuses(result) == {"parks": "kept", "shelters": "built"}
    assert current(two, "layers/parks/parks.geojson").read_bytes() == good
    entry = manifest(two)["layers"]["parks"]
    assert (entry["status"], entry["features"], entry["findings"]["error"]) == ("kept", 1, 1)
    assert whole(two)


def test_a_layer_that_never_succeeded_has_no_artefacts(two):
    two.layer("broken", rows=OUTSIDE)
    result = two.build()
    assert statuses(result)["broken"] == "failed"
    entry = manifest(two)["layers"]["broken"]
    assert (entry["status"], entry["artefacts"], entry["built_in"]) == ("failed", {}, "")
    assert not current(two, "layers/broken").exists()


def test_a_first_build_in_which_all_fails_publishes_nothing(project):
    result = project.layer("parks", rows=OUTSIDE).build()
    assert (result.release, result.published) == ("", False)
    assert [o.status for o in result.outcomes] == ["failed"]
    assert not current(project).exists()


def test_a_layer_that_is_put_right_again_leaves_its_errors_behind(two):
    """The kept content has the key of the good ledger; its findings are those of the bad one."""
    good = two.ledger("parks").read_bytes()
    rewrite(two, "parks", *OUTSIDE)
    two.build()
    two.ledger("parks").write_bytes(good)
    result = two.build()
    assert result.published
    assert not result.failed
    assert manifest(two)["layers"]["parks"]["findings"]["error"] == 0


def test_only_builds_what_is_named_and_takes_the_rest_over(two):
    rewrite(two, "parks", ("新公園", *TOBATA))
    rewrite(two, "shelters", *OUTSIDE)
    result = two.build("parks")
    assert statuses(result) == {"parks": "built", "shelters": "linked"}
    assert not result.failed


def test_only_does_not_call_a_failed_layer_unchanged(two):
    rewrite(two, "shelters", *OUTSIDE)
    two.build()
    rewrite(two, "parks", ("新公園", *TOBATA))
    result = two.build("parks")
    assert statuses(result) == {"parks": "built", "shelters": "kept"}
    assert not result.failed
    assert manifest(two)["layers"]["shelters"]["findings"]["error"] == 1


def test_only_refuses_a_name_that_is_not_declared(two):
    with pytest.raises(UndeclaredError, match="'praks' is not declared; layers and feeds: parks"):
        two.build("praks")


def test_a_layer_no_longer_declared_is_gone_and_the_report_says_so(two):
    del two.declared["layers"]["shelters"]
    two.build()
    assert list(manifest(two)["layers"]) == ["parks"]
    assert "layers.shelters" in current(two, "report.html").read_text(encoding="utf-8")


def test_two_releases_within_a_second_keep_their_order(two):
    names = [manifest(two)["release"]]
    for number in range(3):
        rewrite(two, "parks", (f"公園{number}", *TOBATA))
        names.append(two.build().release)
    assert names == sorted(set(names))


def test_building_again_after_rolling_back_makes_a_release_of_its_own(two):
    from pipeline.release.store import Store

    rewrite(two, "parks", ("新公園", *TOBATA))
    second = two.build().release
    Store(two.data).rollback()
    again = two.build()
    assert again.published
    assert again.release > second
    assert whole(two)


def test_a_map_shows_only_what_is_served(two):
    two.layer("broken", rows=OUTSIDE)
    two.declared["maps"] = {
        "m": {"title": {"ja": "図"}, "layers": ["parks", "broken"], "center": [130.8, 33.9]}
    }
    two.build()
    assert manifest(two)["maps"]["m"]["layers"] == ["parks"]


# ---- jobs that break


class Broken:
    """A job of our own that breaks in a way nobody foresaw."""

    kind = "layers"

    def __init__(self, name, error, where="compose"):
        self.name, self.error, self.where = name, error, where
        self.title = {"ja": "壊れた仕事", "en": "Broken"}

    def _maybe(self, where):
        if self.where == where:
            raise self.error

    def key(self, keys):
        self._maybe("key")
        return "k"

    def may_serve(self, entry):
        return True

    def needs(self, *, check):
        self._maybe("needs")
        return Needs((), ())

    def findings(self, results):
        self._maybe("findings")
        return Built()

    def compose(self, results, folder):
        (folder / "half.csv").write_text("half")
        self._maybe("compose")
        if self.where == "key":
            raise self.error
        return Built({"title": self.title}, {}, [])


@pytest.mark.parametrize("error", [RuntimeError("no <b>memory</b>\nleft"), TonariError("stopped")])
@pytest.mark.parametrize("where", ["needs", "compose", "key"])
def test_a_crash_stays_one_finding_and_the_rest_is_published(project, error, where):
    loaded = project.layer("parks").load()
    result = project.build(jobs=[Broken("broken", error, where), *project.jobs(loaded)])
    assert statuses(result) == {"broken": "failed", "parks": "built"}
    (finding,) = result.failed[0].findings
    assert (finding.code, finding.field) == ("layer-crashed", "layers.broken")
    assert "\n" not in finding.line("ja")
    assert not current(project, "layers/broken").exists()
    assert "<b>" not in current(project, "report.html").read_text(encoding="utf-8")


def test_interrupting_a_build_leaves_the_served_release_and_no_staging(two):
    before = manifest(two)["release"]
    rewrite(two, "parks", ("新公園", *TOBATA))
    with pytest.raises(KeyboardInterrupt):
        two.build(jobs=[*two.jobs(two.load()), Broken("broken", KeyboardInterrupt())])
    assert manifest(two)["release"] == before
    assert list(two.releases.glob(".staging-*")) == []


def test_checking_goes_on_past_a_job_that_breaks(project):
    jobs = project.jobs(project.layer("parks", rows=OUTSIDE).load())
    broken = Broken("broken", RuntimeError("x"), "findings")
    outcomes = check([broken, *jobs], project.data, lambda *_: None)
    findings = [f for outcome in outcomes for f in outcome.findings]
    assert [f.code for f in findings] == ["layer-crashed", "coordinate-outside"]


# ---- records


def test_findings_and_report_agree_with_the_outcomes(two):
    two.layer("broken", rows=[("<script>", 0, 0), ("b", "", "")])
    result = two.build()
    recorded = json.loads((two.office() / "findings.json").read_text(encoding="utf-8"))
    report = (two.office() / "report.html").read_text(encoding="utf-8")
    found = manifest(two)
    for outcome in result.outcomes:
        expected = [f.as_dict() for f in outcome.findings]
        assert recorded["layers"][outcome.name] == expected
        counts = found["layers"][outcome.name]["findings"]
        assert sum(counts.values()) == len(expected)
        for finding in outcome.findings:
            assert finding.message_ja in report
            assert finding.remedy_ja in report
    assert found["findings"]["error"] == 1
    assert "<script>" not in report


class Sections(HTMLParser):
    """Collect ids, and whether every element that was opened is closed."""

    VOID = frozenset({"meta", "br"})

    def __init__(self):
        super().__init__()
        self.open, self.ids = [], []

    def handle_starttag(self, tag, attrs):
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_report_is_well_formed_and_has_a_section_for_each_layer(two):
    parser = Sections()
    parser.feed(current(two, "report.html").read_text(encoding="utf-8"))
    assert parser.open == []
    assert parser.ids == ["layers-parks", "layers-shelters"]


def test_a_release_is_the_same_wherever_it_is_built(tmp_path_factory, two):
    """No path of this machine, no time but its own."""
    text = "".join(
        current(two, name).read_text(encoding="utf-8")
        for name in ("manifest.json", "findings.json", "report.html")
    )
    assert str(two.folder) not in text


def test_equal_inputs_built_elsewhere_give_equal_artefacts(two, tmp_path_factory):
    elsewhere = type(two)(tmp_path_factory.mktemp("elsewhere"))
    elsewhere.layer("parks").layer("shelters", rows=[("一枝小学校", 130.84, 33.88)])
    elsewhere.build()
    one, other = manifest(two), manifest(elsewhere)
    assert one["artefacts"] == other["artefacts"]
    assert one["content"] == other["content"]
