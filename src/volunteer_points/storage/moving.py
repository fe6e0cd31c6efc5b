"""A ledger moves from one engine to another by way of a journal, and it is shown that it came over whole.

>>> import tempfile
>>> from volunteer_points.storage.journal import save_journal
>>> from volunteer_points.storage.memory import MemoryStore
>>> one, other = MemoryStore("saihan"), MemoryStore("saihan")
>>> with tempfile.TemporaryDirectory() as folder, one.reader() as reader:
...     summary = save_journal(reader, one.ledger, f"{folder}/saihan.jsonl")
...     import_journal(f"{folder}/saihan.jsonl", other)
Imported(ledger='saihan', entries=0, added=0)
>>> differences(one, other)
()
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import islice, zip_longest
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

import attrs

from volunteer_points.books import Committed, LotsOf
from volunteer_points.canonical import instant_text
from volunteer_points.errors import Corrupt, KeyConflict, Misconfigured
from volunteer_points.ledger import decode_once
from volunteer_points.postings import FLOORS
from volunteer_points.storage import Reader, Session, Store, Stored
from volunteer_points.storage.holding import BalanceKey, changes_of
from volunteer_points.storage.journal import Journal, JournalCommit, Progress, commits_of

ENTRIES_AT_ONCE = 1000
"""A transaction of an import ends with the commit that reaches so many entries."""

DIFFERENCES_SHOWN = 10
"""How many differences of a kind are named when nothing else is asked for."""

_IMPORTING = "journal:import"
"""The subject that whoever imports holds alone: of two imports into one ledger the second one sees the first."""


@runtime_checkable
class _GivesPlaces(Protocol):
    """A store in which entries get their lasting place after they were written."""

    def place_entries(self) -> int: ...


# --- importing ---------------------------------------------------------------------------------------------------


class WholeJournal:
    """A journal file that was read to its end and is whole: every line, every hash, every commit.

    Args:
        file: The journal; it is read once here and again whenever its commits are asked for.
        progress: Told now and then how many entries were read.

    Raises:
        NotAJournal: the file is something else, or a journal of a newer version.
        InputError: ``file_unreadable``.
        Corrupt: the first thing that is wrong, with its line.
    """

    def __init__(self, file: Path | str, *, progress: Progress | None = None) -> None:
        self._journal = Journal(Path(file))
        self.name = self._journal.name
        self.ledger = self._journal.ledger
        self.entries = 0
        for commit in self.commits():
            self.entries += len(commit.entries)
            if progress is not None:
                progress(self.entries)

    def commits(self) -> Generator[JournalCommit]:
        """Every commit in order, checked again."""
        return commits_of(self._journal)

    def lines(self) -> Generator[tuple[int, Stored]]:
        """Every entry with its line, as it lies there."""
        with closing(self._journal.pieces()) as pieces:
            for line, piece in pieces:
                if isinstance(piece, Corrupt):  # the file was changed since it was checked
                    raise piece
                yield line, piece


@attrs.frozen
class Imported:
    """What became of a journal: its ledger, how many entries it holds, and how many of them were added."""

    ledger: str
    entries: int
    added: int


def import_journal(journal: WholeJournal | Path | str, store: Store, *, progress: Progress | None = None) -> Imported:
    """Write the commits of a journal that a ledger does not have yet, as they stand there and in their order.

    The journal is read to its end before anything is written. The ledger must be empty, or begin as the journal does;
    what it has is compared, and what is missing is added in transactions of bounded size. An import that was broken
    off goes on when it is begun again. Nobody else should write to the ledger meanwhile.

    Args:
        journal: The file; or one that was read before.
        store: A store of the ledger that the journal is of.
        progress: Told now and then how many entries of the journal the ledger has.

    Raises:
        NotAJournal: the file is no journal.
        InputError: ``file_unreadable``.
        Corrupt: something is wrong in the journal; what stands before it may have been written only if the code is
            ``key_twice`` or ``floor_passed``.
        Misconfigured: ``other_ledger``; ``journal_differs`` when the ledger has other entries, with the first of them;
            ``ledger_changed`` when somebody else wrote to it.
        KeyConflict: somebody else wrote one of the keys at the same time.
        StoreError: what else the store says.
    """
    whole = journal if isinstance(journal, WholeJournal) else WholeJournal(journal)
    if whole.ledger != store.ledger:
        fix = "Name the ledger of the journal, or a database that has no ledger yet."
        raise Misconfigured("other_ledger", ledger=whole.ledger, found=store.ledger, fix=fix)
    with store.reader() as reader:
        there = _in_common(whole, reader)
    _place(store)
    if there == whole.entries:
        return Imported(whole.ledger, whole.entries, 0)
    with closing(whole.commits()) as commits:
        for batch in _bounded(commit for commit in commits if commit.stored[-1].position > there):
            _write(store, batch)
            _place(store)
            if progress is not None:
                progress(batch[-1].stored[-1].position)
    return Imported(whole.ledger, whole.entries, whole.entries - there)


def _in_common(whole: WholeJournal, reader: Reader) -> int:
    """How many entries a ledger has that the journal has too, from the first on.

    Raises:
        Misconfigured: ``journal_differs``.
    """
    count = 0
    with closing(whole.lines()) as lines:
        for found, (line, wanted) in zip(reader.stored(), lines, strict=False):
            if found != wanted:
                raise Misconfigured(
                    "journal_differs",
                    journal=whole.name,
                    line=line,
                    position=wanted.position,
                    expected=_named(wanted),
                    found=_named(found),
                    fix="Import into an empty database, and compare the two: volunteer-points compare.",
                )
            count += 1
    return count


def _bounded(commits: Iterable[JournalCommit]) -> Iterator[list[JournalCommit]]:
    batch: list[JournalCommit] = []
    for commit in commits:
        batch.append(commit)
        if commit.stored[-1].position - batch[0].stored[0].position + 1 >= ENTRIES_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _write(store: Store, commits: list[JournalCommit]) -> None:
    with store.session() as session:
        _foresee(session, commits)
        before = commits[0].stored[0].position - 1
        _refuse_changed(session, before)
        for commit in commits:
            try:
                session.append(commit.entries)
            except KeyConflict as error:
                fix = "Audit the journal: volunteer-points audit."
                raise Corrupt("key_twice", line=commit.line, key=commit.entries[0].key, fix=fix) from error


def _foresee(session: Session, commits: list[JournalCommit]) -> None:
    """Ask for all that appending relies on at once; a store would fetch it commit by commit otherwise."""
    balances = {
        LotsOf(account, unit)
        for commit in commits
        for (account, unit, _), amount in changes_of(commit.entries).items()
        if FLOORS[account.purpose] * amount < 0
    }
    questions = [*(Committed(commit.entries[0].key) for commit in commits), *balances]
    session.take([_IMPORTING, *(question.subject for question in questions)])
    session.ask(questions)


def _refuse_changed(session: Session, before: int) -> None:
    """Go on only where the ledger ends with the entry before, so that each gets its place."""
    last = [stored.position for stored in session.stored(after=max(before - 1, 0), limit=2)]
    if last != [before] * bool(before):
        fix = "Let nobody else write, and import again; if it is refused again, audit the ledger."
        raise Misconfigured("ledger_changed", expected=before, found=max(last, default=0), fix=fix)


def _place(store: Store) -> None:
    if isinstance(store, _GivesPlaces):
        store.place_entries()


# --- comparing ---------------------------------------------------------------------------------------------------

Side: TypeAlias = "Store | Journal"
"""One of two that are compared: a ledger in any engine, or in a journal, whose balances follow from its entries."""


@attrs.frozen
class Difference:
    """One thing in which two ledgers differ.

    Args:
        what: ``ledger``, ``entry`` (its bytes), ``leaf`` (its hash alone), ``order`` (the same entries stand
            differently), ``count`` or ``balance``.
        place: The position of an entry, or the account, unit and lot of a balance; "" for the ledger as a whole.
        one: What the one has there; "" when it has nothing.
        other: What the other one has there.
    """

    what: str
    place: str
    one: str
    other: str


def differences(
    one: Side, other: Side, *, limit: int = DIFFERENCES_SHOWN, progress: Progress | None = None
) -> tuple[Difference, ...]:
    """In what two ledgers differ; nothing when they have the same id, entries, leaf hashes, order and balances.

    Args:
        one: A store or a journal.
        other: Another.
        limit: At most so many differences of a kind are named; whether there are any does not depend on it.
        progress: Told now and then how many entries were compared.

    Raises:
        Corrupt: a journal is damaged, or its entries cannot be read.
        StoreError: what else a store says.
    """
    found = [] if one.ledger == other.ledger else [Difference("ledger", "", one.ledger, other.ledger)]
    with _view(one) as (stored, balances), _view(other) as (stored_too, balances_too):
        found += _in_entries(stored, stored_too, limit, progress)
        found += _in_balances(balances(), balances_too(), limit)
    return tuple(found)


_View: TypeAlias = tuple[Iterator[Stored], Callable[[], Mapping[BalanceKey, int]]]
"""The entries, and the balances, which may be asked for once all entries were read."""


@contextmanager
def _view(side: Side) -> Iterator[_View]:
    if isinstance(side, Journal):
        balances: dict[BalanceKey, int] = {}
        with closing(_added_up(side, balances)) as stored:
            yield stored, lambda: balances
        return
    with side.reader() as reader:
        yield reader.stored(), lambda: {(account, unit, lot): it for account, unit, lot, it in reader.balances()}


def _added_up(journal: Journal, balances: dict[BalanceKey, int]) -> Generator[Stored]:
    """The entries of a journal, whose balances are kept up to date on the way."""
    for commit in commits_of(journal):
        for key, amount in changes_of(commit.entries).items():
            balances[key] = balances.get(key, 0) + amount
            if not balances[key]:
                del balances[key]
        yield from commit.stored


def _in_entries(
    stored: Iterator[Stored], stored_too: Iterator[Stored], limit: int, progress: Progress | None
) -> list[Difference]:
    found: list[Difference] = []
    counts, sums = [0, 0], [0, 0]  # a sum over all hashes does not depend on their order
    for position, pair in enumerate(zip_longest(stored, stored_too), start=1):
        for side, each in enumerate(pair):
            if each is not None:
                counts[side] += 1
                sums[side] += int.from_bytes(each.leaf)
        if all(pair) and len(found) < limit and (what := _what_differs(*pair)):
            found.append(Difference(what, str(position), *(_shown(each, what) for each in pair)))
        if progress is not None:
            progress(position)
    if counts[0] != counts[1]:
        found.insert(0, Difference("count", "", *map(str, counts)))
    elif found and sums[0] == sums[1] and found[0].what == "entry":
        found.insert(0, Difference("order", found[0].place, found[0].one, found[0].other))
    return found


def _what_differs(one: Stored, other: Stored) -> str:
    if one.content != other.content or one.position != other.position:
        return "entry"
    return "" if one.leaf == other.leaf else "leaf"


def _shown(stored: Stored, what: str) -> str:
    return stored.leaf.hex() if what == "leaf" else _named(stored)


def _named(stored: Stored) -> str:
    """An entry, so that it can be found: its kind, its key with its number, and its hash."""
    try:
        entry = decode_once(stored.content)
    except Corrupt:
        return stored.content[:60].decode("utf-8", "replace")
    return f"{entry.kind} {entry.key} {entry.number}/{entry.count} {stored.leaf.hex()[:16]}"


def _in_balances(one: Mapping[BalanceKey, int], other: Mapping[BalanceKey, int], limit: int) -> Iterator[Difference]:
    differing = sorted((_place_of(key), key) for key in {*one, *other} if one.get(key, 0) != other.get(key, 0))
    for place, key in islice(differing, limit):
        yield Difference("balance", place, str(one.get(key, 0)), str(other.get(key, 0)))


def _place_of(key: BalanceKey) -> str:
    account, unit, lot = key
    return " ".join(["/".join(filter(None, account)), unit, *([instant_text(lot)] if lot else [])])


__all__ = [
    "DIFFERENCES_SHOWN",
    "ENTRIES_AT_ONCE",
    "Difference",
    "Imported",
    "Side",
    "WholeJournal",
    "differences",
    "import_journal",
]
