"""Every command answers in English, in Chinese and in JSON, and what is refused leaves no trace."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import attrs
import pytest

from tests.cli.community import CHINESE, PROGRAMME, Community, Ran
from volunteer_points.cli.app import SECTIONS
from volunteer_points.entries import derived_id

RECORDS = {f"r{number}": derived_id("r", "maple", f"record-{number}") for number in range(1, 7)}
REDEMPTIONS = {f"x{number}": derived_id("x", "maple", f"hold-{number}") for number in range(1, 4)}


@attrs.frozen
class Step:
    """Something typed: the words, with ids in braces, who types it, and when."""

    words: str
    actor: str = "founder-a"
    at: str = "2026-03-16 12:00"

    @property
    def command(self) -> str:
        """The command that is meant."""
        return self.words.split()[0]

    def typed(self, community: Community, *more: str, lang: str) -> Ran:
        """Type it."""
        ids: Mapping[str, str] = {**RECORDS, **REDEMPTIONS}
        words = [
            word.format_map(ids) if word != "{code}" else self.code(community)
            for word in self.words.split("|")[0].split()
        ]
        words += [part.format_map(ids) for part in self.words.split("|")[1:]]
        return community.run(*words, *more, actor=self.actor, at=self.at, lang=lang)

    @staticmethod
    def code(community: Community) -> str:
        """A fresh collection code for the first redemption."""
        return str(community.json("code", REDEMPTIONS["x1"], at="2026-03-16 11:00")["code"])


def recorded(number: int, person: str, day: str) -> Step:
    begin = f"2026-03-{day}T09:00"
    words = f"record {person} --activity park --begin {begin} --end 11:20 --key record-{number}"
    return Step(words, "leader", "2026-03-15 12:00")


MONTH = (
    Step("check programme.toml"),
    Step("enrol Cai --team helpers --key enrol", "clerk"),
    Step("people"),
    Step("join Ann helpers --since 2026-03-10", "clerk"),
    recorded(1, "Ann", "10"),
    recorded(2, "Bo", "10"),
    recorded(3, "Ann", "11"),
    recorded(4, "Ann", "12"),
    recorded(5, "Bo", "13"),
    Step("pending"),
    Step("approve {r1}", "checker"),
    Step("approve --all --day 2026-03-10", "checker"),
    Step("reject {r4} --reason absent", "checker"),
    Step("void {r5} --reason typo --note|entered for the wrong person", "leader"),
    Step("approve --all", "checker"),
    Step("correct {r2} --begin 2026-03-10T09:00 --end 11:00 --requested-by leader --reason typo", "checker"),
    Step("reverse {r3} --reason absent", "checker"),
    Step("redeem Ann rice --key hold-1", "leader"),
    Step("redeem Bo rice --key hold-2", "leader"),
    Step("holds"),
    Step("code {x2}", "leader"),
    Step("collect {code}", "shop"),
    Step("return {x1} --reason damaged --damaged", "shop"),
    Step("cancel {x2}", "leader"),
    Step("stock"),
    Step("stock list"),
    Step("stock receive rice 5 --best-before 2026-12-31", "shop"),
    Step("stock write-off rice 1 --reason torn", "shop"),
    Step("stock count rice 7 --reason counted", "shop"),
    Step("open-balance Bo --points 10 --minutes 60 --ends 2026-04-01 --requested-by founder-b --reason old"),
    Step("adjust Ann --give 5 --requested-by founder-b --reason missed"),
    Step("transfer Ann Bo 2"),
    Step("balance Ann"),
    Step("statement Ann --since 2026-03-01 --until 2026-03-31"),
    Step("explain {r1}"),
    Step("explain {x1}"),
    Step("explain Bo"),
    Step("totals --by grid"),
    Step("expire --dry-run", at="2026-04-02 12:00"),
    Step("expire", at="2026-04-02 12:00"),
    Step("leave Bo --team helpers", "clerk"),
    Step("export month.jsonl"),
    Step("audit"),
    Step("adopt changed.toml --author founder-b --dry-run"),
    Step("adopt changed.toml --author founder-b"),
    Step("close 2026-03-01"),
)


@pytest.fixture
def month(community: Community) -> Community:
    text = PROGRAMME.replace("prices = 15", "prices = 18")
    (community.folder / "changed.toml").write_text(text, encoding="utf-8")
    return community


def test_a_month_names_every_command_but_those_that_have_tests_of_their_own() -> None:
    named = {step.command for step in MONTH}
    sealing = {"seal", "checkpoints", "prove", "verify"}
    elsewhere = {"compare", "demo", "import", "import-journal", "init", "rules", "upgrade", *sealing}
    assert {name for section in SECTIONS.values() for name in section} - named == elsewhere


def test_answers_are_in_english(month: Community) -> None:
    for step in MONTH:
        ran = step.typed(month, lang="en").check()
        assert ran.out.strip(), step
        assert not CHINESE.search(ran.out + ran.err), ran


def test_answers_are_in_chinese(month: Community) -> None:
    for step in MONTH:
        ran = step.typed(month, "--lang", "zh", lang="en").check()
        assert CHINESE.search(ran.out), ran
        assert not any(word in ran.out for word in ("Undo", "Key:", "Nothing", "None")), ran


def test_answers_for_programs_are_one_json_object(month: Community) -> None:
    for step in MONTH:
        ran = step.typed(month, "--json", lang="zh").check()
        assert isinstance(ran.data, dict), step
        assert not ran.err, step
        json.dumps(ran.data, allow_nan=False)


def test_what_is_written_is_told_to_programs_with_key_entries_and_undo(month: Community) -> None:
    (recorded_,) = (step for step in MONTH if "record-1" in step.words)
    data = recorded_.typed(month, "--json", lang="en").data
    assert data["key"] == "record-1"
    assert data["replayed"] is False
    assert data["actor"] == "leader"
    assert data["booked_at"] == "2026-03-15T12:00:00+08:00"
    [entry] = data["entries"]
    assert (entry["kind"], entry["record"], entry["activity"]) == ("Submitted", RECORDS["r1"], "park")
    assert data["undo"] == f"volunteer-points void {RECORDS['r1']} --reason mistake"


REFUSALS = (
    (1, "four_eyes", Step("approve {r6}", "leader")),
    (1, "not_authorised", Step("approve {r6}", "clerk")),
    (1, "unknown_record", Step("approve r-nothing", "checker")),
    (1, "unknown_record", Step("reject r-nothing --reason typo --note|words", "checker")),
    (1, "record_already_decided", Step("void {r1} --reason typo --note|words", "checker")),
    (1, "not_decided", Step("reverse {r6} --reason typo --note|words", "checker")),
    (1, "overlap", Step("record Ann --activity park --begin 2026-03-10T10:00 --end 12:00", "leader")),
    (1, "service_in_future", Step("record Ann --activity park --begin 2026-03-20T10:00 --end 12:00", "leader")),
    (1, "not_enough_points", Step("redeem Ann rice --quantity 3", "leader")),
    (1, "out_of_stock", Step("stock write-off rice 9 --reason torn --note|words", "shop")),
    (1, "already_cancelled", Step("cancel {x3}", "leader")),
    (1, "not_collected", Step("return {x3} --reason torn", "shop")),
    (1, "not_held", Step("code {x3}", "leader")),
    (1, "own_case", Step("adjust Ann --give 5 --requested-by founder-b --reason typo", "{ann}")),
    (1, "four_eyes", Step("adjust Ann --give 5 --requested-by founder-a --reason typo --note|words")),
    (1, "four_eyes", Step("adopt changed.toml --author founder-a")),
    (1, "no_change", Step("adopt programme.toml --author founder-b")),
    (1, "no_change", Step("enrol Bo --grid West", "clerk")),
    (1, "not_authorised", Step("enrol Newcomer --phone 13900139000", "shop")),
    (1, "unknown_household", Step("enrol Newcomer --household home-9", "clerk")),
    (1, "period_not_over", Step("close 2027-01-01")),
    (1, "ledger_exists", Step("init programme.toml --author founder-a", "founder-b")),
    (1, "key_conflict", Step("stock receive rice 9 --key record-1", "shop")),
    (2, "no_such_person", Step("redeem Nobody rice", "leader")),
    (2, "no_such_thing", Step("redeem Ann ricee", "leader")),
    (2, "no_such_thing", Step("pending --team nobody")),
    (2, "not_a_day", Step("join Ann helpers --since tomorrow", "clerk")),
    (2, "not_an_instant", Step("record Ann --activity park --begin noon --end 12:00", "leader")),
    (2, "ends_before_it_begins", Step("record Ann --activity park --begin 2026-03-12T10:00 --end 09:00", "leader")),
    (
        2,
        "begins_and_ends",
        Step("record Ann --activity park --begin 2026-03-12T10:00 --end 11:00 --end 12:00", "leader"),
    ),
    (2, "not_positive", Step("redeem Ann rice --quantity 0", "leader")),
    (2, "not_an_amount", Step("adjust Ann --give 1.5 --requested-by founder-b --reason typo")),
    (2, "give_or_take", Step("adjust Ann --requested-by founder-b --reason typo")),
    (2, "reason_is_text", Step("cancel {x3} --reason|two words", "leader")),
    (2, "code_unknown", Step("collect 0000-0000", "shop")),
    (2, "code_malformed", Step("collect 12", "shop")),
    (2, "not_a_code", Step("collect {x3}", "shop")),
    (2, "nothing_chosen", Step("approve", "checker")),
    (2, "chosen_twice", Step("approve {r6} --all", "checker")),
    (2, "bad_key", Step("close 2026-03-01 --key|")),
    (2, "not_an_instant", Step("pending", at="yesterday")),
    (2, "no_such_command", Step("stock lend", "shop")),
    (2, "bad_key", Step("close 2026-03-01 --key|\x07")),
    (2, "no_such_command", Step("aprove {r6}", "checker")),
    (2, "usage", Step("redeem Ann", "leader")),
    (2, "usage", Step("stock count rice two --reason x", "shop")),
    (2, "usage", Step("balance Ann --nonsense")),
    (2, "unknown_check", Step("audit --require VP999")),
    (3, "no_such_file", Step("check nothing.toml")),
    (3, "not_a_journal", Step("audit programme.toml")),
    (3, "no_ledger", Step("audit nothing.db")),
)


@pytest.fixture(scope="module")
def busy_once(begun_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Community:
    """A community in which something is pending, awarded and cancelled; nothing that is refused can change it."""
    folder = tmp_path_factory.mktemp("busy")
    shutil.copytree(begun_once, folder, dirs_exist_ok=True)
    month = Community(folder)
    (folder / "changed.toml").write_text(PROGRAMME.replace("prices = 15", "prices = 18"), encoding="utf-8")
    with pytest.MonkeyPatch.context() as place:
        place.chdir(folder)
        happened(month)
    return month


@pytest.fixture
def busy(busy_once: Community, monkeypatch: pytest.MonkeyPatch) -> Community:
    monkeypatch.chdir(busy_once.folder)
    return busy_once


def happened(month: Community) -> None:
    month.award("Ann", "2026-03-10")
    for number, day in ((1, "11"), (6, "12")):
        recorded(number, "Ann", day).typed(month, lang="en").check()
    month.do("approve", RECORDS["r1"], actor="checker")
    month.do("redeem", "Ann", "rice", "--key", "hold-3", actor="leader")
    month.do("cancel", REDEMPTIONS["x3"], actor="leader")


@pytest.mark.parametrize("code, name, step", REFUSALS, ids=[f"{name}-{step.words}" for _, name, step in REFUSALS])
def test_what_is_refused_says_why_in_three_ways_and_writes_nothing(
    code: int, name: str, step: Step, busy: Community
) -> None:
    if step.actor == "{ann}":
        step = attrs.evolve(step, actor=busy.volunteer("Ann"))
        name = "not_authorised"
    before = busy.kept()
    english = step.typed(busy, lang="en").check(code)
    chinese = step.typed(busy, lang="zh").check(code)
    told = step.typed(busy, "--json", lang="en").check(code)
    assert busy.kept() == before
    assert (english.out, chinese.out, told.err) == ("", "", "")
    assert len(english.err.strip()) > 20
    assert not CHINESE.search(english.err), english.err
    assert CHINESE.search(chinese.err), chinese.err
    assert told.error["code"] == name, told.error
    assert told.error["message"].split()[0] in english.err
