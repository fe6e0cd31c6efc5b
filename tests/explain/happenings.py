"""Small histories that the tests of words tell."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from functools import cache
from typing import TypeVar

import attrs

from tests.histories import DEFINITION, History, at, begun
from volunteer_points import commands as c
from volunteer_points.entries import Entry, Held, Submitted
from volunteer_points.explain.templates import Lang
from volunteer_points.model import (
    Condition,
    Details,
    Fund,
    Interval,
    Quantity,
    Reason,
    SpecialPrice,
    Whose,
)
from volunteer_points.rules import Accrual, Expiry, Route, Stream

LANGS: tuple[Lang, Lang] = ("en", "zh")
REASON = Reason(code="said_so")
CHINESE = re.compile(r"[一-鿿]")
ENDS = at("2028-01-01T00:00")
Kind = TypeVar("Kind")
TABLE = {"v-1": "张三", "leader": "李队长", "item:rice": "大米", "activity:park": "公园清洁"}


def known(name: str) -> str:
    return TABLE.get(name, name)


def served(begin: str, end: str) -> tuple[Interval, ...]:
    return (Interval(begin=at(begin), end=at(end)),)


def recorded(history: History, begin: str, end: str, *, volunteer: str = "v-1", activity: str = "park") -> str:
    """A record that waits for approval."""
    command = c.Submit(volunteer=volunteer, activity=activity, intervals=served(begin, end))
    return fact_of(history.run(command, actor="leader"), Submitted).record


def approved(history: History, begin: str, end: str, *, volunteer: str = "v-1", activity: str = "park") -> str:
    """A record that is decided."""
    record = recorded(history, begin, end, volunteer=volunteer, activity=activity)
    history.run(c.Approve(record=record), actor="checker")
    return record


def held(history: History, item: str = "rice", quantity: int = 1, volunteer: str = "v-1") -> str:
    """A redemption that is open."""
    command = c.Redeem(volunteer=volunteer, item=item, quantity=quantity)
    return fact_of(history.run(command, actor="leader"), Held).redemption


def fact_of(entries: tuple[Entry, ...], kind: type[Kind]) -> Kind:
    return next(entry.fact for entry in entries if isinstance(entry.fact, kind))


@cache
def eventful() -> History:
    """A history in which something of every kind is written."""
    history = begun()
    history.run(c.Enrol(volunteer="v-1", tags=("senior",), household="h-1"))
    history.run(c.Join(volunteer="v-1", team="repairs", since=date(2026, 3, 1)))
    history.run(c.Leave(volunteer="v-1", team="repairs", since=date(2026, 3, 13)))
    history.run(
        c.OpenBalance(volunteer="v-1", points=9, minutes=100, requested_by="founder-b", reason=REASON, ends=ENDS),
    )
    history.run(
        c.Reject(record=recorded(history, "2026-03-14T06:00", "2026-03-14T07:00"), reason=REASON), actor="checker"
    )
    history.run(c.Void(record=recorded(history, "2026-03-14T06:00", "2026-03-14T07:00"), reason=REASON), actor="leader")
    approved(history, "2026-03-14T06:00", "2026-03-14T06:20")
    first = approved(history, "2026-03-14T09:00", "2026-03-14T11:20")
    history.run(c.ReceiveStock(item="rice", quantity=3, best_before=at("2027-06-01T00:00")), actor="shop")
    history.run(c.WriteOffStock(item="rice", quantity=1, reason=REASON), actor="shop")
    history.run(c.CountStock(item="rice", counted=4, reason=REASON), actor="shop")
    rice = held(history)
    history.run(c.Collect(redemption=rice, collector="v-2", relation="neighbour"), actor="shop")
    history.run(c.Reverse(record=first, reason=REASON), actor="checker")
    history.run(
        c.Correct(
            record=first, intervals=served("2026-03-14T09:00", "2026-03-14T12:00"), requested_by="leader", reason=REASON
        ),
        actor="checker",
    )
    history.run(c.Return(redemption=rice, reason=REASON, damaged=True), actor="shop")
    history.run(c.Transfer(giver="v-1", receiver="v-2", points=3), actor="v-1")
    history.run(c.Adjust(volunteer="v-1", points=-2, requested_by="founder-b", reason=REASON))
    history.run(c.Cancel(redemption=held(history, "haircut"), reason=REASON), actor="leader")
    late = held(history, "haircut")
    history.run(c.Lapse(redemption=late), actor="leader", at=at("2026-04-01T09:00"))
    until = at("2028-02-01T00:00")
    kept = fact_of(
        history.run(c.Redeem(volunteer="v-1", item="haircut", held_until=until), actor="leader"), Held
    ).redemption
    history.run(c.Expire(volunteer="v-1"), at=at("2028-01-03T09:00"))
    history.run(c.Cancel(redemption=kept, reason=REASON), actor="leader")
    history.run(c.ClosePeriod(until=date(2028, 1, 1)))
    history.run(c.Leave(volunteer="v-2", since=date(2028, 1, 3)))
    without_film = attrs.evolve(DEFINITION, activities=DEFINITION.activities[:2])
    later = attrs.evolve(without_film, rulebooks=(*DEFINITION.rulebooks, LATER), funds=(CARE,), catalogue=OFFERED)
    history.run(c.Adopt(definition=later, author="founder-a"), actor="founder-b", at=at("2028-01-04T17:00"))
    _under_the_later_rulebook(history)
    return history


CARE = Fund(id="care", name="爱心基金")
OLD = Condition(id="old", tags=("senior",), clause="第八条")
OFFERED = (
    DEFINITION.catalogue[0],
    attrs.evolve(
        DEFINITION.catalogue[1],
        special_prices=(SpecialPrice(points=2, cash=Fraction(5, 2), conditions=(OLD,), clause="第九条"),),
    ),
)
LATER = attrs.evolve(
    DEFINITION.rulebooks[0],
    id="2028",
    since=date(2028, 1, 4),
    notice_days=3,
    streams=(
        Stream(
            id="culture",
            currency="culture",
            accruals=(Accrual(id="each", fixed=Fraction(2)),),
            to=Whose.HOUSEHOLD,
            clause="第六条",
            expiry=Expiry(idle_months=12),
        ),
    ),
    routes=(Route(id="short", day_minutes_up_to=60, automatic=True), Route(id="long", approvers=2)),
    redemption=attrs.evolve(DEFINITION.rulebooks[0].redemption, donations=True),
)


def _under_the_later_rulebook(history: History) -> None:
    """Routes, a public notice, a second currency, a record without times, a fund, a special price."""
    endow = c.Endow(fund="care", points=100, requested_by="founder-b", reason=REASON)
    history.run(endow, at=at("2028-01-04T18:00"))
    recorded(history, "2028-01-04T09:00", "2028-01-04T09:30")
    long = recorded(history, "2028-01-04T10:00", "2028-01-04T12:00")
    history.run(c.Approve(record=long, rating="good"), actor="checker")
    history.run(c.Approve(record=long), actor="founder-a")
    told = Details(
        role="guide",
        marks=("skilled",),
        participants=2,
        quantities=(Quantity(unit="kg", amount=3),),
        planned_minutes=60,
        travel_minutes=10,
        beneficiary="v-2",
    )
    history.run(c.Submit(volunteer="v-1", activity="park", on=date(2028, 1, 4), details=told), actor="leader")
    history.run(c.Confirm(record=long), at=at("2028-01-08T00:00"))
    history.run(c.Donate(giver="v-1", fund="care", points=3), actor="v-1")
    held(history, "haircut")
    again = recorded(history, "2028-01-07T10:00", "2028-01-07T12:00")
    history.run(c.Approve(record=again), actor="checker")
    history.run(c.Approve(record=again), actor="founder-a")


def plain_rules() -> c.Definition:
    """The programme with every minute counted and no cap but that of the day."""
    return with_rules(time=type(DEFINITION.rulebooks[0].time)())


def with_rules(**changes: object) -> c.Definition:
    """The programme with a rulebook that differs."""
    rulebook = attrs.evolve(DEFINITION.rulebooks[0], **changes)  # type: ignore[arg-type]  # fields of any type
    return attrs.evolve(DEFINITION, rulebooks=(rulebook,))


def stocked() -> History:
    """A history in which v-1 has 23 points and there are bags of rice."""
    history = begun(plain_rules())
    history.run(c.ReceiveStock(item="rice", quantity=5), actor="shop")
    approved(history, "2026-03-14T09:00", "2026-03-14T11:20")
    return history
