"""The command `import`: sheets from files to the ledger, what it prints, and that the commands it prints work."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.storage.servers import postgresql
from volunteer_points import Enrol, Order, Programme
from volunteer_points.audit import audit
from volunteer_points.cli.app import app
from volunteer_points.cli.context import Desk
from volunteer_points.cli.importing import Wanted
from volunteer_points.cli.output import show
from volunteer_points.cli.sheets import imported, undone
from volunteer_points.entries import Submitted
from volunteer_points.exchange import parse_sheet
from volunteer_points.exchange.importing import Choices, SheetImport
from volunteer_points.people import Particulars, Register
from volunteer_points.presets import preset
from volunteer_points.storage.sql import SqlStore

HEADINGS = "姓名,手机,活动,队伍,日期,开始,结束,备注"
GOOD = "张三,13800000001,公园清洁,,2026-03-14,9:00,11:20,"
ALSO_GOOD = "李四,,公园清洁,,2026-03-14,9:00,11:00,"
UNKNOWN = "赵六,,公园清洁,,2026-03-14,9:00,11:00,"
AT = "2026-03-20 12:00"
ROWS = int(os.environ.get("SHEET_ROWS", "20000"))
"""The rows of a large sheet: ``SHEET_ROWS=100000 pytest -k large_sheet tests/cli/test_import.py`` takes minutes."""


class Folder:
    """A folder in which a community keeps its ledger, its register and its sheets."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "programme.toml").write_text(preset("saihan"), encoding="utf-8")
        self.run("init", "programme.toml", "--author", "founder-a", actor="founder-b").check()
        for name, phone in (("张三", "13800000001"), ("李四", "13800000002")):
            self.run("enrol", name, "--phone", phone).check()

    def sheet(self, *rows: str, name: str = "三月.csv", encoding: str = "utf-8-sig") -> str:
        (self.path / name).write_bytes("\r\n".join((HEADINGS, *rows)).encode(encoding))
        return name

    def run(self, *words: str, actor: str = "clerk", lang: str = "en") -> Ran:
        arguments = [*words, *(() if "--at" in words else ("--at", AT)), "--lang", lang]
        environment = {"VOLUNTEER_POINTS_ACTOR": actor, "COLUMNS": "200"}
        return Ran(CliRunner(env=environment).invoke(app, arguments))

    def typed(self, line: str, actor: str = "clerk") -> None:
        """Run commands as they were printed."""
        for command in line.split(" && "):
            program, *words = shlex.split(command)
            assert program == "volunteer-points"
            self.run(*words, actor=actor).check()

    def records(self) -> list[Submitted]:
        with SqlStore.open("volunteer-points.db", create=False) as store:
            return [each.fact for each in Programme(store).entries() if isinstance(each.fact, Submitted)]


class Ran:
    """What a command printed, and its exit code."""

    def __init__(self, result: Result) -> None:
        self.code, self.out, self.err = result.exit_code, result.stdout, result.stderr

    def check(self) -> Ran:
        assert self.code == 0, (self.out, self.err)
        return self

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found

    def command(self, *words: str) -> str:
        """The one printed line that is a command with these words."""
        found = [line.strip() for line in self.out.splitlines() if all(word in line for word in words)]
        assert len(found) == 1, self.out
        return found[0].partition(": ")[2] if ": " in found[0] else found[0]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.chdir(tmp_path)
    return Folder(tmp_path)


def test_without_commit_nothing_is_written_and_the_command_that_writes_is_printed(folder: Folder) -> None:
    tried = folder.run("import", folder.sheet(GOOD, ALSO_GOOD)).check()
    assert folder.records() == []
    folder.typed(tried.command("--commit"))
    assert len(folder.records()) == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_sheets_in_every_encoding_say_the_same(folder: Folder, encoding: str) -> None:
    folder.run("import", folder.sheet(GOOD, ALSO_GOOD, encoding=encoding), "--commit").check()
    assert [each.activity for each in folder.records()] == ["park-cleanup"] * 2
    again = folder.run("import", folder.sheet(GOOD, ALSO_GOOD, name="b.csv"), "--commit").check()
    assert "Nothing new" in again.out
    assert len(folder.records()) == 2


