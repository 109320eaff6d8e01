"""The pages of one key: with htmx and without, for who may and who may not."""

import datetime
import re

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from apikeys import examples, partitions, secrets, services
from apikeys.models import ApiKey, OnLeak, SpendingStop, UsageDay
from apikeys.models.usage import SUMS
from audit.models import Event
from organisations.roles import Role
from tests.factories import PASSWORD, ApiKeyFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
WEEK = datetime.timedelta(days=7)


@pytest.fixture
def member():
    return MembershipFactory(role=Role.ADMINISTRATOR)


@pytest.fixture
def key(member):
    return ApiKeyFactory(organisation=member.organisation, name="Website")


@pytest.fixture
def signed_in(client, member):
    """Somebody who gave the password just now."""
    client.post(
        reverse("account_login"), {"login": member.user.username, "password": PASSWORD}
    )
    page = reverse("account_reauthenticate")
    client.post(page, {"password": PASSWORD})
    return client


@pytest.fixture
def developer(client, member):
    person = MembershipFactory(organisation=member.organisation, role=Role.DEVELOPER)
    client.force_login(person.user)
    return client


def at(name, key, *more):
    return reverse(f"apikeys:{name}", args=[key.organisation.slug, key.pk, *more])


def used(key, calls, days_ago=0):
    day = timezone.localdate() - datetime.timedelta(days=days_ago)
    partitions.ensure(day, day)
    UsageDay.objects.create(
        organisation=key.organisation,
        api_key=key,
        api=key.apis[0],
        day=day,
        outcome=2,
        **{**dict.fromkeys(SUMS, 0), "calls": calls},
    )


def test_an_organisation_without_keys_is_told_when_one_comes(signed_in, member):
    html = signed_in.get(reverse("apikeys:list", args=[member.organisation.slug])).text

    assert "Je organisatie heeft nog geen API-key." in html
    assert "<table" not in html


def test_list_shows_the_month_with_a_line_that_can_be_read(developer, key):
    used(key, 1234)

    html = developer.get(reverse("apikeys:list", args=[key.organisation.slug])).text

    assert "1.234 bevragingen" in html
    assert "meest 1.234, vandaag 1.234" in html
    assert '<path d="M0 26 L' in html


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["App", "Website"]),
        ("sort=-name", ["Website", "App"]),
        ("sort=calls", ["App", "Website"]),
        ("sort=-calls", ["Website", "App"]),
        ("sort=last_used", ["App", "Website"]),
        ("sort=-created", ["App", "Website"]),
        ("sort=nonsense", ["App", "Website"]),
        ("q=web", ["Website"]),
        ("state=blocked", ["App"]),
        ("state=unused", []),
    ],
)
def test_list_is_sorted_and_searched(developer, key, query, names):
    used(key, 5)
    key.secrets.update(last_used_at=timezone.now())
    other = ApiKeyFactory(organisation=key.organisation, name="App")
    services.block(other, by=UserFactory(), reason="Gelekt")

    page = reverse("apikeys:list", args=[key.organisation.slug])
    html = developer.get(f"{page}?{query}").text

    assert re.findall(r'api-keys/\d+/">([^<]+)</a>', html) == names


def test_list_finds_a_key_by_what_stands_in_software(developer, key):
    ApiKeyFactory(organisation=key.organisation, name="App")
    page = reverse("apikeys:list", args=[key.organisation.slug])

    html = developer.get(page, {"q": key.masked}).text

    assert re.findall(r'api-keys/\d+/">([^<]+)</a>', html) == ["Website"]


def test_rename_without_a_script(developer, key):
    page = developer.get(at("rename", key)).text
    assert f'action="{at("rename", key)}"' in page

    response = developer.post(at("rename", key), {"name": "App"}, follow=True)

    assert "De key heet nu App." in response.text
    assert re.search(r"Heette eerder</dt><dd>Website", response.text)


def test_rename_in_place(developer, key):
    form = developer.get(at("rename", key), headers=HTMX).text.strip()
    assert form.startswith('<div id="key-name"')
    assert 'name="name"' in form

    html = developer.post(at("rename", key), {"name": "App"}, headers=HTMX).text

    assert re.search(r"<h1[^>]*>App</h1>", html)
    assert 'name="name"' not in html


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_rename_says_what_is_wrong_with_a_name(developer, key, headers):
    ApiKeyFactory(organisation=key.organisation, name="App")

    for name, words in (("aPP", "heet al zo"), ("", "Vul een naam in.")):
        html = developer.post(at("rename", key), {"name": name}, headers=headers).text
        assert words in html


