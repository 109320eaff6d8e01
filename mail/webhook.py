"""Where a mail provider, once one is set, tells how a mail went; anymail knows its ways."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods


@csrf_exempt
@login_not_required
@require_http_methods(["HEAD", "POST"])
def delivery(request):
    if not settings.MAIL_PROVIDER:
        raise Http404
    view = import_string(settings.MAIL_PROVIDERS[settings.MAIL_PROVIDER])
    return view.as_view()(request)