def test_what_was_recorded_is_said_and_can_be_taken_back_as_printed(folder: Folder) -> None:
    done = folder.run("import", folder.sheet(GOOD, ALSO_GOOD), "--commit").check()
    assert "2 services of 2 people, 4 h 20 min" in done.out
    undo = done.command("--undo")
    folder.typed(undo)
    assert "Nothing waits" in folder.run("pending").check().out
    assert "Withdrawn: 0 records" in folder.run(*shlex.split(undo)[1:]).out


def test_all_rows_or_none_and_keep_going(folder: Folder) -> None:
    sheet = folder.sheet(GOOD, UNKNOWN)
    refused = folder.run("import", sheet, "--commit")
    assert refused.code == 1
    assert folder.records() == []
    assert "三月.csv:3" in refused.out
    kept = folder.run(*shlex.split(refused.command("--keep-going"))[1:])
    assert kept.code == 1
    assert "三月.csv:3" in kept.out
    assert len(folder.records()) == 1


def test_unknown_people_are_added_on_request(folder: Folder) -> None:
    sheet = folder.sheet(GOOD, UNKNOWN)
    tried = folder.run("import", sheet, "--add-people").check()
    assert "1 person is new to the register: 赵六" in tried.out
    folder.typed(tried.command("--commit"))
    assert len(folder.records()) == 2
    assert "赵六" in folder.run("people").check().out


def test_a_changed_row_that_waits_is_withdrawn_and_recorded_anew_by_the_printed_commands(folder: Folder) -> None:
    folder.run("import", folder.sheet(GOOD), "--commit").check()
    changed = folder.run("import", folder.sheet(GOOD.replace("11:20", "11:50")), "--commit")
    assert changed.code == 1
    assert "2026-03-14 09:00 - 11:20" in changed.out
    folder.typed(changed.command("void", "&&"))
    assert "Nothing new" in folder.run("import", "三月.csv").check().out
    assert "11:50" in folder.run("pending").check().out


def test_a_changed_row_that_was_awarded_is_corrected_by_the_printed_command(folder: Folder) -> None:
    folder.run("import", folder.sheet(GOOD), "--commit").check()
    folder.run("approve", "--all", "--yes", actor="checker").check()
    changed = folder.run("import", folder.sheet(GOOD.replace("11:20", "12:00")))
    folder.typed(changed.command("correct"), actor="checker")
    assert "Nothing new" in folder.run("import", "三月.csv").check().out
    assert "30" in folder.run("balance", "张三").check().out


def test_a_row_of_an_awarded_record_with_another_team_is_reversed_and_recorded_anew(folder: Folder) -> None:
    folder.run("import", folder.sheet(GOOD), "--commit").check()
    folder.run("approve", "--all", "--yes", actor="checker").check()
    changed = folder.run("import", folder.sheet(GOOD.replace("清洁,,", "清洁,美家美户,")))
    reverse, again = changed.command("reverse").split(" && ")
    folder.typed(reverse, actor="checker")
    folder.typed(again)
    assert [each.team for each in folder.records()] == [None, "beautiful-homes"]


def test_a_row_that_probably_changed_is_marked(folder: Folder) -> None:
    folder.run("import", folder.sheet(GOOD), "--commit").check()
    changed = folder.run("import", folder.sheet(GOOD.replace("9:00", "9:30")))
    assert "三月.csv:2 ?" in changed.out


def test_what_is_approved_already_is_not_taken_back_but_named(folder: Folder) -> None:
    folder.run("import", folder.sheet(GOOD, ALSO_GOOD), "--commit").check()
    folder.run("approve", folder.records()[0].record, actor="checker").check()
    undone = folder.run("import", "三月.csv", "--undo", "--commit")
    assert undone.code == 1
    folder.typed(undone.command("reverse"), actor="checker")
    assert "Nothing waits" in folder.run("pending").check().out
    anew = folder.run("import", "三月.csv", "--again", "--commit").check()
    assert "2 services" in anew.out


