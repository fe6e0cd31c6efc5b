"""The object an app holds: brings commands to a ledger and answers questions about it.

It owns the transaction and a bounded, jittered retry. Clock and ids are brought by whoever makes it, so a test, a
replay and a demonstration can bring their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from volunteer_points.books import About, Committed, Lots, LotsOf, Moved, OpenAmount, Question, Tally
from volunteer_points.commands import ApproveByRulebook, Command, Confirm, Expire, Lapse, Request
from volunteer_points.decisions.adoption import STANDING, Nouns, nouns
from volunteer_points.decisions.case import (
    FRAME,
    Frame,
    VolunteerState,
    available,
    debt,
    frame_of,
    volunteer_question,
    volunteer_state,
)
from volunteer_points.decisions.redemption import RedemptionState, on_hand, redemption_question, redemption_state
from volunteer_points.decisions.service import RecordState, record_question, record_state
from volunteer_points.decisions.standing import Inquiry, Quote, Rank, quote, rank
from volunteer_points.entries import KINDS, Awarded, Corrected, Entry, ItemListed, Submitted
from volunteer_points.errors import (
    Busy,
    CommitUnknown,
    HostBusy,
    InputError,
    Misconfigured,
    Refused,
    VolunteerPointsError,
)
from volunteer_points.ledger import decode
from volunteer_points.model import NO_OWN_RULES, Item, OwnRules
from volunteer_points.postings import (
    PROGRAMME,
    REDEMPTIONS,
    Purpose,
    record_subject,
    redemption_subject,
    volunteer_holder,
)
from volunteer_points.programme.deciding import decided_in_turn, write_all
from volunteer_points.programme.orders import Balance, Found, Order, Outcome, Retry, new_key, now
from volunteer_points.rules import MINUTES
from volunteer_points.sealing import Checkpoint, Extension, Inclusion, Signer
from volunteer_points.storage import Reader, Store
from volunteer_points.storage.seals import Sealing

if TYPE_CHECKING:
    from volunteer_points.explain import Explanation, Lang, Names, Statement


class Programme:
    """A programme's ledger as an application uses it.

    Args:
        store: Where the ledger is kept.
        clock: Gives the time at which a command is booked when the command brings none.
        new_key: Gives an idempotency key when the caller brings none.
        retry: How a busy store is tried again.
        own_rules: The developers' own rules that rulebooks may name; :mod:`volunteer_points.installed` finds them.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], datetime] = now,
        new_key: Callable[[], str] = new_key,
        retry: Retry | None = None,
        own_rules: OwnRules = NO_OWN_RULES,
    ) -> None:
        self.store = store
        self._clock = clock
        self._new_key = new_key
        self._retry = retry or Retry()
        self.own_rules = own_rules

    # --- writing -------------------------------------------------------------------------------------------------

    def execute(
        self, command: Command, *, actor: str, key: str | None = None, booked_at: datetime | None = None
    ) -> Outcome:
        """Write one command, or find out what its key wrote before.

        Raises:
            Refused: the books do not allow it; nothing was written.
            KeyConflict: the key was used for other content.
            Busy: the store stayed busy through every retry; nothing was written.
            HostBusy: the host's transaction has to run again as a whole; nothing of ours was written.
            CommitUnknown: the answer to the commit was lost through every retry; the same key finds out.
        """
        return self.execute_many([Order(command=command, actor=actor, key=key, booked_at=booked_at)])[0]

    def execute_many(self, orders: Iterable[Order], *, keep_going: bool = False) -> tuple[Outcome, ...]:
        """Write commands in their order in one transaction; each sees what the earlier ones wrote.

        Args:
            orders: The commands.
            keep_going: Leave out what is refused and report it in its outcome, instead of writing nothing at all.

        Raises:
            Refused: the first refusal, with its place in ``order`` (1 for the first), unless ``keep_going``.
        """
        requests = [self._request(order) for order in orders]
        attempt = 0
        while True:
            try:
                with self.store.session() as session:
                    return write_all(session, requests, self.own_rules, keep_going=keep_going, pause=self._pause)
            except (Busy, CommitUnknown) as error:
                if isinstance(error, HostBusy) or attempt >= self._retry.times:
                    raise
                self._retry.wait(attempt)
                attempt += 1

    def preview(self, command: Command, *, actor: str, booked_at: datetime | None = None) -> Outcome:
        """What a command would write now, through the same decision; nothing is written.

        Raises:
            Refused: as :meth:`execute` would.
        """
        outcome = self.preview_many([Order(command=command, actor=actor, booked_at=booked_at)])[0]
        if outcome.refusal is not None:
            raise outcome.refusal
        return outcome

    def preview_many(self, orders: Iterable[Order]) -> tuple[Outcome, ...]:
        """What commands would write one after the other; refusals stand in their outcomes."""
        requests = [self._request(order) for order in orders]
        with self.store.reader() as reader:
            return decided_in_turn(requests, reader.ask, self.own_rules, keep_going=True, pause=self._pause)

    def sweep(self, *, actor: str, booked_at: datetime | None = None, batch: int = 500) -> tuple[Outcome, ...]:
        """Do everything that a date decides, in bounded transactions.

        Holds whose time is over lapse, records that their rulebook approves by itself after their day are approved,
        awards whose public notice is over count, and lots that have ended expire.

        Keys follow from what is due and what had ended before, so a sweep that is repeated or interrupted writes
        nothing twice.
        """
        at = booked_at or self._clock()
        outcomes: list[Outcome] = []
        for due in (self._lapses, self._approvals, self._confirmations, self._expiries):
            orders = due(at, actor)
            for start in range(0, len(orders), batch):
                outcomes += self.execute_many(orders[start : start + batch], keep_going=True)
        return tuple(outcomes)

    def _lapses(self, at: datetime, actor: str) -> list[Order]:
        with self.store.reader() as reader:
            due = reader.open(Purpose.HELD, unit=REDEMPTIONS, due=at)
        return [
            Order(command=Lapse(redemption=each.account.of), actor=actor, key=f"lapse:{each.account.of}", booked_at=at)
            for each in due
        ]

    def _approvals(self, at: datetime, actor: str) -> list[Order]:
        frame = self._frame_or_none()
        if frame is None or not any(rulebook.waits_for_day for rulebook in frame.rulebooks):
            return []
        today = frame.calendar.day(at)
        return [
            Order(
                command=ApproveByRulebook(record=state.said.record),
                actor=actor,
                key=f"approve:{state.said.record}:{state.revision}",
                booked_at=at,
            )
            for state in self.pending()
            if state.on < today and frame.rulebook_on(state.on).waits_for_day
        ]

    def _confirmations(self, at: datetime, actor: str) -> list[Order]:
        with self.store.reader() as reader:
            due = reader.open(Purpose.PENDING, due=at)
            records = dict.fromkeys(each.account.of for each in due)
            answers = reader.ask({record_question(record) for record in records})
        orders = []
        for record in records:
            state = record_state(answers[record_question(record)])
            if state is not None:
                key = f"confirm:{record}:{state.revision}"
                orders.append(Order(command=Confirm(record=record), actor=actor, key=key, booked_at=at))
        return orders

    def _expiries(self, at: datetime, actor: str) -> list[Order]:
        with self.store.reader() as reader:
            due = dict.fromkeys((each.account.holder, each.unit) for each in reader.open(Purpose.AVAILABLE, due=at))
            before = reader.ask({About(holder, ("Expired",)) for holder, _ in due})
        orders = []
        for holder, currency in due:
            volunteer, times = holder.removeprefix(volunteer_holder("")), len(before[About(holder, ("Expired",))])
            command, key = Expire(volunteer=volunteer, currency=currency), f"expire:{volunteer}:{currency}:{times + 1}"
            orders.append(Order(command=command, actor=actor, key=key, booked_at=at))
        return orders

    def _pause(self) -> None:
        """Between two commands of a batch: where others wait for this thread, let them go on."""

    def _request(self, order: Order) -> Request:
        return Request(
            ledger=self.store.ledger,
            key=self._new_key() if order.key is None else order.key,
            actor=order.actor,
            booked_at=order.booked_at or self._clock(),
            command=order.command,
        )

    # --- reading -------------------------------------------------------------------------------------------------

    def ask(self, question: Question[Found]) -> Found:
        """Any question to the books, as of now."""
        with self.store.reader() as reader:
            answer: Found = reader.ask([question])[question]
        return answer

    def frame(self) -> Frame:
        """The programme as it stands: its frame, rulebooks and the first open day.

        Raises:
            Refused: ``no_programme`` before anything was adopted.
        """
        frame = self._frame_or_none()
        if frame is None:
            raise Refused("no_programme", ledger=self.store.ledger)
        return frame

    def _frame_or_none(self) -> Frame | None:
        return frame_of(self.ask(FRAME), self.own_rules)

    def nouns(self) -> dict[str, Nouns]:
        """Teams, households, partners, activities and items as they stand, by subject such as ``team:repairs``."""
        return nouns(entry.fact for entry in self.ask(STANDING))

    def item(self, item: str) -> Item:
        """A catalogue item as it stands.

        Raises:
            Refused: ``unknown_item``.
        """
        fact = self.nouns().get(f"item:{item}")
        if not isinstance(fact, ItemListed):
            raise Refused("unknown_item", item=item)
        return fact.item

    def volunteer(self, volunteer: str) -> VolunteerState:
        """What is known of a volunteer.

        Raises:
            Refused: ``unknown_volunteer``.
        """
        entries = self.ask(volunteer_question(volunteer))
        state = volunteer_state(volunteer, tuple(entry.fact for entry in entries))
        if state is None:
            raise Refused("unknown_volunteer", volunteer=volunteer)
        return state

    def volunteers(self) -> tuple[VolunteerState, ...]:
        """Everybody who was ever enrolled, by id."""
        enrolled = About(PROGRAMME, ("Enrolled",))
        with self.store.reader() as reader:
            everybody = {str(getattr(entry.fact, "volunteer", "")) for entry in reader.ask([enrolled])[enrolled]}
            questions = {volunteer: volunteer_question(volunteer) for volunteer in sorted(everybody)}
            answers = reader.ask(questions.values())
        states = (
            volunteer_state(volunteer, tuple(entry.fact for entry in answers[question]))
            for volunteer, question in questions.items()
        )
        return tuple(state for state in states if state is not None)

    def balance(self, volunteer: str, currency: str = "points") -> Balance:
        """What a volunteer has: available by lot, held, owed, and the minutes served."""
        holder = volunteer_holder(volunteer)
        lots_question, debt_question = available(volunteer, currency), debt(volunteer, currency)
        held_question = Moved(holder, Purpose.HELD, currency)
        minutes_question = Moved(holder, Purpose.SERVED, MINUTES)
        with self.store.reader() as reader:
            answers = reader.ask([lots_question, debt_question, held_question, minutes_question])
        lots: Mapping[datetime | None, int] = answers[lots_question]
        return Balance(
            available=sum(lots.values()),
            held=answers[held_question],
            debt=sum(answers[debt_question].values()),
            lots=lots,
            minutes=answers[minutes_question],
        )

    def stock(self, item: str) -> Lots:
        """What is on the shelf of an item, by best-before instant.

        Raises:
            Refused: ``unknown_item``.
        """
        question: LotsOf = on_hand(self.item(item))
        return self.ask(question)

    def record(self, record: str) -> RecordState:
        """A service record as it stands.

        Raises:
            Refused: ``unknown_record``.
        """
        state = record_state(self.ask(record_question(record)))
        if state is None:
            raise Refused("unknown_record", record=record)
        return state

    def redemption(self, redemption: str) -> RedemptionState:
        """A redemption as it stands.

        Raises:
            Refused: ``unknown_redemption``.
        """
        state = redemption_state(self.ask(redemption_question(redemption)))
        if state is None:
            raise Refused("unknown_redemption", redemption=redemption)
        return state

    def statement(self, volunteer: str, currency: str = "points") -> Statement:
        """Every change of a volunteer's points; its lines add up to the balance.

        Raises:
            Refused: ``unknown_volunteer``.
        """
        from volunteer_points.explain import statement  # noqa: PLC0415 - writing needs no words

        self.volunteer(volunteer)
        entries = self.ask(About(volunteer_holder(volunteer), tuple(KINDS)))
        return statement(entries, volunteer, self.frame(), currency, at=self._clock())

    def level(self, volunteer: str, ladder: str = "") -> Rank:
        """Which level a volunteer has now, and how each condition came out; a rulebook's only ladder need not be named.

        Raises:
            Refused: ``unknown_volunteer`` or ``no_rulebook``.
            InputError: ``unknown_ladder``.
        """
        return self._inquired(lambda inquiry: rank(inquiry, volunteer, ladder))

    def quote(self, volunteer: str, item: str) -> Quote:
        """What one unit of an item costs a volunteer now, and what stands in the way of redeeming it.

        Raises:
            Refused: ``unknown_volunteer``, ``unknown_item``, ``item_not_offered``, ``no_exchange`` or ``no_rulebook``.
        """
        return self._inquired(lambda inquiry: quote(inquiry, volunteer, item))

    def _inquired(self, asked: Callable[[Inquiry], Found]) -> Found:
        frame = self.frame()
        with self.store.reader() as reader:
            return asked(Inquiry(frame, self._clock(), reader.ask))

    def explain(
        self, of: str | Entry | Rank | Quote | VolunteerPointsError, lang: Lang = "en", names: Names = str
    ) -> Explanation:
        """Why something is as it is: an award, a redemption, an expiry, a level, a price or a refusal.

        Args:
            of: The id of a record or of a redemption, an entry that expired points, or what :meth:`level` or
                :meth:`quote` gave, or an error.
            lang: ``zh`` or ``en``.
            names: Names to show in place of ids.

        Raises:
            Refused: ``unknown_record`` when an id is neither.
        """
        from volunteer_points import explain  # noqa: PLC0415 - writing needs no words

        match of:
            case Rank():
                return explain.explain_level(of, self.frame(), lang, names)
            case Quote():
                return explain.explain_price(of, self.frame(), lang, names)
            case Entry():
                history = self.ask(About(of.about[0], tuple(KINDS)))
                return explain.explain_expiry(of, history, self.frame(), lang, names)
            case VolunteerPointsError():
                return explain.explain_refusal(of, self._frame_or_none(), lang, names)
        if entries := self._with_consequences(record_subject(of)):
            return explain.explain_award(entries, self.frame(), lang, names, history=self._history(entries))
        if entries := self._with_consequences(redemption_subject(of)):
            return explain.explain_redemption(entries, self.frame(), lang, names)
        raise Refused("unknown_record", record=of)

    def _history(self, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        """What was written about the activities, the teams and the volunteer of a record."""
        facts = [entry.fact for entry in entries]
        said = [(fact.volunteer, fact.activity, fact.team) for fact in facts if isinstance(fact, Submitted | Corrected)]
        nouns = [About(f"activity:{activity}", ("ActivityListed",)) for _, activity, _ in said]
        nouns += [About(f"team:{team}", ("TeamFormed",)) for _, _, team in said if team is not None]
        questions = [*dict.fromkeys(nouns), *(About(volunteer_holder(who), tuple(KINDS)) for who, _, _ in said[:1])]
        with self.store.reader() as reader:
            answers = reader.ask(questions)
        return tuple(entry for question in questions for entry in answers[question])

    def _with_consequences(self, subject: str) -> tuple[Entry, ...]:
        """Every commit that is about a subject, with what it did to the volunteer's points besides."""
        with self.store.reader() as reader:
            about = About(subject, tuple(KINDS))
            commits = [Committed(key) for key in dict.fromkeys(entry.key for entry in reader.ask([about])[about])]
            answers = reader.ask(commits)
        return tuple(entry for commit in commits for entry in answers[commit])

    def pending(self) -> tuple[RecordState, ...]:
        """Records that wait for approval, the earliest service first."""
        with self.store.reader() as reader:
            claims = reader.open(Purpose.CLAIMED)
            questions = [record_question(claim.account.of) for claim in claims]
            answers = reader.ask(questions)
        states = [state for question in questions if (state := record_state(answers[question])) is not None]
        return tuple(sorted(states, key=lambda state: (state.on, _begin(state), state.said.record)))

    def open_redemptions(self, *, due: datetime | None = None) -> tuple[RedemptionState, ...]:
        """Redemptions that are held, the first to end first; with ``due``, those that have ended by then."""
        with self.store.reader() as reader:
            held: list[OpenAmount] = reader.open(Purpose.HELD, unit=REDEMPTIONS, due=due)
            questions = [redemption_question(each.account.of) for each in held]
            answers = reader.ask(questions)
        states = [state for question in questions if (state := redemption_state(answers[question])) is not None]
        return tuple(sorted(states, key=lambda state: (state.held.held_until, state.held.redemption)))

    # --- what others can check without the ledger ----------------------------------------------------------------

    def seal(self, signer: Signer | None = None) -> Checkpoint:
        """Take a checkpoint, to be published: how many entries there are, and one hash over all of them.

        Args:
            signer: A private key that signs it, such as ``Ed25519PrivateKey`` of the package cryptography.

        Raises:
            Misconfigured: ``cannot_seal``: the store keeps no tree.
            Corrupt: the entries are not those of the last checkpoint.
        """
        return self._sealing().seal(self._clock(), signer)

    def prove(self, subject: str) -> Inclusion:
        """The file for one person: that an entry stands in the ledger, under the latest checkpoint.

        Args:
            subject: The id of a record, for its latest award; of a redemption, for its latest entry; or of an entry.

        Raises:
            Refused: ``unknown_record`` when it is none of these.
            InputError: ``not_sealed_yet``.
        """
        return self._sealing().prove(self._entry_of(subject))

    def extends(self, old: Checkpoint) -> Extension:
        """That the ledger only grew since an earlier checkpoint.

        Raises:
            Corrupt: ``checkpoint_contradicted``: it did not, or this was never its checkpoint.
        """
        return self._sealing().extends(old)

    def _sealing(self) -> Sealing:
        if isinstance(self.store, Sealing):
            return self.store
        raise Misconfigured("cannot_seal", ledger=self.store.ledger, fix="Use a store that keeps the tree.")

    def _entry_of(self, subject: str) -> Entry:
        for of in (record_subject, redemption_subject):
            entries = self.ask(About(of(subject), tuple(KINDS)))
            awards = [entry for entry in entries if isinstance(entry.fact, Awarded)]
            if entries:
                return (awards or entries)[-1]
        for entry in self.entries() if subject.startswith("e-") else ():  # an id names no place: it is looked for
            if entry.id == subject:
                return entry
        raise Refused("unknown_record", record=subject)

    def entries(self, *, after: int = 0) -> Iterator[Entry]:
        """Every entry in order, as of one moment; they are read in pages."""
        with self.store.reader() as reader:  # one for all pages: places that are not lasting differ between readers
            yield from (decode(stored.content) for stored in reader.stored(after=after))

    def books(self, *, booked_until: datetime | None = None) -> Tally:
        """What the entries booked up to and at an instant add up to; all of them when none is given."""
        if booked_until is not None and booked_until.utcoffset() is None:
            raise InputError("naive_datetime", field="booked_until", value=booked_until.isoformat())
        tally = Tally()
        tally.absorb(entry for entry in self.entries() if booked_until is None or entry.booked_at <= booked_until)
        return tally


def _begin(state: RecordState) -> str:
    """When service began, so that records of one day stand in their order; those without times come first."""
    return state.said.intervals[0].begin.isoformat() if state.said.intervals else ""


__all__ = ["Balance", "Order", "Outcome", "Programme", "Reader", "Retry"]
