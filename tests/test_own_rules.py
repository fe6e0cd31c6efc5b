"""A developer's own rules from the installed package to the audit: the example of the documents, in every station."""

import os
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from importlib.metadata import EntryPoint
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer_points.audit import audit
from volunteer_points.commands import Adopt, Approve, Definition, Enrol, OpenBalance, ReceiveStock, Redeem, Submit
from volunteer_points.entries import Awarded, Held
from volunteer_points.errors import InputError, Refused
from volunteer_points.handout import markdown
from volunteer_points.installed import GROUP, installed_rules
from volunteer_points.model import (
    Condition,
    Details,
    Given,
    Interval,
    Measure,
    Of,
    OwnRule,
    OwnRules,
    Parameters,
    Quantity,
    Reason,
    Result,
    Use,
)
from volunteer_points.programme import Programme
from volunteer_points.programme_file import check, dumps, loads, look_over
from volunteer_points.rules import Accrual, When
from volunteer_points.storage.memory import MemoryStore
from volunteer_points.testing.strategies import rates
from volunteer_points.what_if import what_if

EXAMPLE = Path(__file__).parents[1] / "examples" / "own_rule"
TEXT = (EXAMPLE / "programme.toml").read_text("utf-8")
COMMAND = Path(sysconfig.get_path("scripts"), "volunteer-points")
NOW = datetime(2026, 3, 14, 4, tzinfo=UTC)


def install(folder: Path) -> None:
    """What ``pip install`` leaves in a folder of packages: the code, and its entry points beside it."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text("utf-8"))["project"]
    (folder / "riverside_rules").symlink_to(EXAMPLE / "src" / "riverside_rules")
    about = folder / f"riverside_rules-{project['version']}.dist-info"
    about.mkdir()
    about.joinpath("METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n", "utf-8"
    )
    points = project["entry-points"][GROUP]
    lines = [f"[{GROUP}]", *(f"{name} = {value}" for name, value in points.items())]
    about.joinpath("entry_points.txt").write_text("\n".join(lines) + "\n", "utf-8")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which the example is installed, on the path."""
    folder = tmp_path_factory.mktemp("packages")
    install(folder)
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    sys.modules.pop("riverside_rules", None)


@pytest.fixture(scope="module")
def rules(packages: Path) -> OwnRules:
    del packages
    return installed_rules()


def begun(rules: OwnRules, definition: Definition | None = None) -> Programme:
    """The programme of the example with one volunteer."""
    numbers = iter(range(1, 1000))
    programme = Programme(
        MemoryStore("riverside"), clock=lambda: NOW, new_key=lambda: f"k-{next(numbers)}", own_rules=rules
    )
    wanted = definition or loads(TEXT, own_rules=rules)
    programme.execute(Adopt(definition=wanted, author="founder"), actor="founder")
    programme.execute(Enrol(volunteer="li"), actor="founder")
    return programme


def serve(programme: Programme, minutes: int, metres: int = 0, *, activity: str = "river", hour: int = 0) -> Awarded:
    """One record, approved at once."""
    begin = datetime(2026, 3, 13, hour, tzinfo=UTC)
    command = Submit(
        volunteer="li",
        activity=activity,
        intervals=(Interval(begin=begin, end=begin + timedelta(minutes=minutes)),),
        details=Details(quantities=(Quantity(unit="metres", amount=metres),) if metres else ()),
    )
    outcome = programme.execute(command, actor="founder")
    record = outcome.first.record  # type: ignore[union-attr]  # it submits
    return programme.execute(Approve(record=record), actor="founder").fact(Awarded)


def brought_over(programme: Programme, hours: int, *, points: int = 100) -> None:
    command = OpenBalance(
        volunteer="li",
        currency="points",
        points=points,
        minutes=hours * 60,
        requested_by="founder",
        reason=Reason(code="paper"),
    )
    programme.execute(command, actor="founder")


# --- found -------------------------------------------------------------------------------------------------------


