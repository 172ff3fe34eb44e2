"""A declaration that would unfold without end is refused at the line where it does."""

import pytest

from pipeline.config.yamlfile import read_document
from pipeline.errors import DeclarationError


def refused(tmp_path, text):
    (tmp_path / "layers.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DeclarationError) as caught:
        read_document(tmp_path / "layers.yaml", "layers.yaml")
    (finding,) = caught.value.findings
    return finding.code, finding.row


def test_aliases_of_aliases_are_counted_before_they_are_unfolded(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for n in range(1, 12):
        lines.append(f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 10) + "]")
    assert refused(tmp_path, "\n".join(lines)) == ("yaml-too-large", 6)


def test_merges_of_merges_are_counted_too(tmp_path):
    lines = ["a0: &a0 {x: 1, y: 2, z: 3}"]
    for n in range(1, 25):
        lines.append(f"a{n}: &a{n} {{p: *a{n - 1}, q: *a{n - 1}, r: *a{n - 1}}}")
    code, _ = refused(tmp_path, "\n".join(lines))
    assert code == "yaml-too-large"


@pytest.mark.parametrize(
    "text",
    ["a: " + "[" * 100_000, "a: " + "{b: " * 5_000, "\n".join(" " * n + "a:" for n in range(500))],
)
def test_depth_beyond_any_declaration_is_refused(tmp_path, text):
    code, _ = refused(tmp_path, text)
    assert code == "yaml-too-deep"


def test_an_alias_inside_what_it_names_is_refused(tmp_path):
    assert refused(tmp_path, "layers: &l\n  a: *l\n") == ("yaml-alias-of-itself", 2)


def test_a_declaration_with_honest_aliases_is_read(tmp_path):
    text = "municipalities:\n  a: &a {code: '401005'}\n  b: {<<: *a, crs: x}\n"
    (tmp_path / "layers.yaml").write_text(text)
    document = read_document(tmp_path / "layers.yaml")
    assert document.data["municipalities"]["b"] == {"code": "401005", "crs": "x"}
