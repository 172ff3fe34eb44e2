"""Setting up the map library: real npm where there is one, and every way it can go wrong."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path

import brotli
import pytest

from tiles_server import vendor
from tiles_server.errors import VendorError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def declaration(tmp_path):
    """Copy what declares the library, to be spoilt."""
    folder = tmp_path / "declaration"
    folder.mkdir()
    for name in vendor.DECLARATION:
        shutil.copyfile(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Set the library up in a folder of its own, with npm, from the registry."""
    target = tmp_path_factory.mktemp("static") / "maplibre-gl"
    vendor.set_up(target=target)
    return target


def test_the_library_is_fetched_whole_and_at_the_locked_version(installed):
    assert (installed / "VERSION").read_text().strip() == vendor.locked_version(ROOT)
    script = (installed / "maplibre-gl.mjs").read_bytes()
    assert len(script) > 500_000
    assert gzip.decompress((installed / "maplibre-gl.mjs.gz").read_bytes()) == script
    assert brotli.decompress((installed / "maplibre-gl.mjs.br").read_bytes()) == script
    assert "BSD" in (installed / "LICENSE.txt").read_text() or (
        "Redistribution" in (installed / "LICENSE.txt").read_text()
    )


def test_a_second_run_asks_nobody(installed, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(vendor, "npm_command", lambda: pytest.fail("npm was called"))
    assert vendor.set_up(target=installed) == vendor.locked_version(ROOT)


def test_a_file_changed_since_is_noticed_and_fetched_again(installed):
    script = installed / "maplibre-gl.mjs"
    good = script.read_bytes()
    script.write_bytes(good + b"//")
    vendor.set_up(target=installed)
    assert script.read_bytes() == good


def test_every_locked_package_has_a_checksum_and_no_registry_is_named():
    lock = (ROOT / "package-lock.json").read_text("utf-8")
    vendor.locked_version(ROOT)
    assert "http" not in lock.replace("https://opencollective.com", "").replace(
        "https://github.com", ""
    )


def test_a_package_that_differs_from_its_checksum_is_refused(declaration, tmp_path):
    path = declaration / "package-lock.json"
    lock = json.loads(path.read_text("utf-8"))
    lock["packages"]["node_modules/maplibre-gl"]["integrity"] = "sha512-" + "A" * 86 + "=="
    path.write_text(json.dumps(lock), "utf-8")
    target = tmp_path / "target"
    with pytest.raises(VendorError, match="npm ci failed"):
        vendor.set_up(declaration, target)
    assert not target.exists()


def test_a_locked_package_without_checksum_is_refused(declaration):
    path = declaration / "package-lock.json"
    lock = json.loads(path.read_text("utf-8"))
    del lock["packages"]["node_modules/pbf"]["integrity"]
    path.write_text(json.dumps(lock), "utf-8")
    with pytest.raises(VendorError, match="no checksum for node_modules/pbf"):
        vendor.set_up(declaration)


def test_without_any_npm_one_line_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(vendor, "find_spec", lambda _: None)
    with pytest.raises(VendorError, match="install Node"):
        vendor.npm_command()


def test_the_command_fails_in_one_line(declaration):
    (declaration / "package-lock.json").unlink()
    program = (
        "import sys; from pathlib import Path; from tiles_server import vendor; "
        f"vendor.ROOT = Path({str(declaration)!r}); "
        "vendor.set_up.__defaults__ = (vendor.ROOT, vendor.FOLDER); sys.exit(vendor.main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("map library: package-lock.json does not lock maplibre-gl")
    assert len(done.stderr.strip().splitlines()) == 1
