from datetime import UTC, date, time, timedelta
from fractions import Fraction

import attrs
import pytest
from hypothesis import given

from tests.audit.defects import say
from tests.audit.ledgers import (
    APPROVER,
    AUTHOR,
    CHECKER,
    LEADER,
    REASON,
    SHOP,
    History,
    by_inactivity,
    everything,
    moment,
    one_month,
)
from tests.audit.random_histories import histories
from volunteer_points import commands as c
from volunteer_points.audit import Report, audit
from volunteer_points.entries import Awarded
from volunteer_points.errors import Refused
from volunteer_points.model import Activity, Calendar, Duty, Evidence, Interval, Right, Slot, Team, TeamStructure
from volunteer_points.rules import Accrual, Cap, Multiplier, When
from volunteer_points.testing.programmes import small_programme
from volunteer_points.what_if import Trial, what_if


def audited(history: History) -> Report:
    report = audit(history.ledger(), as_of=history.now)
    assert report.findings == (), report.text()
    return report


@given(histories())
def test_whatever_the_library_let_through_is_clean(history: History) -> None:
    report = audited(history)
    assert report.exit_code == 0
    for rolled in (*report.programme, *report.members):
        assert rolled.expected == rolled.closing


def test_every_check_examines_something_in_a_month_of_everything() -> None:
    report = audited(one_month())
    assert {check.status for check in report.checks} == {"pass"}
    assert all(check.examined for check in report.checks)
    [total] = report.programme
    assert total.lines == {
        "opening": 31,
        "earned": 224,
        "reversed": 77,
        "redeemed": 60,
        "returned": 40,
        "expired": 0,
        "adjusted": 12,
        "transferred": 0,
        "donated": 0,
        "endowed": 0,
        "paid": 0,
    }
    assert (total.expected, total.parts) == (170, {"available": 163, "held": 7, "debt": 0, "pending": 0})


def test_a_month_with_notices_funds_streams_and_special_prices_is_clean() -> None:
    report = audited(everything())
    kinds = {entry.kind for entry in everything().entries}
    assert kinds >= {"Confirmed", "Donated", "Endowed", "Expired", "Reversed"}
    honour, points = report.programme
    assert (points.lines["endowed"], points.lines["paid"], points.lines["donated"]) == (50, 2, 0)
    assert points.parts["pending"] > 0
    assert (honour.lines["expired"] > 0, honour.expected) == (True, honour.closing)
    [fund] = [each for each in report.members if each.holder == "fund:care"]
    assert (fund.lines["endowed"], fund.lines["paid"], fund.lines["donated"]) == (50, 2, 3)
    assert "+ endowed 50" in report.text()
    assert "in public notice" in report.text()


def test_points_that_live_by_service_are_clean_and_whatever_prolongs_them_is_worked_out_again() -> None:
    history = by_inactivity()
    report = audited(history)
    written = [entry.kind for entry in history.entries]
    assert written.count("Prolonged") == 4
    assert report.check("VP105").examined == sum(
        written.count(kind) for kind in ("Awarded", "NotAwarded", "Confirmed", "Prolonged")
    )


def test_points_that_come_back_after_their_end_are_extended_and_the_totals_hold() -> None:
    history = History()
    history.enrol("v-1")
    history.run(c.ReceiveStock(item="rice", quantity=2), SHOP)
    ends = moment("2026-03-12 00:00")
    balance = c.OpenBalance(volunteer="v-1", points=50, ends=ends, requested_by=AUTHOR, reason=REASON)
    history.run(balance, APPROVER)
    redemption = history.hold("v-1", "rice")
    history.until("2026-03-13 10:00")
    kinds = [entry.kind for entry in history.run(c.Cancel(redemption=redemption, reason=REASON), LEADER)]
    assert kinds == ["Cancelled", "Extended"]
    history.run(c.Expire(volunteer="v-1"), LEADER)
    [total] = audited(history).programme
    assert (total.lines["opening"], total.lines["expired"], total.closing) == (50, 30, 20)


