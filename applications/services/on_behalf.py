"""Beginning an application for somebody who called."""

from django.conf import settings
from django.db import transaction

from accounts.models import User
from audit.services import record
from mail import private_links
from mail.services import TooMuchMail, next_slot

from .. import emails
from ..models import Application
from .moves import new_link


@transaction.atomic
def begin(
    *, name: str, kvk_number: str, email: str, language: str, by: User
) -> Application:
    """Open a draft with what was told, and mail the link with which it is completed.

    Whoever reads that mailbox makes it theirs: nothing is sent in by staff. Raises
    TooMuchMail when this address had its share this hour.
    """
    if next_slot(email, template=emails.BEGUN_FOR_YOU):
        raise TooMuchMail
    application = Application.objects.create(
        language=language,
        from_address="",  # ours, which is no applicant's
        expires_at=private_links.end_of_day_in(settings.DRAFT_DAYS),
        answers={
            "branch": "kvk",
            "kvk_number": kvk_number,
            "name": name,
            "contract_email": email,
        },
    )
    new_link(application, "draft")
    application.save(update_fields=["link_version", "link_digest"])
    record("application.begun_for_caller", subject=application, by=by)
    emails.begun_for_you(application)
    return application
