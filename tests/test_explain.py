"""Words for what the core wrote or refused: nothing without words, no words without facts, and sums that add up."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.histories import DEFINITION, History, at, begun
from volunteer_points import commands as c
from volunteer_points.books import LotsOf, Moved, Tally
from volunteer_points.cli.words import SENTENCES as CLI_SENTENCES
from volunteer_points.decisions.adoption import STANDING, nouns
from volunteer_points.decisions.case import available, debt
from volunteer_points.decisions.redemption import RedemptionState
from volunteer_points.decisions.service import STATUS
from volunteer_points.entries import (
    KINDS,
    Approved,
    Awarded,
    Corrected,
    Entry,
    Held,
    NotAwarded,
    Purpose,
    Submitted,
    volunteer_holder,
)
from volunteer_points.errors import Corrupt, InputError, Refused, VolunteerPointsError
from volunteer_points.exchange.problems import SheetUnreadable
from volunteer_points.exchange.words import _WORDS as ROW_REFUSALS
from volunteer_points.explain import (
    awards,
    describe,
    explain_award,
    explain_redemption,
    kinds,
    naming,
    redemptions,
    sentence,
    statement,
    statements,
)
from volunteer_points.explain.error_words import ERRORS, REMEDIES
from volunteer_points.explain.file_words import PROGRAMME_FILE_IN_CHINESE
from volunteer_points.explain.refusals import in_chinese
from volunteer_points.explain.store_words import REGISTER_IN_CHINESE
from volunteer_points.explain.templates import ErrorWords, Lang, Words, filled
from volunteer_points.explain.vocabulary import VOCABULARY
from volunteer_points.explain.wording import End, Exact, Minutes, Points, Speaker, plain
from volunteer_points.model import Evidence, Household, Interval, Item, Period, Place, Price, Reason, Right
from volunteer_points.people.errors import SENTENCES as REGISTER_SENTENCES
from volunteer_points.people.errors import PeopleError
from volunteer_points.programme_file import ProgrammeFileInvalid, loads
from volunteer_points.rules import MINUTES, Accrual, Cap, Direction, Rounding, Step

SOURCE = Path(__file__).parents[1] / "src" / "volunteer_points"
LANGS: tuple[Lang, Lang] = ("en", "zh")
REASON = Reason(code="said_so")
Kind = TypeVar("Kind")
CHINESE = re.compile(r"[一-鿿]")

# --- which errors there are --------------------------------------------------------------------------------------

UNREADABLE = {"SheetUnreadable", "CellUnreadable", "ProgrammeFileInvalid"}
"""Errors that bring their own words; the tests of their packages hold them to it, but for the Chinese of the file."""

OWN_WORDS = {"cli": set(CLI_SENTENCES), "exchange": set(ROW_REFUSALS)}
"""Codes of which a package tells in both languages by itself, where it makes them."""

NAMED_ELSEWHERE: Mapping[tuple[str, str], Mapping[str, set[str]]] = {
    # where a raise does not name its code: the codes that it can have, and the facts that each brings
    ("decisions/case.py", "code"): {},  # `refuse` itself; those who call it are found
    ("decisions/redemption.py", "code[status]"): {
        code: {"redemption", "at", "by"} for code in ("already_collected", "already_cancelled", "already_lapsed")
    },
    ("people/database.py", "code"): {"person_unknown": {"person_id"}, "text_unknown": {"seal"}},
    ("people/particulars.py", "code"): {
        code: {"shown", "count", "candidate_ids", "candidates"}
        for code in ("match_needs_name_or_phone", "match_unknown", "match_ambiguous", "match_phone_differs")
    },
    ("storage/journal.py", "error.code"): {"unreadable_entry": {"line", "problem", "starts", "fix"}},
    ("storage/sqlite.py", "code"): {
        code: {"problem", "sqlite", "fix"} for code in ("floor_passed", "contradicts_what_is_stored")
    },
    ("storage/sqlite.py", "kind(code)"): {},
    ("audit/integrity.py", "problem.code"): {},  # says again what the journal said
}
"""Raises whose code is not written where they stand."""

SPREAD = {
    "people/register.py": {"position", "shown"},
    "storage/journal.py": {"line", "expected", "found", "begins", "looks_like"},
}
"""What is behind `**facts` where facts are spread."""


@attrs.frozen
class Raised:
    """One place at which an error is made: its code, the facts it names, and the remedy it brings."""

    place: str
    code: str
    facts: frozenset[str]
    fix: str | None
    """None when it brings none, blank when it cannot be read from the source."""


def error_classes(trees: Mapping[str, ast.Module]) -> set[str]:
    """The names of all classes of errors, by following their bases."""
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found = {"VolunteerPointsError"}
    while more := {name for name, own in bases.items() if own & found} - found:
        found |= more
    return found


def raised_in(trees: Mapping[str, ast.Module]) -> Iterator[Raised]:
    """Every place at which an error is made."""
    classes = error_classes(trees) - UNREADABLE
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not node.args:
                continue
            if node.func.id in classes or (node.func.id == "refuse" and path.startswith("decisions/")):
                yield from _raised(path, node)


def _raised(path: str, node: ast.Call) -> Iterator[Raised]:
    place = f"{path}:{node.lineno}"
    facts = {keyword.arg for keyword in node.keywords if keyword.arg is not None}
    if any(keyword.arg is None for keyword in node.keywords):
        facts |= SPREAD.get(path, set())
    fixes = [keyword.value for keyword in node.keywords if keyword.arg == "fix"]
    fix = (str(fixes[0].value) if isinstance(fixes[0], ast.Constant) else "") if fixes else None
    match node.args[0]:
        case ast.Constant(value=str() as code):
            yield Raised(place, code, frozenset(facts), fix)
        case unnamed:
            key = (path, ast.unparse(unnamed))
            assert key in NAMED_ELSEWHERE, f"{place}: say in NAMED_ELSEWHERE which codes this raise can have"
            for code, own in NAMED_ELSEWHERE[key].items():
                yield Raised(place, code, frozenset(own), "" if "fix" in own else None)


def source_trees() -> dict[str, ast.Module]:
    return {path.relative_to(SOURCE).as_posix(): ast.parse(path.read_text("utf-8")) for path in SOURCE.rglob("*.py")}


def kinds_in_a_table(tree: ast.Module) -> set[str]:
    """The codes that SQLite's errors become, which stand in a table of class, code and remedy."""
    return {
        str(node.elts[1].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Tuple) and len(node.elts) == 3 and isinstance(node.elts[1], ast.Constant)
        if isinstance(node.elts[0], ast.Name) and node.elts[0].id in {"StoreError", "Corrupt", "Misconfigured"}
    }


