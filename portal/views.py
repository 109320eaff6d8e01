from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.i18n import set_language

from accounts import services as accounts
from apikeys.models import Price, Product


@login_not_required
@require_safe
def home(request):
    current = Price.objects.valid_on(timezone.localdate()).select_related("api")
    products = Product.objects.filter(on_offer=True).prefetch_related(
        "apis", Prefetch("prices", queryset=current)
    )
    context = {"products": products, "api_base_url": settings.API_BASE_URL}
    return render(request, "portal/home.html", context)


@login_not_required
@require_safe
def support(request):
    return render(request, "portal/support.html")


@login_not_required
def language(request):
    """Switch the language: of this browser, and of who is signed in also for mail."""
    response = set_language(request)
    chosen = response.cookies.get(settings.LANGUAGE_COOKIE_NAME)
    if chosen and request.user.is_authenticated:
        accounts.change_language(request.user, chosen.value)
    return response


@login_not_required
@require_safe
def healthz(request):
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request):
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM procrastinate_jobs LIMIT 1")
    except DatabaseError:
        return HttpResponse("no database", content_type="text/plain", status=503)
    return HttpResponse("ok", content_type="text/plain")
