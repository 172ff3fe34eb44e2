"""What a layer says of being read side by side, and what cannot be compared."""

import json

import pytest

from pipeline.errors import DeclarationError


def manifest(project):
    path = project.releases / (project.releases / "current").readlink() / "manifest.json"
    return json.loads(path.read_text("utf-8"))


@pytest.fixture
def compared(project):
    project.layer("parks")
    project.declared["layers"]["counts"] = {
        "title": {"ja": "公園の数"},
        "from": {"layer": "parks", "operation": "aggregate", "by": ["name"], "count": "parks"},
        "privacy": {"publish": ["name", "parks"]},
        "outputs": ["csv"],
        "compare": {"by": "name", "measure": "parks", "definition": {"ja": "公園の数"}},
    }
    return project


def test_the_release_says_what_is_compared(compared):
    assert not compared.build().failed
    told = manifest(compared)["layers"]["counts"]["compare"]
    assert (told["by"], told["measure"], told["definition"]["ja"]) == ("name", "parks", "公園の数")
    assert "compare" not in manifest(compared)["layers"]["parks"]


def test_a_field_that_is_not_published_cannot_be_compared(compared):
    compared.declared["layers"]["counts"]["compare"]["year"] = "survey_year"
    with pytest.raises(DeclarationError) as caught:
        compared.build()
    assert "compare-field-unpublished" in {f.code for f in caught.value.findings}


def test_what_is_no_number_cannot_be_compared(compared):
    compared.declared["layers"]["counts"]["compare"]["measure"] = "name"
    (outcome,) = compared.build().failed
    assert [f.code for f in outcome.findings if f.severity == "error"] == ["compare-not-number"]
