"""Laws that no rulebook breaks, whatever it is made of."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.rules.records import (
    SHANGHAI,
    served,
    worked_out,
)
from volunteer_points.canonical import canonical_bytes, converter
from volunteer_points.model import Currency, Details, Evidence, Interval, Of, Quantity, Reading
from volunteer_points.rules import (
    Accrual,
    Counts,
    Direction,
    Earning,
    Multiplier,
    Rounding,
    Rulebook,
    ServiceRecord,
    TimeFactor,
    TimeRule,
    When,
    Working,
    award,
    cap_reading,
    needed,
    streams_of,
)
from volunteer_points.testing import strategies, vocabulary

pytestmark = [pytest.mark.slow, pytest.mark.no_cover]
"""Nothing is covered here alone, and following every line would double the time."""

KNOWN = vocabulary.Known(activities=("park", "tea"), currencies=("points", "gift", "tenths"), funds=("care",))
CURRENCIES = (Currency(id="points", decimals=2), Currency(id="gift"), Currency(id="tenths", decimals=1))
OVERFLOWING = vocabulary.caps(KNOWN, overflows=("gift", "tenths"))


@st.composite
def rulebooks(draw: st.DrawFn) -> Rulebook:
    """Rulebooks of everything there is, whose time factors look at ratings and whose streams share currencies."""
    drawn = draw(vocabulary.rulebooks(KNOWN, CURRENCIES))
    factor = TimeFactor(id="poor", times=draw(strategies.rates(at_most=2)), when=When(ratings=("党员",)))
    more = attrs.evolve(
        drawn.streams[0],
        id="more",
        accruals=(Accrual(id="more", per_hour=draw(strategies.rates())),),
        multipliers=(),
        milestones=(),
        caps=(),
    )
    idle = drawn.expiry.is_idle or more.expiry.is_idle  # one currency does not end by inactivity here, otherwise there
    for_points = attrs.evolve(more, currency="points", expiry=drawn.expiry if idle else more.expiry)
    streams = (*drawn.streams, *draw(st.sampled_from([(), (more,), (for_points,)])))
    return attrs.evolve(
        drawn, time_factors=(*drawn.time_factors, *draw(st.sampled_from([(), (factor,)]))), streams=streams
    )


WORDS = st.lists(st.sampled_from(["党员", "student", "risk-2", '"']), max_size=2, unique=True).map(tuple)
DETAILS = st.builds(
    Details,
    role=st.sampled_from(["", "党员", "student"]),
    marks=WORDS,
    rating=st.sampled_from(["", "党员", "student"]),
    participants=st.integers(1, 60),
    quantities=st.lists(
        st.builds(Quantity, unit=st.sampled_from(["ml", "trees", "千克"]), amount=st.integers(1, 2000)),
        max_size=2, unique_by=lambda quantity: quantity.unit,
    ).map(tuple),
    planned_minutes=st.none() | st.integers(1, 600),
    travel_minutes=st.integers(0, 90),
)  # fmt: skip


@st.composite
def services(draw: st.DrawFn) -> ServiceRecord:
    """Records of none to three intervals around the changes of clocks and of the year, with details."""
    begin = draw(
        st.sampled_from(
            ["2026-03-29T00:30+01:00", "2026-10-25T00:30+02:00", "2028-02-28T22:00+08:00", "2026-12-31T20:15+08:00"]
        )
    )
    now, intervals = datetime.fromisoformat(begin) + timedelta(minutes=draw(st.integers(0, 600))), []
    first = now
    for minutes in draw(st.lists(st.integers(1, 900), max_size=3)):
        seconds = draw(st.sampled_from([0, 0, 30]))
        intervals.append(Interval(begin=now, end=now + timedelta(minutes=minutes, seconds=seconds)))
        now += timedelta(minutes=minutes + draw(st.integers(1, 300)))
    return ServiceRecord(
        intervals=tuple(intervals),
        day=SHANGHAI.day(first),
        activity=draw(st.sampled_from(["park", "tea", "film"])),
        activity_type=draw(st.sampled_from(["service", "党员"])),
        team=draw(st.sampled_from([None, "repairs"])),
        tags=draw(WORDS),
        evidence=draw(st.sampled_from(Evidence)),
        details=draw(DETAILS),
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[Rulebook, ServiceRecord, dict[Reading, int]]:
    """A rulebook, a record, and what the books may say."""
    rulebook, service = draw(rulebooks()), draw(services())
    wanted = needed(rulebook, service)
    answers = draw(st.lists(st.integers(-100, 10_000), min_size=len(wanted), max_size=len(wanted)))
    return rulebook, service, {
        reading: answer if reading.of is Of.EARNED else max(answer, 0)
        for reading, answer in zip(wanted, answers, strict=True)
    }  # fmt: skip


Case = tuple[Rulebook, ServiceRecord, dict[Reading, int]]


def worked(case: Case) -> Working:
    rulebook, service, known = case
    return award(rulebook, CURRENCIES, SHANGHAI, service, known)


def alike(one: Earning, other: Earning) -> bool:
    """Whether two streams give the same currency to the same holder from the same payer."""
    return (one.currency, one.to, one.source) == (other.currency, other.to, other.source)


def given_in(working: Working, rulebook: Rulebook) -> list[int]:
    """What each stream gave, the rulebook's own first."""
    given = iter(working.more)
    # streams that gave nothing are left out; a stream is known by currency, holder and payer
    found, following = [working.points], next(given, None)
    for stream in rulebook.streams:
        own = following is not None and (following.currency, following.to, following.source) == (
            stream.currency, stream.to, stream.source)  # fmt: skip
        found.append(following.points if own and following is not None else 0)
        following = next(given, None) if own else following
    assert following is None
    return found


