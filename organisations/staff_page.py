"""What staff see of one organisation on its page in /beheer/; apps above add their parts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.functional import Promise

from accounts.models import User

from .models import Organisation

Text = str | Promise


@dataclass(frozen=True)
class Cell:
    text: Text
    url: str = ""
    warns: bool = False


@dataclass(frozen=True)
class Section:
    """The last few of something; `more` leads to the list of all, for who may see it."""

    title: Text
    columns: list[Text]
    rows: list[list[Cell]]
    none: Text
    more: str = ""
    path: str = ""  # a small line, and what it shows in words
    words: Text = ""


Maker = Callable[[Organisation, User], Iterable[Section]]
makers: list[Maker] = []


def sections(organisation: Organisation, user: User) -> list[Section]:
    """All that this member of staff may see of it."""
    return [section for make in makers for section in make(organisation, user)]
