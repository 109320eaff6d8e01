"""Answers to htmx: one fragment of a page, and the messages that would be on the page."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string


def fragment(request: HttpRequest, *names: str, context: dict) -> HttpResponse:
    """`names` are partials ("organisations/users.html#user-row"); the first is the target."""
    parts = [render_to_string(name, context, request) for name in names]
    parts.append(render_to_string("base.html#messages", {}, request))
    return HttpResponse("".join(parts))
