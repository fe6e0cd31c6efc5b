"""Histories for tests: commands brought one after the other to a tally, with no store between."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from fractions import Fraction

from volunteer_points.books import Books, EveryAnswer, Tally
from volunteer_points.commands import Adopt, Command, Definition, Enrol, Request
from volunteer_points.decisions import Decision, decide
from volunteer_points.decisions.case import FRAME, Frame, frame_of
from volunteer_points.entries import Entry
from volunteer_points.model import (
    Activity,
    Calendar,
    Currency,
    Duty,
    Household,
    Item,
    Partner,
    Period,
    Place,
    Price,
    Right,
    Slot,
    Team,
    TeamStructure,
)
from volunteer_points.rules import (
    Accrual,
    Cap,
    Direction,
    Expiry,
    Multiplier,
    RedemptionRule,
    Rulebook,
    TimeRule,
    Transfers,
    When,
)


def at(text: str) -> datetime:
    """A time on the clock of Shanghai: ``2026-03-14T09:00``."""
    return datetime.fromisoformat(f"{text}+08:00")


class History:
    """A ledger that is only a tally and the list of its entries.

    Its clock stands at ``now`` and moves a minute with every command that brings no time of its own.
    """

    def __init__(self, ledger: str = "saihan", now: datetime | None = None) -> None:
        self.ledger = ledger
        self.now = now or at("2026-03-14T12:00")
        self.entries: list[Entry] = []
        self.tally = Tally()
        self._count = 0

    def run(
        self, command: Command, *, actor: str = "founder-a", at: datetime | None = None, key: str | None = None
    ) -> tuple[Entry, ...]:
        """Write a command; what it wrote.

        Raises:
            Refused: and nothing was written.
        """
        self._count += 1
        self.now = at or self.now + timedelta(minutes=1)
        request = Request(
            ledger=self.ledger, key=key or f"k-{self._count}", actor=actor, booked_at=self.now, command=command
        )
        decision = self.decided(request)
        if not decision.replayed:
            self.entries.extend(decision.entries)
            self.tally.absorb(decision.entries)
        return decision.entries

    def decided(self, request: Request) -> Decision:
        """What a request writes, with every answer at hand."""
        return decide(Books(EveryAnswer(self.tally)), request)

    def about(self, subject: str) -> tuple[Entry, ...]:
        """Everything that was written about a subject."""
        return tuple(entry for entry in self.entries if subject in entry.about)

    @property
    def frame(self) -> Frame:
        """The programme as it stands."""
        frame = frame_of(self.tally.answer(FRAME))
        assert frame is not None, "nothing was adopted"
        return frame


DEFINITION = Definition(
    name="赛罕社区",
    calendar=Calendar(zone="Asia/Shanghai"),
    founders=("founder-a", "founder-b"),
    structure=TeamStructure(label="free", slots=(Slot(id="special"),)),
    teams=(Team(id="repairs", name="小家电维修队", slot="special"),),
    households=(Household(id="h-1", place=Place(grid="1")),),
    activities=(
        Activity(id="park", name="公园清洁"),
        Activity(id="repair", name="小家电维修", type="skilled", team="repairs"),
        Activity(id="watch", name="看电影", type="unpaid"),
    ),
    partners=(Partner(id="grain", name="粮油店"),),
    catalogue=(
        Item(id="rice", name="大米 5 kg", partner="grain", prices=(Price(points=20),)),
        Item(id="haircut", name="理发", partner="grain", prices=(Price(points=5),), stocked=False),
        Item(
            id="ticket", name="电影票", partner="grain", prices=(Price(points=25),), currency="culture", stocked=False
        ),
    ),
    currencies=(Currency(id="points"), Currency(id="culture", name="文化分", decimals=1)),
    duties=(
        Duty(actor="leader", may=(Right.RECORD, Right.APPROVE, Right.REDEEM)),
        Duty(actor="checker", may=(Right.APPROVE, Right.RECORD)),
        Duty(actor="shop", may=(Right.COLLECT, Right.STOCK), partners=("grain",)),
    ),
    rulebooks=(
        Rulebook(
            id="2026",
            title="志愿积分管理办法",
            since=date(2026, 1, 1),
            time=TimeRule(round_to_minutes=10, direction=Direction.DOWN, minimum_minutes=30),
            accruals=(
                Accrual(
                    id="hours", per_hour=Fraction(10), when=When(activity_types=("service", "skilled")), clause="第三条"
                ),
            ),
            multipliers=(Multiplier(id="skill", times=Fraction(3, 2), when=When(activity_types=("skilled",))),),
            caps=(Cap(id="daily", at_most=Fraction(80), clause="第五条"),),
            expiry=Expiry(end_of=Period.YEAR, after=1),
            redemption=RedemptionRule(transfers=Transfers.ANYONE),
        ),
    ),
)
"""A programme that has something of everything."""


def begun(definition: Definition = DEFINITION, volunteers: tuple[str, ...] = ("v-1", "v-2")) -> History:
    """A history in which the programme is adopted and the volunteers are enrolled."""
    history = History()
    history.run(Adopt(definition=definition, author="founder-a"), actor="founder-b")
    for volunteer in volunteers:
        history.run(Enrol(volunteer=volunteer))
    return history
