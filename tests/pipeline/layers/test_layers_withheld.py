"""Nothing the declaration says of a withheld field is published: its values are data."""

import pytest

WAIVED = {
    "field": "owner",
    "detector": "name",
    "reason": "consent",
    "author": "都市計画課",
    "date": "2026-01-01",
    "expires": "2999-12-31",
    "count": 1,
}
SECRETS = ("所有者甲", "甲の土地", "owner")


@pytest.fixture
def parcels(project):
    def declared(publish, **style):
        project.layer(
            "parcels",
            fields={"name": {"title": {"ja": "用途"}}, "owner": {"title": {"ja": "所有者"}}},
            privacy={"publish": publish, "waivers": [WAIVED] if "owner" in publish else []},
            style=style,
        )
        text = "名称,所有者,経度,緯度\n住宅,所有者甲,130.81,33.9\n"
        project.ledger("parcels").write_text(text, encoding="cp932")
        return project

    return declared


CLASSES = [{"value": "所有者甲", "color": "#ff0000", "label": {"ja": "甲の土地"}}]


def published(project):
    release = project.releases / "current"
    return "".join(
        file.read_text(encoding="utf-8", errors="ignore")
        for file in release.rglob("*")
        if file.is_file()
    )


def test_classes_and_label_of_a_withheld_field_stay_inside(parcels):
    project = parcels(["name"], by="owner", label="owner", classes=CLASSES)
    (outcome,) = project.build().outcomes
    assert "style-field-withheld" in {f.code for f in outcome.findings}
    assert [secret for secret in SECRETS if secret in published(project)] == []


def test_classes_of_no_field_stay_inside_too(parcels):
    project = parcels(["name"], classes=CLASSES)
    project.build()
    assert [secret for secret in SECRETS if secret in published(project)] == []


def test_a_published_field_keeps_its_classes(parcels):
    project = parcels(["name", "owner"], by="owner", label="name", classes=CLASSES)
    (outcome,) = project.build().outcomes
    assert outcome.status == "built"
    assert outcome.entry["style"]["by"] == "owner"
    assert outcome.entry["style"]["classes"][0]["value"] == "所有者甲"


def test_a_version_coloured_by_what_is_withheld_by_now_is_not_kept(parcels):
    project = parcels(["name", "owner"], by="owner", classes=CLASSES)
    project.build()
    parcels(["name"], by="owner", classes=CLASSES)
    project.ledger("parcels").unlink()
    (outcome,) = project.build().outcomes
    assert outcome.artefacts == {}
