"""Who holds how much of what: accounts, and the postings that move whole numbers between them.

A **posting** moves a whole number of one unit into an account (negative: out of it); the postings of an entry add up
to nought for every unit. Points, minutes, goods and counters are all units, so every cap, limit and stock is asked
for in the same way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

PROGRAMME = "programme"
"""The subject and the holder that stand for the programme itself."""

REDEMPTIONS = "redemptions"
"""The counter unit of redemptions. Its lot is the instant at which a hold ends."""


class Purpose(StrEnum):
    """What an account is for. The sign of what it may hold is in :data:`FLOORS`."""

    AVAILABLE = "available"
    HELD = "held"
    DEBT = "debt"
    CLAIMED = "claimed"
    SERVED = "served"
    ISSUED = "issued"
    REPORTED = "reported"
    OPENED = "opened"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    ADJUSTED = "adjusted"
    QUOTA = "quota"
    COUNTED = "counted"
    ON_HAND = "on_hand"
    SUPPLIED = "supplied"
    FOUND = "found"
    WRITTEN_OFF = "written_off"
    COLLECTED = "collected"
    PENDING = "pending"


FLOORS: Mapping[str, int] = {
    Purpose.AVAILABLE: 1,
    Purpose.HELD: 1,
    Purpose.PENDING: 1,
    Purpose.CLAIMED: 1,
    Purpose.SERVED: 1,
    Purpose.ON_HAND: 1,
    Purpose.COLLECTED: 1,
    Purpose.DEBT: -1,
    Purpose.ISSUED: 0,
    Purpose.QUOTA: 0,
    Purpose.EXPIRED: 0,
}
"""The purposes whose balance is kept beside the ledger: 1 never below nought, -1 never above, 0 either.

Purposes that are missing here belong to accounts on which everybody posts; they keep no balance, so that nobody
queues on them.
"""


class Account(NamedTuple):
    """Who holds it, what for, and of what: the activity, the record, the redemption, the partner."""

    holder: str
    purpose: str
    of: str = ""


class Posting(NamedTuple):
    """So much of a unit into an account.

    ``lot`` is the first instant at which the amount is unusable; ``on`` the programme's day for which it counts.
    """

    account: Account
    unit: str
    amount: int
    lot: datetime | None
    on: date

    def mirrored(self) -> Posting:
        """The posting that takes this one back: the same lot and the same day."""
        return self._replace(amount=-self.amount)


UNITS = "units"
"""The counter unit of how many of an item were redeemed."""


TIMES = "times"
"""The counter unit of awarded records."""


def quantity_unit(unit: str) -> str:
    """The unit in which the ledger counts what records say besides time."""
    return f"quantity:{unit}"


def tally_unit(what: str, unit: str) -> str:
    """A counter's unit for what was ``earned`` or ``spent`` of a currency, or ``served`` of minutes, together."""
    return f"{what}:{unit}"


def household_holder(household: str) -> str:
    """The subject and holder of a household."""
    return f"household:{household}"


def team_holder(team: str) -> str:
    """The subject and holder of a team."""
    return f"team:{team}"


def fund_holder(fund: str) -> str:
    """The subject and holder of a fund."""
    return f"fund:{fund}"


def volunteer_holder(volunteer: str) -> str:
    """The subject and holder of a volunteer."""
    return f"volunteer:{volunteer}"


def holder_named(name: str) -> str:
    """The holder that a fact names: a volunteer by the id alone, anybody else in full, as ``fund:care``."""
    return name if ":" in name else volunteer_holder(name)


def item_unit(item: str) -> str:
    """The unit in which an item is counted, which is also its subject and the holder of its stock."""
    return f"item:{item}"


def record_subject(record: str) -> str:
    """The subject of a service record."""
    return f"record:{record}"


def redemption_subject(redemption: str) -> str:
    """The subject of a redemption."""
    return f"redemption:{redemption}"


def imbalance(postings: Iterable[Posting]) -> dict[str, int]:
    """By how much each unit does not add up to nought; empty when all do."""
    sums: dict[str, int] = defaultdict(int)
    for posting in postings:
        sums[posting.unit] += posting.amount
    return {unit: amount for unit, amount in sums.items() if amount}
