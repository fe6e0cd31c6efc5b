import hashlib
import io
import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import attrs
import pytest

from tests.audit.defects import DEFECTS, month
from tests.audit.defects import ledger as ledger_of
from tests.audit.ledgers import CHECKER, LEADER, History, StoredLedger, moment, one_month, stored_entries
from volunteer_points import commands as c
from volunteer_points.audit import Report, Severity, audit
from volunteer_points.audit import examination as course
from volunteer_points.audit.titles import TITLES
from volunteer_points.errors import InputError
from volunteer_points.model import Currency
from volunteer_points.storage.journal import Journal, read_journal, save_journal, write_journal
from volunteer_points.storage.memory import MemoryStore
from volunteer_points.storage.sql import SqlStore
from volunteer_points.testing.programmes import small_programme

CORE_IDS = sorted({"VP003", *(check.id for check in course.PROFILES["core"])})


def planted(name: str) -> StoredLedger:
    return DEFECTS[name].plant()[0]


def journal_of(ledger: StoredLedger) -> bytes:
    stream = io.BytesIO()
    write_journal(ledger, ledger.ledger, stream)
    return stream.getvalue()


def audited_journal(content: bytes, **options: object) -> Report:
    return audit(Journal(io.BytesIO(content)), **options)  # type: ignore[arg-type]  # options of any kind


# --- what may be audited ---


def test_a_store_and_its_journal_give_the_same_report_but_for_stored_balances(tmp_path: Path) -> None:
    ledger = one_month().ledger()
    save_journal(ledger, "small", tmp_path / "small.jsonl.gz")
    of_store, of_file = audit(ledger), audit(Journal(tmp_path / "small.jsonl.gz"))
    assert of_file.source == attrs.evolve(of_store.source, name="small.jsonl.gz")
    assert of_file.check("VP005").status == "skipped"
    assert of_file.check("VP005").because == "journal_without_balances"
    assert of_file.exit_code == of_store.exit_code == 0
    same = [check for check in of_store.checks if check.id != "VP005"]
    assert [check for check in of_file.checks if check.id != "VP005"] == same
    assert of_file.programme == of_store.programme
    assert audit(read_journal(tmp_path / "small.jsonl.gz")).plain() == of_file.plain()


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_a_store_of_any_kind_is_audited(kind: str, tmp_path: Path) -> None:
    entries = one_month().entries
    store = MemoryStore("small") if kind == "memory" else SqlStore.open(tmp_path / "small.db", "small")
    with store.session() as session:
        for key in dict.fromkeys(entry.key for entry in entries):
            session.append(tuple(entry for entry in entries if entry.key == key))
    report = audit(store)
    if isinstance(store, SqlStore):
        store.close()
    assert report.check("VP005").status == "pass"
    assert report.plain() == audit(one_month().ledger()).plain()


def test_the_input_is_named_with_the_hash_over_all_its_leaves() -> None:
    stored = one_month().stored()
    report = audit(StoredLedger(stored))
    assert report.source.entries == len(stored)
    assert report.source.sha256 == hashlib.sha256(b"".join(each.leaf for each in stored)).hexdigest()
    assert report.source.sha256 == json.loads(journal_of(StoredLedger(stored)).splitlines()[-1])["leaves"]


# --- damaged journals ---


def test_a_damaged_line_is_a_finding_and_every_other_entry_is_examined() -> None:
    lines = journal_of(ledger_of(month())).splitlines(keepends=True)
    lines[-2] = b"damaged\n"
    report = audited_journal(b"".join(lines))
    assert [(each.check, each.key, each.subject.id) for each in report.findings] == [
        ("VP003", "file_damaged", str(len(lines) - 1))
    ]
    assert report.unread == 1
    assert report.check("VP105").status == "incomplete"
    assert "1 entries could not be read" in report.text()
    assert report.exit_code == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: b"".join(content.splitlines(keepends=True)[:-1]),
        lambda content: b"".join(content.splitlines(keepends=True)[1:]),
        lambda content: content + b"more\n",
    ],
    ids=["line ends", "byte order mark", "no last line", "no first line", "more behind"],
)
def test_damage_to_the_file_alone_is_one_finding_and_every_entry_is_examined(damage: object) -> None:
    assert callable(damage)
    report = audited_journal(damage(journal_of(one_month().ledger())))
    [finding] = report.findings
    assert (finding.check, finding.key) == ("VP003", "file_damaged")
    assert "volunteer-points export" in finding.remedy()
    assert report.unread == 0
    assert report.check("VP105").status == "pass"


