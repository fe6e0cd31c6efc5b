"""From a park clean-up to a bag of rice to a forged award, on a fresh ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from volunteer_points.audit import Report, audit
from volunteer_points.books import About, Moved
from volunteer_points.commands import Adopt, Approve, Cancel, Collect, Enrol, ReceiveStock, Redeem, Reverse, Submit
from volunteer_points.demo.forging import forged
from volunteer_points.demo.places import Places
from volunteer_points.demo.telling import Beat, Clock, Grid, Heading, Sentence, Teller, instant, shortened
from volunteer_points.entries import (
    Awarded,
    Entry,
    Held,
    Purpose,
    Submitted,
    item_unit,
    record_subject,
    volunteer_holder,
)
from volunteer_points.errors import Refused
from volunteer_points.explain import Lang, explain_award
from volunteer_points.model import Interval, Reason
from volunteer_points.people import Register
from volunteer_points.programme import Order, Programme
from volunteer_points.programme_file import loads
from volunteer_points.storage.sql import SqlStore

AUTHOR, FOUNDER = "secretary", "director"
LEADER, CHECKER, SHOP = "leader", "checker", "shop"
PARK, RICE = "park-cleanup", "rice"
PAIR = (("赵甲", "10000000001"), ("钱乙", "10000000002"))


class Story:
    """The story, told while it happens; afterwards its ledger and two forged copies lie in the folder."""

    def __init__(self, places: Places, language: Lang) -> None:
        self._places = places
        self._language: Lang = language
        self._clock = Clock("2026-03-14T08:00")
        self.ledger = places / "story.db"
        self.forged = places / "story-forged.db"
        self.forged_carefully = places / "story-forged-carefully.db"

    def __iter__(self) -> Iterator[Beat]:
        with ExitStack() as opened:
            store = opened.enter_context(SqlStore.open(self.ledger, "story"))
            self._register = opened.enter_context(Register.open(self._places / "story.people.db"))
            self._programme = Programme(store, clock=self._clock)
            self._begin()
            self._teller = Teller(self._programme, self._register, self._language)
            for scene in (self._rules, self._saturday, self._rice, self._audit, self._wrong_person):
                yield from scene()
        yield from self._forgery()

    def _begin(self) -> None:
        definition = loads(self._places.programme)
        self._programme.execute(Adopt(definition=definition, author=AUTHOR), actor=FOUNDER)
        people = [self._register.add(name, phone) for name, phone in PAIR]
        self.one, self.other = (person.id for person in people)
        self._programme.execute_many(Order(command=Enrol(volunteer=person.id), actor=FOUNDER) for person in people)
        self._programme.execute(ReceiveStock(item=RICE, quantity=2), actor=SHOP)

    # --- scenes ----------------------------------------------------------------------------------------------------

    def _rules(self) -> Iterator[Beat]:
        say, calendar = self._teller.say, self._teller.frame.calendar
        today = calendar.day(self._clock())
        rulebook = self._teller.frame.rulebook_on(today)
        ends = rulebook.expiry.ends(today, calendar)
        last = calendar.local(ends).date() if ends else None
        rate, cap, item = rulebook.accruals[0].per_hour, rulebook.caps[0].at_most, self._programme.item(RICE)
        yield Heading(say("A Saturday in the park", "公园里的一个周六"))
        yield Sentence(
            say(
                f"The rules: {rate} points an hour, whole points, rounded {rulebook.rounding.direction}, at most {cap} a day; "
                f"points of this year end when {last} begins.",
                f"办法：每小时 {rate} 分，舍去不足 1 分的部分，每人每天最多 {cap} 分；今年的积分到 {last} 零点为止。",
            )
        )
        shelf = sum(self._programme.stock(RICE).values())
        yield Sentence(
            say(
                f"On the shelf: {shelf} bags of {item.name}, {item.price_on(today)} points each.",
                f"货架上：{item.name} {shelf} 袋，每袋 {item.price_on(today)} 分。",
            )
        )

    def _saturday(self) -> Iterator[Beat]:
        say = self._teller.say
        names = say(" and ", "、").join(name for name, _ in PAIR)
        records = [self._recorded(who, "2026-03-14T09:00", "2026-03-14T11:20") for who in (self.one, self.other)]
        said = self._programme.record(records[0]).said.intervals[0]
        begin, end = self._teller.clock(said.begin), self._teller.clock(said.end)[-5:]
        yield Sentence(
            say(
                f"The leader records {names}, {begin}-{end}, and tries to approve it too:",
                f"队长登记了 {names} 的公园清洁，{begin}-{end}，并想自己审核：",
            )
        )
        yield self._refused(Approve(record=records[0]), LEADER)
        self.awards = [self._approved(record) for record in records]
        for award in self.awards:
            fact = award.fact
            assert isinstance(fact, Awarded)  # noqa: S101 - narrows the type
            name = self._teller.name(fact.volunteer)
            yield Sentence(
                say(
                    f"Somebody else approves: {name}, {fact.minutes} min = {fact.points} points.",
                    f"由另一人审核通过：{name}，{fact.minutes} 分钟 = {fact.points} 分。",
                ),
                "good",
            )
        yield from self._why(records[0])

    def _why(self, record: str) -> Iterator[Beat]:
        kinds = ("Submitted", "Approved", "Awarded")
        entries = self._programme.ask(About(record_subject(record), kinds))
        told = explain_award(entries, self._teller.frame, self._language, self._teller.names)
        for line in told.text().splitlines():
            yield Sentence(line, "aside")

    def _rice(self) -> Iterator[Beat]:
        say, one, other = self._teller.say, self._teller.name(self.one), self._teller.name(self.other)
        yield Heading(say("A bag of rice", "一袋大米"))
        held = self._held(self.one)
        code = self._register.issue_code(held.redemption, held.held_until)
        yield Sentence(
            say(f"{one} holds a bag and gets the code {code}.", f"{one} 预留一袋，领取码 {code}。"), "good"
        )
        yield self._standing(self.one, held)
        self._programme.execute(Collect(redemption=self._register.redemption_for(code)), actor=SHOP)
        yield Sentence(say("The shop checks the code: collected. It scans it again:", "粮油店核对领取码：已领取。再扫一次："), "good")
        yield self._refused(Collect(redemption=self._register.redemption_for(code)), SHOP)
        yield Sentence(say(f"{one} asks for another bag:", f"{one} 还想要一袋："))
        yield self._refused(Redeem(volunteer=self.one, item=RICE), LEADER)
        held = self._held(self.other)
        yield Sentence(say(f"{other} holds a bag as well, and thinks better of it:", f"{other} 也预留了一袋，后来改了主意："))
        yield self._standing(self.other, held)
        self._programme.execute(Cancel(redemption=held.redemption, reason=Reason(code="changed_mind")), actor=LEADER)
        yield self._standing(self.other, held)

    def _standing(self, volunteer: str, held: Held) -> Grid:
        """Points and goods as the books have them."""
        say, balance = self._teller.say, self._programme.balance(volunteer)
        lots = ", ".join(
            f"{amount} → {self._teller.clock(lot) if lot else '∞'}" for lot, amount in balance.lots.items()
        )
        holder = volunteer_holder(volunteer)
        reserved = self._programme.ask(Moved(holder, Purpose.HELD, item_unit(RICE), held.redemption))
        shelf = sum(self._programme.stock(RICE).values())
        headings = (
            say("Who", "姓名"),
            say("Available", "可用"),
            say("Held", "预留"),
            say("Lots", "批次"),
            say("Bags on the shelf", "货架"),
            say("Reserved", "已预留"),
        )
        row = (self._teller.name(volunteer), str(balance.available), str(balance.held), lots, str(shelf), str(reserved))
        return Grid(headings, (row,), right=(1, 2, 4, 5))

    def _audit(self) -> Iterator[Beat]:
        say = self._teller.say
        report = audit(self._programme.store)
        yield Heading(say("The audit", "审计"))
        yield Sentence(
            say(
                f"{len(report.checks)} checks over {report.source.entries} entries: exit {report.exit_code}, "
                f"{'clean' if not report.findings else 'not clean'}.",
                f"对 {report.source.entries} 条分录做 {len(report.checks)} 项检查：退出码 {report.exit_code}，"
                f"{'没有问题' if not report.findings else '有问题'}。",
            ),
            "good" if not report.exit_code else "bad",
        )
        yield Sentence(self._sum(report), "good")

    def _sum(self, report: Report) -> str:
        [total] = report.programme
        lines, members = total.lines, [str(each.closing) for each in report.members if each.closing]
        parts = " + ".join(sorted(members, key=int))
        figures = f"{lines['opening']} + {lines['earned']} - {lines['redeemed']} = {total.closing} = {parts}"
        return self._teller.say(f"Brought over + earned - redeemed: {figures}", f"结转 + 发放 - 兑换：{figures}")

    def _wrong_person(self) -> Iterator[Beat]:
        say, name = self._teller.say, self._teller.name(self.one)
        yield Heading(say("The wrong person", "认错了人"))
        first = self.awards[0].fact
        assert isinstance(first, Awarded)  # noqa: S101 - narrows the type
        before = self._programme.balance(self.one)
        self._clock.set("2026-03-15T08:00")
        self._programme.execute(Reverse(record=first.record, reason=Reason(code="wrong_person")), actor=CHECKER)
        after = self._programme.balance(self.one)
        yield Sentence(
            say(
                f"The award of {name} is reversed, though {first.points - before.available} points are spent: "
                f"{before.available - after.available} come back, debt {-after.debt}.",
                f"{name} 的积分被冲正，其中 {first.points - before.available} 分已经花掉：收回 {before.available - after.available} 分，"
                f"欠 {-after.debt} 分。",
            ),
            "good",
        )
        self._clock.set("2026-03-15T18:00")
        award = self._approved(self._recorded(self.one, "2026-03-15T09:00", "2026-03-15T12:00")).fact
        assert isinstance(award, Awarded)  # noqa: S101 - narrows the type
        balance = self._programme.balance(self.one)
        yield Sentence(
            say(
                f"On Sunday {name} earns {award.points}, the debt is repaid first: {balance.available} available, "
                f"debt {-balance.debt}.",
                f"周日 {name} 又得 {award.points} 分，先还欠分：可用 {balance.available} 分，欠 {-balance.debt} 分。",
            ),
            "good",
        )

    def _forgery(self) -> Iterator[Beat]:
        say, award = self._teller.say, self.awards[1]
        fact = award.fact
        assert isinstance(fact, Awarded)  # noqa: S101 - narrows the type
        points = 2 * fact.points
        yield Heading(say("Behind the library's back", "绕过系统改账"))
        yield Sentence(
            say(
                f"On a copy, somebody drops the triggers and changes the award {award.id} from {fact.points} to {points}:",
                f"有人在一份副本上删掉触发器，把积分发放 {award.id} 从 {fact.points} 改成 {points}：",
            )
        )
        forged(self.ledger, self.forged, award, points)
        yield from self._found(self.forged)
        yield Sentence(
            say(
                "Somebody more careful also changes the postings, the hash, the index and the balance until all agree:",
                "更细心的人把分录明细、哈希、索引和余额也一并改得彼此相符：",
            )
        )
        forged(self.ledger, self.forged_carefully, award, points, carefully=True)
        yield from self._found(self.forged_carefully)

    def _found(self, place: Path) -> Iterator[Beat]:
        with SqlStore.open(place, create=False, read_only=True) as store:
            report = audit(store)
        for finding in report.findings:
            said = finding.message(self._language)
            if {"points"} <= finding.expected.keys() & finding.actual.keys():
                entry, expected, actual = finding.evidence[-1].entry, finding.expected["points"], finding.actual["points"]
                said = self._teller.say(
                    f"entry {entry}: expected {expected} points, found {actual}; {said}",
                    f"分录 {entry}：应为 {expected} 分，实为 {actual} 分；{said}",
                )
            yield Sentence(f"{finding.check} {shortened(said)}", "bad")
        yield Sentence(self._teller.say(f"exit {report.exit_code}", f"退出码 {report.exit_code}"), "bad")

    # --- steps -----------------------------------------------------------------------------------------------------

    def _recorded(self, volunteer: str, begin: str, end: str) -> str:
        self._clock.set(f"{end[:11]}12:00")
        interval = Interval(begin=instant(begin), end=instant(end))
        submit = Submit(volunteer=volunteer, activity=PARK, intervals=(interval,))
        return self._programme.execute(submit, actor=LEADER).fact(Submitted).record

    def _approved(self, record: str) -> Entry:
        outcome = self._programme.execute(Approve(record=record), actor=CHECKER)
        return next(entry for entry in outcome.entries if isinstance(entry.fact, Awarded))

    def _held(self, volunteer: str) -> Held:
        return self._programme.execute(Redeem(volunteer=volunteer, item=RICE), actor=LEADER).fact(Held)

    def _refused(self, command: Approve | Collect | Redeem, actor: str) -> Sentence:
        try:
            self._programme.execute(command, actor=actor)
        except Refused as refusal:
            return self._teller.refusal(refusal)
        raise AssertionError(f"{command} was allowed")  # the story would be another
