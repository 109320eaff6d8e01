"""The world of `manage.py acceptance_seed`, asked as anybody, and left as it was.

One world serves a whole module: each request is undone, and what it did is told by the
tables that PostgreSQL counted a change in.
"""

import io
import json
import re
import uuid
import zipfile
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.totp.internal.auth import yield_hotp_counters_from_time as counters
from django.apps import apps
from django.contrib.auth import SESSION_KEY
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from organisations.models import Membership
from organisations.services import members
from portal.management import marked
from portal.management.parameters import NOBODYS, PARAMETERS, ids, rows_made

MISSING = {"slug": "00000000", "token": "x" * 43}  # and for all else a high number
# What a request may write whoever asks, and whatever the answer is:
ALWAYS = {
    "django_session": "the session of who asks: a message, a language",
    "accounts_tries": "how often somebody guessed, by name, device and network",
    "usersessions_usersession": "when the session of who asks was seen last",
    "portal_cache": "counts what is asked too often",
}
ORGANISATIONS = [*marked.LETTERS]


@dataclass
class Person:
    """One who asks: of which organisation, with which cookies."""

    name: str
    letter: str | None = None  # of the organisation, or of what is only one's own
    role: str | None = None
    group: str | None = None
    cookies: dict[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)  # what they may read of themselves

    @property
    def is_staff(self):
        return self.group is not None


@dataclass
class Answer:
    status: int
    to: str  # where it leads
    text: str  # everything that it says, headers included
    wrote: dict[
        str, dict[str, Any]
    ]  # table → primary key → the row as it is now, or None

    @property
    def refused(self):
        return self.status in (403, 404) or "/login/?next=" in self.to


