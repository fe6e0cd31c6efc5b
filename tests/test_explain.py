"""Words for what the core wrote or refused: nothing without words, no words without facts, and sums that add up."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
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


def fact_of[Kind](entries: tuple[Entry, ...], kind: type[Kind]) -> Kind:
    return next(entry.fact for entry in entries if isinstance(entry.fact, kind))
