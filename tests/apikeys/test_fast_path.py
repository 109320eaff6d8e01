"""What a gateway asks on every call goes past all that is for people."""

import ast
from pathlib import Path

import pytest
from django.template import Template

from apikeys import gateway

FOR_PEOPLE = (
    "allauth",
    "django.template",
    "django.contrib.sessions",
    "django.shortcuts",
)


def never(_get_response):
    def middleware(_request):
        raise AssertionError("a gateway got as far as what is for people")

    return middleware


def test_it_passes_no_middleware_for_people_and_no_template(
    ask, secret, settings, monkeypatch
):
    here = settings.MIDDLEWARE.index("portal.middleware.machines") + 1
    monkeypatch.setattr(Template, "render", never(None))
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:here], f"{__name__}.never"]

    assert ask(secret).status_code == 204
    assert ask("nonsense").status_code == 401
    assert not [
        name for name in settings.MIDDLEWARE[:here] if "session" in name.lower()
    ]


@pytest.mark.parametrize("module", sorted(Path(gateway.__file__).parent.glob("*.py")))
def test_its_modules_import_nothing_for_people(module):
    tree = ast.walk(ast.parse(module.read_text()))
    named = {
        name
        for node in tree
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None) or "", *(a.name for a in node.names)]
    }

    assert not [name for name in named if name.startswith(FOR_PEOPLE)]
