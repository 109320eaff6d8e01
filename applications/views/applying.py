"""The pages of *Aanvragen*: public, one step a page, the draft kept on the server."""

import hashlib
import hmac
from functools import wraps

from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)
from django.views.i18n import set_language

from accounts.fields import USERNAME_TAKEN
from accounts.services import UsernameTaken
from mail.services import TooMuchMail
from organisations.access import requires
from organisations.roles import Permission

from ..forms import ApisForm, SaveForLaterForm, SubmitForm
from ..models import Application, DocumentKind, DocumentTemplate, WrongState
from ..rendering import general_data
from ..rendering import render as render_pdf
from ..services import drafting
from ..statistics import usual_days
from ..steps import (
    BY_SLUG,
    LAST,
    STEPS,
    first_incomplete,
    next_slug,
    overview,
    steps_of,
)
from ..summary import parts

DRAFT = "draft"  # session keys: the application being filled in,
SENT = "sent"  # and the one that this browser sent last


def with_draft(view):
    """Give the view this browser's draft, or None when there is none (any more)."""

    @wraps(view)
    def found(request, **kwargs):
        drafts = Application.objects.drafts().open_to(request.user)
        return view(
            request, drafts.filter(pk=request.session.get(DRAFT)).first(), **kwargs
        )

    return found


@login_not_required
@require_safe
@with_draft
def start(request, draft):
    return render(
        request,
        "applications/start.html",
        {
            "draft": draft,
            "go_on": _go_on(draft),
            "usual_days": usual_days(),
            "draft_days": settings.DRAFT_DAYS,
        },
    )


def _go_on(draft):
    """Where a draft is taken up: at what is not complete, or at the check."""
    incomplete = first_incomplete(draft)
    if incomplete:
        return reverse("applications:step", args=[incomplete.slug])
    return reverse("applications:check")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@with_draft
def step(request, draft, slug):
    this = BY_SLUG.get(slug)
    if this not in steps_of(draft):
        raise Http404
    if request.method == "POST":
        if draft is None and SENT in request.session and this != STEPS[0]:
            return redirect("applications:sent")  # a tab that was left open
        return _save(request, draft, this)
    answers = draft.answers if draft else {}
    form = this.form(initial=this.initial(answers))
    if "taken" in request.GET and this.slug == "account":  # found when it was sent
        form = this.checked(answers)
        form.add_error("username", USERNAME_TAKEN)
    return _page(request, draft, this, form)


def _save(request, draft, this):
    form = this.form(data=request.POST)
    try:
        draft = draft or _begin(request)
        drafting.save_answers(draft, form.typed())
    except drafting.TooManyApplications:
        return render(request, "applications/too_many.html", status=429)
    except WrongState:  # sent meanwhile, in another tab
        return redirect("applications:sent")
    if "language" in request.POST:  # the button in the header sends this form
        return _in_other_language(request)
    if "later" in request.POST:
        return redirect("applications:save_for_later")
    if not form.is_valid():
        return _page(request, draft, this, form)
    if "change" in request.GET:
        return redirect("applications:check")
    return redirect("applications:step", slug=next_slug(this.slug, steps_of(draft)))


def _in_other_language(request):
    post = request.POST.copy()
    post["next"] = request.get_full_path()
    request.POST = post
    return set_language(request)


def _page(request, draft, this, form):
    """One step; with ?change it was left from *Controleren*, and leads back there."""
    context = {
        "step": this,
        "draft": draft,
        "form": form,
        "steps": overview(draft, this.slug),
        "change": "change" in request.GET,
        "kept_form": "stap",
    }
    return render(request, "applications/step.html", context)


def _begin(request):
    draft = drafting.begin(language=get_language(), from_address=_from_address(request))
    request.session[DRAFT] = draft.pk
    return draft


def _from_address(request):
    """A digest, so that the limit per address needs no address in the database."""
    address = ratelimit.get_ip(request)  # of IPv6 the network, which is one office too
    return hmac.new(settings.LINK_KEY, address.encode(), hashlib.sha256).hexdigest()