def test_a_developer_blocks_a_key_and_cannot_lift_that(developer, key):
    response = developer.post(at("block", key), follow=True)

    assert "De key is geblokkeerd. De administrators krijgen een mail." in response.text
    assert at("unblock", key) not in response.text
    assert developer.post(at("unblock", key)).status_code == 403


def test_an_administrator_lifts_a_block_of_a_member(signed_in, member, key):
    services.block_as_leaked(key, by=member.user)
    assert at("unblock", key) in signed_in.get(at("detail", key)).text

    response = signed_in.post(at("unblock", key), follow=True)

    assert "De key werkt weer." in response.text


def test_an_administrator_is_told_who_lifts_a_block_of_support(signed_in, key):
    services.block(key, by=UserFactory(is_staff=True), reason="Misbruik")

    assert at("unblock", key) not in signed_in.get(at("detail", key)).text
    response = signed_in.post(at("unblock", key), follow=True)
    assert "Alleen API support kan deze blokkade opheffen" in response.text


def test_rotate_shows_that_the_old_value_works_yet_and_ends_it(signed_in, key):
    old = key.secrets.get()

    asked = {"overlap": "7", "seen": old.public_id}
    html = signed_in.post(at("rotate", key), asked, follow=True).text
    assert old.public_id in html
    assert "Nog geen aanroep met de oude waarde" in html
    assert "Wacht nog even" in html

    extended = {"overlap": "30", "extend": ""}
    signed_in.post(at("old_secret", key, old.pk), extended)
    old.refresh_from_db()
    assert old.expires_at > timezone.now() + datetime.timedelta(days=29)

    html = signed_in.post(at("old_secret", key, old.pk), {"end": ""}, follow=True).text
    assert "De oude waarde werkt niet meer." in html
    assert at("old_secret", key, old.pk) not in html


def test_a_second_click_does_not_rotate_again(signed_in, key):
    seen = {"overlap": "7", "seen": key.secrets.get().public_id}

    signed_in.post(at("rotate", key), seen)
    html = signed_in.post(at("rotate", key), seen, follow=True).text

    assert "De key had al een nieuwe waarde." in html
    assert key.secrets.count() == 2


def test_the_old_secret_of_another_key_is_not_there(signed_in, member, key):
    other = ApiKeyFactory(organisation=member.organisation)
    services.rotate(other, WEEK, by=member.user)
    old = other.secrets.get(expires_at__isnull=False)

    response = signed_in.post(at("old_secret", key, old.pk), {"end": ""})

    assert response.status_code == 404


def test_reveal_lasts_half_a_minute(signed_in, key):
    asked = signed_in.get(at("reveal", key))
    assert "30 seconden" in asked.text
    assert "Refresh" not in asked

    shown = signed_in.post(at("reveal", key))

    assert shown["Refresh"] == f"30; url={at('detail', key)}"
    assert "no-store" in shown["Cache-Control"]
    secret = secrets.unseal(key.secrets.get())
    assert shown.text.count(secret) == 1 + len(examples.CALLS)
    assert secret not in signed_in.get(at("detail", key)).text


def test_administrators_see_on_the_key_that_it_was_shown(signed_in, member, key):
    services.reveal(key, by=member.user)

    html = signed_in.get(at("detail", key)).text

    assert "API-key Website is getoond" in html


def saves(client, act, key, shown=None, **typed):
    """Save the page of an act, as it was shown (now, or before)."""
    shown = shown or client.get(at(act, key)).context["form"]
    typed["seen_before"] = shown["seen_before"].value()
    return client.post(at(act, key), typed)


def test_restrict_judges_each_line_by_itself(signed_in, key):
    lines = "192.0.2.0/24\n\nnonsense\n 2001:db8::/48\n192.0.2.9/24\n198.51.100.7"

    html = saves(signed_in, "restrict", key, networks=lines).text
    assert "Regel 3: “nonsense” is geen adres of netwerk." in html
    assert "Regel 5: “192.0.2.9/24” wijst naar één adres" in html
    assert "Bedoel je 192.0.2.0/24?" in html
    assert "nonsense" in re.search(r"<textarea.*?</textarea>", html, re.DOTALL)[0]

    good = "192.0.2.0/24\n2001:db8::/48\n198.51.100.7"
    api = key.apis[1]
    saves(signed_in, "restrict", key, networks=good, apis=[api.pk])
    fresh = ApiKey.objects.get(pk=key.pk)
    assert fresh.networks == ["192.0.2.0/24", "2001:db8::/48", "198.51.100.7/32"]
    assert fresh.apis == [api]


