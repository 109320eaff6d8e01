from .applications import Application, ChangeRequest, Volume
from .bank import BankChange, BankStatus
from .checklists import ChecklistItem, Stage, Tick
from .checks import Ground, RegisterLookup, SigningGround
from .contracts import Contract, Mandate
from .corrections import Correction
from .documents import FROM_THE_CUSTOMER, Document, DocumentKind, DocumentTemplate
from .notes import Mention, Note
from .replies import ReplyTemplate
from .reports import Report
from .statuses import DECIDED, OPEN, Status, WrongState

__all__ = [
    "DECIDED",
    "FROM_THE_CUSTOMER",
    "OPEN",
    "Application",
    "BankChange",
    "BankStatus",
    "ChangeRequest",
    "ChecklistItem",
    "Contract",
    "Correction",
    "Document",
    "DocumentKind",
    "DocumentTemplate",
    "Ground",
    "Mandate",
    "Mention",
    "Note",
    "RegisterLookup",
    "ReplyTemplate",
    "Report",
    "SigningGround",
    "Stage",
    "Status",
    "Tick",
    "Volume",
    "WrongState",
]
