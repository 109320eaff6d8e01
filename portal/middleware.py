from django.urls import resolve


def security_headers(get_response):
    """Headers that Django has no setting for; private pages are never kept by a browser."""

    def middleware(request):
        response = get_response(request)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()"
        )
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store, private")
        return response

    return middleware


def machines(get_response):
    """A gateway is spared all that is for people: session, language, signing in."""

    def middleware(request):
        if not request.path_info.startswith("/gateway/"):
            return get_response(request)
        view, arguments, named = resolve(request.path_info)
        return view(request, *arguments, **named)

    return middleware
