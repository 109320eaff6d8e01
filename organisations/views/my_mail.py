"""Mail to oneself that did not arrive, to read here."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mail import rendering
from mail import services as mail

from ..access import any_user


@require_http_methods(["GET", "HEAD", "POST"])
@any_user
def my_mail(request):
    waiting = mail.undelivered_to(request.user)
    if request.method == "POST":
        mail.send_anew(waiting, by=request.user)
        messages.success(request, _("We sturen deze mails opnieuw."))
        return redirect("organisations:me")
    shown = [(one, rendering.text_without_links(one)) for one in waiting]
    return render(request, "me/mail.html", {"shown": shown})