def test_programs_get_everything_as_json(folder: Folder) -> None:
    folder.run("import", folder.sheet(GOOD), "--commit").check()
    rows = (GOOD.replace("11:20", "12:00"), UNKNOWN, ALSO_GOOD, ALSO_GOOD)
    tried = folder.run("import", folder.sheet(*rows), "--json").data
    assert tried["committed"] is False
    assert [each["row"] for each in tried["added"]] == [4]
    assert tried["repeated"] == [{"sheet": "三月.csv", "row": 5, "of": {"sheet": "三月.csv", "row": 4}}]
    (change,) = tried["changed"]
    assert (change["end"], change["stands"]["intervals"][0]["end"], change["certain"]) == (
        "2026-03-14T12:00:00+08:00",
        "2026-03-14T11:20:00+08:00",
        True,
    )
    assert change["commands"][0].startswith(f"volunteer-points void {change['record']}")
    (problem,) = tried["problems"]
    assert [problem[name] for name in ("row", "column", "value", "code")] == [3, "姓名", "赵六", "person_unknown"]
    done = folder.run("import", "三月.csv", "--json", "--commit", "--keep-going").data
    assert done["committed"] is True
    assert [each["record"] for each in done["added"]] == [folder.records()[-1].record]
    undone = folder.run("import", "三月.csv", "--json", "--undo").data
    assert [each["row"] for each in undone["withdrawn"]] == [4]


def test_answers_are_in_chinese_on_request(folder: Folder) -> None:
    said = folder.run("import", folder.sheet(GOOD, UNKNOWN), lang="zh").out
    assert "名册中没有这个姓名" in said
    assert "尚未写入" in said
    assert "Nothing" not in said


@pytest.mark.parametrize(
    "content, code",
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "binary"),
        ("姓名,手机\n张三,1".encode(), "missing_columns"),
        (f"{HEADINGS}\n".encode(), "no_rows"),
        (b"a,b\n1,2\n", "no_header"),
    ],
)
def test_a_file_that_is_no_sheet_is_refused_with_a_remedy_and_so_are_the_others_beside_it(
    folder: Folder, content: bytes, code: str
) -> None:
    (folder.path / "bad.csv").write_bytes(content)
    good = folder.sheet(GOOD)
    refused = folder.run("import", good, "bad.csv", "--commit")
    assert (refused.code, refused.out) == (3, "")
    assert refused.err.startswith("bad.csv: ")
    assert folder.run("import", good, "bad.csv", "--commit", "--json").data["error"]["code"] == code
    assert folder.records() == []


def test_a_file_that_is_not_there_is_named(folder: Folder) -> None:
    refused = folder.run("import", "nowhere.csv")
    assert refused.code == 3
    assert "nowhere.csv" in refused.err


def test_whoever_imports_says_who_they_are(folder: Folder) -> None:
    assert folder.run("import", folder.sheet(GOOD), actor="").code == 2


def test_a_community_without_a_register_is_told_that_nobody_is_known(folder: Folder) -> None:
    (folder.path / "volunteer-points.people.db").unlink()
    tried = folder.run("import", folder.sheet(GOOD))
    assert tried.code == 1
    assert "--add-people" in tried.out
    assert not (folder.path / "volunteer-points.people.db").exists()


def test_long_lists_are_cut_for_people_and_whole_for_programs(folder: Folder) -> None:
    rows = [f"无名{number},,公园清洁,,2026-03-14,9:00,11:00," for number in range(60)]
    sheet = folder.sheet(*rows)
    assert "and 20 more" in folder.run("import", sheet).out
    assert len(folder.run("import", sheet, "--json").data["problems"]) == 60


