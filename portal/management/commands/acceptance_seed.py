"""The world of the proof, and who may sign in to it (see portal/management/marked.py)."""

import json

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import Username
from portal.management.marked import build


class Command(BaseCommand):
    help = "Make the world of the proof, and print it as JSON; refuses in production."

    def add_arguments(self, parser):
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *, seed, **options):
        if not settings.DEVELOPMENT:
            raise CommandError("PORTAL_ENVIRONMENT is production: no test data here.")
        if Username.objects.filter(name__startswith="merk-").exists():
            raise CommandError(
                "This world is here already: start with another database."
            )
        with transaction.atomic():
            made = build(seed)
        self.stdout.write(json.dumps(made, indent=1, default=str))
