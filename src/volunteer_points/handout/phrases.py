"""Parts of sentences about rules, in English and Chinese: numbers, windows, conditions, and which service is meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, time
from fractions import Fraction

import attrs

from volunteer_points.explain import Lang
from volunteer_points.explain.own_words import own_description
from volunteer_points.explain.vocabulary import VOCABULARY
from volunteer_points.model import (
    NO_OWN_RULES,
    Condition,
    Currency,
    Of,
    OwnRule,
    OwnRules,
    Period,
    Use,
    Whose,
    number_text,
)
from volunteer_points.rules import Counts, When

_MEASURES: Mapping[Of, tuple[str, str, str, str]] = {
    Of.HOURS: ("of service", "hours", "服务", "小时"),
    Of.MINUTES: ("of service", "minutes", "服务", "分钟"),
    Of.TIMES: ("", "times", "参加", "次"),
    Of.EARNED: ("earned", "", "获得", ""),
    Of.AVAILABLE: ("available", "", "可用", ""),
    Of.BALANCE: ("held", "", "持有", ""),
    Of.SPENT: ("spent", "", "已用", ""),
    Of.REDEMPTIONS: ("", "redemptions", "兑换", "次"),
    Of.QUANTITY: ("given", "", "记有", ""),
    Of.RECORDS: ("handed in", "records", "登记", "条"),
    Of.MONTHS: ("since enrolment", "months", "加入满", "个月"),
}
_IN_A_CURRENCY = frozenset({Of.EARNED, Of.AVAILABLE, Of.BALANCE, Of.SPENT})
_WHOSE: Mapping[str, tuple[str, str]] = {
    "volunteer": ("each volunteer", "每人"),
    "household": ("each household", "每户"),
    "team": ("each team", "每队"),
    "programme": ("all together", "全体"),
    "everybody": ("all together", "全体"),
}
_SPANS: Mapping[str, tuple[str, str]] = {"days": ("days", "天"), "months": ("months", "个月"), "years": ("years", "年")}
_WEEKDAYS = (("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays"), "一二三四五六日")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@attrs.frozen
class Phrases:
    """Says parts of rules in one language.

    Attributes:
        lang: ``zh`` or ``en``.
        names: Names to be shown for ids, by subject such as ``activity:park``.
        currencies: The programme's currencies by their ids.
        own_rules: The developers' own rules that are there; without them their parameters are told.
    """

    lang: Lang
    names: Mapping[str, str] = attrs.field(factory=dict)
    currencies: Mapping[str, Currency] = attrs.field(factory=dict)
    own_rules: OwnRules = NO_OWN_RULES

    def pick(self, en: str, zh: str) -> str:
        """The text in the language."""
        return zh if self.lang == "zh" else en

    def of(self, table: Mapping[str, tuple[str, str]], word: str) -> str:
        """A word of a table, or the word itself."""
        return self.pick(*table.get(word, (word, word)))

    def listed(self, words: Iterable[str]) -> str:
        """Several words one after another."""
        return self.pick(", ", "、").join(words)

    def named(self, noun: str, ids: Iterable[str]) -> str:
        """Things of the programme by their names."""
        return self.listed(self.names.get(f"{noun}:{each}") or each for each in ids)

    # --- numbers ---

    @property
    def stop(self) -> str:
        """What ends a sentence."""
        return self.pick(".", "。")

    @property
    def otherwise(self) -> str:
        """What stands before a rule for all that no rule above it took."""
        return self.pick("all else", "其余")

    def currency_name(self, currency: str) -> str:
        """The name of a currency."""
        known = self.currencies.get(currency)
        plain = known is None or known.name in {"", Currency(id="any").name}
        return currency if known is None or (plain and currency != "points") else known.name

    def scaled(self, parts: int, currency: str) -> str:
        """Points that are counted in smallest parts."""
        known = self.currencies.get(currency)
        return self.amount(Fraction(parts, known.scale if known else 1), currency)

    def amount(self, number: Fraction, currency: str = "points") -> str:
        """Points: ``10 points``, ``10 分``; of another currency with its name."""
        name = self.currency_name(currency)
        if currency == "points" and name in {"points", "积分", ""}:
            one = self.pick("point" if abs(number) == 1 else "points", "分")
            return f"{number_text(number)} {one}"
        return f"{number_text(number)} {name}"

    def measured(self, of: Of, number: Fraction, unit: str) -> str:
        """An amount of a measure with its unit: ``50 hours``, ``400 ml``."""
        if of in _IN_A_CURRENCY:
            return self.amount(number, unit)
        _, en, _, zh = _MEASURES[of]
        en = en.removesuffix("s") if number == 1 else en
        return f"{number_text(number)} {unit if of is Of.QUANTITY else self.pick(en, zh)}"

    def minutes(self, number: int) -> str:
        """Minutes, as hours where they are whole ones."""
        if number and not number % 60:
            return self.pick(f"{number // 60} h", f"{number // 60} 小时")
        return self.pick(f"{number} min", f"{number} 分钟")

    def per(self, period: str) -> str:
        """``a day``, ``每天``."""
        return self.of(VOCABULARY["period"], period)

    def each(self, whose: str) -> str:
        """``each household``, ``每户``."""
        return self.of(_WHOSE, whose)

    def direction(self, direction: str) -> str:
        """Which way something is rounded."""
        return self.of(VOCABULARY["direction"], direction)

    def evidence(self, word: str) -> str:
        """How a record is supported."""
        return self.of(VOCABULARY["evidence"], word)

    # --- windows, measures, conditions ---

    def over(self, window: str) -> str:
        """``in the year``, ``in the last 12 months``."""
        if window in list(Period):
            return self.of(VOCABULARY["window"], window)
        number, span = window.split(" ")
        return self.pick(f"in the last {window}", f"近 {number} {_SPANS[span][1]}")

    def condition(self, condition: Condition) -> str:
        """What must hold: ``at least 100 hours served in all``."""
        found = [self._bounds(condition, condition.of)] if condition.of is not None else []
        if condition.own is not None:
            bounds = " ".join(self._bound_texts(condition))
            found.append(f"{self.own(Use.CONDITION, condition.own)} {bounds}")
        if condition.tags:
            found.append(
                self.pick(f"one of the tags {self.listed(condition.tags)}", f"属于{self.listed(condition.tags)}")
            )
        if condition.without_tags:
            tags = self.listed(condition.without_tags)
            found.append(self.pick(f"none of the tags {tags}", f"不属于{tags}"))
        if condition.level:
            level = self.names.get(f"level:{condition.ladder}.{condition.level}") or condition.level
            ladder = self.names.get(f"ladder:{condition.ladder}") or condition.ladder
            found.append(self.pick(f"at least level {level} of {ladder}", f"{ladder}达到{level}"))
        return self.pick(" and ", "，且").join(found)

    def own(self, use: Use, own: OwnRule) -> str:
        """A developer's own rule in its own words, with its name and version."""
        said = own_description(use, own, self.own_rules, self.lang)
        return said if str(own) in said else self.pick(f"{said} ({own})", f"{said}（{own}）")

    def _bound_texts(self, condition: Condition) -> list[str]:
        each = "" if condition.for_each is None else f" × {self.of(VOCABULARY['measure'], condition.for_each)}"
        bounds = (("≥", condition.at_least), ("<", condition.below))
        return [f"{sign} {number_text(bound)}{each}" for sign, bound in bounds if bound is not None]

    def _bounds(self, condition: Condition, of: Of) -> str:
        en, _, zh, _ = _MEASURES[of]
        each = ""
        if condition.for_each is not None:
            unit = self.measured(condition.for_each, Fraction(1), condition.for_each_unit or condition.unit)
            each = self.pick(
                f" for each {unit.removeprefix('1 ').removesuffix('s')}", f"（每{unit.removeprefix('1 ')}）"
            )
        bounds = []
        if condition.at_least is not None:
            shown = self.measured(of, condition.at_least, condition.unit)
            bounds.append(self.pick(f"at least {shown}", f"不少于 {shown}"))
        if condition.below is not None:
            shown = self.measured(of, condition.below, condition.unit)
            bounds.append(self.pick(f"less than {shown}", f"少于 {shown}"))
        where = self.named("activity", condition.activities)
        who = "" if condition.whose is Whose.VOLUNTEER else self.each(condition.whose)
        now = of in {Of.AVAILABLE, Of.BALANCE, Of.MONTHS}
        window = "" if now else self.over(condition.over)
        if self.lang == "zh":
            sep = f"（{where}）" if where else "（同一项目）" if condition.each_activity else ""
            return f"{who}{window}{zh}{sep}{'且'.join(bounds)}{each}"
        parts = [" and ".join(bounds) + each, *([en] if en else [])]
        parts += [f"in {where}"] if where else ["in the same activity"] if condition.each_activity else []
        parts += [window] if window else []
        parts += [f"by {who}"] if who else []
        return " ".join(parts)

    def conditions(self, conditions: Iterable[Condition]) -> str:
        """All that must hold."""
        return self.pick("; ", "；").join(self.condition(each) for each in conditions)

    # --- selectors ---

    def hours(self, begin: time, end: time) -> str:
        """``22:00–06:00``."""
        return f"{begin:%H:%M}–{end:%H:%M}"

    def days(self, first: date | None, last: date | None) -> str:
        """From a day, until a day, or both."""
        if first is not None and last is not None:
            return self.pick(f"{first} to {last}", f"{first} 至 {last}")
        return self.pick(f"from {first} on", f"自 {first} 起") if first else self.pick(f"until {last}", f"至 {last} 止")

    def weekdays(self, days: Iterable[int]) -> str:
        """Days of the week."""
        names, signs = _WEEKDAYS
        return self.listed(self.pick(names[day - 1], f"周{signs[day - 1]}") for day in days)

    def selector(self, when: When) -> str:
        """Which service is meant; empty for all."""
        found = [*self._of_activity(when), *self._of_people(when), *self._of_time(when)]
        if when.conditions:
            found.append(self.pick("with ", "须") + self.conditions(when.conditions))
        return self.pick("; ", "，").join(found)

    def _of_activity(self, when: When) -> Iterable[str]:
        if when.activities:
            yield self.named("activity", when.activities)
        if when.activity_types:
            yield self.pick("of type ", "类别：") + self.listed(when.activity_types)
        if when.teams:
            yield self.pick("for team ", "队伍：") + self.named("team", when.teams)
        if when.slots:
            yield self.pick("for teams of slot ", "队伍类别：") + self.named("slot", when.slots)
        if when.roles:
            yield self.pick("as ", "担任") + self.listed(when.roles)
        if when.marks:
            yield self.pick("marked ", "标记为") + self.listed(when.marks)
        if when.without_marks:
            yield self.pick("not marked ", "未标记") + self.listed(when.without_marks)
        if when.ratings:
            yield self.pick("rated ", "评价为") + self.listed(when.ratings)

    def _of_people(self, when: When) -> Iterable[str]:
        if when.tags:
            yield self.pick("by ", "") + self.listed(when.tags)
        if when.without_tags:
            yield self.pick("not by ", "非") + self.listed(when.without_tags)
        if when.evidence:
            yield self.listed(self.evidence(each) for each in when.evidence)
        for bound, en, zh in (
            (when.participants_at_least, "with at least {} taking part", "{} 人及以上参加"),
            (when.participants_below, "with fewer than {} taking part", "不足 {} 人参加"),
            (when.minutes_at_least, "of {} min or more", "{} 分钟及以上"),
            (when.minutes_below, "of less than {} min", "不足 {} 分钟"),
        ):
            if bound is not None:
                yield self.pick(en, zh).format(bound)

    def _of_time(self, when: When) -> Iterable[str]:
        if when.weekdays:
            yield self.pick("on ", "") + self.weekdays(when.weekdays)
        if when.months:
            yield self.pick("in ", "") + self.listed(self.pick(_MONTHS[each - 1], f"{each} 月") for each in when.months)
        if when.first_day or when.last_day:
            yield self.days(when.first_day, when.last_day)
        if when.from_time is not None and when.until_time is not None:
            yield self.hours(when.from_time, when.until_time)
        if when.is_dated and when.counts is Counts.RECORD:
            yield self.pick("(the whole record, by when it begins)", "（按开始时间计整条记录）")
