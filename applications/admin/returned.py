"""The pages on which staff see what came back beside what we sent."""

from django.contrib.admin.templatetags.admin_urls import admin_urlname
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from ..models import DocumentKind
from ..services import comparing
from ..staff.returned import said_of

SIGNED = [DocumentKind.SIGNED_CONTRACT, DocumentKind.SIGNED_MANDATE]
MOST_PAGES = 500


def returned(owner):
    """What came back to an application or a change of account, with what was found.

    The newest first; each with the address on which it stands beside what we sent.
    """
    files = owner.documents.filter(kind__in=SIGNED).defer("content")
    return [
        (document, said_of(document), _address(owner, "compare", document.pk))
        for document in files.select_related("returned").reverse()
    ]


def compare_page(pages, request, owner, document_pk, *, organisation):
    """One page of each beside the other."""
    documents = owner.documents.filter(kind__in=SIGNED)
    document = get_object_or_404(documents, pk=document_pk)
    page = _number(request.GET.get("pagina"))
    text = getattr(getattr(document, "returned", None), "text", None)
    last = max(text["pages"]) if text else MOST_PAGES
    page, counts = min(page, last), text["pages"] if text else [MOST_PAGES, MOST_PAGES]
    sent = comparing.sent_as(document)
    context = {
        **pages.admin_site.each_context(request),
        "opts": pages.opts,
        "preserved_filters": pages.get_preserved_filters(request),
        "title": _("Wat terugkwam, naast wat wij stuurden"),
        "owner": owner,
        "owner_url": _address(owner, "change"),
        "owners_url": reverse(admin_urlname(owner._meta, "changelist")),
        "organisation": organisation,
        "said": said_of(document),
        "page": page,
        "last": last if text else None,
        "before": page - 1,
        "after": page + 1 if page < last else None,
        "sent": sent and _shown(owner, sent, page, counts[0]),
        "back": _shown(owner, document, page, counts[1]),
    }
    return render(request, "admin/applications/application/compare.html", context)


def _shown(owner, document, page, count):
    picture = _address(owner, "picture", document.pk, page) if page <= count else ""
    return {"file": _address(owner, "document", document.pk), "picture": picture}


def _address(owner, page, *args):
    return reverse(admin_urlname(owner._meta, page), args=[owner.pk, *args])


def page_picture(document, number):
    """A picture of one page: the file itself is never opened in a browser of ours."""
    image = comparing.picture(document, number) if 0 < number <= MOST_PAGES else b""
    if not image.startswith(b"\x89PNG"):
        raise Http404
    response = HttpResponse(image, content_type="image/png")
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _number(text):
    return max(int(text), 1) if text and text.isdecimal() and len(text) < 4 else 1