def test_a_line_that_was_taken_out_is_noticed_by_the_count_and_by_what_it_leaves_open() -> None:
    lines = journal_of(one_month().ledger()).splitlines(keepends=True)
    report = audited_journal(b"".join([*lines[:3], *lines[4:]]))
    assert {"file_damaged", "number_out_of_place", "commit_incomplete"} == {each.key for each in report.findings}


def test_an_entry_that_cannot_be_read_leaves_every_check_incomplete() -> None:
    report = audit(planted("an entry is of a later version"))
    assert report.unread == 1
    assert {check.status for check in report.checks} == {"fail", "incomplete"}
    assert report.check("VP003").status == "fail"


# --- nothing examined ---


def test_a_check_that_examined_nothing_was_skipped_and_says_why() -> None:
    report = audit(History().ledger())
    skipped = {check.id for check in report.checks if check.status == "skipped"}
    assert skipped == {check.id for check in report.checks if not check.examined}
    assert skipped >= {"VP101", "VP105", "VP106", "VP202", "VP301", "VP501", "VP503", "VP506"}
    assert not skipped & {"VP003", "VP006", "VP104"}
    assert report.exit_code == 0
    [line] = [line for line in report.text().splitlines() if line.startswith("skipped")]
    assert line == f"skipped  {' '.join(sorted(skipped))}: there was nothing of the kind"


@pytest.mark.parametrize("name", ["VP105", "VP005"])
def test_a_required_check_that_examined_nothing_fails(name: str) -> None:
    report = audited_journal(journal_of(History().ledger()), require=[name])
    assert [(each.check, each.key) for each in report.findings] == [(name, "required_but_skipped")]
    assert (report.check(name).status, report.exit_code) == ("fail", 1)
    assert report.findings[0].message("zh")


def test_a_required_check_that_could_not_see_everything_fails() -> None:
    report = audit(planted("an entry is of a later version"), require=("VP105",))
    [finding] = report.found_by("VP105")
    assert finding.key == "required_but_incomplete"
    assert "1 entries" in finding.message()


def test_required_checks_that_examined_everything_pass() -> None:
    assert audit(one_month().ledger(), require=CORE_IDS).exit_code == 0


@pytest.mark.parametrize("ledger", [StoredLedger([]), MemoryStore("small")])
def test_where_there_is_nothing_to_examine_nothing_is_clean(ledger: StoredLedger | MemoryStore) -> None:
    report = audit(ledger)
    assert report.exit_code == 1
    assert [finding.key for finding in report.findings] == ["nothing_there"]
    assert "FAIL" in report.text()


# --- options ---


@pytest.mark.parametrize(
    "options, code, words",
    [
        ({"require": ["VP999"]}, "unknown_check", "VP"),
        ({"require": ["vp105"]}, "unknown_check", "VP105"),
        ({"profile": "cor"}, "unknown_profile", "core"),
        ({"fail_on": "warn"}, "unknown_severity", "warning"),
        ({"as_of": datetime(2026, 3, 1)}, "naive_datetime", "zone"),  # noqa: DTZ001 - what is refused
        ({"booked_until": datetime(2026, 3, 1)}, "naive_datetime", "zone"),  # noqa: DTZ001 - what is refused
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, object], code: str, words: str) -> None:
    with pytest.raises(InputError) as raised:
        audit(one_month().ledger(), **options)  # type: ignore[arg-type]  # that is the point
    assert raised.value.code == code
    assert words in str(raised.value)


def run_by_one() -> History:
    history = History(attrs.evolve(small_programme(), founders=(), run_by_one="li"), by="li")
    history.run(c.Enrol(volunteer="v-1"), "li")
    history.until("2026-03-14 20:00")
    record = history.submit("v-1", "2026-03-14 09:00", by="li")
    history.run(c.Approve(record=record), "li")
    return history


