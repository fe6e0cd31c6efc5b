"""From a park clean-up to a bag of rice to a forged award, on a fresh ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from volunteer_points.audit import audit
from volunteer_points.books import About, Moved
from volunteer_points.commands import Adopt, Approve, Cancel, Collect, Enrol, ReceiveStock, Redeem, Reverse, Submit
from volunteer_points.demo.forging import forged
from volunteer_points.demo.places import Places
from volunteer_points.demo.telling import Beat, Clock, Grid, Heading, Sentence, Teller, instant, numbered, shortened
from volunteer_points.entries import Awarded, Entry, Held, Submitted
from volunteer_points.errors import Refused
from volunteer_points.explain import Lang, explain_award
from volunteer_points.model import Interval, Reason
from volunteer_points.people import Register
from volunteer_points.postings import Purpose, item_unit, record_subject, volunteer_holder
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
        self._clock = Clock("2026-03-14T08:00", step_seconds=60)
        self.ledger = places / "story.db"
        self.forged = places / "story-forged.db"
        self.forged_carefully = places / "story-forged-carefully.db"

    def __iter__(self) -> Iterator[Beat]:
        with ExitStack() as opened:
            store = opened.enter_context(SqlStore.open(self.ledger, "story"))
            register = Register.open(self._places / "story.people.db", ids=numbered("v"))
            self._register = opened.enter_context(register)
            self._programme = Programme(store, clock=self._clock, new_key=numbered("k"))
            self._begin()
            self._teller = Teller(self._programme, self._register, self._language)
            for scene in (self._rules, self._saturday, self._rice, self._second_bag, self._audit, self._wrong_person):
                yield from scene()
        yield from self._forgery()

    def _begin(self) -> None:
        self._programme.execute(Adopt(definition=loads(self._places.programme), author=AUTHOR), actor=FOUNDER)
        people = [self._register.add(name, phone) for name, phone in PAIR]
        self._one, self._other = (person.id for person in people)
        self._programme.execute_many(Order(command=Enrol(volunteer=person.id), actor=FOUNDER) for person in people)
        self._programme.execute(ReceiveStock(item=RICE, quantity=2), actor=SHOP)

    # --- service ---------------------------------------------------------------------------------------------------

    def _rules(self) -> Iterator[Beat]:
        tell, calendar = self._teller.tell, self._teller.frame.calendar
        today = calendar.day(self._clock())
        rulebook = self._teller.frame.rulebook_on(today)
        ends = rulebook.expiry.ends(today, calendar)
        item = self._programme.item(RICE)
        yield Heading(self._teller.say("A Saturday in the park", "公园里的一个周六"))
        yield tell(
            "The rules: {rate} points an hour, whole points, rounded {direction}, at most {cap} a day."
            " What is earned now ends at {ends}.",
            "办法：每小时 {rate} 分，舍去不足 1 分的部分，每人每天最多 {cap} 分；现在得到的积分到 {ends} 为止。",
            rate=rulebook.accruals[0].per_hour,
            direction=rulebook.rounding.direction,
            cap=rulebook.caps[0].at_most,
            ends=self._teller.clock(ends),
        )
        yield tell(
            "On the shelf: {shelf} × {item}, {price} points each.",
            "货架上：{item} {shelf} 袋，每袋 {price} 分。",
            shelf=sum(self._programme.stock(RICE).values()),
            item=item.name,
            price=item.price_on(today),
        )

    def _saturday(self) -> Iterator[Beat]:
        tell = self._teller.tell
        records = [self._recorded(who, "2026-03-14T09:00", "2026-03-14T11:20") for who in (self._one, self._other)]
        said = self._programme.record(records[0]).said.intervals[0]
        yield tell(
            "The leader records {names}, {begin}-{end}, and tries to approve it too:",
            "队长登记了{names}的公园清洁，{begin}-{end}，并想自己审核：",
            names=self._teller.say(" and ", "、").join(name for name, _ in PAIR),
            begin=self._teller.clock(said.begin),
            end=self._teller.clock(said.end)[-5:],
        )
        yield self._refused(Approve(record=records[0]), LEADER)
        self._awards = [self._approved(record) for record in records]
        for _, award in self._awards:
            yield tell(
                "Somebody else approves: {name}, {minutes} min = {points} points.",
                "由另一人审核通过：{name}，{minutes} 分钟 = {points} 分。",
                "good",
                name=self._teller.name(award.volunteer),
                minutes=award.minutes,
                points=award.points,
            )
        entries = self._programme.ask(About(record_subject(records[0]), ("Submitted", "Approved", "Awarded")))
        told = explain_award(entries, self._teller.frame, self._language, self._teller.names)
        for line in told.text().splitlines():
            yield Sentence(line, "aside")

    # --- rice ------------------------------------------------------------------------------------------------------

    def _rice(self) -> Iterator[Beat]:
        tell, name = self._teller.tell, self._teller.name(self._one)
        held = self._held(self._one)
        code = self._register.issue_code(held.redemption, held.held_until)
        yield Heading(self._teller.say("A bag of rice", "一袋大米"))
        yield tell(
            "{name} holds a bag and gets the code {code}.",
            "{name}预留一袋，领取码 {code}。",
            "good",
            name=name,
            code=code,
        )
        yield self._standing(self._one, held)
        self._programme.execute(Collect(redemption=self._register.redemption_for(code)), actor=SHOP)
        yield tell(
            "The shop checks the code: collected. It scans it again:", "粮油店核对领取码：已领取。再扫一次：", "good"
        )
        yield self._refused(Collect(redemption=self._register.redemption_for(code)), SHOP)
        yield tell("{name} asks for another bag:", "{name}还想要一袋：", name=name)
        yield self._refused(Redeem(volunteer=self._one, item=RICE), LEADER)

    def _second_bag(self) -> Iterator[Beat]:
        held = self._held(self._other)
        yield self._teller.tell(
            "{name} holds a bag as well, and thinks better of it:",
            "{name}也预留了一袋，后来改了主意：",
            name=self._teller.name(self._other),
        )
        yield self._standing(self._other, held)
        self._programme.execute(Cancel(redemption=held.redemption, reason=Reason(code="changed_mind")), actor=LEADER)
        yield self._standing(self._other, held)

    def _standing(self, volunteer: str, held: Held) -> Grid:
        """Points and goods as the books have them."""
        say, balance = self._teller.say, self._programme.balance(volunteer)
        lots = ", ".join(f"{amount} → {self._teller.clock(lot)}" for lot, amount in balance.lots.items())
        reserved = Moved(volunteer_holder(volunteer), Purpose.HELD, item_unit(RICE), held.redemption)
        figures = {
            say("Who", "姓名"): self._teller.name(volunteer),
            say("Available", "可用"): balance.available,
            say("Held", "预留"): balance.held,
            say("Lots", "批次"): lots,
            say("Bags on the shelf", "货架"): sum(self._programme.stock(RICE).values()),
            say("Reserved", "已预留"): self._programme.ask(reserved),
        }
        return Grid(tuple(figures), (tuple(map(str, figures.values())),), right=(1, 2, 4, 5))

    # --- audit -----------------------------------------------------------------------------------------------------

    def _audit(self) -> Iterator[Beat]:
        tell, report = self._teller.tell, audit(self._programme.store)
        [total] = report.programme
        yield Heading(self._teller.say("The audit", "审计"))
        yield tell(
            "{checks} checks over {entries} entries: {findings} findings, exit {exit}.",
            "对 {entries} 条分录做 {checks} 项检查：{findings} 个问题，退出码 {exit}。",
            "bad" if report.exit_code else "good",
            checks=len(report.checks),
            entries=report.source.entries,
            findings=len(report.findings),
            exit=report.exit_code,
        )
        yield tell(
            "Brought over + earned - redeemed: {opening} + {earned} - {redeemed} = {closing} = {parts}",
            "结转 + 发放 - 兑换：{opening} + {earned} - {redeemed} = {closing} = {parts}",
            "good",
            **total.lines,
            closing=total.closing,
            parts=" + ".join(map(str, sorted(each.closing for each in report.members))),
        )

    def _wrong_person(self) -> Iterator[Beat]:
        tell, (_, first) = self._teller.tell, self._awards[0]
        before = self._programme.balance(self._one)
        self._clock.set("2026-03-15T08:00")
        self._programme.execute(Reverse(record=first.record, reason=Reason(code="wrong_person")), actor=CHECKER)
        after = self._programme.balance(self._one)
        yield Heading(self._teller.say("The wrong person", "认错了人"))
        yield tell(
            "The award of {name} is reversed, though {spent} of its points are spent: {back} come back, debt {debt}.",
            "{name}的积分被冲正，其中 {spent} 分已经花掉：收回 {back} 分，欠 {debt} 分。",
            "good",
            name=self._teller.name(self._one),
            spent=first.points - before.available,
            back=before.available - after.available,
            debt=-after.debt,
        )
        self._clock.set("2026-03-15T18:00")
        _, award = self._approved(self._recorded(self._one, "2026-03-15T09:00", "2026-03-15T12:00"))
        balance = self._programme.balance(self._one)
        yield tell(
            "On Sunday {name} earns {points}, and the debt is repaid first: {available} available, debt {debt}.",
            "周日{name}又得 {points} 分，先还欠分：可用 {available} 分，欠 {debt} 分。",
            "good",
            name=self._teller.name(self._one),
            points=award.points,
            available=balance.available,
            debt=-balance.debt,
        )

    # --- forgery ---------------------------------------------------------------------------------------------------

    def _forgery(self) -> Iterator[Beat]:
        tell, (entry, award) = self._teller.tell, self._awards[1]
        points = 2 * award.points
        forged(self.ledger, self.forged, entry, points)
        yield Heading(self._teller.say("Behind the library's back", "绕过系统改账"))
        yield tell(
            "On a copy, somebody drops the triggers and changes the award {entry} from {before} to {after}:",
            "有人在一份副本上删掉触发器，把积分发放 {entry} 从 {before} 改成 {after}：",
            entry=entry.id,
            before=award.points,
            after=points,
        )
        yield from self._found(self.forged)
        forged(self.ledger, self.forged_carefully, entry, points, carefully=True)
        yield tell(
            "Somebody more careful also changes the postings, the hash, the index and the balance until all agree:",
            "更细心的人把分录明细、哈希、索引和余额也一并改得彼此相符：",
        )
        yield from self._found(self.forged_carefully)

    def _found(self, place: Path) -> Iterator[Beat]:
        with SqlStore.open(place, create=False, read_only=True) as store:
            report = audit(store)
        for finding in report.findings:
            said, expected, actual = finding.message(self._language), finding.expected, finding.actual
            if "points" in expected and "points" in actual:
                yield self._teller.tell(
                    "{check} entry {entry}: expected {expected} points, found {actual}",
                    "{check} 分录 {entry}：应为 {expected} 分，实为 {actual} 分",
                    "bad",
                    check=finding.check,
                    entry=finding.evidence[-1].entry,
                    expected=expected["points"],
                    actual=actual["points"],
                )
            else:
                yield Sentence(shortened(f"{finding.check} {said}"), "bad")
        yield self._teller.tell("exit {exit}", "退出码 {exit}", "bad", exit=report.exit_code)

    # --- steps -----------------------------------------------------------------------------------------------------

    def _recorded(self, volunteer: str, begin: str, end: str) -> str:
        self._clock.set(f"{end[:11]}12:00")
        interval = Interval(begin=instant(begin), end=instant(end))
        submit = Submit(volunteer=volunteer, activity=PARK, intervals=(interval,))
        return self._programme.execute(submit, actor=LEADER).fact(Submitted).record

    def _approved(self, record: str) -> tuple[Entry, Awarded]:
        outcome = self._programme.execute(Approve(record=record), actor=CHECKER)
        award = outcome.fact(Awarded)
        return next(entry for entry in outcome.entries if entry.fact is award), award

    def _held(self, volunteer: str) -> Held:
        return self._programme.execute(Redeem(volunteer=volunteer, item=RICE), actor=LEADER).fact(Held)

    def _refused(self, command: Approve | Collect | Redeem, actor: str) -> Sentence:
        try:
            self._programme.execute(command, actor=actor)
        except Refused as refusal:
            return self._teller.refusal(refusal)
        raise AssertionError(f"{command} was allowed")  # then it would be another story
