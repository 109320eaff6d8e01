"""Where the operator's staff work."""

from .applications import ApplicationAdmin
from .bank import BankChangeAdmin
from .contracts import ContractAdmin
from .desk import ChecklistItemAdmin, ReplyTemplateAdmin
from .documents import DocumentTemplateAdmin, MandateAdmin
from .reports import ReportAdmin

__all__ = [
    "ApplicationAdmin",
    "BankChangeAdmin",
    "ChecklistItemAdmin",
    "ContractAdmin",
    "DocumentTemplateAdmin",
    "MandateAdmin",
    "ReplyTemplateAdmin",
    "ReportAdmin",
]
