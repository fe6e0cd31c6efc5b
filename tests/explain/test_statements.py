"""The lines of a statement add up to the balance, whatever happened."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.explain.happenings import (
    CHINESE,
    ENDS,
    LANGS,
    REASON,
    approved,
    eventful,
    fact_of,
    held,
    known,
    plain_rules,
    stocked,
)
from tests.histories import History, at, begun
from volunteer_points import commands as c
from volunteer_points.books import Moved
from volunteer_points.decisions.case import available, debt
from volunteer_points.entries import Approved, Corrected, Held, Submitted
from volunteer_points.errors import Corrupt, Refused
from volunteer_points.explain import describe, explain_award, explain_redemption, sentence, statement
from volunteer_points.explain.templates import Lang
from volunteer_points.model import Interval
from volunteer_points.postings import Purpose, volunteer_holder
from volunteer_points.rules import MINUTES


def test_a_statement_shows_every_change_and_what_there_is_besides() -> None:
    history = stocked()
    soon = at("2026-06-01T00:00")
    history.run(
        c.OpenBalance(volunteer="v-1", points=7, minutes=30, requested_by="founder-b", reason=REASON, ends=soon)
    )
    history.run(c.Collect(redemption=held(history)), actor="shop")
    held(history, "haircut")
    found = statement(history.entries, "v-1", history.frame)
    assert found.text("en", known).splitlines() == [
        "Statement of 张三, points",
        "                          0  Balance brought forward",
        (
            "  2026-03-14 12:06  +23  23  23 points awarded for 140 min of 公园清洁 on 14 Mar 2026, by rulebook 2026;"
            " usable until the end of 31 Dec 2027"
        ),
        (
            "  2026-03-14 12:07   +7  30  7 points, 30 min brought over: said_so; asked for by founder-b, approved by"
            " founder-a; usable until the end of 31 May 2026"
        ),
        "  2026-03-14 12:08  -20  10  1 × 大米 held, 20 points, until the end of 28 Mar 2026",
        f"  2026-03-14 12:09    0  10  Redemption {redeemed(history)} (大米) collected, handed over by shop",
        "  2026-03-14 12:10   -5   5  1 × haircut held, 5 points, until the end of 28 Mar 2026",
        "Balance: 5 points",
        "  of these 5 points, usable until the end of 31 Dec 2027",
        "Held for redemptions: 5 points",
        "Time served: 2 h 50 min",
    ]
    chinese = found.text("zh", known).splitlines()
    assert chinese[0] == "张三 的对账单（积分）"
    assert chinese[-4:] == [
        "余额：5 积分",
        "  其中 5 积分，有效至 2027年12月31日（含当日）",
        "预留中：5 积分",
        "服务时间：2 小时 50 分钟",
    ]


def redeemed(history: History) -> str:
    return next(entry.fact.redemption for entry in history.entries if isinstance(entry.fact, Held))


def test_a_statement_names_all_ends_with_their_amounts_the_soonest_first() -> None:
    history = stocked()
    for points, ends in ((7, at("2026-06-01T00:00")), (5, at("2026-04-01T00:00"))):
        history.run(c.OpenBalance(volunteer="v-1", points=points, requested_by="founder-b", reason=REASON, ends=ends))
    found = statement(history.entries, "v-1", history.frame)
    assert [(lot, amount) for lot, amount in found.lots if lot is not None] == [
        (at("2026-04-01T00:00"), 5),
        (at("2026-06-01T00:00"), 7),
        (ENDS, 23),
    ]


def test_what_has_ended_and_is_not_yet_removed_is_told_apart() -> None:
    history = stocked()
    before = statement(history.entries, "v-1", history.frame, at=ENDS - timedelta(seconds=1))
    ended = statement(history.entries, "v-1", history.frame, at=ENDS)
    assert (before.usable, before.ended) == (23, 0)
    assert (ended.usable, ended.ended, ended.closing.available) == (0, 23, 23)
    assert "of these 23 points have ended and cannot be used" in ended.text("en")
    assert ended.plain()["lots"] == [{"ends": "2027-12-31T16:00:00.000000Z", "amount": 23, "ended": True}]


def test_a_debt_is_told_as_what_is_owed() -> None:
    history = stocked()
    record = next(entry.fact.record for entry in history.entries if isinstance(entry.fact, Approved))
    held(history)
    history.run(c.Reverse(record=record, reason=REASON), actor="checker")
    found = statement(history.entries, "v-1", history.frame)
    assert (found.closing.available, found.closing.held, found.closing.debt) == (0, 20, -20)
    assert "Owed, paid from the next credits: 20 points" in found.text("en")


def test_a_record_without_points_is_a_line_that_changes_nothing() -> None:
    history = begun()
    approved(history, "2026-03-14T00:00", "2026-03-14T08:30")
    approved(history, "2026-03-14T09:00", "2026-03-14T10:00")
    found = statement(history.entries, "v-1", history.frame)
    assert [(line.entry.kind, line.change.available, line.change.minutes) for line in found.lines] == [
        ("Awarded", 80, 510),
        ("NotAwarded", 0, 60),
    ]
    assert found.closing.minutes == 570


def test_a_statement_in_another_currency_has_its_own_lines_and_decimals() -> None:
    history = begun()
    history.run(c.Adjust(volunteer="v-1", points=81, requested_by="founder-b", reason=REASON, currency="culture"))
    history.run(c.Adjust(volunteer="v-1", points=7, requested_by="founder-b", reason=REASON))
    ticket = held(history, "ticket")
    found = statement(history.entries, "v-1", history.frame, "culture")
    assert [line.change.available for line in found.lines] == [81, -25]
    assert "  -2.5  5.6  1 × ticket held, 2.5 culture" in found.text("en")
    assert "文化分" in found.text("zh").splitlines()[0]
    assert found.plain()["decimals"] == 1
    assert ticket in statement(history.entries, "v-1", history.frame, "culture").lines[-1].entry.about[0]


def test_a_statement_in_a_currency_that_is_not_there_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        statement([], "v-1", begun().frame, "gold")
    assert caught.value.code == "unknown_currency"


def test_a_statement_of_nothing_is_empty() -> None:
    found = statement([], "v-1", begun().frame)
    assert (found.lines, found.lots, found.at, found.closing.available) == ((), (), None, 0)
    assert found.text("en").splitlines()[1].split() == ["0", "Balance", "brought", "forward"]


def test_a_statement_is_json_with_the_words_of_both_languages() -> None:
    found = statement(
        eventful().entries, "v-1", eventful().frame, since=date(2026, 3, 14), until=date(2026, 4, 2)
    ).plain(known)
    assert json.loads(json.dumps(found)) == found
    assert (found["since"], found["until"]) == ("2026-03-14", "2026-04-02")
    line = next(line for line in found["lines"] if line["kind"] == "Awarded")
    assert line["change"] == {"available": 23, "held": 0, "debt": 0, "minutes": 140, "pending": 0}
    assert line["words"]["en"].startswith("23 points awarded for 140 min of 公园清洁")
    assert line["words"]["zh"].startswith("获得 23 积分：")
    assert {"entry", "booked_at", "day", "balance"} <= set(line)


def test_a_statement_that_does_not_add_up_cannot_be_made() -> None:
    found = statement(eventful().entries, "v-1", eventful().frame)
    more = attrs.evolve(found.closing, held=found.closing.held + 1)
    for changes in ({"lines": found.lines[1:]}, {"lots": found.lots[1:]}, {"closing": more}, {"opening": more}):
        with pytest.raises(Corrupt) as caught:
            attrs.evolve(found, **changes)
        assert caught.value.code == "statement_uneven"
        assert CHINESE.search(sentence(caught.value, "zh"))


def test_without_an_instant_lots_count_as_ended_by_the_last_booking() -> None:
    history = stocked()
    history.run(c.Enrol(volunteer="v-3"), at=ENDS)
    history.run(c.Enrol(volunteer="v-4"), at=at("2027-05-01T00:00"))
    found = statement(history.entries, "v-1", history.frame)
    assert (found.at, found.ended) == (ENDS, 23)
    earlier = statement(history.entries, "v-1", history.frame, until=date(2027, 12, 31))
    assert (earlier.at, earlier.ended) == (at("2027-05-01T00:00"), 0)


# --- over many histories ---------------------------------------------------------------------------------------------

VOLUNTEERS = ("v-1", "v-2")
SERVICE = ("serve", "serve", "reverse", "correct")
COUNTER = ("redeem", "redeem", "redeem", "collect", "collect", "cancel", "give_back")
POINTS = ("adjust", "transfer", "open", "expire", "wait")
actions = st.tuples(
    st.sampled_from((*SERVICE, *COUNTER, *POINTS)),
    st.sampled_from(VOLUNTEERS),
    st.integers(1, 60),
    st.integers(0, 5),
)
lives = st.lists(actions, min_size=8, max_size=40)


class Life:
    """A history that lives through what is drawn; what is refused is left out."""

    def __init__(self) -> None:
        self.history = begun(plain_rules())
        self.history.run(c.ReceiveStock(item="rice", quantity=20), actor="shop")
        for volunteer in VOLUNTEERS:
            self._open(volunteer, 60, 3)
        self.records: list[str] = []
        self.redemptions: list[str] = []

    def act(self, name: str, volunteer: str, amount: int, which: int) -> None:
        with suppress(Refused):
            getattr(self, f"_{name}")(volunteer, amount, which)

    def _serve(self, volunteer: str, amount: int, which: int) -> None:
        end = self.history.now - timedelta(hours=which)
        interval = Interval(begin=end - timedelta(minutes=10 * amount), end=end)
        command = c.Submit(volunteer=volunteer, activity=("park", "repair")[which % 2], intervals=(interval,))
        self.records.append(fact_of(self.history.run(command, actor="leader"), Submitted).record)
        self.history.run(c.Approve(record=self.records[-1]), actor="checker")

    def _redeem(self, volunteer: str, amount: int, which: int) -> None:
        item = ("rice", "haircut", "ticket")[which % 3]
        self.redemptions.append(held(self.history, item, 1 + amount // 30, volunteer))

    def _collect(self, _volunteer: str, _amount: int, which: int) -> None:
        if self.redemptions:
            self.history.run(c.Collect(redemption=self.redemptions[-which % len(self.redemptions)]), actor="shop")

    def _cancel(self, _volunteer: str, _amount: int, which: int) -> None:
        if self.redemptions:
            command = c.Cancel(redemption=self.redemptions[-which % len(self.redemptions)], reason=REASON)
            self.history.run(command, actor="leader")

    def _give_back(self, _volunteer: str, amount: int, which: int) -> None:
        if self.redemptions:
            redemption = self.redemptions[-which % len(self.redemptions)]
            quantity = 1 if amount % 2 else None
            self.history.run(c.Return(redemption=redemption, reason=REASON, quantity=quantity), actor="shop")

    def _reverse(self, _volunteer: str, _amount: int, which: int) -> None:
        if self.records:
            command = c.Reverse(record=self.records[-which % len(self.records)], reason=REASON)
            self.history.run(command, actor="checker")

    def _correct(self, _volunteer: str, amount: int, which: int) -> None:
        if self.records:
            record = self.records[-which % len(self.records)]
            said = next(
                entry.fact
                for entry in reversed(self.history.about(f"record:{record}"))
                if isinstance(entry.fact, Submitted | Corrected)
            )
            begin = said.intervals[0].begin
            interval = Interval(begin=begin, end=begin + timedelta(minutes=amount))
            command = c.Correct(record=record, intervals=(interval,), requested_by="leader", reason=REASON)
            self.history.run(command, actor="checker")

    def _adjust(self, volunteer: str, amount: int, which: int) -> None:
        points, currency = amount if which % 2 else -amount, ("points", "culture")[which % 3 == 1]
        self.history.run(
            c.Adjust(volunteer=volunteer, points=points, requested_by="founder-b", reason=REASON, currency=currency)
        )

    def _transfer(self, volunteer: str, amount: int, _which: int) -> None:
        [receiver] = {*VOLUNTEERS} - {volunteer}
        self.history.run(c.Transfer(giver=volunteer, receiver=receiver, points=amount), actor=volunteer)

    def _open(self, volunteer: str, amount: int, which: int) -> None:
        ends = self.history.now + timedelta(days=20 * which) if which else None
        command = c.OpenBalance(
            volunteer=volunteer, points=amount, minutes=which, requested_by="founder-b", reason=REASON, ends=ends
        )
        self.history.run(command)

    def _expire(self, volunteer: str, _amount: int, _which: int) -> None:
        self.history.run(c.Expire(volunteer=volunteer))

    def _wait(self, _volunteer: str, amount: int, which: int) -> None:
        self.history.now += timedelta(days=amount * (which + 1) // 3)


def lived(steps: list[tuple[str, str, int, int]]) -> History:
    life = Life()
    for step in steps:
        life.act(*step)
    return life.history


@given(lives, st.sampled_from(VOLUNTEERS), st.sampled_from(["points", "culture"]))
def test_a_statement_agrees_with_what_the_entries_add_up_to(
    steps: list[tuple[str, str, int, int]], volunteer: str, currency: str
) -> None:
    history = lived(steps)
    found = statement(history.entries, volunteer, history.frame, currency)
    holder, ask = volunteer_holder(volunteer), history.tally.answer
    assert dict(found.lots) == ask(available(volunteer, currency))
    assert found.closing.debt == sum(ask(debt(volunteer, currency)).values())
    assert found.closing.held == ask(Moved(holder, Purpose.HELD, currency))
    assert found.closing.minutes == ask(Moved(holder, Purpose.SERVED, MINUTES))
    assert sum(line.change.available for line in found.lines) == found.closing.available
    touched = {
        entry.id
        for entry in history.entries
        if any(
            posting.account.holder == holder
            and posting.account.purpose in {Purpose.AVAILABLE, Purpose.HELD, Purpose.DEBT}
            and posting.unit == currency
            for posting in entry.postings
        )
    }
    assert touched <= {line.entry.id for line in found.lines}


@given(lives, st.sampled_from(VOLUNTEERS), st.integers(0, 200), st.integers(0, 200))
def test_statements_of_stretches_that_follow_one_another_carry_the_balance_forward(
    steps: list[tuple[str, str, int, int]], volunteer: str, first: int, more: int
) -> None:
    history = lived(steps)
    one = date(2026, 3, 14) + timedelta(days=first)
    two = one + timedelta(days=more)
    parts = [
        statement(history.entries, volunteer, history.frame, since=since, until=until)
        for since, until in ((None, one), (one, two), (two, None))
    ]
    whole = statement(history.entries, volunteer, history.frame)
    assert [part.opening for part in parts[1:]] == [part.closing for part in parts[:-1]]
    assert parts[-1].closing == whole.closing
    assert [line.entry.id for part in parts for line in part.lines] == [line.entry.id for line in whole.lines]
    days = [history.frame.calendar.day(line.entry.booked_at) for line in parts[1].lines]
    assert all(one <= day < two for day in days)


@pytest.mark.slow
@given(lives, st.sampled_from(LANGS))
def test_everything_that_was_written_can_be_told(steps: list[tuple[str, str, int, int]], lang: Lang) -> None:
    history = lived(steps)
    for entry in history.entries:
        assert describe(entry, lang, frame=history.frame)
        assert describe(entry, lang)
    for subject in {subject for entry in history.entries for subject in entry.about}:
        if subject.startswith("record:"):
            assert explain_award(history.about(subject), history.frame, lang).text()
        if subject.startswith("redemption:"):
            assert explain_redemption(history.about(subject), history.frame, lang).text()
    for volunteer in VOLUNTEERS:
        assert statement(history.entries, volunteer, history.frame).text(lang)
