"""A corpus of seeded defects: each plants exactly one wrong thing into a ledger that is right in everything else.

Bytes, hashes, positions and balances are made to agree with what was planted, as somebody careful would, unless they
are the defect.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import attrs

from tests.audit.ledgers import (
    APPROVER,
    AUTHOR,
    CHECKER,
    LEADER,
    REASON,
    SHOP,
    History,
    StoredLedger,
    by_inactivity,
    everything,
    interval,
    moment,
    one_month,
    stored_entries,
)
from volunteer_points import commands as c
from volunteer_points.books import Tally
from volunteer_points.entries import (
    Adjusted,
    Approved,
    Awarded,
    Cancelled,
    Collected,
    Confirmed,
    Corrected,
    Described,
    Donated,
    Draft,
    Endowed,
    Enrolled,
    Entry,
    Held,
    HouseholdFormed,
    NotAwarded,
    PartnerAgreed,
    ProgrammeAdopted,
    Prolonged,
    Rejected,
    Returned,
    Reversed,
    RulebookAdopted,
    StockCounted,
    StockReceived,
    Submitted,
    Transferred,
    Withdrawn,
    entries_of,
)
from volunteer_points.ledger import leaf_hash
from volunteer_points.model import Currency, Duty, Right
from volunteer_points.postings import PROGRAMME, REDEMPTIONS, Account, Posting, Purpose
from volunteer_points.rules import Accrual, Cap
from volunteer_points.storage import Stored
from volunteer_points.testing.programmes import small_programme

Entries = list[Entry]


@attrs.frozen
class Defect:
    """What is planted, which check must find it and on which subject, and which other checks see it too."""

    check: str
    key: str
    plant: Callable[[], tuple[StoredLedger, str]]
    """Gives the ledger and the id of the subject."""

    companions: frozenset[str] = frozenset()
    as_of: datetime | None = None


DEFECTS: dict[str, Defect] = {}


def defect(
    check: str, key: str, *, companions: str = "", as_of: datetime | None = None
) -> Callable[[Callable[[], tuple[StoredLedger, str]]], Callable[[], tuple[StoredLedger, str]]]:
    def listed(plant: Callable[[], tuple[StoredLedger, str]]) -> Callable[[], tuple[StoredLedger, str]]:
        name = plant.__name__.replace("_", " ")
        DEFECTS[name] = Defect(check, key, plant, frozenset(companions.split()), as_of)
        return plant

    return listed


# --- tools of the forger ---


def month() -> Entries:
    """A month that is clean, with a record that is still pending and a volunteer who did nothing."""
    history = one_month()
    history.submit("v-3", "2026-03-15 12:00", 60)
    history.enrol("v-9")
    return history.entries


def place(entries: Entries, kind: type, number: int = 0) -> int:
    """Where the entry of a kind stands, the first unless told otherwise."""
    return [index for index, entry in enumerate(entries) if isinstance(entry.fact, kind)][number]


def say(entries: Entries, index: int, **changes: Any) -> Entry:  # noqa: ANN401 - fields of any fact
    """Let a fact say something else."""
    entries[index] = attrs.evolve(entries[index], fact=attrs.evolve(entries[index].fact, **changes))
    return entries[index]


def post(entries: Entries, index: int, change: Callable[[Posting], Posting]) -> Entry:
    """Change every posting of an entry."""
    entries[index] = attrs.evolve(entries[index], postings=tuple(map(change, entries[index].postings)))
    return entries[index]


def scaled(unit: str, old: int, new: int) -> Callable[[Posting], Posting]:
    """Turn the amount of a unit into another, whichever way it goes."""

    def change(posting: Posting) -> Posting:
        if posting.unit != unit or abs(posting.amount) != old:
            return posting
        return posting._replace(amount=new if posting.amount > 0 else -new)

    return change


def append(entries: Entries, fact: object, *postings: Posting, actor: str = CHECKER, key: str = "forged") -> Entry:
    """Write a commit behind the library's back."""
    last = entries[-1]
    draft = Draft(fact, (PROGRAMME,), date(2026, 3, 15), postings)  # type: ignore[arg-type]  # facts only
    [entry] = entries_of([draft], ledger=last.ledger, key=key, digest="0" * 64, actor=actor, booked_at=last.booked_at)
    entries.append(entry)
    return entry


def without(entries: Entries, index: int) -> Entry:
    """Take an entry out and renumber its commit."""
    gone = entries.pop(index)
    rest = [place for place, entry in enumerate(entries) if entry.key == gone.key]
    for number, at in enumerate(rest, start=1):
        entries[at] = attrs.evolve(entries[at], number=number, count=len(rest))
    return gone


def ledger(entries: Entries) -> StoredLedger:
    return StoredLedger(stored_entries(entries))


