from django.urls import resolve
from django.utils.cache import patch_vary_headers


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


def redirect_whole_page(get_response):
    """Under htmx a redirect leads the whole page there: no login page within a fragment.

    Reading the headers here also settles them: an act that waited for a password brings
    those of the suspended request along, and is answered with a page all the same.
    """

    def middleware(request):
        asked_by_htmx = request.headers.get("HX-Request") == "true"
        response = get_response(request)
        if "Location" in response and request.method in ("GET", "POST"):
            patch_vary_headers(response, ["HX-Request"])
            if asked_by_htmx:
                response.status_code = 200
                response["HX-Redirect"] = response["Location"]
                del response["Location"]
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