def test_limits_that_a_colleague_changed_meanwhile_are_shown_and_nothing_is_lost(
    signed_in, key
):
    shown = signed_in.get(at("restrict", key)).context["form"]
    colleague = MembershipFactory(organisation=key.organisation, user__name="Bob Twee")
    api = key.apis[0]
    services.restrict(key, networks=["198.51.100.0/24"], apis=[api], by=colleague.user)

    answer = saves(signed_in, "restrict", key, shown, networks="192.0.2.0/24")

    assert "in “198.51.100.0/24” door Bob Twee" in answer.text
    assert f"in “{api}” door Bob Twee" in answer.text
    form = answer.context["form"]
    assert form["networks"].value() == "192.0.2.0/24"  # what was typed stays
    assert form["apis"].value() == [api.pk]  # and what was not touched follows
    assert ApiKey.objects.get(pk=key.pk).networks == ["198.51.100.0/24"]
    saves(signed_in, "restrict", key, form, networks="192.0.2.0/24", apis=[api.pk])
    assert ApiKey.objects.get(pk=key.pk).networks == ["192.0.2.0/24"]


def test_stop_sets_a_last_day_and_lifts_it(signed_in, key):
    today = timezone.localdate()
    assert "Kies vandaag" in saves(signed_in, "stop", key, day="2020-01-01").text

    saves(signed_in, "stop", key, day=today.isoformat())
    assert ApiKey.objects.get(pk=key.pk).chosen_last_day == today
    assert today.isoformat() in signed_in.get(at("stop", key)).text
    saves(signed_in, "stop", key, day="")
    assert ApiKey.objects.get(pk=key.pk).stops_at is None


@pytest.mark.parametrize("day", ["2999-12-31", ""])
def test_an_end_that_a_colleague_changed_meanwhile_is_shown_first(
    signed_in, member, key, day
):
    shown = signed_in.get(at("stop", key)).context["form"]
    colleague = MembershipFactory(organisation=key.organisation, user__name="Bob Twee")
    services.stop_after(key, datetime.date(2998, 5, 1), by=colleague.user)

    answer = saves(signed_in, "stop", key, shown, day=day)

    assert "Intussen heeft iemand anders dit gewijzigd" in answer.text
    assert "1 mei 2998” door Bob Twee" in answer.text
    assert ApiKey.objects.get(pk=key.pk).chosen_last_day.year == 2998
    saves(signed_in, "stop", key, answer.context["form"], day="2999-12-31")
    assert ApiKey.objects.get(pk=key.pk).chosen_last_day.year == 2999


def test_a_leaked_key_goes_on_with_another_value(signed_in, member, key):
    leaked = services.reveal(key, by=member.user)
    services.rotate(key, WEEK, by=member.user)
    services.block_as_leaked(key, by=member.user)
    html = signed_in.get(at("detail", key)).text
    assert "Nieuwe waarde geven" in html
    assert "De oude waarde werkt nog" not in html  # nothing of it does

    html = signed_in.post(at("unblock", key), {"renew": "1"}, follow=True).text

    assert "De key werkt weer, met een nieuwe waarde." in html
    fresh = ApiKey.objects.get(pk=key.pk)
    [usable] = fresh.secrets.usable()
    assert secrets.unseal(usable) != leaked
    assert fresh.works


def test_what_support_closed_gets_no_new_value_from_a_member(signed_in, member, key):
    services.block(key, by=UserFactory(is_staff=True), reason="Misbruik")

    html = signed_in.post(at("unblock", key), {"renew": "1"}, follow=True).text

    assert "Alleen API support kan deze blokkade opheffen." in html
    assert key.secrets.count() == 1


def test_a_blocked_key_is_not_offered_what_must_fail(signed_in, member, key):
    services.rotate(key, WEEK, by=member.user)
    services.block_as_leaked(key, by=member.user)
    old = key.secrets.exclude(expires_at=None).get()

    assert "Deze key werkt niet" in signed_in.get(at("rotate", key), follow=True).text
    answer = signed_in.post(
        at("old_secret", key, old.pk), {"overlap": "30", "extend": ""}, follow=True
    )

    assert "Deze key werkt niet, ook de oude waarde niet." in answer.text
    assert key.secrets.get(pk=old.pk).expires_at == old.expires_at


def test_letting_an_old_value_work_no_longer_than_it_did_is_said(
    signed_in, member, key
):
    services.rotate(key, 4 * WEEK, by=member.user)
    old = key.secrets.exclude(expires_at=None).get()

    page = at("old_secret", key, old.pk)
    html = signed_in.post(page, {"overlap": "7", "extend": ""}, follow=True).text

    assert "De oude waarde werkte al zo lang, of langer." in html
    assert not Event.objects.filter(kind="key.overlap_extended").exists()