def holder(volunteer: str, purpose: str, of: str = "") -> Account:
    return Account(f"volunteer:{volunteer}", purpose, of)


# --- the ledger ---


@defect("VP001", "unbalanced", companions="VP002")
def an_entry_does_not_add_up() -> tuple[StoredLedger, str]:
    entries = month()
    index = place(entries, Adjusted)
    entry = post(entries, index, lambda each: each._replace(amount=-13) if each.account.purpose == "adjusted" else each)
    return ledger(entries), entry.id


@defect("VP002", "ledger_unbalanced", companions="VP001")
def minutes_come_from_nowhere() -> tuple[StoredLedger, str]:
    entries = month()
    lopsided = append(entries, Described(volunteer="v-9", tags=("forged",)))
    served = Posting(holder("v-9", Purpose.SERVED, "park"), "minutes", 60, None, date(2026, 3, 15))
    entries[-1] = attrs.evolve(lopsided, postings=(served,))
    return ledger(entries), "minutes"


@defect("VP001", "nought")
def a_posting_moves_nothing() -> tuple[StoredLedger, str]:
    entries = month()
    index = place(entries, Adjusted)
    nothing = Posting(holder("v-9", Purpose.AVAILABLE), "points", 0, None, date(2026, 3, 15))
    entries[index] = attrs.evolve(entries[index], postings=(*entries[index].postings, nothing))
    return ledger(entries), entries[index].id


def changed_bytes(change: Callable[[bytes], bytes], *, rehash: bool) -> tuple[StoredLedger, Entry]:
    """A ledger in which the bytes of an enrolment are not what they were."""
    entries = month()
    stored, index = stored_entries(entries), place(entries, Enrolled, -1)
    kept = stored[index]
    content = change(kept.content)
    assert content != kept.content
    stored[index] = Stored(kept.position, content, leaf_hash(content) if rehash else kept.leaf)
    tally = Tally()
    tally.absorb(entries)
    return StoredLedger(stored, tally.balances()), entries[index]


@defect("VP003", "leaf_differs")
def a_byte_was_changed() -> tuple[StoredLedger, str]:
    made, entry = changed_bytes(lambda content: content.replace(b'"v-9"', b'"v-8"'), rehash=False)
    return made, entry.id


@defect("VP003", "unreadable")
def an_entry_is_of_a_later_version() -> tuple[StoredLedger, str]:
    made, _ = changed_bytes(lambda content: content.replace(b'"v":1', b'"v":2'), rehash=True)
    return made, str(len(month()))


@defect("VP003", "unreadable")
def an_entry_is_of_an_unknown_kind() -> tuple[StoredLedger, str]:
    made, _ = changed_bytes(lambda content: content.replace(b"Enrolled", b"Knighted"), rehash=True)
    return made, str(len(month()))


@defect("VP003", "unreadable")
def an_entry_is_not_in_canonical_form() -> tuple[StoredLedger, str]:
    made, _ = changed_bytes(lambda content: content.replace(b'"v":1', b'"v": 1'), rehash=True)
    return made, str(len(month()))


@defect("VP003", "position_missing")
def an_entry_was_removed() -> tuple[StoredLedger, str]:
    history = one_month()
    history.enrol("v-9")
    history.enrol("v-10")
    stored = history.stored()
    gone = stored.pop(-2)
    return StoredLedger(stored), str(gone.position)


@defect("VP003", "commit_incomplete")
def the_end_of_a_commit_was_cut_off() -> tuple[StoredLedger, str]:
    entries = History().entries
    assert isinstance(entries[-1].fact, RulebookAdopted)
    return ledger(entries[:-1]), "key-1"


@defect("VP003", "number_out_of_place")
def two_entries_of_a_commit_were_exchanged() -> tuple[StoredLedger, str]:
    entries = month()
    first, second = place(entries, HouseholdFormed), place(entries, PartnerAgreed)
    assert second == first + 1
    entries[first], entries[second] = entries[second], entries[first]
    return ledger(entries), entries[first].id


@defect("VP003", "other_ledger")
def an_entry_belongs_to_another_ledger() -> tuple[StoredLedger, str]:
    entries = month()
    entries[-1] = attrs.evolve(entries[-1], ledger="other")
    return ledger(entries), entries[-1].id


@defect("VP003", "nothing_there")
def there_is_nothing() -> tuple[StoredLedger, str]:
    return ledger([]), "small"


@defect("VP004", "bound_passed")
def somebody_gave_more_than_they_had() -> tuple[StoredLedger, str]:
    entries = month()
    index = place(entries, Transferred)
    say(entries, index, points=500)
    post(entries, index, scaled("points", 5, 500))
    return ledger(entries), "volunteer:v-2/available/"


