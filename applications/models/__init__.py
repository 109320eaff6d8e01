from .applications import Application, ChangeRequest, Volume
from .bank import BankChange, BankStatus
from .billing import (
    BillingCorrection,
    BillingLine,
    BillingMonth,
    Collection,
    DirectDebit,
)
from .checklists import ChecklistItem, Stage, Tick
from .checks import Ground, RegisterLookup, SigningGround
from .contracts import Contract, Mandate, OwnCancellation
from .corrections import Correction
from .documents import FROM_THE_CUSTOMER, Document, DocumentKind, DocumentTemplate
from .notes import Mention, Note
from .replies import ReplyTemplate
from .reports import Report
from .returned import ReturnedFile
from .returns import CollectionReturn, ReturnReason
from .statuses import DECIDED, OPEN, Status, WrongState
from .terms import TermsAnswer, TermsRequest, TermsRound

__all__ = [
    "DECIDED",
    "FROM_THE_CUSTOMER",
    "OPEN",
    "Application",
    "BankChange",
    "BankStatus",
    "BillingCorrection",
    "BillingLine",
    "BillingMonth",
    "ChangeRequest",
    "ChecklistItem",
    "Collection",
    "CollectionReturn",
    "Contract",
    "Correction",
    "DirectDebit",
    "Document",
    "DocumentKind",
    "DocumentTemplate",
    "Ground",
    "Mandate",
    "Mention",
    "Note",
    "OwnCancellation",
    "RegisterLookup",
    "ReplyTemplate",
    "Report",
    "ReturnReason",
    "ReturnedFile",
    "SigningGround",
    "Stage",
    "Status",
    "TermsAnswer",
    "TermsRequest",
    "TermsRound",
    "Tick",
    "Volume",
    "WrongState",
]
