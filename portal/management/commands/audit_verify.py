from django.core.management.base import BaseCommand, CommandError

from audit import services
from audit.models import Event


class Command(BaseCommand):
    help = "Tell whether the audit log is whole, and print its head to keep elsewhere."

    def add_arguments(self, parser):
        parser.add_argument(
            "--head", action="store_true", help="print only the head, to store it"
        )
        parser.add_argument(
            "--expect",
            metavar="HASH",
            help="a head of before, which must still be there",
        )

    def handle(self, *args, head, expect, **options):
        broken = services.first_broken()
        if broken:
            raise CommandError(f"broken at event {broken.pk}: {broken}")
        if expect and not Event.objects.filter(hash=expect).exists():
            raise CommandError(f"cut off: no event has the hash {expect}")
        if head:
            self.stdout.write(services.head())
        else:
            count = Event.objects.count()
            self.stdout.write(f"whole: {count} events, head {services.head() or '-'}")
