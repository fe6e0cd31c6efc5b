"""Every error has words and a remedy in both languages, and brings the facts that they name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import attrs
import pytest

from tests.explain.happenings import CHINESE, LANGS, REASON
from tests.explain.raises import (
    SOURCE,
    codes_from_databases,
    has_own_words,
    raised_in,
    raised_in_the_source,
    source_trees,
    wordless,
)
from tests.histories import DEFINITION, at, begun
from volunteer_points import commands as c
from volunteer_points.decisions import adoption
from volunteer_points.errors import InputError, Refused, VolunteerPointsError
from volunteer_points.exchange.problems import SheetUnreadable
from volunteer_points.explain import awards, kinds, past, redemptions, sentence, statements
from volunteer_points.explain.error_words import ERRORS, REMEDIES
from volunteer_points.explain.file_words import PROGRAMME_FILE_IN_CHINESE
from volunteer_points.explain.misfit_words import remedy_in_chinese, wrong_in_chinese
from volunteer_points.explain.refusals import problem_in_chinese
from volunteer_points.explain.store_words import REGISTER_IN_CHINESE
from volunteer_points.explain.templates import Lang, Words
from volunteer_points.model import Team, TeamStructure
from volunteer_points.people.errors import SENTENCES as REGISTER_SENTENCES
from volunteer_points.people.errors import PeopleError
from volunteer_points.programme_file import ProgrammeFileInvalid, loads


def test_every_error_has_words_and_a_remedy_in_both_languages_and_brings_the_facts_that_they_name() -> None:
    assert [problem for raised in raised_in_the_source() for problem in wordless(raised)] == []
    assert {code for code in codes_from_databases() if code not in ERRORS or not ERRORS[code].remedy_zh} == set()


def test_no_words_are_left_of_errors_that_nobody_raises() -> None:
    codes = {raised.code for raised in raised_in_the_source()} | codes_from_databases()
    assert set(ERRORS) - codes == set()
    assert set(REGISTER_IN_CHINESE) - codes == set()
    assert set(REMEDIES) - {raised.fix for raised in raised_in_the_source()} == set()


def test_a_part_in_brackets_is_about_facts_that_some_raise_brings() -> None:
    brought: dict[str, set[str]] = {code: {"problem"} for code in codes_from_databases()}
    for raised in raised_in_the_source():
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
    trees = {**source_trees(), "decisions/new.py": ast.parse(text)}
    found = [each for raised in raised_in(trees) if "new.py" in raised.place for each in wordless(raised)]
    assert found == [] if problem is None else len(found) == 1 and problem in found[0]


def test_an_error_whose_code_is_not_written_there_is_found() -> None:
    trees = {**source_trees(), "decisions/new.py": ast.parse("refuse(which, item=1)")}
    with pytest.raises(AssertionError, match=r"decisions/new\.py:1: say in NAMED_ELSEWHERE"):
        list(raised_in(trees))


def all_words() -> dict[str, Words]:
    tables = {
        "award": awards.LINES,
        "past": past.LINES,
        "title": awards.TITLES,
        "kind": kinds.LINES,
        "statement": statements.WORDS,
    }
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


@pytest.mark.parametrize("lang", LANGS)
def test_every_raise_becomes_a_sentence(lang: Lang) -> None:
    for raised in raised_in_the_source():
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


def test_what_does_not_fit_in_a_definition_is_told_in_chinese() -> None:
    day, other = date(2026, 3, 14), Team(id="t", name="", slot="speciel")
    found = [*TeamStructure().problems((other,), day), *TeamStructure(label="4+N").problems((), day)]
    found += TeamStructure(label="4+N+1").problems((), day)
    circle = (Team(id="a", name="", slot="special", parent="b"), Team(id="b", name="", slot="special", parent="a"))
    rulebook = DEFINITION.rulebooks[0]
    twice = attrs.evolve(DEFINITION, teams=circle, rulebooks=(rulebook, attrs.evolve(rulebook, id="again")))
    found += [each for each in adoption.problems(twice, day) if each.startswith(("team", "rulebooks"))]
    said = sentence(Refused("definition_has_problems", problems=found), "zh")
    assert len(found) >= 8
    assert "类别 standing：2026-03-14 有 0 支队伍，体系 5+N+1 要求正好 5 支" in said
    assert "名称 4+N+1 中的 4 与类别 standing 的要求不一致" in said
    assert [each for each in found if problem_in_chinese(each) == each] == []


def written_misfits() -> Iterator[tuple[str, str]]:
    """What is wrong and what to do, wherever a misfit is written in the source, with ``x`` for what it names."""
    for path in ("decisions/fitting.py", "model/own.py"):
        for node in ast.walk(ast.parse((SOURCE / path).read_text("utf-8"))):
            match node:
                case ast.Assign(targets=[ast.Name(id="wrong" | "remedy" as name)], value=value) if texts_of(value):
                    yield name, texts_of(value)
                case ast.Call(func=ast.Attribute(attr="misfit"), args=[wrong, remedy, *_]):
                    yield from (("wrong", texts_of(wrong)), ("remedy", texts_of(remedy)))
                case ast.Call(func=ast.Name(id="Misfit"), args=[_, _, wrong, remedy]):
                    yield from (("wrong", texts_of(wrong)), ("remedy", texts_of(remedy)))
                case ast.Yield(value=ast.Tuple(elts=[wrong, remedy])) if path == "model/own.py":
                    yield from (("wrong", texts_of(wrong)), ("remedy", texts_of(remedy)))


def texts_of(value: ast.expr) -> str:
    match value:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(
                texts_of(part)
                if isinstance(part, ast.Constant)
                else "'x'"
                if isinstance(part, ast.FormattedValue) and part.conversion == ord("r")
                else "x"
                for part in parts
            )
        case ast.Call(func=ast.Attribute(attr="strip", value=inner)):
            return texts_of(inner)
        case _:
            return ""


def test_every_misfit_that_is_written_in_the_source_is_told_in_chinese() -> None:
    written = {(kind, re.sub(r"\. x$", ".", text)) for kind, text in written_misfits() if text and text != "x"}
    assert len(written) >= 35
    in_english = [
        text
        for kind, text in sorted(written)
        if not (wrong_in_chinese if kind == "wrong" else remedy_in_chinese)(
            text.replace("write x there", "write a text there")
        )
    ]
    assert in_english == []


@pytest.mark.parametrize(
    "english, chinese",
    [
        (
            "rulebook 2026, day: overflows into it, which no later stream of the rulebook earns",
            "积分办法 2026, day：溢出转为 it，而后面没有该种类的并行积分",
        ),
        ("item rice: unknown partner 'shp'. Did you mean 'shop'?", "物品 rice：没有共建单位“shp”，是不是“shop”？"),
        ("team x: has wings; clip them", "team x: has wings; clip them"),
        (
            "item rice: names a rule for the price that is not installed, r 2; ask whoever wrote it",
            "物品 rice：所写的价格规则 r 2 未安装；请联系规则的编写者",
        ),
    ],
)
def test_a_misfit_is_told_in_chinese_with_its_place_and_its_remedy(english: str, chinese: str) -> None:
    assert problem_in_chinese(english) == chinese


def test_a_misfit_of_a_programme_file_is_told_in_chinese_at_its_line() -> None:
    head = 'name = "n"\nzone = "UTC"\nrun_by_one = "f"\nstructure = { label = "", slots = [] }\n[[rulebooks]]\n'
    rules = 'id = "2026"\nsince = 2026-01-01\naccruals = [{ id = "a", fixed = 1 }]\n'
    text = f'{head}{rules}conditions = [{{ id = "c", of = "records", whose = "team", at_least = 1 }}]\n'
    with pytest.raises(ProgrammeFileInvalid) as invalid:
        loads(text)
    said = sentence(invalid.value, "zh")
    assert "（按队伍统计 records，而账本不这样合计）。请按个人统计，或改为小时、次数、积分。" in said


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
    assert "队伍与体系结构不符（类别 standing：" in said


def test_every_mistake_in_a_programme_file_has_chinese_words() -> None:
    codes = set[str]()
    for path, tree in source_trees().items():
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
