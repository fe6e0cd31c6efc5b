"""Hypothesis strategies for the whole vocabulary of rules: programmes that use every provision there is.

@given(programmes())
def test_my_page_shows_every_provision(definition: Definition) -> None: ...
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from fractions import Fraction
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

import attrs
from hypothesis import strategies as st

from volunteer_points.commands import Definition
from volunteer_points.model import (
    Activity,
    Condition,
    Currency,
    Evidence,
    Exchange,
    Fund,
    Item,
    Ladder,
    Level,
    Limit,
    LimitBy,
    LimitOf,
    Of,
    Partner,
    Period,
    Price,
    Right,
    SpecialPrice,
    TeamStructure,
    Whose,
)
from volunteer_points.rules import (
    Accrual,
    Cap,
    Counts,
    Deadline,
    Direction,
    Each,
    Mark,
    Milestone,
    Multiplier,
    Rate,
    RedemptionRule,
    ReversalOrder,
    Rounding,
    Route,
    Rulebook,
    Stage,
    Stream,
    TimeFactor,
    TimeRule,
    Transfers,
    When,
    Window,
)
from volunteer_points.testing.strategies import calendars, days, expiries, ids, names, rates

Drawn = TypeVar("Drawn")

_UNITS = ("ml", "trees", "千克")
_WINDOWS = (*map(str, Period), "90 days", "12 months", "2 years")
_IN_POINTS = {Of.EARNED, Of.AVAILABLE, Of.BALANCE, Of.SPENT}
_COUNTED_TOGETHER = [Whose.VOLUNTEER, Whose.HOUSEHOLD]


@attrs.frozen(kw_only=True)
class Known:
    """The names that the parts of a programme may use."""

    activities: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ("points",)
    partners: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    funds: tuple[str, ...] = ()
    ladders: tuple[tuple[str, str], ...] = ()
    """Each level that can be asked for, after its ladder."""


@st.composite
def conditions(draw: st.DrawFn, known: Known) -> Condition:
    """Measures within bounds, tags and levels, alone and together."""
    given: dict[str, Any] = {}
    if draw(st.booleans()):
        of = draw(st.sampled_from(Of))
        given |= {"of": of, "over": draw(st.sampled_from(_WINDOWS)), "activities": draw(_some(known.activities))}
        if of in _IN_POINTS:
            given["unit"] = draw(st.sampled_from(known.currencies))
            given["for_each"] = draw(st.none() | st.sampled_from([Of.HOURS, Of.TIMES]))
        elif of is Of.QUANTITY:
            given["unit"] = draw(st.sampled_from(_UNITS))
        if of not in {Of.RECORDS, Of.MONTHS}:
            given["whose"] = draw(st.sampled_from(_COUNTED_TOGETHER))
        given[draw(st.sampled_from(["at_least", "below"]))] = draw(rates())
    if bool(known.ladders) and draw(st.booleans()):
        given["ladder"], given["level"] = draw(st.sampled_from(known.ladders))
    if not given or draw(st.booleans()):
        given[draw(st.sampled_from(["tags", "without_tags"]))] = draw(_words(fewest=1))
    return Condition(id=draw(ids()), clause=draw(names()), **given)


@st.composite
def selectors(draw: st.DrawFn, known: Known, *, whole: bool = False) -> When:
    """What a rule applies to; ``whole`` for those that take a record as a whole and look at no conditions."""
    given: dict[str, Any] = {
        "activities": _some(known.activities),
        "activity_types": _words(),
        "evidence": _some(tuple(Evidence)),
        "tags": _words(),
        "without_tags": _words(),
        "roles": _words(),
        "marks": _words(),
        "without_marks": _words(),
        "ratings": _words(),
        "weekdays": _some(tuple(range(1, 8))),
        "months": _some(tuple(range(1, 13))),
        "first_day": st.none() | days(last=date(2026, 12, 31)),
        "last_day": st.none() | days(first=date(2027, 1, 1)),
        "participants_at_least": st.none() | st.integers(1, 50),
        "minutes_below": st.none() | st.integers(30, 600),
    }
    chosen = {name: draw(given[name]) for name in draw(st.lists(st.sampled_from(sorted(given)), max_size=3))}
    if whole:
        return When(counts=Counts.RECORD, **chosen)
    if draw(st.booleans()):
        first, last = draw(st.lists(_times(), min_size=2, max_size=2, unique=True))
        chosen |= {"from_time": first, "until_time": last, "counts": draw(st.sampled_from(Counts))}
    return When(conditions=draw(_several(conditions(known), most=1)), **chosen)


@st.composite
def rates_of(draw: st.DrawFn) -> Rate:
    """Rates: straight, in whole blocks, in stages, over a record or a running total."""
    of = draw(st.sampled_from([Of.HOURS, Of.MINUTES, Of.TIMES, Of.QUANTITY]))
    given: dict[str, Any] = {"of": of, "unit": draw(st.sampled_from(_UNITS)) if of is Of.QUANTITY else ""}
    if draw(st.booleans()):
        given["points"] = draw(rates()) * draw(st.sampled_from([1, -1]))
    else:
        starts = sorted(draw(st.lists(rates(), min_size=1, max_size=3, unique=True)))
        given["stages"] = tuple(Stage(above=above, plus=draw(rates()), points=draw(rates())) for above in starts)
    given["over"] = draw(st.sampled_from(["record", *_WINDOWS]))
    return Rate(each=draw(rates()), whole=draw(st.booleans()), at_least=draw(st.none() | rates()), **given)


@st.composite
def accruals(draw: st.DrawFn, known: Known) -> Accrual:
    """Hourly, fixed and rated accruals and deductions."""
    rate: dict[str, Any] = draw(
        st.one_of(
            st.fixed_dictionaries({"per_hour": rates()}),
            st.fixed_dictionaries({"fixed": rates() | rates().map(lambda number: -number) | st.just(Fraction(0))}),
            st.fixed_dictionaries({"rate": rates_of()}),
        )
    )
    return Accrual(id=draw(ids()), when=draw(selectors(known)), clause=draw(names()), also=draw(st.booleans()), **rate)


@st.composite
def milestones(draw: st.DrawFn, known: Known, currency: Currency) -> Milestone:
    """Marks that pay once, and marks that come again, in what their currency can hold."""
    of = draw(st.sampled_from([Of.HOURS, Of.TIMES, Of.QUANTITY, Of.EARNED]))
    unit = draw(st.sampled_from(_UNITS if of is Of.QUANTITY else known.currencies))
    given: dict[str, Any] = {"of": of, "unit": unit, "over": draw(st.sampled_from(Period))}
    pays = st.integers(1, 1000).map(lambda parts: Fraction(parts, currency.scale))
    if draw(st.booleans()):
        given |= {"every": draw(rates()), "points": draw(pays)}
    else:
        starts = sorted(draw(st.lists(rates(), min_size=1, max_size=3, unique=True)))
        given["marks"] = tuple(Mark(at=at, points=draw(pays)) for at in starts)
    return Milestone(id=draw(ids()), activities=draw(_some(known.activities)), clause=draw(names()), **given)


@st.composite
def caps(draw: st.DrawFn, known: Known, *, overflows: Sequence[str] = (), minutes: bool = True) -> Cap:
    """Caps of each kind; in a stream none of minutes."""
    of = draw(st.sampled_from(["points", "times", "quantity", *(["minutes"] if minutes else [])]))
    given: dict[str, Any] = {"of": of, "unit": draw(st.sampled_from(_UNITS)) if of == "quantity" else ""}
    per = draw(st.sampled_from(["record", *map(str, Period), *(["balance"] if of == "points" else [])]))
    if per != "balance":
        each = draw(st.booleans())
        given |= {"each_activity": each, "activities": () if each else draw(_some(known.activities))}
    if of == "points" and overflows:
        given["overflow"] = draw(st.sampled_from(["", *overflows]))
    return Cap(
        id=draw(ids()),
        at_most=draw(rates()),
        per=per,
        whose=draw(st.sampled_from(_COUNTED_TOGETHER)),
        clause=draw(names()),
        **given,
    )


def _earning(draw: st.DrawFn, known: Known, currency: Currency, overflows: Sequence[str], *, main: bool) -> Any:  # noqa: ANN401 - the fields that a rulebook and a stream share
    smallest = Fraction(1, currency.scale)
    funds = [f"fund:{fund}" for fund in known.funds]
    found: dict[str, Any] = {
        "currency": currency.id,
        "accruals": draw(_several(accruals(known), fewest=int(main), most=2)),
        "multipliers": draw(
            _several(
                st.builds(
                    Multiplier, id=ids(), times=rates(at_most=10), when=selectors(known), group=st.just("") | names()
                ),
                most=1,
            )
        ),
        "milestones": draw(_several(milestones(known, currency), most=1)),
        "rounding": Rounding(to=draw(st.integers(1, 10)) * smallest, direction=draw(st.sampled_from(Direction))),
        "caps": draw(_several(caps(known, overflows=overflows, minutes=main), most=2)),
        "expiry": draw(expiries()),
        "conditions": draw(_several(conditions(known), most=1)),
        "to": draw(st.sampled_from([Whose.VOLUNTEER, Whose.HOUSEHOLD, Whose.TEAM])),
        "source": draw(st.sampled_from(["programme", "beneficiary", *funds])),
    }
    for name in ("accruals", "multipliers", "milestones", "caps"):
        found[name] = tuple(attrs.evolve(each, id=f"{currency.id}.{each.id}"[:40]) for each in found[name])
    return found


@st.composite
def ladders(draw: st.DrawFn, known: Known, name: str) -> Ladder:
    """Ladders of a few levels, reached by measures and tags."""
    bare = attrs.evolve(known, ladders=())
    level = st.builds(
        Level,
        id=ids(),
        name=names(),
        conditions=_several(conditions(bare), fewest=1, most=2),
        certified=st.booleans(),
    )
    return Ladder(id=name, name=draw(names()), levels=draw(_several(level, fewest=1, most=3)), clause=draw(names()))


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """Stretches of days, with hours and without."""
    first, last = sorted(draw(st.tuples(days(), days())))
    hours: dict[str, Any] = {}
    if draw(st.booleans()):
        begin, end = sorted(draw(st.lists(_times(), min_size=2, max_size=2, unique=True)))
        hours = {"from_time": begin, "until_time": end}
    return Window(first_day=first, last_day=last, yearly=draw(st.booleans()), **hours)


@st.composite
def redemption_rules(draw: st.DrawFn, known: Known) -> RedemptionRule:
    """Rules of redemption with limits, windows, conditions and exchange rates."""
    limit = st.builds(
        Limit,
        at_most=st.integers(1, 10_000),
        per=st.sampled_from(Period),
        of=st.sampled_from(LimitOf),
        by=st.sampled_from(LimitBy),
        item=st.sampled_from([None, *known.items]),
        currency=st.sampled_from(known.currencies),
        clause=names(),
    )
    partner = st.sampled_from([None, *known.partners])
    return RedemptionRule(
        minimum_balance=draw(st.integers(0, 1000)),
        days_of_month=draw(_some(tuple(range(1, 32)))),
        weekdays=draw(_some(tuple(range(1, 8)))),
        limits=tuple(draw(st.lists(limit, max_size=2))),
        transfers=draw(st.sampled_from(Transfers)),
        reversal_takes=draw(st.sampled_from(ReversalOrder)),
        windows=tuple(draw(st.lists(windows(), max_size=1))),
        conditions=draw(_several(conditions(known), most=1)),
        transfer_conditions=draw(_several(conditions(known), most=1)),
        donations=draw(st.booleans()),
        exchange=(
            Exchange(money=draw(rates()), points=draw(rates())),
            *draw(st.lists(st.builds(Exchange, money=rates(), partner=partner), max_size=1)),
        ),
        clears_rest=draw(st.booleans()),
    )


@st.composite
def rulebooks(draw: st.DrawFn, known: Known, currencies: Sequence[Currency]) -> Rulebook:
    """Rulebooks that use every provision now and then."""
    main, *others = currencies
    name, levels = draw(ids()), draw(st.just(()) | ladders(known, "星级").map(lambda ladder: (ladder,)))
    with_levels = attrs.evolve(known, ladders=tuple(("星级", level.id) for each in levels for level in each.levels))
    streams = [
        Stream(id=f"stream-{number}", **_earning(draw, with_levels, currency, (), main=False))
        for number, currency in enumerate(others)
    ]
    route = st.builds(
        Route,
        id=ids(),
        when=selectors(known, whole=True),
        day_minutes_above=st.none() | st.integers(0, 600),
        right=st.sampled_from([Right.APPROVE, Right.CERTIFY]),
        approvers=st.integers(1, 5),
    )
    deadline = st.builds(Deadline, within_days=st.integers(0, 60), evidence=_some(tuple(Evidence)))
    factor = st.builds(TimeFactor, id=ids(), times=rates(at_most=3) | st.just(Fraction(0)), when=st.just(When()))
    return Rulebook(
        id=name,
        since=draw(days()),
        title=draw(names()),
        time=draw(_time_rules()),
        time_factors=draw(_several(factor, most=1)),
        redemption=draw(redemption_rules(with_levels)),
        streams=tuple(streams),
        ladders=levels,
        recording=draw(_several(conditions(with_levels), most=1)),
        deadlines=tuple(draw(st.lists(deadline, max_size=2))),
        routes=draw(_several(route, most=2)),
        waits_for_day=draw(st.booleans()),
        notice_days=draw(st.integers(0, 30)),
        counts_times=True,  # so that an item may ask for times
        **_earning(draw, with_levels, main, [each.id for each in others], main=True),
    )


@st.composite
def programmes(draw: st.DrawFn) -> Definition:
    """Programmes with one rulebook, each of which could be adopted as it stands."""
    currencies = draw(_several(st.builds(Currency, id=ids(), decimals=st.integers(0, 3)), fewest=1, most=3))
    activities = draw(_several(st.builds(Activity, id=ids(), name=names()), most=2))
    known = Known(
        activities=tuple(each.id for each in activities),
        currencies=tuple(each.id for each in currencies),
        partners=("shop", "clinic"),
        items=("rice", "haircut"),
        funds=("慈善",),
    )
    rulebook = draw(rulebooks(known, currencies))
    return Definition(
        name=draw(names()),
        calendar=draw(calendars()),
        run_by_one="founder",
        structure=TeamStructure(label="自由", slots=()),
        partners=tuple(Partner(id=each, name=each) for each in known.partners),
        activities=activities,
        currencies=currencies,
        funds=(Fund(id="慈善", name=draw(names())),),
        rulebooks=(rulebook,),
        catalogue=tuple(draw(_items(each, known)) for each in known.items),
    )


@st.composite
def _items(draw: st.DrawFn, name: str, known: Known) -> Item:
    counted = conditions(attrs.evolve(known, ladders=())).filter(lambda each: each.of is not Of.SPENT)
    cash = st.none() | rates()
    special = st.builds(
        SpecialPrice,
        points=st.integers(0, 10_000),
        conditions=_several(counted, fewest=1, most=1),
        cash=cash,
        clause=names(),
    )
    priced: dict[str, Any] = draw(
        st.one_of(
            st.fixed_dictionaries({"worth": rates()}),
            st.fixed_dictionaries({"prices": st.builds(Price, points=st.integers(0, 10_000), cash=cash).map(_alone)}),
        )
    )
    return Item(
        id=name,
        name=draw(names()),
        partner=draw(st.sampled_from(known.partners)),
        currency=draw(st.sampled_from(known.currencies)),
        special_prices=tuple(draw(st.lists(special, max_size=1))),
        conditions=draw(_several(counted, most=1)),
        **priced,
    )


# --- what the strategies share ---


def _alone(value: Drawn) -> tuple[Drawn]:
    return (value,)


@cache
def _times() -> st.SearchStrategy[time]:
    return st.integers(0, 24 * 60 - 1).map(lambda minutes: time(minutes // 60, minutes % 60))


@cache
def _words(*, fewest: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(["党员", "student", "risk-2", '"']), min_size=fewest, max_size=2, unique=True).map(
        tuple
    )


@cache
def _time_rules() -> st.SearchStrategy[TimeRule]:
    return st.builds(
        TimeRule,
        round_to_minutes=st.integers(1, 60),
        direction=st.sampled_from(Direction),
        minimum_minutes=st.integers(0, 120),
        each=st.sampled_from(Each),
        travel_counts=st.booleans(),
        break_after_minutes=st.none() | st.integers(1, 600),
        break_minutes=st.integers(0, 60),
        attended_at_least=st.none() | st.just(Fraction(2, 3)),
    )


def _some(known: Sequence[Drawn]) -> st.SearchStrategy[tuple[Drawn, ...]]:
    return st.lists(st.sampled_from(known), max_size=2, unique=True).map(tuple) if known else st.just(())


def _several(each: st.SearchStrategy[Drawn], *, fewest: int = 0, most: int) -> st.SearchStrategy[tuple[Drawn, ...]]:
    """Some values, each with an id of its own."""
    return st.lists(each, min_size=fewest, max_size=most, unique_by=attrgetter("id")).map(tuple)
