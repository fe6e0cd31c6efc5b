import gzip
import hashlib
import io
import json
import os
from itertools import islice
from pathlib import Path

import pytest

from tests.audit.ledgers import History, StoredLedger, one_month
from volunteer_points.books import Committed, LotsOf, Tally
from volunteer_points.commands import Enrol
from volunteer_points.errors import Corrupt, InputError, Misconfigured, Misused
from volunteer_points.ledger import decode, leaf_hash
from volunteer_points.postings import Account, Purpose
from volunteer_points.programme import Programme
from volunteer_points.storage import Stored, journal
from volunteer_points.storage.journal import (
    Journal,
    JournalSummary,
    NotAJournal,
    read_journal,
    save_journal,
    write_journal,
)
from volunteer_points.storage.memory import MemoryStore

LEDGER = one_month().ledger()


def written(ledger: StoredLedger = LEDGER) -> bytes:
    stream = io.BytesIO()
    write_journal(ledger, ledger.ledger, stream)
    return stream.getvalue()


def with_line(number: int, line: bytes | None, content: bytes | None = None) -> bytes:
    """The journal with one line replaced, or left out."""
    lines = (content or written()).splitlines(keepends=True)
    return b"".join([*lines[: number - 1], *([] if line is None else [line]), *lines[number:]])


def problems(content: bytes) -> list[tuple[int, str]]:
    """What is wrong with a journal, line by line."""
    return [(line, piece.code) for line, piece in Journal(io.BytesIO(content)).pieces() if isinstance(piece, Corrupt)]


def entries_in(content: bytes) -> list[Stored]:
    return [piece for _, piece in Journal(io.BytesIO(content)).pieces() if isinstance(piece, Stored)]


# --- writing and reading back ---


def test_a_journal_reads_back_to_the_same_bytes() -> None:
    assert entries_in(written()) == list(LEDGER.stored())
    with read_journal(io.BytesIO(written())).reader() as reader:
        assert list(reader.stored()) == list(LEDGER.stored())
        again = io.BytesIO()
        write_journal(reader, "small", again)
    assert again.getvalue() == written()


def test_each_line_is_json_and_holds_the_bytes_of_its_entry() -> None:
    header, *lines, footer = written().splitlines()
    assert json.loads(header) == {"format": "volunteer-points-journal", "version": 1, "ledger": "small"}
    for line, stored in zip(lines, LEDGER.stored(), strict=True):
        assert line == b'{"leaf":"' + leaf_hash(stored.content).hex().encode() + b'","entry":' + stored.content + b"}"
        assert json.loads(line)["entry"] == json.loads(stored.content)
    leaves = hashlib.sha256(b"".join(stored.leaf for stored in LEDGER.stored())).hexdigest()
    assert json.loads(footer) == {"entries": len(lines), "leaves": leaves}


def test_writing_says_what_was_written_and_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "PROGRESS_EVERY", 20)
    heard: list[int] = []
    summary = write_journal(LEDGER, "small", io.BytesIO(), progress=heard.append)
    count = len(list(LEDGER.stored()))
    assert summary == JournalSummary(count, json.loads(written().splitlines()[-1])["leaves"])
    assert heard == [*range(20, count, 20), count]


def test_an_empty_ledger_has_a_journal_too() -> None:
    content = written(StoredLedger([]))
    assert len(content.splitlines()) == 2
    assert problems(content) == []
    with read_journal(io.BytesIO(content)).reader() as reader:
        assert list(reader.stored()) == []


def test_a_ledger_with_a_gap_is_not_written_as_if_it_had_none() -> None:
    stored = [each for each in LEDGER.stored() if each.position != 3]
    with pytest.raises(Corrupt) as raised:
        written(StoredLedger(stored))
    assert (raised.value.code, raised.value.facts["expected"]) == ("position_missing", 3)


@pytest.mark.parametrize("content, leaf", [(b'{"a":\n1}', b"\0" * 32), (b"{}", b"\0" * 31)])
def test_what_does_not_fit_in_a_line_is_refused(content: bytes, leaf: bytes) -> None:
    with pytest.raises(Corrupt, match="not one line"):
        written(StoredLedger([Stored(1, content, leaf)]))


