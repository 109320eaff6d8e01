"""The private page of one application: whoever has the link from the mail is let in."""

from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_safe,
)

from accounts.fields import USERNAME_TAKEN
from accounts.services import UsernameTaken
from organisations.downloads import as_download

from ..completion import completion_form
from ..forms import NOT_SIGNED, ReturnContractForm
from ..models import Application, Status, WrongState
from ..progress import progress
from ..services import drafting, following, waiting
from ..services.documents import SameAsSent
from ..summary import parts


def by_private_link(view):
    """Find the application by its token. Other sites never see the address: the policy
    on referrers is same-origin (no-referrer would break the origin check of our forms).
    """

    @wraps(view)
    def found(request, token, **kwargs):
        try:
            application = drafting.by_link("application", token)
        except Application.DoesNotExist:
            return render(request, "applications/no_application.html", status=404)
        try:
            return view(request, application, token=token, **kwargs)
        except WrongState:
            messages.warning(
                request,
                _("Dat kan niet meer: de aanvraag is inmiddels een stap verder."),
            )
            return redirect("applications:status", token=token)

    return login_not_required(found)


@by_private_link
@require_safe
def status(request, application, token):
    return _page(request, application, token, ReturnContractForm())


def _page(request, application, token, form):
    context = {
        "application": application,
        "token": token,
        "form": form,
        "progress": progress(application),
        "asked": application.change_requests.unanswered(),
        "documents": application.documents.defer("content"),
        "parts": parts(application, checked=True),
        "lapses_on": waiting.lapses_on(application),
        "can_withdraw": application.can_become(Status.WITHDRAWN),
        "can_return": application.can_become(Status.CONTRACT_RETURNED),
    }
    return render(request, "applications/status.html", context)


@by_private_link
def confirm_email(request, application, token):
    if request.method == "POST":  # a scanner of mail only looks
        following.confirm_email(application)
        messages.success(request, _("Dank je. Je e-mailadres is bevestigd."))
    return redirect("applications:status", token=token)


@by_private_link
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request, application, token):
    if request.method == "POST":
        following.withdraw(application)
        messages.success(request, _("Je aanvraag is ingetrokken."))
        return redirect("applications:status", token=token)
    if not application.can_become(Status.WITHDRAWN):
        raise WrongState
    context = {"application": application, "token": token}
    return render(request, "applications/withdraw.html", context)


@by_private_link
@require_http_methods(["GET", "HEAD", "POST"])
def complete(request, application, token):
    asked = application.change_requests.unanswered()
    if asked is None:
        raise WrongState
    form = completion_form(application, asked, data=request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            following.answer_changes(application, form.cleaned_data)
        except UsernameTaken:
            form.add_error("username", USERNAME_TAKEN)
        else:
            if application.email_confirmed_at is None:  # and so has another link
                context = {"application": application}
                return render(request, "applications/moved.html", context)
            messages.success(request, _("Je aanvulling is verzonden."))
            return redirect("applications:status", token=token)
    context = {"application": application, "asked": asked, "form": form, "token": token}
    return render(request, "applications/complete.html", context)


@by_private_link
def return_contract(request, application, token):
    if request.method != "POST":  # the page of a refusal, opened again
        return redirect("applications:status", token=token)
    if not application.can_become(Status.CONTRACT_RETURNED):  # before it costs anything
        raise WrongState
    form = ReturnContractForm(data=request.POST, files=request.FILES)
    if not form.is_valid():
        return _page(request, application, token, form)
    try:
        following.return_contract(application, form.cleaned_data["contract"])
    except SameAsSent:
        form.add_error("contract", NOT_SIGNED)
        return _page(request, application, token, form)
    messages.success(
        request, _("Dank je. We hebben de ondertekende overeenkomst ontvangen.")
    )
    return redirect("applications:status", token=token)


@by_private_link
@require_safe
def document(request, application, token, pk):
    found = get_object_or_404(application.documents, pk=pk)
    return as_download(found.content, found.name)
