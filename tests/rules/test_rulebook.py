"""What is no rulebook, and versions of one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given

from tests.rules.records import (
    RULES,
    SATURDAY,
    code_of,
)
from volunteer_points.errors import InputError
from volunteer_points.model import Condition, Evidence, Exchange, Ladder, Level, Limit, Of, Period, Price, Right
from volunteer_points.model import Item as CatalogueItem
from volunteer_points.rules import (
    Accrual,
    Cap,
    Deadline,
    Expiry,
    Mark,
    Milestone,
    Multiplier,
    Rate,
    RedemptionRule,
    Rounding,
    Route,
    Rulebook,
    Stage,
    Stream,
    TimeFactor,
    TimeRule,
    When,
    Window,
)
from volunteer_points.testing import strategies


@pytest.mark.parametrize("make, code", [
    (lambda: Accrual(id="a"), "one_rate"),
    (lambda: Accrual(id="a", per_hour=Fraction(1), fixed=Fraction(1)), "one_rate"),
    (lambda: Accrual(id="a", per_hour=Fraction(0)), "not_positive"),
    (lambda: Multiplier(id="m", times=Fraction(0)), "not_positive"),
    (lambda: Rounding(to=Fraction(0)), "not_positive"),
    (lambda: Cap(id="c", at_most=Fraction(0)), "not_positive"),
    (lambda: TimeRule(round_to_minutes=0), "not_positive"),
    (lambda: TimeRule(minimum_minutes=-1), "negative"),
    (lambda: Expiry(end_of=Period.YEAR, days=1), "one_expiry"),
    (lambda: Expiry(months=1, days=1), "one_expiry"),
    (lambda: Expiry(end_of=Period.EVER), "one_expiry"),
    (lambda: Expiry(months=0), "not_positive"),
    (lambda: Expiry(days=0), "not_positive"),
    (lambda: Expiry(end_of=Period.YEAR, after=-1), "negative"),
    (lambda: Expiry(end_of=Period.YEAR, after=1001), "too_large"),
    (lambda: Expiry(months=12_001), "too_large"),
    (lambda: Expiry(days=366_001), "too_large"),
    (lambda: RedemptionRule(hold_days=0), "not_positive"),
    (lambda: RedemptionRule(hold_days=36_601), "too_large"),
    (lambda: RedemptionRule(grace_days=36_601), "too_large"),
    (lambda: RedemptionRule(grace_days=-1), "negative"),
    (lambda: RedemptionRule(days_of_month=(0,)), "bad_day_of_month"),
    (lambda: RedemptionRule(days_of_month=(32,)), "bad_day_of_month"),
    (lambda: RedemptionRule(days_of_month=(True,)), "bad_day_of_month"),
    (lambda: RedemptionRule(weekdays=(0,)), "bad_weekday"),
    (lambda: RedemptionRule(weekdays=(8,)), "bad_weekday"),
    (lambda: When(weekdays=(1.0,)), "bad_weekday"),  # type: ignore[arg-type]
    (lambda: attrs.evolve(RULES, until=date(2026, 1, 1)), "empty_rulebook"),
    (lambda: attrs.evolve(RULES, accruals=RULES.accruals * 2), "id_twice"),
    (lambda: attrs.evolve(RULES, multipliers=(Multiplier(id="m", times=Fraction(2)),) * 2), "id_twice"),
    (lambda: attrs.evolve(RULES, caps=(Cap(id="c", at_most=Fraction(2)),) * 2), "id_twice"),
    (lambda: attrs.evolve(RULES, record_within_days=-1), "negative"),
    (lambda: attrs.evolve(RULES, since=datetime(2026, 1, 1, tzinfo=UTC)), "not_a_day"),
    (lambda: attrs.evolve(RULES, until=datetime(2027, 1, 1, tzinfo=UTC)), "not_a_day"),
    (lambda: When(first_day=datetime(2026, 1, 1, tzinfo=UTC)), "not_a_day"),
    (lambda: When(months=(0,)), "bad_month"),
    (lambda: When(months=(13,)), "bad_month"),
    (lambda: TimeRule(break_after_minutes=0), "not_positive"),
    (lambda: TimeRule(attended_at_least=0), "not_positive"),
    (lambda: TimeFactor(id="f", times=-1), "negative"),
    (Rate, "rate_unclear"),
    (lambda: Rate(points=1, stages=(Stage(above=0, points=1),)), "rate_unclear"),
    (lambda: Rate(of=Of.QUANTITY, points=1), "rate_unclear"),
    (lambda: Rate(of=Of.HOURS, unit="ml", points=1), "rate_unclear"),
    (lambda: Rate(points=1, each=0), "not_positive"),
    (lambda: Rate(points=1, over="weekly"), "bad_window"),
    (lambda: Rate(points=1, over="0 days"), "bad_window"),
    (lambda: Rate(stages=(Stage(above=1), Stage(above=1))), "stages_unordered"),
    (lambda: Stage(above=-1), "negative"),
    (lambda: Milestone(id="m"), "milestone_unclear"),
    (lambda: Milestone(id="m", every=1), "milestone_unclear"),
    (lambda: Milestone(id="m", points=1), "milestone_unclear"),
    (lambda: Milestone(id="m", every=1, points=1, marks=(Mark(at=1, points=1),)), "milestone_unclear"),
    (lambda: Milestone(id="m", marks=(Mark(at=2, points=1), Mark(at=2, points=1))), "stages_unordered"),
    (lambda: Milestone(id="m", every=0, points=1), "not_positive"),
    (lambda: Mark(at=0, points=1), "not_positive"),
    (lambda: Mark(at=1, points=0), "not_positive"),
    (lambda: Cap(id="c", at_most=1, of="quantity"), "cap_unclear"),
    (lambda: Cap(id="c", at_most=1, unit="ml"), "cap_unclear"),
    (lambda: Cap(id="c", at_most=1, each_activity=True, activities=("park",)), "cap_unclear"),
    (lambda: Cap(id="c", at_most=1, per="balance", of="minutes"), "cap_unclear"),
    (lambda: Cap(id="c", at_most=1, per="balance", each_activity=True), "cap_unclear"),
    (lambda: Cap(id="c", at_most=1, of="minutes", overflow="gift"), "cap_unclear"),
    (lambda: Window(first_day=date(2026, 2, 1), last_day=date(2026, 1, 31)), "empty_window"),
    (lambda: Window(first_day=SATURDAY, last_day=SATURDAY, from_time=time(9)), "half_a_time"),
    (lambda: Deadline(within_days=-1), "negative"),
    (lambda: Route(id="r", right=Right.STOCK), "route_unclear"),
    (lambda: Route(id="r", automatic=True, approvers=2), "route_unclear"),
    (lambda: Route(id="r", approvers=0), "not_positive"),
    (lambda: Route(id="r", approvers=6), "too_large"),
    (lambda: Stream(id="s", currency="gift", source="fund:"), "bad_source"),
    (lambda: Stream(id="s", currency="gift", source="somebody"), "bad_source"),
    (lambda: attrs.evolve(RULES, source=""), "bad_source"),
    (lambda: attrs.evolve(RULES, notice_days=367), "too_large"),
    (lambda: attrs.evolve(RULES, routes=(Route(id="r"), Route(id="r"))), "id_twice"),
    (lambda: attrs.evolve(RULES, streams=(Stream(id="s", currency="gift", caps=(Cap(id="c", at_most=1),)),),
                          caps=(Cap(id="c", at_most=1),)), "id_twice"),
    (lambda: attrs.evolve(RULES, streams=(Stream(id="s", currency="a"), Stream(id="s", currency="b"))), "id_twice"),
    (lambda: Exchange(money=0), "not_positive"),
    (lambda: Exchange(money=1, points=0), "not_positive"),
])  # fmt: skip
def test_what_is_no_rule_is_refused_where_it_is_made(make: Callable[[], object], code: str) -> None:
    assert code_of(make) == code


@pytest.mark.parametrize("day, covered", [
    (date(2025, 12, 31), False), (date(2026, 1, 1), True), (date(2026, 12, 31), True), (date(2027, 1, 1), False),
])  # fmt: skip
def test_a_version_covers_from_its_first_day_to_before_its_end(day: date, covered: bool) -> None:  # noqa: FBT001
    assert attrs.evolve(RULES, until=date(2027, 1, 1)).covers(day) is covered
    assert RULES.covers(day) is (day >= RULES.since)


RULEBOOKS = strategies.rulebooks(activities=("park", "cinema"), teams=("repairs",))


@given(RULEBOOKS, RULEBOOKS)
def test_a_hash_is_that_of_the_text_and_of_no_other(one: Rulebook, other: Rulebook) -> None:
    assert (one.hash == other.hash) is (one == other)
    assert one.hash == attrs.evolve(one).hash
    assert attrs.evolve(one, title=f"{one.title}.").hash != one.hash


def test_limits_count_for_their_item_or_for_all() -> None:
    limits = (Limit(at_most=1, per=Period.DAY, item="rice"), Limit(at_most=2, per=Period.DAY), Limit(
        at_most=3, per=Period.DAY, item="soap"))  # fmt: skip
    rice = CatalogueItem(id="rice", name="", partner="grain", prices=(Price(points=1),))
    assert RedemptionRule(limits=limits).limits_for(rice) == limits[:2]


@pytest.mark.parametrize("days, weekdays, is_open", [
    ((), (), True), ((14,), (), True), ((15,), (), False), ((), (6,), True), ((), (7,), False), ((14,), (7,), False),
    ((15,), (6,), False), ((14,), (6,), True),
])  # fmt: skip
def test_a_redemption_day_fits_the_month_and_the_week(
    days: tuple[int, ...],
    weekdays: tuple[int, ...],
    is_open: bool,  # noqa: FBT001
) -> None:
    assert RedemptionRule(days_of_month=days, weekdays=weekdays).open_on(SATURDAY) is is_open


@pytest.mark.parametrize("first, last, yearly, day, is_open", [
    ("2026-03-01", "2026-03-31", False, "2026-03-31", True),
    ("2026-03-01", "2026-03-31", False, "2026-04-01", False),
    ("2026-03-01", "2026-03-31", False, "2027-03-15", False),
    ("2026-03-01", "2026-03-31", True, "2027-03-01", True),
    ("2026-03-01", "2026-03-31", True, "2027-04-01", False),
    ("2025-12-20", "2026-01-10", True, "2030-12-20", True),
    ("2025-12-20", "2026-01-10", True, "2030-01-10", True),
    ("2025-12-20", "2026-01-10", True, "2030-01-11", False),
    ("2024-02-29", "2024-02-29", True, "2028-02-29", True),
    ("2024-02-29", "2024-02-29", True, "2027-03-01", False),
])  # fmt: skip
def test_a_window_is_open_from_its_first_day_through_its_last(
    first: str,
    last: str,
    yearly: bool,  # noqa: FBT001
    day: str,
    is_open: bool,  # noqa: FBT001
) -> None:
    window = Window(first_day=date.fromisoformat(first), last_day=date.fromisoformat(last), yearly=yearly)
    assert RedemptionRule(windows=(window,)).open_on(date.fromisoformat(day)) is is_open


def test_hours_of_a_window_are_those_of_its_own_days() -> None:
    morning = Window(first_day=SATURDAY, last_day=SATURDAY, from_time=time(9), until_time=time(12))
    late = attrs.evolve(morning, from_time=time(14), until_time=time(15), last_day=SATURDAY + timedelta(days=1))
    rule, sunday = RedemptionRule(windows=(morning, late)), SATURDAY + timedelta(days=1)
    hours = [time(8, 59), time(9), time(11, 59), time(12), time(14), time(15)]
    assert [rule.open_at(SATURDAY, hour) for hour in hours] == [False, True, True, False, True, False]
    assert [rule.open_at(sunday, hour) for hour in hours] == [False, False, False, False, True, False]


def test_the_first_deadline_that_fits_the_evidence_counts_and_the_general_one_else() -> None:
    deadlines = (
        Deadline(within_days=2, evidence=(Evidence.SIGNED,)),
        Deadline(within_days=5, evidence=(Evidence.MAKE_UP, Evidence.SIGNED)),
    )
    rules = attrs.evolve(RULES, deadlines=deadlines, record_within_days=9)
    assert [rules.within_days(each) for each in (Evidence.SIGNED, Evidence.MAKE_UP, Evidence.SELF)] == [2, 5, 9]
    assert RULES.within_days(Evidence.SELF) is None
    assert attrs.evolve(rules, deadlines=(*deadlines, Deadline(within_days=0))).within_days(Evidence.SELF) == 0


@pytest.mark.parametrize("above, up_to, minutes, takes", [
    (None, None, 1, True), (480, None, 480, False), (480, None, 481, True), (None, 480, 480, True),
    (None, 480, 481, False), (480, 720, 720, True), (480, 720, 721, False), (0, 480, 0, False),
])  # fmt: skip
def test_a_route_takes_days_above_one_bound_and_up_to_the_other(
    above: int | None,
    up_to: int | None,
    minutes: int,
    takes: bool,  # noqa: FBT001
) -> None:
    assert Route(id="r", day_minutes_above=above, day_minutes_up_to=up_to).takes(minutes) is takes


@pytest.mark.parametrize("worth, money, points, scale, price", [
    ("3", "3", "1", 1, 1), ("3.01", "3", "1", 1, 2), ("10", "3", "1", 1, 4), ("10", "1", "10", 1, 100),
    ("0", "3", "1", 1, 0),
    ("10", "3", "1", 10, 34), ("9", "3", "1", 10, 30),
])  # fmt: skip
def test_a_point_that_is_begun_is_paid_in_full(worth: str, money: str, points: str, scale: int, price: int) -> None:
    assert Exchange(money=money, points=points).price(Fraction(worth), scale) == price


def test_a_partner_has_its_own_rate_before_the_general_one() -> None:
    general, own, other = (Exchange(money=n, partner=name) for n, name in ((1, None), (2, "grain"), (3, "hair")))
    item = CatalogueItem(id="rice", name="", partner="grain", worth=Fraction(10))
    assert RedemptionRule(exchange=(general, other, own)).exchange_for(item) == own
    assert RedemptionRule(exchange=(other, general)).exchange_for(item) == general
    assert RedemptionRule(exchange=(other,)).exchange_for(item) is None


@pytest.mark.parametrize("rules, kind", [
    ({"accruals": RULES.accruals * 2}, "accrual"),
    ({"multipliers": (Multiplier(id="x", times=2),) * 2}, "multiplier"),
    ({"caps": (Cap(id="x", at_most=1),) * 2}, "cap"),
    ({"milestones": (Milestone(id="x", every=1, points=1),) * 2}, "milestone"),
    ({"time_factors": (TimeFactor(id="x", times=1),) * 2}, "time factor"),
    ({"streams": (Stream(id="x", currency="gift"),) * 2}, "stream"),
    ({"ladders": (Ladder(id="x", levels=(Level(id="y", conditions=(Condition(id="z", tags=("t",)),)),)),) * 2},
     "ladder"),
    ({"routes": (Route(id="x"),) * 2}, "route"),
])  # fmt: skip
def test_what_has_its_id_twice_is_told_by_its_kind(rules: dict[str, Any], kind: str) -> None:
    with pytest.raises(InputError) as error:
        attrs.evolve(RULES, **rules)
    assert error.value.facts["kind"] == kind


def test_a_time_of_day_that_is_no_stretch_is_told() -> None:
    with pytest.raises(InputError) as error:
        When(from_time=time(9), until_time=time(9))
    assert error.value.facts["value"] == "09:00:00"