def values_within(value: object) -> list[object]:
    if isinstance(value, tuple):
        return [found for each in value for found in values_within(each)]
    kind = type(value)
    if attrs.has(kind):
        return [found for field in attrs.fields(kind) for found in values_within(getattr(value, field.name))]
    return [value]


@given(cases())
def test_a_rulebook_of_any_shape_gives_whole_numbers_or_a_reason(case: Case) -> None:
    working = worked(case)
    kinds = {type(value) for value in values_within(working)}
    assert not any(issubclass(kind, float) for kind in kinds)
    assert type(working.points) is int
    assert type(working.minutes) is int
    assert working.minutes >= 0
    assert all(type(credit.points) is int and credit.points for credit in working.more)
    assert all(number > 0 for _, number in working.counted)
    assert (working.nothing_because is None) is (bool(working.points) or bool(working.more))
    assert working.lot is None or working.points > 0
    assert all(type(text) is str for step in working.steps for text in (step.before, step.after))


@given(cases())
def test_nothing_is_given_beyond_a_cap(case: Case) -> None:
    rulebook, service, known = case
    working = worked(case)
    for stream, given_points in zip(streams_of(rulebook), given_in(working, rulebook), strict=True):
        scale = next(each.scale for each in CURRENCIES if each.id == stream.currency)
        if sum(alike(stream, other) for other in rulebook.streams) > 1:
            continue  # which of them gave what cannot be told apart, and a cap bounds its own stream alone
        for cap in stream.caps:
            if cap.activities and service.activity not in cap.activities:
                continue
            reading = cap_reading(cap, stream.currency, service)
            used = known[reading] if reading is not None else 0
            if cap.of == "minutes":
                assert not working.minutes or used + working.minutes <= cap.at_most
            elif given_points > 0:
                own = {"points": given_points, "times": 1}.get(cap.of) or service.details.quantity(cap.unit)
                # a record with none of what is counted uses nothing up, even where more than the cap was used before
                assert not own or used + own <= cap.at_most * (scale if cap.of == "points" else 1)


@given(cases(), st.randoms(use_true_random=False))
def test_neither_the_order_of_what_is_known_nor_the_moment_matters(case: Case, random: Any) -> None:  # noqa: ANN401
    rulebook, service, known = case
    shuffled = list(known.items())
    random.shuffle(shuffled)
    assert worked((rulebook, service, dict(shuffled))) == worked(case)
    assert worked((rulebook, service, {**known, Reading(Of.RECORDS, "", ("elsewhere",)): 7})) == worked(case)


@given(cases())
def test_only_what_is_needed_is_looked_at(case: Case) -> None:
    """The books are asked for no reading that was not named before, and each named one can be asked."""
    rulebook, service, known = case
    seen: set[Reading] = set()

    class Watched(dict[Reading, int]):
        def __getitem__(self, reading: Reading) -> int:
            seen.add(reading)
            return super().__getitem__(reading)

    worked((rulebook, service, Watched(known)))
    assert seen <= set(needed(rulebook, service))
    assert len(needed(rulebook, service)) == len(set(needed(rulebook, service)))


@given(cases())
def test_a_rulebook_reads_the_same_from_its_canonical_text(case: Case) -> None:
    rulebook, *_ = case
    again = converter().structure(json.loads(canonical_bytes(rulebook)), Rulebook)
    assert again == rulebook
    assert again.hash == rulebook.hash
    assert worked((again, *case[1:])) == worked(case)


@given(cases())
def test_a_time_of_more_zeros_changes_nothing_but_what_looks_at_it(case: Case) -> None:
    """An interval of the same instants in another zone is the same service."""
    rulebook, service, known = case
    elsewhere = tuple(
        Interval(begin=SHANGHAI.local(each.begin), end=SHANGHAI.local(each.end)) for each in service.intervals
    )
    assert worked((rulebook, attrs.evolve(service, intervals=elsewhere), known)) == worked(case)


# --- laws under conditions ---

