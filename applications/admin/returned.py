"""The pages on which staff see what came back beside what we sent."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from ..models import DocumentKind
from ..services import comparing
from ..staff.returned import said_of

SIGNED = [DocumentKind.SIGNED_CONTRACT]
MOST_PAGES = 500


def returned(application):
    """What came back, the newest first, with what was found in it."""
    files = application.documents.filter(kind__in=SIGNED).defer("content")
    return [
        (document, said_of(document))
        for document in files.select_related("returned").reverse()
    ]


def compare_page(pages, request, application, document_pk):
    """One page of each beside the other."""
    documents = application.documents.filter(kind__in=SIGNED)
    document = get_object_or_404(documents, pk=document_pk)
    page = _number(request.GET.get("pagina"))
    text = getattr(getattr(document, "returned", None), "text", None)
    last = max(text["pages"]) if text else MOST_PAGES
    context = {
        **pages.admin_site.each_context(request),
        "opts": pages.opts,
        "preserved_filters": pages.get_preserved_filters(request),
        "title": _("Wat terugkwam, naast wat wij stuurden"),
        "application": application,
        "document": document,
        "sent": comparing.sent_as(document),
        "said": said_of(document),
        "page": min(page, last),
        "last": last if text else None,
        "before": min(page, last) - 1,
        "after": page + 1 if page < last else None,
        "counts": text["pages"] if text else [MOST_PAGES, MOST_PAGES],
    }
    return render(request, "admin/applications/application/compare.html", context)


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
