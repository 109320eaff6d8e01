"""Where the operator's staff work."""

from .applications import ApplicationAdmin
from .bank import BankChangeAdmin
from .billing import BillingCorrectionAdmin, BillingLineAdmin, BillingMonthAdmin
from .desk import ChecklistItemAdmin, ReplyTemplateAdmin
from .documents import ContractAdmin, DocumentTemplateAdmin, MandateAdmin
from .terms import TermsRequestAdmin, TermsRoundAdmin

__all__ = [
    "ApplicationAdmin",
    "BankChangeAdmin",
    "BillingCorrectionAdmin",
    "BillingLineAdmin",
    "BillingMonthAdmin",
    "ChecklistItemAdmin",
    "ContractAdmin",
    "DocumentTemplateAdmin",
    "MandateAdmin",
    "ReplyTemplateAdmin",
    "TermsRequestAdmin",
    "TermsRoundAdmin",
]
