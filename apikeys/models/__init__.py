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
from .noted import LeakPolicy, OnLeak, Reason, RefusedCalls, SecretUse
from .requests import KeyRequest, KeyRequestStatus
from .usage import ImportedLog, Outcome, UsageBatch, UsageDay, UsageHour

__all__ = [
    "REASONS",
    "Api",
    "ApiKey",
    "BlockedBy",
    "Environment",
    "Gateway",
    "ImportedLog",
    "KeyRequest",
    "KeyRequestStatus",
    "KeySecret",
    "KeyState",
    "LeakPolicy",
    "OnLeak",
    "Outcome",
    "Price",
    "PriceUnit",
    "Product",
    "Reason",
    "RefusedCalls",
    "SecretUse",
    "Subscription",
    "UsageBatch",
    "UsageDay",
    "UsageHour",
]
