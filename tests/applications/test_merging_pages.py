"""How staff merge a double organisation on the pages of /beheer/."""

import pytest
from django.urls import reverse

from organisations.models import Intervention, Organisation
from organisations.services import blocking
from tests.applications.merging import (
    carla,
    coen,
    double,
    into,
    merge,
    propose,
    staff,
)
from tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db
__all__ = ["carla", "coen", "double", "into"]
WHY = {"reason": "Typefout in het nummer.", "checked": "Gebeld met de directeur."}


def page(name, row):
    return reverse(f"admin:organisations_{name}", args=[row.pk])


def merged(double):
    return Organisation.objects.get(pk=double.pk).merged_into


def test_one_proposes_and_another_approves(client, double, into, coen, carla):
    client.force_login(coen)
    shown = client.get(page("organisation_change", double)).text
    url = page("organisation_merge", double)
    assert url in shown
    assert "Welke organisatie blijft?" in client.get(url).text
    chosen = f"{url}?into={into.pk}"
    html = client.get(chosen).text
    assert "Samenvoegen kan niet worden teruggedraaid" in html
    assert "Overeenkomsten, met documenten en machtiging: 1" in html
    assert "Geef een reden" not in html
    empty = client.post(chosen, {"reason": "", "checked": ""}).text
    assert "Leg uit waarom dit nodig is." in empty
    answer = client.post(chosen, WHY)
    proposed = Intervention.objects.get(kind=Intervention.Kind.MERGE)
    assert answer.url == page("intervention_change", proposed)
    own = client.post(page("intervention_merge", proposed), follow=True)
    assert "Jij hebt dit voorgesteld" in own.text
    assert merged(double) is None

    client.force_login(carla)
    act = reverse(
        "admin:organisations_intervention_act", args=[proposed.pk, "goedkeuren"]
    )
    assert act in client.get(answer.url).text
    approval = client.get(act, follow=True).text
    assert "Gebeld met de directeur." in approval
    assert "Overeenkomsten, met documenten en machtiging: 1" in approval
    done = client.post(page("intervention_merge", proposed), follow=True)

    assert "Gedaan: Donnald BV samenvoegen met Donald BV." in done.text
    assert merged(double) == into
    assert client.get(page("intervention_merge", proposed)).url == answer.url


def test_who_proposed_is_offered_to_take_it_back_and_no_more(
    client, double, into, coen
):
    proposed = propose(double, into, coen)
    client.force_login(coen)
    assert (
        "Bekijken of terugnemen"
        in client.get(page("intervention_change", proposed)).text
    )

    html = client.get(page("intervention_merge", proposed)).text

    assert "Je hebt dit zelf voorgesteld. Een collega beslist." in html
    assert "Goedkeuren en nu samenvoegen" not in html
    assert "Niet samenvoegen" in html


def test_what_prevents_it_stands_there_and_there_is_no_button(
    client, double, into, coen, carla
):
    proposed = propose(double, into, coen)
    blocking.block(double, reason="Misbruik", by=staff("support"))
    client.force_login(carla)

    html = client.get(page("intervention_merge", proposed)).text
    assert "Donnald BV is geblokkeerd. Hef dat eerst op." in html
    assert "Goedkeuren en nu samenvoegen" not in html
    answer = client.post(page("intervention_merge", proposed), follow=True)
    assert "Donnald BV is geblokkeerd. Hef dat eerst op." in answer.text
    assert merged(double) is None

    client.post(page("intervention_merge", proposed), {"stop": "1"})
    proposed.refresh_from_db()
    assert proposed.outcome == Intervention.Outcome.STOPPED


def test_what_came_up_meanwhile_is_shown_to_who_proposes(client, double, into, coen):
    blocking.block(into, reason="Misbruik", by=staff("support"))
    client.force_login(coen)

    html = client.post(f"{page('organisation_merge', double)}?into={into.pk}", WHY).text

    assert "Donald BV is geblokkeerd. Hef dat eerst op." in html
    assert not Intervention.objects.exists()


def test_the_one_that_stays_is_found_by_name_and_told_apart_by_code(
    client, double, into, coen
):
    client.force_login(coen)

    url = reverse("admin:organisations_organisation_find")
    found = client.get(url, {"term": "donald"}).json()["results"]

    text = f"Donald BV ({into.slug}, Voorbeeldstad)"
    assert found == [{"id": str(into.pk), "text": text}]
    merge(double, into)
    assert not client.get(url, {"term": "donnald"}).json()["results"]
    answer = client.get(f"{page('organisation_merge', into)}?into={double.pk}")
    assert "Kies een organisatie die er nog is." in answer.text


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ({}, "Kies een organisatie."),
        ({"code": "bestaat-niet"}, "Kies een organisatie die er nog is."),
    ],
)
def test_who_chooses_nothing_is_told(client, double, into, coen, typed, answer):
    client.force_login(coen)
    url = page("organisation_merge", double)
    assert 'role="alert"' not in client.get(url).text

    html = client.get(
        url, {"asked": "1", **typed}
    ).text  # a searched list sends nothing

    assert answer in html
    assert 'role="alert"' in html


def test_without_javascript_it_is_chosen_by_its_code(client, double, into, coen):
    client.force_login(coen)
    url = page("organisation_merge", double)
    assert "<noscript>" in client.get(url).text

    html = client.get(url, {"asked": "1", "code": f" {into.slug.upper()} "}).text

    assert "Samenvoegen kan niet worden teruggedraaid" in html
    assert "Voorstellen" in html


def test_nothing_is_asked_where_nothing_can_be_proposed(client, double, into, coen):
    blocking.block(into, reason="Misbruik", by=staff("support"))
    client.force_login(coen)

    html = client.get(page("organisation_merge", double), {"into": into.pk}).text

    assert "Hef dat eerst op." in html
    assert "<textarea" not in html


@pytest.mark.parametrize("group", ["support", "intake", "toezicht", "facturatie"])
def test_other_groups_merge_nothing(client, double, into, coen, group):
    proposed = propose(double, into, coen)
    client.force_login(staff(group))

    for url in (
        page("intervention_merge", proposed),
        page("organisation_merge", double),
        reverse("admin:organisations_organisation_find"),
    ):
        assert client.get(url).status_code == client.post(url).status_code == 403
    assert merged(double) is None


def test_who_belongs_to_one_of_them_is_told_so(client, double, into, coen):
    MembershipFactory(organisation=into, user=coen)
    client.force_login(coen)

    answer = client.post(f"{page('organisation_merge', double)}?into={into.pk}", WHY)

    assert "Je hoort bij deze organisatie" in answer.text


def test_the_pages_of_both_lead_to_each_other(client, double, into, coen):
    merge(double, into)
    client.force_login(coen)

    old = client.get(page("organisation_change", double)).text
    assert page("organisation_change", into) in old
    assert "Samengevoegd op" in old
    assert page("organisation_merge", double) not in old
    assert 'name="name"' not in old
    new = client.get(page("organisation_change", into)).text
    assert page("organisation_change", double) in new
    listed = client.get(reverse("admin:organisations_organisation_changelist")).text
    assert "Donnald BV (samengevoegd met Donald BV)" in listed


def test_an_administrator_reads_of_it_on_the_dashboard(client, double, into, coen):
    proposed = propose(double, into, coen)
    for organisation in (double, into):
        alice = organisation.memberships.get().user
        client.force_login(alice)
        slug = organisation.slug
        html = client.get(reverse("organisations:dashboard", args=[slug])).text
        url = reverse("organisations:intervention", args=[slug, proposed.pk])
        assert "Donnald BV samenvoegen met Donald BV" in html
        assert url in html