def test_an_award_that_expired_and_is_reversed_then_leaves_nothing_behind() -> None:
    history = History()
    history.enrol("v-1")
    history.until("2026-03-14 20:00")
    record = history.serve("v-1", "2026-03-14 09:00", 140)
    history.until("2026-10-01 20:00")
    history.run(c.Expire(volunteer="v-1"), LEADER)
    history.run(c.Reverse(record=record, reason=REASON), CHECKER)
    [total] = audited(history).programme
    assert (total.lines["earned"], total.lines["reversed"], total.lines["expired"], total.closing) == (35, 35, 0, 0)


@pytest.mark.parametrize("approver", ["alias", "v-7"])
def test_who_recorded_cannot_approve_under_another_name(approver: str) -> None:
    definition = small_programme()
    both = tuple(Duty(actor=actor, may=tuple(Right), volunteer="v-7") for actor in ("scribe", "alias"))
    history = History(attrs.evolve(definition, duties=(*definition.duties, *both, Duty(actor="v-7", may=tuple(Right)))))
    history.enrol("v-1")
    history.until("2026-03-14 20:00")
    record = history.submit("v-1", "2026-03-14 09:00", by="scribe")
    with pytest.raises(Refused, match="four eyes"):
        history.run(c.Approve(record=record), approver)
    history.run(c.Approve(record=record), CHECKER)
    audited(history)


def test_an_award_is_judged_by_what_was_known_of_activity_team_and_person_when_it_was_made() -> None:
    """Each of type, slot, tags and evidence turns the award, and each is changed after the first."""
    whens = {
        "type": When(activity_types=("hard",)),
        "slot": When(slots=("special",)),
        "tags": When(tags=("senior",)),
        "evidence": When(evidence=(Evidence.SUPERVISOR,)),
    }
    multipliers = tuple(
        Multiplier(id=name, times=Fraction(prime), when=when)
        for (name, when), prime in zip(whens.items(), (2, 3, 5, 7), strict=True)
    )
    [rulebook] = small_programme().rulebooks
    rulebook = attrs.evolve(rulebook, multipliers=multipliers, caps=())
    slots = (Slot(id="special"), Slot(id="standing"))
    first = attrs.evolve(
        small_programme(),
        structure=TeamStructure(label="free", slots=slots),
        rulebooks=(rulebook,),
        teams=(Team(id="t", name="T", slot="special"),),
        activities=(Activity(id="park", name="Park", type="hard", team="t"),),
    )
    second = attrs.evolve(
        first,
        teams=(Team(id="t", name="T", slot="standing"),),
        activities=(Activity(id="park", name="Park", type="easy", team="t"),),
    )
    history = History(first)
    history.run(c.Enrol(volunteer="v-1", tags=("senior",)), AUTHOR)
    history.until("2026-03-14 20:00")
    history.serve("v-1", "2026-03-14 09:00", 6)
    history.run(c.Enrol(volunteer="v-1"), AUTHOR)
    history.run(c.Adopt(definition=second, author=AUTHOR), APPROVER)
    history.serve("v-1", "2026-03-14 11:00", 6)
    awards = [entry.fact.points for entry in history.entries if isinstance(entry.fact, Awarded)]
    assert awards == [2 * 3 * 5 * 7, 7]
    audited(history)


def test_each_cap_has_its_own_window_for_each_activity_period_and_record() -> None:
    caps = (
        Cap(id="each", at_most=Fraction(30), each_activity=True),
        Cap(id="record", at_most=Fraction(25), per="record"),
        Cap(id="month", at_most=Fraction(300), of="minutes", per="month"),
    )
    [rulebook] = small_programme().rulebooks
    rulebook = attrs.evolve(rulebook, caps=caps, multipliers=())
    history = History(attrs.evolve(small_programme(), rulebooks=(rulebook,)))
    history.enrol("v-1")
    history.until("2026-03-15 22:00")
    history.serve("v-1", "2026-03-14 08:00", 140)
    history.serve("v-1", "2026-03-14 11:00", 140, activity="cinema")
    history.serve("v-1", "2026-03-15 08:00", 200)
    history.until("2026-04-01 22:00")
    history.serve("v-1", "2026-04-01 08:00", 200)
    assert [entry.fact.points for entry in history.entries if isinstance(entry.fact, Awarded)] == [23, 23, 3, 25]
    assert audited(history).check("VP106").examined == 4


