from django.conf import settings

from mail import rendering


def operator(request):
    """What every page may say of its operator and of where it runs."""
    return {
        "operator": rendering.operator(),
        "demo": settings.DEMO,
        "development": settings.DEVELOPMENT,
    }
