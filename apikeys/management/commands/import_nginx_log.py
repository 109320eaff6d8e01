"""Count what an access log of nginx says was used; see deploy/nginx/README.md."""

import gzip
from collections import Counter
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from apikeys import nginx_log
from apikeys.models import Gateway


class Command(BaseCommand):
    help = "Count usage from access logs of nginx; goes on where it stopped."

    def add_arguments(self, parser):
        parser.add_argument("--gateway", required=True, help="its name in the portal")
        parser.add_argument("logs", nargs="+", type=Path, help="also *.gz")

    def handle(self, *, gateway, logs, **options):
        try:
            gateway = Gateway.objects.get(name=gateway)
        except Gateway.DoesNotExist:
            raise CommandError(f"There is no gateway {gateway!r}.") from None
        if missing := [str(path) for path in logs if not path.is_file()]:
            raise CommandError(f"There is no log {', '.join(missing)}.")
        calls, skipped = 0, Counter()
        for path in sorted(logs, key=lambda path: path.stat().st_mtime):
            for done in self._steps(gateway, path):
                calls += done.calls
                skipped += done.skipped
        self.stdout.write(f"{calls} calls counted")
        for why, lines in skipped.most_common():
            self.stdout.write(f"{lines} lines skipped: {why}")

    def _steps(self, gateway, path):
        packed = path.suffix == ".gz"
        with (gzip.open if packed else open)(path, "rb") as log:
            known = nginx_log.fingerprint(log)
            bar = tqdm(
                desc=path.name,
                initial=nginx_log.place(gateway, known),
                total=None if packed else path.stat().st_size,
                unit="B",
                unit_scale=True,
                disable=None,  # where nobody looks
            )
            while known and (done := nginx_log.import_some(gateway, log, known)).bytes:
                bar.update(done.bytes)
                yield done
            bar.close()