TREES = source_trees()
RAISED = tuple(raised_in(TREES))
FROM_SQLITE = kinds_in_a_table(TREES["storage/sqlite.py"])


def has_own_words(raised: Raised) -> bool:
    """Whether the package that makes the error tells it by itself."""
    return raised.code in OWN_WORDS.get(raised.place.partition("/")[0], ())


def wordless(raised: Raised) -> list[str]:
    """What is missing for an error to be told in both languages."""
    if has_own_words(raised):
        return []
    if raised.code in REGISTER_IN_CHINESE:
        return [] if raised.code in REGISTER_SENTENCES else [f"{raised.place}: {raised.code} has no English words"]
    words = ERRORS.get(raised.code)
    if words is None:
        return [f"{raised.place}: {raised.code} has no words in explain"]
    found = []
    if raised.fix is None and not (words.remedy_en and words.remedy_zh):
        found.append(f"{raised.place}: {raised.code} has no remedy in both languages")
    if raised.fix and not in_chinese(raised.fix) and not words.remedy_zh:
        found.append(f"{raised.place}: no Chinese for {raised.fix!r}; add it to REMEDIES")
    if raised.fix == "" and not words.remedy_zh:
        found.append(f"{raised.place}: the remedy of {raised.code} cannot be read; give its words a remedy_zh")
    always = words.sentence.places()[0] | words.remedy.places()[0]
    if missing := always - raised.facts:
        found.append(f"{raised.place}: {raised.code} does not bring {sorted(missing)}, which its words name")
    return found


def test_every_error_has_words_and_a_remedy_in_both_languages_and_brings_the_facts_that_they_name() -> None:
    assert [problem for raised in RAISED for problem in wordless(raised)] == []
    assert {code for code in FROM_SQLITE if code not in ERRORS or not ERRORS[code].remedy_zh} == set()


def test_no_words_are_left_of_errors_that_nobody_raises() -> None:
    codes = {raised.code for raised in RAISED} | FROM_SQLITE
    assert set(ERRORS) - codes == set()
    assert set(REGISTER_IN_CHINESE) - codes == set()
    assert set(REMEDIES) - {raised.fix for raised in RAISED} == set()


def test_a_part_in_brackets_is_about_facts_that_some_raise_brings() -> None:
    brought: dict[str, set[str]] = {code: {"problem"} for code in FROM_SQLITE}
    for raised in RAISED:
        brought.setdefault(raised.code, set()).update(raised.facts)
    never = {code: missing for code, words in ERRORS.items() if (missing := words.sentence.places()[1] - brought[code])}
    assert never == {}


@pytest.mark.parametrize(
    "text, problem",
    [
        ('refuse("unheard_of", item="rice")', "unheard_of has no words in explain"),
        ('refuse("unknown_item")', "does not bring ['item']"),
        ('raise InputError("not_a_day", value=1, fix="Go home.")', "no Chinese for 'Go home.'"),
        ('raise InputError("not_a_day", value=1, fix=why)', "cannot be read"),
        ('raise InputError("not_a_day", value=1)', "has no remedy"),
        ('refuse("unknown_item", item="rice")', None),
    ],
)
def test_an_error_without_words_is_found(text: str, problem: str | None) -> None:
    trees = {**TREES, "decisions/new.py": ast.parse(text)}
    found = [each for raised in raised_in(trees) if "new.py" in raised.place for each in wordless(raised)]
    assert found == [] if problem is None else len(found) == 1 and problem in found[0]


def test_an_error_whose_code_is_not_written_there_is_found() -> None:
    trees = {**TREES, "decisions/new.py": ast.parse("refuse(which, item=1)")}
    with pytest.raises(AssertionError, match=r"decisions/new\.py:1: say in NAMED_ELSEWHERE"):
        list(raised_in(trees))


def all_words() -> dict[str, Words]:
    tables = {"award": awards.LINES, "title": awards.TITLES, "kind": kinds.LINES, "statement": statements.WORDS}
    tables |= {"redemption": redemptions.LINES, "redemption title": redemptions.TITLES}
    found = {f"{name}.{code}": words for name, table in tables.items() for code, words in table.items()}
    found |= {f"error.{code}": words.sentence for code, words in ERRORS.items()}
    return found | {f"remedy.{code}": words.remedy for code, words in ERRORS.items()}


def test_both_languages_say_the_same() -> None:
    differing = {}
    for name, words in all_words().items():
        english, chinese = Words(words.en, words.en).places(), Words(words.zh, words.zh).places()
        if english[0] | english[1] != chinese[0] | chinese[1]:
            differing[name] = (english, chinese)
    assert differing == {}


def test_english_has_no_chinese_in_it_and_chinese_has_some() -> None:
    for name, words in all_words().items():
        assert not CHINESE.search(words.en), name
        assert not words.zh or CHINESE.search(words.zh), name


# --- errors as sentences -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_every_raise_becomes_a_sentence(lang: Lang) -> None:
    for raised in RAISED:
        if raised.code not in ERRORS or has_own_words(raised):
            continue
        error = VolunteerPointsError(raised.code, **{name: 7 for name in raised.facts if name != "fix"})
        said = sentence(error, lang)
        assert not re.search(r"[{}\[\]]", said), said
        assert bool(CHINESE.search(said)) is (lang == "zh"), said