@pytest.mark.parametrize(
    "zone, starts_at, day, minutes",
    [
        ("Asia/Shanghai", "00:00", "2026-03-14", 1440),
        ("Asia/Shanghai", "04:30", "2026-03-14", 1440),
        ("Europe/Berlin", "00:00", "2026-03-29", 1380),
        ("Europe/Berlin", "00:00", "2026-10-25", 1500),
    ],
)
def test_a_day_can_be_filled_to_its_last_minute_and_a_watch_may_last_longer(
    zone: str, starts_at: str, day: str, minutes: int
) -> None:
    calendar = Calendar(zone=zone, day_starts_at=time.fromisoformat(starts_at))
    history = History(attrs.evolve(small_programme(), calendar=calendar))
    history.enrol("v-1", "v-2")
    begin = calendar.start_of(date.fromisoformat(day)).astimezone(UTC)
    history.until("2026-11-01 20:00")
    whole = Interval(begin=begin, end=begin + timedelta(minutes=minutes))
    watch = Interval(begin=begin + timedelta(minutes=600), end=begin + timedelta(minutes=600 + 1800))
    for volunteer, served in (("v-1", whole), ("v-2", watch)):
        history.run(c.Submit(volunteer=volunteer, activity="park", intervals=(served,)), LEADER)
    audited(history)
    [full] = [at for at, each in enumerate(history.entries) if getattr(each.fact, "intervals", ()) == (whole,)]
    say(history.entries, full, intervals=(whole, Interval(begin=begin, end=begin + timedelta(minutes=1))))
    [finding] = audit(history.ledger()).findings
    assert (finding.check, finding.expected) == ("VP203", {"day": day, "at_most": minutes})
    assert finding.actual == {"minutes": minutes + 1}


def test_goods_that_are_no_longer_stocked_or_never_were_are_accounted_for() -> None:
    rice, soap, lunch = small_programme().catalogue
    turned = (rice, attrs.evolve(soap, stocked=False), attrs.evolve(lunch, stocked=True))
    history = History()
    history.enrol("v-1")
    history.run(c.ReceiveStock(item="soap", quantity=3), SHOP)
    balance = c.OpenBalance(volunteer="v-1", points=50, requested_by=AUTHOR, reason=REASON)
    history.run(balance, APPROVER)
    history.run(c.Cancel(redemption=history.hold("v-1", "lunch", 2), reason=REASON), LEADER)
    redemptions = [history.hold("v-1", "soap"), history.hold("v-1", "soap"), history.hold("v-1", "lunch")]
    history.run(c.Adopt(definition=attrs.evolve(small_programme(), catalogue=turned), author=AUTHOR), APPROVER)
    history.run(c.Cancel(redemption=redemptions[0], reason=REASON), LEADER)
    for redemption in redemptions[1:]:
        history.run(c.Collect(redemption=redemption), SHOP)
        history.run(c.Return(redemption=redemption, reason=REASON), SHOP)
    assert audited(history).check("VP506").examined == 2


def test_a_rulebook_that_was_adopted_between_two_awards_for_one_day_changes_the_second_alone() -> None:
    [first] = small_programme().rulebooks
    second = attrs.evolve(
        first,
        id="2026b",
        since=date(2026, 3, 12),
        accruals=(Accrual(id="hours", per_hour=Fraction(20)),),
        retroactive=True,
        retroactive_reason="decided by the residents",
    )
    history = History()
    history.enrol("v-1", "v-2")
    history.until("2026-03-13 20:00")
    history.serve("v-1", "2026-03-12 09:00", 60)
    seen = what_if(history.entries, Trial(rulebook=second, since=second.since)).reference
    definition = attrs.evolve(small_programme(), rulebooks=(first, second))
    history.run(c.Adopt(definition=definition, author=AUTHOR, what_if=seen), APPROVER)
    history.serve("v-2", "2026-03-12 09:00", 60)
    awards = [entry.fact for entry in history.entries if isinstance(entry.fact, Awarded)]
    assert [(award.rulebook, award.points) for award in awards] == [("2026", 10), ("2026b", 20)]
    assert audited(history).check("VP104").examined == 4
