"""New terms, which an administrator reads and answers for the organisation."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from organisations.access import requires
from organisations.downloads import as_download
from organisations.roles import Permission

from ..forms import TermsForm
from ..refusals import TERMS
from ..services import terms as services


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
@reauthentication_required
def shown(request, membership):
    asked = _asked(membership)
    form = TermsForm(request.POST or None, initial={"seen": asked.round.sha256})
    if request.method == "POST" and form.is_valid():
        try:
            services.answer(asked, **form.answered(), by=request.user)
        except tuple(TERMS) as refusal:
            messages.warning(request, TERMS[type(refusal)])
        else:
            messages.success(request, _("Dank je. We hebben je antwoord vastgelegd."))
        return redirect(request.path)
    context = {
        "membership": membership,
        "asked": asked,
        "round": asked.round,
        "answer": asked.answer(),
        "form": form,
    }
    return render(request, "applications/terms_round.html", context)


@require_safe
@requires(Permission.ORGANISATION_MANAGE)
def document(request, membership):
    round = _asked(membership).round
    name = f"gebruikersvoorwaarden-{round.template.version}.pdf"
    return as_download(round.content, name)


def _asked(membership):
    """What this organisation is asked now, or was asked in the round that ran last."""
    found = membership.organisation.terms_requests.current()
    asked = found.select_related("round__template").first()
    if asked is None:
        raise Http404
    return asked