def test_a_refusal_names_place_value_and_remedy() -> None:
    error = Refused("limit_reached", item="soap", at_most=2, per="month", of="units", by="volunteer", used=2, wanted=1)
    assert sentence(error, "en") == (
        "soap: at most 2 units a month for each volunteer; there were 2, and 1 more would be too many."
        " Choose less, or wait for the next period."
    )
    assert sentence(error, "zh") == "soap：按个人每月最多 2 件，已有 2，再加 1 就超限。请减少数量，或等到下一周期。"


def test_what_is_missing_is_left_out_of_a_sentence() -> None:
    team = sentence(Refused("not_authorised", actor="li", right="approve", team="repairs", partner=None), "en")
    assert team == "li may not approve service for team repairs. Ask somebody who has this duty."
    nobody = sentence(Refused("not_authorised", actor="li", right="approve", team=None, partner=None), "zh")
    assert nobody == "li 没有“审核服务”的职责。请由有此职责的人办理。"


def test_names_stand_in_place_of_ids_in_a_sentence() -> None:
    names = {"v-1": "张三", "item:rice": "大米"}
    error = Refused("overlap", volunteer="v-1", record="r-1", begin=at("2026-03-14T09:00"), end=at("2026-03-14T10:00"))
    assert sentence(error, "zh", names=lambda name: names.get(name, name)).startswith("张三 在 2026年3月14日 09:00")
    assert sentence(Refused("unknown_item", item="rice"), "zh", names=lambda name: names.get(name, name)).startswith(
        "没有兑换物品 大米。"
    )


@pytest.mark.parametrize(
    "instant, shown",
    [
        (at("2026-03-14T09:00"), "14 Mar 2026 09:00 +08:00"),
        (datetime(2026, 3, 14, 9, tzinfo=UTC), "14 Mar 2026 09:00 UTC"),
        (datetime(2026, 3, 14, 9, tzinfo=ZoneInfo("Asia/Shanghai")), "14 Mar 2026 09:00 Asia/Shanghai"),
        (datetime(2026, 3, 14, 9), "14 Mar 2026 09:00"),  # noqa: DTZ001 - an error may be about just that
        ("2026-03-14 09:00+08:00", "14 Mar 2026 09:00 +08:00"),
        ("noon", "noon"),
    ],
)
def test_an_instant_in_an_error_is_shown_as_wall_time_with_its_zone(instant: object, shown: str) -> None:
    error = Refused("already_cancelled", redemption="x-1", at=instant, by="li")
    assert f"was cancelled at {shown} by li." in sentence(error, "en")


def test_with_the_programme_an_instant_in_an_error_is_on_its_clock() -> None:
    error = Refused("nothing_due", volunteer="v-1", at=datetime(2026, 3, 14, 1, tzinfo=UTC))
    assert "by 14 Mar 2026 09:00." in sentence(error, "en", frame=begun().frame)


def test_a_remedy_that_the_error_brings_is_told_in_both_languages() -> None:
    with pytest.raises(InputError) as caught:
        c.Adjust(volunteer="v-1", points=0, requested_by="a", reason=REASON)
    assert sentence(caught.value, "en") == "points: 0 is not enough. Give a number above or below 0."
    assert sentence(caught.value, "zh") == "points：0 不够。请给出不为 0 的数。"
    near = InputError("not_a_day", value="x", fix="Did you mean 'y'?")
    assert sentence(near, "zh") == "x 不是日期。是不是 'y'？"
    foreign = InputError("not_a_day", value="x", fix="Go home.")
    assert sentence(foreign, "zh") == "x 不是日期。Go home."


def test_several_problems_are_told_one_after_the_other() -> None:
    error = Refused("definition_has_problems", problems=["team a: unknown slot", "item b: unknown partner"])
    assert "team a: unknown slot; item b: unknown partner." in sentence(error, "en")


@pytest.mark.parametrize("lang", LANGS)
def test_an_error_that_is_not_known_here_is_told_in_its_own_words(lang: Lang) -> None:
    assert sentence(VolunteerPointsError("of_a_host", place="shelf"), lang) == "of a host (place=shelf)"
    assert sentence(Refused("unknown_item"), lang) == "unknown item"


def test_an_error_about_a_sheet_speaks_for_itself() -> None:
    error = SheetUnreadable("no_rows", source="a.csv", number=3)
    assert sentence(error, "en") == str(error)
    assert sentence(error, "zh") == "a.csv：第 3 行表头下面没有数据。请选择填写好的签到表。"


def test_an_error_of_the_people_register_is_told_in_both_languages() -> None:
    error = PeopleError("particulars_blank", field="name")
    assert sentence(error, "en") == str(error)
    assert sentence(error, "zh") == "姓名为空；请填写，或不登记此人。"
    for code, words in REGISTER_IN_CHINESE.items():
        assert Words(words, words).places() == Words(*[REGISTER_SENTENCES[code]] * 2).places(), code


def test_the_mistakes_in_a_programme_file_are_told_in_both_languages() -> None:
    with pytest.raises(ProgrammeFileInvalid) as caught:
        loads('name = "x"\nzone = "Asia/Shanghai"\nrun_by_one = "a"\nactivites = []\n')
    assert sentence(caught.value, "en") == str(caught.value)
    said = sentence(caught.value, "zh")
    assert said.startswith("项目文件：3 处错误\n")
    assert "第 4 行，activites = []：不认识的键。是不是 'activities'？" in said
    assert "队伍与体系结构不符（slot standing: 0 teams" in said


def test_every_mistake_in_a_programme_file_has_chinese_words() -> None:
    codes = set[str]()
    for path, tree in TREES.items():
        if not path.startswith("programme_file/"):
            continue
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Attribute(attr="report"), args=[_, ast.Constant(value=str() as code), *_]):
                    codes.add(code)
                case ast.Call(func=ast.Name(id="_Unreadable"), args=[ast.Constant(value=str() as code), *_]):
                    codes.add(code)
                case ast.Call(func=ast.Name(id="Problem"), keywords=keywords):
                    codes |= {
                        str(each.value.value)
                        for each in keywords
                        if each.arg == "code" and isinstance(each.value, ast.Constant)
                    }
                case ast.Dict(keys=keys) if path.endswith(("problems.py", "reading.py")):
                    codes |= {str(key.value) for key in keys if isinstance(key, ast.Constant)} & {*_file_codes()}
                case _:
                    pass
    assert len(codes) > 20
    assert codes - set(PROGRAMME_FILE_IN_CHINESE) == set()