class World:
    def __init__(self):
        tell_ids_apart()
        self.made = marked.build(seed=1)
        self.organisations = self.made["organisations"]
        self.owner = {
            (label, pk): letter
            for letter in ORGANISATIONS
            for label, keys in self.organisations[letter]["rows"].items()
            for pk in keys
        }
        self.people = {person.name: person for person in self._people()}
        self.ids = {
            letter: ids(self.organisations[letter]["rows"]) for letter in ORGANISATIONS
        }
        self.marks = {letter: self._marks(letter) for letter in ORGANISATIONS}
        self.tables = {
            model._meta.db_table: model
            for model in apps.get_models(include_auto_created=True)
            if model._meta.managed and model._meta.db_table not in ALWAYS
        }
        self.before = {table: self._rows(table) for table in self.tables}

    def _people(self):
        yield Person("visitor")
        for letter, name, role in [
            ("a", "administrator_1", "administrator"),
            ("a", "developer_1", "developer"),
            ("b", "administrator_2", "administrator"),
            ("b", "developer_2", "developer"),
        ]:
            one = Person(f"{role} of {letter}", letter, role)
            yield self._signed_in(
                one, self.organisations[letter]["people"][name], letter
            )
        yield self._removed()
        yield self._removed_before()
        for group, login in self.made["staff"].items():
            yield self._signed_in(Person(group, group=group), login, "staff")
        root = User.objects.create_superuser("root", "root@b.nl", marked.world.PASSWORD)
        above = Person("superuser", group="superuser")
        yield self._signed_in(above, marked.login(root), "staff")

    def _removed(self):
        """Somebody whose page is still open when an administrator removes them."""
        login = self.organisations["a"]["people"]["developer_2"]
        administrator = self.organisations["a"]["people"]["administrator_1"]
        person = self._signed_in(Person("removed, in an open tab"), login, "a")
        member = Membership.objects.get(user=login["id"])
        members.remove_member(member, by=User.objects.get(pk=administrator["id"]))
        return person

    def _removed_before(self):
        """Somebody who keeps an account, and nothing else."""
        user = User.objects.get(pk=self.organisations["a"]["people"]["removed"]["id"])
        names = [user.name, user.email, user.username, user.phone]
        person = Person("removed, signed in anew", "removed", names=names)
        own = [user, *user.usernames.all(), *user.emailaddress_set.all()]
        self.owner |= {(row._meta.label_lower, row.pk): person.letter for row in own}
        return self._signed_in(person, marked.login(user), person.letter)

    def _signed_in(self, person, login, owner):
        browser = Client()
        with rows_made() as rows:
            browser.post(
                "/account/login/",
                {"login": login["username"], "password": login["password"]},
            )
            if login.get("totp"):
                browser.post(
                    "/account/2fa/authenticate/", {"code": code(login["totp"])}
                )
            browser.post("/account/reauthenticate/", {"password": login["password"]})
        assert SESSION_KEY in browser.session, person
        self.owner |= {
            (label, pk): owner for label, keys in rows.items() for pk in keys
        }
        person.cookies = {name: one.value for name, one in browser.cookies.items()}
        cache.clear()  # the limits on signing in are proven elsewhere
        return person

    def _marks(self, letter):
        one = self.organisations[letter]
        own = [*one["marks"], *one["random"]["references"], *one["random"]["keys"]]
        public_ids = [key.split("_")[2] for key in one["random"]["keys"]]
        return re.compile("|".join(map(re.escape, own + public_ids)), re.IGNORECASE)

    def _rows(self, table):
        """Each row of a table as a digest, by its primary key, or itself if that is many."""
        column = self.tables[table]._meta.pk.column
        pk = f'"{column}"' if column else "md5(t::text)"
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT {pk}, md5(t::text) FROM "{table}" t')
            return dict(cursor.fetchall())

    def ask(self, person, method, address, data=None, *, query=None, htmx=False):
        """One request and all that it did, undone."""
        browser = Client(raise_request_exception=False)
        for name, value in person.cookies.items():
            browser.cookies[name] = value
        headers = {"HX-Request": "true"} if htmx else {}
        with transaction.atomic():
            counted = _counted()
            if method == "get":
                response = browser.get(address, query, headers=headers)
            else:
                where = {"query_params": query} if query else {}
                response = browser.post(address, data, headers=headers, **where)
            text = _everything(response)
            touched = {
                table
                for table, count in _counted().items()
                if count != counted.get(table)
            }
            wrote = {table: self._changes(table) for table in touched - {*ALWAYS}}
            transaction.set_rollback(True)
        wrote = {table: rows for table, rows in wrote.items() if rows}
        led = response.headers.get("HX-Redirect")  # a redirect, under htmx
        to = led or response.headers.get("Location", "")
        return Answer(302 if led else response.status_code, to, text, wrote)

    def _changes(self, table):
        """What became of the rows of a table; of one that has no model, only that it was."""
        if table not in self.tables:
            return {None: None}
        now, before = self._rows(table), self.before[table]
        changed = [pk for pk, digest in now.items() if before.get(pk) != digest]
        pk = self.tables[table]._meta.pk.column
        with connection.cursor() as cursor:
            cursor.execute(
                f'SELECT "{pk}", to_jsonb(t)::text FROM "{table}" t WHERE "{pk}" = ANY(%s)',
                [changed],
            )
            return dict(cursor.fetchall()) | dict.fromkeys(before.keys() - now.keys())

    def faults(self, answer, allowed, sent=()):
        """What this answer tells or did of organisations that are not `allowed`."""
        if allowed is None:  # the operator's people may see all
            allowed = {*ORGANISATIONS}
            found = []
        else:
            found = [*self._touched(answer, allowed, sent)]
        if answer.status >= 500:
            found.append(f"status {answer.status}")
        if answer.refused and answer.wrote:
            found.append(f"refused, and wrote {[*answer.wrote]}")
        return found + self._marked(answer.text, allowed, sent, "says")

    def _touched(self, answer, allowed, sent):
        for table, rows in answer.wrote.items():
            for pk, row in rows.items():
                if table not in self.tables:
                    continue
                if pk in self.before[table]:
                    owner = self.owner.get((self.tables[table]._meta.label_lower, pk))
                    if owner not in allowed:
                        yield f"changed {table} {pk} of {owner}"
                        continue
                if row:  # what is new, and what became of one's own
                    yield from self._marked(row, allowed, sent, f"wrote in {table}")
                    yield from self._leads_to(table, json.loads(row), allowed)

    def _leads_to(self, table, row, allowed):
        for each in self.tables[table]._meta.concrete_fields:
            if each.remote_field:
                target = (each.related_model._meta.label_lower, row[each.column])
                if self.owner.get(target, "staff") not in {*allowed, "staff"}:
                    yield f"wrote in {table}: {each.name} of {self.owner[target]}"

    def _marked(self, text, allowed, sent, where):
        for value in sorted(filter(None, sent), key=len, reverse=True):
            text = text.replace(value, "").replace(quote(value, safe=""), "")
        return [
            f"{where} {found[0]!r} of {letter}"
            for letter, marks in self.marks.items()
            if letter not in allowed and (found := marks.search(text))
        ]

    def labels(self, values):
        """Of what these values, as a form offers them, are the ids (see tell_ids_apart)."""
        numbers = {int(value) for value in values if value.isdigit()}
        return {
            label
            for label, keys in self.organisations["a"]["rows"].items()
            if numbers & {key for key in keys if isinstance(key, int)}
        }

    def values(self, name, pattern, letter, **given):
        """What each part of an address is for this organisation; None: nobody's."""
        asked = [part for part in parts(name, pattern) if part not in given]
        return {part: self._value(name, part, letter) for part in asked} | given

    def _value(self, name, part, letter):
        if letter is None and not is_nobodys(name, part):
            return MISSING.get(part, missing(name))
        if f"{name} {part}" in NOBODYS or part in NOBODYS:
            return NOBODYS.get(f"{name} {part}", NOBODYS.get(part))
        own = f"{name} {part}" if f"{name} {part}" in PARAMETERS else part
        if own not in PARAMETERS:
            pytest.fail(f"{own!r} of {name} is not in portal/management/parameters.py")
        known = self.ids[letter][own]
        if not known and name.startswith("admin:"):
            known = self._anybodys(name)
        return known[0] if known else missing(name)

    def _anybodys(self, name):
        """Where no organisation has rows of a model, as of products: any row there is."""
        model = apps.get_model(*name.removeprefix("admin:").split("_")[:2])
        return model._base_manager.values_list("pk", flat=True)[:1]