def test_installed_rules_are_found_by_their_entry_points(rules: OwnRules) -> None:
    assert rules.versions(Use.ACCRUAL, "river-bank") == rules.versions(Use.PRICE, "loyal-price") == ("1",)
    assert rules.versions(Use.PRICE, "river-bank") == ()


@pytest.mark.parametrize("value", ["riverside_rules_that_is_not_there:Rule", "os:nothing", "decimal:Decimal"])
def test_what_is_no_rule_is_refused_by_the_name_of_its_package(value: str) -> None:
    with pytest.raises(InputError) as refused:
        installed_rules(points=[EntryPoint(name="bad", value=value, group=GROUP)])
    assert refused.value.code in {"own_rule_unreadable", "own_rule_unclear"}


# --- the file and the adoption -----------------------------------------------------------------------------------


def test_the_file_reads_back_and_the_rule_is_part_of_the_hash(rules: OwnRules) -> None:
    definition = loads(TEXT, own_rules=rules)
    assert loads(dumps(definition), own_rules=rules) == definition
    hashes = {definition.rulebooks[0].hash}
    for old, new in (('"1", parameters = { each', '"2", parameters = { each'), ("points = 2", 'points = "5/2"')):
        hashes.add(loads(TEXT.replace(old, new)).rulebooks[0].hash)
    assert len(hashes) == 3
    assert look_over(TEXT, own_rules=rules) == ((), ())


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("points = 2,", "points = 2.5, rest = 1,", "gives rule river-bank 1 an unknown parameter 'rest'."),
        ("points = 2, ", "", "does not give rule river-bank 1 its parameter points"),
        ("each_metres = 10", 'each_metres = "1/2"', "gives rule river-bank 1 '1/2' as each_metres"),
        (
            '"river-bank", version = "1"',
            '"river-bank", version = "3"',
            "names a rule for the accrual that is not installed, river-bank 3, there is version 1",
        ),
        ('"loyal-price"', '"river-bank"', "names a rule for the price that is not installed, river-bank 1"),
        ("months = 3", "months = 0", "rule steady 1 cannot say what it measures"),
    ],
)
def test_a_rule_that_is_not_there_or_has_other_parameters_is_refused(
    rules: OwnRules, old: str, new: str, said: str
) -> None:
    text = TEXT.replace(old, new)
    [problem] = check(text, own_rules=rules)
    assert problem.message.startswith(said)
    assert (problem.code, problem.place.rpartition(".")[2], problem.line is None) == ("does_not_fit", "own", False)
    with pytest.raises(Refused) as refused:
        begun(rules, loads(text))
    assert said in str(refused.value.facts["problems"])


def test_without_the_package_the_programme_is_refused_with_the_name_and_the_remedy() -> None:
    assert check(TEXT) == ()  # whoever reads the file need not have the package
    with pytest.raises(Refused) as refused:
        begun(OwnRules(), loads(TEXT))
    problems = str(refused.value.facts["problems"])
    assert "river-bank 1; install the package that brings it" in problems
    assert problems.count("is not installed") == 3


@pytest.mark.parametrize("value", ["0.5e999999", "inf", "true", "[1]", "2026-01-01", "{ a = 1 }"])
def test_a_parameter_that_is_neither_number_nor_text_is_named_with_its_line(value: str) -> None:
    [problem] = check(TEXT.replace("each_metres = 10", f"each_metres = {value}"))
    assert problem.line == TEXT[: TEXT.index("each_metres")].count("\n") + 1
    assert problem.code in {"bad_parameter", "not_exact"}


def test_a_rule_that_asks_for_what_nobody_counts_is_named(rules: OwnRules) -> None:
    text = TEXT.replace('"steady"', '"often"').replace("{ months = 3 }", "{}")
    wanting = OwnRules.of(*(each for each in rules.known.values() if each.name != "steady"), Often())
    [problem] = check(text, own_rules=wanting)
    assert problem.message == "measures times, which rulebook 2026 does not count"
    assert check(text.replace("caps =", "counts_times = true\ncaps ="), own_rules=wanting) == ()


