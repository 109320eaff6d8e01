"""Asking for one more key, which costs a contract only where none covers it yet."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from organisations.access import requires
from organisations.roles import Permission

from .. import services
from ..forms import AskForKeyForm

TAKEN = {
    services.NameTaken: gettext_lazy("Zo heet al een key van je organisatie."),
    services.AlreadyAsked: gettext_lazy(
        "Deze key is al aangevraagd. We zijn ermee bezig."
    ),
}


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.KEYS_MANAGE)
def ask(request, membership):
    organisation = membership.organisation
    products, covered = services.askable(organisation), services.covered(organisation)
    back = "back" in request.POST  # from the page about a contract: nothing is lost
    typed = {"initial": request.POST.dict()} if back else {"data": request.POST or None}
    form = AskForKeyForm(**typed, products=products, covered=covered)
    context = {"membership": membership, "form": form, "products": products}
    if form.is_valid():
        try:
            services.ask_for_key(organisation, **form.cleaned_data, by=request.user)
        except tuple(TAKEN) as taken:
            form.add_error("name", TAKEN[type(taken)])
        except (
            services.NotCovered
        ):  # an application does, which begins at the next page
            return render(request, "apikeys/ask_contract.html", context)
        else:
            text = _(
                "Je verzoek is verstuurd. Je krijgt een mail zodra we hebben beslist."
            )
            messages.success(request, text)
            return redirect("apikeys:list", slug=organisation.slug)
    return render(request, "apikeys/ask.html", context)
