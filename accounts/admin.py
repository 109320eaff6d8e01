from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from audit.admin import StaffAdmin
from audit.services import record
from mail import services as mail

from . import emails, fields, services
from .models import Activation, User, Username
from .review_admin import RightsReviewAdmin  # noqa: F401

PERSON = ["username", "name", "email", "phone", "language", "is_active"]
RIGHTS = ["is_staff", "is_superuser", "groups"]


class PersonForm(forms.ModelForm):
    name = fields.PersonNameField()
    email = fields.EmailField()

    class Meta:
        model = User
        fields = [*PERSON, *RIGHTS]

    def clean_is_active(self):
        active = self.cleaned_data["is_active"]
        if self.instance.pk and not active and not services.may_end(self.instance):
            raise ValidationError(
                _(
                    "Dit is de laatste administrator van een organisatie. Maak eerst een"
                    " ander administrator."
                )
            )
        return active

    def clean_email(self):
        email = self.cleaned_data["email"]
        stored = self.initial.get("email")
        if self.instance.pk and email != stored and services.is_guarded(self.instance):
            raise ValidationError(
                _(
                    "Dit is een administrator. Het adres wijzigt de persoon zelf. Kan dat"
                    " niet meer? Stel dan bij de organisatie een ingreep voor."
                )
            )
        return email


class NewPersonForm(PersonForm):
    username = fields.UsernameField()

    def clean_username(self):
        name = self.cleaned_data["username"]
        if Username.objects.filter(name=name).exists():
            raise ValidationError(
                _("Deze gebruikersnaam is al in gebruik. Kies een andere.")
            )
        return name


@admin.register(User)
class UserAdmin(StaffAdmin):
    """Persons without their password: each sets their own, by a link that is mailed."""

    list_display = [
        "username", "name", "email", "organisations", "is_staff", "is_active", "last_login",
    ]  # fmt: skip
    list_filter = ["is_staff", "is_active", "groups"]
    search_fields = ["username", "name", "email"]
    ordering = ["username"]
    filter_horizontal = ["groups"]
    actions = ["renew_activation"]

    @admin.display(description=_("organisaties"))
    def organisations(self, person):
        return ", ".join(
            str(member.organisation) for member in person.memberships.all()
        )

    def get_queryset(self, request):
        people = super().get_queryset(request)
        return people.prefetch_related("memberships__organisation")

    def also_found(self, words):
        """By an organisation."""
        within = {"memberships__organisation__name__icontains": words}
        return User.objects.filter(**within).values("pk")

    def get_fieldsets(self, request, obj=None):
        person = [*PERSON, "shown_mail"] if obj else PERSON
        return [(None, {"fields": person}), (_("Rechten"), {"fields": RIGHTS})]

    @admin.display(description=_("mail"))
    def shown_mail(self, person):
        if mail.is_unreachable(person.email):
            return _("Onze mail komt niet aan op dit adres.")
        return _("Er kwam niets terug van dit adres.")

    def get_form(self, request, obj=None, **kwargs):
        return super().get_form(
            request, obj, form=PersonForm if obj else NewPersonForm, **kwargs
        )

    def get_readonly_fields(self, request, obj=None):
        # a name belongs to one person for ever
        fixed = ["username", "shown_mail"] if obj else []
        return fixed if request.user.is_superuser else [*fixed, *RIGHTS]

    def has_change_permission(self, request, obj=None):
        above = obj is not None and obj.is_superuser and not request.user.is_superuser
        return super().has_change_permission(request, obj) and not above

    def has_delete_permission(self, request, obj=None):
        return False  # what a person did stays theirs; is_active ends an account

    def has_renew_activation_permission(self, request):
        return request.user.has_perm("accounts.renew_activation")

    @transaction.atomic
    def save_model(self, request, obj, form, change):
        if change:
            if (
                "email" in form.changed_data
            ):  # first: it locks what goes before a person
                person = User.objects.get(pk=obj.pk)
                services.change_email(person, obj.email, by=request.user)
            obj.save()
            record(
                "person.changed", subject=obj, by=request.user, fields=form.changed_data
            )
            return
        person = services.create_person(
            services.reserve_username(obj.username),
            name=obj.name,
            email=obj.email,
            phone=obj.phone,
            language=obj.language,
        )
        obj.pk, obj.password, obj._state.adding = person.pk, person.password, False
        obj.date_joined = person.date_joined
        obj.save()
        activation = services.start_activation(person, by=request.user)
        emails.activation_renewed(activation)

    @admin.action(
        description=_("Stuur de activeringslink opnieuw"),
        permissions=["renew_activation"],
    )
    def renew_activation(self, request, queryset):
        sent = 0
        for user in queryset:
            try:
                services.renew_activation(user, by=request.user)
            except (services.ActivationUsed, Activation.DoesNotExist):
                text = _(
                    "%(user)s heeft al een wachtwoord, en kan zelf een nieuw kiezen."
                )
                self.message_user(request, text % {"user": user.username}, "warning")
            else:
                sent += 1
        text = ngettext(
            "%(sent)d nieuwe link verstuurd.", "%(sent)d nieuwe links verstuurd.", sent
        )
        if sent:
            self.message_user(request, text % {"sent": sent}, "success")