@defect("VP004", "bound_passed", companions="VP506")
def goods_were_given_out_before_they_came() -> tuple[StoredLedger, str]:
    entries = month()
    receipt = entries.pop(place(entries, StockReceived))
    entries.append(receipt)
    return ledger(entries), "item:rice/on_hand/grain"


@defect("VP004", "bound_passed")
def somebody_gave_one_point_too_many() -> tuple[StoredLedger, str]:
    entries = month()
    index = place(entries, Transferred)
    say(entries, index, points=81)
    post(entries, index, scaled("points", 5, 81))
    return ledger(entries), "volunteer:v-2/available/"


@defect("VP005", "balance_differs")
def a_stored_balance_was_raised() -> tuple[StoredLedger, str]:
    return _with_balance(lambda amount: amount + 1)


@defect("VP005", "balance_differs")
def a_stored_balance_is_missing() -> tuple[StoredLedger, str]:
    return _with_balance(lambda _: 0)


def _with_balance(change: Callable[[int], int]) -> tuple[StoredLedger, str]:
    tally = Tally()
    tally.absorb(month())
    balances = tally.balances()
    account = holder("v-3", Purpose.AVAILABLE)
    first = next(each for each in balances if each[0] == account)
    balances[first] = change(balances[first])
    kept = {key: amount for key, amount in balances.items() if amount}
    return StoredLedger(stored_entries(month()), kept), "/".join(account)


@defect("VP005", "balance_differs")
def a_balance_is_stored_that_no_entry_gives() -> tuple[StoredLedger, str]:
    tally = Tally()
    tally.absorb(month())
    balances = {**tally.balances(), (holder("v-9", Purpose.AVAILABLE), "points", None): 5}
    return StoredLedger(stored_entries(month()), balances), "volunteer:v-9/available/"


@defect("VP006", "key_twice")
def a_commit_has_two_contents() -> tuple[StoredLedger, str]:
    entries = month()
    index = place(entries, Awarded)
    entries[index] = attrs.evolve(entries[index], digest="0" * 64)
    return ledger(entries), entries[index].key


def differing(**changes: Any) -> tuple[StoredLedger, str]:  # noqa: ANN401 - fields of an entry
    """The second of two entries under a key differs from the first."""
    entries = month()
    index = place(entries, Awarded)
    entries[index] = attrs.evolve(entries[index], **changes)
    return ledger(entries), entries[index].key


@defect("VP006", "key_twice")
def a_commit_has_two_actors() -> tuple[StoredLedger, str]:
    return differing(actor="somebody-else")


@defect("VP006", "key_twice")
def a_commit_was_booked_at_two_times() -> tuple[StoredLedger, str]:
    return differing(booked_at=moment("2026-03-15 21:00"))


@defect("VP006", "key_twice")
def a_commit_has_two_lengths() -> tuple[StoredLedger, str]:
    return differing(count=3)


@defect("VP006", "key_twice")
def a_key_was_used_twice() -> tuple[StoredLedger, str]:
    entries = month()
    key = entries[place(entries, Enrolled)].key
    append(entries, Described(volunteer="v-9", tags=("again",)), key=key)
    return ledger(entries), key


@defect("VP006", "key_twice")
def a_commit_was_written_twice() -> tuple[StoredLedger, str]:
    entries = month()
    entries.append(entries[-1])
    return ledger(entries), entries[-1].key


# --- awards ---


def last_award(entries: Entries) -> tuple[int, Awarded]:
    """The award of a volunteer who has room under every cap and has not spent it."""
    index = place(entries, Awarded, -1)
    fact = entries[index].fact
    assert isinstance(fact, Awarded)
    return index, fact


@defect("VP101", "awarded_twice")
def a_record_was_awarded_twice() -> tuple[StoredLedger, str]:
    entries = month()
    index, fact = last_award(entries)
    append(entries, fact, *entries[index].postings)
    return ledger(entries), fact.record


@defect("VP101", "award_without_record")
def an_award_has_no_record() -> tuple[StoredLedger, str]:
    entries = month()
    index, fact = last_award(entries)
    forged = append(entries, attrs.evolve(fact, record="r-nobody"), *entries[index].postings)
    return ledger(entries), forged.id


@defect("VP101", "reverses_nothing")
def a_reversal_names_another_award() -> tuple[StoredLedger, str]:
    entries = month()
    entry = say(entries, place(entries, Reversed), entry="e-somewhere")
    return ledger(entries), entry.id


@defect("VP102", "not_approved")
def a_record_was_awarded_without_approval() -> tuple[StoredLedger, str]:
    entries = month()
    gone = without(entries, place(entries, Approved, 1))
    assert isinstance(gone.fact, Approved)
    return ledger(entries), gone.fact.record