# --- files ---


@pytest.mark.parametrize("name", ["ledger.jsonl", "ledger.jsonl.gz"])
def test_a_file_is_saved_and_read_by_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    summary = save_journal(LEDGER, "small", path)
    assert summary.entries == len(list(LEDGER.stored()))
    store = read_journal(path)
    assert (store.ledger, store.name) == ("small", name)
    with store.reader() as reader:
        assert list(reader.stored()) == list(LEDGER.stored())
    plain = gzip.decompress(path.read_bytes()) if name.endswith("gz") else path.read_bytes()
    assert plain == written()
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_the_same_ledger_is_packed_to_the_same_file(tmp_path: Path) -> None:
    for name in ("a.gz", "b.gz"):
        save_journal(LEDGER, "small", tmp_path / name)
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


def test_a_file_that_is_there_is_replaced_only_when_told(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text("precious")
    with pytest.raises(InputError) as raised:
        save_journal(LEDGER, "small", path)
    assert raised.value.code == "file_exists"
    assert path.read_text() == "precious"
    save_journal(LEDGER, "small", path, replace=True)
    assert path.read_bytes() == written()
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_that_came_in_between_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"

    def meanwhile(count: int) -> None:
        path.write_text(f"precious {count}")

    with pytest.raises(InputError) as raised:
        save_journal(LEDGER, "small", path, progress=meanwhile)
    assert raised.value.code == "file_exists"
    assert path.read_text().startswith("precious")
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_system_without_links_gets_its_journal_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", no_links)
    save_journal(LEDGER, "small", tmp_path / "ledger.jsonl")
    assert (tmp_path / "ledger.jsonl").read_bytes() == written()
    with pytest.raises(InputError, match="file exists"):
        save_journal(LEDGER, "small", tmp_path / "late.jsonl", progress=lambda _: (tmp_path / "late.jsonl").touch())


def test_writing_that_fails_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text("precious")
    broken = [*islice(LEDGER.stored(), 50), Stored(99, b"{}", b"\0" * 32)]
    with pytest.raises(Corrupt):
        save_journal(StoredLedger(broken), "small", path, replace=True)
    assert path.read_text() == "precious"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="file not writable") as raised:
        save_journal(LEDGER, "small", tmp_path / "nowhere" / "ledger.jsonl")
    assert "nowhere" in str(raised.value)


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_a_file_that_cannot_be_read_is_a_clear_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError) as raised:
        read_journal(tmp_path / name)
    assert raised.value.code == "file_unreadable"


def test_a_stream_of_the_caller_stays_open() -> None:
    stream = io.BytesIO(written())
    read_journal(stream)
    assert not stream.closed


# --- the store that a journal is ---


def test_a_journal_answers_like_the_store_it_came_from() -> None:
    store = read_journal(io.BytesIO(written()))
    tally = Tally()
    tally.absorb(decode(stored.content) for stored in LEDGER.stored())
    with store.reader() as reader:
        question = Committed("key-1")
        assert reader.ask([question]) == {question: tally.answer(question)}
        assert {(a, u, lot): amount for a, u, lot, amount in reader.balances()} == tally.balances()
        held = tally.open(Purpose.HELD)
        assert held
        assert reader.open(Purpose.HELD) == held
        assert reader.open(Purpose.HELD, limit=1) == held[:1]
        every = list(LEDGER.stored())
        assert list(reader.stored(after=5, limit=3)) == every[5:8]
        assert list(reader.stored(after=len(every))) == []


def test_a_journal_can_be_asked_through_the_facade_and_is_never_written() -> None:
    programme = Programme(read_journal(io.BytesIO(written())))
    assert programme.balance("v-2").available == 68
    with pytest.raises(Misconfigured, match="never written") as raised:
        programme.execute(Enrol(volunteer="v-9"), actor="founder-a")
    assert raised.value.code == "opened_read_only"


