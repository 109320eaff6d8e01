"""Where the operator's staff work."""

from . import merging  # noqa: F401  # adds its pages to those of organisations
from .applications import ApplicationAdmin
from .bank import BankChangeAdmin
from .billing import BillingMonthAdmin
from .billing_lines import BillingCorrectionAdmin, BillingLineAdmin
from .contracts import ContractAdmin
from .desk import ChecklistItemAdmin, ReplyTemplateAdmin
from .documents import DocumentTemplateAdmin, MandateAdmin
from .reports import ReportAdmin
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
    "ReportAdmin",
    "TermsRequestAdmin",
    "TermsRoundAdmin",
]
