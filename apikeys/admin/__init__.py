"""Where the operator's staff work on what is offered, and on keys and gateways."""

from .catalogue import ApiAdmin, PriceAdmin, ProductAdmin
from .keys import ApiKeyAdmin, GatewayAdmin, KeyRequestAdmin
from .notices import NoticeAdmin

__all__ = [
    "ApiAdmin",
    "ApiKeyAdmin",
    "GatewayAdmin",
    "KeyRequestAdmin",
    "NoticeAdmin",
    "PriceAdmin",
    "ProductAdmin",
]
