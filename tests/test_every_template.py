"""Rules that hold for every template."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

ROOT = settings.BASE_DIR / "templates"
TEMPLATES = sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob("*.*"))
PAGES = [
    name for name in TEMPLATES if name.endswith(".html") and "/emails/" not in name
]
SUBJECTS = [name for name in TEMPLATES if name.endswith(".subject.txt")]


def source(name):
    return re.sub(r"{#.*?#}", "", Path(ROOT, name).read_text(), flags=re.DOTALL)


def tags(html, name):
    """Every opening tag; a > within a template tag or a value does not end it."""
    return re.findall(
        rf"<{name}\b(?:{{%.*?%}}|{{{{.*?}}}}|\"[^\"]*\"|[^>\"])*>", html, re.DOTALL
    )


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_compiles(name):
    assert get_template(name)


@pytest.mark.parametrize("name", PAGES)
def test_partial_bears_the_id_of_its_element(name):
    html = source(name)

    partials = re.findall(
        r"{% partialdef ([\w-]+)[^%]*%}\s*<[a-z]+ [^>]*?id=\"([\w-]+)\"", html
    )

    assert len(partials) == html.count("{% partialdef")
    assert all(partial == element for partial, element in partials)


@pytest.mark.parametrize("name", PAGES)
def test_every_hx_target_is_on_the_page(name):
    html = source(name)

    targets = set(re.findall(r"hx-target=\"#([\w-]+)\"", html))

    assert targets <= set(re.findall(r"\bid=\"([\w-]+)\"", html))


@pytest.mark.parametrize("name", PAGES)
def test_what_htmx_does_works_without_it(name):
    for tag in tags(source(name), "[a-z]+"):
        if "hx-post=" in tag:
            assert tag.startswith("<form")
            assert " action=" in tag
            assert 'method="post"' in tag
        if "hx-get=" in tag:
            assert " href=" in tag or " action=" in tag


@pytest.mark.parametrize("name", PAGES)
def test_no_template_needs_what_the_content_security_policy_refuses(name):
    html = source(name)

    assert not [
        tag for tag in tags(html, "[a-z0-9]+") if re.search(r"\s(style|on[a-z]+)=", tag)
    ]
    assert not [tag for tag in tags(html, "script") if " src=" not in tag]
    assert "<style" not in html


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_subject_is_one_line(name):
    assert len(source(name).strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("html", "tag"),
    [
        ('<p {% if a > b %}x{% endif %} style="a">', "p"),
        ('<a title="a > b" onclick="c">', "a"),
    ],
)
def test_tags_are_found_whole(html, tag):
    assert tags(html, tag) == [html]
