import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.models import User
from organisations.models import Membership, Organisation
from organisations.roles import Role


@pytest.fixture
def donald(db):
    donald = Organisation.objects.create(
        slug="68750110",
        kvk_number="68750110",
        name="Test BV Donald",
        legal_form="private_company",
        postcode="1234 AB",
    )
    member = User.objects.create_user("katrien", "katrien@bedrijf.example")
    Membership.objects.create(organisation=donald, user=member, role=Role.ADMINISTRATOR)
    return donald


@pytest.fixture
def support(db):
    person = User.objects.create_user("steun", "steun@portal.example", is_staff=True)
    person.user_permissions.set(
        Permission.objects.filter(codename__in=["view_organisation", "view_membership"])
    )
    return person


def test_list_finds_an_organisation_by_its_member(client, donald, support):
    client.force_login(support)

    html = client.get(
        reverse("admin:organisations_organisation_changelist"), {"q": "katrien@"}
    ).text

    assert "Test BV Donald" in html
    assert "68750110" in html
    assert "katrien" in html


def test_support_reads_and_does_not_write(client, donald, support):
    client.force_login(support)
    url = reverse("admin:organisations_organisation_change", args=[donald.pk])

    assert "katrien" in (page := client.get(url)).text
    assert 'name="name"' not in page.text
    assert client.post(url, {"name": "Test BV Dagobert"}).status_code == 403


def test_nobody_edits_the_code_in_the_address(client, donald):
    client.force_login(User.objects.create_superuser("baas", "baas@portal.example"))

    html = client.get(
        reverse("admin:organisations_organisation_change", args=[donald.pk])
    ).text

    assert 'name="name"' in html
    assert 'name="slug"' not in html