# parts of an address that stand in an included pattern's own, where they are not seen
BEFORE_THE_LAST = {"mfa_edit_webauthn": ["pk"], "mfa_remove_webauthn": ["pk"]}


def parts(name, pattern):
    return [*pattern.pattern.regex.groupindex, *BEFORE_THE_LAST.get(name, [])]


def is_nobodys(name, part):
    return f"{name} {part}" in NOBODYS or part in NOBODYS


def missing(name):
    """An id that no row has."""
    return str(uuid.UUID(int=1)) if "mail_message" in name else 999999


def address(name, values):
    return "/beheer/nothing/" if name == "admin:" else reverse(name, kwargs=values)


def code(seed):
    """What the authenticator app shows now."""
    return format_hotp_value(hotp_value(seed, next(iter(counters()))))


def tell_ids_apart():
    """Let no two tables give the same number: an id in an answer says of what it is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1"
        )
        for place, (sequence,) in enumerate(cursor.fetchall(), 10):
            cursor.execute(f'ALTER SEQUENCE "{sequence}" RESTART WITH {place * 10000}')


def _counted():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del"
            " FROM pg_stat_xact_user_tables"
        )
        return dict(cursor.fetchall())


def _everything(response):
    """What an answer says: its headers, and its body, unpacked where it is an archive."""
    body = b"".join(response) if response.streaming else response.content
    if response.headers.get("Content-Type") == "application/zip":
        archive = zipfile.ZipFile(io.BytesIO(body))
        body = b"\n".join(archive.read(name) for name in archive.namelist())
    headers = "\n".join(f"{name}: {value}" for name, value in response.items())
    return headers + "\n\n" + body.decode(errors="replace")
