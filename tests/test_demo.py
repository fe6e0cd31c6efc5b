"""The demonstration: its story has exactly these numbers, its month comes out clean, and anybody can run it again."""

from __future__ import annotations

import json
import shlex
import sqlite3
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from itertools import chain
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from volunteer_points.audit import audit
from volunteer_points.cli.app import app
from volunteer_points.demo import Beat, Grid, Heading, Month, Places, Sentence, Story
from volunteer_points.demo.places import CORRECTIONS, PEOPLE, PROGRAMME, SHEETS, example
from volunteer_points.errors import InputError
from volunteer_points.exchange import read_sheet
from volunteer_points.explain import Lang
from volunteer_points.programme_file import loads
from volunteer_points.storage.sql import SqlStore

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).parents[1] / "examples" / "saihan"


def texts(beats: list[Beat], mark: str | None = None) -> list[str]:
    return [beat.text for beat in beats if isinstance(beat, Sentence) and mark in {None, beat.mark}]


def grids(beats: list[Beat], heading: str) -> list[tuple[str, ...]]:
    """The rows of every grid that has this heading."""
    return [row for beat in beats if isinstance(beat, Grid) and heading in beat.headings for row in beat.rows]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    return Places.at(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def story(places: Places) -> list[Beat]:
    return list(Story(places, "en"))


@pytest.fixture(scope="module")
def month(places: Places) -> list[Beat]:
    return list(Month(places, "en"))


# --- the story --------------------------------------------------------------------------------------------------------


def test_the_leader_is_refused_and_somebody_else_awards_23_points_for_140_minutes(story: list[Beat]) -> None:
    told = texts(story)
    assert "10 points an hour, whole points, rounded down, at most 80 a day" in told[0]
    assert "2028-01-01 00:00" in told[0]
    assert "2026-03-14 09:00-11:20" in told[2]
    assert "leader recorded it and may not decide it too" in texts(story, "refused")[0]
    assert told[4:6] == [
        "Somebody else approves: 赵甲, 140 min = 23 points.",
        "Somebody else approves: 钱乙, 140 min = 23 points.",
    ]


def test_a_bag_is_held_collected_once_and_the_next_one_is_too_dear(story: list[Beat]) -> None:
    _, scanned, too_dear = texts(story, "refused")
    assert "was collected" in scanned
    assert "2026" in scanned
    assert "needs 20 and there is 3: 17 missing" in too_dear
    lot = "2028-01-01 00:00"
    assert grids(story, "Reserved") == [
        ("赵甲", "3", "20", f"3 → {lot}", "1", "1"),
        ("钱乙", "3", "20", f"3 → {lot}", "0", "1"),
        ("钱乙", "23", "0", f"23 → {lot}", "1", "0"),
    ]


def test_the_audit_is_clean_and_everything_adds_up(story: list[Beat]) -> None:
    good = texts(story, "good")
    assert any("0 findings, exit 0" in text for text in good)
    assert "Brought over + earned - redeemed: 0 + 46 - 20 = 26 = 3 + 23" in good


def test_a_reversal_takes_3_back_and_leaves_a_debt_that_the_next_award_repays(story: list[Beat]) -> None:
    good = texts(story, "good")
    assert "20 of its points are spent: 3 come back, debt 20." in good[-2]
    assert good[-1].endswith("earns 30, and the debt is repaid first: 10 available, debt 0.")


def test_both_forgeries_are_found_with_what_was_expected_and_what_was_there(places: Places, story: list[Beat]) -> None:
    found = texts(story, "bad")
    assert found.count("exit 1") == 2
    named = [text for text in found if text.endswith("expected 23 points, found 46")]
    assert [text.split()[0] for text in named] == ["VP105", "VP105"]
    assert any(text.startswith("VP003") for text in found[: found.index("exit 1")])
    assert len(found[found.index("exit 1") + 1 :]) == 2
    for name, checks in (("story-forged.db", {"VP003", "VP105", "VP601"}), ("story-forged-carefully.db", {"VP105"})):
        with SqlStore.open(places / name, create=False, read_only=True) as store:
            report = audit(store)
        assert (report.exit_code, {finding.check for finding in report.findings}) == (1, checks)
        (finding,) = report.found_by("VP105")
        assert (finding.expected["points"], finding.actual["points"]) == (23, 46)


def test_the_ledger_of_the_story_itself_is_left_as_it_was(places: Places, story: list[Beat]) -> None:
    assert story
    with SqlStore.open(places / "story.db", create=False) as store:
        assert audit(store).exit_code == 0


# --- the month --------------------------------------------------------------------------------------------------------


def test_the_sheets_hold_about_300_rows_of_about_60_people_and_nine_bad_ones(month: list[Beat]) -> None:
    assert texts(month)[0].startswith("62 volunteers are enrolled; 12 bring 245 points")
    sheets = grids(month, "Encoding")
    assert {row[1] for row in sheets} == {"utf-8-sig", "utf-8", "gb18030"}
    assert [sum(int(row[column]) for row in sheets) for column in (2, 3, 4)] == [280, 1, 9]
    assert [row[0] for row in grids(month, "What to do")] == [
        "appliance-repair.csv:19",
        "appliance-repair.csv:42",
        "clinic.csv:27",
        "clinic.csv:62",
        "haircuts.csv:11",
        "haircuts.csv:63",
        "haircuts.csv:64",
        "legal-service.csv:7",
        "open-air-cinema.csv:36",
    ]
    good = texts(month, "good")
    assert good[0] == "Without these 9 rows, 280 services of 62 people are recorded."
    assert "The same sheets again would add 0; 280 rows are there already." in texts(month)
    assert good[1].endswith("7 more.")


def test_awards_redemptions_and_expiry_have_their_numbers(month: list[Beat]) -> None:
    assert grids(month, "Services")[-1] == ("Together", "286", "62", "653", "6403")
    assert any("92 points become 80 points" in text for text in texts(month, "aside"))
    assert texts(month, "refused")[0].startswith("3 × 食用油")
    assert sum(int(row[2]) for row in grids(month, "Collected")) == 55
    assert any(
        text.startswith("3 holds lapse; 88 points from the paper book end, those of 9 people.") and "writes 0" in text
        for text in texts(month, "good")
    )


def test_the_month_is_audited_clean(places: Places, month: list[Beat]) -> None:
    assert texts(month)[-1] == "exit 0"
    with SqlStore.open(places / "saihan.db", create=False) as store:
        report = audit(store)
    assert (report.exit_code, report.findings) == (0, ())
    assert {check.id for check in report.checks if check.status != "pass"} == set()
    (total,) = report.programme
    assert (total.lines["opening"], total.lines["earned"], total.expected) == (245, 6415, total.closing)


def test_every_demonstration_writes_the_same_ledgers(places: Places, month: list[Beat], tmp_path: Path) -> None:
    assert month
    again = Places.at(tmp_path)
    assert len(list(chain(Story(again, "zh"), Month(again, "zh")))) > 50
    for name in ("story.db", "saihan.db"):
        hashes = []
        for folder in (places, again):
            with SqlStore.open(folder / name, create=False) as store:
                hashes.append(audit(store).source.sha256)
        assert hashes[0] == hashes[1]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_name_and_no_telephone_number_enters_a_ledger(tmp_path: Path, language: Lang) -> None:
    places = Places.at(tmp_path)
    assert list(chain(Story(places, language), Month(places, language)))
    with (places / PEOPLE).open(encoding="utf-8-sig") as file:
        people = [line.split(",")[:2] for line in file][1:]
    for ledger in ("story.db", "saihan.db"):
        with sqlite3.connect(places / ledger) as database:
            content = b"\n".join(row[0] for row in database.execute("SELECT content FROM vp_entry")).decode()
        database.close()
        assert not [person for person in people if person[0] in content or person[1] in content]


def test_in_chinese_it_is_chinese(tmp_path: Path) -> None:
    places = Places.at(tmp_path)
    headings = [beat.text for beat in chain(Story(places, "zh"), Month(places, "zh")) if isinstance(beat, Heading)]
    assert len(headings) == 11
    assert all(not heading.isascii() for heading in headings)


# --- at the command line ----------------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner(env={"COLUMNS": "160"}).invoke(app, [*words, "--lang", "en"])


def test_the_command_leaves_ledgers_and_three_commands_that_work(here: Path) -> None:
    done = run("demo")
    assert done.exit_code == 0, done.stderr
    commands = [line.strip() for line in done.stdout.splitlines() if line.startswith("  volunteer-points ")]
    results = [run(*shlex.split(command)[1:]) for command in commands]
    assert [result.exit_code for result in results] == [0, 0, 1]
    assert "Balance: 118 points" in results[0].stdout
    assert results[1].stdout.startswith("Why 80 points")
    assert "VP105" in results[2].stdout
    assert {each.name for each in (here / "volunteer-points-demo").iterdir()} == {
        *SHEETS,
        *(CORRECTIONS, PEOPLE, PROGRAMME, "saihan.db", "saihan.people.db", "story.db", "story.people.db"),
        *("story-forged.db", "story-forged-carefully.db"),
    }


def test_the_command_may_be_run_again_and_never_writes_over_what_is_not_its_own(here: Path) -> None:
    first = json.loads(run("demo", "--json").stdout)
    second = json.loads(run("demo", "--json").stdout)
    assert (first["folder"], second["folder"]) == ("volunteer-points-demo", "volunteer-points-demo-2")
    assert [beat["kind"] for beat in first["told"]].count("heading") == 11
    assert first["commands"][0].startswith("volunteer-points statement ")
    again = run("demo", "--into", "volunteer-points-demo")
    assert (again.exit_code, again.stdout) == (2, "")
    assert run("demo", "--force").exit_code == 0
    (here / "volunteer-points-demo" / "mine.txt").write_text("mine", encoding="utf-8")
    assert run("demo", "--into", "volunteer-points-demo", "--force").exit_code == 2
    assert (here / "volunteer-points-demo" / "mine.txt").read_text("utf-8") == "mine"
    assert (here / "volunteer-points-demo" / "saihan.db").exists()


def test_a_folder_that_cannot_be_made_is_named(here: Path) -> None:
    (here / "file").write_text("", encoding="utf-8")
    refused = run("demo", "--into", "file/folder")
    assert refused.exit_code == 2
    assert "file/folder" in refused.stderr


@pytest.mark.parametrize("encoding", ["gb18030", "ascii"])
def test_it_runs_where_there_is_no_terminal_whatever_can_be_printed(here: Path, encoding: str) -> None:
    program = "from volunteer_points.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "demo", "--into", "x", "--lang", "zh"],
        env={"PYTHONIOENCODING": encoding, "PATH": "", "VOLUNTEER_POINTS_DEBUG": "1"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    assert b"\x1b" not in done.stdout
    assert (here / "x" / "saihan.db").exists()


# --- the example ------------------------------------------------------------------------------------------------------


def test_the_files_of_the_example_are_what_its_script_makes() -> None:
    spec = spec_from_file_location("make_sheets", EXAMPLE / "make_sheets.py")
    assert spec is not None
    assert spec.loader is not None
    script = module_from_spec(spec)
    sys.modules["make_sheets"] = script
    try:
        spec.loader.exec_module(script)
        made: dict[str, bytes] = script.files()
    finally:
        del sys.modules["make_sheets"]
    assert {name: (EXAMPLE / name).read_bytes() for name in made} == made
    assert set(made) == {*SHEETS, CORRECTIONS, PEOPLE, PROGRAMME}


def test_the_programme_of_the_example_is_a_programme_and_its_sheets_are_sheets() -> None:
    definition = loads((EXAMPLE / PROGRAMME).read_text("utf-8"))
    assert definition.founders == ("secretary", "director")
    assert sum(len(read_sheet(EXAMPLE / name).rows) for name in SHEETS) > 270


def test_the_example_is_found_in_the_source_tree() -> None:
    assert (example() / PEOPLE).read_bytes() == (EXAMPLE / PEOPLE).read_bytes()


def test_a_package_without_its_example_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("volunteer_points.demo.places.__file__", str(tmp_path / "a" / "b" / "c" / "places.py"))
    with pytest.raises(InputError) as refused:
        example()
    assert refused.value.code == "no_example"
