"""The mailbox of development; portal/urls.py leaves it out elsewhere."""

from csp.decorators import csp_replace, csp_update
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from . import mailbox

SHOWN = 100


@login_not_required
@require_safe
def inbox(request):
    mails = [
        {"name": name, "mail": mailbox.read(name)} for name in mailbox.names()[:SHOWN]
    ]
    return render(request, "mail/mailbox/inbox.html", {"mails": mails})


@login_not_required
@require_safe
@csp_update({"frame-src": ["'self'"]})  # type: ignore[arg-type]
def message(request, name):
    mail = _read(name)
    context = {
        "name": name,
        "mail": mail,
        "text": mail.get_body(("plain",)).get_content(),
        "has_html": mail.get_body(("html",)) is not None,
        "attachments": [part.get_filename() for part in mail.iter_attachments()],
    }
    return render(request, "mail/mailbox/message.html", context)


@login_not_required
@require_safe
@xframe_options_sameorigin
@csp_replace(  # type: ignore[arg-type]
    {
        "default-src": ["'none'"],
        "script-src": ["'none'"],
        "style-src": [
            "'unsafe-inline'"
        ],  # mails have no other way; nothing else is let in
        "img-src": ["data:"],
        "frame-ancestors": ["'self'"],
    }
)
def html(request, name):
    return HttpResponse(_read(name).get_body(("html",)).get_content())


@login_not_required
@require_safe
def attachment(request, name, position):
    parts = list(_read(name).iter_attachments())
    if position >= len(parts):
        raise Http404
    part = parts[position]
    response = HttpResponse(part.get_content(), content_type=part.get_content_type())
    response["Content-Disposition"] = content_disposition_header(
        True, part.get_filename()
    )
    return response


def _read(name):
    try:
        return mailbox.read(name)
    except FileNotFoundError:
        raise Http404 from None