def test_a_key_of_which_the_budget_is_used_up_says_so_everywhere(signed_in, key):
    until = timezone.now() + WEEK
    SpendingStop.objects.create(api_key=key, until=until)
    slug = key.organisation.slug

    for page in (
        at("detail", key),
        reverse("apikeys:usage_page", args=[slug]),
        reverse("organisations:dashboard", args=[slug]),
    ):
        assert "De gateway houdt bevragingen met" in signed_in.get(page).text
    html = signed_in.get(reverse("apikeys:list", args=[slug])).text
    assert "Budget op" in html
    SpendingStop.objects.update(until=timezone.now())
    assert "houdt bevragingen" not in signed_in.get(at("detail", key)).text


@pytest.mark.parametrize("act", ["rotate", "block", "restrict", "stop"])
def test_a_decoy_has_no_pages_of_real_keys(signed_in, member, act):
    canary = services.make_canary(member.organisation, name="Lokaas", by=member.user)

    assert signed_in.get(at(act, canary)).status_code == 404
    assert signed_in.post(at(act, canary)).status_code == 404
    assert "Een lokkey opent niets." in signed_in.get(at("reveal", canary)).text
    html = signed_in.post(at("reveal", canary)).text
    assert "zet hem niet in je software" in html
    assert "bij de geheimen van je software" not in html


def test_a_canary_is_there_for_administrators_only(signed_in, member, client):
    page = reverse("apikeys:canary", args=[member.organisation.slug])
    signed_in.post(page, {"name": "Lokaas"})
    canary = ApiKey.objects.canaries().get()
    list_page = reverse("apikeys:list", args=[member.organisation.slug])
    assert "Lokaas" in signed_in.get(list_page).text
    assert "Dit is een lokkey" in signed_in.get(at("detail", canary)).text

    other = MembershipFactory(organisation=member.organisation, role=Role.DEVELOPER)
    client.force_login(other.user)
    assert "Lokaas" not in client.get(list_page).text
    for name in ("detail", "rename", "block", "rotate", "reveal"):
        assert client.post(at(name, canary)).status_code in (302, 404, 405)
    assert client.get(at("detail", canary)).status_code == 404
    assert not Event.objects.filter(kind="key.revealed").exists()


def test_an_administrator_retires_a_canary_and_still_sees_it(
    signed_in, member, key, settings
):
    settings.MOST_CANARIES = 1
    page = reverse("apikeys:canary", args=[member.organisation.slug])
    signed_in.post(page, {"name": "Lokaas"})
    assert "Ruim er eerst een op" in signed_in.post(page, {"name": "Nog een"}).text
    canary = ApiKey.objects.canaries().get()
    assert "Ja, ruim de lokkey op" in signed_in.get(at("retire", canary)).text

    response = signed_in.post(at("retire", canary), follow=True)

    assert "Lokaas" in response.text
    assert "opgeruimd op" in response.text
    html = signed_in.get(at("detail", canary)).text
    assert "Deze lokkey is opgeruimd" in html
    assert "Toon de API-key" not in html
    assert signed_in.post(at("retire", key)).status_code == 404


def test_the_policy_for_leaks_is_chosen(signed_in, member):
    page = reverse("apikeys:leak_policy", args=[member.organisation.slug])
    assert 'value="block" ' in signed_in.get(page).text

    signed_in.post(page, {"on_leak": "tell"})
    signed_in.post(page, {"on_leak": "tell"})

    assert services.policy_of(member.organisation) == OnLeak.TELL
    assert Event.objects.filter(kind="key.leak_policy_tell").count() == 1


def test_examples_leave_the_key_out_until_it_is_shown(key):
    hidden = {one.language: one.code for one in examples.of(key)}
    shown = {one.language: one.code for one in examples.of(key, "kvk_live_x")}

    assert list(hidden) == ["curl", "Python", "JavaScript", "Java", "C#"]
    assert all("APIKEY" in code for code in hidden.values())
    assert all("kvk_live_x" in code for code in shown.values())
    assert not any("{key}" in code or "{url}" in code for code in shown.values())
    compile(hidden["Python"], "example", "exec")
    compile(shown["Python"], "example", "exec")


def test_the_pages_read_well_in_english(signed_in, key):
    services.block_as_leaked(key, by=key.organisation.memberships.get().user)
    signed_in.cookies["django_language"] = "en"
    key.organisation.memberships.get().user.__class__.objects.update(language="en")

    with translation.override("en"):
        html = signed_in.get(at("detail", key), headers={"Accept-Language": "en"}).text

    assert "Somebody in your organisation reported that the key has leaked." in html
