"""What one act is: who may, when, what it asks and what it does."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise

from accounts.models import User

from ..models import Application
from .forms import ActForm


def _to_all(application: Application, user: User) -> bool:
    return True


@dataclass(frozen=True)
class Act:
    slug: str
    label: str | Promise
    explanation: str | Promise
    permission: str
    possible: Callable[[Application], bool]
    form: type[ActForm]
    perform: Callable[[Application, ActForm, User], object]
    style: str = ""  # "primary" for what usually comes next, "danger" for what ends it

    then: str = ""  # the act that this one makes possible
    offered: Callable[[Application, User], bool] = _to_all

    def allowed(self, user: User, application: Application) -> bool:
        return (
            user.has_perm(f"applications.{self.permission}")
            and self.possible(application)
            and self.offered(application, user)
        )