VALUES = st.integers(-(10**15), 10**15) | rates() | st.text(st.characters(codec="utf-8"), max_size=20)


@given(st.dictionaries(st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True), VALUES, max_size=5))
def test_whatever_parameters_read_back_as_they_were_written(parameters: dict[str, int | Fraction | str]) -> None:
    own = OwnRule(rule="r", version="1.2", parameters=Parameters(parameters))
    accrual = Accrual(id="a", own=own, when=When(conditions=(Condition(id="c", own=own, below=Fraction(1)),)))
    before = loads(TEXT)
    rulebook = attrs.evolve(before.rulebooks[0], accruals=(accrual,))
    item = attrs.evolve(before.catalogue[0], own=own)
    definition = attrs.evolve(before, rulebooks=(rulebook,), catalogue=(item,))
    again = loads(dumps(definition))
    assert again == definition
    assert again.rulebooks[0].hash == rulebook.hash


class Often:
    """How many times somebody took part."""

    name = "often"
    version = "1"
    use = Use.CONDITION
    parameters: dict[str, type] = {}  # noqa: RUF012 - the shape of a rule
    describes = {"en": "times", "zh": "次数"}  # noqa: RUF012 - the same
    explains = {"en": "{times} times", "zh": "{times} 次"}  # noqa: RUF012 - the same

    def measures(self, parameters: Parameters) -> Mapping[str, Measure]:
        del parameters
        return {"times": Measure(of=Of.TIMES)}

    def apply(self, given: Given[None]) -> Result:
        return Result(given.measured["times"], {"times": given.measured["times"]})


# --- awards ------------------------------------------------------------------------------------------------------


def test_its_number_goes_through_our_caps_and_is_explained_in_its_words(rules: OwnRules) -> None:
    programme = begun(rules)
    award = serve(programme, 60, 120)
    assert award.points == 24
    assert serve(programme, 60, 120, hour=2).points == 6  # thirty a day
    english, chinese = (programme.explain(award.record, lang=lang).text() for lang in ("en", "zh"))
    assert "120 metres of river bank, 2 for every 10: 24 (rule bank, river-bank 1, clause 第五条)" in english
    assert "清理河岸 120 米，每 10 米 2 分：24（规则 bank，river-bank 1，条款 第五条）" in chinese


def test_it_is_given_what_it_asked_for(rules: OwnRules) -> None:
    programme = begun(rules)
    serve(programme, 1200, activity="patrol")
    award = serve(programme, 60, 50, hour=21)
    assert (award.points, dict(award.working[1].facts)["own.hours"]) == (5, "20")
    assert "halved after 20 hours" in programme.explain(award.record).text()


