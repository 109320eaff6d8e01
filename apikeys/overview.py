"""What the pages of keys tell of their use: this month, day by day, and what was refused."""

import datetime
import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Max, Sum
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from organisations.models import Organisation

from . import charts
from .models import ApiKey, KeySecret, Reason, RefusedCalls, SecretUse, UsageDay
from .models.noted import DAYS_REFUSED
from .words import number

DAYS = 30
SAFE_AFTER = datetime.timedelta(days=1)  # so long nobody used the old secret

ADVICE = {
    Reason.UNKNOWN: gettext_lazy(
        "De key in de aanroep klopt niet helemaal. Kopieer hem opnieuw, zonder spaties of"
        " aanhalingstekens."
    ),
    Reason.EXPIRED: gettext_lazy(
        "Je software gebruikt een waarde die is vervangen. Zet de nieuwste waarde in je"
        " software."
    ),
    Reason.ENDED: gettext_lazy(
        "De einddatum van de key is voorbij, of de overeenkomst is afgelopen. Geen enkele"
        " waarde van deze key werkt nog. Een administrator kan een eigen einddatum wijzigen."
    ),
    Reason.BLOCKED: gettext_lazy(
        "De key is geblokkeerd. Bovenaan deze pagina staat waarom."
    ),
    Reason.ORGANISATION: gettext_lazy(
        "Je organisatie is geblokkeerd. Bovenaan elke pagina van de organisatie staat"
        " waarom."
    ),
    Reason.ADDRESS: gettext_lazy(
        "De aanroep kwam van een netwerk dat niet in de lijst staat. Een administrator kan"
        " het netwerk toevoegen."
    ),
    Reason.QUOTA: gettext_lazy(
        "Alle aanroepen van deze maand zijn gebruikt. Vanaf de eerste dag van de volgende"
        " maand werkt de key weer. Wil je niet wachten? Vraag dan om een ruimer abonnement."
    ),
    Reason.BUDGET: gettext_lazy(
        "Je organisatie wilde stoppen als het budget op is. De volgende maand werkt de key"
        " weer. Een administrator kan het budget ook verhogen."
    ),
    Reason.ENVIRONMENT: gettext_lazy(
        "De key is voor een andere omgeving. Gebruik een testkey alleen in de testomgeving, en"
        " een key voor productie alleen in productie."
    ),
    Reason.WRONG_API: gettext_lazy(
        "De key opent deze API niet. Kijk bij API's welke wel, of vraag een abonnement aan."
    ),
}


@dataclass(frozen=True)
class Days:
    """Calls per day, as a line and in words."""

    days: list[int]

    @property
    def path(self) -> str:
        return charts.small_line(self.days)

    @property
    def words(self) -> str:
        return _(
            "Aanroepen per dag, laatste %(days)s dagen: minst %(least)s, meest %(most)s,"
            " vandaag %(today)s"
        ) % {
            "days": DAYS,
            "least": number(min(self.days)),
            "most": number(max(self.days)),
            "today": number(self.days[-1]),
        }


@dataclass(frozen=True)
class Refused:
    """One reason for which a key was refused: how often, when last, and what to do."""

    reason: str
    label: str
    advice: str
    asked: int
    last_hour: datetime.datetime


@dataclass(frozen=True)
class OldSecret:
    """An old secret that still works, and whether somebody uses it yet."""

    secret: KeySecret
    since: datetime.datetime  # when the new one came
    asked: int
    last: SecretUse | None

    @property
    def is_safe_to_end(self) -> bool:
        """Nobody used it for a day, as long as it is replaced."""
        last_at = self.last.last_at if self.last else self.since
        return last_at < timezone.now() - SAFE_AFTER

    @property
    def words(self) -> str:
        if self.last is None:
            return _("Nog geen aanroep met de oude waarde sinds het vernieuwen.")
        last_at = timezone.localtime(self.last.last_at)
        return _(
            "Minstens %(asked)s aanroepen met de oude waarde sinds het vernieuwen. De laatste"
            " was op %(when)s, vanaf netwerk %(network)s."
        ) % {
            "asked": number(self.asked),
            "when": date_format(last_at, "j F Y H:i"),
            "network": self.last.network or _("onbekend"),
        }


def calls_this_month(organisation: Organisation) -> dict[int, int]:
    """Calls of each key since the month began, all outcomes."""
    first = timezone.localdate().replace(day=1)
    days = UsageDay.objects.filter(organisation=organisation, day__gte=first)
    sums = days.values("api_key_id").annotate(sum=Sum("calls")).order_by()
    return dict(sums.values_list("api_key_id", "sum"))


def lines(organisation: Organisation, keys: Iterable[ApiKey]) -> dict[int, Days]:
    """The last thirty days of each of these keys, with one query."""
    today = timezone.localdate()
    dates = [today - datetime.timedelta(days=ago) for ago in range(DAYS - 1, -1, -1)]
    keys = list(keys)
    days = UsageDay.objects.filter(
        organisation=organisation, day__gte=dates[0], api_key__in=keys
    )
    sums = days.values_list("api_key_id", "day").annotate(sum=Sum("calls")).order_by()
    calls = {(key, day): sum_ for key, day, sum_ in sums}
    return {
        key.pk: Days([calls.get((key.pk, day), 0) for day in dates]) for key in keys
    }


def last_use(key: ApiKey) -> SecretUse | None:
    """When the key was last let through, to which API and from which network."""
    uses = SecretUse.objects.filter(secret__key=key)
    return uses.select_related("api").first()


def old_secrets(key: ApiKey) -> list[OldSecret]:
    """Those that still work beside the newest, with what is known of their use since."""
    secrets = sorted(key.secrets.all(), key=lambda secret: secret.created_at)
    following = itertools.pairwise(secrets)
    return [_old(old, new.created_at) for old, new in following if old.is_ending]


def _old(secret: KeySecret, since: datetime.datetime) -> OldSecret:
    uses = secret.uses.filter(last_at__gte=since)
    asked = uses.aggregate(sum=Sum("asked"))["sum"] or 0
    return OldSecret(secret, since, asked, uses.first())


def refused(key: ApiKey) -> list[Refused]:
    """Why calls of the last thirty days were refused, the most frequent first."""
    sums = (
        _refused(key)
        .values("reason")
        .annotate(sum=Sum("asked"), last=Max("hour"))
        .order_by("-sum")
    )
    return [
        Refused(
            one["reason"],
            str(Reason(one["reason"]).label),
            str(ADVICE[Reason(one["reason"])]),
            one["sum"],
            one["last"],
        )
        for one in sums
        if one["reason"] in Reason
    ]


def refused_hours(key: ApiKey):
    """The same hour by hour, the newest first."""
    return _refused(key).select_related("api").order_by("-hour", "reason", "api")


def _refused(key: ApiKey):
    since = timezone.now() - datetime.timedelta(days=DAYS_REFUSED)
    return RefusedCalls.objects.filter(key=key, hour__gte=since)
