"""Mijn Gegevens: what a person can see and change of their own."""

from allauth.account.decorators import reauthentication_required
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)
from django.views.decorators.vary import vary_on_headers

from accounts import limits, second_factor
from accounts import services as accounts
from accounts.devices import device
from accounts.fields import USERNAME_TAKEN
from accounts.known_devices import token_of
from accounts.places import address_and_place
from mail import services as mail
from mail.services import TooMuchMail

from ..access import any_user
from ..downloads import as_download
from ..forms import ContactForm, EmailChangeForm, UsernameForm
from ..fragments import fragment
from ..my_data import as_zip
from ..services import members


@require_safe
@any_user
def me(request):
    context = {
        "person": request.user,
        "email_change": getattr(request.user, "email_change", None),
        "has_second_factor": second_factor.met(request),
        "unreachable": mail.is_unreachable(request.user.email),
        "session_count": len(accounts.sessions(request.user)),
    }
    return render(request, "me/me.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
@any_user
def contact(request):
    user = request.user
    was = user.language
    initial = {"name": user.name, "phone": user.phone, "language": user.language}
    form = ContactForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        accounts.change_contact(user, **form.cleaned_data)
        with translation.override(user.language):
            messages.success(request, _("Je gegevens zijn gewijzigd."))
        if not request.htmx or user.language != was:  # a whole page in another language
            return redirect("organisations:me")
        form = None
    if request.htmx:
        shown = None if "tonen" in request.GET else form
        context = {"person": user, "form": shown}
        return fragment(request, "me/me.html#contact-data", context=context)
    context = {
        "form": form,
        "title": _("Contactgegevens wijzigen"),
        "button": _("Opslaan"),
    }
    return render(request, "me/form.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@any_user
@reauthentication_required
def username(request):
    form = UsernameForm(
        request.POST or None, initial={"username": request.user.username}
    )
    if request.method == "POST" and form.is_valid():
        limits.take(limits.USERNAME, request.user.pk)  # it tells which names are taken
        try:
            accounts.change_username(request.user, form.cleaned_data["username"])
        except accounts.UsernameTaken:
            form.add_error("username", USERNAME_TAKEN)
        else:
            messages.success(request, _("Je gebruikersnaam is gewijzigd."))
            return redirect("organisations:me")
    context = {
        "form": form,
        "title": _("Gebruikersnaam wijzigen"),
        "intro": _(
            "Je vorige gebruikersnaam blijft van jou: niemand anders kan hem krijgen."
        ),
        "button": _("Opslaan"),
    }
    return render(request, "me/form.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@any_user
@reauthentication_required
def email(request):
    form = EmailChangeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            accounts.ask_email_change(request.user, form.cleaned_data["email"])
        except accounts.AddressBound:
            form.add_error("email", _address_bound())
        except TooMuchMail:
            text = _(
                "Naar dit adres zijn net al een paar mails gegaan. Probeer het later nog eens."
            )
            form.add_error("email", text)
        else:
            text = _("We hebben een link gemaild naar %(email)s. Bevestig daarmee.")
            messages.success(request, text % form.cleaned_data)
            return redirect("organisations:me")
    context = {
        "form": form,
        "title": _("E-mailadres wijzigen"),
        "intro": _(
            "Het verandert pas als je het nieuwe adres hebt bevestigd. Je oude adres krijgt"
            " er dan bericht van."
        ),
        "button": _("Stuur mij de link"),
    }
    return render(request, "me/form.html", context)


def _address_bound():
    return _(
        "Je organisatie laat je inloggen via de eigen inlogdienst. Je adres moet daarom in"
        " hetzelfde maildomein blijven. Vraag het een administrator van je organisatie."
    )


@require_safe
@any_user
def sessions(request):
    listed = [
        {
            "session": one,
            "device": device(one.user_agent),
            "address": address_and_place(one.ip),
            "current": one.is_current(),
        }
        for one in accounts.sessions(request.user)
    ]
    return render(request, "me/sessions.html", {"sessions": listed})


@require_POST
@any_user
def end_session(request, session_id):
    try:
        accounts.end_session(request.user, session_id)
    except UserSession.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("Op dat apparaat ben je uitgelogd."))
    return redirect("organisations:my_sessions")


@require_POST
@any_user
def end_other_sessions(request):
    accounts.end_other_sessions(
        request.user,
        session_key=request.session.session_key,
        device_token=token_of(request),
    )
    messages.success(request, _("Je bent nu alleen nog hier ingelogd."))
    return redirect("organisations:my_sessions")


@require_POST
@any_user
@reauthentication_required
def download(request):
    name = f"mijn-gegevens-{timezone.localdate().isoformat()}.zip"
    return as_download(as_zip(request.user), name)


@require_http_methods(["GET", "HEAD", "POST"])
@any_user
@reauthentication_required
def close(request):
    alone = members.only_administrator_of(request.user)
    if request.method == "POST" and not alone:
        try:
            members.close_account(request.user)
        except members.LastAdministrator:  # since a moment ago
            return redirect("organisations:close_account")
        logout(request)
        messages.success(request, _("Je account is gesloten."))
        return redirect("home")
    return render(request, "me/close.html", {"alone": alone})
