"""What people of a marked organisation asked and set up, beside the application itself."""

import datetime
import json
from decimal import Decimal
from typing import Any

import schwifty
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.utils import timezone

from accounts import known_devices
from accounts.models import User
from apikeys import (
    budgets,
    gateways,
    monthly,
    notices,
    reports,
    statements,
    tokens,
    usage,
)
from apikeys import services as apikeys
from apikeys.models import (
    AlertKind,
    Budget,
    BudgetReached,
    Gateway,
    Measure,
    Notice,
    NoticeKind,
    OnLeak,
    RefusedCalls,
    SecretUse,
    SpendingStop,
    UsageAlert,
    UsageMail,
)
from applications.models import (
    BillingLine,
    BillingMonth,
    ChecklistItem,
    Collection,
    Contract,
    DirectDebit,
    DocumentKind,
    DocumentTemplate,
    Ground,
    Mandate,
    RegisterLookup,
    ReplyTemplate,
    ReturnedFile,
    ReturnReason,
    Stage,
    Status,
    TermsRound,
)
from applications.register import Entry
from applications.services import (
    bank,
    billing,
    checking,
    checklists,
    colleagues,
    contracts,
    correcting,
    following,
    handling,
    returning,
    templates,
    terms,
)
from applications.services.documents import keep_signed
from organisations.models import (
    ContactKind,
    Intervention,
    Membership,
    OwnLogin,
    OwnLoginStatus,
)
from organisations.roles import Role
from organisations.services import (
    asking,
    details,
    intervening,
    looking,
    lost_factor,
    own_login,
)
from organisations.services import second_factor as policy
from portal.management import world
from portal.management.marked_passkey import credential
from portal.management.parameters import token


def make_gateway(by: User) -> dict[str, Any]:
    """A gateway that no organisation owns, and the token that it shows."""
    return {"token": gateways.renew_token(Gateway(name="Gateway 1"), by=by)}


def begin_round(staff: dict[str, User]) -> None:
    """New terms of next year, about which every organisation is asked; and what staff
    still work on: a draft, and a round that is prepared.
    """
    writer, other = staff["contracten"], staff["intake"]
    for version in ("9.0", "9.1", "9.2"):
        template = _new_terms(version, by=writer)
        if version == "9.2":
            return
        templates.publish(template, seen=template.digest, by=other)
        round = TermsRound(
            template=template,
            answer_by=template.valid_from,
            consequence_nl="Dan bellen wij.",
        )
        terms.prepare(round, by=writer)
        if version == "9.0":
            terms.start(round, by=other)


def _new_terms(version, *, by):
    first = DocumentTemplate.objects.get(kind=DocumentKind.TERMS, version="1.0")
    made = DocumentTemplate(
        kind=first.kind,
        title=first.title,
        version=version,
        valid_from=timezone.localdate() + datetime.timedelta(days=400),
        source=first.source,
    )
    templates.write(made, by=by)
    return made


def act(one: Any) -> None:
    """Do all of it for this organisation (marked.OneOrganisation), marks included."""
    _desk(one)
    _returned(one)
    _terms(one)
    _contacts(one)
    _factors(one)
    _requests(one)
    _interventions(one)
    _looked_along(one)
    _bank_change(one)
    _second_contract(one)
    _usage(one)
    _own_login(one)
    _keys(one)
    policy.require(
        one.organisation,
        timezone.localdate() + datetime.timedelta(days=400),
        by=one.administrator,
        has_one=True,
        seen=None,
    )
    _budget(one)
    _notice(one)
    _month(one)
    _billing(one)
    tokens.make(one.administrator, name=one.mark("token"))
    known_devices.signed_in(
        one.administrator,
        token=known_devices.new_token(),
        user_agent=one.mark("browser"),
        address="192.0.2.1",
        first=True,
    )