def test_a_programme_run_by_one_person_is_told_so_in_every_audit() -> None:
    report = audit(run_by_one().ledger())
    [finding] = report.findings
    assert (finding.check, finding.severity, finding.subject.id) == ("VP301", Severity.NOTE, "li")
    assert "1 approvals" in finding.message()
    assert report.check("VP301").status == "skipped"
    assert report.exit_code == 0
    assert "CLEAN  1 note" in report.text()
    assert "one person runs the programme" in report.text()
    quiet = History(attrs.evolve(small_programme(), founders=(), run_by_one="li"), by="li")
    assert [each.key for each in audit(quiet.ledger()).findings] == ["run_by_one"]


@pytest.mark.parametrize("fail_on, exit_code", [("note", 1), ("warning", 0), ("error", 0), (Severity.NOTE, 1)])
def test_the_mildest_severity_that_fails_can_be_chosen(fail_on: str, exit_code: int) -> None:
    assert audit(run_by_one().ledger(), fail_on=fail_on).exit_code == exit_code


def test_an_audit_as_of_a_time_leaves_out_what_was_booked_later() -> None:
    history = one_month()
    half = history.entries[30].booked_at
    known = [entry for entry in history.entries if entry.booked_at <= half]
    report, at_the_time = audit(history.ledger(), booked_until=half), audit(ledger_of(known))
    assert report.left_out == len(history.entries) - len(known) > 0
    assert (report.programme, report.members) == (at_the_time.programme, at_the_time.members)
    assert report.exit_code == 0
    assert report.check("VP005").because == "later_entries_left_out"
    assert f"{report.left_out} entries were booked later" in report.text()
    assert audit(history.ledger(), as_of=half).plain() == report.plain()


def test_both_axes_of_time_can_be_given() -> None:
    history = one_month()
    late = audit(history.ledger(), as_of=moment("2026-04-30 12:00"), booked_until=history.now)
    assert [finding.check for finding in late.findings] == ["VP503"]
    early = audit(history.ledger(), as_of=moment("2026-03-16 12:00"), booked_until=history.now)
    assert (early.findings, early.left_out, early.as_of) == ((), 0, moment("2026-03-16 12:00"))


def test_damage_to_what_was_booked_later_is_found_all_the_same() -> None:
    report = audit(planted("a byte was changed"), booked_until=month()[0].booked_at)
    assert [finding.key for finding in report.findings] == ["leaf_differs"]


def test_progress_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(course, "PROGRESS_EVERY", 20)
    heard: list[int] = []
    report = audit(one_month().ledger(), progress=heard.append)
    assert heard == [20, 40, report.source.entries]


# --- what it says ---


def test_the_text_answers_first_whether_it_is_clean_and_what_is_worst() -> None:
    text = audit(one_month().ledger()).text()
    assert text.splitlines()[1] == "18 checks · 55 entries · 7 awards re-performed · 5 redemptions"
    assert text.splitlines()[2] == "CLEAN"
    assert text.splitlines()[-1].endswith("= 170 = available 163 + held 7 + debt 0 ✓")
    broken = audit(planted("an award was doubled")).text()
    assert broken.splitlines()[2] == "FAIL  1 error"
    for words in ("error VP105 award e-", "why: time measured 100", "at: e-", "fix: An approver takes it back"):
        assert words in broken
    assert audit(planted("points were slipped into an account")).text().splitlines()[-1].endswith("✗ 220")


def test_the_text_is_there_in_chinese() -> None:
    text = audit(planted("an award was doubled")).text("zh")
    for words in ("有问题  1 错误", "重算 7 次发放", "应为 积分 17", "处理: ", "余额变动"):
        assert words in text
    assert "无问题" in audit(one_month().ledger()).text("zh")


def test_a_long_list_is_cut_on_paper_and_whole_for_programs() -> None:
    stored = one_month().stored()
    report = audit(StoredLedger([attrs.evolve(each, leaf=b"\0" * 32) for each in stored]))
    assert len(report.findings) == len(stored)
    assert f"{len(stored) - 20} more" in report.text()
    assert len(report.plain()["findings"]) == len(stored)


def test_amounts_are_shown_with_the_decimals_of_their_currency() -> None:
    history = History(attrs.evolve(small_programme(), currencies=(Currency(id="points", decimals=1),)))
    history.enrol("v-1")
    history.until("2026-03-14 20:00")
    history.serve("v-1", "2026-03-14 09:00", 140)
    report = audit(history.ledger())
    assert "earned 35.0" in report.text()
    assert report.plain()["rollforward"]["programme"][0]["earned"] == 350


