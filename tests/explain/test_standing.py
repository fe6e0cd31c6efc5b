"""A level, a price, an expiry and a refusal are told in the shape of every explanation."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta
from fractions import Fraction

import attrs
import pytest

from tests.explain.happenings import CHINESE, LANGS, OLD, REASON, known, served
from tests.histories import DEFINITION, at
from volunteer_points import MemoryStore, Programme
from volunteer_points import commands as c
from volunteer_points.entries import Expired, Held, Submitted
from volunteer_points.errors import InputError, Refused
from volunteer_points.explain import Explanation
from volunteer_points.model import (
    Condition,
    Exchange,
    Item,
    Ladder,
    Level,
    Limit,
    LimitBy,
    LimitOf,
    Of,
    Period,
    SpecialPrice,
)
from volunteer_points.rules import Accrual, Cap, When


def hours(number: int) -> Condition:
    return Condition(id=f"h{number}", of=Of.HOURS, at_least=Fraction(number), clause="第四条")


STARS = Ladder(
    id="stars",
    name="星级",
    clause="第二条",
    levels=(
        Level(id="one", name="一星", conditions=(hours(2),)),
        Level(id="two", name="二星", conditions=(hours(100), OLD), certified=True),
    ),
)
RULEBOOK = attrs.evolve(
    DEFINITION.rulebooks[0],
    accruals=(
        *DEFINITION.rulebooks[0].accruals,
        Accrual(id="night", fixed=Fraction(3), when=When(activities=("watch",)), clause="第十条"),
        Accrual(id="rest", fixed=Fraction(1)),
    ),
    caps=(
        *DEFINITION.rulebooks[0].caps,
        Cap(id="often", at_most=Fraction(5), of="times", per="month"),
        Cap(id="once", at_most=Fraction(500), per="record"),
    ),
    ladders=(STARS,),
    redemption=attrs.evolve(
        DEFINITION.rulebooks[0].redemption,
        limits=(
            Limit(at_most=3, per=Period.MONTH, item="rice", clause="第七条"),
            Limit(at_most=25, per=Period.YEAR, of=LimitOf.POINTS),
            Limit(at_most=9, per=Period.DAY, of=LimitOf.REDEMPTIONS, by=LimitBy.EVERYBODY, item="rice"),
        ),
        exchange=(Exchange(money=Fraction(3), clause="第十一条"),),
    ),
)
RICE = attrs.evolve(
    DEFINITION.catalogue[0],
    special_prices=(
        SpecialPrice(points=9, cash=Fraction(1, 2), conditions=(OLD,), clause="第九条"),
        SpecialPrice(points=12, conditions=(hours(1),)),
    ),
)
OIL = Item(id="oil", name="食用油", partner="grain", worth=Fraction(10), stocked=False)


class Clock:
    """A minute later each time."""

    now = at("2026-03-14T12:00")

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def programme(clock: Clock) -> Programme:
    found = Programme(MemoryStore("saihan"), clock=clock)
    definition = attrs.evolve(DEFINITION, rulebooks=(RULEBOOK,), catalogue=(RICE, *DEFINITION.catalogue[1:], OIL))
    found.execute(c.Adopt(definition=definition, author="founder-a"), actor="founder-b")
    for volunteer in ("v-1", "v-2"):
        found.execute(c.Enrol(volunteer=volunteer), actor="founder-a")
    found.execute(c.ReceiveStock(item="rice", quantity=5), actor="shop")
    return found


def approved(programme: Programme, begin: str, end: str) -> str:
    command = c.Submit(volunteer="v-1", activity="park", intervals=served(begin, end))
    record = programme.execute(command, actor="leader").fact(Submitted).record
    programme.execute(c.Approve(record=record), actor="checker")
    return record


def lines(found: Explanation) -> list[str]:
    return [line.strip() for line in found.text().splitlines()]


def test_an_award_says_how_much_each_cap_left_and_which_rules_were_passed_over(programme: Programme) -> None:
    approved(programme, "2026-03-14T06:00", "2026-03-14T08:20")
    second = approved(programme, "2026-03-14T09:00", "2026-03-14T10:00")
    approved(programme, "2026-03-14T10:00", "2026-03-14T11:00")
    told = lines(programme.explain(second, "en", known))
    daily = "Cap 80 points a day, 23 points used before, 57 points left: it cut nothing (cap daily, clause 第五条)"
    assert daily in told
    assert "Cap 5 times a month, 1 time used before, 4 times left: it cut nothing (cap often)" in told
    assert "Cap 500 points a record: it cut nothing (cap once)" in told
    assert "Rule night does not apply: activity 公园清洁, wanted watch (clause 第十条)" in told
    assert "Rule rest does not apply: one that stands before it counts" in told
    assert "Rule skill does not apply: type of activity service, wanted skilled" in told
    chinese = lines(programme.explain(second, "zh", known))
    assert "上限每天 80 积分，此前已用 23 积分，尚余 57 积分：未超限（上限 daily，条款 第五条）" in chinese
    assert "规则 skill 不适用：项目类型为 service，要求 skilled" in chinese


def test_a_level_says_what_was_wanted_and_found_and_what_the_next_one_takes(programme: Programme) -> None:
    none = programme.explain(programme.level("v-1"), "en", known)
    assert (none.code, lines(none)[0]) == ("no_level", "张三 has no level of 星级 yet")
    approved(programme, "2026-03-14T06:00", "2026-03-14T08:30")
    rank = programme.level("v-1", "stars")
    assert (rank.place, rank.level, rank.following) == (0, STARS.levels[0], rank.rungs[1])
    assert lines(programme.explain(rank, "en", known)) == [
        "张三 has level 一星 of 星级",
        "Rulebook 2026 “志愿积分管理办法”, in force for service from 1 Jan 2026",
        "Ladder 星级, clause 第二条",
        "Level 一星: reached",
        "✓ h2: hours served, in all; wanted: ≥ 2; found: 2.5 (clause 第四条)",
        "Level 二星: not reached; it is awarded by decision",
        "✗ h100: hours served, in all; wanted: ≥ 100; found: 2.5; missing: 97.5 (clause 第四条)",
        "✗ old; wanted: senior (clause 第八条)",
        "Missing for 二星: hours served 97.5, old",
    ]
    assert "距 二星 还差：服务小时数 97.5、old" in lines(programme.explain(rank, "zh", known))


def test_a_ladder_that_is_not_known_is_refused(programme: Programme) -> None:
    with pytest.raises(InputError, match="unknown ladder"):
        programme.level("v-1", "moons")
    with pytest.raises(Refused, match="unknown volunteer"):
        programme.level("v-9")


def test_a_price_says_which_one_counts_and_why_and_what_limits_leave(programme: Programme) -> None:
    approved(programme, "2026-03-14T06:00", "2026-03-14T08:30")
    programme.execute(c.Redeem(volunteer="v-1", item="rice"), actor="leader")
    quote = programme.quote("v-1", "rice")
    assert (quote.points, quote.cash, quote.available, quote.can_be_redeemed) == (12, Fraction(0), 13, True)
    assert lines(programme.explain(quote, "en", known)) == [
        "大米 costs 12 points for 张三",
        "Rulebook 2026 “志愿积分管理办法”, in force for service from 1 Jan 2026",
        "Usual price: 20 points",
        "Special price 9 points and 0.5 in money: it does not count (clause 第九条)",
        "✗ old; wanted: senior (clause 第八条)",
        "Special price 12 points: it counts",
        "✓ h1: hours served, in all; wanted: ≥ 1; found: 2.5 (clause 第四条)",
        "Limit: at most 3 units a month for each volunteer: 1 unit used, 2 units left (clause 第七条)",
        "Limit: at most 25 points a year for each volunteer: 12 points used, 13 points left",
        "Limit: at most 9 redemptions a day for all together: 1 redemption used, 8 redemptions left",
        "Available: 13 points",
        "On the shelf: 4",
    ]
    assert "限兑：按个人每月最多 3 件：已用 1 件，尚余 2 件（条款 第七条）" in lines(programme.explain(quote, "zh"))


def test_a_quote_is_what_redeeming_then_takes(programme: Programme) -> None:
    approved(programme, "2026-03-14T06:00", "2026-03-14T08:30")
    for item in ("rice", "oil", "haircut"):
        quote = programme.quote("v-1", item)
        held = programme.preview(c.Redeem(volunteer="v-1", item=item), actor="leader").fact(Held)
        assert (quote.points, quote.cash, quote.can_be_redeemed) == (held.price, held.cash, True)


def test_a_worth_in_money_is_told_with_its_exchange_and_what_is_missing(programme: Programme) -> None:
    quote = programme.quote("v-1", "oil")
    told = lines(programme.explain(quote, "en", known))
    assert (quote.points, quote.missing, quote.can_be_redeemed) == (4, 4, False)
    assert told[0] == "oil costs 4 points for 张三 and cannot be redeemed now"
    assert "Worth 10 in money, 1 points for each 3: 4 points (clause 第十一条)" in told
    assert "Available: 0 points, 4 points missing" in told


def test_an_expiry_says_which_end_had_come_and_where_the_points_came_from(programme: Programme, clock: Clock) -> None:
    approved(programme, "2026-03-14T06:00", "2026-03-14T08:20")
    clock.now = at("2028-01-05T09:00")
    outcome = programme.execute(c.Expire(volunteer="v-1"), actor="leader")
    assert outcome.fact(Expired).points == 23
    found = programme.explain(outcome.entries[0], "en", known)
    assert lines(found) == [
        "Why 23 points of 张三 expired",
        "23 points could be used until the end of 31 Dec 2027",
        "came from: 23 points on 14 Mar 2026, 公园清洁 (awarded, rulebook 2026)",
    ]
    with pytest.raises(InputError, match="nothing to explain"):
        programme.explain(next(programme.entries()))


def test_a_refusal_is_told_in_the_same_shape(programme: Programme) -> None:
    with pytest.raises(Refused) as caught:
        programme.execute(c.Redeem(volunteer="v-1", item="rice", quantity=4), actor="leader")
    found = programme.explain(caught.value, "zh", known)
    assert (found.code, found.about) == ("limit_reached", "item:rice")
    assert found.title.startswith("大米：按个人每月最多 3 件")
    assert found.lines[0].facts["at_most"] == 3


@pytest.mark.parametrize("lang", LANGS)
def test_every_explanation_is_json(programme: Programme, clock: Clock, lang: str) -> None:
    record = approved(programme, "2026-03-14T06:00", "2026-03-14T08:20")
    held = programme.execute(c.Redeem(volunteer="v-1", item="haircut"), actor="leader").fact(Held).redemption
    subjects = [record, held, programme.level("v-1"), programme.quote("v-1", "rice"), Refused("unknown_item", item="x")]
    clock.now = at("2028-01-05T09:00")
    programme.execute(c.Cancel(redemption=held, reason=REASON), actor="leader")
    subjects.append(programme.execute(c.Expire(volunteer="v-1"), actor="leader").entries[0])
    for subject in subjects:
        found = programme.explain(subject, lang)  # type: ignore[arg-type]  # a language by its name
        assert json.loads(json.dumps(found.plain())) == found.plain()
        assert bool(CHINESE.search(re.sub("公园清洁|一星|星级", "", found.title))) is (lang == "zh")


def test_the_day_of_a_level_is_that_of_the_question(programme: Programme) -> None:
    assert programme.level("v-1").day == date(2026, 3, 14)