@defect("VP102", "award_outlived_approval")
def a_record_was_rejected_and_kept_its_award() -> tuple[StoredLedger, str]:
    entries = month()
    _, fact = last_award(entries)
    append(entries, Rejected(record=fact.record, volunteer=fact.volunteer, reason=REASON))
    return ledger(entries), fact.record


@defect("VP104", "rulebook_hash_differs")
def an_award_names_another_text_of_its_rulebook() -> tuple[StoredLedger, str]:
    entries = month()
    entry = say(entries, place(entries, Awarded), rulebook_hash="0" * 64)
    return ledger(entries), entry.id


@defect("VP104", "other_rulebook")
def an_award_names_a_rulebook_that_was_adopted_later() -> tuple[StoredLedger, str]:
    entries = month()
    entry = say(entries, last_award(entries)[0], rulebook="2027")
    later = attrs.evolve(small_programme().rulebooks[0], id="2027", since=date(2026, 2, 1))
    append(entries, RulebookAdopted(rulebook=later, hash=later.hash, author=AUTHOR), actor=APPROVER)
    return ledger(entries), entry.id


@defect("VP104", "no_rulebook")
def an_award_was_made_before_any_rulebook() -> tuple[StoredLedger, str]:
    history = History()
    history.enrol("v-1")
    history.until("2026-03-15 20:00")
    history.serve("v-1", "2026-03-14 09:00")
    entries = history.entries
    adopted = without(entries, place(entries, RulebookAdopted))
    append(entries, adopted.fact, actor=APPROVER)
    return ledger(entries), entries[place(entries, Awarded)].id


@defect("VP104", "no_rulebook")
def an_award_was_made_after_the_last_rulebook_had_ended() -> tuple[StoredLedger, str]:
    entries = month()
    index = place(entries, RulebookAdopted)
    ended = attrs.evolve(small_programme().rulebooks[0], until=date(2026, 3, 13))
    say(entries, index, rulebook=ended, hash=ended.hash)
    return ledger(entries), entries[last_award(entries)[0]].id


@defect("VP104", "rulebook_not_unique", companions="VP105")
def a_rulebook_was_adopted_anew_under_its_id() -> tuple[StoredLedger, str]:
    history = one_month()
    entries = history.entries
    generous = attrs.evolve(
        small_programme().rulebooks[0], accruals=(Accrual(id="hours", per_hour=Fraction(20)),), since=date(2026, 1, 2)
    )
    append(entries, RulebookAdopted(rulebook=generous, hash=generous.hash, author=AUTHOR), actor=APPROVER)
    forged = History(small_programme())
    forged.take_over(entries)
    forged.until("2026-03-16 20:00")
    forged.enrol("v-9")
    forged.serve("v-9", "2026-03-16 09:00", 60)
    return forged.ledger(), "2026"


@defect("VP104", "rulebook_changed")
def the_text_of_a_rulebook_was_changed() -> tuple[StoredLedger, str]:
    entries = month()
    index = place(entries, RulebookAdopted)
    fact = entries[index].fact
    assert isinstance(fact, RulebookAdopted)
    say(entries, index, rulebook=attrs.evolve(fact.rulebook, title="Another one"))
    return ledger(entries), "2026"


@defect("VP104", "rulebook_not_unique")
def two_rulebooks_cover_the_same_days() -> tuple[StoredLedger, str]:
    entries = month()
    other = attrs.evolve(small_programme().rulebooks[0], id="2026b")
    append(entries, RulebookAdopted(rulebook=other, hash=other.hash, author=AUTHOR), actor=APPROVER)
    return ledger(entries), "2026b"


def forged_award(**changes: Any) -> tuple[Entries, int]:  # noqa: ANN401 - fields of an award
    entries = month()
    index, _ = last_award(entries)
    say(entries, index, **changes)
    return entries, index


@defect("VP105", "award_differs")
def an_award_was_doubled() -> tuple[StoredLedger, str]:
    entries = month()
    index, fact = last_award(entries)
    say(entries, index, points=fact.points + 1)
    post(entries, index, scaled("points", fact.points, fact.points + 1))
    return ledger(entries), entries[index].id


@defect("VP105", "award_differs", companions="VP601")
def an_award_says_more_than_it_moved() -> tuple[StoredLedger, str]:
    entries = month()
    index, fact = last_award(entries)
    say(entries, index, points=fact.points + 1)
    return ledger(entries), entries[index].id


@defect("VP105", "award_differs")
def an_award_never_ends() -> tuple[StoredLedger, str]:
    entries, index = forged_award(lot=None)
    post(entries, index, lambda each: each._replace(lot=None))
    return ledger(entries), entries[index].id


@defect("VP105", "award_differs")
def an_award_counts_for_another_day() -> tuple[StoredLedger, str]:
    entries, index = forged_award()
    post(entries, index, lambda each: each._replace(on=each.on + timedelta(days=1)))
    return ledger(entries), entries[index].id


