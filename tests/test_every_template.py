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


def ids(html):
    """The id of every element; of a row that is there once a thing, without its number."""
    found = re.findall(r"\bid=\"([^\"]+)\"", html)
    return {re.sub(r"-{{ \w+\.pk }}$", "", one) for one in found}


@pytest.mark.parametrize("name", PAGES)
def test_partial_bears_the_id_of_its_element(name):
    html = source(name)

    partials = re.findall(r"{% partialdef ([\w-]+)[^%]*%}\s*<[a-z]+ ([^>]*)>", html)

    assert len(partials) == html.count("{% partialdef")
    assert [partial for partial, inside in partials if partial not in ids(inside)] == []


@pytest.mark.parametrize("name", PAGES)
def test_every_hx_target_is_a_partial_of_the_page(name):
    html = source(name)

    targets = re.findall(r"hx-target=\"([^\"]*)\"", html)
    named = {re.sub(r"^#|-{{ \w+\.pk }}$", "", target) for target in targets}

    assert all(target.startswith("#") for target in targets)
    assert named <= set(re.findall(r"{% partialdef ([\w-]+)", html))
    assert named <= ids(html)


@pytest.mark.parametrize("name", PAGES)
def test_what_htmx_asks_names_its_target_and_inherits_nothing(name):
    for tag in tags(source(name), "[a-z]+"):
        asks = bool(re.search(r"\bhx-(get|post)=", tag))
        assert asks == ("hx-target=" in tag) == ("hx-swap=" in tag), tag


def test_every_fragment_that_a_view_answers_with_is_a_partial():
    views = settings.BASE_DIR.glob("*/views/*.py")
    named = [
        (page, partial)
        for path in views
        for page, partial in re.findall(
            r"\"([\w/]+\.html)#([\w-]+)\"", path.read_text()
        )
    ]

    assert named
    assert [
        (page, partial)
        for page, partial in named
        if f"{{% partialdef {partial} " not in source(page)
    ] == []


@pytest.mark.parametrize("name", PAGES)
def test_what_htmx_does_works_without_it(name):
    for tag in tags(source(name), "[a-z]+"):
        if "hx-post=" in tag:
            assert tag.startswith("<form")
            assert " action=" in tag
            assert 'method="post"' in tag
        if "hx-get=" in tag:
            assert " href=" in tag or " action=" in tag
        assert "hx-boost" not in tag


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