def _file_codes() -> set[str]:
    from volunteer_points.programme_file import problems, reading  # noqa: PLC0415 - what is inside the package

    return {*problems.WORDS, *reading._OUT_OF_BOUNDS}  # noqa: SLF001 - the table that names the codes


# --- words of the programme --------------------------------------------------------------------------------------


def test_every_word_of_the_programme_is_in_the_vocabulary() -> None:
    assert set(VOCABULARY["period"]) == {"record", *Period}
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
        for node in TREES["decisions/redemption.py"].body
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


# --- every kind of entry -----------------------------------------------------------------------------------------

TABLE = {"v-1": "张三", "leader": "李队长", "item:rice": "大米", "activity:park": "公园清洁"}


def known(name: str) -> str:
    return TABLE.get(name, name)


def served(begin: str, end: str) -> tuple[Interval, ...]:
    return (Interval(begin=at(begin), end=at(end)),)


def recorded(history: History, begin: str, end: str, *, volunteer: str = "v-1", activity: str = "park") -> str:
    """A record that waits for approval."""
    command = c.Submit(volunteer=volunteer, activity=activity, intervals=served(begin, end))
    return fact_of(history.run(command, actor="leader"), Submitted).record


def approved(history: History, begin: str, end: str, *, volunteer: str = "v-1", activity: str = "park") -> str:
    """A record that is decided."""
    record = recorded(history, begin, end, volunteer=volunteer, activity=activity)
    history.run(c.Approve(record=record), actor="checker")
    return record


def held(history: History, item: str = "rice", quantity: int = 1, volunteer: str = "v-1") -> str:
    """A redemption that is open."""
    command = c.Redeem(volunteer=volunteer, item=item, quantity=quantity)
    return fact_of(history.run(command, actor="leader"), Held).redemption


def fact_of(entries: tuple[Entry, ...], kind: type[Kind]) -> Kind:
    return next(entry.fact for entry in entries if isinstance(entry.fact, kind))


def eventful() -> History:
    """A history in which something of every kind is written."""
    history = begun()
    history.run(c.Enrol(volunteer="v-1", tags=("senior",), household="h-1"))
    history.run(c.Join(volunteer="v-1", team="repairs", since=date(2026, 3, 1)))
    history.run(c.Leave(volunteer="v-1", team="repairs", since=date(2026, 3, 13)))
    history.run(
        c.OpenBalance(volunteer="v-1", points=9, minutes=100, requested_by="founder-b", reason=REASON, ends=ENDS),
    )
    history.run(
        c.Reject(record=recorded(history, "2026-03-14T06:00", "2026-03-14T07:00"), reason=REASON), actor="checker"
    )
    history.run(c.Void(record=recorded(history, "2026-03-14T06:00", "2026-03-14T07:00"), reason=REASON), actor="leader")
    approved(history, "2026-03-14T06:00", "2026-03-14T06:20")
    first = approved(history, "2026-03-14T09:00", "2026-03-14T11:20")
    history.run(c.ReceiveStock(item="rice", quantity=3, best_before=at("2027-06-01T00:00")), actor="shop")
    history.run(c.WriteOffStock(item="rice", quantity=1, reason=REASON), actor="shop")
    history.run(c.CountStock(item="rice", counted=4, reason=REASON), actor="shop")
    rice = held(history)
    history.run(c.Collect(redemption=rice, collector="v-2", relation="neighbour"), actor="shop")
    history.run(c.Reverse(record=first, reason=REASON), actor="checker")
    history.run(
        c.Correct(
            record=first, intervals=served("2026-03-14T09:00", "2026-03-14T12:00"), requested_by="leader", reason=REASON
        ),
        actor="checker",
    )
    history.run(c.Return(redemption=rice, reason=REASON, damaged=True), actor="shop")
    history.run(c.Transfer(giver="v-1", receiver="v-2", points=3), actor="v-1")
    history.run(c.Adjust(volunteer="v-1", points=-2, requested_by="founder-b", reason=REASON))
    history.run(c.Cancel(redemption=held(history, "haircut"), reason=REASON), actor="leader")
    late = held(history, "haircut")
    history.run(c.Lapse(redemption=late), actor="leader", at=at("2026-04-01T09:00"))
    until = at("2028-02-01T00:00")
    kept = fact_of(
        history.run(c.Redeem(volunteer="v-1", item="haircut", held_until=until), actor="leader"), Held
    ).redemption
    history.run(c.Expire(volunteer="v-1"), at=at("2028-01-03T09:00"))
    history.run(c.Cancel(redemption=kept, reason=REASON), actor="leader")
    history.run(c.ClosePeriod(until=date(2028, 1, 1)))
    history.run(c.Leave(volunteer="v-2", since=date(2028, 1, 3)))
    without_film = attrs.evolve(DEFINITION, activities=DEFINITION.activities[:2])
    history.run(c.Adopt(definition=without_film, author="founder-a"), actor="founder-b")
    return history


ENDS = at("2028-01-01T00:00")
EVENTFUL = eventful()


def test_every_kind_of_entry_has_words() -> None:
    assert set(kinds.LINES) == set(KINDS)


def test_the_eventful_history_has_every_kind() -> None:
    assert {entry.kind for entry in EVENTFUL.entries} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_of_every_kind_is_described_in_one_line_with_all_facts_that_its_words_name(kind: str) -> None:
    entries = [entry for entry in EVENTFUL.entries if entry.kind == kind]
    for entry in entries:
        english = describe(entry, "en", frame=EVENTFUL.frame)
        chinese = describe(entry, "zh", frame=EVENTFUL.frame)
        for said in (english, chinese, describe(entry, "zh")):
            assert said.strip() == said
            assert not re.search(r"[\n{}\[\]]|None|True|Fraction|datetime|Reason|  ", said), said
        assert CHINESE.search(chinese)
    facts = set[str]().union(*(kinds.facts_of(entry) for entry in entries))
    always, sometimes = kinds.LINES[kind].places()
    assert always <= facts
    assert sometimes <= facts | {"item", "activity"}  # a statement knows what a record and a redemption are about


