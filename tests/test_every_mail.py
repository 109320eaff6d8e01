"""Rules that hold for every mail."""

import re

import pytest
from django.conf import settings
from django.template import Context, Engine
from django.utils import translation

from mail import rendering

ROOT = settings.BASE_DIR / "templates"
FRAME = {"base", "button"}
FILES = [
    path for path in ROOT.glob("*/emails/*") if path.name.split(".")[0] not in FRAME
]
MAILS = sorted({str(path.relative_to(ROOT)).split(".")[0] for path in FILES})
TAGS = re.compile(r"{%.*?%}", re.DOTALL)


def names_used(mail):
    """Every value that one of its three files asks for, by the name that send() gives."""
    used = set()
    for end in (".subject.txt", ".txt", ".html"):
        source = (ROOT / f"{mail}{end}").read_text()
        made = set(re.findall(r"\bas (\w+)", source)) | set(
            re.findall(r"(\w+)=", source)
        )
        used |= set(re.findall(r"{{\s*(\w+)", source)) - made
    return used - {"operator", "subject", "language"}


def rendered(mail, end):
    """As the worker does it, but a value that nobody gave is an error."""
    options = settings.TEMPLATES[0]
    engine = Engine(
        dirs=options["DIRS"],
        string_if_invalid="UNDEFINED %s",
        libraries={"i18n": "django.templatetags.i18n"},
    )
    values = dict.fromkeys(names_used(mail), "Jan & <Co>")
    values |= {
        "operator": rendering.operator(),
        "subject": "Onderwerp",
        "language": "nl",
    }
    context = Context(values, autoescape=end == ".html")
    with translation.override("nl"):
        return engine.get_template(f"{mail}{end}").render(context)


def test_there_are_mails_to_test():
    assert "mail/emails/undeliverable" in MAILS


@pytest.mark.parametrize("mail", MAILS)
def test_a_mail_has_a_subject_a_text_and_html(mail):
    files = {path.name for path in FILES if str(path).startswith(f"{ROOT / mail}.")}

    name = mail.rsplit("/", 1)[-1]
    assert files == {f"{name}.subject.txt", f"{name}.txt", f"{name}.html"}


@pytest.mark.parametrize("mail", MAILS)
def test_a_subject_is_one_line(mail):
    subject = rendered(mail, ".subject.txt").strip()

    assert subject
    assert len(subject.splitlines()) == 1
    assert "&amp;" not in subject


@pytest.mark.parametrize("mail", MAILS)
def test_a_mail_is_in_our_frame_and_asks_for_nothing_that_is_not_given(mail):
    text, html = rendered(mail, ".txt"), rendered(mail, ".html")

    assert settings.OPERATOR_LEGAL_NAME in text
    assert settings.OPERATOR_LEGAL_NAME in html
    assert '<html lang="nl">' in html
    assert "<title>Onderwerp</title>" in html
    assert "UNDEFINED" not in text + html
    assert "&amp;" not in text
    assert "<Co>" not in html


@pytest.mark.parametrize("mail", MAILS)
def test_the_text_and_the_html_say_the_same(mail):
    text, html = (
        set(
            re.findall(
                r"{{\s*(\w+)|with url=(\w+)", (ROOT / f"{mail}{end}").read_text()
            )
        )
        for end in (".txt", ".html")
    )

    assert {a or b for a, b in text} == {a or b for a, b in html}