@defect("VP105", "award_differs")
def an_award_tells_another_working() -> tuple[StoredLedger, str]:
    entries, index = forged_award(working=())
    return ledger(entries), entries[index].id


@defect("VP105", "award_differs")
def an_award_counts_more_minutes() -> tuple[StoredLedger, str]:
    entries = month()
    index, fact = last_award(entries)
    say(entries, index, minutes=fact.minutes + 10)
    post(entries, index, scaled("minutes", fact.minutes, fact.minutes + 10))
    return ledger(entries), entries[index].id


@defect("VP105", "award_differs")
def service_was_stretched_after_its_award() -> tuple[StoredLedger, str]:
    entries = month()
    index = place(entries, Corrected)
    said = entries[index].fact
    assert isinstance(said, Corrected)
    longer = attrs.evolve(said.intervals[0], end=said.intervals[0].end + timedelta(minutes=30))
    say(entries, index, intervals=(longer,))
    return ledger(entries), entries[last_award(entries)[0]].id


@defect("VP105", "award_differs")
def somebody_was_awarded_nothing() -> tuple[StoredLedger, str]:
    entries = month()
    index, fact = last_award(entries)
    nothing = NotAwarded(
        record=fact.record,
        volunteer=fact.volunteer,
        activity=fact.activity,
        rulebook=fact.rulebook,
        rulebook_hash=fact.rulebook_hash,
        minutes=fact.minutes,
        because="cap_reached",
        working=fact.working,
    )
    postings = tuple(each for each in entries[index].postings if each.unit == "minutes")
    entries[index] = attrs.evolve(entries[index], fact=nothing, postings=postings)
    return ledger(entries), entries[index].id


@defect("VP105", "award_differs")
def another_persons_account_was_credited() -> tuple[StoredLedger, str]:
    entries = month()
    index, fact = last_award(entries)
    say(entries, index, volunteer="v-9")
    theirs = f"volunteer:{fact.volunteer}"

    def moved(posting: Posting) -> Posting:
        account = posting.account
        return (
            posting._replace(account=account._replace(holder="volunteer:v-9")) if account.holder == theirs else posting
        )

    post(entries, index, moved)
    return ledger(entries), entries[index].id


@defect("VP105", "approved_not_awarded")
def an_award_was_suppressed() -> tuple[StoredLedger, str]:
    entries = month()
    gone = without(entries, last_award(entries)[0])
    assert isinstance(gone.fact, Awarded)
    return ledger(entries), gone.fact.record


@defect("VP105", "award_not_computable")
def the_currency_of_a_rulebook_is_gone() -> tuple[StoredLedger, str]:
    history = History()
    history.enrol("v-1")
    history.until("2026-03-15 20:00")
    history.serve("v-1", "2026-03-14 09:00")
    say(history.entries, place(history.entries, ProgrammeAdopted), currencies=())
    return ledger(history.entries), history.entries[place(history.entries, Awarded)].id


@defect("VP105", "award_differs")
def the_times_of_a_record_are_gone() -> tuple[StoredLedger, str]:
    entries = month()
    say(entries, place(entries, Corrected), intervals=())
    return ledger(entries), entries[last_award(entries)[0]].id


@defect("VP105", "award_differs")
def an_award_ends_when_no_clock_can_show_it() -> tuple[StoredLedger, str]:
    last = datetime.max.replace(tzinfo=UTC)
    entries, index = forged_award(lot=last)
    post(entries, index, lambda each: each._replace(lot=last) if each.lot else each)
    return ledger(entries), entries[index].id


@defect("VP106", "cap_passed", companions="VP105")
def a_cap_was_passed() -> tuple[StoredLedger, str]:
    entries = month()
    index, fact = last_award(entries)
    say(entries, index, points=200)
    post(entries, index, scaled("points", fact.points, 200))
    return ledger(entries), fact.volunteer


@defect("VP106", "cap_passed", companions="VP105")
def a_cap_of_one_record_was_passed_by_a_tenth_of_a_point() -> tuple[StoredLedger, str]:
    definition = small_programme()
    caps = (Cap(id="record", at_most=Fraction(20), per="record"),)
    currencies = (Currency(id="points", decimals=1),)
    rulebooks = (attrs.evolve(definition.rulebooks[0], caps=caps),)
    history = History(attrs.evolve(definition, currencies=currencies, rulebooks=rulebooks))
    history.enrol("v-1")
    history.until("2026-03-15 20:00")
    history.serve("v-1", "2026-03-14 09:00", 140)
    history.serve("v-1", "2026-03-15 09:00", 140)
    entries = history.entries
    index, fact = last_award(entries)
    assert fact.points == 200
    say(entries, index, points=201)
    post(entries, index, scaled("points", 200, 201))
    return ledger(entries), "v-1"


