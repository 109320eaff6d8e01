from .catalogue import Api, Price, PriceUnit, Product
from .gateways import Gateway
from .keys import ApiKey, KeySecret, Subscription
from .tokens import PersonalToken
from .usage import ImportedLog, Outcome, UsageBatch, UsageDay, UsageHour

__all__ = [
    "Api",
    "ApiKey",
    "Gateway",
    "ImportedLog",
    "KeySecret",
    "Outcome",
    "PersonalToken",
    "Price",
    "PriceUnit",
    "Product",
    "Subscription",
    "UsageBatch",
    "UsageDay",
    "UsageHour",
]
