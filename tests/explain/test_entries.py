"""Every kind of entry and every word of the programme is said in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from datetime import timedelta
from fractions import Fraction

import pytest

from tests.explain.happenings import CHINESE, REASON, approved, eventful, held, known, with_rules
from tests.explain.raises import source_trees
from tests.histories import at, begun
from volunteer_points import commands as c
from volunteer_points.decisions.adoption import STANDING, nouns
from volunteer_points.decisions.redemption import RedemptionState
from volunteer_points.decisions.service import STATUS
from volunteer_points.entries import KINDS
from volunteer_points.errors import InputError
from volunteer_points.explain import awards, describe, kinds, naming, redemptions
from volunteer_points.explain.templates import filled
from volunteer_points.explain.vocabulary import VOCABULARY
from volunteer_points.explain.wording import End, Exact, Minutes, Points, Speaker
from volunteer_points.model import Evidence, LimitBy, LimitOf, Of, Period, Right, Whose
from volunteer_points.rules import Direction, Rounding


def test_every_word_of_the_programme_is_in_the_vocabulary() -> None:
    assert set(VOCABULARY["period"]) == {"record", "balance", *Period}
    assert set(VOCABULARY["window"]) == {"record", *Period}
    assert set(VOCABULARY["measure"]) == {*Of}
    assert set(VOCABULARY["whose"]) == {*Whose}
    assert set(VOCABULARY["counted"]) == {*LimitOf}
    assert set(VOCABULARY["by"]) == {*LimitBy}
    assert set(VOCABULARY["direction"]) == {*Direction}
    assert set(VOCABULARY["evidence"]) == {*Evidence}
    assert set(VOCABULARY["right"]) == {*Right}
    assert set(VOCABULARY["kind"]) == set(KINDS)
    of_redemptions = re.findall(r"``(\w+)``", _doc_of_status())
    assert set(VOCABULARY["status"]) == {*STATUS.values(), *of_redemptions}
    assert set(redemptions.TITLES) == {*of_redemptions}
    assert set(awards.TITLES) == {*STATUS.values()}


def _doc_of_status() -> str:
    """The sentence in the source that lists the statuses of a redemption."""
    [cls] = [
        node
        for node in source_trees()["decisions/redemption.py"].body
        if isinstance(node, ast.ClassDef) and node.name == RedemptionState.__name__
    ]
    return ast.unparse(cls.body[4])


@pytest.mark.parametrize("group", VOCABULARY)
def test_every_word_is_said_in_both_languages(group: str) -> None:
    for en, zh in VOCABULARY[group].values():
        assert en
        assert not CHINESE.search(en)
        assert CHINESE.search(zh)


@pytest.mark.parametrize(
    "number, shown",
    [
        ("70/3", "70/3 ≈ 23.33"),
        ("23", "23"),
        ("35/2", "17.5"),
        ("-1/8", "-0.125"),
        ("2/3", "2/3 ≈ 0.67"),
        ("1/10000", "0.0001"),
    ],
)
def test_an_exact_number_is_shown_exactly(number: str, shown: str) -> None:
    assert Exact(number).shown(Speaker("en")) == shown


@pytest.mark.parametrize(
    "template, shown, said",
    [
        ("{a}[ by {b}]", {"a": "1", "b": "2"}, "1 by 2"),
        ("{a}[ by {b}]", {"a": "1"}, "1"),
        ("[{a} and {b}]", {"a": "1"}, ""),
        ("{a}[ {b}]", {"a": "[{b}]", "b": "{a}"}, "[{b}] {a}"),
    ],
)
def test_a_template_is_filled_once(template: str, shown: Mapping[str, str], said: str) -> None:
    assert filled(template, shown) == said


def test_a_language_that_is_not_known_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        describe(begun().entries[0], "fr")  # type: ignore[arg-type]  # what a caller without types may do
    assert caught.value.code == "unknown_language"


def test_points_are_shown_with_the_decimals_of_their_currency() -> None:
    speaker, bare = Speaker("en", begun().frame), Speaker("en")
    assert speaker.shown(Points(25, "culture")) == "2.5 culture"
    assert Speaker("zh", begun().frame).shown(Points(-25, "culture")) == "-2.5 文化分"
    assert bare.shown(Points(25, "culture")) == "25 culture"
    assert (bare.shown(Points(1, "points")), bare.shown(Points(2, "points", signed=True))) == ("1 point", "+2 points")


def test_an_end_names_the_last_day_on_which_it_holds() -> None:
    frame = begun().frame
    midnight = at("2028-01-01T00:00")
    assert Speaker("en", frame).shown(End(midnight)) == "until the end of 31 Dec 2027"
    assert Speaker("zh", frame).shown(End(midnight)) == "有效至 2027年12月31日（含当日）"
    assert Speaker("en", frame).shown(End(midnight + timedelta(hours=9))) == "until 1 Jan 2028 09:00"
    assert Speaker("en").shown(End(midnight)) == "until 1 Jan 2028 00:00 +08:00"
    assert Speaker("en", frame).shown(End(None)) == "without an end"


def test_minutes_are_shown_in_hours_where_that_is_asked() -> None:
    speaker = Speaker("en")
    shown = [speaker.shown(Minutes(count, long=True)) for count in (0, 59, 60, 140)]
    assert shown == ["0 min", "59 min", "1 h", "2 h 20 min"]
    assert speaker.shown(Minutes(140)) == "140 min"


def test_every_kind_of_entry_has_words() -> None:
    assert set(kinds.LINES) == set(KINDS)


def test_the_eventful_history_has_every_kind() -> None:
    assert {entry.kind for entry in eventful().entries} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_of_every_kind_is_described_in_one_line_with_all_facts_that_its_words_name(kind: str) -> None:
    entries = [entry for entry in eventful().entries if entry.kind == kind]
    for entry in entries:
        english = describe(entry, "en", frame=eventful().frame)
        chinese = describe(entry, "zh", frame=eventful().frame)
        for said in (english, chinese, describe(entry, "zh")):
            assert said.strip() == said
            assert not re.search(r"[\n{}\[\]]|None|True|Fraction|datetime|Reason|  ", said), said
        assert CHINESE.search(chinese)
    facts = set[str]().union(*(kinds.facts_of(entry) for entry in entries))
    always, sometimes = kinds.LINES[kind].places()
    assert always <= facts
    assert sometimes <= facts | {"item", "activity"}  # a statement knows what a record and a redemption are about


def test_every_person_of_an_entry_is_shown_by_name() -> None:
    for entry in eventful().entries:
        said = describe(entry, "en", lambda name: name if ":" in name else f"<{name}>", frame=eventful().frame)
        for person in ("v-1", "v-2", "leader", "checker", "founder-a", "founder-b"):
            assert re.search(rf"(?<!<){person}(?!>)", said) is None, said


def test_things_are_shown_by_the_names_that_the_programme_gives_them() -> None:
    names = naming(nouns(entry.fact for entry in begun().tally.answer(STANDING)), known)
    assert [names(subject) for subject in ("item:rice", "activity:park", "partner:grain", "team:repairs")] == [
        "大米 5 kg",
        "公园清洁",
        "粮油店",
        "小家电维修队",
    ]
    assert (names("v-1"), names("v-9"), names("item:gone"), names("household:h-1")) == (
        "张三",
        "v-9",
        "item:gone",
        "household:h-1",
    )


@pytest.mark.parametrize(
    "kind, en, zh",
    [
        (
            "Awarded",
            (
                "23 points awarded to 张三 for 140 min of 公园清洁 on 14 Mar 2026, by rulebook 2026;"
                " usable until the end of 31 Dec 2027"
            ),
            "张三 获得 23 积分：2026年3月14日 公园清洁 140 分钟，依据积分办法 2026；有效至 2027年12月31日（含当日）",
        ),
        ("Extended", "5 points of 张三 came back after their end and are usable until the end of 2 Feb 2028", None),
        (
            "Prolonged",
            (
                "2.0 culture of household h-1 end later, because of new service, and are usable until the end of"
                " 7 Jan 2029"
            ),
            "家庭 h-1 的 2.0 文化分 因再次服务顺延：有效至 2029年1月7日（含当日）",
        ),
        ("Transferred", "张三 gave 3 points to v-2", "张三 转赠 v-2 3 积分"),
        ("Joined", "张三 joins team repairs from 1 Mar 2026", None),
        ("StockCounted", "大米: 4 counted by shop, +2 against the books (said_so)", None),
        ("Withdrawn", "activity watch is offered no longer", "服务项目 watch 已停用"),
        ("Held", "1 × 大米 held for 张三, 20 points, until the end of 28 Mar 2026", None),
    ],
)
def test_a_line_says_what_happened(kind: str, en: str, zh: str | None) -> None:
    entry = next(entry for entry in eventful().entries if entry.kind == kind)
    assert describe(entry, "en", known, frame=eventful().frame) == en
    if zh is not None:
        assert describe(entry, "zh", known, frame=eventful().frame) == zh


def test_leaving_a_team_and_leaving_the_programme_are_told_apart() -> None:
    team, programme = [describe(entry, "en") for entry in eventful().entries if entry.kind == "Left"]
    assert team == "v-1 leaves team repairs from 13 Mar 2026"
    assert programme == "v-2 leaves the programme from 3 Jan 2028"


def test_points_that_were_taken_have_no_end_and_points_that_were_given_have_one() -> None:
    history = begun()
    given, taken = (
        history.run(c.Adjust(volunteer="v-1", points=points, requested_by="founder-b", reason=REASON))[0]
        for points in (9, -2)
    )
    assert describe(given, "en", frame=history.frame).endswith("; usable until the end of 31 Dec 2027")
    assert describe(taken, "en", frame=history.frame) == (
        "-2 points by decision for v-1: said_so; asked for by founder-b, approved by founder-a"
    )


def test_an_entry_whose_fact_names_no_currency_is_told_in_that_of_its_points() -> None:
    history = begun(with_rules(currency="culture", rounding=Rounding(to=Fraction(1, 10))))
    record = approved(history, "2026-03-14T09:00", "2026-03-14T11:20")
    held(history, "ticket", 5)
    history.run(c.Reverse(record=record, reason=REASON), actor="checker")
    entries = history.run(
        c.Adjust(volunteer="v-1", points=30, requested_by="founder-b", reason=REASON, currency="culture")
    )
    assert describe(entries[-1], "en", frame=history.frame) == "3.0 culture of v-1 went to the debt"