def test_the_json_has_its_schema() -> None:
    report = audit(planted("an award was doubled"))
    found = json.loads(report.json())
    assert found == report.plain()
    assert found["schema"] == "volunteer-points-audit/1"
    assert [check["id"] for check in found["checks"]] == CORE_IDS
    assert found["summary"]["by_severity"] == {"note": 0, "warning": 0, "error": 1}
    assert (found["summary"]["status"], found["summary"]["exit_code"]) == ("fail", 1)
    assert found["summary"]["examined"]["VP105"] == 7
    [finding] = found["findings"]
    assert set(finding) == {
        "id",
        "check",
        "severity",
        "subject",
        "message",
        "expected",
        "actual",
        "evidence",
        "trace",
        "remedy",
        "fingerprint",
    }
    assert finding["subject"] == {"type": "entry", "id": finding["evidence"][-1]["entry"]}
    assert set(finding["message"]) == {"key", "facts", "en", "zh"}
    assert found["inputs"][0]["entries"] == report.source.entries
    assert {line["holder"] for line in found["rollforward"]["members"]} == {f"volunteer:v-{n}" for n in (1, 2, 3)}


def test_findings_stand_in_order_of_check_and_subject() -> None:
    entries = month()
    entries[-1], entries[-3] = (attrs.evolve(entries[at], ledger="other") for at in (-1, -3))
    stored = stored_entries(entries)
    stored[9] = attrs.evolve(stored[9], leaf=b"\0" * 32)
    found = [(each.check, each.subject.type, each.subject.id) for each in audit(StoredLedger(stored)).findings]
    assert found == sorted(found)
    assert len(found) == 3


def test_the_same_breach_keeps_its_fingerprint_while_the_ledger_grows() -> None:
    entries = month()
    forged = list(planted("an award was doubled").stored())
    before = audit(StoredLedger(forged)).findings[0]
    grown = History(small_programme())
    grown.take_over(entries)
    grown.until("2026-03-16 20:00")
    grown.serve("v-9", "2026-03-16 09:00")
    after = audit(StoredLedger([*forged, *stored_entries(grown.entries)[len(forged) :]])).findings[0]
    assert before.fingerprint == after.fingerprint
    assert before.fingerprint != audit(planted("an award never ends")).findings[0].fingerprint


AGAIN = """
import sys
from tests.audit.test_report import planted
from volunteer_points.audit import audit
report = audit(planted(sys.argv[1]))
sys.stdout.buffer.write((report.json() + report.text() + report.text("zh")).encode())
"""


def test_the_same_input_gives_the_same_bytes_in_every_process() -> None:
    name = "something was collected twice"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", AGAIN, name],
            capture_output=True,
            check=True,
            cwd=Path(__file__).parents[2],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "src"},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    report = audit(planted(name))
    assert outputs == {(report.json() + report.text() + report.text("zh")).encode()}


def test_who_approves_through_a_second_programme_version_is_judged_by_the_version_of_that_day() -> None:
    history = run_by_one()
    two = attrs.evolve(small_programme(), founders=("li", "wang"))
    history.run(c.Adopt(definition=two, author="li"), "li")
    record = history.submit("v-1", "2026-03-14 13:00", by=LEADER)
    history.run(c.Approve(record=record), CHECKER)
    report = audit(history.ledger())
    assert [finding.key for finding in report.findings] == ["run_by_one"]
    assert (report.check("VP301").status, report.check("VP301").examined) == ("pass", 1)
    assert report.exit_code == 0


def test_the_clock_of_the_report_is_the_last_booking() -> None:
    history = one_month()
    report = audit(history.ledger())
    assert report.as_of == history.now
    assert report.text().splitlines()[0].count("2026-03-15 20:31 (Asia/Shanghai)") == 1
    assert report.as_of - history.entries[0].booked_at > timedelta(days=4)


def test_the_documentation_lists_every_check_as_the_audit_calls_it() -> None:
    page = (Path(__file__).parents[2] / "docs" / "audit.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| VP")]
    assert rows == [f"| {check} | {title.en} |" for check, title in sorted(TITLES.items())]
