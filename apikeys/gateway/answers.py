"""Answers as NL API Design Rules 2.2.0 want them: versioned, and problems in one form."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

API_VERSION = "1.0.0"
WHO_ASKS = {"WWW-Authenticate": "Bearer"}  # gateways, by a token each (RFC 6750)
Response = TypeVar("Response", bound=HttpResponseBase)
logger = logging.getLogger(__name__)


def machine(*methods: str) -> Callable:
    """A view for machines: other methods and our own faults are problems too, no pages."""

    def decorate(
        view: Callable[..., HttpResponseBase],
    ) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def answered(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
            if request.method not in methods:
                allowed = ", ".join(methods)
                detail = f"Use {allowed}."
                return problem(
                    405, "Method not allowed", detail, headers={"Allow": allowed}
                )
            try:
                return view(request, **kwargs)
            except Exception:
                logger.exception("fault in %s", request.path)
                return problem(500, "Internal error", "Something went wrong here.")

        return csrf_exempt(login_not_required(answered))

    return decorate


def answer(response: Response, headers: dict[str, str] | None = None) -> Response:
    """With the headers that no middleware of ours sets already."""
    headers = {
        "API-Version": API_VERSION,
        "Cache-Control": "no-store",
        "X-Frame-Options": "DENY",
        **(headers or {}),
    }
    for name, value in headers.items():
        response[name] = value
    return response


def problem(
    status: int,
    title: str,
    detail: str,
    *,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> HttpResponse:
    """application/problem+json (RFC 9457); `more` are members beside the three."""
    body = {"status": status, "title": title, "detail": detail, **more}
    response = JsonResponse(
        body, status=status, content_type="application/problem+json"
    )
    return answer(response, headers)


@csrf_exempt
@login_not_required
def unknown(request: HttpRequest, path: str) -> HttpResponse:
    return problem(404, "Not found", "There is nothing at this address.")
