from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from organisations.access import requires
from organisations.roles import Permission

from .. import budgets, usage_emails
from ..budget_forms import BudgetForm, UsageMailForm
from ..models import UsageMail


@require_safe
@requires(Permission.ORGANISATION_VIEW)
def shown(request, membership):
    organisation = membership.organisation
    today = timezone.localdate()
    found = organisation.budgets.select_related("api_key", "organisation")
    context = {
        "membership": membership,
        "budgets": [
            {
                "budget": one,
                "most": usage_emails.amount(one),
                "share": budgets.share(one, today),
            }
            for one in found
        ],
        "alerts": organisation.usage_alerts.all()[:10],
        "form": _mail_form(organisation),
    }
    return render(request, "apikeys/budgets.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def change(request, membership, budget_id=None):
    organisation = membership.organisation
    budget = budget_id and get_object_or_404(organisation.budgets, pk=budget_id)
    form = BudgetForm(request.POST or None, instance=budget, organisation=organisation)
    if request.method == "POST" and form.is_valid():
        try:
            budgets.put(form.instance, by=request.user)
            messages.success(request, _("Het budget is opgeslagen."))
        except budgets.AnotherBudget:
            text = _("Een collega wijzigde dit intussen. Er is niets opgeslagen.")
            messages.warning(request, text)
        return redirect("apikeys:budgets", slug=organisation.slug)
    context = {"membership": membership, "form": form, "budget": budget}
    return render(request, "apikeys/budget.html", context)


@require_POST
@requires(Permission.ORGANISATION_MANAGE)
def remove(request, membership, budget_id):
    budget = get_object_or_404(membership.organisation.budgets, pk=budget_id)
    budgets.remove(budget, by=request.user)
    messages.success(request, _("Het budget is weggehaald."))
    return redirect("apikeys:budgets", slug=membership.organisation.slug)


@require_POST
@requires(Permission.ORGANISATION_MANAGE)
def mail(request, membership):
    form = _mail_form(membership.organisation, request.POST)
    if form.is_valid():
        budgets.choose_mail(form, by=request.user)
        messages.success(request, _("Opgeslagen."))
    else:
        messages.error(request, _("Dat kan niet: kies wie bij de organisatie hoort."))
    return redirect("apikeys:budgets", slug=membership.organisation.slug)


def _mail_form(organisation, data=None):
    there = UsageMail.objects.filter(organisation=organisation).first()
    there = there or UsageMail(organisation=organisation)
    return UsageMailForm(data, instance=there, organisation=organisation)
