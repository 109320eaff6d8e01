"""New terms, which an administrator reads and answers for the organisation."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
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
    rounds = membership.organisation.terms_requests.select_related("round__template")
    asked = rounds.current().first()
    if asked is None:
        return _of_before(request, membership, rounds)
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
        "earlier": rounds.exclude(pk=asked.pk),
    }
    return render(request, "applications/terms_round.html", context)


def _of_before(request, membership, rounds):
    """Nothing is asked now; what was answered in earlier rounds can be read."""
    if not rounds.exists():
        raise Http404
    context = {"membership": membership, "earlier": rounds}
    return render(request, "applications/terms_round.html", context)


@require_safe
@requires(Permission.ORGANISATION_MANAGE)
def document(request, membership, terms_id):
    """What the organisation was asked about, in whichever round."""
    rounds = membership.organisation.terms_requests.select_related("round__template")
    round = get_object_or_404(rounds, pk=terms_id).round
    name = f"gebruikersvoorwaarden-{round.template.version}.pdf"
    return as_download(round.content, name)
