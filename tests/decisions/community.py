"""A small community for the tests of decisions: its programme with any rule changed, and short ways to write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any, TypeVar

import attrs
import pytest

from tests.histories import History
from volunteer_points.books import Books, Lacks, Question
from volunteer_points.commands import (
    Adopt,
    Approve,
    ApproveByRulebook,
    Cancel,
    Collect,
    Command,
    Confirm,
    Correct,
    CountStock,
    Definition,
    Enrol,
    Lapse,
    OpenBalance,
    ReceiveStock,
    Redeem,
    Request,
    Return,
    Reverse,
    Submit,
    WriteOffStock,
)
from volunteer_points.decisions import Decision, decide
from volunteer_points.decisions.redemption import RedemptionState, redemption_question, redemption_state
from volunteer_points.decisions.service import RecordState, record_question, record_state
from volunteer_points.entries import Entry
from volunteer_points.errors import Refused
from volunteer_points.ledger import decode_once, encode
from volunteer_points.model import (
    Activity,
    Calendar,
    Duty,
    Household,
    Interval,
    Item,
    Partner,
    Period,
    Price,
    Reason,
    Right,
    Slot,
    Team,
    TeamStructure,
    Whose,
)
from volunteer_points.postings import Account, Purpose, item_unit, volunteer_holder
from volunteer_points.rules import Accrual, Expiry, RedemptionRule, Rulebook

Kind = TypeVar("Kind")

REASON = Reason(code="said_so")
SATURDAY = date(2026, 3, 14)
ENDS_2027 = datetime(2027, 12, 31, 16, tzinfo=UTC)
"""2028-01-01 00:00 in Shanghai, when points of 2026 end."""

RULEBOOK = Rulebook(
    id="2026",
    since=date(2026, 1, 1),
    accruals=(Accrual(id="hours", per_hour=Fraction(10)),),
    expiry=Expiry(end_of=Period.YEAR, after=1),
)

DEFINITION = Definition(
    name="赛罕社区",
    calendar=Calendar(zone="Asia/Shanghai"),
    founders=("founder-a", "founder-b"),
    structure=TeamStructure(label="free", slots=()),
    households=(Household(id="h-1"), Household(id="h-2")),
    activities=(Activity(id="park", name="公园清洁"), Activity(id="cinema", name="露天电影")),
    partners=(Partner(id="grain", name="粮油店"), Partner(id="hair", name="理发店")),
    catalogue=(
        Item(id="rice", name="大米 5 kg", partner="grain", prices=(Price(points=20),)),
        Item(id="soap", name="肥皂", partner="grain", prices=(Price(points=7),)),
        Item(id="haircut", name="理发", partner="hair", prices=(Price(points=5),), stocked=False),
        Item(id="leaflet", name="宣传册", partner="grain", prices=(Price(points=0),), stocked=False),
    ),
    duties=(
        Duty(actor="leader", may=(Right.RECORD, Right.REDEEM)),
        Duty(actor="checker", may=(Right.APPROVE,)),
        Duty(actor="shop", may=(Right.COLLECT, Right.STOCK), partners=("grain",)),
    ),
    rulebooks=(RULEBOOK,),
)

ROUNDS: Mapping[type[Command], int] = {
    Approve: 2,
    ApproveByRulebook: 2,
    Cancel: 2,
    Confirm: 4,
    Correct: 5,
    CountStock: 2,
    Lapse: 2,
    ReceiveStock: 2,
    Redeem: 2,
    Return: 2,
    Reverse: 3,
    WriteOffStock: 2,
}
"""How often a command asks before it can be decided, where it is not once and no rule asks for more.

