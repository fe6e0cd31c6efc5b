"""A what-if in words and tables: what changes for the programme, its rules, teams and people, and what is lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Any

import attrs

from volunteer_points.cli.context import Desk
from volunteer_points.cli.ledgers import ledger_source, steps
from volunteer_points.cli.output import DONE, REFUSED, Answer, Line, Part, Table, progress
from volunteer_points.cli.words import Words
from volunteer_points.decisions.adoption import changes
from volunteer_points.entries import Awarded
from volunteer_points.explain import explain_award
from volunteer_points.explain import sentence as told
from volunteer_points.explain.wording import Holder, Minutes, Noun, Person, Points, Speaker, Term, naming
from volunteer_points.model import number_text
from volunteer_points.what_if import entries_of, rulebooks_of, trial_of, what_if

if TYPE_CHECKING:
    from volunteer_points.commands import Definition
    from volunteer_points.entries import Entry
    from volunteer_points.what_if import Change, Example, HolderEffect, NotPossible, Report, RuleEffect, TeamEffect

SHOWN = 20
"""How many rows of what is not possible are shown; JSON has them all."""

_LINES: Mapping[str, Words] = {
    "earned": Words("earned", "获得积分"),
    "redeemed": Words("redeemed", "已兑换"),
    "expired": Words("expired", "已到期"),
    "spendable": Words("can be spent", "可用"),
    "held": Words("held for redemptions", "预留中"),
    "waiting": Words("in public notice", "公示中"),
    "owed": Words("owed", "欠分"),
}

_KINDS: Mapping[str, Words] = {
    "Submitted": Words("record not taken", "不予登记"),
    "Awarded": Words("not awarded", "未能发放"),
    "NotAwarded": Words("not awarded", "未能发放"),
    "Held": Words("redemption", "兑换"),
    "Transferred": Words("transfer", "转让"),
    "Donated": Words("donation", "捐赠"),
    "Adjusted": Words("adjustment", "调整"),
}


def replayed(
    desk: Desk,
    definition: Definition,
    *,
    rulebook: str | None = None,
    since: date | None = None,
    until: date | None = None,
    examples: int = 0,
    first: int | None = None,
) -> Report:
    """The what-if of a draft over the ledger, or over its first entries, with a bar while it runs.

    Raises:
        InputError: as :func:`volunteer_points.what_if.trial_of` and :func:`volunteer_points.what_if.what_if`.
        StoreError: the ledger cannot be read.
    """
    source = ledger_source(desk, desk.ledger_place)
    trial = trial_of(definition, rulebooks_of(source), rulebook=rulebook, since=since, until=until)
    with progress(Words("Replaying", "正在重算"), desk.language, None) as advance:
        return what_if(
            islice(entries_of(source), first),
            trial,
            progress=steps(advance),
            examples=examples,
            own_rules=desk.own_rules,
        )


@attrs.frozen
class Teller:
    """Tells a what-if to the person at the keyboard."""

    desk: Desk
    report: Report
    top: int

    @property
    def speaker(self) -> Speaker:
        """Shows points, times and names; the clock is the programme's."""
        return Speaker(self.desk.lang, self.report.frame, naming(self.report.nouns, self.desk.called))

    def say(self, en: str, zh: str) -> str:
        """The text in the language of the answer."""
        return self.desk.say(en, zh)

    # --- the whole ---

    def answer(self, definition: Definition, more: Mapping[str, Any]) -> Answer:
        """Everything, for people and for programs."""
        report = self.report
        self.desk.look_up(each.holder.removeprefix("volunteer:") for each in report.people)
        not_tried = [subject for _, subject in changes(definition, report.nouns)]
        data = {**more, **report.plain(), "not_tried": not_tried}
        for example, plain in zip(report.examples, data["examples"], strict=True):
            plain["explanation"] = self._explained(example)
        parts: list[Part] = [Line(self._title(), "head"), *self.summary()]
        if not report.is_same:
            parts += [*self._rules(), *self._teams(), *self._people(), *self._examples(), *self._not_possible()]
        if not_tried:
            names = ", ".join(not_tried[:SHOWN]) + (" …" if len(not_tried) > SHOWN else "")
            text = self.say(
                f"Of the file only the rulebook is tried; as in the ledger stays: {names}",
                f"文件中只试算积分办法；下列内容仍按账本：{names}",
            )
            parts.append(Line(text, "dim"))
        parts.append(Line(self.say(f"What-if: {report.reference}", f"试算编号：{report.reference}"), "dim"))
        return Answer(data, tuple(parts), DONE if report.is_same else REFUSED)

    def _title(self) -> str:
        trial = self.report.trial
        assert trial is not None  # noqa: S101 - at the command line something is always tried
        last = trial.until - timedelta(days=1) if trial.until else None
        days = self.speaker.choose("every day", "全部日期")
        if trial.since or last:
            first = self.speaker.day(trial.since) if trial.since else "…"
            days = f"{first} – {self.speaker.day(last) if last else '…'}"
        return self.say(
            f"What if rulebook {trial.rulebook.id} had been in force: {days}",
            f"试算：假如当时施行的是积分办法 {trial.rulebook.id}（{days}）",
        )

    def summary(self) -> Iterator[Part]:
        """How much was replayed, and the totals before and after."""
        report = self.report
        until = self.speaker.instant(report.booked_until) if report.booked_until else "-"
        yield self.say(
            f"{report.entries} entries up to {until} were replayed; {report.covered} records and redemptions lie on"
            " those days.",
            f"已重算至 {until} 的 {report.entries} 条分录，其中上述日期的记录和兑换共 {report.covered} 条。",
        )
        if report.is_same:
            yield Line(self.say("Everything comes out as it was recorded.", "结果与原来完全相同。"), "good")
            return
        rows = [
            self._row(self.say("awards", "发放笔数"), report.records, str),
            self._row(self.say("service time", "计入时长"), report.minutes, self._minutes),
        ]
        for effect in report.totals:
            lines = ((_LINES[name], change) for name, change in effect.lines().items() if change)
            rows += [
                self._row(
                    f"{self._unit(effect.currency)}{self.say(': ', '：')}{words.said(self.desk.language)}",
                    change,
                    self._points(effect.currency),
                )
                for words, change in lines
            ]
        yield self._table(self.say("programme", "全项目"), rows)
        yield self.say(
            f"Records that gain {report.gaining}, lose {report.losing}, stay the same {report.same}.",
            f"记录：增加 {report.gaining} 条，减少 {report.losing} 条，不变 {report.same} 条。",
        )

    # --- tables ---

    def _table(self, heading: str, rows: Iterable[tuple[str, ...]]) -> Table:
        names = (heading, self.say("before", "原来"), self.say("after", "试算"), self.say("difference", "差"))
        return Table(names, tuple(rows), right=(1, 2, 3), wraps=(0,))

    def _row(self, name: str, change: Change, shown: Any) -> tuple[str, ...]:  # noqa: ANN401 - number to text
        sign = "+" if change.difference > 0 else ""
        return name, shown(change.before), shown(change.after), f"{sign}{shown(change.difference)}"

    def _points(self, currency: str) -> Any:  # noqa: ANN401 - number to text
        return self.speaker.currency(currency).shown

    def _unit(self, currency: str) -> str:
        return self.say(currency, self.speaker.currency(currency).name)

    def _minutes(self, count: int) -> str:
        sign, count = ("-", -count) if count < 0 else ("", count)
        return sign + self.speaker.shown(Minutes(count, long=True))

    def _rules(self) -> Iterator[Part]:
        changed = [each for each in self.report.rules if each.changes]
        if changed:
            yield self._table(self.say("rule", "规则"), map(self._rule, changed))

    def _rule(self, rule: RuleEffect) -> tuple[str, ...]:
        def shown(number: Fraction) -> str:
            decimal = Fraction(round(number * 100), 100)
            return number_text(number) if decimal == number else f"≈{number_text(decimal)}"

        name = rule.rule or self.say("overflow of caps", "上限溢出")
        counted = f"{rule.records.before} → {rule.records.after}"
        sign = "+" if rule.difference > 0 else ""
        told_ = f"{name} ({self._unit(rule.currency)}, {counted} {self.say('records', '条')})"
        return told_, shown(rule.points_before), shown(rule.points_after), f"{sign}{shown(rule.difference)}"

    def _teams(self) -> Iterator[Part]:
        changed = [each for each in self.report.teams if each.earned.difference]
        if changed:
            yield self._table(self.say("team", "队伍"), map(self._team, changed))

    def _team(self, team: TeamEffect) -> tuple[str, ...]:
        name = self.speaker.shown(Noun("team", team.team)) if team.team else self.say("no team", "无队伍")
        return self._row(f"{name} ({self._unit(team.currency)})", team.earned, self._points(team.currency))

    def _people(self) -> Iterator[Part]:
        report = self.report
        for found, en, zh in (
            (report.winners, "gains most", "增加最多"),
            (report.losers, "loses most", "减少最多"),
        ):
            if found:
                heading = self.say(f"who {en} ({len(found)} in all)", f"{zh}（共 {len(found)} 人）")
                yield self._table(heading, map(self._person, found[: self.top]))
        others = [each for each in report.holders if each.changes and not each.holder.startswith("volunteer:")]
        if others:
            yield self._table(self.say("who else", "其他账户"), map(self._person, others[: self.top]))

    def _person(self, effect: HolderEffect) -> tuple[str, ...]:
        name = self.speaker.shown(Holder(effect.holder))
        return self._row(f"{name} ({self._unit(effect.currency)})", effect.earned, self._points(effect.currency))

    # --- examples ---

    def _examples(self) -> Iterator[Part]:
        if self.report.examples:
            yield Line(self.say("Examples", "举例"), "head")
        for example in self.report.examples:
            who, what = Person(example.volunteer), Noun("activity", example.activity)
            day = self.speaker.day(example.said.on)
            before, after = (self._given(each) for each in (example.before, example.after))
            head = self.speaker.listed((who, what, day, example.record))
            yield f"{head}{self.say(': ', '：')}{before} → {after}"
            yield from (f"  {line}" for line in self._explained(example))

    def _given(self, award: Entry | None) -> str:
        fact = award.fact if award else None
        if not isinstance(fact, Awarded):
            return self.say("nothing", "无")
        credits_ = [Points(fact.points, fact.currency)] if fact.points else []
        return self.speaker.listed([*credits_, *(Points(each.points, each.currency) for each in fact.more)])

    def _explained(self, example: Example) -> list[str]:
        """How the award comes about under the rulebook that is tried."""
        frame = self.report.frame
        if frame is None or example.after is None:
            return []
        explanation = explain_award((example.said, example.after), frame, self.desk.lang, self.speaker.names)
        return [line.text for line in explanation.lines[1:]]

    # --- what is not possible ---

    def _not_possible(self) -> Iterator[Part]:
        found = sorted(self.report.not_possible, key=lambda each: not each.is_redemption)
        lost = sum(each.is_redemption for each in found)
        if not found:
            return
        title = self.say(
            f"Not possible: {len(found)}, of which redemptions: {lost}",
            f"不能再办理 {len(found)} 笔，其中兑换 {lost} 笔",
        )
        yield Line(title, "bad")
        english, chinese = ("when", "what", "who", "why"), ("时间", "事项", "何人", "原因")
        headings = chinese if self.desk.language == "zh" else english
        yield Table(headings, tuple(map(self._lost, found[:SHOWN])), wraps=(1, 2, 3))
        if len(found) > SHOWN:
            rest = len(found) - SHOWN
            yield Line(self.say(f"… and {rest} more; --json lists all", f"……另有 {rest} 笔；--json 列出全部"), "dim")
        if self.report.skipped:
            kinds = self.speaker.listed(
                f"{self.speaker.shown(Term('kind', kind))} {count}"
                for kind, count in sorted(self.report.skipped.items())
            )
            yield Line(self.say(f"Left out with them: {kinds}", f"随之略去：{kinds}"), "dim")

    def _lost(self, each: NotPossible) -> tuple[str, ...]:
        fact, speaker = each.entry.fact, self.speaker
        what = _KINDS[each.kind].said(self.desk.language) if each.kind in _KINDS else each.kind
        if item := getattr(fact, "item", None):
            what = f"{speaker.shown(Noun('item', item))} × {getattr(fact, 'quantity', 1)}"
        who = getattr(fact, "volunteer", None) or getattr(fact, "giver", None) or ""
        why = told(each.because, self.desk.lang, names=speaker.names, frame=self.report.frame)
        return speaker.instant(each.entry.booked_at), what, speaker.shown(Person(who)), why
