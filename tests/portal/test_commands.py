import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from apikeys.models import ApiKey
from applications.models import Application
from portal.management.commands import messages


@pytest.mark.django_db
def test_demo_makes_its_people_once(settings):
    settings.DEMO = True

    call_command("demo")
    call_command("demo")

    people = set(User.objects.values_list("username", flat=True))
    assert {"beheerder", "ontwikkelaar", "intake", "contracten", "support"} <= people
    assert ApiKey.objects.count() == 1
    assert Application.objects.count() == 3


@pytest.mark.django_db
def test_demo_refuses_where_it_is_not_asked_for(settings):
    settings.DEMO = False

    with pytest.raises(CommandError, match="PORTAL_DEMO"):
        call_command("demo")
    assert not User.objects.exists()


@pytest.fixture
def catalogue(tmp_path, monkeypatch):
    """A copy of the English catalogue that may be spoiled."""
    copy = tmp_path / "django.po"
    copy.write_bytes(messages.ENGLISH.read_bytes())
    monkeypatch.setattr(messages, "ENGLISH", copy)
    return copy


def test_messages_check_passes_on_what_is_committed(catalogue):
    call_command("messages", "check")


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ('msgstr "Log out"', 'msgstr ""', "not translated: Uitloggen"),
        ('msgstr "Welcome, %(name)s"', 'msgstr "Welcome"', "other placeholders"),
        ('msgid "Uitloggen"', 'msgid "Weggaan"', "not up to date"),
    ],
)
def test_messages_check_fails_on(catalogue, before, after, fault):
    text = catalogue.read_text()
    assert before in text
    catalogue.write_text(text.replace(before, after))

    with pytest.raises(CommandError, match=fault.replace("(", r"\(")):
        call_command("messages", "check")


def test_messages_extract_keeps_translations(catalogue):
    before = catalogue.read_bytes()

    call_command("messages", "extract")

    assert catalogue.read_bytes() == before
