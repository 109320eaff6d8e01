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
from .keys import (
    REASONS,
    ApiKey,
    BlockedBy,
    Environment,
    KeySecret,
    KeyState,
    Subscription,
)
from .months import MonthlyReport, StatementBatch
from .noted import LeakPolicy, OnLeak, Reason, RefusedCalls, SecretUse
from .notices import Notice, NoticeKind, NoticeMail, NoticeReader
from .requests import KeyRequest, KeyRequestStatus
from .tokens import PersonalToken
from .usage import (
    BatchShare,
    ImportedLog,
    Outcome,
    UsageBatch,
    UsageDay,
    UsageHour,
)

__all__ = [
    "REASONS",
    "AlertKind",
    "Api",
    "ApiKey",
    "BatchShare",
    "BlockedBy",
    "Budget",
    "BudgetReached",
    "Environment",
    "Gateway",
    "ImportedLog",
    "KeyRequest",
    "KeyRequestStatus",
    "KeySecret",
    "KeyState",
    "LeakPolicy",
    "Measure",
    "MonthlyReport",
    "Notice",
    "NoticeKind",
    "NoticeMail",
    "NoticeReader",
    "OnLeak",
    "Outcome",
    "PersonalToken",
    "Price",
    "PriceUnit",
    "Product",
    "Reason",
    "RefusedCalls",
    "SecretUse",
    "SpendingStop",
    "StatementBatch",
    "Subscription",
    "UsageAlert",
    "UsageBatch",
    "UsageDay",
    "UsageHour",
    "UsageMail",
]
