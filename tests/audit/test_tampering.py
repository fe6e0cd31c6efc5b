"""Whatever somebody does to what is stored: the audit ends with a report, and sees every change that its hashes see."""

import io
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.audit.ledgers import StoredLedger, one_month
from volunteer_points.audit import Report, audit
from volunteer_points.canonical import text_of
from volunteer_points.ledger import leaf_hash
from volunteer_points.storage import Stored
from volunteer_points.storage.journal import Journal, NotAJournal, write_journal

STORED = one_month().stored()


def journal() -> bytes:
    stream = io.BytesIO()
    write_journal(StoredLedger(STORED), "small", stream)
    return stream.getvalue()


JOURNAL = journal()
HEADER_ENDS = JOURNAL.index(b"\n")


def audited(stored: list[Stored]) -> Report:
    report = audit(StoredLedger(stored, {}))
    report.text("zh")
    report.json()
    return report


@given(st.integers(0, len(STORED) - 1), st.data())
def test_every_changed_byte_of_an_entry_is_named(index: int, data: st.DataObject) -> None:
    kept = STORED[index]
    at = data.draw(st.integers(0, len(kept.content) - 1))
    content = bytearray(kept.content)
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    report = audited([*STORED[:index], Stored(kept.position, bytes(content), kept.leaf), *STORED[index + 1 :]])
    assert any(
        finding.key == "leaf_differs" and finding.evidence[0].position == kept.position for finding in report.findings
    )
    assert report.exit_code == 1


@given(st.integers(0, len(JOURNAL) - 1), st.integers(1, 255))
def test_every_changed_byte_of_a_journal_is_noticed(at: int, change: int) -> None:
    content = bytearray(JOURNAL)
    content[at] ^= change
    if at < HEADER_ENDS:
        with suppress(NotAJournal):  # its version was changed, or nothing of its name is left
            assert audit(Journal(io.BytesIO(bytes(content)))).exit_code == 1
        return
    assert audit(Journal(io.BytesIO(bytes(content)))).exit_code == 1


@given(st.integers(0, len(JOURNAL) - 1))
def test_a_journal_that_was_cut_off_anywhere_is_noticed(length: int) -> None:
    content = io.BytesIO(JOURNAL[:length])
    if length < HEADER_ENDS:
        with pytest.raises(NotAJournal):
            Journal(content)
        return
    is_all_but_the_line_end = length == len(JOURNAL) - 1
    assert audit(Journal(content)).exit_code == (0 if is_all_but_the_line_end else 1)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - JSON
    """Every place within JSON."""
    yield path
    children: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in children:
        yield from places(child, (*path, name))


ODD: tuple[Any, ...] = (
    *(None, True, 0, 1, -1, 23, 10**15, 10**40, "", "x", [], {}),
    *("points", "volunteer:v-1", "v-1", "rice", "2026-03-14", "9999-12-31", "2026-03-14T01:00:00.000000Z"),
    *("0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"),
)


@given(st.integers(0, len(STORED) - 1), st.sampled_from(ODD), st.data())
def test_an_entry_may_say_anything_and_the_audit_still_ends(index: int, odd: Any, data: st.DataObject) -> None:  # noqa: ANN401
    fields = json.loads(STORED[index].content)
    *path, last = data.draw(st.sampled_from([place for place in places(fields) if place]))
    parent = fields
    for name in path:
        parent = parent[name]
    parent[last] = odd
    content = text_of(fields).encode()
    stored = [*STORED]
    stored[index] = Stored(index + 1, content, leaf_hash(content))
    audited(stored)


@given(st.permutations(range(len(STORED))), st.integers(0, len(STORED)))
def test_entries_in_any_order_and_number_give_a_report(order: list[int], count: int) -> None:
    chosen = [STORED[at] for at in order[:count]]
    audited([Stored(position, each.content, each.leaf) for position, each in enumerate(chosen, start=1)])