def _keys(one):
    """One that is renamed and being replaced, a decoy, and what gateways asked."""
    organisation, by = one.organisation, one.administrator
    products = [each.product for each in organisation.subscriptions.all()]
    key = apikeys.issue(organisation, products=products, name=one.mark("key"), by=by)
    apikeys.rename(key, one.mark("hernoemd"), by=by)
    apikeys.rotate(key, datetime.timedelta(days=7), by=by)
    apikeys.restrict(key, networks=["192.0.2.0/24"], apis=key.could_open[:1], by=by)
    apikeys.make_canary(organisation, name=one.mark("lokkey"), by=by)
    apikeys.choose_policy(organisation, OnLeak.TELL, by=by)
    apikeys.ask_for_key(
        organisation,
        products[0],
        name=one.mark("extra"),
        purpose=one.mark("waarvoor"),
        by=by,
    )
    now = timezone.now()
    SecretUse.objects.create(
        secret=key.secrets.earliest("created_at"),
        network="192.0.2.0/24",
        asked=3,
        first_at=now,
        last_at=now,
    )
    hour = now.replace(minute=0, second=0, microsecond=0)
    RefusedCalls.objects.create(key=key, reason="address", hour=hour, asked=2)


def _budget(one):
    """One that was reached by half, a stop that is over, and a day that was odd."""
    organisation, now = one.organisation, timezone.now()
    budget = Budget(organisation=organisation, measure=Measure.AMOUNT, most=100)
    budgets.put(budget, by=one.administrator)
    today = timezone.localdate()
    BudgetReached.objects.create(
        budget=budget, month=today.replace(day=1), threshold=50
    )
    key = organisation.api_keys.earliest("created_at")
    SpendingStop.objects.create(api_key=key, until=now - datetime.timedelta(days=1))
    UsageAlert.objects.create(
        organisation=organisation, kind=AlertKind.UNUSUAL, day=today, was=9, usual=3
    )


def _month(one):
    """This month's report and statement, before it is over: there is nothing older."""
    month = timezone.localdate().replace(day=1)
    mails = UsageMail.objects.create(organisation=one.organisation)
    mails.report_to.add(one.administrator)
    monthly.send(one.organisation, month)
    statements.close(one.organisation, month)


def _notice(one: Any) -> None:
    """One that was aimed at this organisation alone, mailed and read."""
    names = ["title", "title_en", "text", "text_en"]
    texts = dict.fromkeys(names, "Onderhoud")  # the operator's words, for all to read
    notice = Notice(kind=NoticeKind.INCIDENT, mails=True, **texts)
    notice.visible_until = timezone.now() + datetime.timedelta(hours=1)
    notices.save(notice, by=one.staff["support"])
    notices.tell(notice, one.organisation)
    reader = one.organisation.notices.get()
    notices.acknowledge(reader, by=one.administrator)


def _billing(one: Any) -> None:
    """That statement as it went to billing, what was collected, and what is put right."""
    by = one.staff["facturatie"]
    batch = one.organisation.statement_batches.get()
    month, _made = BillingMonth.objects.get_or_create(month=batch.month)
    lines = BillingLine.objects.bulk_create(billing.lines_of(batch, month))
    billing.propose(lines[0], amount=Decimal(-1), reason=one.mark("reden"), by=by)
    file, _made = DirectDebit.objects.get_or_create(
        billing=month, defaults={"collect_on": batch.month, "made_by": by}
    )
    contract = Contract.objects.get(billing_lines=lines[0])
    collected = Collection.objects.create(
        direct_debit=file,
        contract=contract,
        mandate=Mandate.objects.filter(application__contract=contract).get(),
        sequence="FRST",
        amount=1,
    )
    returning.record_return(
        collected,
        reason=ReturnReason.AM04,
        returned_on=timezone.localdate(),
        by=by,
    )