@require_POST
@requires(Permission.KEYS_MANAGE)
def begin_for_customer(request, membership):
    typed = ApisForm(data=request.POST).typed()
    try:
        draft = drafting.begin_for(
            membership.organisation,
            typed,
            by=request.user,
            language=get_language(),
            from_address=_from_address(request),
        )
    except drafting.TooManyApplications:
        return render(request, "applications/too_many.html", status=429)
    request.session[DRAFT] = draft.pk
    return redirect(_go_on(draft))


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@with_draft
def check(request, draft):
    if draft is None:
        return redirect(
            "applications:sent" if SENT in request.session else "applications:start"
        )
    if incomplete := first_incomplete(draft):
        messages.warning(request, _("Deze stap is nog niet klaar."))
        return redirect("applications:step", slug=incomplete.slug)
    form = SubmitForm(
        data=request.POST or None, initial={"terms": drafting.terms_in_force().pk}
    )
    if request.method == "POST" and form.is_valid():
        return _submit(request, draft, form)
    context = {
        "form": form,
        "terms": drafting.terms_in_force(),
        "draft": draft,
        "parts": parts(draft),
        "steps": overview(draft, LAST),
    }
    return render(request, "applications/check.html", context)


def _submit(request, draft, form):
    try:
        terms = get_object_or_404(DocumentTemplate, pk=form.cleaned_data["terms"])
        drafting.submit(draft, terms=terms, language=get_language())
    except drafting.TermsChanged:
        messages.warning(
            request,
            _("De voorwaarden zijn net veranderd. Lees ze en ga opnieuw akkoord."),
        )
        return redirect("applications:check")
    except UsernameTaken:
        address = reverse("applications:step", args=["account"])
        return redirect(f"{address}?change=1&taken=1")
    except drafting.Incomplete as incomplete:
        return redirect("applications:step", slug=incomplete.step.slug)
    except WrongState:
        pass  # a second click: it was sent, and the answer is the same
    request.session.pop(DRAFT, None)
    request.session[SENT] = draft.pk
    return redirect("applications:sent")


@login_not_required
@require_safe
def sent(request):
    application = (
        Application.objects.submitted().filter(pk=request.session.get(SENT)).first()
    )
    if application is None:
        return redirect("applications:start")
    return render(request, "applications/sent.html", {"application": application})


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@with_draft
def save_for_later(request, draft):
    if draft is None:
        return redirect("applications:start")
    proposal = {"email": draft.answers.get("contract_email", "")}
    form = SaveForLaterForm(data=request.POST or None, initial=proposal)
    if request.method == "POST" and form.is_valid():
        try:
            drafting.save_for_later(
                draft, email=form.cleaned_data["email"], language=get_language()
            )
        except TooMuchMail:
            form.add_error(
                "email",
                _(
                    "Naar dit adres zijn net al een paar mails gegaan. Probeer het later nog eens."
                ),
            )
        else:
            context = {"email": form.cleaned_data["email"], "draft": draft}
            return render(request, "applications/saved.html", context)
    context = {"form": form, "draft": draft}
    return render(request, "applications/save_for_later.html", context)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def resume(request, token):
    """The link from the mail; only the button on its page takes the draft up again."""
    try:
        draft = drafting.by_link("draft", token)
    except Application.DoesNotExist:
        return render(request, "applications/no_draft.html", status=404)
    if draft.applicant_id not in (None, request.user.pk):
        if request.user.is_authenticated:
            return render(request, "applications/no_draft.html", status=404)
        return redirect_to_login(request.path)
    if request.method == "POST":
        request.session[DRAFT] = draft.pk
        return redirect(_go_on(draft))
    return render(request, "applications/resume.html", {"draft": draft})


@login_not_required
@require_safe
def terms(request, pk):
    """One version of the terms, as a PDF to be read before agreeing."""
    template = get_object_or_404(
        DocumentTemplate.objects.published(), pk=pk, kind=DocumentKind.TERMS
    )
    content = render_pdf(template, general_data(on=template.valid_from))
    response = HttpResponse(content, content_type="application/pdf")
    name = f"gebruikersvoorwaarden-{template.version}.pdf"
    response["Content-Disposition"] = f'inline; filename="{name}"'
    return response
