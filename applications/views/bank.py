"""How an organisation pays, and changing the account that is collected from."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from organisations.access import requires
from organisations.roles import Permission

from ..forms import BankForm, ReturnMandateForm, StopForm
from ..models import BankChange, CollectionReturn
from ..progress import bank_progress
from ..refusals import BANK
from ..services import bank as services
from ..services.documents import SameAsSent


@require_safe
@requires(Permission.ORGANISATION_MANAGE)
def shown(request, membership):
    contracts = membership.organisation.contracts.select_related("application__mandate")
    context = {"membership": membership}
    context["contracts"] = [_paying(contract) for contract in contracts]
    return render(request, "applications/payment.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
@reauthentication_required
def ask(request, membership, contract_id):
    contract = get_object_or_404(membership.organisation.contracts, pk=contract_id)
    form = BankForm(
        request.POST or None, initial={"account_holder": membership.organisation.name}
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.ask(contract, **form.cleaned_data, by=request.user)
        except tuple(BANK) as refusal:
            form.add_error(None, BANK[type(refusal)])
        else:
            text = _("We hebben een link gemaild naar %(email)s. Bevestig daarmee.")
            messages.success(request, text % {"email": request.user.email})
            return _back(membership)
    context = {"membership": membership, "contract": contract, "form": form}
    return render(request, "applications/ask_bank_change.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
@reauthentication_required
def agree(request, membership, change_id):
    change = _change(membership, change_id)
    if request.method == "POST":
        try:
            services.agree(change, by=request.user)
        except tuple(BANK) as refusal:
            messages.error(request, BANK[type(refusal)])
        else:
            text = _("Je bent akkoord. Laat nu de nieuwe incassomachtiging tekenen.")
            messages.success(request, text)
        return _back(membership)
    context = {"membership": membership, "change": change}
    return render(request, "applications/agree_bank_change.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
@reauthentication_required
def stop(request, membership, change_id):
    change = _change(membership, change_id)
    form = StopForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.stop(change, **form.cleaned_data, by=request.user)
        except services.WrongMoment as refusal:
            messages.error(request, BANK[type(refusal)])
        else:
            text = _("Gestopt. Er verandert niets aan hoe je organisatie betaalt.")
            messages.success(request, text)
        return _back(membership)
    context = {"membership": membership, "change": change, "form": form}
    return render(request, "applications/stop_bank_change.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
@reauthentication_required
def return_mandate(request, membership, change_id):
    """A page by itself: a file does not outlive the question for a password."""
    change = _change(membership, change_id)
    form = ReturnMandateForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        try:
            content = form.cleaned_data["mandate"]
            services.return_mandate(change, content, by=request.user)
        except SameAsSent as refusal:
            form.add_error("mandate", BANK[type(refusal)])
        except services.WrongMoment as refusal:
            messages.error(request, BANK[type(refusal)])
            return _back(membership)
        else:
            messages.success(request, _("Dank je. We controleren de machtiging."))
            return _back(membership)
    context = {"membership": membership, "change": change, "form": form}
    return render(request, "applications/return_mandate.html", context)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request, token):
    """Looking uses nothing up: scanners of mail look; only the button confirms."""
    try:
        change = services.open_change(token)
        if request.method == "POST":
            change = services.confirm(token)
    except services.LinkOver:
        return render(request, "applications/bank_link_over.html", status=404)
    page = "bank_confirmed" if change.confirmed_at else "confirm_bank_change"
    return render(request, f"applications/{page}.html", {"change": change})


def _paying(contract):
    """How one contract is paid, and the change of that which is under way."""
    change = contract.bank_changes.open().first()
    shown = {
        "contract": contract,
        "mandate": contract.mandate_in_force(),
        "came_back": CollectionReturn.objects.of_contract(contract),
    }
    if change:
        shown |= {
            "change": change,
            "progress": bank_progress(change),
            "documents": change.documents.described(),
        }
    return shown


def _change(membership, change_id):
    ours = BankChange.objects.filter(contract__organisation=membership.organisation)
    return get_object_or_404(ours.select_related("contract", "asked_by"), pk=change_id)


def _back(membership):
    return redirect("applications:payment", slug=membership.organisation.slug)