def test_what_stopped_an_import_is_said_with_the_command_that_completes_it(
    folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    read = parse_sheet(f"{HEADINGS}\n{GOOD}\n{ALSO_GOOD}".encode(), source="三月.csv")
    asked = Wanted(commit=True, keep_going=False, add_people=False, again=False, evidence="supervisor")
    given = {"actor": "clerk", "at": AT}
    with Desk(language="en", given=given) as desk:
        importing = SheetImport(desk.programme, desk.people, Choices(actor="clerk", booked_at=desk.now()))
        plan = importing.plan([read])
        folder.run("import", folder.sheet(ALSO_GOOD.replace("11:00", "11:30")), "--commit").check()
        answer = imported(desk, importing.write(plan), asked)
        assert show(answer, as_json=False) == 1
        said = capsys.readouterr().out
        assert "三月.csv:3: " in said
        assert "volunteer-points import '三月.csv' --commit --actor clerk" in said
        assert answer.data["stopped"]["at"] == {"sheet": "三月.csv", "row": 3}
        folder.run("import", "三月.csv", "--undo", "--commit").check()
        assert len(importing.write(importing.plan([read])).added) == 2
        undoing = importing.plan_undoing([read])
        folder.run("approve", "--all", "--yes", actor="checker").check()
        answer = undone(desk, importing.undo(undoing), ["三月.csv"], asked)
        assert answer.data["stopped"] == "record_already_decided"


# --- killed -----------------------------------------------------------------------------------------------------------

PROGRAM = """
from volunteer_points.cli.app import app
from volunteer_points.exchange.importing import SheetImport

def write(self, plan, *, progress, **how):
    def told(rows):
        progress(rows)
        print(rows, flush=True)
    print(len(plan.there), flush=True)
    return written(self, plan, progress=told, **how)

written, SheetImport.write = SheetImport.write, write
SheetImport.__init__.__kwdefaults__["rows_at_once"] = 5
app()
"""
KILLS = 4


def importing() -> subprocess.Popen[str]:
    """The command, with small transactions, after each of which it tells how many rows it has written."""
    command = [sys.executable, "-c", PROGRAM, "import", "long.csv", "--commit", "--at", AT, "--actor", "clerk"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def folder_of(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Folder, str]]:
    """A community whose ledger is in a file or on a server, and where."""
    monkeypatch.chdir(tmp_path)
    with ExitStack() as stack:
        ledger = "volunteer-points.db"
        if request.param == "postgresql":
            ledger = postgresql().address(stack.enter_context(postgresql().database()))
            monkeypatch.setenv("VOLUNTEER_POINTS_LEDGER", ledger)
            monkeypatch.setenv("VOLUNTEER_POINTS_PEOPLE", "people.db")
        yield Folder(tmp_path), ledger


@pytest.mark.slow
def test_an_import_that_is_killed_again_and_again_loses_nothing_and_doubles_nothing(
    folder_of: tuple[Folder, str],
) -> None:
    folder, ledger = folder_of
    days = [(day, hour) for day in range(1, 6) for hour in range(9, 15)]
    rows = [f"{who},,公园清洁,,2026-03-{day:02},{hour}:00,{hour}:40," for day, hour in days for who in ("张三", "李四")]
    folder.sheet(*rows, name="long.csv")
    recorded = kills = 0
    while True:
        with importing() as process:
            assert process.stdout is not None
            acknowledged = int(process.stdout.readline())
            assert acknowledged == recorded, "what was recorded when it was killed is there already"
            # Killed a little later each time: between two transactions, within one, or while one is made durable.
            until = perf_counter() + kills * 0.03
            for told in iter(process.stdout.readline, ""):
                acknowledged += int(told) if told.strip().isdigit() else 0
                if kills < KILLS and perf_counter() > until:
                    sleep(kills * 0.005)
                    process.kill()
                    kills += 1
                    break
        with SqlStore.open(ledger, create=False) as store:
            entries = list(Programme(store).entries())
            report = audit(store) if process.returncode == 0 else None
        found = [(each.fact.volunteer, each.fact.intervals) for each in entries if isinstance(each.fact, Submitted)]
        assert len(found) == len(set(found))
        assert len(found) >= acknowledged, "what was acknowledged is there"
        assert len(found) % 5 == 0, "no transaction is half there"
        recorded = len(found)
        if report is not None:
            assert report.exit_code == 0, str(report)
            break
    assert kills >= 3
    assert recorded == len(rows)
    assert len(folder.run("pending", "--json").check().data["records"]) == len(rows)


# --- large ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.no_cover
def test_a_large_sheet_is_recorded_and_recognised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Folder(tmp_path)
    people = [f"志愿者{number}" for number in range(2_000)]
    with Register.open("volunteer-points.people.db") as register, SqlStore.open("volunteer-points.db") as store:
        registered = register.add_all(Particulars(name=name) for name in people)
        orders = [Order(command=Enrol(volunteer=person.id), actor="clerk") for person in registered]
        Programme(store).execute_many(orders)
    first = datetime.fromisoformat("2026-01-01T08:00")
    rows = (
        f"{name},,公园清洁,,{first + timedelta(days=day):%Y-%m-%d},8:00,10:00,"
        for day in range(ROWS // 2_000)
        for name in people
    )
    sheet = folder.sheet(*rows, encoding="gb18030")
    begun = perf_counter()
    done = folder.run("import", sheet, "--commit").check()
    seconds = perf_counter() - begun
    assert f"{ROWS} services of 2000 people" in done.out
    assert "Nothing new" in folder.run("import", sheet).check().out
    with capsys.disabled():
        sys.stdout.write(f"\n{ROWS:,} rows in {seconds:.0f} s: {ROWS / seconds:.0f} rows a second\n")