def test_every_person_of_an_entry_is_shown_by_name() -> None:
    for entry in EVENTFUL.entries:
        said = describe(entry, "en", lambda name: name if ":" in name else f"<{name}>", frame=EVENTFUL.frame)
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
            "23 points awarded to 张三 for 140 min of 公园清洁 on 14 Mar 2026, by rulebook 2026;"
            " usable until the end of 31 Dec 2027",
            "张三 获得 23 积分：2026年3月14日 公园清洁 140 分钟，依据积分办法 2026；有效至 2027年12月31日（含当日）",
        ),
        ("Extended", "5 points of 张三 came back after their end and are usable until the end of 2 Feb 2028", None),
        ("Transferred", "张三 gave 3 points to v-2", "张三 转赠 v-2 3 积分"),
        ("Joined", "张三 joins team repairs from 1 Mar 2026", None),
        ("StockCounted", "大米: 4 counted by shop, +2 against the books (said_so)", None),
        ("Withdrawn", "activity watch is offered no longer", "服务项目 watch 已停用"),
        ("Held", "1 × 大米 held for 张三, 20 points, until the end of 28 Mar 2026", None),
    ],
)
def test_a_line_says_what_happened(kind: str, en: str, zh: str | None) -> None:
    entry = next(entry for entry in EVENTFUL.entries if entry.kind == kind)
    assert describe(entry, "en", known, frame=EVENTFUL.frame) == en
    if zh is not None:
        assert describe(entry, "zh", known, frame=EVENTFUL.frame) == zh


def test_leaving_a_team_and_leaving_the_programme_are_told_apart() -> None:
    team, programme = [describe(entry, "en") for entry in EVENTFUL.entries if entry.kind == "Left"]
    assert team == "v-1 leaves team repairs from 13 Mar 2026"
    assert programme == "v-2 leaves the programme from 3 Jan 2028"


# --- why 23? -----------------------------------------------------------------------------------------------------


def told(history: History, record: str, lang: Lang = "en") -> list[str]:
    """The explanation of a record, line by line, with the commits that its award belongs to."""
    keys = {entry.key for entry in history.about(f"record:{record}")}
    entries = [entry for entry in history.entries if entry.key in keys]
    return [line.strip() for line in explain_award(entries, history.frame, lang, known).text().splitlines()]


def test_why_23() -> None:
    history = begun(plain_rules())
    record = approved(history, "2026-03-14T09:00", "2026-03-14T11:20")
    assert told(history, record) == [
        "Why 23 points: 公园清洁, 14 Mar 2026 09:00–11:20, by 张三",
        "Recorded by 李队长 on 14 Mar 2026 12:04: 公园清洁, 14 Mar 2026 09:00–11:20, 140 min; confirmed by a supervisor",
        "Approved by checker on 14 Mar 2026 12:05",
        "Rulebook 2026 “志愿积分管理办法”, in force for service from 1 Jan 2026",
        "Measured: 140 min",
        "10 per hour × 140/60 = 70/3 ≈ 23.33 (rule hours, clause 第三条)",
        "Points rounded down to a multiple of 1: 70/3 ≈ 23.33 becomes 23",
        "Cap 80 points a day: it cut nothing (cap daily, clause 第五条)",
        "Awarded: 23 points, usable until the end of 31 Dec 2027",
    ]
    assert told(history, record, "zh") == [
        "为什么是 23 积分：张三，公园清洁，2026年3月14日 09:00–11:20",
        "李队长 于 2026年3月14日 12:04 登记：公园清洁，2026年3月14日 09:00–11:20，共 140 分钟；负责人确认",
        "checker 于 2026年3月14日 12:05 审核通过",
        "积分办法 2026《志愿积分管理办法》，适用于 2026年1月1日 起的服务",
        "服务时间：140 分钟",
        "每小时 10 × 140/60 = 70/3 ≈ 23.33（规则 hours，条款 第三条）",
        "积分取整（向下取整，单位 1）：70/3 ≈ 23.33，计为 23",
        "上限每天 80 积分：未超限（上限 daily，条款 第五条）",
        "发放：23 积分，有效至 2027年12月31日（含当日）",
    ]


def plain_rules() -> c.Definition:
    """The programme with every minute counted and no cap but that of the day."""
    return with_rules(time=type(DEFINITION.rulebooks[0].time)())


def with_rules(**changes: object) -> c.Definition:
    """The programme with a rulebook that differs."""
    rulebook = attrs.evolve(DEFINITION.rulebooks[0], **changes)  # type: ignore[arg-type]  # fields of any type
    return attrs.evolve(DEFINITION, rulebooks=(rulebook,))


def codes(history: History, record: str) -> list[str]:
    return [line.code for line in explain_award(history.about(f"record:{record}"), history.frame, "en").lines]


def test_each_step_of_the_working_is_a_line() -> None:
    history = begun()
    record = approved(history, "2026-03-14T00:00", "2026-03-14T05:25", activity="repair")
    lines = told(history, record)
    assert "Time rounded down to a multiple of 10 min: 325 min become 320 min" in lines
    assert "× 1.5: 160/3 ≈ 53.33 becomes 80 (rule skill)" in lines
    working = next(entry.fact for entry in history.entries if isinstance(entry.fact, Awarded)).working
    assert [step.did for step in working] == [
        code for code in codes(history, record) if code in {s.did for s in working}
    ]


def test_a_cap_that_cut_an_award_says_how_much_was_used_and_that_the_order_of_approval_matters() -> None:
    history = begun()
    approved(history, "2026-03-14T00:00", "2026-03-14T06:00")
    record = approved(history, "2026-03-14T07:00", "2026-03-14T10:00")
    lines = told(history, record)
    cut = "Cap 80 points a day, 60 points used before: 30 points become 20 points (cap daily, clause 第五条)"
    assert lines[lines.index(cut) + 1] == (
        "What a cap leaves depends on the order of approval: records approved earlier count first"
    )
    assert lines[0].startswith("Why 20 points:")
    assert "cap_not_reached" not in codes(history, record)


