"""Translations with Babel, so that no gettext needs to be installed.

The source is Dutch; locale/en translates all of it, locale/nl only puts right what
other packages say. `extract` brings locale/en up to date, `compile` makes what Django
reads, `check` fails when something is not translated.
"""

import io
import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation.template import templatize

ENGLISH = settings.BASE_DIR / "locale" / "en" / "LC_MESSAGES" / "django.po"
PACKAGES = [
    "portal", "applications", "apikeys", "organisations", "accounts", "mail", "audit",
]  # fmt: skip
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


class Command(BaseCommand):
    help = "extract, compile or check translations"
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("act", choices=["extract", "compile", "check"])

    def handle(self, *, act, **options):
        {"extract": write, "compile": compile_all, "check": check}[act]()


def write():
    ENGLISH.parent.mkdir(parents=True, exist_ok=True)
    ENGLISH.write_bytes(_text(_updated()))


def compile_all():
    for source in sorted((settings.BASE_DIR / "locale").glob("*/LC_MESSAGES/*.po")):
        with source.open("rb") as po, source.with_suffix(".mo").open("wb") as mo:
            write_mo(mo, read_po(po))


def check():
    faults = []
    if not ENGLISH.exists() or ENGLISH.read_bytes() != _text(_updated()):
        faults.append("locale/en is not up to date: manage.py messages extract")
    for message in _updated():
        if not message.id:
            continue
        source = message.id if isinstance(message.id, tuple) else (message.id,)
        target = (
            message.string if isinstance(message.string, tuple) else (message.string,)
        )
        if not all(target):
            faults.append(f"not translated: {source[0]}")
        elif {*PLACEHOLDER.findall(source[-1])} != {*PLACEHOLDER.findall(target[-1])}:
            faults.append(f"other placeholders: {source[0]}")
    if faults:
        raise CommandError("\n".join(faults))


def _updated():
    """What the source says now, with the translations that are there."""
    catalog = Catalog(locale="en", charset="utf-8", header_comment="# English")
    known = Catalog(locale="en")
    if ENGLISH.exists():
        with ENGLISH.open("rb") as po:
            known = read_po(po, locale="en")
    for name, context, message in sorted(_extracted(), key=str):
        before = known.get(message, context)
        catalog.add(
            message, before.string if before else None, [(name, 1)], context=context
        )
    return catalog


def _extracted():
    for path in _sources():
        text = path.read_text()
        if path.suffix != ".py":
            text = re.sub(r"(?m)^[ \t]+", "", templatize(text))  # it is no Python block
        found = extract("python", io.BytesIO(text.encode()), KEYWORDS, (), {})
        for _line, message, _comments, context in found:
            if message:
                yield str(path.relative_to(settings.BASE_DIR)), context, message


def _sources():
    for package in PACKAGES:
        yield from sorted(Path(settings.BASE_DIR, package).rglob("*.py"))
    for suffix in ("html", "txt"):
        yield from sorted(Path(settings.BASE_DIR, "templates").rglob(f"*.{suffix}"))


def _text(catalog):
    """Without dates, so that the file changes only when a text does."""
    catalog.header_comment = "# English, from the Dutch of the source."
    target = io.BytesIO()
    write_po(target, catalog, omit_header=True, include_lineno=False, width=100)
    header = (
        b'msgid ""\nmsgstr ""\n"Language: en\\n"\n'
        b'"Content-Type: text/plain; charset=utf-8\\n"\n'
        b'"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
    )
    return header + target.getvalue()
