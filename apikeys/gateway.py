"""The gateway's question, asked on every call of an API: may this key pass?"""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables

from . import secrets
from .models import KeySecret

API_VERSION = "1.0.0"


@sensitive_variables("presented")
def open_key(presented: str) -> KeySecret | None:
    """The secret in use that was presented, its key and organisation with it: one query.

    What cannot be a secret costs no query. Every refusal looks the same from outside.
    """
    public_id = secrets.public_id(presented)
    if public_id is None:
        return None
    usable = KeySecret.objects.usable().select_related("key__organisation")
    secret = usable.defer("ciphertext").filter(public_id=public_id).first()
    if secret and secrets.proves(presented, secret) and not secret.key.blocked_at:
        return secret
    return None


@csrf_exempt
@login_not_required
def verify(request):
    if request.method not in {"GET", "HEAD"}:
        return _problem(405, "Method not allowed", "Use GET.", Allow="GET, HEAD")
    secret = open_key(request.headers.get("apikey", ""))
    if secret is None:
        detail = "The header apikey holds no key that is in use."
        return _problem(401, "Unauthorized", detail, **{"WWW-Authenticate": "ApiKey"})
    return _answer(
        HttpResponse(status=204),
        {
            "X-Organisation": secret.key.organisation.slug,
            "X-Api-Key-Id": str(secret.key_id),
        },
    )


@csrf_exempt
@login_not_required
def unknown(request, path):
    return _problem(404, "Not found", "There is nothing at this address.")


def _problem(status, title, detail, **headers):
    body = {"status": status, "title": title, "detail": detail}
    response = JsonResponse(
        body, status=status, content_type="application/problem+json"
    )
    return _answer(response, headers)


def _answer(response, headers):
    """With the headers of NL API Design Rules that no middleware of ours sets already."""
    headers = {"API-Version": API_VERSION, "Cache-Control": "no-store", **headers}
    for name, value in headers.items():
        response[name] = value
    return response