@defect("VP106", "cap_passed")
def a_reversal_freed_more_room_than_its_award_had_taken() -> tuple[StoredLedger, str]:
    history = History()
    history.enrol("v-1")
    history.until("2026-03-14 23:00")
    history.serve("v-1", "2026-03-14 06:00", 240)
    second = history.serve("v-1", "2026-03-14 12:00", 100, activity="cinema")
    history.run(c.Reverse(record=second, reason=REASON), CHECKER)
    entries = history.entries
    index = place(entries, Reversed)
    issued = holder("v-1", Purpose.ISSUED, "cinema")
    more = (
        Posting(issued, "points", 30, None, date(2026, 3, 14)),
        Posting(Account(PROGRAMME, Purpose.ADJUSTED, "room"), "points", -30, None, date(2026, 3, 14)),
    )
    entries[index] = attrs.evolve(entries[index], postings=(*entries[index].postings, *more))
    forged = History(small_programme())
    forged.take_over(entries)
    forged.until("2026-03-15 10:00")
    forged.serve("v-1", "2026-03-14 18:00", 240)
    return forged.ledger(), "v-1"


# --- points that end by inactivity ---


def last_prolonged(entries: Entries) -> int:
    """The place of an entry after which nothing depends on where the points are."""
    return place(entries, Prolonged, -1)


@defect("VP105", "not_prolonged")
def an_award_left_earlier_points_to_end_sooner() -> tuple[StoredLedger, str]:
    entries = by_inactivity().entries
    return not_prolonged(entries, place(entries, Prolonged))


@defect("VP105", "not_prolonged")
def the_end_of_a_notice_left_points_to_end_sooner_than_later_service_asks() -> tuple[StoredLedger, str]:
    entries = by_inactivity().entries
    return not_prolonged(entries, last_prolonged(entries))


def not_prolonged(entries: Entries, index: int) -> tuple[StoredLedger, str]:
    cause = entries[index - 1].fact
    assert isinstance(cause, Awarded | Confirmed)
    without(entries, index)
    return ledger(entries[:index]), cause.record


@defect("VP105", "prolongation_differs")
def points_live_longer_than_the_last_service_lets_them() -> tuple[StoredLedger, str]:
    entries = by_inactivity().entries
    index, later = last_prolonged(entries), moment("2027-01-01 00:00")
    say(entries, index, until=later)
    post(entries, index, lambda each: each._replace(lot=later) if each.amount > 0 else each)
    return ledger(entries[: index + 1]), entries[index].id


@defect("VP105", "prolongation_differs")
def only_some_of_the_points_live_longer() -> tuple[StoredLedger, str]:
    entries = by_inactivity().entries
    index = last_prolonged(entries)
    fact = entries[index].fact
    assert isinstance(fact, Prolonged)
    say(entries, index, points=fact.points - 1)
    post(entries, index, lambda each: each._replace(amount=each.amount - (1 if each.amount > 0 else -1)))
    return ledger(entries[: index + 1]), entries[index].id


@defect("VP105", "prolonged_for_nothing")
def points_live_longer_without_any_service() -> tuple[StoredLedger, str]:
    entries = month()
    fact = Prolonged(volunteer="v-9", currency="points", until=moment("2027-01-01 00:00"), points=5)
    forged = append(entries, fact)
    return ledger(entries), forged.id


# --- public notice and funds ---


@defect("VP105", "confirmed_early")
def an_award_was_confirmed_before_its_notice_had_ended() -> tuple[StoredLedger, str]:
    entries = everything().entries
    index = place(entries, Confirmed)
    fact, early = entries[index].fact, entries[index].booked_at - timedelta(hours=1)
    assert isinstance(fact, Confirmed)
    entries[index] = attrs.evolve(entries[index], booked_at=early)
    return ledger(entries), fact.record


@defect("VP105", "confirmation_differs")
def a_confirmation_lets_points_live_longer_than_its_award() -> tuple[StoredLedger, str]:
    entries = everything().entries
    index = place(entries, Confirmed)
    later = moment("2027-01-01 00:00")
    released = [
        each._replace(lot=later) if each.account.holder == "household:h-1" and each.amount > 0 else each
        for each in entries[index].postings
    ]
    entries[index] = attrs.evolve(entries[index], postings=tuple(released))
    return ledger(entries[: index + 1]), entries[index].id


@defect("VP004", "bound_passed", companions="VP105")
def a_fund_paid_more_than_it_had() -> tuple[StoredLedger, str]:
    entries = everything().entries
    index = place(entries, Endowed)
    say(entries, index, points=1)
    post(entries, index, scaled("points", 50, 1))
    return ledger(entries), "fund:care/available/"