def test_a_journal_refuses_what_no_store_answers() -> None:
    with read_journal(io.BytesIO(written())).reader() as reader:
        with pytest.raises(Misused, match="no balance kept"):
            reader.open(Purpose.ADJUSTED)
        with pytest.raises(Misused, match="no balance kept"):
            reader.ask([LotsOf(Account("programme", Purpose.ADJUSTED), "points")])


def test_the_journal_of_a_memory_store_is_that_of_its_entries() -> None:
    store = MemoryStore("small")
    with store.session() as session:
        for entry in History().entries:
            if entry.number == 1:
                session.append(tuple(each for each in History().entries if each.key == entry.key))
    stream = io.BytesIO()
    with store.reader() as reader:
        write_journal(reader, store.ledger, stream)
    assert stream.getvalue() == written(History().ledger())


# --- files that are no journal ---


@pytest.mark.parametrize(
    "content, words",
    [
        (b"", "not a journal"),
        (b"\n", "not a journal"),
        (b"name,date\nli,2026-03-14\n", "name,date"),
        (b'{"format":"something","version":1,"ledger":"x"}\n', "something"),
        (b"[1]\n[2]\n", "not a journal"),
        (b"SQLite format 3\x00" + bytes(90), "a database"),
        (b"PK\x03\x04" + bytes(90), "workbook"),
        (written().decode().encode("utf-16"), "UTF-16"),
        (bytes(range(256)) * 50, "not a journal"),
        (gzip.compress(b"hello", mtime=0), "hello"),
        (b"[" * 100_000, "not a journal"),
    ],
)
def test_what_is_no_journal_is_not_read(content: bytes, words: str) -> None:
    with pytest.raises(NotAJournal) as raised:
        Journal(io.BytesIO(content))
    assert raised.value.code == "not_a_journal"
    assert words in str(raised.value)
    assert "volunteer-points export" in str(raised.value)


@pytest.mark.parametrize("version", [2, 0, "1", None])
def test_a_journal_of_a_newer_version_is_not_read(version: object) -> None:
    header = json.dumps({"format": "volunteer-points-journal", "version": version, "ledger": "x", "more": 1}).encode()
    with pytest.raises(NotAJournal) as raised:
        Journal(io.BytesIO(with_line(1, header + b"\n")))
    assert raised.value.code == "journal_too_new"


# --- damage ---


def test_a_journal_that_is_whole_has_no_problems() -> None:
    assert problems(written()) == []


LINES = len(written().splitlines())
FIFTH = written().splitlines()[4]
DAMAGE = {
    "a line torn in half": (with_line(5, FIFTH[:99] + b"\n" + FIFTH[99:] + b"\n"), 5, "journal_line_damaged"),
    "an empty line": (with_line(5, b"\n" + FIFTH + b"\n"), 5, "journal_line_damaged"),
    "a hash that is none": (with_line(5, FIFTH.replace(b'"leaf":"', b'"leaf":"x') + b"\n"), 5, "journal_line_damaged"),
    "cut off within a line": (written()[:-200], LINES - 1, "journal_line_damaged"),
    "cut off between lines": (with_line(LINES, None), LINES, "journal_cut_off"),
    "only the first line": (written().splitlines(keepends=True)[0], 2, "journal_cut_off"),
    "a line too few": (with_line(5, None), LINES - 1, "journal_count_differs"),
    "a line twice": (with_line(5, FIFTH + b"\n" + FIFTH + b"\n"), LINES + 1, "journal_count_differs"),
    "two lines exchanged": (
        with_line(5, FIFTH + b"\n", with_line(6, FIFTH + b"\n")),
        LINES,
        "journal_leaves_differ",
    ),
    "lines behind the last": (written() + b"\n", LINES + 1, "journal_goes_on"),
    "line ends of Windows": (written().replace(b"\n", b"\r\n"), 1, "journal_mangled"),
    "a line end of Windows": (with_line(5, FIFTH + b"\r\n"), 5, "journal_mangled"),
    "a byte order mark": (b"\xef\xbb\xbf" + written(), 1, "journal_mangled"),
    "no header": (with_line(1, None), 1, "journal_header_damaged"),
    "a damaged header": (written().replace(b"format", b"f0rmat", 1), 1, "journal_header_damaged"),
    "a header without its ledger": (written().replace(b'"ledger"', b'"ledg3r"', 1), 1, "journal_header_damaged"),
}