def test_a_rule_that_fails_keeps_its_record_from_being_awarded_and_nothing_is_written(rules: OwnRules) -> None:
    programme = begun(other_version(rules, "river-bank", gives=lambda: Result(1 // 0)))
    before = len(list(programme.entries()))
    with pytest.raises(Refused) as refused:
        serve(programme, 60, 50)
    assert (refused.value.code, refused.value.facts["rule"]) == ("own_rule_failed", "river-bank")
    assert "ZeroDivisionError" in programme.explain(refused.value).title
    assert len(list(programme.entries())) == before + 1  # the record itself


# --- redemptions -------------------------------------------------------------------------------------------------


def redeemed(rules: OwnRules) -> Programme:
    programme = begun(rules)
    programme.execute(ReceiveStock(item="rice", quantity=5), actor="founder")
    brought_over(programme, 40)
    programme.execute(Redeem(volunteer="li", item="rice"), actor="founder")
    return programme


def test_a_condition_and_a_price_of_ones_own_are_held_and_explained(rules: OwnRules) -> None:
    programme = begun(rules)
    programme.execute(ReceiveStock(item="rice", quantity=5), actor="founder")
    with pytest.raises(Refused) as refused:
        programme.execute(Redeem(volunteer="li", item="rice"), actor="founder")
    assert (refused.value.code, refused.value.facts["own"]) == ("condition_unmet", "steady 1")
    quote = programme.explain(programme.quote("li", "rice"))
    assert "✗ steady: 0 hours in the last 3 months; wanted: ≥ 1; found: 0; missing: 1 (clause 第九条)" in quote.text()
    held = next(entry.fact for entry in redeemed(rules).entries() if isinstance(entry.fact, Held))
    assert (held.price, dict(held.priced_by)["own.hours"]) == (20, "40")


def test_a_price_of_ones_own_is_rounded_up_to_the_smallest_part_of_its_currency(rules: OwnRules) -> None:
    tenths = TEXT.replace("[[rulebooks]]", 'currencies = [{ id = "points", decimals = 1 }]\n\n[[rulebooks]]')
    programme = begun(rules, loads(tenths, own_rules=rules))
    programme.execute(ReceiveStock(item="rice", quantity=5), actor="founder")
    brought_over(programme, 41, points=1000)
    held = programme.execute(Redeem(volunteer="li", item="rice"), actor="founder").fact(Held)
    assert held.price == 198  # 30 - 41/4 = 19.75


def test_a_condition_of_ones_own_may_stand_in_a_level(rules: OwnRules) -> None:
    steady = next(line for line in TEXT.splitlines() if line.startswith("redemption.conditions"))
    level = steady.replace("redemption.conditions", 'ladders = [{ id = "stars", levels = [{ id = "one", conditions')
    stars = 'redemption.conditions = [{ id = "star", ladder = "stars", level = "one" }]'
    programme = begun(rules, loads(TEXT.replace(steady, f"{level} }}] }}]\n{stars}"), own_rules=rules))
    programme.execute(ReceiveStock(item="rice", quantity=5), actor="founder")
    with pytest.raises(Refused) as refused:
        programme.execute(Redeem(volunteer="li", item="rice"), actor="founder")
    assert refused.value.code == "condition_unmet"
    brought_over(programme, 40)
    assert programme.execute(Redeem(volunteer="li", item="rice"), actor="founder").fact(Held).price == 20


def test_the_price_of_a_redemption_is_explained_without_the_item(rules: OwnRules) -> None:
    programme = redeemed(rules)
    [state] = programme.open_redemptions()
    said = programme.explain(state.held.redemption).text()
    assert "The price of one: 30 less 1/4 for each of 40 hours, at least 10 (loyal-price 1)" in said


# --- the audit ---------------------------------------------------------------------------------------------------


def other_version(
    rules: OwnRules, name: str, *, version: str = "1", gives: Callable[[], Result] | None = None
) -> OwnRules:
    """The same rules, but one of them of another version, or giving something else in the same one."""
    found = next(each for each in rules.known.values() if each.name == name)
    changed: dict[str, object] = {"version": version}
    if gives is not None:
        changed["apply"] = lambda _self, _given: gives()
    others = (each for each in rules.known.values() if each is not found)
    return OwnRules.of(*others, type("Other", (type(found),), changed)())


def test_an_audit_works_it_out_again_and_is_clean(rules: OwnRules) -> None:
    programme = redeemed(rules)
    serve(programme, 60, 120)
    report = audit(programme.store, own_rules=rules)
    assert (report.exit_code, [each.key for each in report.findings]) == (0, ["run_by_one"])


def test_an_audit_without_the_rule_says_so_and_does_not_pass(rules: OwnRules) -> None:
    programme = redeemed(rules)
    serve(programme, 60, 120)
    serve(programme, 60, 10, hour=3)
    report = audit(programme.store)
    missing = [each for each in report.findings if each.key == "own_rule_missing"]
    assert report.exit_code == 1
    assert sorted(str(each.subject) for each in missing) == ["rule loyal-price 1", "rule river-bank 1"]  # each once
    assert "Install the package" in missing[0].remedy()
    assert "未安装" in missing[0].message("zh")
    assert {check.id: check.status for check in report.checks}["VP105"] == "fail"


def test_an_audit_with_another_version_names_the_one_that_is_there(rules: OwnRules) -> None:
    programme = begun(rules)
    serve(programme, 60, 120)
    report = audit(programme.store, own_rules=other_version(rules, "river-bank", version="2"))
    [missing] = [each for each in report.findings if each.key == "own_rule_missing"]
    assert "rule river-bank 1 is not installed (installed versions: 2)" in missing.message()


def test_an_audit_finds_a_version_that_changed_what_it_gives(rules: OwnRules) -> None:
    programme = redeemed(rules)
    serve(programme, 60, 120)
    changed = other_version(rules, "river-bank", gives=lambda: Result(Fraction(7)))
    report = audit(programme.store, own_rules=changed)
    assert "award_differs" in {each.key for each in report.findings}
    changed = other_version(rules, "loyal-price", gives=lambda: Result(Fraction(7)))
    assert "wrong_price" in {each.key for each in audit(programme.store, own_rules=changed).findings}
    changed = other_version(rules, "loyal-price", gives=lambda: Result(-1))
    assert "price_not_computable" in {each.key for each in audit(programme.store, own_rules=changed).findings}


def test_a_what_if_works_it_out_again(rules: OwnRules) -> None:
    programme = redeemed(rules)
    serve(programme, 60, 120)
    entries = tuple(programme.entries())
    assert what_if(entries, own_rules=rules).is_same
    changed = other_version(rules, "river-bank", gives=lambda: Result(Fraction(7)))
    assert not what_if(entries, own_rules=changed).is_same


def test_a_what_if_without_the_rule_says_so_and_blames_no_record(rules: OwnRules) -> None:
    programme = begun(rules)
    serve(programme, 60, 120)
    with pytest.raises(Refused) as refused:
        what_if(tuple(programme.entries()))
    assert (refused.value.code, refused.value.facts["rule"]) == ("own_rule_missing", "river-bank")


def test_without_the_package_what_was_awarded_is_still_explained(rules: OwnRules) -> None:
    programme = begun(rules)
    award = serve(programme, 60, 120)
    without = Programme(programme.store, clock=lambda: NOW)
    assert "own rule river-bank 1 (metres 120): 24" in without.explain(award.record).text()
    assert "自定规则 river-bank 1（metres 120）" in without.explain(award.record, lang="zh").text()


# --- the sheet for residents, and the command line ---------------------------------------------------------------


def test_the_sheet_tells_the_rules_in_their_words(rules: OwnRules) -> None:
    definition = loads(TEXT)
    [rulebook] = definition.rulebooks
    page = markdown(definition, rulebook, "en", rules)
    assert "2 for every 10 metres of river bank, and half of it after 20 hours in the month (river-bank 1)" in page
    assert "30, less 1/4 for every hour served, and never less than 10 (loyal-price 1)" in page
    assert "own rule river-bank 1 (each\\_metres 10" in markdown(definition, rulebook, "en")
    assert "近 3 个月的月均服务小时数（steady 1） ≥ 1" in markdown(definition, rulebook, "zh", rules)


@pytest.mark.slow
def test_the_commands_find_installed_rules_and_name_missing_ones(packages: Path, tmp_path: Path) -> None:
    def checked(folder: str) -> subprocess.CompletedProcess[str]:
        command = [str(COMMAND), "--lang", "en", "rules", "check", "programme.toml"]
        environment = {**os.environ, "PYTHONPATH": folder}
        return subprocess.run(command, cwd=EXAMPLE, env=environment, capture_output=True, text=True, check=False)

    there, not_there = checked(str(packages)), checked(str(tmp_path))
    assert (there.returncode, not_there.returncode) == (0, 2), (there, not_there)
    assert "river-bank 1" in not_there.stdout + not_there.stderr


@pytest.mark.slow
def test_the_tests_of_the_example_pass(packages: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "tests"],
        cwd=EXAMPLE,
        env={**os.environ, "PYTHONPATH": str(packages)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