@defect("VP601", "member_differs")
def a_donation_moved_more_than_it_says() -> tuple[StoredLedger, str]:
    entries = everything().entries
    index = place(entries, Donated)
    say(entries, index, points=2)
    return ledger(entries), "care"


# --- service ---


def pending(entries: Entries) -> tuple[int, Submitted]:
    index = place(entries, Submitted, -1)
    fact = entries[index].fact
    assert isinstance(fact, Submitted)
    return index, fact


@defect("VP202", "overlap")
def somebody_served_twice_at_once() -> tuple[StoredLedger, str]:
    entries = month()
    index, fact = pending(entries)
    say(entries, index, intervals=(interval("2026-03-13 23:00", 60),))
    return ledger(entries), fact.record


@defect("VP203", "day_too_full")
def a_day_has_more_than_its_hours() -> tuple[StoredLedger, str]:
    entries = month()
    index, fact = pending(entries)
    say(entries, index, intervals=(interval("2026-03-15 01:00", 900), interval("2026-03-15 02:00", 900)))
    return ledger(entries), fact.volunteer


def approved_by(entries: Entries, actor: str) -> str:
    """Let the first approval be somebody else's; the record."""
    index = place(entries, Approved)
    key, fact = entries[index].key, entries[index].fact
    assert isinstance(fact, Approved)
    entries[:] = [attrs.evolve(entry, actor=actor) if entry.key == key else entry for entry in entries]
    return fact.record


@defect("VP301", "self_approved")
def a_recorder_approved() -> tuple[StoredLedger, str]:
    entries = month()
    record = approved_by(entries, LEADER)
    return ledger(entries), record


@defect("VP301", "self_approved")
def a_volunteer_approved_their_own_record() -> tuple[StoredLedger, str]:
    entries = month()
    record = approved_by(entries, "v-1")
    return ledger(entries), record


@defect("VP301", "self_approved")
def a_volunteer_approved_under_another_name() -> tuple[StoredLedger, str]:
    entries = month()
    record = approved_by(entries, "alias")
    index = place(entries, ProgrammeAdopted)
    fact = entries[index].fact
    assert isinstance(fact, ProgrammeAdopted)
    say(entries, index, duties=(*fact.duties, Duty(actor="alias", may=(Right.APPROVE,), volunteer="v-1")))
    return ledger(entries), record


@defect("VP301", "self_approved")
def a_recorder_approved_under_another_name() -> tuple[StoredLedger, str]:
    entries = month()
    record = approved_by(entries, "alias")
    index = place(entries, ProgrammeAdopted)
    fact = entries[index].fact
    assert isinstance(fact, ProgrammeAdopted)
    both = [Duty(actor=actor, may=(Right.APPROVE, Right.RECORD), volunteer="v-77") for actor in (LEADER, "alias")]
    say(entries, index, duties=(*fact.duties, *both))
    return ledger(entries), record


# --- redemptions and stock ---


@defect("VP501", "wrong_price")
def a_bag_was_sold_for_half_its_price() -> tuple[StoredLedger, str]:
    entries = month()
    index = place(entries, Held)
    fact = say(entries, index, price=10, points=10).fact
    for at in (index, place(entries, Collected)):
        post(entries, at, scaled("points", 20, 10))
    assert isinstance(fact, Held)
    return ledger(entries), fact.redemption


@defect("VP501", "wrong_price")
def something_was_held_that_was_no_longer_offered() -> tuple[StoredLedger, str]:
    entries = month()
    index = place(entries, Held, -1)
    withdrawn = append(entries, Withdrawn(subject="item:soap"), actor=APPROVER)
    entries.insert(index, entries.pop())
    assert entries[index] == withdrawn
    fact = entries[index + 1].fact
    assert isinstance(fact, Held)
    return ledger(entries), fact.redemption


@defect("VP501", "wrong_price")
def a_hold_takes_fewer_points_than_it_says() -> tuple[StoredLedger, str]:
    entries = month()
    index = place(entries, Held, -1)
    fact = entries[index].fact
    assert isinstance(fact, Held)
    say(entries, index, price=fact.price + 1)
    return ledger(entries), fact.redemption


@defect("VP501", "wrong_price", companions="VP503")
def a_hold_took_fewer_points_than_its_price() -> tuple[StoredLedger, str]:
    entries = month()
    index = place(entries, Held, -1)
    fact = post(entries, index, scaled("points", 7, 5)).fact
    assert isinstance(fact, Held)
    return ledger(entries), fact.redemption


@defect("VP501", "wrong_price")
def a_hold_names_another_partner() -> tuple[StoredLedger, str]:
    entries = month()
    fact = say(entries, place(entries, Held, -1), partner="friends").fact
    assert isinstance(fact, Held)
    return ledger(entries), fact.redemption


