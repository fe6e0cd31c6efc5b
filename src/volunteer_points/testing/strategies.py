"""Hypothesis strategies for programmes: whatever they draw could be adopted as it stands.

    @given(definitions())
    def test_my_sheet_for_residents_shows_every_rulebook(definition: Definition) -> None: ...

Bounds are keywords; names that a part refers to are given by whoever draws the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta
from fractions import Fraction
from functools import cache
from operator import attrgetter
from typing import TypeVar

import attrs
from hypothesis import strategies as st

from volunteer_points.commands import Definition
from volunteer_points.model import (
    Activity,
    Calendar,
    Currency,
    Duty,
    Evidence,
    Household,
    Item,
    ItemKind,
    Limit,
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
    ReversalOrder,
    Rounding,
    Rulebook,
    TimeRule,
    Transfers,
    When,
)

Drawn = TypeVar("Drawn")

ZONES = ("Asia/Shanghai", "Asia/Urumqi", "UTC", "America/New_York", "Australia/Lord_Howe")


@cache
def ids() -> st.SearchStrategy[str]:
    """Ids: letters of any script, digits, ``_``, ``-`` and ``.``."""
    return st.text(st.sampled_from("abz019_-.志愿é"), min_size=1, max_size=8)


@cache
def names() -> st.SearchStrategy[str]:
    """What people write: any characters that UTF-8 can hold, controls and quotation marks included."""
    return st.text(st.characters(codec="utf-8"), max_size=10)


@cache
def days(*, first: date = date(2020, 1, 1), last: date = date(2035, 12, 31)) -> st.SearchStrategy[date]:
    """Days of the calendar."""
    return st.dates(first, last)


@cache
def calendars() -> st.SearchStrategy[Calendar]:
    """Zones with and without summer time, and days that start at any minute."""
    starts = st.integers(0, 24 * 60 - 1).map(lambda minutes: time(minutes // 60, minutes % 60))
    return st.builds(Calendar, zone=st.sampled_from(ZONES), day_starts_at=starts | st.just(time(0)))


@cache
def rates(*, at_most: int = 1000, denominators_max: int = 60) -> st.SearchStrategy[Fraction]:
    """Exact numbers above nought."""
    return st.builds(Fraction, st.integers(1, at_most), st.integers(1, denominators_max))


@cache
def currencies(*, decimals_max: int = 3) -> st.SearchStrategy[Currency]:
    """Currencies."""
    return st.builds(Currency, id=ids(), name=names(), decimals=st.integers(0, decimals_max))


@st.composite
def structures(draw: st.DrawFn, *, slots_max: int = 4) -> TeamStructure:
    """Team structures; the label is free or says what the slots ask for."""
    slots = []
    for name in draw(_names_once(most=slots_max)):
        exactly = draw(st.none() | st.integers(0, 3))
        fewest = 0 if exactly is not None else draw(st.integers(0, 2))
        most = None if exactly is not None else draw(st.none() | st.integers(fewest, 4))
        slots.append(Slot(id=name, name=draw(names()), exactly=exactly, at_least=fewest, at_most=most))
    parts = "+".join("N" if slot.exactly is None else str(slot.exactly) for slot in slots)
    return TeamStructure(label=draw(st.sampled_from(["自由", parts] if slots else ["自由"])), slots=tuple(slots))


@st.composite
def teams(draw: st.DrawFn, *, structure: TeamStructure = TeamStructure(), nested_max: int = 2) -> tuple[Team, ...]:
    """The teams of a programme: they fit the structure on every day, and some have teams below them."""
    counts = []
    for slot in structure.slots:
        fewest, most = slot.bounds()
        counts.append((slot.id, draw(st.integers(fewest, fewest + 2 if most is None else most))))
    places = [name for name, count in counts for _ in range(count)]
    chosen = draw(_names_once(fewest=len(places), most=len(places) + nested_max))
    found = [
        Team(id=name, name=draw(names()), slot=slot, assumed=draw(st.booleans()))
        for name, slot in zip(chosen, places, strict=False)
    ]
    for name in chosen[len(places) :] if found else ():
        above = draw(st.sampled_from(found))
        since, until = draw(_spans())
        found.append(Team(id=name, name=draw(names()), slot=above.slot, parent=above.id, since=since, until=until))
    return tuple(found)


@cache
def places() -> st.SearchStrategy[Place]:
    """Where people live, as far as totals are rolled up by it."""
    return st.builds(Place, grid=names(), building=names(), unit=names())


@cache
def households() -> st.SearchStrategy[Household]:
    """Households."""
    return st.builds(Household, id=ids(), place=places())


@cache
def partners() -> st.SearchStrategy[Partner]:
    """Partners."""
    return st.builds(Partner, id=ids(), name=names())


@st.composite
def activities(draw: st.DrawFn, *, teams: Sequence[str] = ()) -> Activity:
    """Activities of one of the teams, or of none."""
    since, until = draw(_spans())
    return Activity(
        id=draw(ids()),
        name=draw(names()),
        type=draw(st.just("service") | ids()),
        team=draw(_one_or_none(teams)),
        aliases=tuple(draw(st.lists(names(), max_size=2))),
        since=since,
        until=until,
    )


@st.composite
def items(draw: st.DrawFn, *, partners: Sequence[str], currencies: Sequence[str] = ("points",)) -> Item:
    """Catalogue items of one of the partners, priced in one of the currencies."""
    first, *later = draw(st.lists(days(), min_size=1, max_size=3, unique=True).map(sorted))
    since_days = [draw(st.sampled_from([None, first])), *later]
    since, until = draw(_spans())
    return Item(
        id=draw(ids()),
        name=draw(names()),
        partner=draw(st.sampled_from(partners)),
        prices=tuple(Price(points=draw(st.integers(0, 10**6)), since=day) for day in since_days),
        kind=draw(st.sampled_from(ItemKind)),
        stocked=draw(st.booleans()),
        returnable=draw(st.booleans()),
        currency=draw(st.sampled_from(currencies)),
        aliases=tuple(draw(st.lists(names(), max_size=2))),
        since=since,
        until=until,
    )


@st.composite
def duties(draw: st.DrawFn, *, teams: Sequence[str] = (), partners: Sequence[str] = ()) -> Duty:
    """Duties for some of the teams and partners, or for all."""
    return Duty(
        actor=draw(ids()),
        may=tuple(draw(st.lists(st.sampled_from(Right), unique=True))),
        teams=draw(_some(teams)),
        partners=draw(_some(partners)),
        volunteer=draw(st.none() | ids()),
    )


@st.composite
def selectors(
    draw: st.DrawFn, *, activities: Sequence[str] = (), teams: Sequence[str] = (), slots: Sequence[str] = ()
) -> When:
    """What a rule applies to."""
    first, until = draw(_spans())
    return When(
        activities=draw(_some(activities)),
        activity_types=tuple(draw(st.lists(ids(), max_size=1))),
        teams=draw(_some(teams)),
        slots=draw(_some(slots)),
        tags=tuple(draw(st.lists(names(), max_size=2))),
        evidence=draw(_some(tuple(Evidence))),
        weekdays=tuple(draw(st.lists(st.integers(1, 7), max_size=3))),
        first_day=first,
        last_day=until,
    )


def accruals(*, when: st.SearchStrategy[When] | None = None) -> st.SearchStrategy[Accrual]:
    """Rates per hour and for each record."""
    when = selectors() if when is None else when
    hourly = st.builds(Accrual, id=ids(), when=when, per_hour=rates(), clause=names())
    return hourly | st.builds(Accrual, id=ids(), when=when, fixed=rates(), clause=names())


def multipliers(*, when: st.SearchStrategy[When] | None = None) -> st.SearchStrategy[Multiplier]:
    """Multipliers up to ten."""
    when = selectors() if when is None else when
    return st.builds(Multiplier, id=ids(), times=rates(at_most=10), when=when, clause=names())


@cache
def caps() -> st.SearchStrategy[Cap]:
    """Caps of points or minutes, in a record or a period."""
    return st.builds(
        Cap,
        id=ids(),
        at_most=st.integers(1, 10_000).map(Fraction),
        of=st.sampled_from(["points", "minutes"]),
        per=st.sampled_from(["record", *map(str, Period)]),
        each_activity=st.booleans(),
        clause=names(),
    )


@cache
def expiries() -> st.SearchStrategy[Expiry]:
    """Points that end with a period, after months, after days, or never."""
    periods = st.sampled_from([period for period in Period if period is not Period.EVER])
    return st.one_of(
        st.just(Expiry()),
        st.builds(Expiry, end_of=periods, after=st.integers(0, 3)),
        st.builds(Expiry, months=st.integers(1, 60)),
        st.builds(Expiry, days=st.integers(1, 1000)),
        st.builds(Expiry, idle_months=st.integers(1, 60)),
        st.builds(Expiry, idle_days=st.integers(1, 1000)),
    )


def redemption_rules(*, items: Sequence[str] = ()) -> st.SearchStrategy[RedemptionRule]:
    """Rules of redemption, with limits on some of the items or on all together."""
    limits = st.builds(
        Limit,
        at_most=st.integers(1, 100),
        per=st.sampled_from(Period),
        of=st.sampled_from(["units", "redemptions"]),
        by=st.sampled_from(["volunteer", "household"]),
        item=_one_or_none(items),
    )
    return st.builds(
        RedemptionRule,
        minimum_balance=st.integers(0, 1000),
        days_of_month=st.lists(st.integers(1, 31), max_size=3).map(tuple),
        weekdays=st.lists(st.integers(1, 7), max_size=3).map(tuple),
        limits=st.lists(limits, max_size=2).map(tuple),
        hold_days=st.integers(1, 60),
        grace_days=st.integers(0, 60),
        transfers=st.sampled_from(Transfers),
        reversal_takes=st.sampled_from(ReversalOrder),
    )


@st.composite
def rulebooks(  # noqa: PLR0913 - each is a name that a rulebook may refer to, or a bound
    draw: st.DrawFn,
    *,
    since: date = date(2026, 1, 1),
    until: date | None = None,
    currency: Currency = Currency(id="points"),
    activities: Sequence[str] = (),
    teams: Sequence[str] = (),
    slots: Sequence[str] = (),
    items: Sequence[str] = (),
    rules_max: int = 3,
) -> Rulebook:
    """Rulebooks of the given days; points are rounded to what their currency can hold."""
    when = st.just(When()) | selectors(activities=activities, teams=teams, slots=slots)
    smallest = Fraction(1, currency.scale)
    minutes = st.builds(
        TimeRule,
        round_to_minutes=st.integers(1, 60),
        direction=st.sampled_from(Direction),
        minimum_minutes=st.integers(0, 120),
    )
    rounding = st.builds(
        Rounding, to=st.integers(1, 10).map(lambda steps: steps * smallest), direction=st.sampled_from(Direction)
    )
    return Rulebook(
        id=draw(ids()),
        since=since,
        until=until,
        title=draw(names()),
        currency=currency.id,
        accruals=draw(_with_own_ids(accruals(when=when), fewest=1, most=rules_max)),
        multipliers=draw(_with_own_ids(multipliers(when=when), most=rules_max)),
        time=draw(minutes),
        rounding=draw(rounding),
        caps=draw(_with_own_ids(caps(), most=rules_max)),
        expiry=draw(expiries()),
        redemption=draw(redemption_rules(items=items)),
        record_within_days=draw(st.none() | st.integers(0, 365)),
        members_only=draw(st.booleans()),
        retroactive=draw(st.booleans()),
        retroactive_reason=draw(names()),
        assumptions=tuple(draw(st.lists(names(), max_size=2))),
    )


@st.composite
def definitions(draw: st.DrawFn, *, each_max: int = 3, versions_max: int = 3) -> Definition:
    """Whole programmes: every name leads somewhere, teams fit the structure, versions follow one another.

    Args:
        draw: Brought by Hypothesis.
        each_max: The most of each: households, partners, activities, items and duties.
        versions_max: The most rulebooks.
    """
    structure = draw(st.just(TeamStructure()) | structures())
    team_list = draw(teams(structure=structure))
    team_ids = [team.id for team in team_list]
    partner_list = draw(_with_own_ids(partners(), most=each_max))
    partner_ids = [partner.id for partner in partner_list]
    activity_list = draw(_with_own_ids(activities(teams=team_ids), most=each_max))
    currency_list = draw(st.just((Currency(id="points"),)) | _with_own_ids(currencies(), fewest=1, most=2))
    offered = (
        items(partners=partner_ids, currencies=[each.id for each in currency_list]) if partner_ids else st.nothing()
    )
    catalogue = draw(_with_own_ids(offered, most=each_max)) if partner_ids else ()
    versions = draw(_versions(most=versions_max))
    books = [
        rulebooks(
            since=since,
            until=until,
            currency=draw(st.sampled_from(currency_list)),
            activities=[each.id for each in activity_list],
            teams=team_ids,
            slots=[slot.id for slot in structure.slots],
            items=[each.id for each in catalogue],
        )
        for since, until in versions
    ]
    book_ids = draw(_names_once(fewest=len(books), most=len(books)))
    founders = tuple(draw(st.just([]) | st.lists(ids(), min_size=2, max_size=2, unique=True)))
    return Definition(
        name=draw(names()),
        calendar=draw(calendars()),
        founders=founders,
        run_by_one="" if founders else draw(ids()),
        structure=structure,
        teams=team_list,
        households=draw(_with_own_ids(households(), most=each_max)),
        partners=partner_list,
        activities=activity_list,
        currencies=currency_list,
        rulebooks=tuple(_named(draw(book), name) for book, name in zip(books, book_ids, strict=True)),
        catalogue=catalogue,
        duties=tuple(draw(st.lists(duties(teams=team_ids, partners=partner_ids), max_size=each_max))),
        assumptions=tuple(draw(st.lists(names(), max_size=2))),
    )


# --- what the strategies share ---


@cache
def _names_once(*, fewest: int = 0, most: int) -> st.SearchStrategy[list[str]]:
    return st.lists(ids(), min_size=fewest, max_size=most, unique=True)


def _named(value: Drawn, name: str) -> Drawn:
    """The value under another id."""
    return attrs.evolve(value, id=name)  # type: ignore[misc]  # only values with an id come here


def _with_own_ids(
    each: st.SearchStrategy[Drawn], *, fewest: int = 0, most: int
) -> st.SearchStrategy[tuple[Drawn, ...]]:
    """Some values, each with an id of its own."""
    return st.lists(each, min_size=fewest, max_size=most, unique_by=attrgetter("id")).map(tuple)


def _some(known: Sequence[Drawn]) -> st.SearchStrategy[tuple[Drawn, ...]]:
    return st.lists(st.sampled_from(known), max_size=2, unique=True).map(tuple) if known else st.just(())


def _one_or_none(known: Sequence[str]) -> st.SearchStrategy[str | None]:
    return st.none() | st.sampled_from(known) if known else st.none()


@cache
def _spans() -> st.SearchStrategy[tuple[date | None, date | None]]:
    """From when and until when, each open or a day, in order."""
    both = st.tuples(days(last=date(2030, 12, 31)), st.integers(1, 1800).map(lambda count: timedelta(days=count)))
    return st.one_of(
        st.just((None, None)),
        st.tuples(days(), st.none()),
        st.tuples(st.none(), days()),
        both.map(lambda pair: (pair[0], pair[0] + pair[1])),
    )


@st.composite
def _versions(draw: st.DrawFn, *, most: int) -> list[tuple[date, date | None]]:
    """The days of rulebooks that follow one another without a gap; only the last may be open or end at will."""
    begins = sorted(draw(st.lists(days(last=date(2034, 12, 31)), max_size=most, unique=True)))
    ends = [draw(st.sampled_from([None, later])) for later in begins[1:]]
    last_end = draw(st.none() | st.just(date(2035, 12, 31)))
    return list(zip(begins, [*ends, last_end], strict=False))