def _desk(one: Any) -> None:
    """What staff keep beside an application."""
    application, intake = one.applications[Status.SUBMITTED], one.staff["intake"]
    colleagues.take(application, by=intake)
    text = f"{one.mark('notitie')} @{intake.username}"
    colleagues.write_note(application, text, by=one.staff["support"])
    checking.record_signing(
        application, ground=Ground.POWER, explanation=one.mark("volmacht"), by=intake
    )
    correcting.correct(
        application,
        field="purpose",
        value=one.mark("doel"),
        reason=one.mark("reden"),
        by=intake,
    )
    item = ChecklistItem.objects.create(stage=Stage.SEND, text=one.mark("punt"))
    checklists.tick(application, Stage.SEND, items=[item.pk], seen=[], by=intake)
    ChecklistItem.objects.update(in_use=False)  # nothing waits for it elsewhere
    ReplyTemplate.objects.create(
        name=one.mark("antwoord"),
        use=ReplyTemplate.Use.REJECT,
        text_nl=one.mark("tekst"),
        text_en=one.mark("text"),
        in_use=False,
    )
    RegisterLookup.objects.create(
        application=application,
        kvk_number=application.kvk_number,
        entry=Entry(names=[one.mark("register")]).as_json(),
        by=intake,
    )


def _returned(one):
    """A contract that came back as a file, and who signed it."""
    application = one.applications[Status.CONTRACT_RETURNED]
    ours = application.documents.first()
    signed = bytes(ours.content) + f"\n% {one.mark('getekend')}\n".encode()
    signature = {
        "kind": "person", "name": one.mark("ondertekenaar"), "issuer": one.mark("ca"),
        "at": None, "stands": True, "whole": True, "changed": False,
        "chain": "untrusted", "ours": False,
    }  # fmt: skip
    ReturnedFile.objects.create(
        document=keep_signed(application, signed, by=one.staff["intake"]),
        beside=ours.pk,
        begins_with=ours.pk,
        signatures=[signature],
    )


def _terms(one):
    """It was asked about the new terms, and said no."""
    terms.tend_all()
    asked = one.organisation.terms_requests.get()
    seen = asked.round.sha256
    terms.answer(asked, agreed=False, seen=seen, by=one.administrator)


def _contacts(one):
    """The technical contact is another than the contract named."""
    kind = ContactKind.TECHNICAL
    details.change_contact(
        one.organisation,
        {
            "name": one.mark("techniek"),
            "function": one.mark("techniek-functie"),
            "email": one.email("techniek"),
            "phone": one.phone,
        },
        kind=kind,
        seen=details.contact(one.organisation, kind),
        by=one.administrator,
    )


def _factors(one):
    """A passkey, and somebody whose second factor was lost and taken away."""
    second = User.objects.get(pk=one.people["administrator_2"]["id"])
    WebAuthn.add(second, one.mark("passkey"), credential(one.chance))
    lost = one.member("lost", Role.DEVELOPER, second_factor=True)
    lost_factor.end_of(lost, by=one.administrator)
    one.people["lost"] |= {"totp": None, "recovery_codes": []}


def _requests(one):
    """One that was withdrawn, one open, one refused, by who belongs here long enough."""
    members = one.organisation.memberships.filter(role="developer").order_by("pk")
    long_ago = timezone.now() - datetime.timedelta(days=60)
    Membership.objects.filter(pk__in=members).update(since=long_ago)
    withdrawn, _open, refused = [
        asking.ask(member, reason=one.mark("waarom")) for member in members
    ]
    asking.withdraw(withdrawn, by=withdrawn.user)
    asking.refuse(refused, answer=one.mark("antwoord"), by=one.administrator)


def _interventions(one):
    """One that was stopped, one that waits for approval, one that waits for its time."""
    first, _second = [
        _propose(one, "APPOINT", email=one.email(f"ingreep-{number}"))
        for number in range(2)
    ]
    intervening.stop(first, by=one.staff["support"])
    second = User.objects.get(pk=one.people["administrator_2"]["id"])
    lost = _propose(one, "SECOND_FACTOR", user=second)
    intervening.approve(lost, by=one.staff["contracten"])


