"""What is taken along as a file: never shown within a page of ours, and kept nowhere."""

import re
from collections.abc import Iterable

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

KINDS = {  # by the end of its name
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml",
    "zip": "application/zip",
}
UNKNOWN = "application/octet-stream"
UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')  # of some system that may keep it
HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store, private",
}


def as_download(
    content: bytes | memoryview | str | Iterable[bytes] | Iterable[str], name: str
) -> HttpResponseBase:
    """An answer to keep: `content` whole, or in pieces that are sent as they are made."""
    kind = KINDS.get(name.rpartition(".")[2], UNKNOWN)
    response: HttpResponseBase
    if isinstance(content, (bytes, memoryview, str)):
        response = HttpResponse(content, content_type=kind)
    else:
        response = StreamingHttpResponse(content, content_type=kind)
    disposition = content_disposition_header(True, UNSAFE.sub("-", name))
    response["Content-Disposition"] = disposition
    for header, value in HEADERS.items():
        response[header] = value
    return response