WITHOUT_HOURS = st.builds(
    When,
    activities=st.sampled_from([(), ("park",), ("tea",)]),
    tags=WORDS,
    roles=st.sampled_from([(), ("党员",)]),
    weekdays=st.sampled_from([(), (6, 7)]),
    counts=st.just(Counts.RECORD),
)
"""Selectors that look at nothing a longer or a split record changes."""


@st.composite
def straight_rulebooks(draw: st.DrawFn) -> Rulebook:
    """Hourly rates, multipliers, caps, and rounding: nothing falls when more is served."""
    hourly = st.builds(Accrual, id=st.just("a"), when=WITHOUT_HOURS, per_hour=strategies.rates(), also=st.booleans())
    multipliers = st.builds(
        Multiplier,
        id=st.just("m"),
        times=strategies.rates(at_most=10),
        when=WITHOUT_HOURS,
        group=st.sampled_from(["", "g"]),
    )
    return Rulebook(
        id="straight",
        since=date(2020, 1, 1),
        accruals=tuple(draw(st.lists(hourly, min_size=1, max_size=3))[:1]),
        multipliers=tuple(
            attrs.evolve(each, id=f"m-{n}") for n, each in enumerate(draw(st.lists(multipliers, max_size=3)))
        ),
        rounding=Rounding(to=Fraction(draw(st.integers(1, 300)), 100), direction=draw(st.sampled_from(Direction))),
        time=TimeRule(round_to_minutes=draw(st.integers(1, 60)), direction=draw(st.sampled_from(Direction)),
                      minimum_minutes=draw(st.integers(0, 90)), travel_counts=draw(st.booleans())),
        caps=tuple(attrs.evolve(draw(vocabulary.caps(KNOWN)), id=f"c-{n}") for n in range(draw(st.integers(0, 3)))),
    )  # fmt: skip


def longer(service: ServiceRecord, minutes: int) -> ServiceRecord:
    *before, last = service.intervals
    return attrs.evolve(service, intervals=(*before, attrs.evolve(last, end=last.end + timedelta(minutes=minutes))))


@given(straight_rulebooks(), services(), st.integers(0, 600), st.integers(0, 200))
def test_more_minutes_never_give_fewer_points_where_no_rule_turns_on_them(
    rulebook: Rulebook, service: ServiceRecord, more: int, used: int
) -> None:
    """Breaks, fixed numbers shared among hours, bounds of a rate and selectors by length may give less for more."""
    assume(service.intervals)
    known = dict.fromkeys(needed(rulebook, service), used)
    less, at_least = (worked((rulebook, each, known)) for each in (service, longer(service, more)))
    assert less.points <= at_least.points
    assert less.minutes <= at_least.minutes


@given(straight_rulebooks(), services(), st.integers(0, 100), st.integers(0, 100))
def test_what_was_used_never_gives_more_points(
    rulebook: Rulebook, service: ServiceRecord, used: int, more: int
) -> None:
    first, second = (
        worked((rulebook, service, dict.fromkeys(needed(rulebook, service), amount))) for amount in (used, used + more)
    )
    assert second.points <= first.points
    assert second.minutes <= first.minutes


@given(straight_rulebooks(), st.lists(st.integers(1, 400), min_size=1, max_size=6), st.integers(0, 60))
def test_splitting_a_record_never_pays_more_where_rounding_is_downward_and_nothing_is_by_the_event(
    rulebook: Rulebook, lengths: list[int], travel: int
) -> None:
    """The parts follow one another on one day, and each finds what those before it used."""
    down = attrs.evolve(
        rulebook,
        rounding=attrs.evolve(rulebook.rounding, direction=Direction.DOWN),
        time=attrs.evolve(rulebook.time, direction=Direction.DOWN, minimum_minutes=0, travel_counts=False),
        caps=tuple(cap for cap in rulebook.caps if cap.of in {"points", "minutes"} and cap.per != "record"),
    )
    whole = served(sum(lengths), details=Details(travel_minutes=travel))
    at_once = worked((down, whole, dict.fromkeys(needed(down, whole), 0)))
    points = minutes = 0
    for length in lengths:
        part = served(length)
        known = {reading: minutes if reading.of is Of.MINUTES else points for reading in needed(down, part)}
        working = worked((down, part, known))
        points, minutes = points + working.points, minutes + working.minutes
    assert points <= at_once.points
    assert minutes <= at_once.minutes


@given(st.integers(1, 3000).map(served), st.fractions(Fraction(1, 10), 100, max_denominator=10), st.integers(0, 3))
def test_decimals_change_the_unit_and_not_the_worth(record: ServiceRecord, rate: Fraction, decimals: int) -> None:
    accruals = (Accrual(id="a", per_hour=rate),)
    currency = Currency(id="points", decimals=decimals)
    whole, parts = worked_out(record, accruals=accruals), worked_out(record, currencies=(currency,), accruals=accruals)
    assert parts.points == whole.points * currency.scale
