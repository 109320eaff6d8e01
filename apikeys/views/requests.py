"""Asking for one more key: for what a contract covers, without another contract."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from organisations.access import requires
from organisations.roles import Permission

from .. import services
from ..forms import AskForKeyForm


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.KEYS_MANAGE)
def ask(request, membership):
    organisation = membership.organisation
    products = services.covered(organisation)
    form = AskForKeyForm(products=products)
    if request.method == "POST":
        form = AskForKeyForm(request.POST, products=products)
        if form.is_valid() and _asked(request, organisation, form):
            return redirect("apikeys:list", slug=organisation.slug)
    context = {"membership": membership, "form": form, "products": products}
    return render(request, "apikeys/ask.html", context)


def _asked(request, organisation, form):
    try:
        services.ask_for_key(organisation, **form.cleaned_data, by=request.user)
    except services.NameTaken:
        form.add_error("name", _("Zo heet al een key van je organisatie."))
    except services.AlreadyAsked:
        form.add_error("name", _("Deze key is al aangevraagd. We zijn ermee bezig."))
    except services.NotCovered:
        form.add_error("product", _("Hiervoor loopt geen overeenkomst meer."))
    else:
        text = _("Je verzoek is verstuurd. Je krijgt een mail zodra we hebben beslist.")
        messages.success(request, text)
        return True
    return False
