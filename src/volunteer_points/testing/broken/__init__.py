"""Stores that are broken on purpose, each in one way: what goes wrong with ledgers, and proof that the kit sees it.

Every class in here is a sound store in memory with one method that is wrong. ``BROKEN`` lists them with the requirement
that each one breaks; the project's tests expect the kit to catch every one by a check of that requirement.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from volunteer_points.storage import Store
from volunteer_points.testing.broken import reading, sealing, sessions, writing
from volunteer_points.testing.conformance import CHECKS, Result, StoreFactory, Verdict, run_check
from volunteer_points.testing.side_by_side import OpenStore, SideBySideStore


class BrokenStores(StoreFactory):
    """Brings empty stores of one broken (or sound) class in memory, with what a place for ledgers can do."""

    def __init__(self, kind: type[OpenStore]) -> None:
        self._kind = kind
        self.side_by_side = issubclass(kind, SideBySideStore)

    def empty(self, ledger: str) -> Store:
        """Make one."""
        return self._kind(ledger)

    def reopened(self, store: Store) -> Store:
        """Another store of what the first kept."""
        again = self._kind(store.ledger)
        assert isinstance(store, OpenStore)
        with store.reader() as reader:
            again.restored(list(reader.stored()))
        again.resealed(list(store.shown_tree().checkpoints()))
        return again

    def beside(self, store: Store) -> Store:
        """A second store of the same ledger."""
        assert isinstance(store, OpenStore)
        return store.twin()

    def neighbour(self, store: Store, ledger: str) -> Store:
        """Another ledger, which has nothing to do with the first unless it is broken."""
        other = self._kind(ledger)
        if self._kind is reading.MixesLedgers and isinstance(store, OpenStore):
            other._tally = store._tally
        return other


BROKEN: Final[Mapping[type[OpenStore], str]] = {
    writing.LeavesGaps: "1.1",
    writing.CountsFromNought: "1.1",
    writing.OrdersByKey: "1.1",
    writing.PutsTheNewestFirst: "1.1",
    writing.HashesWithoutThePrefix: "1.2",
    writing.WritesBytesAnew: "1.2",
    writing.MixesCommits: "1.3",
    writing.PutsLatecomersFirst: "1.4",
    writing.LosesTheLastEntry: "2.1",
    writing.KeepsWhatFailed: "2.2",
    writing.SwallowsErrors: "2.2",
    writing.RefusalLeavesRows: "2.3",
    writing.WritesInPieces: "2.4",
    sessions.AnswersAnybody: "3.1",
    sessions.TakesSharedForAlone: "3.2",
    sessions.ForgetsWhatItHeld: "3.2",
    sessions.LosesUpdates: "3.3",
    sessions.LetsTheSharedIn: "3.3",
    sessions.LetsGoTooSoon: "3.3",
    sessions.ReadsWhatWasBefore: "3.3",
    sessions.WaitsForEver: "3.4",
    sessions.RunsOn: "3.4",
    sessions.SharesWithNobody: "3.5",
    sessions.LocksTheWholeStore: "3.5",
    sessions.NeverGivesUp: "3.6",
    sessions.ForgetsItsOwnWriting: "4.1",
    sessions.AnswersOnce: "4.1",
    sessions.ReadsOnlyWhatWasBefore: "4.2",
    sessions.ShowsWhatIsNotYetWritten: "4.3",
    writing.ReplaysTwice: "5.1",
    writing.ReplacesTheFirst: "5.1",
    writing.IgnoresTakenKeys: "5.1",
    writing.ForgetsKeysOfTheSession: "5.2",
    writing.KeepsWhatStoodBeside: "5.3",
    writing.ChecksKeysOnlyBefore: "5.4",
    writing.FoldsCase: "5.5",
    writing.HasNoFloors: "6.1",
    writing.HasNoCeilingForDebt: "6.1",
    writing.GuardsSumsOfLots: "6.1",
    writing.BoundsEverything: "6.2",
    writing.GuardsFloorsAtTheEnd: "6.3",
    writing.GuardsFloorsOnlyBefore: "6.4",
    writing.CanBeCleared: "7.1",
    writing.ReadersCanWrite: "7.1",
    writing.HandsOutItsOwn: "7.2",
    reading.AddsUpEveryTime: "8.1",
    sessions.LetsTheDriverSpeak: "9.3",
    sessions.CallsConflictsCorrupt: "5.1",
    sessions.MendsCommits: "9.1",
    sessions.MendsSubjects: "9.1",
    sessions.TakesOtherLedgers: "9.1",
    sessions.WrapsErrors: "9.2",
    reading.AnswersBackwards: "10.1",
    reading.SortsByDay: "10.2",
    reading.IgnoresKinds: "10.2",
    reading.CountsTheLastDay: "10.3",
    reading.CountsByTheDayOfTheEntry: "10.3",
    reading.MixesAccounts: "10.4",
    reading.ListsEmptyLots: "10.4",
    reading.AnswersTheFirstThousand: "10.5",
    reading.NormalisesNames: "10.6",
    reading.TakesNumbersForFloats: "10.7",
    reading.DropsMicroseconds: "10.8",
    reading.KeepsLocalTime: "10.8",
    reading.ReadsOneTooMany: "11.1",
    reading.TakesNoughtForNoLimit: "11.1",
    reading.ReadsAsItGoes: "11.2",
    reading.PutsTheEndlessFirst: "11.3",
    reading.OrdersTextsByUtf16: "11.3",
    reading.LimitsBeforeItSorts: "11.3",
    reading.IgnoresUnits: "11.3",
    reading.MissesTheInstant: "11.4",
    reading.ForgetsBalances: "11.5",
    reading.ReadsOnePage: "11.5",
    reading.SpellsTheLedgerAnew: "12.1",
    reading.MixesLedgers: "12.2",
    reading.ForgetsTheLastEntry: "13.1",
    reading.CannotOpenWhatIsEmpty: "13.1",
    reading.KeepsAnIndexOfItsOwn: "13.2",
    reading.LocksOnlyItself: "13.2",
    sealing.SealsAllButTheLast: "15.1",
    sealing.HashesAChain: "15.1",
    sealing.SealsAnewEachTime: "15.2",
    sealing.KeepsTheLastCheckpointAlone: "15.2",
    sealing.ProvesTheFirst: "15.3",
    sealing.ProvesWhatNobodySealed: "15.3",
    sealing.CallsAnythingABeginning: "15.4",
    sealing.TakesAnyLedgersCheckpoint: "15.4",
    sealing.PutsNewEntriesBeforeSealedOnes: "15.5",
    sealing.NotesEachSeal: "15.6",
    sealing.ShowsTheLowestNodesAlone: "15.6",
    sealing.DropsSignatures: "15.7",
    sealing.LetsOthersWaitForTheSignature: "15.7",
    sealing.CountsBeforeItSeals: "15.8",
    sealing.ForgetsItsSeals: "15.9",
    sealing.KeepsATreeOfItsOwn: "15.9",
}
"""Every broken store, with the requirement that it breaks."""


def caught_by(kind: type[OpenStore], *, limit_seconds: float = 4) -> Result | None:
    """The first check of the broken requirement that fails; None when the store gets away with it."""
    factory = BrokenStores(kind)
    for check in CHECKS:
        if check.requirement == BROKEN[kind]:
            result = run_check(check, factory, limit_seconds=limit_seconds)
            if result.verdict is Verdict.FAILED:
                return result
    return None


__all__ = ["BROKEN", "BrokenStores", "caught_by"]
