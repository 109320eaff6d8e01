"""The description of this API, for everybody: openapi.json with what the operator set."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import Resolver404, resolve

from .answers import API_VERSION, answer, machine
from .verify import WORDS

BASE = "/gateway/v1"
_text = (Path(__file__).parent / "openapi.json").read_text()


def described() -> dict[str, Any]:
    document = json.loads(_text)
    document["info"]["version"] = API_VERSION
    document["info"]["contact"] = {
        "name": settings.OPERATOR_NAME,
        "email": settings.SUPPORT_EMAIL,
        "url": f"{settings.BASE_URL}/ondersteuning/",
    }
    document["servers"] = [{"url": settings.BASE_URL + BASE}]
    parameters = document["components"]["parameters"]
    parameters["X-Caller-Address"]["name"] = settings.CALLER_HEADER
    document["x-refusals"] = {  # where `type` of a problem points
        refusal.value: {"status": status, "title": title, "detail": detail}
        for refusal, (status, title, detail) in WORDS.items()
    }
    document["paths"] = {
        path: what for path, what in document["paths"].items() if _is_there(path)
    }
    return document


def _is_there(path: str) -> bool:
    try:
        return resolve(BASE + path).url_name != "unknown"
    except Resolver404:
        return False


@machine("GET", "HEAD")
def openapi(request: HttpRequest) -> HttpResponse:
    return answer(JsonResponse(described()), {"Access-Control-Allow-Origin": "*"})