def test_a_cap_of_one_record_says_nothing_of_use_and_order() -> None:
    history = begun(with_rules(caps=(Cap(id="once", at_most=Fraction(20), per="record"),)))
    record = approved(history, "2026-03-14T07:00", "2026-03-14T10:00")
    assert "Cap 20 points a record: 30 points become 20 points (cap once)" in told(history, record)
    assert "cap_order" not in codes(history, record)


def test_a_cap_of_minutes_is_told_in_minutes() -> None:
    caps = (Cap(id="time", at_most=Fraction(60), of=MINUTES), Cap(id="each", at_most=Fraction(90), each_activity=True))
    history = begun(with_rules(caps=caps))
    lines = told(history, approved(history, "2026-03-14T07:00", "2026-03-14T10:00"))
    assert "Cap 60 min a day, 0 min used before: 180 min become 60 min (cap time)" in lines
    assert "Cap 90 points a day, each activity on its own: it cut nothing (cap each)" in lines


def test_points_with_decimals_are_told_with_them() -> None:
    definition = with_rules(
        currency="culture", rounding=Rounding(to=Fraction(1, 10)), caps=(Cap(id="c", at_most=Fraction(9, 2)),)
    )
    history = begun(definition)
    lines = told(history, approved(history, "2026-03-14T07:00", "2026-03-14T07:50"))
    assert "Points rounded down to a multiple of 0.1: 25/3 ≈ 8.33 becomes 8.3" in lines
    assert "Cap 4.5 culture a day, 0.0 culture used before: 8.3 culture become 4.5 culture (cap c)" in lines
    assert lines[0].startswith("Why 4.5 culture:")


def test_a_fixed_rate_is_told() -> None:
    history = begun(with_rules(accruals=(Accrual(id="each", fixed=Fraction(5)),)))
    lines = told(history, approved(history, "2026-03-14T07:00", "2026-03-14T10:00"))
    assert "5 for each record = 5 (rule each)" in lines


@pytest.mark.parametrize(
    "activity, end, because",
    [
        ("park", "2026-03-14T09:20", "none of the time counts"),
        ("watch", "2026-03-14T11:00", "no rule gives points for such service"),
    ],
)
def test_a_record_without_points_says_why(activity: str, end: str, because: str) -> None:
    history = begun()
    lines = told(history, approved(history, "2026-03-14T09:00", end, activity=activity))
    assert lines[0].startswith("Why no points:")
    assert lines[0].endswith(because)
    assert f"No points: {because}" in lines


def test_a_record_over_the_cap_says_so_and_counts_its_time() -> None:
    history = begun()
    approved(history, "2026-03-14T00:00", "2026-03-14T08:30")
    lines = told(history, approved(history, "2026-03-14T09:00", "2026-03-14T10:00"))
    assert "Cap 80 points a day, 80 points used before: 10 points become 0 points (cap daily, clause 第五条)" in lines
    assert lines[-2:] == ["No points: the cap had been reached", "Counted as service time: 60 min"]


def test_points_that_round_to_nothing_are_told() -> None:
    history = begun(with_rules(rounding=Rounding(to=Fraction(100))))
    assert told(history, approved(history, "2026-03-14T09:00", "2026-03-14T10:00"))[-2:] == [
        "No points: what was earned rounds to nothing",
        "Counted as service time: 60 min",
    ]


def test_a_reversal_says_where_the_points_came_from() -> None:
    history = begun(plain_rules())
    history.run(c.ReceiveStock(item="rice", quantity=1), actor="shop")
    record = approved(history, "2026-03-14T09:00", "2026-03-14T11:20")
    history.run(c.Collect(redemption=held(history)), actor="shop")
    history.run(c.Reverse(record=record, reason=REASON), actor="checker")
    lines = told(history, record)
    assert lines[0] == "No points any more: 23 points were taken back"
    assert lines[-2] == (
        "Reversed by checker on 14 Mar 2026 12:09: said_so;"
        " 3 points from what was available, 20 points owed from now on"
    )
    assert lines[-1].startswith("Room that this leaves under a cap (daily)")


def test_a_correction_is_told_from_the_first_record_to_the_new_award() -> None:
    history = begun(plain_rules())
    record = approved(history, "2026-03-14T09:00", "2026-03-14T11:20")
    command = c.Correct(
        record=record,
        intervals=served("2026-03-14T09:00", "2026-03-14T10:00"),
        requested_by="leader",
        reason=REASON,
    )
    history.run(command, actor="checker")
    lines = told(history, record)
    assert lines[0] == "Why 10 points: 公园清洁, 14 Mar 2026 09:00–10:00, by 张三"
    assert "Awarded: 23 points, usable until the end of 31 Dec 2027" in lines
    assert (
        "Corrected by checker on 14 Mar 2026 12:06, asked for by 李队长: 公园清洁, 14 Mar 2026 09:00–10:00, 60 min (said_so)"
        in lines
    )
    assert lines[-1] == "Awarded: 10 points, usable until the end of 31 Dec 2027"


def test_a_debt_that_an_award_repaid_is_told() -> None:
    history = begun(plain_rules())
    first = approved(history, "2026-03-14T09:00", "2026-03-14T11:20")
    history.run(c.Transfer(giver="v-1", receiver="v-2", points=20), actor="v-1")
    history.run(c.Reverse(record=first, reason=REASON), actor="checker")
    second = approved(history, "2026-03-14T06:00", "2026-03-14T09:00")
    assert told(history, second)[-2:] == [
        "Awarded: 30 points, usable until the end of 31 Dec 2027",
        "20 points of it went to the debt at once",
    ]


