"""What people do with keys."""

from .blocking import (
    KeyBlocked,
    KeyNotBlocked,
    OnlySupport,
    block,
    block_as_leaked,
    unblock,
)
from .canaries import canary_used
from .changing import (
    ChangedMeanwhile,
    InThePast,
    NameTaken,
    remind_of_ends,
    rename,
    restrict,
    stop_after,
)
from .issuing import end_subscriptions, issue, let_work_until, make_canary
from .leaks import choose_policy, leaked, policy_of
from .rotating import (
    KeyOver,
    SecretOver,
    end_old_secret,
    extend_old_secret,
    reveal,
    rotate,
)

__all__ = [
    "ChangedMeanwhile",
    "InThePast",
    "KeyBlocked",
    "KeyNotBlocked",
    "KeyOver",
    "NameTaken",
    "OnlySupport",
    "SecretOver",
    "block",
    "block_as_leaked",
    "canary_used",
    "choose_policy",
    "end_old_secret",
    "end_subscriptions",
    "extend_old_secret",
    "issue",
    "leaked",
    "let_work_until",
    "make_canary",
    "policy_of",
    "remind_of_ends",
    "rename",
    "restrict",
    "reveal",
    "rotate",
    "stop_after",
    "unblock",
]
