"""A community's volunteer points: teams, activities, accrual rules, redemption and an append-only ledger.

>>> from volunteer_points import MemoryStore, Programme
>>> Programme(MemoryStore("saihan")).store.ledger
'saihan'

Commands are in :mod:`volunteer_points.commands`, rules in :mod:`volunteer_points.rules`, what is written in
:mod:`volunteer_points.entries`. Parts that need more than attrs live in modules of their own:
:mod:`volunteer_points.storage.sql`, :mod:`volunteer_points.people`, :mod:`volunteer_points.cli`.
"""

from volunteer_points.commands import (
    Adjust,
    Adopt,
    Approve,
    Cancel,
    ClosePeriod,
    Collect,
    Correct,
    CountStock,
    Definition,
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

__all__ = [
    "Adjust",
    "Adopt",
    "Approve",
    "Balance",
    "Busy",
    "Cancel",
    "ClosePeriod",
    "Collect",
    "CommitUnknown",
    "Correct",
    "Corrupt",
    "CountStock",
    "Definition",
    "Enrol",
    "Entry",
    "Expire",
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
