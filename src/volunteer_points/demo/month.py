"""March 2026 of a community: from the sheets that volunteers signed to goods collected and a clean audit."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from itertools import groupby

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
from volunteer_points.demo.telling import Beat, Clock, Grid, Heading, Sentence, Teller, instant
from volunteer_points.entries import Awarded, Entry, Expired, Held, ItemListed, Lapsed, TeamFormed, record_subject
from volunteer_points.exchange import read_sheet
from volunteer_points.exchange.importing import Choices, Imported, Plan, SheetImport
from volunteer_points.explain import Lang, explain_award
from volunteer_points.model import Interval, Place, Reason
from volunteer_points.people import Particulars, Register
from volunteer_points.programme import Order, Outcome, Programme
from volunteer_points.programme_file import loads
from volunteer_points.storage.sql import SqlStore

AUTHOR, FOUNDER = "secretary", "director"
CLERK, CHECKER, SHOP, COUNTER = "clerk", "checker", "shop", "counter"
STOCK = {"rice": 14, "cooking-oil": 10, "washing-powder": 12, "tissues": 12}
BROUGHT_OVER_UNTIL = "2026-05-01T00:00"
FIRST = date(2026, 3, 1)


class Month:
    """The month, told while it happens; afterwards its ledger and its people lie in the folder."""

    def __init__(self, places: Places, language: Lang) -> None:
        self._places = places
        self._language: Lang = language
        self._clock = Clock("2026-02-27T09:00")
        self.ledger = places / "saihan.db"
        self.people = places / "saihan.people.db"
        self.capped = ""
        """A record whose points a cap has cut."""

    def __iter__(self) -> Iterator[Beat]:
        with ExitStack() as opened:
            store = opened.enter_context(SqlStore.open(self.ledger, "saihan"))
            self._register = opened.enter_context(Register.open(self.people))
            self._programme = Programme(store, clock=self._clock)
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
        say = self._teller.say
        yield Heading(say("A community's March", "一个社区的三月"))
        with (self._places / PEOPLE).open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        people = self._register.add_all(
            Particulars(name=row["姓名"], phone=row["手机"], note=row["备注"]) for row in rows
        )
        teams = {
            fact.team.name: fact.team.id for fact in self._programme.nouns().values() if isinstance(fact, TeamFormed)
        }
        orders: list[Order] = []
        brought_over = 0
        for person, row in zip(people, rows, strict=True):
            tags = (row["标签"],) if row["标签"] else ()
            place = Place(grid=row["网格"], building=row["楼栋"])
            orders.append(Order(command=Enrol(volunteer=person.id, tags=tags, place=place), actor=CLERK))
            orders.append(Order(command=Join(volunteer=person.id, team=teams[row["队伍"]], since=FIRST), actor=CLERK))
            if row["结转积分"]:
                brought_over += 1
                orders.append(self._brought_over(person.id, int(row["结转积分"])))
        self._programme.execute_many(orders)
        points = sum(
            self._programme.balance(person.id).available for person in people
        )
        shelves = [
            Order(command=ReceiveStock(item=item, quantity=count), actor=SHOP if item in {"rice", "cooking-oil"} else COUNTER)
            for item, count in STOCK.items()
        ]
        self._programme.execute_many(shelves)
        yield Sentence(
            say(
                f"{len(people)} volunteers are enrolled; {brought_over} of them bring {points} points from the paper book, "
                f"which end on {BROUGHT_OVER_UNTIL[:10]}.",
                f"注册志愿者 {len(people)} 人；其中 {brought_over} 人从纸质台账结转 {points} 分，{BROUGHT_OVER_UNTIL[:10]} 到期。",
            )
        )

    def _brought_over(self, volunteer: str, points: int) -> Order:
        command = OpenBalance(
            volunteer=volunteer,
            points=points,
            requested_by=AUTHOR,
            reason=Reason(code="paper_book"),
            ends=instant(BROUGHT_OVER_UNTIL),
        )
        return Order(command=command, actor=FOUNDER)

    # --- sheets ----------------------------------------------------------------------------------------------------

    def _sheets(self) -> Iterator[Beat]:
        say = self._teller.say
        self._clock.set("2026-04-01T09:00")
        importing = SheetImport(self._programme, self._register, Choices(actor=CLERK))
        sheets = [read_sheet(self._places / name) for name in SHEETS]
        plan = importing.plan(sheets)
        yield Sentence(say("On 1 April the clerk tries out the sheets that were signed:", "4 月 1 日，工作人员核对签到表："))
        yield self._counted(plan)
        headings = (say("Row", "行"), say("Value", "内容"), say("What is wrong", "问题"), say("What to do", "办法"))
        problems = tuple(
            (
                f"{each.place.sheet.rpartition('/')[2]}:{each.place.number}",
                each.value,
                each.message(self._language),
                each.remedy(self._language),
            )
            for each in plan.problems
        )
        yield Grid(headings, problems)
        done = importing.write(plan, keep_going=True)
        yield Sentence(
            say(
                f"The rows without problems are recorded: {len(done.added)} of "
                f"{len({each.service.volunteer for each in done.added})} people.",
                f"没有问题的行先登记：{len({each.service.volunteer for each in done.added})} 人，{len(done.added)} 条。",
            ),
            "good",
        )
        again = importing.plan(sheets)
        yield Sentence(
            say(
                f"The same sheets again would add {len(again.added)}; {len(again.there)} are there already.",
                f"同样的签到表再导入一次：新增 {len(again.added)} 条，已登记 {len(again.there)} 条。",
            )
        )
        yield self._corrected(importing)

    def _counted(self, plan: Plan) -> Grid:
        say, rows = self._teller.say, []
        for sheet in plan.sheets:
            counts = (
                sum(each.place.sheet == sheet.source for each in plan.added),
                sum(each.place.sheet == sheet.source for each in plan.repeated),
                len({each.place for each in plan.problems if each.place.sheet == sheet.source}),
            )
            rows.append((sheet.source.rpartition("/")[2], sheet.encoding, *map(str, counts)))
        headings = (say("Sheet", "签到表"), say("Encoding", "编码"), say("New", "新增"), say("Repeated", "重复"), say("Wrong", "有问题"))
        return Grid(headings, tuple(rows), right=(2, 3, 4))

    def _corrected(self, importing: SheetImport) -> Sentence:
        done: Imported = importing.write(importing.plan([read_sheet(self._places / CORRECTIONS)]))
        return Sentence(
            self._teller.say(
                f"The clerk asks around and imports a sheet of corrections: {len(done.added)} more.",
                f"工作人员逐一核实后导入更正表：又登记 {len(done.added)} 条。",
            ),
            "good",
        )

    # --- approval --------------------------------------------------------------------------------------------------

    def _approval(self) -> Iterator[Beat]:
        say = self._teller.say
        self._clock.set("2026-04-02T10:00")
        pending = self._programme.pending()
        absent = pending[-1].said
        self._programme.execute(Reject(record=absent.record, reason=Reason(code="not_there")), actor=CHECKER)
        approvals = [Order(command=Approve(record=each.said.record), actor=CHECKER) for each in pending[:-1]]
        outcomes = self._programme.execute_many(approvals)
        entries = [entry for outcome in outcomes for entry in outcome.entries]
        awards = [entry.fact for entry in entries if isinstance(entry.fact, Awarded)]
        yield Heading(say("Approved, and why", "审核与说明"))
        yield Sentence(
            say(
                f"Of {len(pending)} records that wait, somebody else approves {len(awards)} and rejects "
                f"{len(pending) - len(awards)}: {sum(each.points for each in awards)} points for "
                f"{sum(each.minutes for each in awards) // 60} hours.",
                f"待审核 {len(pending)} 条，由另一人通过 {len(awards)} 条、驳回 {len(pending) - len(awards)} 条："
                f"{sum(each.minutes for each in awards) // 60} 小时，共 {sum(each.points for each in awards)} 分。",
            ),
            "good",
        )
        yield self._by_activity(awards)
        yield from self._cut(awards)

    def _by_activity(self, awards: Iterable[Awarded]) -> Grid:
        say = self._teller.say
        rows = []
        for activity, group in groupby(sorted(awards, key=lambda each: each.activity), key=lambda each: each.activity):
            own = list(group)
            people = len({each.volunteer for each in own})
            hours = sum(each.minutes for each in own) // 60
            points = sum(each.points for each in own)
            name = self._teller.thing(f"activity:{activity}")
            rows.append((name, str(len(own)), str(people), str(hours), str(points)))
        headings = (say("Activity", "项目"), say("Services", "次数"), say("People", "人数"), say("Hours", "小时"), say("Points", "积分"))
        return Grid(headings, tuple(rows), right=(1, 2, 3, 4))

    def _cut(self, awards: Sequence[Awarded]) -> Iterator[Beat]:
        """Explain an award that a cap has cut."""
        longest = max(awards, key=lambda each: each.minutes)
        self.capped = longest.record
        entries = self._programme.ask(About(record_subject(longest.record), ("Submitted", "Approved", "Awarded")))
        told = explain_award(entries, self._teller.frame, self._language, self._teller.names)
        for line in told.text().splitlines():
            yield Sentence(line, "aside")

    # --- redemption ------------------------------------------------------------------------------------------------

    def _redemption(self) -> Iterator[Beat]:
        say = self._teller.say
        self._clock.set("2026-04-15T09:00")
        yield Heading(say("At the counter", "兑换"))
        items = [fact.item.id for fact in self._programme.nouns().values() if isinstance(fact, ItemListed)]
        people = sorted(self._register.all(), key=lambda person: (person.name, person.phone))
        orders = [
            Order(command=Redeem(volunteer=person.id, item=items[number % len(items)]), actor=CLERK)
            for number, person in enumerate(people)
        ]
        outcomes = self._programme.execute_many(orders, keep_going=True)
        held = [outcome.fact(Held) for outcome in outcomes if outcome.refusal is None]
        yield Sentence(
            say(
                f"{len(orders)} people ask for something; {len(held)} things are held, the others are refused:",
                f"{len(orders)} 人申请兑换，预留 {len(held)} 件，其余未通过：",
            )
        )
        yield from self._refusals(outcomes)
        cancelled, forgotten = held[0], held[1:4]
        self._programme.execute(
            Cancel(redemption=cancelled.redemption, reason=Reason(code="changed_mind")), actor=CLERK
        )
        self._clock.set("2026-04-16T09:00")
        self._collected(held[4:])
        yield self._given(held[4:])
        yield Sentence(
            say(
                f"1 hold is cancelled, {len(forgotten)} people forget to come.",
                f"取消 1 件，{len(forgotten)} 人忘了来领。",
            )
        )

    def _refusals(self, outcomes: Sequence[Outcome]) -> Iterator[Beat]:
        refused = [outcome.refusal for outcome in outcomes if outcome.refusal is not None]
        first = {refusal.code: refusal for refusal in reversed(refused)}
        for code, count in Counter(refusal.code for refusal in refused).items():
            yield Sentence(f"{count} × {self._teller.refusal(first[code]).text}", "refused")

    def _collected(self, held: Sequence[Held]) -> None:
        """Each comes with a code; the partner looks up what it is for."""
        codes = [self._register.issue_code(each.redemption, each.held_until) for each in held]
        for code, each in zip(codes, held, strict=True):
            actor = SHOP if each.partner == "grain-shop" else COUNTER
            self._programme.execute(Collect(redemption=self._register.redemption_for(code)), actor=actor)

    def _given(self, held: Sequence[Held]) -> Grid:
        say, rows = self._teller.say, []
        for item, group in groupby(sorted(held, key=lambda each: each.item), key=lambda each: each.item):
            own = list(group)
            listed = self._programme.item(item)
            left = str(sum(self._programme.stock(item).values())) if listed.stocked else "-"
            points = sum(each.points for each in own)
            partner = self._teller.thing(f"partner:{listed.partner}")
            rows.append((listed.name, partner, str(len(own)), str(points), left))
        headings = (say("Collected", "已领取"), say("From", "提供单位"), say("Number", "件数"), say("Points", "积分"), say("Left", "剩余"))
        return Grid(headings, tuple(rows), right=(2, 3, 4))

    # --- second thoughts -------------------------------------------------------------------------------------------

    def _second_thoughts(self) -> Iterator[Beat]:
        say = self._teller.say
        self._clock.set("2026-04-20T10:00")
        yield Heading(say("Second thoughts", "冲正与更正"))
        awarded = [entry for entry in self._programme.entries() if isinstance(entry.fact, Awarded)]
        wrong, longer = awarded[0].fact, awarded[1].fact
        assert isinstance(wrong, Awarded) and isinstance(longer, Awarded)  # noqa: S101, PT018 - narrows the types
        self._programme.execute(Reverse(record=wrong.record, reason=Reason(code="wrong_person")), actor=CHECKER)
        yield self._balance_after(wrong.volunteer, say("is reversed", "冲正"), wrong.points)
        said = self._programme.record(longer.record).said.intervals[0]
        shorter = Interval(begin=said.begin, end=said.begin + (said.end - said.begin) / 2)
        correction = Correct(
            record=longer.record, intervals=(shorter,), requested_by=CLERK, reason=Reason(code="left_early")
        )
        award = self._programme.execute(correction, actor=CHECKER).fact(Awarded)
        yield self._balance_after(
            longer.volunteer,
            say(f"is corrected to {award.points}: left early", f"更正为 {award.points} 分：提前离开"),
            longer.points,
        )

    def _balance_after(self, volunteer: str, what: str, points: int) -> Sentence:
        balance, name = self._programme.balance(volunteer), self._teller.name(volunteer)
        return Sentence(
            self._teller.say(
                f"An award of {points} points to {name} {what}. Available now {balance.available}, debt {-balance.debt}.",
                f"{name} 的 {points} 分{what}。现有可用 {balance.available} 分，欠 {-balance.debt} 分。",
            )
        )

    # --- expiry and audit ------------------------------------------------------------------------------------------

    def _sweep(self) -> Iterator[Beat]:
        say = self._teller.say
        self._clock.set("2026-05-01T00:30")
        outcomes = self._programme.sweep(actor=CLERK)
        entries: list[Entry] = [entry for outcome in outcomes for entry in outcome.entries]
        lapsed = [entry for entry in entries if isinstance(entry.fact, Lapsed)]
        expired = [entry.fact for entry in entries if isinstance(entry.fact, Expired)]
        again = self._programme.sweep(actor=CLERK)
        yield Heading(say("When April ends", "四月结束时"))
        yield Sentence(
            say(
                f"{len(lapsed)} holds lapse, and {sum(each.points for each in expired)} points from the paper book end, "
                f"of {len(expired)} people. The same sweep again writes {len(again)}.",
                f"{len(lapsed)} 件预留过期，{len(expired)} 人结转的 {sum(each.points for each in expired)} 分到期清零。"
                f"再清理一次，写入 {len(again)} 条。",
            ),
            "good",
        )

    def _audit(self) -> Iterator[Beat]:
        report = audit(self._programme.store)
        yield Heading(self._teller.say("The audit of the month", "全月审计"))
        for line in report.text(self._language).splitlines():
            yield Sentence(line, "bad" if report.exit_code else "good")
        yield Sentence(self._teller.say(f"exit {report.exit_code}", f"退出码 {report.exit_code}"), "good")
