"""A double organisation: its keys, and all that hangs on them, go to the one that stays.

A caller notices nothing: a key keeps its secrets, only sealed for another place. What was
used goes along, of months that are over too, so that a key keeps its usage; what was said
of those months (statements, reports) stays as it was said, with the double, and statements
reckon with it (statements.py).
"""

import datetime
from collections.abc import Iterator

from django.db import connection
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.encryption import NotDecryptable
from accounts.models import User
from audit.services import record
from organisations.models import Organisation

from .. import budgets, secrets
from ..models import (
    Budget,
    KeyRequest,
    KeySecret,
    Measure,
    NoticeReader,
    Product,
    Subscription,
    UsageMail,
)
from ..usage import COUNTING
from .issuing import free_name
from .locking import locked

Text = str | Promise

# Of every kind of row that refers to an organisation: what becomes of a double's.
MOVES: dict[str, Text] = {
    "apikeys.apikey": gettext_lazy("API-keys, met dezelfde waarde; een naam die er al is, krijgt een nummer"),
    "apikeys.subscription": gettext_lazy("Afgenomen abonnementen"),
    "apikeys.keyrequest": gettext_lazy("Verzoeken om een extra API-key"),
    "apikeys.usagehour": gettext_lazy("Verbruik per uur"),
    "apikeys.usageday": gettext_lazy("Verbruik per dag"),
    "apikeys.budget": gettext_lazy("Budgetten van één API-key; budgetten van alle keys samen vervallen"),
    "apikeys.usagemail": gettext_lazy("Wie het maandrapport krijgt"),
    "apikeys.noticereader": gettext_lazy("Mededelingen, en wie ze las"),
}  # fmt: skip
STAYS: dict[str, Text] = {
    "apikeys.statementbatch": gettext_lazy("Afrekeningen die er al zijn"),
    "apikeys.batchshare": gettext_lazy("Wat gateways tot nu toe meldden"),
    "apikeys.monthlyreport": gettext_lazy("Maandrapporten die er al zijn"),
    "apikeys.usagealert": gettext_lazy("Waarschuwingen over dagen die voorbij zijn"),
    "apikeys.leakpolicy": gettext_lazy("De keuze wat te doen bij een gelekte key"),
}  # fmt: skip


def prevents(double: Organisation, into: Organisation) -> Iterator[str]:
    """Why these two cannot be merged now, in sentences."""
    running = Subscription.objects.filter(ends_on=None)
    of_both = running.filter(organisation=double).values("product")
    twice = Product.objects.filter(
        subscriptions__in=running.filter(organisation=into, product__in=of_both)
    )
    for product in twice.distinct():
        yield _(
            "Beide hebben abonnement %(product)s. Beëindig eerst een van de twee"
            " overeenkomsten, en wacht tot de laatste dag voorbij is."
        ) % {"product": product}
    today = timezone.localdate()
    for budget in _of_all_keys(double).filter(stops=True):
        if budgets.share(budget, today) >= 100:
            yield _(
                "Het budget van %(name)s is op, en zijn API-keys staan daarom stil. Laat"
                " een administrator het budget eerst verhogen of weghalen."
            ) % {"name": double}
    for budget in _of_all_keys(into).filter(stops=True):
        if _used_by_both(budget, double, today) >= budget.most:
            yield _(
                "Het budget van %(name)s is op als het verbruik van beide telt. Dan staan"
                " alle API-keys stil. Laat een administrator het eerst verhogen."
            ) % {"name": into}


def _of_all_keys(organisation: Organisation):
    return Budget.objects.filter(organisation=organisation, api_key=None)


def _used_by_both(budget: Budget, double: Organisation, today: datetime.date):
    same = Budget(organisation=double, measure=Measure(budget.measure))
    return budgets.used(budget, today) + budgets.used(same, today)


def move_keys(double: Organisation, into: Organisation, *, by: User) -> None:
    """Every key, whatever its state, with what it was used for; nobody counts meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [COUNTING])
    for key in locked().filter(organisation=double).order_by("pk"):
        kept = [*key.secrets.select_related("key__organisation")]
        texts = [_unsealed(secret) for secret in kept]
        key.name, key.organisation = free_name(into, key.name), into
        key.save(update_fields=["name", "organisation"])
        for secret, text in zip(kept, texts, strict=True):
            _seal_again(secret, text, key)
    Subscription.objects.filter(organisation=double).update(organisation=into)
    _move_usage(double, into)
    _move_requests(double, into)
    _move_notices(double, into)
    _move_readers_of_reports(double, into)
    _move_budgets(double, into, by=by)


def _unsealed(secret: KeySecret) -> str | None:
    """None of one that nobody can read any more; it still proves what callers show."""
    try:
        return secrets.unseal(secret)
    except NotDecryptable:
        return None


def _seal_again(secret: KeySecret, text: str | None, key) -> None:
    if text is not None:
        secret.key = key
        secret.ciphertext = secrets.seal(text, secret)
        secret.save(update_fields=["ciphertext"])


def _move_usage(double: Organisation, into: Organisation) -> None:
    """Counters are of one key each, so none is there already."""
    with connection.cursor() as cursor:
        for table in ("apikeys_usagehour", "apikeys_usageday"):
            cursor.execute(
                f"UPDATE {table} SET organisation_id = %s WHERE organisation_id = %s",  # noqa: S608
                [into.pk, double.pk],
            )


def _move_requests(double: Organisation, into: Organisation) -> None:
    waiting = KeyRequest.objects.filter(organisation=into).waiting()
    for request in KeyRequest.objects.filter(organisation=double):
        if waiting.filter(name__iexact=request.name).exists():
            request.name = f"{request.name[:50]} ({double.slug[:7]})"
        request.organisation = into
        request.save(update_fields=["name", "organisation"])


def _move_notices(double: Organisation, into: Organisation) -> None:
    """Who of the double read a notice, read it for what stays too."""
    there = NoticeReader.objects.filter(organisation=into, notice=OuterRef("notice"))
    readers = NoticeReader.objects.filter(organisation=double)
    for reader in readers.filter(Exists(there)):
        unread = NoticeReader.objects.filter(
            organisation=into, notice=reader.notice_id, read_at=None
        )
        unread.update(read_at=reader.read_at, read_by=reader.read_by)
        reader.delete()
    readers.update(organisation=into)


def _move_readers_of_reports(double: Organisation, into: Organisation) -> None:
    chosen = UsageMail.objects.filter(organisation=double).first()
    if chosen:
        stays, _made = UsageMail.objects.get_or_create(
            organisation=into, defaults={"alerts": chosen.alerts}
        )
        stays.report_to.add(*chosen.report_to.all())
        chosen.delete()


def _move_budgets(double: Organisation, into: Organisation, *, by: User) -> None:
    """What all keys of the double might spend says nothing of those of both."""
    for budget in _of_all_keys(double):
        was = budgets.in_words(budget)
        record("budget.removed", subject=budget, by=by, organisation=double, old=was)
        budget.delete()
    Budget.objects.filter(organisation=double).update(organisation=into)
    budgets.settle(into, timezone.localdate())
