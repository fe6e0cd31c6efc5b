"""Valid histories drawn at random: whatever the library let through must be clean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, time, timedelta
from fractions import Fraction
from typing import TypeVar

import attrs
from hypothesis import strategies as st

from tests.audit.ledgers import APPROVER, AUTHOR, CHECKER, LEADER, REASON, SHOP, ZONE, History
from volunteer_points import commands as c
from volunteer_points.entries import Held, Submitted
from volunteer_points.model import (
    Activity,
    Calendar,
    Currency,
    Details,
    Interval,
    Price,
    Quantity,
    Whose,
)
from volunteer_points.postings import REDEMPTIONS, Purpose
from volunteer_points.rules import (
    Accrual,
    Cap,
    Direction,
    Expiry,
    Multiplier,
    RedemptionRule,
    ReversalOrder,
    Rounding,
    Rulebook,
    TimeRule,
    Transfers,
    When,
)
from volunteer_points.testing import vocabulary
from volunteer_points.testing.programmes import everything_named, full_programme, small_programme

Thing = TypeVar("Thing")

VOLUNTEERS = ("v-1", "v-2", "v-3")
ACTIVITIES = ("park", "cinema", "absence")
ITEMS = ("rice", "soap", "lunch")


def strict_programme() -> c.Definition:
    """Clocks that change, days that start at four, tenths of points, two rulebooks, many caps, no grace."""
    redemption = RedemptionRule(
        grace_days=0, hold_days=3, reversal_takes=ReversalOrder.OTHER_LOTS, transfers=Transfers.ANYONE
    )
    first = Rulebook(
        id="spring",
        since=date(2026, 1, 1),
        until=date(2026, 4, 1),
        accruals=(
            Accrual(id="park", per_hour=Fraction(7), when=When(activities=("park",))),
            Accrual(id="rest", fixed=Fraction(11, 2), when=When(activity_types=("service",))),
        ),
        multipliers=(Multiplier(id="senior", times=Fraction(6, 5), when=When(tags=("senior",))),),
        time=TimeRule(round_to_minutes=15, direction=Direction.UP, minimum_minutes=20),
        rounding=Rounding(to=Fraction(1, 10), direction=Direction.HALF_UP),
        caps=(
            Cap(id="record", at_most=Fraction(45), per="record"),
            Cap(id="each", at_most=Fraction(60), per="month", each_activity=True),
            Cap(id="week", at_most=Fraction(600), of="minutes", per="week"),
            Cap(id="ever", at_most=Fraction(301, 2), per="ever"),
        ),
        expiry=Expiry(days=20),
        redemption=redemption,
    )
    second = attrs.evolve(first, id="summer", since=date(2026, 4, 1), until=None, expiry=Expiry(), time=TimeRule())
    return attrs.evolve(
        small_programme(),
        calendar=Calendar(zone="Europe/Berlin", day_starts_at=time(4)),
        currencies=(Currency(id="points", decimals=1),),
        rulebooks=(first, second),
    )


def idle_programme() -> c.Definition:
    """The full programme with points that end by inactivity, the main ones soon and its thanks later."""
    definition = full_programme()
    rulebooks = []
    for rulebook in definition.rulebooks:
        main = Expiry(idle_days=9)
        streams = tuple(
            attrs.evolve(each, expiry=main if each.currency == rulebook.currency else Expiry(idle_months=1))
            for each in rulebook.streams
        )
        rulebooks.append(attrs.evolve(rulebook, expiry=main, streams=streams))
    return attrs.evolve(definition, rulebooks=tuple(rulebooks))


KNOWN = vocabulary.Known(
    activities=ACTIVITIES, currencies=("points", "gift", "tenths"), partners=("grain",), items=ITEMS, funds=("care",)
)


@st.composite
def any_programme(draw: st.DrawFn) -> c.Definition:
    """The small programme under a rulebook of any shape that gives to volunteers and households."""
    definition = everything_named()
    rulebook = attrs.evolve(
        draw(vocabulary.rulebooks(KNOWN, definition.currencies)),
        since=date(2026, 1, 1), retroactive=False, recording=(), routes=(),
    )  # fmt: skip
    return attrs.evolve(definition, rulebooks=(rulebook,))


def changed(definition: c.Definition) -> c.Definition:
    """The same programme later: other prices, kinds of activity, stock and clock, and no lunch."""
    rice, soap, _ = definition.catalogue
    return attrs.evolve(
        definition,
        calendar=attrs.evolve(definition.calendar, day_starts_at=time(2)),
        activities=(
            Activity(id="park", name="Park"),
            Activity(id="cinema", name="Cinema", type="leisure"),
            *definition.activities[2:],
        ),
        catalogue=(attrs.evolve(rice, prices=(Price(points=15),)), attrs.evolve(soap, stocked=False)),
    )


def newest(things: Sequence[Thing], number: int) -> Thing:
    """One of the things; those that came last are the likeliest to be of use."""
    return things[-1 - number % len(things)]


class Player:
    """Turns drawn numbers into commands; those that are refused leave nothing."""

    def __init__(self, definition: c.Definition) -> None:
        self.history = History(definition)
        self.records: list[str] = ["r-none"]
        self.redemptions: list[str] = ["x-none"]
        self._variants = [changed(definition), definition]
        self.history.enrol("v-1", "v-2", household="h-1")
        self.history.enrol("v-3")

    def play(self, action: str, one: int, two: int, three: int) -> None:
        if action == "wait":
            self.history.now += timedelta(hours=5 * one)
            return
        command, actor = self._commands()[action](one, two, three)
        for entry in self.history.attempt(command, actor):
            if isinstance(entry.fact, Submitted):
                self.records.append(entry.fact.record)
            elif isinstance(entry.fact, Held):
                self.redemptions.append(entry.fact.redemption)

    def _commands(self) -> dict[str, Callable[[int, int, int], tuple[c.Command, str]]]:
        return {
            "submit": lambda one, two, three: (self._submit(one, two, three), LEADER),
            "approve": lambda one, *_: (c.Approve(record=newest(self.records, one)), CHECKER),
            "reject": lambda one, *_: (c.Reject(record=newest(self.records, one), reason=REASON), CHECKER),
            "void": lambda one, *_: (c.Void(record=newest(self.records, one), reason=REASON), LEADER),
            "reverse": lambda one, *_: (c.Reverse(record=newest(self.records, one), reason=REASON), CHECKER),
            "correct": lambda one, two, three: (self._correct(one, two, three), CHECKER),
            "receive": lambda one, two, _: (c.ReceiveStock(item=newest(ITEMS, one), quantity=1 + two % 5), SHOP),
            "count": lambda one, two, _: (
                c.CountStock(item=newest(ITEMS, one), counted=two % 6, reason=REASON),
                SHOP,
            ),
            "write off": lambda one, *_: (
                c.WriteOffStock(item=newest(ITEMS, one), quantity=1, reason=REASON),
                SHOP,
            ),
            "redeem": lambda one, two, three: (
                c.Redeem(volunteer=newest(VOLUNTEERS, one), item=newest(ITEMS, two), quantity=1 + three % 3),
                LEADER,
            ),
            "collect": lambda one, *_: (c.Collect(redemption=newest(self.redemptions, one)), SHOP),
            "cancel": lambda one, *_: (c.Cancel(redemption=newest(self.redemptions, one), reason=REASON), LEADER),
            "return": lambda one, two, three: (
                c.Return(
                    redemption=newest(self.redemptions, one),
                    quantity=(None, 1)[two % 2],
                    damaged=three % 3 == 0,
                    reason=REASON,
                ),
                SHOP,
            ),
            "expire": lambda one, *_: (c.Expire(volunteer=newest(VOLUNTEERS, one)), LEADER),
            "adjust": lambda one, two, _: (
                c.Adjust(
                    volunteer=newest(VOLUNTEERS, one), points=two % 90 - 30 or 1, requested_by=AUTHOR, reason=REASON
                ),
                APPROVER,
            ),
            "open": lambda one, two, _: (
                c.OpenBalance(volunteer=newest(VOLUNTEERS, one), points=1 + two, requested_by=AUTHOR, reason=REASON),
                APPROVER,
            ),
            "transfer": lambda one, two, three: (
                c.Transfer(giver=newest(VOLUNTEERS, one), receiver=newest(VOLUNTEERS, two), points=1 + three % 40),
                newest(VOLUNTEERS, one),
            ),
            "absent": lambda one, two, _: (
                c.Submit(
                    volunteer=newest(VOLUNTEERS, one),
                    activity="absence",
                    on=self.history.now.astimezone(ZONE).date() - timedelta(days=two % 4),
                ),
                LEADER,
            ),
            "second": lambda one, *_: (c.Approve(record=newest(self.records, one)), "second"),
            "rate": lambda one, two, _: (
                c.Approve(record=newest(self.records, one), rating=("good", "complaint", "late")[two % 3]),
                CHECKER,
            ),
            "by rulebook": lambda one, *_: (c.ApproveByRulebook(record=newest(self.records, one)), LEADER),
            "confirm": lambda one, *_: (c.Confirm(record=newest(self.records, one)), LEADER),
            "redeem at home": lambda one, two, three: (
                c.Redeem(
                    volunteer=newest(VOLUNTEERS, one),
                    item=newest(ITEMS, two),
                    quantity=1 + three % 2,
                    payer=Whose.HOUSEHOLD,
                ),
                LEADER,
            ),
            "donate": lambda one, two, _: (
                c.Donate(giver=newest(VOLUNTEERS, one), fund="care", points=1 + two % 20),
                newest(VOLUNTEERS, one),
            ),
            "endow": lambda one, two, _: (
                c.Endow(
                    fund="care",
                    points=1 + one,
                    currency=("points", "gift")[two % 2],
                    requested_by=AUTHOR,
                    reason=REASON,
                ),
                APPROVER,
            ),
            "expire others": lambda one, two, _: (
                c.Expire(
                    volunteer=("household:h-1", "fund:care", "v-1")[one % 3], currency=("points", "gift")[two % 2]
                ),
                LEADER,
            ),
            "move": lambda one, two, _: (
                c.Enrol(volunteer=newest(VOLUNTEERS, one), household=(None, "h-1")[two % 2]),
                AUTHOR,
            ),
            "describe": lambda one, two, _: (
                c.Enrol(volunteer=newest(VOLUNTEERS, one), tags=((), ("senior",))[two % 2]),
                AUTHOR,
            ),
            "adopt": lambda one, *_: (c.Adopt(definition=newest(self._variants, one), author=AUTHOR), APPROVER),
        }

    def _intervals(self, ago: int, minutes: int) -> tuple[Interval, ...]:
        end = self.history.now.astimezone(ZONE) - timedelta(minutes=17 * ago)
        begin = end - timedelta(minutes=1 + 4 * minutes)
        if minutes % 5:
            return (Interval(begin=begin, end=end),)
        return (
            Interval(begin=begin - timedelta(hours=9), end=begin - timedelta(hours=8)),
            Interval(begin=begin, end=end),
        )

    def _submit(self, one: int, two: int, three: int) -> c.Command:
        return c.Submit(
            volunteer=newest(VOLUNTEERS, one),
            activity=newest(ACTIVITIES[:2], one // 3),
            intervals=self._intervals(two, three),
            details=self._details(one, two, three),
        )

    def _details(self, one: int, two: int, three: int) -> Details:
        """What a third of the records say besides their times."""
        if one % 3:
            return Details()
        return Details(
            marks=((), ("hot",), ("helped",), ("hot", "helped"))[two % 4],
            quantities=(Quantity(unit="ml", amount=100 * (1 + three % 5)),) if two % 3 else (),
            planned_minutes=(None, 60, 400)[three % 3],
            travel_minutes=two % 31,
            beneficiary=newest(VOLUNTEERS, three),
        )

    def _correct(self, one: int, two: int, three: int) -> c.Command:
        return c.Correct(
            record=newest(self.records, one),
            intervals=self._intervals(two, three),
            activity=(None, "cinema")[three % 2],
            requested_by=LEADER,
            reason=REASON,
        )

    def settle(self) -> None:
        """Let every hold whose time is over lapse."""
        while due := self.history.tally.open(Purpose.HELD, unit=REDEMPTIONS, due=self.history.now):
            self.history.run(c.Lapse(redemption=due[0].account.of), LEADER)


WEIGHTED = (
    *("submit", "approve") * 5,
    *("redeem", "collect", "cancel", "return", "receive", "reverse", "correct") * 2,
    *(
        "wait",
        "wait",
        "expire",
        "reject",
        "void",
        "count",
        "write off",
        "expire",
        "adjust",
        "open",
        "transfer",
        "describe",
        "adopt",
    ),
    *("absent", "second", "rate", "by rulebook", "confirm", "redeem at home", "donate", "endow", "endow"),
    *("expire others", "move"),
)
NUMBERS = st.integers(0, 120)


@st.composite
def histories(draw: st.DrawFn) -> History:
    """A history that the library let through, with nothing overdue at its end."""
    programme = draw(
        st.sampled_from([small_programme, strict_programme, full_programme, full_programme, idle_programme, None])
    )
    player = Player(draw(any_programme()) if programme is None else programme())
    player.play("receive", 1, 4, 0)
    for action, *numbers in draw(
        st.lists(st.tuples(st.sampled_from(WEIGHTED), NUMBERS, NUMBERS, NUMBERS), min_size=5, max_size=60)
    ):
        player.play(action, *numbers)
    player.settle()
    return player.history
