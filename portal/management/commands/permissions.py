"""Who may open what: docs/permissions.md, made of the marks on the views and the groups.

`manage.py permissions` writes the file; tests/test_docs.py compares it with the code.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand
from django.urls import URLPattern, get_resolver

from applications.staff.acts import ACTS
from organisations.admin import InterventionAdmin
from organisations.roles import PERMISSIONS, Role

PUBLIC, ANY_USER, STAFF = "public", "any_user", "staff"
FILE = settings.BASE_DIR / "docs" / "permissions.md"
HEAD = """\
# Who may open what

Made by `manage.py permissions` from the marks on the views (`organisations/access.py`), the
table of roles (`organisations/roles.py`) and the groups of staff (`docs/decisions/0009`).
`tests/test_every_url.py` asks every address as everybody, and compares the answers.

To look is a GET; what is done with a POST has the name of its address. A method without
a row is refused to all. With or without htmx the answer is the same.

A stranger to an organisation gets "not found", as for a page that is not there. Who lacks
the right is told whom to ask. Pages with a token are open to who has the private link.
"""
STAFF_HEAD = """\
## Staff

What a group may on the pages below `/beheer/`, which are open to staff only. What is not
here, none of them may.
"""
# Pages on which each act has a right of its own: name → act → right.
STAFF_ACTS = {
    "admin:applications_application_act": {
        act.slug: f"applications.{act.permission}" for act in ACTS
    },
    "admin:organisations_intervention_act": {
        slug: f"organisations.{right}"
        for slug, (_label, right, _act) in InterventionAdmin.ACTS.items()
    },
}
STANDARD = {"changelist", "add", "history", "delete", "change"}


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


def methods(view: Any) -> set[str]:
    """GET and POST, but for what the view's own decorator refuses to answer."""
    while view:
        names = getattr(getattr(view, "__code__", None), "co_freevars", ())
        if "request_method_list" in names:  # django.views.decorators.http
            allowed = view.__closure__[names.index("request_method_list")].cell_contents
            return {"GET", "POST"} & set(allowed)
        if page := getattr(view, "view_class", None):
            return {verb for verb in ("GET", "POST") if hasattr(page, verb.lower())}
        view = getattr(view, "__wrapped__", None)
    return {"GET", "POST"}


@dataclass(frozen=True)
class StaffPage:
    """One thing that staff may do on one page of /beheer/."""

    name: str  # of the address
    path: str
    action: str
    may: Callable[[Any], bool]  # asked with a request, of which only the user counts


@dataclass(frozen=True)
class Holder:
    """Somebody who holds just these rights, and is in no database."""

    rights: frozenset[str]
    is_active = is_staff = True
    is_superuser = False
    pk = None

    def has_perm(self, right: str, _row: Any = None) -> bool:
        return right in self.rights


def groups() -> dict[str, Any]:
    """Each group of staff, as a request by somebody who is in that group only."""
    found = Group.objects.order_by("name").prefetch_related("permissions__content_type")
    rights = {
        group.name: frozenset(
            f"{right.content_type.app_label}.{right.codename}"
            for right in group.permissions.all()
        )
        for group in found
    }
    return {name: SimpleNamespace(user=Holder(held)) for name, held in rights.items()}


def staff_pages() -> Iterator[StaffPage]:
    """Every page that the admin has for a model, and what is done there."""
    for model, pages in sorted(
        admin.site._registry.items(), key=lambda one: str(one[0])
    ):
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}_"
        path = f"beheer/{model._meta.app_label}/{model._meta.model_name}/"
        one, row = f"{path}<id>/", model(pk=0)  # nobody's
        yield StaffPage(f"{base}changelist", path, "look", pages.has_view_permission)
        yield StaffPage(f"{base}change", one, "look", pages.has_view_permission)
        yield StaffPage(
            f"{base}history", f"{one}history/", "look", pages.has_view_permission
        )
        yield StaffPage(f"{base}add", f"{path}add/", "add", pages.has_add_permission)
        yield StaffPage(
            f"{base}change", one, "change", _about(pages.has_change_permission, row)
        )
        yield StaffPage(
            f"{base}delete",
            f"{one}delete/",
            "delete",
            _about(pages.has_delete_permission, row),
        )
        for action in pages.actions or ():
            function, does, _label = pages.get_action(action)  # type: ignore[misc]
            words = does.replace("_", " ")
            yield StaffPage(f"{base}changelist", path, words, _action(pages, function))
        yield from _own_pages(base)


def _about(may: Callable, row: Any) -> Callable[[Any], bool]:
    return lambda request: may(request, row)


def _action(pages: Any, function: Any) -> Callable[[Any], bool]:
    needed = ["view", *getattr(function, "allowed_permissions", ())]
    checks = [getattr(pages, f"has_{one}_permission") for one in needed]
    return lambda request: all(check(request) for check in checks)


def _own_pages(base: str) -> Iterator[StaffPage]:
    """Those that Django does not make; each says its right with @needs."""
    for name, view, _pattern, whole in every_url():
        own = name.removeprefix(base)
        if own == name or own in STANDARD:
            continue
        path = _readable(whole)
        if name in STAFF_ACTS:
            for act, right in STAFF_ACTS[name].items():
                where = path.replace("<slug:act>", act)
                yield StaffPage(name, where, act, _holds(right))
        else:
            yield StaffPage(name, path, own, _holds(view.permission))  # type: ignore[attr-defined]


def _holds(right: str) -> Callable[[Any], bool]:
    return lambda request: request.user.has_perm(right)


def table() -> str:
    """The whole page, as Markdown."""
    return "\n".join([HEAD, *_pages(), "", STAFF_HEAD, *_staff(), ""])


def _pages() -> Iterator[str]:
    yield "| address | action | anybody | signed in | developer | administrator |"
    yield "| --- | --- | --- | --- | --- | --- |"
    rows = {
        _readable(whole): (name, view)
        for name, view, _pattern, whole in every_url()
        if mark(name, view) != STAFF and not whole.startswith(("beheer/", "mailbox/"))
    }
    for path, (name, view) in sorted(rows.items()):
        for action in actions(name, view):
            cells = " | ".join(_cells(mark(name, view)))
            yield f"| `/{path}` | {action} | {cells} |"


def actions(name: str, view: Callable) -> list[str]:
    """What a page is for: to look at (GET), and to do what it is called (POST)."""
    does = name.rpartition(":")[2].replace("_", " ")
    if getattr(view, "csrf_exempt", False):  # for machines, which no table guides
        return ["ask"]
    answered = methods(view)
    return ["look"] * ("GET" in answered) + [does] * ("POST" in answered)


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
    asked = groups()
    yield f"| address | action | {' | '.join(asked)} |"
    yield f"| --- | --- |{' --- |' * len(asked)}"
    for page in staff_pages():
        cells = ["yes" if page.may(request) else "" for request in asked.values()]
        if any(cells):
            yield f"| `/{page.path}` | {page.action} | {' | '.join(cells)} |"
