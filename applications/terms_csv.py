"""What every organisation said in a round over the terms, to go through one by one."""

from collections.abc import Iterator

from django.utils import timezone

from organisations.spreadsheets import line

from .models import TermsRequest, TermsRound

COLUMNS = [
    "organisation", "name", "asked", "reminders", "answer", "answered_by", "answered",
    "sha256",
]  # fmt: skip
AT_ONCE = 500


def lines(round: TermsRound) -> Iterator[str]:
    """A header, and everybody who was asked; the answer is the one in force."""
    yield line(COLUMNS)
    asked = round.requests.select_related("organisation")
    asked = asked.prefetch_related("answers__replaced_by", "answers__by")
    found = asked.order_by("organisation__name", "pk").iterator(chunk_size=AT_ONCE)
    yield from (line(_cells(request)) for request in found)


def _cells(request: TermsRequest) -> list[object]:
    answer = request.answer()
    said = ["none", "", "", ""]
    if answer:
        word = "agreed" if answer.agreed else "refused"
        said = [word, answer.by.name, _day(answer.at), answer.sha256]
    organisation = request.organisation
    asked = [_day(request.asked_at), request.reminders]
    return [organisation.slug, organisation.name, *asked, *said]


def _day(moment) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d}"
