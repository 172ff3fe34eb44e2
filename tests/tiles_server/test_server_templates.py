"""Templates name only what there is: a page nobody opened must not be the first to find out."""

from __future__ import annotations

import pytest
from jinja2 import meta, nodes

from tiles_server.app import flask_app
from tiles_server.releases import Releases
from tonari.transit import Transit


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Return the Jinja environment of the whole server, with the desk."""
    folder = tmp_path_factory.mktemp("none")
    app = flask_app(Releases(folder), lambda served: Transit(folder, served), folder)
    return app.jinja_env


def parsed(environment, name):
    return environment.parse(environment.loader.get_source(environment, name)[0])


def test_every_macro_a_template_asks_for_is_there(environment):
    names = environment.list_templates(extensions=["html"])
    assert len(names) > 20
    missing = []
    for name in names:
        for asked in parsed(environment, name).find_all(nodes.FromImport):
            given = parsed(environment, asked.template.value)
            macros = {macro.name for macro in given.find_all(nodes.Macro)}
            wanted = {one if isinstance(one, str) else one[0] for one in asked.names}
            missing += [(name, macro) for macro in sorted(wanted - macros)]
    assert missing == []


def test_no_macro_is_asked_for_and_never_used(environment):
    """Jinja leaves such a name undefined only where it is called; here nobody calls it."""
    idle = []
    for name in environment.list_templates(extensions=["html"]):
        template = parsed(environment, name)
        used = {found.name for found in template.find_all(nodes.Name)}
        for asked in template.find_all(nodes.FromImport):
            idle += [(name, one) for one in asked.names if one not in used]
    assert idle == []


def test_every_template_that_is_extended_or_included_exists(environment):
    names = set(environment.list_templates())
    for name in environment.list_templates(extensions=["html"]):
        assert set(meta.find_referenced_templates(parsed(environment, name))) <= names
