"""One command of every kind and one entry of every kind, with every field filled in."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from fractions import Fraction

from volunteer_points import commands as c
from volunteer_points import entries as e
from volunteer_points.commands import Command, Definition
from volunteer_points.entries import Entry, Fact
from volunteer_points.model import (
    Activity,
    Calendar,
    Currency,
    Duty,
    Evidence,
    Household,
    Interval,
    Item,
    ItemKind,
    Limit,
    LimitBy,
    LimitOf,
    Partner,
    Period,
    Place,
    Price,
    Reason,
    Right,
    Slot,
    Team,
    TeamStructure,
)
from volunteer_points.postings import Account, Posting, Purpose
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
    Step,
    TimeRule,
    Transfers,
    When,
)

DAY, LATER = date(2026, 3, 14), date(2027, 1, 1)
NOON = datetime(2026, 3, 14, 4, 0, 0, 250, tzinfo=UTC)
ENDS = datetime(2027, 12, 31, 16, tzinfo=UTC)
REASON = Reason(code="换人", seal="5f2a")
PLACE = Place(grid="第 3 网格", building="7", unit="2")
INTERVALS = (
    Interval(begin=datetime(2026, 3, 14, 1, tzinfo=UTC), end=datetime(2026, 3, 14, 3, 20, tzinfo=UTC)),
    Interval(begin=datetime(2026, 3, 14, 5, tzinfo=UTC), end=datetime(2026, 3, 14, 6, tzinfo=UTC)),
)
WHEN = When(
    activities=("park",),
    activity_types=("skilled",),
    teams=("repairs",),
    slots=("special",),
    tags=("党员",),
    evidence=(Evidence.SIGNED, Evidence.MAKE_UP),
    weekdays=(6, 7),
    first_day=DAY,
    last_day=LATER,
)
RULEBOOK = Rulebook(
    id="2026",
    since=date(2026, 1, 1),
    until=LATER,
    title="志愿积分管理办法",
    currency="culture",
    accruals=(
        Accrual(id="film", fixed=Fraction(1, 3), when=WHEN, clause="第三条"),
        Accrual(id="hours", per_hour=Fraction(102, 10)),
    ),
    multipliers=(Multiplier(id="skill", times=Fraction(3, 2), when=WHEN, clause="第四条"),),
    time=TimeRule(round_to_minutes=10, direction=Direction.HALF_EVEN, minimum_minutes=30),
    rounding=Rounding(to=Fraction(1, 10), direction=Direction.HALF_UP),
    caps=(Cap(id="daily", at_most=Fraction(480), of="minutes", per="month", each_activity=True, clause="第五条"),),
    expiry=Expiry(end_of=Period.YEAR, after=1),
    redemption=RedemptionRule(
        minimum_balance=5,
        days_of_month=(15,),
        weekdays=(6,),
        limits=(Limit(at_most=2, per=Period.QUARTER, of=LimitOf.REDEMPTIONS, by=LimitBy.HOUSEHOLD, item="rice"),),
        hold_days=7,
        grace_days=0,
        transfers=Transfers.HOUSEHOLD,
        reversal_takes=ReversalOrder.OTHER_LOTS,
    ),
    record_within_days=30,
    members_only=True,
    retroactive=True,
    retroactive_reason="居民会议",
    assumptions=("每小时 10 分",),
)
CALENDAR = Calendar(zone="Asia/Shanghai", day_starts_at=time(5, 30))
STRUCTURE = TeamStructure(
    label="1+N",
    slots=(Slot(id="standing", name="常设队伍", exactly=1), Slot(id="special", at_least=1, at_most=9)),
)
CURRENCIES = (Currency(id="culture", name="文化分", decimals=1),)
DUTIES = (
    Duty(actor="leader", may=(Right.RECORD, Right.APPROVE), teams=("repairs",), partners=("grain",), volunteer="v-1"),
)
TEAM = Team(id="repairs", name="维修队", slot="special", parent="all", since=DAY, until=LATER, assumed=True)
ACTIVITY = Activity(
    id="park", name="公园清洁", type="skilled", team="repairs", aliases=("公园",), since=DAY, until=LATER
)
ITEM = Item(
    id="rice",
    name="大米 5 kg",
    partner="grain",
    prices=(Price(points=20), Price(points=25, since=LATER)),
    kind=ItemKind.VOUCHER,
    stocked=False,
    returnable=False,
    currency="culture",
    aliases=("米",),
    since=DAY,
    until=LATER,
)
HOUSEHOLD, PARTNER = Household(id="h-1", place=PLACE), Partner(id="grain", name="粮油店")
STEPS = (
    Step("time", "measured", "", "200"),
    Step("hours", "per_hour", "200", "34", (("rate", "51/5"), ("clause", ""))),
)
HASH = "ab" * 32

DEFINITION = Definition(
    name="赛罕社区",
    calendar=CALENDAR,
    founders=("founder-a", "founder-b"),
    structure=STRUCTURE,
    teams=(TEAM,),
    households=(HOUSEHOLD,),
    partners=(PARTNER,),
    activities=(ACTIVITY,),
    currencies=CURRENCIES,
    rulebooks=(RULEBOOK,),
    catalogue=(ITEM,),
    duties=DUTIES,
    assumptions=("队伍名称待定",),
)

COMMANDS: tuple[Command, ...] = (
    c.Adopt(definition=DEFINITION, author="founder-a"),
    c.Enrol(volunteer="v-1", tags=("党员", "senior"), place=PLACE, household="h-1"),
    c.Join(volunteer="v-1", team="repairs", since=DAY),
    c.Leave(volunteer="v-1", since=DAY, team="repairs"),
    c.Submit(
        volunteer="v-1",
        activity="park",
        intervals=INTERVALS,
        team="repairs",
        evidence=Evidence.MAKE_UP,
        source="三月签到表.csv 第 7 行",
    ),
    c.Approve(record="r-1"),
    c.Reject(record="r-1", reason=REASON),
    c.Void(record="r-1", reason=REASON),
    c.Reverse(record="r-1", reason=REASON),
    c.Correct(record="r-1", intervals=INTERVALS, requested_by="leader", reason=REASON, activity="cinema"),
    c.Redeem(volunteer="v-1", item="rice", quantity=2, held_until=ENDS),
    c.Collect(redemption="x-1", collector="v-2", relation="女儿"),
    c.Cancel(redemption="x-1", reason=REASON),
    c.Lapse(redemption="x-1"),
    c.Return(redemption="x-1", reason=REASON, quantity=1, damaged=True),
    c.ReceiveStock(item="rice", quantity=10, best_before=ENDS),
    c.WriteOffStock(item="rice", quantity=1, reason=REASON),
    c.CountStock(item="rice", counted=9, reason=REASON),
    c.Expire(volunteer="v-1", currency="culture"),
    c.Transfer(giver="v-1", receiver="v-2", points=5, currency="culture"),
    c.Adjust(volunteer="v-1", points=-5, requested_by="founder-a", reason=REASON, currency="culture"),
    c.OpenBalance(
        volunteer="v-1", requested_by="founder-a", reason=REASON, points=5, minutes=60, currency="culture", ends=ENDS
    ),
    c.ClosePeriod(until=DAY),
)

FACTS: tuple[Fact, ...] = (
    e.ProgrammeAdopted(
        name="赛罕社区",
        calendar=CALENDAR,
        author="founder-a",
        founders=("founder-a", "founder-b"),
        structure=STRUCTURE,
        currencies=CURRENCIES,
        duties=DUTIES,
        assumptions=("队伍名称待定",),
    ),
    e.RulebookAdopted(rulebook=RULEBOOK, hash=HASH, author="founder-a"),
    e.TeamFormed(team=TEAM),
    e.HouseholdFormed(household=HOUSEHOLD),
    e.PartnerAgreed(partner=PARTNER),
    e.ActivityListed(activity=ACTIVITY),
    e.ItemListed(item=ITEM),
    e.Withdrawn(subject="team:repairs"),
    e.PeriodClosed(until=DAY),
    e.Enrolled(volunteer="v-1", tags=("党员",), place=PLACE, household="h-1"),
    e.Described(volunteer="v-1", tags=(), place=PLACE, household=None),
    e.Joined(volunteer="v-1", team="repairs", since=DAY),
    e.Left(volunteer="v-1", since=DAY, team="repairs"),
    e.Submitted(
        record="r-1",
        volunteer="v-1",
        activity="park",
        intervals=INTERVALS,
        team="repairs",
        evidence=Evidence.MAKE_UP,
        source="三月签到表.csv 第 7 行",
    ),
    e.Approved(record="r-1", volunteer="v-1"),
    e.Rejected(record="r-1", volunteer="v-1", reason=REASON),
    e.Voided(record="r-1", volunteer="v-1", reason=REASON),
    e.Awarded(
        record="r-1",
        volunteer="v-1",
        activity="park",
        rulebook="2026",
        rulebook_hash=HASH,
        currency="culture",
        points=340,
        minutes=200,
        lot=ENDS,
        working=STEPS,
    ),
    e.NotAwarded(
        record="r-1",
        volunteer="v-1",
        activity="park",
        rulebook="2026",
        rulebook_hash=HASH,
        minutes=200,
        because="no_rule_fits",
        working=STEPS,
    ),
    e.Reversed(record="r-1", volunteer="v-1", entry="e-1", reason=REASON, room=("daily", "monthly")),
    e.Corrected(
        record="r-1",
        volunteer="v-1",
        activity="park",
        intervals=INTERVALS,
        revision=2,
        requested_by="leader",
        reason=REASON,
        team="repairs",
        evidence=Evidence.SELF,
    ),
    e.Repaid(volunteer="v-1", currency="culture", points=20),
    e.Expired(volunteer="v-1", currency="culture", points=20),
    e.Extended(volunteer="v-1", currency="culture", until=ENDS, points=20),
    e.Transferred(giver="v-1", receiver="v-2", currency="culture", points=20),
    e.Adjusted(volunteer="v-1", currency="culture", points=-20, requested_by="founder-a", reason=REASON, lot=ENDS),
    e.BalanceOpened(
        volunteer="v-1", currency="culture", points=20, minutes=60, requested_by="founder-a", reason=REASON, lot=ENDS
    ),
    e.Held(
        redemption="x-1",
        volunteer="v-1",
        item="rice",
        partner="grain",
        quantity=2,
        price=10,
        currency="culture",
        points=20,
        held_until=ENDS,
        rulebook="2026",
    ),
    e.Collected(redemption="x-1", volunteer="v-1", collector="v-2", relation="女儿"),
    e.Cancelled(redemption="x-1", volunteer="v-1", reason=REASON),
    e.Lapsed(redemption="x-1", volunteer="v-1"),
    e.Returned(redemption="x-1", volunteer="v-1", quantity=1, points=10, reason=REASON, damaged=True),
    e.StockReceived(item="rice", quantity=10, best_before=ENDS),
    e.StockWrittenOff(item="rice", quantity=1, reason=REASON),
    e.StockCounted(item="rice", counted=9, difference=-1, reason=REASON),
)

POSTINGS = (
    Posting(Account("volunteer:v-1", Purpose.ISSUED, "park"), "culture", -340, None, DAY),
    Posting(Account("volunteer:v-1", Purpose.AVAILABLE), "culture", 340, ENDS, DAY),
    Posting(Account("item:rice", Purpose.ON_HAND, "grain"), "item:rice", -(10**15), ENDS, DAY),
    Posting(Account("volunteer:v-1", Purpose.HELD, "x-1"), "item:rice", 10**15, ENDS, DAY),
)


def entry(fact: Fact, number: int = 1) -> Entry:
    """An entry that carries a fact."""
    return Entry(
        ledger="saihan",
        key="签到表 7",
        number=number,
        count=len(FACTS),
        digest=HASH,
        actor="founder-b",
        booked_at=NOON,
        fact=fact,
        about=("volunteer:v-1", "programme"),
        on=DAY,
        postings=POSTINGS if number % 2 else (),
    )


ENTRIES = tuple(entry(fact, number) for number, fact in enumerate(FACTS, start=1))
