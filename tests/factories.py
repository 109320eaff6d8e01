"""What tests make: each call names only what its test is about."""

import datetime

import factory
from django.utils import timezone

from accounts.models import User
from apikeys import services as apikeys
from apikeys.models import ApiKey, Product
from applications.models import Application, Status
from applications.services import following
from organisations.models import (
    LegalForm,
    Membership,
    Organisation,
    OwnLogin,
    OwnLoginStatus,
)
from organisations.roles import Role
from portal.management import world
from portal.management.world import PASSWORD


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"persoon-{n}")
    name = factory.Sequence(lambda n: f"Persoon {n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@voorbeeld.example")
    password = PASSWORD

    @classmethod
    def _create(cls, model_class, *_args, **fields):
        return model_class.objects.create_user(**fields)


class OrganisationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Organisation

    kvk_number = factory.Sequence(lambda n: f"{90000000 + n}")
    slug = factory.SelfAttribute("kvk_number")
    name = factory.Sequence(lambda n: f"Test BV {n}")
    legal_form = LegalForm.PRIVATE_COMPANY
    street = "Voorbeeldstraat 1"
    postcode = "1234 AB"
    city = "Voorbeeldstad"
    invoice_email = "facturen@voorbeeld.example"


class MembershipFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Membership

    organisation = factory.SubFactory(OrganisationFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.ADMINISTRATOR


class OwnLoginFactory(factory.django.DjangoModelFactory):
    """The provider of an organisation whose addresses lie in voorbeeld.example."""

    class Meta:
        model = OwnLogin

    organisation = factory.SubFactory(OrganisationFactory)
    code = factory.Sequence(lambda n: f"code-{n}")
    issuer = "https://login.voorbeeld.example"
    client_id = "client"
    domain = "voorbeeld.example"
    status = OwnLoginStatus.ON

    @classmethod
    def _create(cls, model_class, *_args, **fields):
        own = model_class(**fields)
        own.seal("het geheim")
        own.save()
        return own


class ApiKeyFactory(factory.django.DjangoModelFactory):
    """A key as an organisation gets it, to the product that the catalogue starts with."""

    class Meta:
        model = ApiKey

    organisation = factory.SubFactory(OrganisationFactory)
    name = factory.Sequence(lambda n: f"Key {n}")
    by = factory.SubFactory(UserFactory)

    @classmethod
    def _create(cls, model_class, *_args, **fields):
        organisation = fields.pop("organisation")
        fields.setdefault("products", Product.objects.all()[:1])
        return apikeys.issue(organisation, **fields)


def member_of(key):
    """Somebody who may act on this key."""
    return MembershipFactory(organisation=key.organisation).user


class ApplicationFactory(factory.django.DjangoModelFactory):
    """An application as far as `status` says, brought there by the people who do that."""

    class Meta:
        model = Application

    status = Status.SUBMITTED
    number = factory.Sequence(lambda n: n)

    @classmethod
    def _create(cls, model_class, *_args, status, number, confirmed=True, **answers):
        application = world.draft(
            {**filled_in(number), **answers}, from_address=f"{number}"
        )
        if status == Status.DRAFT:
            return application
        world.submit(application)
        if confirmed:
            following.confirm_email(application)
        world.bring(
            application, status, by=lambda group: UserFactory(name=world.STAFF[group])
        )
        return application


def filled_in(number):
    """All that an applicant types, in the order of the pages."""
    email = f"inkoop@bedrijf-{number}.example"
    return {
        **world.ANSWERS,
        "kvk_number": f"{80000000 + number}",
        "name": f"Test BV {number}",
        "legal_form": LegalForm.PRIVATE_COMPANY.value,
        "contract_name": "Katrijn Inkoop",
        "contract_email": email,
        "account_name": "Dirk Beheer",
        "account_email": email,
        "username": f"beheer-{number}",
        "invoice_email": email,
    }


def aged(days, **fields):
    """An application that stands where it is for so many days."""
    application = ApplicationFactory(**fields)
    since = timezone.now() - datetime.timedelta(days=days)
    moved = {"status_since": since}
    if application.email_confirmed_at:
        moved["email_confirmed_at"] = since
    Application.objects.filter(pk=application.pk).update(**moved)
    return application
