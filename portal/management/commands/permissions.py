"""Who may open what: docs/permissions.md, made of the marks on the views and the groups.

`manage.py permissions` writes the file; tests/test_docs.py compares it with the code.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand
from django.urls import URLPattern, get_resolver

from organisations.roles import PERMISSIONS, Role

PUBLIC, ANY_USER, STAFF = "public", "any_user", "staff"
FILE = settings.BASE_DIR / "docs" / "permissions.md"
HEAD = """\
# Who may open what

Made by `manage.py permissions` from the marks on the views (`organisations/access.py`), the
table of roles (`organisations/roles.py`) and the groups of staff (`docs/decisions/0009`).
`tests/test_every_url.py` asks every address as everybody, and compares the answers.

A stranger to an organisation gets "not found", as for a page that is not there. Who lacks
the right is told whom to ask. Pages with a token are open to who has the private link.
"""


class Command(BaseCommand):
    help = "write docs/permissions.md"

    def handle(self, **options):
        FILE.write_text(table())


def every_url(
    resolver: Any = None, namespace: str = "", path: str = ""
) -> Iterator[tuple[str, Callable, URLPattern, str]]:
    """(name, view, pattern, whole path) of everything that the URLconf knows."""
    for pattern in (resolver or get_resolver()).url_patterns:
        whole = path + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name or ''}", pattern.callback, pattern, whole
        else:
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from every_url(pattern, namespace + inner, whole)


def mark(name: str, view: Callable) -> str | None:
    """Whom a view says it is for: PUBLIC, ANY_USER, STAFF, or a Permission; None: nobody."""
    if not getattr(view, "login_required", True):
        return PUBLIC
    if name.startswith("admin:"):
        return STAFF
    allauth = "allauth" in view.__module__
    return getattr(view, "permission", ANY_USER if allauth else None)


def table() -> str:
    """The whole page, as Markdown."""
    return "\n".join([HEAD, *_pages(), "", "## Staff", "", *_staff(), ""])


def _pages() -> Iterator[str]:
    yield "| address | anybody | signed in | developer | administrator |"
    yield "| --- | --- | --- | --- | --- |"
    rows = {
        _readable(whole): mark(name, view)
        for name, view, _pattern, whole in every_url()
        if mark(name, view) != STAFF and not whole.startswith(("beheer/", "mailbox/"))
    }
    for path, needed in sorted(rows.items()):
        yield f"| `/{path}` | {' | '.join(_cells(needed))} |"


def _readable(path: str) -> str:
    """A pattern as an address: without the expressions by which its parts are known."""
    return re.sub(r"\(\?P(<\w+>)[^)]*\)|[\^$]", r"\1", path)


def _cells(needed: str | None) -> list[str]:
    if needed == PUBLIC:
        return ["yes"] * 4
    if needed == ANY_USER:
        return ["", "yes", "yes", "yes"]
    roles = (Role.DEVELOPER, Role.ADMINISTRATOR)
    return ["", "", *["yes" if needed in PERMISSIONS[role] else "" for role in roles]]


def _staff() -> Iterator[str]:
    groups = list(Group.objects.order_by("name"))
    rights = {
        group.name: {
            f"{right.content_type.app_label}.{right.codename}"
            for right in group.permissions.select_related("content_type")
        }
        for group in groups
    }
    yield f"| right | {' | '.join(rights)} |"
    yield f"| --- |{' --- |' * len(rights)}"
    for right in sorted(set().union(*rights.values())):
        cells = ["yes" if right in held else "" for held in rights.values()]
        yield f"| `{right}` | {' | '.join(cells)} |"
