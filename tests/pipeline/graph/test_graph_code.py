"""The code of a step is what it can run: found without importing, nothing left out."""

import importlib
import json
import subprocess
import sys

import pytest

from pipeline.graph.code import CodeReader
from pipeline.graph.digests import FileMemory
from pipeline.graph.libraries import Libraries
from pipeline.graph.modules import module_file

STEPS = "pipeline.layers.steps"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Make a package of our own: ``package({"a.py": "import x"})`` returns its name."""

    def make(files, name="stranger"):
        for path, text in ({"__init__.py": ""} | files).items():
            target = tmp_path / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        importlib.invalidate_caches()
        monkeypatch.setattr("pipeline.graph.modules._TOPS", {})
        return tmp_path / name

    return make


def code(function="stranger.a:f"):
    return CodeReader(FileMemory()).of(function)


def test_imports_inside_functions_and_of_functions_named_in_tables_count(package):
    package(
        {
            "a.py": "def f():\n    from stranger import b\nTABLE = {'x': 'stranger.c:run'}\n",
            "b.py": "",
            "c.py": "import numpy",
            "d.py": "",
        }
    )
    found = code()
    assert found.modules == {"stranger", "stranger.a", "stranger.b", "stranger.c"}
    assert found.libraries == {"numpy"}


def test_what_only_a_type_checker_sees_does_not_count(package):
    package(
        {
            "a.py": "from typing import TYPE_CHECKING\n"
            "if TYPE_CHECKING:\n    from stranger import b",
            "b.py": "",
        }
    )
    assert "stranger.b" not in code().modules


def test_names_a_package_imports_on_first_use_lead_to_where_they_live(package):
    package(
        {
            "a.py": "from stranger.lazy import thing",
            "lazy/__init__.py": "from typing import TYPE_CHECKING\n"
            "if TYPE_CHECKING:\n    from stranger.lazy.home import thing\n"
            "    from stranger.lazy.other import more\n"
            "def __getattr__(name): ...\n",
            "lazy/home.py": "",
            "lazy/other.py": "",
        }
    )
    modules = code().modules
    assert "stranger.lazy.home" in modules
    assert "stranger.lazy.other" not in modules


@pytest.mark.parametrize("file", ["page.html.j2", "table.csv", "words.yaml"])
def test_a_changed_template_or_table_beside_a_module_changes_the_code(package, file):
    folder = package({"a.py": "", file: "one"})
    before = code().digest
    (folder / file).write_text("two", encoding="utf-8")
    assert code().digest != before


def test_data_of_a_package_that_only_its_name_leads_to_counts(package):
    folder = package(
        {"a.py": "WORDS = 'stranger.words'", "words/__init__.py": "", "words/w.yaml": "1"}
    )
    before = code().digest
    (folder / "words" / "w.yaml").write_text("2", encoding="utf-8")
    assert code().digest != before


def test_a_module_nobody_imports_changes_nothing(package):
    folder = package({"a.py": "", "b.py": "1"})
    before = code().digest
    (folder / "b.py").write_text("2", encoding="utf-8")
    assert code().digest == before


@pytest.mark.parametrize(
    ("step", "outside"),
    [
        ("read:read", "pipeline.write.table"),
        ("check:check", "pipeline.sources.read"),
        ("join:join", "pipeline.standardise.fields"),
        ("write:write", "pipeline.check.geometry"),
        ("cut:cut", "pipeline.sources.read"),
        ("label:label", "pipeline.tiling.engine"),
    ],
)
def test_a_step_of_a_layer_depends_on_its_own_rooms_only(step, outside):
    modules = code(f"{STEPS}.{step}").modules
    assert outside not in modules
    assert not any(name.startswith("gtfs") for name in modules)
    assert module_file(outside) is not None


RUN = """
import json, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from pipeline.config.load import load
from pipeline.layers.plan import Planner
from pipeline.graph.keys import Keys
from pipeline.graph.session import Run
from pipeline.graph.worker import Task, run_task
from pipeline.graph.store import StepStore
from dataclasses import replace
loaded = load(Path({root!r}) / "layers.yaml")
keys, plan = Keys(), Planner(loaded.declaration, loaded.root).layer("parks")
target = {pick}
before = [*target.ancestors()]
for step in [*before, target]:
    task = Task(replace(step, inputs=()), keys.key(step), keys.recipe(step), keys.code(step).digest,
                tuple(keys.key(i) for i in step.inputs), Path({cache!r}))
    last = step is target
    if last:
        ours = lambda: {{n for n in sys.modules if n.partition(".")[0] in ("pipeline", "gtfs")}}
        from importlib import import_module
        if StepStore(Path({cache!r})).find(keys.key(step)) is None:
            sys.stdout.flush()
    if not last and StepStore(Path({cache!r})).find(keys.key(step)) is not None:
        continue
    seen = set(sys.modules)
    done = run_task(task, lambda *_: None)
    assert not done.failed, done.failed
    if last:
        new = [n for n in set(sys.modules) - seen if n.partition(".")[0] in ("pipeline", "gtfs")]
        print(json.dumps([sorted(new), sorted(keys.code(step).modules)]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "pick",
    [
        "plan.data.sources[0][0]",
        "plan.data.sources[1][1]",
        "plan.data.sources[1][2]",
        "plan.data.table",
        'plan.files["geojson"][0]',
        'plan.files["features"][0]',
        "plan.cut",
        'plan.files["pmtiles"][0]',
    ],
)
def test_all_that_a_step_imports_while_it_runs_is_in_its_code(root, tmp_path_factory, pick):
    """The steps before it are in the cache, so that only its own imports are seen."""
    cache = tmp_path_factory.getbasetemp() / "code-cache"
    (cache / "steps").mkdir(parents=True, exist_ok=True)
    text = RUN.format(root=str(root), pick=pick, cache=str(cache))
    for _ in range(2):  # the first run makes what is before it
        done = subprocess.run(
            [sys.executable, "-c", text], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    imported, followed = json.loads(done.stdout)
    assert imported
    assert set(imported) <= set(followed)


def test_settings_of_native_libraries_are_part_of_the_versions():
    from pipeline.graph.libraries import Libraries

    plain = Libraries(FileMemory(), {"HOME": "/home/a"}).versions(["shapely"])
    assert Libraries(FileMemory(), {"HOME": "/home/b"}).versions(["shapely"]) == plain
    assert Libraries(FileMemory(), {"PROJ_NETWORK": "ON"}).versions(["shapely"]) != plain


KEY = """
from pathlib import Path
from pipeline.config.load import load
from pipeline.graph.keys import Keys
from pipeline.layers.plan import Planner
loaded = load(Path({root!r}) / "layers.yaml")
plan = Planner(loaded.declaration, loaded.root).layer("parks")
print(Keys().key(plan.files["pmtiles"][0]), Keys().key(plan.files["pmtiles"][0]))
"""


def test_what_was_imported_before_changes_no_key(root):
    """Wheels of GDAL and PROJ name their data in the environment when they are imported."""
    seen = set()
    for first in ("", "import pyogrio, fiona, rasterio\n"):
        text = first + KEY.format(root=str(root))
        done = subprocess.run(
            [sys.executable, "-c", text], cwd=root, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        seen |= set(done.stdout.split())
    assert len(seen) == 1


def test_a_step_depends_on_the_versions_of_what_it_uses_and_of_what_that_needs():
    from pipeline.graph.libraries import Libraries

    reader = CodeReader(FileMemory()).of("pipeline.layers.steps.read:read")
    versions = Libraries(FileMemory()).versions(reader.libraries)
    assert {"pyogrio", "fiona", "python-calamine", "orjson", "tky2jgd"} <= set(versions)
    made = CodeReader(FileMemory()).of("gtfs.steps:make")
    assert {"openpyxl", "jpholiday"} <= set(Libraries(FileMemory()).versions(made.libraries))
    assert {"numpy", "pandas", "native pyogrio", "native pyproj", "native shapely"} <= set(versions)


def test_certificates_that_a_wheel_leaves_in_the_environment_change_no_key():
    bare = Libraries(FileMemory(), {"GDAL_DATA": "/x"}).versions(["shapely"])
    left = {"GDAL_DATA": "/x", "GDAL_CURL_CA_BUNDLE": "/pem", "PROJ_CURL_CA_BUNDLE": "/pem"}
    assert Libraries(FileMemory(), left).versions(["shapely"]) == bare
    assert Libraries(FileMemory(), {}).versions(["shapely"]) != bare
