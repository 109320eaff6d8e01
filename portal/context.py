from django.conf import settings


def operator(request):
    """What every page may say of its operator and of where it runs."""
    return {
        "operator": {
            "name": settings.OPERATOR_NAME,
            "legal_name": settings.OPERATOR_LEGAL_NAME,
            "product": settings.OPERATOR_PRODUCT,
            "sales_phone": settings.SALES_PHONE,
            "sales_email": settings.SALES_EMAIL,
            "support_email": settings.SUPPORT_EMAIL,
        },
        "demo": settings.DEMO,
        "development": settings.DEVELOPMENT,
    }
