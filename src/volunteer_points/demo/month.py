"""March 2026 of a community: from the sheets that volunteers signed to goods collected and a clean audit."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import date, timedelta
from typing import Any

from volunteer_points.audit import audit
from volunteer_points.books import About
from volunteer_points.commands import (
    Adopt,
    Approve,
    Cancel,
    Collect,
    Correct,
    Enrol,
    Join,
    OpenBalance,
    ReceiveStock,
    Redeem,
    Reject,
    Reverse,
)
from volunteer_points.demo.places import CORRECTIONS, PEOPLE, SHEETS, Places
from volunteer_points.demo.telling import Beat, Clock, Grid, Heading, Sentence, Teller, instant, numbered
from volunteer_points.entries import Awarded, BalanceOpened, Expired, Held, ItemListed, Lapsed, TeamFormed
from volunteer_points.exchange import Sheet, parse_sheet
from volunteer_points.exchange.importing import Choices, Plan, SheetImport
from volunteer_points.explain import Lang, explain_award
from volunteer_points.model import Interval, Place, Reason
from volunteer_points.people import Particulars, Register
from volunteer_points.postings import record_subject
from volunteer_points.programme import Order, Outcome, Programme
from volunteer_points.programme_file import loads
from volunteer_points.storage.sql import SqlStore

AUTHOR, FOUNDER = "secretary", "director"
CLERK, CHECKER, SHOP, COUNTER = "clerk", "checker", "shop", "counter"
GRAIN_SHOP = "grain-shop"
STOCK = {"rice": 14, "cooking-oil": 8, "washing-powder": 12, "tissues": 12}
FIRST_DAY = date(2026, 3, 1)
BROUGHT_OVER_UNTIL = "2026-05-01T00:00"


class Month:
    """The month, told while it happens; afterwards its ledger and its people register lie in the folder."""

    def __init__(self, places: Places, language: Lang) -> None:
        self._places = places
        self._language: Lang = language
        self._clock = Clock("2026-02-27T09:00", step_seconds=1)
        self.ledger = places / "saihan.db"
        self.people = places / "saihan.people.db"
        self.capped: Awarded | None = None
        """The award that a cap has cut; known once it is told."""
        self.corrected = ""
        """The name of somebody whose award was corrected; known once it is told."""

    def __iter__(self) -> Iterator[Beat]:
        with ExitStack() as opened:
            store = opened.enter_context(SqlStore.open(self.ledger, "saihan"))
            self._register = opened.enter_context(Register.open(self.people, ids=numbered("v")))
            self._programme = Programme(store, clock=self._clock, new_key=numbered("k"))
            self._programme.execute(Adopt(definition=loads(self._places.programme), author=AUTHOR), actor=FOUNDER)
            self._teller = Teller(self._programme, self._register, self._language)
            for scene in (
                self._enrolment,
                self._sheets,
                self._approval,
                self._redemption,
                self._second_thoughts,
                self._sweep,
                self._audit,
            ):
                yield from scene()

    # --- people ----------------------------------------------------------------------------------------------------

    def _enrolment(self) -> Iterator[Beat]:
        with (self._places / PEOPLE).open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        people = self._register.add_all(
            Particulars(name=row["姓名"], phone=row["手机"], note=row["备注"]) for row in rows
        )
        nouns = self._programme.nouns().values()
        teams = {fact.team.name: fact.team.id for fact in nouns if isinstance(fact, TeamFormed)}
        orders = [
            order
            for person, row in zip(people, rows, strict=True)
            for order in _enrolled(person.id, row, teams[row["队伍"]])
        ]
        outcomes = self._programme.execute_many(orders)
        opened = [outcome.first for outcome in outcomes if isinstance(outcome.first, BalanceOpened)]
        for item, quantity in STOCK.items():
            actor = SHOP if self._programme.item(item).partner == GRAIN_SHOP else COUNTER
            self._programme.execute(ReceiveStock(item=item, quantity=quantity), actor=actor)
        yield Heading(self._teller.say("A community's March", "一个社区的三月"))
        yield self._teller.tell(
            "{people} volunteers are enrolled; {some} bring {points} points from the paper book, to end at {ends}.",
            "注册志愿者 {people} 人；其中 {some} 人从纸质台账结转 {points} 分，有效至 {ends}。",
            people=len(people),
            some=len(opened),
            points=sum(fact.points for fact in opened),
            ends=self._teller.clock(opened[0].lot),
        )

    # --- sheets ----------------------------------------------------------------------------------------------------

    def _sheets(self) -> Iterator[Beat]:
        tell = self._teller.tell
        self._clock.set("2026-04-01T09:00")
        importing = SheetImport(self._programme, self._register, Choices(actor=CLERK))
        sheets = [self._sheet(name) for name in SHEETS]
        plan = importing.plan(sheets)
        yield tell("On 1 April the clerk tries out the sheets that were signed:", "4 月 1 日，工作人员核对签到表：")
        yield self._counted(plan)
        yield self._problems(plan)
        done = importing.write(plan, keep_going=True)
        yield tell(
            "Without these {left} rows, {rows} services of {people} people are recorded.",
            "先跳过这 {left} 行，登记 {people} 人 {rows} 次服务。",
            "good",
            left=plan.bad_rows,
            rows=len(done.added),
            people=len({each.service.volunteer for each in done.added}),
        )
        again = importing.plan(sheets)
        yield tell(
            "The same sheets again would add {added}; {there} rows are there already.",
            "同样的签到表再导入一次：新增 {added} 条，已登记 {there} 条。",
            added=len(again.added),
            there=len(again.there),
        )
        corrected = importing.write(importing.plan([self._sheet(CORRECTIONS)]))
        yield tell(
            "The clerk asks around and imports a sheet of corrections: {rows} more.",
            "工作人员逐一核实后导入更正表：又登记 {rows} 条。",
            "good",
            rows=len(corrected.added),
        )

    def _sheet(self, name: str) -> Sheet:
        return parse_sheet((self._places / name).read_bytes(), source=name)

    def _counted(self, plan: Plan) -> Grid:
        say = self._teller.say
        counts = [
            Counter(each.place.sheet for each in plan.added),
            Counter(each.place.sheet for each in plan.repeated),
            Counter(sheet for sheet, _ in {(each.place.sheet, each.place.number) for each in plan.problems}),
        ]
        rows = tuple(
            (sheet.source, sheet.encoding, *(str(count[sheet.source]) for count in counts)) for sheet in plan.sheets
        )
        headings = (
            ("Sheet", "签到表"),
            ("Encoding", "编码"),
            ("New", "新增"),
            ("Repeated", "重复"),
            ("Wrong", "有问题"),
        )
        return Grid(tuple(say(*heading) for heading in headings), rows, right=(2, 3, 4))

    def _problems(self, plan: Plan) -> Grid:
        say, language = self._teller.say, self._language
        headings = (say("Row", "行"), say("Value", "内容"), say("What is wrong", "问题"), say("What to do", "办法"))
        return Grid(
            headings,
            tuple(
                (str(each.place), each.value, each.message(language), each.remedy(language)) for each in plan.problems
            ),
        )

    # --- approval --------------------------------------------------------------------------------------------------

    def _approval(self) -> Iterator[Beat]:
        self._clock.set("2026-04-02T10:00")
        *present, absent = self._programme.pending()
        self._programme.execute(Reject(record=absent.said.record, reason=Reason(code="not_there")), actor=CHECKER)
        approvals = [Order(command=Approve(record=each.said.record), actor=CHECKER) for each in present]
        awards = [outcome.fact(Awarded) for outcome in self._programme.execute_many(approvals)]
        yield Heading(self._teller.say("Approved, and why", "审核与说明"))
        yield self._teller.tell(
            "{pending} records wait; somebody else approves {awarded} and rejects {rejected}.",
            "待审核 {pending} 条；由另一人通过 {awarded} 条，驳回 {rejected} 条。",
            "good",
            pending=len(approvals) + 1,
            awarded=len(awards),
            rejected=1,
        )
        yield self._by_activity(awards)
        longest = max(awards, key=lambda award: award.minutes)
        self.capped = longest
        entries = self._programme.ask(About(record_subject(longest.record), ("Submitted", "Approved", "Awarded")))
        told = explain_award(entries, self._teller.frame, self._language, self._teller.names)
        for line in told.text().splitlines():
            yield Sentence(line, "aside")

    def _by_activity(self, awards: Sequence[Awarded]) -> Grid:
        say = self._teller.say
        rows = []
        for activity in dict.fromkeys(award.activity for award in awards):
            own = [award for award in awards if award.activity == activity]
            people = len({award.volunteer for award in own})
            hours, points = sum(award.minutes for award in own) // 60, sum(award.points for award in own)
            rows.append((self._teller.names(f"activity:{activity}"), *map(str, (len(own), people, hours, points))))
        hours, points = sum(award.minutes for award in awards) // 60, sum(award.points for award in awards)
        people = len({award.volunteer for award in awards})
        rows.append((say("Together", "合计"), *map(str, (len(awards), people, hours, points))))
        headings = (
            ("Activity", "项目"),
            ("Services", "次数"),
            ("People", "人数"),
            ("Hours", "小时"),
            ("Points", "积分"),
        )
        return Grid(tuple(say(*heading) for heading in headings), tuple(rows), right=(1, 2, 3, 4))

    # --- redemption ------------------------------------------------------------------------------------------------

    def _redemption(self) -> Iterator[Beat]:
        self._clock.set("2026-04-15T09:00")
        items = [fact.item.id for fact in self._programme.nouns().values() if isinstance(fact, ItemListed)]
        people = sorted(self._register.all(), key=lambda person: person.phone)
        orders = [
            Order(command=Redeem(volunteer=person.id, item=items[number % len(items)]), actor=CLERK)
            for number, person in enumerate(people)
        ]
        outcomes = self._programme.execute_many(orders, keep_going=True)
        held = [outcome.fact(Held) for outcome in outcomes if outcome.refusal is None]
        yield Heading(self._teller.say("At the counter", "兑换"))
        yield self._teller.tell(
            "{asked} people ask for something; {held} things are held. What is refused:",
            "{asked} 人申请兑换，预留 {held} 件。未通过的：",
            asked=len(orders),
            held=len(held),
        )
        yield from self._refusals(outcomes)
        cancelled, *rest = held
        forgotten, collected = rest[:3], rest[3:]
        cancel = Cancel(redemption=cancelled.redemption, reason=Reason(code="changed_mind"))
        self._programme.execute(cancel, actor=CLERK)
        self._collect(collected)
        yield self._given(collected)
        yield self._teller.tell(
            "{cancelled} hold is cancelled, {forgotten} people forget to come.",
            "取消 {cancelled} 件，{forgotten} 人忘了来领。",
            cancelled=1,
            forgotten=len(forgotten),
        )

    def _refusals(self, outcomes: Sequence[Outcome]) -> Iterator[Beat]:
        said = [self._teller.refusal(outcome.refusal).text for outcome in outcomes if outcome.refusal is not None]
        for text, count in Counter(said).items():
            yield Sentence(f"{count} × {text}", "refused")

    def _collect(self, held: Sequence[Held]) -> None:
        """Each comes the next day with a code, and the partner looks up what it is for."""
        codes = [self._register.issue_code(each.redemption, each.held_until) for each in held]
        self._clock.set("2026-04-16T09:00")
        for code, each in zip(codes, held, strict=True):
            actor = SHOP if each.partner == GRAIN_SHOP else COUNTER
            self._programme.execute(Collect(redemption=self._register.redemption_for(code)), actor=actor)

    def _given(self, held: Sequence[Held]) -> Grid:
        say, rows = self._teller.say, []
        for item in dict.fromkeys(each.item for each in held):
            own = [each for each in held if each.item == item]
            listed = self._programme.item(item)
            left = sum(self._programme.stock(item).values()) if listed.stocked else "-"
            partner = self._teller.names(f"partner:{listed.partner}")
            rows.append((listed.name, partner, *map(str, (len(own), sum(each.points for each in own), left))))
        headings = (
            ("Collected", "已领取"),
            ("From", "提供单位"),
            ("Number", "件数"),
            ("Points", "积分"),
            ("Left", "剩余"),
        )
        return Grid(tuple(say(*heading) for heading in headings), tuple(rows), right=(2, 3, 4))

    # --- second thoughts -------------------------------------------------------------------------------------------

    def _second_thoughts(self) -> Iterator[Beat]:
        self._clock.set("2026-04-20T10:00")
        facts = (entry.fact for entry in self._programme.entries())
        wrong, long, *_ = [fact for fact in facts if isinstance(fact, Awarded)]
        reverse = Reverse(record=wrong.record, reason=Reason(code="wrong_person"))
        self._programme.execute(reverse, actor=CHECKER)
        yield Heading(self._teller.say("Second thoughts", "冲正与更正"))
        yield self._teller.tell(
            "The award of {points} points to {name} is reversed. Available now {available}, debt {debt}.",
            "{name}的 {points} 分被冲正。现有可用 {available} 分，欠 {debt} 分。",
            points=wrong.points,
            **self._standing(wrong.volunteer),
        )
        said = self._programme.record(long.record).said.intervals[0]
        shorter = Interval(begin=said.begin, end=said.begin + timedelta(minutes=said.minutes // 2))
        reason = Reason(code="left_early")
        correction = Correct(record=long.record, intervals=(shorter,), requested_by=CLERK, reason=reason)
        award = self._programme.execute(correction, actor=CHECKER).fact(Awarded)
        self.corrected = self._teller.name(long.volunteer)
        yield self._teller.tell(
            "{name} left early: {before} points become {after}. Available now {available}, debt {debt}.",
            "{name}提前离开：{before} 分更正为 {after} 分。现有可用 {available} 分，欠 {debt} 分。",
            before=long.points,
            after=award.points,
            **self._standing(long.volunteer),
        )

    def _standing(self, volunteer: str) -> dict[str, Any]:
        balance = self._programme.balance(volunteer)
        return {"name": self._teller.name(volunteer), "available": balance.available, "debt": -balance.debt}

    # --- expiry and audit ------------------------------------------------------------------------------------------

    def _sweep(self) -> Iterator[Beat]:
        self._clock.set("2026-05-01T00:30")
        swept = [entry.fact for outcome in self._programme.sweep(actor=CLERK) for entry in outcome.entries]
        expired = [fact for fact in swept if isinstance(fact, Expired)]
        yield Heading(self._teller.say("When April ends", "四月结束时"))
        yield self._teller.tell(
            "{lapsed} holds lapse; {points} points from the paper book end, those of {people} people."
            " The same sweep again writes {again}.",
            "{lapsed} 件预留过期；{people} 人结转的 {points} 分到期清零。再清理一次，写入 {again} 条。",
            "good",
            lapsed=sum(isinstance(fact, Lapsed) for fact in swept),
            points=sum(fact.points for fact in expired),
            people=len(expired),
            again=len(self._programme.sweep(actor=CLERK)),
        )

    def _audit(self) -> Iterator[Beat]:
        report = audit(self._programme.store)
        mark = "bad" if report.exit_code else "good"
        yield Heading(self._teller.say("The audit of the month", "全月审计"))
        for line in report.text(self._language).splitlines():
            yield Sentence(line, mark)
        yield self._teller.tell("exit {exit}", "退出码 {exit}", mark, exit=report.exit_code)


def _enrolled(volunteer: str, row: Mapping[str, str], team: str) -> Iterator[Order]:
    """What enrols a line of the community's list, with the points of the paper book if there are any."""
    tags = (row["标签"],) if row["标签"] else ()
    place = Place(grid=row["网格"], building=row["楼栋"])
    yield Order(command=Enrol(volunteer=volunteer, tags=tags, place=place), actor=CLERK)
    yield Order(command=Join(volunteer=volunteer, team=team, since=FIRST_DAY), actor=CLERK)
    if row["结转积分"]:
        opening = OpenBalance(
            volunteer=volunteer,
            points=int(row["结转积分"]),
            requested_by=AUTHOR,
            reason=Reason(code="paper_book"),
            ends=instant(BROUGHT_OVER_UNTIL),
        )
        yield Order(command=opening, actor=FOUNDER)