@defect("VP501", "not_funded", companions="VP004")
def more_was_returned_than_was_collected() -> tuple[StoredLedger, str]:
    entries = month()
    index = place(entries, Returned)
    fact = entries[index].fact
    assert isinstance(fact, Returned)
    append(entries, fact, *entries[index].postings)
    return ledger(entries), fact.redemption


@defect("VP501", "not_funded")
def another_partner_got_the_points() -> tuple[StoredLedger, str]:
    entries = month()
    index = place(entries, Collected)

    def diverted(posting: Posting) -> Posting:
        account = posting.account
        return (
            posting._replace(account=account._replace(holder="partner:x")) if account.purpose == "redeemed" else posting
        )

    entry = post(entries, index, diverted)
    assert isinstance(entry.fact, Collected)
    return ledger(entries), entry.fact.redemption


@defect("VP501", "not_funded")
def more_points_came_back_than_were_paid() -> tuple[StoredLedger, str]:
    entries = month()
    index = place(entries, Returned)
    fact = say(entries, index, points=40).fact
    post(entries, index, lambda each: each._replace(amount=2 * each.amount) if each.unit == "points" else each)
    assert isinstance(fact, Returned)
    return ledger(entries), fact.redemption


@defect("VP501", "not_open", companions="VP004 VP503")
def something_was_collected_twice() -> tuple[StoredLedger, str]:
    entries = month()
    index = place(entries, Collected)
    entry = entries[index]
    assert isinstance(entry.fact, Collected)
    append(entries, entry.fact, *entry.postings)
    return ledger(entries), entry.fact.redemption


@defect("VP503", "overdue", as_of=moment("2026-04-30 12:00"))
def a_hold_is_open_past_its_end() -> tuple[StoredLedger, str]:
    entries = month()
    fact = entries[place(entries, Held, -1)].fact
    assert isinstance(fact, Held)
    return ledger(entries), fact.redemption


@defect("VP503", "held_differs")
def a_hold_is_listed_under_another_end() -> tuple[StoredLedger, str]:
    entries = month()
    index = place(entries, Held, -1)
    later = moment("2027-01-01 00:00")
    fact = post(
        entries, index, lambda each: each._replace(lot=later) if each.unit == REDEMPTIONS and each.lot else each
    ).fact
    assert isinstance(fact, Held)
    return ledger(entries), fact.redemption


@defect("VP503", "held_differs", companions="VP506")
def a_cancelled_hold_was_not_released() -> tuple[StoredLedger, str]:
    entries = month()
    index = place(entries, Cancelled)
    fact = entries[index].fact
    assert isinstance(fact, Cancelled)
    entries[index] = attrs.evolve(entries[index], postings=())
    return ledger(entries), fact.redemption


@defect("VP506", "stock_differs")
def a_receipt_says_more_than_came() -> tuple[StoredLedger, str]:
    entries = month()
    say(entries, place(entries, StockReceived), quantity=50)
    return ledger(entries), "rice"


@defect("VP506", "count_differs")
def a_count_says_something_else() -> tuple[StoredLedger, str]:
    entries = month()
    say(entries, place(entries, StockCounted), counted=99)
    return ledger(entries), "soap"


@defect("VP506", "stock_below_nought", companions="VP004")
def more_was_given_out_than_there_was() -> tuple[StoredLedger, str]:
    entries = month()
    index = place(entries, StockReceived)
    say(entries, index, quantity=1)
    post(entries, index, scaled("item:rice", 5, 1))
    return ledger(entries), "rice"


# --- totals ---


@defect("VP601", "member_differs")
def an_adjustment_moved_more_than_it_says() -> tuple[StoredLedger, str]:
    entries = month()
    index = place(entries, Adjusted)
    post(entries, index, scaled("points", 12, 20))
    return ledger(entries), "v-3"


@defect("VP601", "member_differs")
def points_were_slipped_into_an_account() -> tuple[StoredLedger, str]:
    entries = month()
    append(
        entries,
        Described(volunteer="v-9", tags=("lucky",)),
        Posting(holder("v-9", Purpose.AVAILABLE), "points", 50, None, date(2026, 3, 15)),
        Posting(Account(PROGRAMME, Purpose.ADJUSTED, "gift"), "points", -50, None, date(2026, 3, 15)),
    )
    return ledger(entries), "v-9"


@defect("VP601", "programme_differs")
def points_vanished_from_an_account() -> tuple[StoredLedger, str]:
    entries = month()
    append(
        entries,
        Described(volunteer="v-3", tags=("unlucky",)),
        Posting(holder("v-3", Purpose.DEBT), "points", -1, None, date(2026, 3, 15)),
        Posting(Account(PROGRAMME, Purpose.ADJUSTED, "theft"), "points", 1, None, date(2026, 3, 15)),
        actor=SHOP,
    )
    return ledger(entries), "points"
