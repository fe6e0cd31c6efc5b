"""A journal at the command line: read like a ledger, imported into another, and compared with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.community import LEDGER, PEOPLE, Community
from tests.storage.servers import postgresql

READING = (
    "pending",
    "people",
    "holds",
    "stock",
    "balance Ann",
    "statement Ann",
    "totals",
    "export",
)


@pytest.fixture
def busy(community: Community) -> Community:
    """A community with an award and a hold, and its journals."""
    community.award("Ann")
    community.hold("Ann")
    community.do("export", "ledger.jsonl")
    community.do("export", "packed.jsonl.gz")
    return community


# --- reading ---


@pytest.mark.parametrize("file", ["ledger.jsonl", "packed.jsonl.gz"])
@pytest.mark.parametrize("words", READING)
def test_whatever_is_asked_a_journal_answers_as_its_ledger_does(words: str, file: str, busy: Community) -> None:
    at = "2026-03-16 09:00"
    expected = busy.do(*words.split(), at=at).out
    told = busy.do(*words.split(), "--ledger", file, "--people", PEOPLE, at=at).out
    assert told.replace(f" --ledger {file} --people {PEOPLE}", "") == expected


def test_an_award_is_explained_from_a_journal(busy: Community) -> None:
    record = busy.award("Ann", "2026-03-12")
    busy.do("export", "ledger.jsonl", "--replace")
    told = busy.do("explain", record, "--ledger", "ledger.jsonl", "--people", PEOPLE)
    assert told.out == busy.do("explain", record).out


def test_the_register_of_a_journal_is_named_after_it(busy: Community) -> None:
    for name in ("ledger", "packed"):
        Path(f"{name}.people.db").write_bytes(Path(PEOPLE).read_bytes())
    for file in ("ledger.jsonl", "packed.jsonl.gz"):
        assert "Ann" in busy.do("holds", "--ledger", file).out


def test_a_journal_is_never_written(busy: Community) -> None:
    before = Path("ledger.jsonl").read_bytes()
    words = ("enrol", "Cid", "--ledger", "ledger.jsonl")
    assert "is a journal" in busy.run(*words, "--people", PEOPLE).check(3).err
    assert "日志" in busy.run(*words, "--people", PEOPLE, lang="zh").check(3).err
    init = ("init", "programme.toml", "--author", "founder-a", "--ledger")
    assert "already" in busy.run(*init, "ledger.jsonl", actor="founder-b").check(1).err
    assert "journal" in busy.run(*init, "new.jsonl", actor="founder-b").check(3).err
    assert "journal" in busy.run("import-journal", "ledger.jsonl", "--ledger", "new.jsonl").check(3).err
    assert not Path("new.jsonl").exists()
    assert Path("ledger.jsonl").read_bytes() == before


def test_a_damaged_journal_is_not_read_as_a_ledger(busy: Community) -> None:
    whole = Path("ledger.jsonl").read_bytes()
    Path("ledger.jsonl").write_bytes(whole.replace(b"Helping", b"Helpinq"))
    assert "Line 3" in busy.run("totals", "--ledger", "ledger.jsonl").check(3).err
    Path("ledger.jsonl").write_bytes(Path(LEDGER).read_bytes())
    assert "database" in busy.run("totals", "--ledger", "ledger.jsonl").check(3).err


# --- importing and comparing ---


def test_a_ledger_moves_through_a_journal_and_is_the_same(busy: Community) -> None:
    told = busy.do("import-journal", "packed.jsonl.gz", "--ledger", "copy.db")
    assert "of them are new" in told.out
    assert busy.type_line(told.found("volunteer-points compare .*")).check().out == "They are the same.\n"
    assert busy.json("compare", LEDGER, "copy.db") == {
        "one": LEDGER,
        "other": "copy.db",
        "same": True,
        "differences": [],
    }
    busy.do("export", "again.jsonl", "--ledger", "copy.db")
    assert Path("again.jsonl").read_bytes() == Path("ledger.jsonl").read_bytes()
    assert busy.json("import-journal", "ledger.jsonl", "--ledger", "copy.db")["added"] == 0
    busy.award("Ann", "2026-03-16")
    busy.do("export", "ledger.jsonl", "--replace")
    assert busy.json("import-journal", "ledger.jsonl", "--ledger", "copy.db")["added"] == 3
    busy.do("audit", "copy.db")


def test_a_ledger_moves_to_a_server(busy: Community) -> None:
    with postgresql().database() as database:
        url = postgresql().address(database)
        busy.do("import-journal", "ledger.jsonl", "--ledger", url)
        busy.do("compare", LEDGER, url)
        busy.do("compare", "packed.jsonl.gz", url)


def test_what_differs_is_named_and_is_a_finding(busy: Community) -> None:
    busy.do("import-journal", "ledger.jsonl", "--ledger", "copy.db")
    busy.award("Ann", "2026-03-16")
    told = busy.run("compare", LEDGER, "copy.db").check(1)
    assert "how many entries there are" in told.out
    assert "the balance of" in told.out
    assert "分录数" in busy.run("compare", LEDGER, "copy.db", lang="zh").check(1).out
    data = busy.run("compare", LEDGER, "copy.db", "--json").check(1).data
    assert {each["what"] for each in data["differences"]} == {"count", "balance"}
    busy.run("compare", LEDGER, "nothing.db").check(3)


def test_a_journal_that_cannot_be_imported_makes_no_ledger(busy: Community) -> None:
    whole = Path("ledger.jsonl").read_bytes()
    Path("cut.jsonl").write_bytes(whole[:-300])
    assert "Line" in busy.run("import-journal", "cut.jsonl", "--ledger", "copy.db").check(3).err
    busy.run("import-journal", "programme.toml", "--ledger", "copy.db").check(3)
    busy.run("import-journal", "nothing.jsonl", "--ledger", "copy.db").check(3)
    assert not Path("copy.db").exists()


def test_a_journal_is_not_imported_into_a_ledger_that_has_something_else(busy: Community) -> None:
    busy.do("import-journal", "ledger.jsonl", "--ledger", "copy.db")
    busy.award("Ann", "2026-03-16")
    busy.award("Ann", "2026-03-17")
    busy.do("export", "longer.jsonl")
    copied = Path("copy.db")
    busy.do("enrol", "Cid", "--ledger", copied, "--people", PEOPLE)
    before = copied.read_bytes()
    told = busy.run("import-journal", "longer.jsonl", "--ledger", copied).check(3)
    assert "differs from entry" in told.err
    assert "不同" in busy.run("import-journal", "longer.jsonl", "--ledger", copied, lang="zh").check(3).err
    assert copied.read_bytes() == before
    for name in ("east", "west"):
        words = ("init", "programme.toml", "--author", "founder-a", "--ledger", f"{name}.db", "--ledger-id", name)
        busy.do(*words, actor="founder-b")
    busy.do("export", "east.jsonl", "--ledger", "east.db")
    assert "east" in busy.run("import-journal", "east.jsonl", "--ledger", "west.db").check(3).err