@pytest.mark.parametrize(
    "decide, title",
    [
        (None, "Not decided yet: 公园清洁, 14 Mar 2026 09:00–10:00, by 张三"),
        (c.Reject, "No points: the record was rejected"),
        (c.Void, "No points: the record was withdrawn"),
    ],
)
def test_a_record_that_is_not_approved_says_what_became_of_it(
    decide: Callable[..., c.Command] | None, title: str
) -> None:
    history = begun()
    record = recorded(history, "2026-03-14T09:00", "2026-03-14T10:00")
    if decide is not None:
        history.run(decide(record=record, reason=REASON), actor="checker")
    lines = told(history, record)
    assert lines[0] == title
    assert len(lines) == (2 if decide is None else 3)


def test_a_rulebook_that_the_frame_does_not_have_is_named_all_the_same() -> None:
    history = begun()
    record = approved(history, "2026-03-14T09:00", "2026-03-14T10:00")
    frame = attrs.evolve(history.frame, rulebooks=())
    lines = explain_award(history.about(f"record:{record}"), frame, "en").text()
    assert "Rulebook 2026\n" in lines


def test_a_step_of_a_kind_that_is_not_known_is_told_as_it_is() -> None:
    history = begun()
    record = approved(history, "2026-03-14T09:00", "2026-03-14T10:00")
    entries = list(history.about(f"record:{record}"))
    fact = entries[-1].fact
    assert isinstance(fact, Awarded)
    step = Step("mine", "blessed", "9", "10")
    entries[-1] = attrs.evolve(entries[-1], fact=attrs.evolve(fact, working=(*fact.working, step)))
    assert "blessed: 9 → 10 (rule mine)" in explain_award(entries, history.frame, "en").text()


def test_an_explanation_is_json_with_stable_codes_and_facts() -> None:
    history = begun(plain_rules())
    record = approved(history, "2026-03-14T09:00", "2026-03-14T11:20")
    found = explain_award(history.about(f"record:{record}"), history.frame, "zh").plain()
    assert json.loads(json.dumps(found)) == found
    assert (found["code"], found["about"], found["lang"]) == ("awarded", f"record:{record}", "zh")
    assert [line["code"] for line in found["lines"]] == [
        "recorded",
        "approved",
        "rulebook",
        "measured",
        "per_hour",
        "points_rounded",
        "cap_not_reached",
        "awarded",
    ]
    facts = {line["code"]: line["facts"] for line in found["lines"]}
    assert facts["approved"] == {"actor": "checker", "booked_at": "2026-03-14T04:05:00.000000Z"}
    assert facts["per_hour"] == {"rule": "hours", "clause": "第三条", "rate": "10", "minutes": 140, "after": "70/3"}
    assert facts["awarded"] == {"points": 23, "lot": "2027-12-31T16:00:00.000000Z"}


@pytest.mark.parametrize("explain", [explain_award, explain_redemption])
def test_nothing_to_explain_is_said(explain: Callable[..., object]) -> None:
    with pytest.raises(InputError) as caught:
        explain([], begun().frame, "en")
    assert caught.value.code == "nothing_to_explain"


# --- what became of a redemption ---------------------------------------------------------------------------------


def stocked() -> History:
    """A history in which v-1 has 23 points and there are bags of rice."""
    history = begun(plain_rules())
    history.run(c.ReceiveStock(item="rice", quantity=5), actor="shop")
    approved(history, "2026-03-14T09:00", "2026-03-14T11:20")
    return history


def told_of(history: History, redemption: str, lang: Lang = "en") -> list[str]:
    """The explanation of a redemption, line by line, with the commits it belongs to."""
    keys = {entry.key for entry in history.about(f"redemption:{redemption}")}
    entries = [entry for entry in history.entries if entry.key in keys]
    found = explain_redemption(entries, history.frame, lang, known)
    assert json.loads(json.dumps(found.plain())) == found.plain()
    return [line.strip() for line in found.text().splitlines()]


def test_a_redemption_says_price_lots_and_until_when_and_how_it_ended() -> None:
    history = stocked()
    rice = held(history)
    assert told_of(history, rice) == [
        "Held for 张三: 1 × 大米 for 20 points",
        "Held by 李队长 on 14 Mar 2026 12:07: 1 × 大米 from partner grain",
        "Price: 20 points × 1 = 20 points, as the catalogue said on that day (rulebook 2026)",
        "Taken from: 20 points, usable until the end of 31 Dec 2027",
        "To be collected until the end of 28 Mar 2026",
    ]
    history.run(c.Collect(redemption=rice, collector="v-2", relation="neighbour"), actor="shop")
    lines = told_of(history, rice)
    assert lines[0] == "Collected by 张三: 1 × 大米 for 20 points"
    assert lines[-1] == "Handed over by shop on 14 Mar 2026 12:08 to v-2 (neighbour); the points are the partner's"
    history.run(c.Return(redemption=rice, reason=REASON), actor="shop")
    assert told_of(history, rice)[-2:] == [
        "1 came back on 14 Mar 2026 12:09, taken in by shop: said_so",
        "Given back: 20 points, usable until the end of 31 Dec 2027",
    ]
    assert told_of(history, rice, "zh")[0] == "张三 领取后全部退回：大米 × 1，20 积分"


def test_each_lot_from_which_points_were_taken_is_a_line() -> None:
    history = stocked()
    soon = at("2026-06-01T00:00")
    history.run(c.OpenBalance(volunteer="v-1", points=7, requested_by="founder-b", reason=REASON, ends=soon))
    assert told_of(history, held(history))[3:5] == [
        "Taken from: 7 points, usable until the end of 31 May 2026",
        "Taken from: 13 points, usable until the end of 31 Dec 2027",
    ]


def test_a_redemption_that_costs_nothing_takes_from_no_lot() -> None:
    free = attrs.evolve(
        DEFINITION, catalogue=(Item(id="tea", name="茶", partner="grain", prices=(Price(points=0),), stocked=False),)
    )
    history = begun(free)
    lines = told_of(history, held(history, "tea"))
    assert lines[0] == "Held for 张三: 1 × tea for 0 points"
    assert not any(line.startswith("Taken from") for line in lines)