BROKEN_COMMITS = {
    "a line too few": (5, "commit_broken"),
    "a line twice": (6, "commit_broken"),
    "two lines exchanged": (6, "commit_broken"),
}
"""Where whoever reads commits sees it before the end of the file."""


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_named_with_its_line(what: str) -> None:
    content, line, code = DAMAGE[what]
    assert problems(content)[0] == (line, code)
    with pytest.raises(Corrupt) as raised:
        read_journal(io.BytesIO(content))
    assert (raised.value.facts["line"], raised.value.code) == BROKEN_COMMITS.get(what, (line, code))
    assert "volunteer-points export" in str(raised.value)


def test_line_ends_changed_by_an_editor_are_named_once_and_every_entry_is_still_read() -> None:
    content = b"\xef\xbb\xbf" + written().replace(b"\n", b"\r\n")
    assert problems(content) == [(1, "journal_mangled")]
    assert entries_in(content) == list(LEDGER.stored())


def test_a_damaged_line_keeps_the_place_of_its_entry_and_hides_no_other() -> None:
    content = with_line(5, b"damaged\n")
    assert problems(content) == [(5, "journal_line_damaged")]
    assert entries_in(content) == [each for each in LEDGER.stored() if each.position != 4]


def test_a_journal_without_its_first_line_still_gives_every_entry() -> None:
    content = with_line(1, None)
    assert entries_in(content) == list(LEDGER.stored())
    assert Journal(io.BytesIO(content)).ledger == "small"


@pytest.mark.parametrize("share", [3, 10])
def test_a_packed_journal_that_was_cut_off_gives_what_is_left_of_it(tmp_path: Path, share: int) -> None:
    packed = gzip.compress(written())
    path = tmp_path / "cut.jsonl.gz"
    path.write_bytes(packed[: len(packed) * 9 // share if share > 9 else len(packed) // 2])
    pieces = list(Journal(path).pieces())
    assert isinstance(pieces[0][1], Stored)
    assert isinstance(pieces[-1][1], Corrupt)
    assert pieces[-1][1].code == "journal_cut_off"


def test_an_endless_line_is_damage_and_is_not_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "LINE_BYTES_MAX", 20_000)
    content = with_line(5, b"x" * 50_000 + b"\n")
    assert [code for _, code in problems(content)] == ["journal_line_damaged"] * 3 + ["journal_count_differs"]


def test_a_changed_entry_is_found_by_its_hash_and_named_with_its_line() -> None:
    changed = FIFTH[:-3] + bytes([FIFTH[-3] ^ 1]) + FIFTH[-2:]
    with pytest.raises(Corrupt) as raised:
        read_journal(io.BytesIO(with_line(5, changed + b"\n")))
    assert (raised.value.code, raised.value.facts["line"]) == ("leaf_differs", 5)


@pytest.mark.parametrize("old, new", [(b'"v":1', b'"v":2'), (b'"v":1', b'"v": 1'), (b'"kind":"', b'"kind":"Un')])
def test_an_entry_that_is_not_canonical_is_refused_even_with_a_right_hash(old: bytes, new: bytes) -> None:
    stored = [*LEDGER.stored()]
    content = stored[3].content.replace(old, new)
    stored[3] = Stored(4, content, leaf_hash(content))
    with pytest.raises(Corrupt) as raised:
        read_journal(io.BytesIO(written(StoredLedger(stored))))
    assert (raised.value.code, raised.value.facts["line"]) == ("unreadable_entry", 5)


def test_entries_of_another_ledger_are_refused() -> None:
    content = written().replace(b'"ledger":"small"', b'"ledger":"other"', 1)
    with pytest.raises(Corrupt) as raised:
        read_journal(io.BytesIO(content))
    assert (raised.value.code, raised.value.facts["line"]) == ("other_ledger", 2)
