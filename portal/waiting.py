"""What waits for whom of the staff: each number belongs to a right, and leads to its list."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts import reviewing
from accounts.models import User
from apikeys import notices
from apikeys.models import KeyRequest, KeyRequestStatus
from applications.models import (
    Application,
    BankChange,
    BillingCorrection,
    BillingMonth,
    DocumentTemplate,
    Status,
    TermsRound,
)
from organisations.models import Intervention

MOST = 200  # further than this nobody counts at a glance


@dataclass(frozen=True)
class Number:
    """How many there are of something, and the list of them."""

    what: str | Promise
    count: int
    url: str
    late: bool = False

    @property
    def shown(self) -> str:
        return _("%s of meer") % MOST if self.count >= MOST else str(self.count)


def waiting(user: User) -> Iterator[Number]:
    """What is on who holds the rights of this person, and how much of it."""
    yield from _applications(user)
    for right, what, rows, model, filters in (
        (
            "apikeys.decide_keyrequest",
            _("Aanvragen van een extra key"),
            KeyRequest.objects.filter(status=KeyRequestStatus.OPEN),
            "apikeys_keyrequest",
            {"status__exact": KeyRequestStatus.OPEN.value},
        ),
        (
            "applications.change_bankchange",
            _("Machtigingen om te controleren"),
            BankChange.objects.awaiting_us(),
            "applications_bankchange",
            {"open": "us"},
        ),
        (
            "organisations.approve_intervention",
            _("Ingrepen om goed te keuren"),
            Intervention.objects.to_approve(),
            "organisations_intervention",
            {"waits": "approval"},
        ),
        (
            "applications.publish_documenttemplate",
            _("Concepten van documenten"),
            DocumentTemplate.objects.filter(published_at=None),
            "applications_documenttemplate",
            {"published_at__isempty": "1"},
        ),
        (
            "applications.start_termsround",
            _("Rondes om te beginnen"),
            TermsRound.objects.filter(started_at=None),
            "applications_termsround",
            {"started_at__isempty": "1"},
        ),
        (
            "applications.hand_over_billing",
            _("Maanden om over te dragen"),
            BillingMonth.objects.filter(handed_over_at=None),
            "applications_billingmonth",
            {"handed_over_at__isempty": "1"},
        ),
        (
            "applications.decide_billingcorrection",
            _("Correcties om te beoordelen"),
            BillingCorrection.objects.filter(approved=None),
            "applications_billingcorrection",
            {"approved__isnull": "True"},
        ),
        (
            "apikeys.change_notice",
            _("Mededelingen waar niet iedereen klaar voor is"),
            notices.waited_for(),
            "apikeys_notice",
            {"waits": "yes"},
        ),
    ):
        if user.has_perm(right):
            yield Number(what, few(rows), _list(model, filters))
    if user.has_perm("accounts.review_rights"):
        missing = reviewing.SIGNERS - len(reviewing.signed_this_quarter())
        url = reverse("admin:accounts_rightsreview_now")
        yield Number(_("Handtekeningen voor dit kwartaal"), max(missing, 0), url)


def _applications(user: User) -> Iterator[Number]:
    of = Application.objects
    if user.has_perm("applications.send_contract"):
        new, url = of.confirmed(), applications(status="confirmed")
        yield Number(_("Ingediend en bevestigd"), few(new), url)
    if user.has_perm("applications.approve"):
        back, url = Status.CONTRACT_RETURNED, applications(status="contract_returned")
        yield Number(_("Overeenkomst retour"), few(of.filter(status=back)), url)
    if any(user.has_perm(f"applications.{r}") for r in ("send_contract", "renew_link")):
        url = applications(status="unconfirmed")
        yield Number(_("E-mailadres niet bevestigd"), few(of.unconfirmed()), url)
    if user.has_perm("applications.view_application"):
        late, url = few(of.overdue()), applications(status="overdue")
        yield Number(_("Wacht te lang op ons"), late, url, late=late > 0)
    if user.has_perm("applications.assign"):
        mine = of.waiting_for_us().filter(assignee=user)
        yield Number(_("Van mij"), few(mine), applications(assignee="me"))
        nobodys = of.waiting_for_us().of_nobody()
        yield Number(_("Van niemand"), few(nobodys), applications(assignee="nobody"))


def applications(**filters: str) -> str:
    """The list of applications, asked so."""
    return _list("applications_application", filters)


def _list(model: str, filters: dict[str, str]) -> str:
    address = reverse(f"admin:{model}_changelist")
    return f"{address}?{urlencode({k: str(v) for k, v in filters.items()})}"


def few(rows: QuerySet) -> int:
    """How many rows there are, no further than `MOST`."""
    return rows.order_by()[:MOST].count()
