from .administrators import AdministratorRequest, Intervention
from .looking import LookAlong
from .members import Invitation, Membership
from .organisations import Contact, ContactKind, LegalForm, Organisation
from .own_login import OwnLogin, OwnLoginStatus

__all__ = [
    "AdministratorRequest",
    "Contact",
    "ContactKind",
    "Intervention",
    "Invitation",
    "LegalForm",
    "LookAlong",
    "Membership",
    "Organisation",
    "OwnLogin",
    "OwnLoginStatus",
]
