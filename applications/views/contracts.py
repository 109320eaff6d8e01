"""The contracts of an organisation: what was agreed, the documents, and cancelling."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from organisations.access import requires
from organisations.downloads import as_download
from organisations.roles import Permission

from ..forms import CancelForm
from ..models import Document
from ..services import contracts as services


@require_safe
@requires(Permission.ORGANISATION_MANAGE)
def shown(request, membership):
    contracts = membership.organisation.contracts.select_related(
        "application", "api_key", "cancelled_by"
    ).prefetch_related("api_key__subscriptions__product")
    documents = Document.objects.of_organisation(membership.organisation).described()
    context = {
        "membership": membership,
        "contracts": [
            (contract, [one for one in documents if one.contract_id == contract.pk])
            for contract in contracts
        ],
        "applications": membership.organisation.applications.under_way(),
    }
    return render(request, "applications/contract.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
@reauthentication_required
def cancel(request, membership, contract_id):
    contract = get_object_or_404(membership.organisation.contracts, pk=contract_id)
    last_day = services.last_day(timezone.localdate())
    form = CancelForm(request.POST or None, initial={"ends_on": last_day.isoformat()})
    if request.method == "POST" and form.is_valid():
        try:
            services.cancel(contract, **form.cleaned_data, by=request.user)
        except services.AlreadyCancelled:
            messages.info(request, _("De overeenkomst was al opgezegd."))
        except services.AnotherDay:
            messages.warning(request, _("De einddatum is nu anders. Kijk nog eens."))
            return redirect(request.path)
        else:
            day = date_format(contract.ends_on, "j F Y")
            text = _("De overeenkomst is opgezegd. De laatste dag is %(day)s.")
            messages.success(request, text % {"day": day})
        return _back(membership)
    if contract.cancelled_at:
        return _back(membership)
    context = {
        "membership": membership,
        "contract": contract,
        "form": form,
        "last_day": last_day,
    }
    return render(request, "applications/cancel.html", context)


@require_POST
@requires(Permission.ORGANISATION_MANAGE)
@reauthentication_required
def take_back(request, membership, contract_id):
    contract = get_object_or_404(membership.organisation.contracts, pk=contract_id)
    try:
        services.take_back(contract, by=request.user)
    except services.NotCancelled:
        messages.warning(request, _("Er is geen opzegging (meer) om in te trekken."))
    except services.EndedByUs:
        text = _("Wij hebben de overeenkomst beëindigd. Neem contact met ons op.")
        messages.warning(request, text)
    else:
        messages.success(request, _("De overeenkomst loopt door."))
    return _back(membership)


@require_safe
@requires(Permission.ORGANISATION_MANAGE)
def document(request, membership, document_id):
    ours = Document.objects.of_organisation(membership.organisation)
    found = get_object_or_404(ours, pk=document_id)
    return as_download(found.content, found.name)


def _back(membership):
    return redirect("applications:contract", slug=membership.organisation.slug)
