"""A crowd of organisations and applications, for who wants to see the pages under load."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import Username
from portal.management.crowd import Crowd


class Command(BaseCommand):
    help = "Make many organisations and applications; refuses in production."

    def add_arguments(self, parser):
        parser.add_argument("--organisations", type=int, default=10_000)
        parser.add_argument("--applications", type=int, default=100_000)

    def handle(self, *, organisations, applications, **options):
        if not settings.DEVELOPMENT:
            raise CommandError("PORTAL_ENVIRONMENT is production: no test data here.")
        if Username.objects.filter(name__startswith="merk-").exists():
            raise CommandError("A crowd is here already: start with another database.")
        Crowd().grow(organisations, max(0, applications - organisations))
        self.stdout.write(f"{organisations} organisations, {applications} applications")