def _looked_along(one):
    """Support looked at its pages, for a reason that its administrators read."""
    sara = one.staff["support"]
    look = looking.start(
        one.organisation, role=Role.DEVELOPER, reason=one.mark("reden"), by=sara
    )
    looking.stop(look, by=sara)


def _propose(one, kind, **whom):
    return intervening.propose(
        one.organisation,
        Intervention.Kind[kind],
        reason=one.mark("reden"),
        checked=one.mark("gebeld"),
        by=one.staff["support"],
        **whom,
    )


def _bank_change(one):
    """Asked, confirmed, agreed by staff, and its new mandate came back signed."""
    change = _ask_bank_change(one, one.organisation.contracts.get())
    bank.confirm(token("bank_change", change))
    bank.agree_as_staff(
        change, how_checked=one.mark("teruggebeld"), by=one.staff["contracten"]
    )
    sheet = bytes(change.documents.get().content)
    signed = sheet + f"\n% {one.mark('getekend')}\n".encode()
    bank.return_mandate(change, signed, by=one.administrator)


def _ask_bank_change(one, contract):
    iban = schwifty.IBAN.generate("NL", "TEST", one.digits(10)).compact
    one.numbers.append(iban)
    return bank.ask(
        contract,
        iban=iban,
        account_holder=one.mark("rekeninghouder"),
        by=one.administrator,
    )


def _second_contract(one):
    """One that was cancelled, and that we end before; a change of its account is asked."""
    application = world.draft(one.answers(20), from_address=f"merk-{one.letter}-20")
    one.applications["approved_2"] = application
    world.submit(application)
    following.confirm_email(application)
    world.bring(application, Status.CONTRACT_RETURNED, by=one.staff.__getitem__)
    contract = handling.approve(
        application, by=one.staff["contracten"], join=one.organisation
    )
    stopped = _ask_bank_change(one, contract)
    bank.confirm(token("bank_change", stopped))
    bank.stop(stopped, reason=one.mark("reden"), by=one.administrator)
    _ask_bank_change(one, contract)
    contracts.cancel(
        contract,
        ends_on=contracts.last_day(timezone.localdate()),
        reason=one.mark("reden"),
        by=one.administrator,
    )
    contracts.end(
        contract,
        ends_on=timezone.localdate() + datetime.timedelta(days=1),
        reason=one.mark("reden"),
        by=one.staff["contracten"],
    )


def _usage(one):
    """A batch of the gateway that all share, about this organisation's key."""
    key = one.organisation.api_keys.order_by("pk").first()
    api = key.subscriptions.get().product.apis.first()
    line = {"apiKeyId": key.pk, "api": api.slug, "at": timezone.now().isoformat()}
    batch = json.dumps({**line, "status": 200, "calls": int(one.digits(5)) + 1})
    usage.count(
        Gateway.objects.get(), one.mark("batch"), [batch.encode()], reports.from_ndjson
    )


def _own_login(one):
    """Set up, tried and used; on for the last organisation, the others chose another domain.

    That the domain is theirs stands in no DNS, so that nothing here needs a network.
    """
    own = _set_up(one, f"merk-{one.letter}-post.example")
    OwnLogin.objects.filter(pk=own.pk).update(status=OwnLoginStatus.VERIFIED)
    own_login.tried(own, _claims(one, one.administrator), by=one.administrator)
    own_login.switch_on(own, by=one.administrator)
    second = User.objects.get(pk=one.people["developer_2"]["id"])
    own_login.let_in(own, _claims(one, second))
    if one.letter != "c":
        _set_up(one, f"merk-{one.letter}-domein.example")


def _set_up(one, domain):
    return own_login.set_up(
        one.organisation,
        issuer=f"https://merk-{one.letter}-inlogdienst.example",
        client_id=one.mark("client"),
        secret=one.mark("secret"),
        domain=domain,
        by=one.administrator,
    )


def _claims(one, user):
    return {
        "sub": one.mark(f"nummer-{user.pk}"),
        "email": user.email,
        "email_verified": True,
    }
