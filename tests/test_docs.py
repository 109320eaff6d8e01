"""What the documentation points at exists."""

import re
from pathlib import Path

import pytest

from portal.management.commands import permissions

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_documentation_links_to_what_is_there(page):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_tests_that_prove_the_rules_exist():
    text = (ROOT / "docs/architecture.md").read_text()
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)

    missing = [
        (file, test)
        for file, test in named
        if not (ROOT / file).exists() or f"def {test}(" not in (ROOT / file).read_text()
    ]
    assert named
    assert missing == []


@pytest.mark.django_db
def test_the_table_of_permissions_is_that_of_the_code():
    """Else: manage.py permissions."""
    assert permissions.FILE.read_text() == permissions.table()
