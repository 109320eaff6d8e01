from .budgets import (
    AlertKind,
    Budget,
    BudgetReached,
    Measure,
    SpendingStop,
    UsageAlert,
    UsageMail,
)
from .catalogue import Api, Price, PriceUnit, Product
from .gateways import Gateway
from .keys import ApiKey, KeySecret, Subscription
from .months import MonthlyReport, StatementBatch
from .tokens import PersonalToken
from .usage import ImportedLog, Outcome, UsageBatch, UsageDay, UsageHour

__all__ = [
    "AlertKind",
    "Api",
    "ApiKey",
    "Budget",
    "BudgetReached",
    "Gateway",
    "ImportedLog",
    "KeySecret",
    "Measure",
    "MonthlyReport",
    "Outcome",
    "PersonalToken",
    "Price",
    "PriceUnit",
    "Product",
    "SpendingStop",
    "StatementBatch",
    "Subscription",
    "UsageAlert",
    "UsageBatch",
    "UsageDay",
    "UsageHour",
    "UsageMail",
]
