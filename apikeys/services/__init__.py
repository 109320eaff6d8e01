"""What people do with keys."""

from .blocking import (
    KeyBlocked,
    KeyNotBlocked,
    OnlySupport,
    block,
    block_as_leaked,
    unblock,
)
from .canaries import TooManyCanaries, canary_used, make_canary, retire_canary
from .changing import (
    ChangedMeanwhile,
    InThePast,
    NameTaken,
    chosen_end,
    remind_of_ends,
    rename,
    restrict,
    stop_after,
)
from .issuing import end_subscriptions, issue, let_work_until
from .leaks import choose_policy, leaked, policy_of
from .requesting import (
    AlreadyAsked,
    AlreadyDecided,
    NotCovered,
    OwnRequest,
    ask_for_key,
    askable,
    covered,
    grant_key,
    refuse_key,
)
from .rotating import (
    KeyOver,
    SecretOver,
    end_old_secret,
    extend_old_secret,
    reveal,
    rotate,
)

__all__ = [
    "AlreadyAsked",
    "AlreadyDecided",
    "ChangedMeanwhile",
    "InThePast",
    "KeyBlocked",
    "KeyNotBlocked",
    "KeyOver",
    "NameTaken",
    "NotCovered",
    "OnlySupport",
    "OwnRequest",
    "SecretOver",
    "TooManyCanaries",
    "ask_for_key",
    "askable",
    "block",
    "block_as_leaked",
    "canary_used",
    "choose_policy",
    "chosen_end",
    "covered",
    "end_old_secret",
    "end_subscriptions",
    "extend_old_secret",
    "grant_key",
    "issue",
    "leaked",
    "let_work_until",
    "make_canary",
    "policy_of",
    "refuse_key",
    "remind_of_ends",
    "rename",
    "restrict",
    "retire_canary",
    "reveal",
    "rotate",
    "stop_after",
    "unblock",
]
