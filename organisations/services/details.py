"""What an organisation's administrators change of it themselves, and what only staff do."""

import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.services import record

from .. import emails
from ..details import CONTACT
from ..editing import Values, changed, refuse_unseen
from ..models import Contact, ContactKind, Organisation
from .locking import require_administrator, require_not_merged

POSTAL = ["postal_street", "postal_postcode", "postal_city"]
ADDRESS = ["street", "postcode", "city", *POSTAL]
INVOICES = ["invoice_email", "invoice_attention", "purchase_reference"]
IDENTITY = ["kvk_number", "name", "legal_form", "rsin"]


def address(organisation: Organisation) -> Values:
    """The visiting and postal address, as the form of it asks them."""
    stored = _stored(organisation, ADDRESS)
    return {**stored, "postal_same": not any(stored[name] for name in POSTAL)}


def invoices(organisation: Organisation) -> Values:
    """Where invoices go, and what stands on them."""
    return _stored(organisation, INVOICES)


def contact(organisation: Organisation, kind: ContactKind) -> Values:
    """The current contact of this kind; empty when there is none."""
    return _stored(organisation.contacts.of_kind(kind), CONTACT)


@transaction.atomic
def change_address(
    organisation: Organisation, values: Values, *, seen: Values, by: User
) -> None:
    """Move the organisation, at once; raises editing.Meanwhile."""
    _lock(organisation, by=by)
    kind = "organisation.address_changed"
    if names := _seen(organisation, address(organisation), values, seen, kind):
        _write(organisation, values, ADDRESS)
        _record(organisation, kind, names, by)


@transaction.atomic
def change_invoices(
    organisation: Organisation, values: Values, *, seen: Values, by: User
) -> None:
    """Send invoices elsewhere, at once; raises editing.Meanwhile."""
    _lock(organisation, by=by)
    kind = "organisation.invoices_changed"
    if names := _seen(organisation, invoices(organisation), values, seen, kind):
        _write(organisation, values, INVOICES)
        _record(organisation, kind, names, by)


@transaction.atomic
def change_contact(
    organisation: Organisation,
    values: Values,
    *,
    kind: ContactKind,
    seen: Values,
    by: User,
) -> None:
    """Let somebody else be the contact, or be reached elsewhere; raises editing.Meanwhile.

    The one before is told when the contract's mail no longer comes to that address.
    """
    _lock(organisation, by=by)
    event = f"organisation.{kind}_contact_changed"
    names = _seen(organisation, contact(organisation, kind), values, seen, event)
    if not names:
        return
    before = organisation.contacts.of_kind(kind)
    set_contact(organisation, kind=kind, **values)
    _record(organisation, event, names, by)
    if before and kind == ContactKind.CONTRACT and "email" in names:
        emails.contact_replaced(before, by=by)


def set_contact(
    organisation: Organisation, *, kind: ContactKind, **facts: Any
) -> Contact:
    """Put this contact in the place of the one before, without telling anybody."""
    organisation.contacts.current().filter(kind=kind).update(replaced_at=timezone.now())
    return Contact.objects.create(organisation=organisation, kind=kind, **facts)


def to_be_told(organisation: Organisation) -> list[tuple[str, str]]:
    """Who hears of what could be a fraud: (address, name), each address once.

    The contract contact, and who was that until lately: whoever took an account over
    may have put an address of their own in its place.
    """
    lately = timezone.now() - datetime.timedelta(days=settings.PREVIOUS_CONTACT_DAYS)
    contacts = organisation.contacts.filter(kind=ContactKind.CONTRACT)
    rows = contacts.current() | contacts.filter(replaced_at__gt=lately)
    return list({row.email.lower(): (row.email, row.name) for row in rows}.values())


@transaction.atomic
def correct(
    organisation: Organisation, values: Values, *, reason: str, by: User
) -> list[str]:
    """Staff put the organisation's identity right; its administrators read what and why."""
    _lock(organisation, by=by)
    before = _stored(organisation, IDENTITY)
    names = changed(before, values)
    if names:
        _write(organisation, values, IDENTITY)
        record(
            "organisation.corrected",
            subject=organisation,
            organisation=organisation,
            by=by,
            fields=names,
            reason=reason,
        )
        emails.corrected(organisation, before, names, reason=reason)
    return names


@transaction.atomic
def forget_previous_contacts() -> None:
    """Erase who has not been a contact for longer than it matters."""
    term = datetime.timedelta(days=settings.PREVIOUS_CONTACT_DAYS)
    Contact.objects.filter(replaced_at__lt=timezone.now() - term).delete()


def _lock(organisation: Organisation, *, by: User) -> None:
    organisation.refresh_from_db(
        from_queryset=Organisation.objects.select_for_update(no_key=True)
    )
    require_not_merged(organisation)
    require_administrator(organisation, by)


def _stored(row: Any, names: Any) -> Values:
    return {name: getattr(row, name) if row else "" for name in names}


def _seen(organisation, stored, values, seen, kind):
    """What is given another value, once it is sure that this person saw what it was."""
    refuse_unseen(stored, values, seen=seen, subject=organisation, kinds=[kind])
    return changed(stored, values)


def _write(organisation, values, names):
    for name in names:
        setattr(organisation, name, values[name])
    organisation.save(update_fields=names)


def _record(organisation, kind, names, by):
    record(kind, subject=organisation, organisation=organisation, by=by, fields=names)