def test_a_return_in_part_says_what_is_left() -> None:
    history = stocked()
    cuts = held(history, "haircut", 3)
    history.run(c.Collect(redemption=cuts), actor="shop")
    history.run(c.Return(redemption=cuts, quantity=1, reason=REASON), actor="shop")
    assert told_of(history, cuts)[0] == "Collected by 张三 and returned in part: 3 × haircut, 2 left"


@pytest.mark.parametrize(
    "end, title, line",
    [
        (
            c.Cancel,
            "Cancelled: 1 × 大米, 20 points given back to 张三",
            "Cancelled by 李队长 on 1 Apr 2026 09:00: said_so",
        ),
        (
            c.Lapse,
            "Not collected in time: 1 × 大米, 20 points given back to 张三",
            "Not collected in time; ended by 李队长 on 1 Apr 2026 09:00",
        ),
    ],
)
def test_a_hold_that_was_given_up_says_so(end: Callable[..., c.Command], title: str, line: str) -> None:
    history = stocked()
    rice = held(history)
    reason = {"reason": REASON} if end is c.Cancel else {}
    history.run(end(redemption=rice, **reason), actor="leader", at=at("2026-04-01T09:00"))
    lines = told_of(history, rice)
    assert lines[0] == title
    assert lines[-2:] == [line, "Given back: 20 points, usable until the end of 31 Dec 2027"]


@pytest.mark.parametrize(
    "grace_days, said",
    [
        (30, "20 points of them had ended meanwhile and stay usable until the end of 3 Feb 2028"),
        (0, "20 points of them had ended meanwhile and are gone"),
    ],
)
def test_points_that_came_back_after_their_end_are_told(grace_days: int, said: str) -> None:
    definition = plain_rules()
    redemption = attrs.evolve(definition.rulebooks[0].redemption, grace_days=grace_days)
    history = begun(attrs.evolve(definition, rulebooks=(attrs.evolve(definition.rulebooks[0], redemption=redemption),)))
    history.run(c.ReceiveStock(item="rice", quantity=1), actor="shop")
    approved(history, "2026-03-14T09:00", "2026-03-14T11:20")
    command = c.Redeem(volunteer="v-1", item="rice", held_until=at("2028-02-01T00:00"))
    rice = fact_of(history.run(command, actor="leader"), Held).redemption
    history.run(c.Cancel(redemption=rice, reason=REASON), actor="leader", at=at("2028-01-04T09:00"))
    assert told_of(history, rice)[-1] == said


def test_points_of_a_cancelled_hold_that_went_to_the_debt_are_told() -> None:
    history = stocked()
    record = next(entry.fact.record for entry in history.entries if isinstance(entry.fact, Approved))
    rice = held(history)
    history.run(c.Reverse(record=record, reason=REASON), actor="checker")
    history.run(c.Cancel(redemption=rice, reason=REASON), actor="leader")
    assert told_of(history, rice)[-1] == "20 points of them went to the debt"


# --- the statement -----------------------------------------------------------------------------------------------


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
        "  2026-03-14 12:06  +23  23  23 points awarded for 140 min of 公园清洁 on 14 Mar 2026, by rulebook 2026;"
        " usable until the end of 31 Dec 2027",
        "  2026-03-14 12:07   +7  30  7 points, 30 min brought over: said_so; asked for by founder-b, approved by"
        " founder-a; usable until the end of 31 May 2026",
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
    found = statement(EVENTFUL.entries, "v-1", EVENTFUL.frame, since=date(2026, 3, 14), until=date(2026, 4, 2)).plain(
        known
    )
    assert json.loads(json.dumps(found)) == found
    assert (found["since"], found["until"]) == ("2026-03-14", "2026-04-02")
    line = next(line for line in found["lines"] if line["kind"] == "Awarded")
    assert line["change"] == {"available": 23, "held": 0, "debt": 0, "minutes": 140}
    assert line["words"]["en"].startswith("23 points awarded for 140 min of 公园清洁")
    assert line["words"]["zh"].startswith("获得 23 积分：")
    assert {"entry", "booked_at", "day", "balance"} <= set(line)


def test_a_statement_that_does_not_add_up_cannot_be_made() -> None:
    found = statement(EVENTFUL.entries, "v-1", EVENTFUL.frame)
    more = attrs.evolve(found.closing, held=found.closing.held + 1)
    for changes in ({"lines": found.lines[1:]}, {"lots": found.lots[1:]}, {"closing": more}, {"opening": more}):
        with pytest.raises(Corrupt) as caught:
            attrs.evolve(found, **changes)  # type: ignore[arg-type]  # one field each
        assert caught.value.code == "statement_uneven"
        assert CHINESE.search(sentence(caught.value, "zh"))


# --- the law of statements, over many histories ------------------------------------------------------------------

VOLUNTEERS = ("v-1", "v-2")
numbers = st.integers(0, 5)
actions = st.tuples(
    st.sampled_from(
        ["serve", "serve", "serve", "redeem", "redeem", "collect", "cancel", "give_back", "reverse", "correct"]
        + ["adjust", "transfer", "open", "expire", "wait"]
    ),
    st.sampled_from(VOLUNTEERS),
    st.integers(1, 60),
    numbers,
)


class Life:
    """A history that lives through what is drawn; what is refused is left out."""

    def __init__(self) -> None:
        self.history = begun(plain_rules())
        self.history.run(c.ReceiveStock(item="rice", quantity=20), actor="shop")
        self.records: list[str] = []
        self.redemptions: list[str] = []

    def act(self, name: str, volunteer: str, amount: int, which: int) -> None:
        try:
            getattr(self, f"_{name}")(volunteer, amount, which)
        except Refused:
            pass

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


@given(st.lists(actions, max_size=30), st.sampled_from(VOLUNTEERS), st.sampled_from(["points", "culture"]))
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


@given(st.lists(actions, max_size=30), st.sampled_from(VOLUNTEERS), st.integers(0, 200), st.integers(0, 200))
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


@given(st.lists(actions, max_size=25), st.sampled_from(LANGS))
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
