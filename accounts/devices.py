"""What a browser says that it is, in the few words by which its owner knows it again."""

from django.utils.translation import gettext as _

# the first that is found counts: each pretends to be those below it as well
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def device(user_agent: str) -> str:
    """“Firefox op Windows”, from a User-Agent header; what is unknown is called that."""
    browser = _named(BROWSERS, user_agent) or _("Onbekende browser")
    system = _named(SYSTEMS, user_agent)
    if not system:
        return browser
    return _("%(browser)s op %(system)s") % {"browser": browser, "system": system}


def _named(names, user_agent):
    return next((name for mark, name in names.items() if mark in user_agent), None)
