"""Where the operator's staff work."""

from .applications import ApplicationAdmin
from .bank import BankChangeAdmin
from .desk import ChecklistItemAdmin, ReplyTemplateAdmin
from .documents import ContractAdmin, DocumentTemplateAdmin, MandateAdmin
from .terms import TermsRequestAdmin, TermsRoundAdmin

__all__ = [
    "ApplicationAdmin",
    "BankChangeAdmin",
    "ChecklistItemAdmin",
    "ContractAdmin",
    "DocumentTemplateAdmin",
    "MandateAdmin",
    "ReplyTemplateAdmin",
    "TermsRequestAdmin",
    "TermsRoundAdmin",
]
