"""A community's volunteer points: teams, activities, accrual rules, redemption and an append-only ledger.

>>> from volunteer_points import MemoryStore, Programme
>>> Programme(MemoryStore("saihan")).store.ledger
'saihan'

Commands are in :mod:`volunteer_points.commands`, rules in :mod:`volunteer_points.rules`, what is written in
:mod:`volunteer_points.entries`. Parts that need more than attrs live in modules of their own:
:mod:`volunteer_points.storage.sql`, :mod:`volunteer_points.people`, :mod:`volunteer_points.cli`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from volunteer_points.commands import (
        Adjust,
        Adopt,
        Approve,
        ApproveByRulebook,
        Cancel,
        ClosePeriod,
        Collect,
        Confirm,
        Correct,
        CountStock,
        Definition,
        Donate,
        Endow,
        Enrol,
        Expire,
        Join,
        Lapse,
        Leave,
        OpenBalance,
        ReceiveStock,
        Redeem,
        Reject,
        Return,
        Reverse,
        Submit,
        Transfer,
        Void,
        WriteOffStock,
    )
    from volunteer_points.entries import Entry
    from volunteer_points.errors import (
        Busy,
        CommitUnknown,
        Corrupt,
        HostBusy,
        InputError,
        KeyConflict,
        Misconfigured,
        Refused,
        StoreError,
        VolunteerPointsError,
    )
    from volunteer_points.model import Interval, Reason
    from volunteer_points.programme import Balance, Order, Outcome, Programme, Retry
    from volunteer_points.rules import Rulebook
    from volunteer_points.storage.memory import MemoryStore

_HOMES = {
    "Entry": "volunteer_points.entries",
    "Busy": "volunteer_points.errors",
    "CommitUnknown": "volunteer_points.errors",
    "Corrupt": "volunteer_points.errors",
    "HostBusy": "volunteer_points.errors",
    "InputError": "volunteer_points.errors",
    "KeyConflict": "volunteer_points.errors",
    "Misconfigured": "volunteer_points.errors",
    "Refused": "volunteer_points.errors",
    "StoreError": "volunteer_points.errors",
    "VolunteerPointsError": "volunteer_points.errors",
    "Interval": "volunteer_points.model",
    "Reason": "volunteer_points.model",
    "Balance": "volunteer_points.programme",
    "Order": "volunteer_points.programme",
    "Outcome": "volunteer_points.programme",
    "Programme": "volunteer_points.programme",
    "Retry": "volunteer_points.programme",
    "Rulebook": "volunteer_points.rules",
    "MemoryStore": "volunteer_points.storage.memory",
}
"""Where names live that are no commands; a module is loaded when one of its names is first used."""

__all__ = [
    "Adjust",
    "Adopt",
    "Approve",
    "ApproveByRulebook",
    "Balance",
    "Busy",
    "Cancel",
    "ClosePeriod",
    "Collect",
    "CommitUnknown",
    "Confirm",
    "Correct",
    "Corrupt",
    "CountStock",
    "Definition",
    "Donate",
    "Endow",
    "Enrol",
    "Entry",
    "Expire",
    "HostBusy",
    "InputError",
    "Interval",
    "Join",
    "KeyConflict",
    "Lapse",
    "Leave",
    "MemoryStore",
    "Misconfigured",
    "OpenBalance",
    "Order",
    "Outcome",
    "Programme",
    "Reason",
    "ReceiveStock",
    "Redeem",
    "Refused",
    "Reject",
    "Retry",
    "Return",
    "Reverse",
    "Rulebook",
    "StoreError",
    "Submit",
    "Transfer",
    "Void",
    "VolunteerPointsError",
    "WriteOffStock",
]


def __getattr__(name: str) -> object:
    """Load a name of the package when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES.get(name, "volunteer_points.commands")), name)
    return value


def __dir__() -> list[str]:
    """Every name of the package, loaded or not."""
    return sorted({*globals(), *__all__})
