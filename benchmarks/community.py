"""The community that is measured: 200 volunteers who serve once a week and fetch a bag of rice for it.

A *turn* is one volunteer's week: service is submitted, approved, a bag is held and collected, which makes five
entries. A turn's number decides its volunteer, its hours and its keys, so two programs that take the same turns must
write the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import attrs

from volunteer_points import (
    Adopt,
    Approve,
    Collect,
    Definition,
    Enrol,
    Interval,
    Order,
    Programme,
    ReceiveStock,
    Redeem,
    Rulebook,
    Submit,
)
from volunteer_points.entries import derived_id
from volunteer_points.model import (
    Activity,
    Calendar,
    Duty,
    Item,
    Limit,
    Partner,
    Period,
    Price,
    Right,
    Slot,
    Team,
    TeamStructure,
)
from volunteer_points.rules import Accrual, Cap, Expiry, RedemptionRule

LEDGER = "benchmark"
VOLUNTEERS = 200
ENTRIES_OF_A_TURN = 5
FIRST_SERVICE = datetime(2026, 1, 5, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
SERVED = timedelta(minutes=140)
BOOKED_AFTER = {"submit": 5, "approve": 6, "hold": 30, "collect": 31}
"""Hours from the beginning of the service to the booking of each step."""

DEFINITION = Definition(
    name="A community that is measured",
    calendar=Calendar(zone="Asia/Shanghai"),
    founders=("founder-a", "founder-b"),
    structure=TeamStructure(label="1", slots=(Slot(id="standing", exactly=1),)),
    teams=(Team(id="green", name="Green hands", slot="standing"),),
    activities=(Activity(id="park", name="Park clean-up", team="green"),),
    partners=(Partner(id="grain", name="Grain shop"),),
    catalogue=(Item(id="rice", name="Rice, 5 kg", partner="grain", prices=(Price(points=20),)),),
    duties=(
        Duty(actor="leader", may=(Right.RECORD, Right.REDEEM)),
        Duty(actor="checker", may=(Right.APPROVE,)),
        Duty(actor="shop", may=(Right.COLLECT, Right.STOCK), partners=("grain",)),
    ),
    rulebooks=(
        Rulebook(
            id="2026",
            since=date(2026, 1, 1),
            accruals=(Accrual(id="hours", per_hour=Fraction(10)),),
            caps=(Cap(id="daily", at_most=Fraction(80)),),
            expiry=Expiry(end_of=Period.YEAR, after=1),
            redemption=RedemptionRule(limits=(Limit(at_most=6, per=Period.MONTH, item="rice"),)),
        ),
    ),
)


@attrs.frozen
class Turn:
    """One volunteer's week."""

    number: int

    @property
    def volunteer(self) -> str:
        """Whose week it is."""
        return f"v-{self.number % VOLUNTEERS}"

    @property
    def begin(self) -> datetime:
        """When the service began."""
        return FIRST_SERVICE + timedelta(weeks=self.number // VOLUNTEERS, days=self.number % 5)

    @property
    def end(self) -> datetime:
        """When the service ended."""
        return self.begin + SERVED

    @property
    def record(self) -> str:
        """The id of the service record."""
        return derived_id("r", LEDGER, self.key("submit"))

    @property
    def redemption(self) -> str:
        """The id of the redemption."""
        return derived_id("x", LEDGER, self.key("hold"))

    def key(self, step: str) -> str:
        """The idempotency key of a step."""
        return f"{step}-{self.number}"

    def booked_at(self, step: str) -> datetime:
        """When a step is booked."""
        return self.begin + timedelta(hours=BOOKED_AFTER[step])


# --- the steps of a turn as the library is asked for them --------------------------------------------------------


def submit(turn: Turn) -> Order:
    """Record the service."""
    interval = Interval(begin=turn.begin, end=turn.end)
    command = Submit(volunteer=turn.volunteer, activity="park", intervals=(interval,))
    return Order(command=command, actor="leader", key=turn.key("submit"), booked_at=turn.booked_at("submit"))


def approve(turn: Turn) -> Order:
    """Approve the record, which awards 23 points."""
    command = Approve(record=turn.record)
    return Order(command=command, actor="checker", key=turn.key("approve"), booked_at=turn.booked_at("approve"))


def hold(turn: Turn) -> Order:
    """Hold a bag of rice for 20 of them."""
    command = Redeem(volunteer=turn.volunteer, item="rice")
    return Order(command=command, actor="leader", key=turn.key("hold"), booked_at=turn.booked_at("hold"))


def collect(turn: Turn) -> Order:
    """Hand it over."""
    command = Collect(redemption=turn.redemption)
    return Order(command=command, actor="shop", key=turn.key("collect"), booked_at=turn.booked_at("collect"))


STEPS: Sequence[Callable[[Turn], Order]] = (submit, approve, hold, collect)


# --- a ledger of a given length ----------------------------------------------------------------------------------


def found(programme: Programme) -> int:
    """Adopt the programme, enrol everybody and fill the shelf; tells how many entries that made."""
    begun = FIRST_SERVICE - timedelta(days=1)
    adopt = Order(command=Adopt(definition=DEFINITION, author="founder-a"), actor="founder-b", key="adopt")
    stock = Order(command=ReceiveStock(item="rice", quantity=10**6), actor="shop", key="stock")
    enrolments = [
        Order(command=Enrol(volunteer=f"v-{number}"), actor="founder-a", key=f"enrol-{number}")
        for number in range(VOLUNTEERS)
    ]
    orders = [attrs.evolve(order, booked_at=begun) for order in (adopt, stock, *enrolments)]
    return sum(len(outcome.entries) for outcome in programme.execute_many(orders))


def fill(programme: Programme, entries: int) -> int:
    """Found the programme and let turns be taken until the ledger has about so many entries; tells how many turns."""
    turns = max(0, entries - found(programme)) // ENTRIES_OF_A_TURN
    for week in weeks(turns):
        for step in STEPS:
            programme.execute_many([step(turn) for turn in week])
    return turns


def weeks(turns: int, *, after: int = 0) -> Iterable[Sequence[Turn]]:
    """So many turns, as many at a time as one week has."""
    for first in range(after, after + turns, VOLUNTEERS):
        yield [Turn(number) for number in range(first, min(first + VOLUNTEERS, after + turns))]
