"""The public keys with which is checked what we signed; anybody may know them."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from .. import jwk
from .answers import answer, machine

OPEN = {"Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*"}


@machine("GET", "HEAD")
def of_snapshots(request: HttpRequest) -> HttpResponse:
    return _key_set(settings.SNAPSHOT_KEY)


@machine("GET", "HEAD")
def of_statements(request: HttpRequest) -> HttpResponse:
    return _key_set(settings.STATEMENT_KEY)


def _key_set(secret: bytes | None) -> HttpResponse:
    known = [] if secret is None else [jwk.public(secret)]
    return answer(JsonResponse({"keys": known}), OPEN)
