import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_wsgi_application()

from apikeys.gateway import noting, quotas, recent  # once Django is ready

recent.listen()
quotas.keep_reading()
noting.write_now_and_then()