Each time is a way to the database, or one for a whole batch: a question that is forgotten at first costs another one.
"""


def at(text: str) -> datetime:
    """A time on the clock of Shanghai: ``2026-03-14T09:00``."""
    return datetime.fromisoformat(f"{text}+08:00")


def interval(begin: str, end: str) -> Interval:
    """Service between two times on the clock of Shanghai."""
    return Interval(begin=at(begin), end=at(end))


def definition(
    *,
    redemption: dict[str, Any] | None = None,
    rulebook: dict[str, Any] | None = None,
    **changes: Any,  # noqa: ANN401 - parts of a definition, by name
) -> Definition:
    """The programme with some parts of its rulebook and of itself changed."""
    rules = attrs.evolve(RULEBOOK, redemption=RedemptionRule(**redemption or {}), **rulebook or {})
    return attrs.evolve(DEFINITION, **{"rulebooks": (rules,), **changes})


class Community(History):
    """A ledger in which the programme is adopted and ``v-1``, ``v-2`` and ``v-3`` are enrolled."""

    def __init__(self, programme: Definition = DEFINITION, *, now: str = "2026-03-14T12:00") -> None:
        super().__init__(now=at(now))
        author, approver = programme.founders or (programme.run_by_one, programme.run_by_one)
        self.run(Adopt(definition=programme, author=author), actor=approver)
        for volunteer in ("v-1", "v-2", "v-3"):
            household = "h-1" if volunteer != "v-3" and programme.households else None
            self.run(Enrol(volunteer=volunteer, household=household), actor=approver)

    # --- bringing commands ---

    def _more_rounds(self) -> int:
        rulebooks = self.frame.rulebooks if self.entries else ()
        teams = any(entry.kind == "TeamFormed" for entry in self.entries)
        return teams + 3 * any(
            each.streams
            or each.routes
            or each.recording
            or each.ladders
            or each.conditions
            or any(cap.whose is not Whose.VOLUNTEER for cap in each.caps)
            or each.redemption.conditions
            or each.redemption.transfer_conditions
            or (each.to, each.source) != (RULEBOOK.to, RULEBOOK.source)
            for each in rulebooks
        )

    def decided(self, request: Request) -> Decision:
        """What a request writes, with the answers that it asked for and no others, and as its bytes say it."""
        answers: dict[Question[Any], Any] = {}
        rounds = 0
        decision = None
        while decision is None:
            try:
                decision = decide(Books(answers), request)
            except Lacks as lacks:
                asked = lacks.questions
                rounds += 1
                answers |= {each: self.tally.answer(each) for each in asked}
        assert all(isinstance(each.subject, str) for each in answers)
        assert rounds <= ROUNDS.get(type(request.command), 1) + self._more_rounds()
        assert [decode_once(encode(entry)) for entry in decision.entries] == list(decision.entries)
        return decision

    def refuses(
        self, code: str, command: Command, *, actor: str = "founder-a", at: datetime | None = None
    ) -> dict[str, object]:
        """Bring a command that must be refused with a code; the facts of the refusal."""
        before = len(self.entries)
        with pytest.raises(Refused) as refused:
            self.run(command, actor=actor, at=at)
        assert refused.value.code == code
        assert len(self.entries) == before
        return refused.value.facts

    def submit(self, volunteer: str, *intervals: Interval, actor: str = "leader", **more: Any) -> str:  # noqa: ANN401
        """Record service in the park, right after it ended when that is later than now; the record's id."""
        when = max(self.now + timedelta(minutes=1), *(each.end for each in intervals))
        command = Submit(**{"volunteer": volunteer, "activity": "park", "intervals": intervals, **more})
        (entry,) = self.run(command, actor=actor, at=when)
        return str(getattr(entry.fact, "record", ""))

    def award(self, volunteer: str, begin: str, end: str, **more: Any) -> str:  # noqa: ANN401
        """Record and approve service in the park; the record's id."""
        record = self.submit(volunteer, interval(begin, end), **more)
        self.run(Approve(record=record), actor="checker")
        return record

    def give(self, volunteer: str, points: int, *, ends: datetime | None = None) -> None:
        """Let a volunteer have points that end then, or when the rulebook says."""
        command = OpenBalance(volunteer=volunteer, points=points, ends=ends, requested_by="founder-b", reason=REASON)
        self.run(command, actor="founder-a")

    def shelve(self, item: str, quantity: int, best_before: datetime | None = None) -> None:
        """Put goods on the shelf."""
        self.run(ReceiveStock(item=item, quantity=quantity, best_before=best_before), actor="founder-a")

    def hold(self, volunteer: str, item: str, quantity: int = 1, **more: Any) -> str:  # noqa: ANN401
        """Hold goods; the redemption's id."""
        (entry,) = self.run(Redeem(volunteer=volunteer, item=item, quantity=quantity, **more), actor="leader")
        return str(getattr(entry.fact, "redemption", ""))

    def collected(self, volunteer: str, item: str, quantity: int = 1) -> str:
        """Hold goods and hand them over; the redemption's id."""
        redemption = self.hold(volunteer, item, quantity)
        self.run(Collect(redemption=redemption), actor="founder-a")
        return redemption

    # --- what stands ---

    def lots(
        self, volunteer: str, purpose: Purpose = Purpose.AVAILABLE, unit: str = "points"
    ) -> dict[datetime | None, int]:
        """What a volunteer's accounts of a purpose hold of a unit, by lot."""
        return self._lots(volunteer_holder(volunteer), purpose, unit)

    def _lots(self, holder: str, purpose: Purpose, unit: str) -> dict[datetime | None, int]:
        found: dict[datetime | None, int] = {}
        for (account, of_unit, lot), amount in self.tally.balances().items():
            if (account.holder, account.purpose, of_unit) == (holder, purpose, unit):
                found[lot] = found.get(lot, 0) + amount
        return found

    def available(self, volunteer: str) -> int:
        """Points that a volunteer has, ended lots included."""
        return sum(self.lots(volunteer).values())

    def debt(self, volunteer: str) -> int:
        """What a volunteer owes, at or below nought."""
        return sum(self.lots(volunteer, Purpose.DEBT).values())

    def shelf(self, item: str) -> dict[datetime | None, int]:
        """What is on the shelf of an item, by best-before instant."""
        return self._lots(item_unit(item), Purpose.ON_HAND, item_unit(item))

    def record(self, record: str) -> RecordState:
        """A record as it stands."""
        state = record_state(self.tally.answer(record_question(record)))
        assert state is not None
        return state

    def redemption(self, redemption: str) -> RedemptionState:
        """A redemption as it stands."""
        state = redemption_state(self.tally.answer(redemption_question(redemption)))
        assert state is not None
        return state


def kinds(entries: Iterable[Entry]) -> list[str]:
    """The kinds of entries, in their order."""
    return [entry.kind for entry in entries]


def fact(entries: Iterable[Entry], kind: type[Kind]) -> Kind:
    """The one fact of a kind among entries."""
    (found,) = [entry.fact for entry in entries if isinstance(entry.fact, kind)]
    return found


def moved(entry: Entry) -> dict[tuple[Account, str, datetime | None], int]:
    """What an entry posts, by account, unit and lot."""
    sums: dict[tuple[Account, str, datetime | None], int] = {}
    for account, unit, amount, lot, _ in entry.postings:
        sums[account, unit, lot] = sums.get((account, unit, lot), 0) + amount
    return sums


def with_team(team: Team, **changes: Any) -> Definition:  # noqa: ANN401
    """The programme with one team in a slot of its own."""
    return attrs.evolve(
        DEFINITION,
        **{"structure": TeamStructure(label="free", slots=(Slot(id="special"),)), "teams": (team,), **changes},
    )
