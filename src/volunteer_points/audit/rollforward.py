"""The roll-forward: what came in less what went out is what is there, for each person and for the programme."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from volunteer_points.audit.checks import Check, End
from volunteer_points.audit.findings import Finding
from volunteer_points.audit.reading import Seen, Standing, payer_of
from volunteer_points.entries import (
    Adjusted,
    Awarded,
    BalanceOpened,
    Cancelled,
    Collected,
    Donated,
    Endowed,
    Entry,
    Expired,
    Held,
    Lapsed,
    Returned,
    Reversed,
    Transferred,
)
from volunteer_points.postings import Purpose, fund_holder, holder_named, volunteer_holder

SIGNS: Mapping[str, int] = {
    "opening": 1,
    "earned": 1,
    "reversed": -1,
    "redeemed": -1,
    "returned": 1,
    "expired": -1,
    "adjusted": 1,
    "transferred": 1,
    "donated": 1,
    "endowed": 1,
    "paid": -1,
}
"""The lines and whether they add (1) or take away (-1). What a beneficiary or a fund paid for service is ``paid``."""

SELDOM = frozenset({"donated", "endowed", "paid"})
"""Lines of which a text says nothing when nothing happened."""

PARTS = (Purpose.AVAILABLE, Purpose.HELD, Purpose.DEBT, Purpose.PENDING)
"""What the closing balance consists of; what is in public notice is pending."""


@attrs.define
class RollForward:
    """What moved, line by line from the facts, and what is there, part by part from the accounts.

    Amounts are whole smallest parts of the currency. ``holder`` is empty for the programme as a whole.
    """

    currency: str
    holder: str = ""
    lines: dict[str, int] = attrs.field(factory=lambda: dict.fromkeys(SIGNS, 0))
    parts: dict[str, int] = attrs.field(factory=lambda: dict.fromkeys(map(str, PARTS), 0))

    @property
    def expected(self) -> int:
        """What the lines come to."""
        return sum(SIGNS[line] * amount for line, amount in self.lines.items())

    @property
    def closing(self) -> int:
        """What the accounts hold."""
        return sum(self.parts.values())

    def add(self, other: RollForward) -> None:
        """Add the lines and parts of another."""
        for mine, theirs in ((self.lines, other.lines), (self.parts, other.parts)):
            for name, amount in theirs.items():
                mine[name] += amount

    def plain(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            "currency": self.currency,
            **({"holder": self.holder} if self.holder else {}),
            **self.lines,
            "expected": self.expected,
            "closing": self.closing,
            **{f"closing_{part}": amount for part, amount in self.parts.items()},
        }


class RolledForward(Check):
    """VP601: opening + earned - reversed - redeemed + returned - expired + adjusted + transferred is what is there.

    Donations and endowments add to a fund, and what a beneficiary or a fund paid for service is taken away.

    The lines are what the facts say; what is there is what the postings add up to.
    """

    id = "VP601"
    kinds = (
        Adjusted,
        Awarded,
        BalanceOpened,
        Cancelled,
        Collected,
        Donated,
        Endowed,
        Expired,
        Held,
        Lapsed,
        Returned,
        Reversed,
        Transferred,
    )

    def __init__(self) -> None:
        self.members: dict[tuple[str, str], RollForward] = {}
        self.programme: dict[str, RollForward] = {}

    def examine(self, seen: Seen, before: Standing) -> Iterable[Finding]:
        """Add to the lines."""
        for currency, holder, line, amount in _lines(seen.entry, before):
            self._of(currency, holder).lines[line] += amount
        return ()

    def _of(self, currency: str, holder: str) -> RollForward:
        return self.members.setdefault((currency, holder), RollForward(currency, holder))

    def finish(self, end: End) -> Iterator[Finding]:
        """Compare with what is there, for each holder and for each currency."""
        currencies = {currency for currency, _ in self.members}
        currencies.update(each.id for each in (end.standing.programme.currencies if end.standing.programme else ()))
        for (account, unit, _), amount in end.standing.balances.items():
            if unit in currencies and account.purpose in PARTS:
                self._of(unit, account.holder).parts[account.purpose] += amount
        self.members = dict(sorted(self.members.items()))
        self.programme = {currency: RollForward(currency) for currency in sorted(currencies)}
        self.examined = len(self.members)
        for member in self.members.values():
            self.programme[member.currency].add(member)
            noun, _, name = member.holder.partition(":")
            yield from self._compared(member, (noun, name), end.standing)
        for total in self.programme.values():
            yield from self._compared(total, ("currency", total.currency), end.standing)

    def _compared(self, found: RollForward, subject: tuple[str, str], standing: Standing) -> Iterator[Finding]:
        is_uneven = not found.holder and (found.lines["transferred"] or found.lines["donated"])
        if found.expected != found.closing or is_uneven:
            yield self.finding(
                "member_differs" if found.holder else "programme_differs",
                subject,
                expected={"currency": found.currency, "difference": 0},
                actual={"difference": found.closing - found.expected, **found.parts},
                lines={line: standing.shown(found.currency, amount) for line, amount in found.lines.items()},
                due=standing.shown(found.currency, found.expected),
                closing=standing.shown(found.currency, found.closing),
                currency=found.currency,
            )


def _lines(entry: Entry, before: Standing) -> Iterator[tuple[str, str, str, int]]:
    """What a fact adds to which line: currency, holder, line, amount."""
    match entry.fact:
        case Awarded() as fact:
            for holder, currency, line, amount in before.given_by(fact):
                yield currency, holder, line, amount
        case Reversed() as fact:
            yield from _reversed(entry, fact, before)
        case Held() as fact:
            yield from _lent(fact, 1)
        case Collected() | Returned() | Cancelled() | Lapsed() as fact:
            yield from _redeemed(fact, before)
        case fact:
            yield from _by_itself(fact)


def _by_itself(fact: object) -> Iterator[tuple[str, str, str, int]]:
    """What a fact that follows from nothing before it adds to which line."""
    match fact:
        case Adjusted():
            yield fact.currency, volunteer_holder(fact.volunteer), "adjusted", fact.points
        case BalanceOpened():
            yield fact.currency, volunteer_holder(fact.volunteer), "opening", fact.points
        case Expired():
            yield fact.currency, holder_named(fact.volunteer), "expired", fact.points
        case Transferred():
            yield fact.currency, volunteer_holder(fact.giver), "transferred", -fact.points
            yield fact.currency, volunteer_holder(fact.receiver), "transferred", fact.points
        case Donated():
            yield fact.currency, volunteer_holder(fact.giver), "donated", -fact.points
            yield fact.currency, fund_holder(fact.fund), "donated", fact.points
        case Endowed():
            yield fact.currency, fund_holder(fact.fund), "endowed", fact.points


def _reversed(entry: Entry, fact: Reversed, before: Standing) -> Iterator[tuple[str, str, str, int]]:
    """A reversal takes back what the award says; what had expired of it did so no longer."""
    record = before.records.get(fact.record)
    award = record.award if record else None
    if award is None or not award.given:
        return
    for holder, currency, line, amount in award.given:
        back, taken = ("reversed", amount) if line == "earned" else (line, -amount)
        yield currency, holder, back, taken
    currencies = {currency for _, currency, _, _ in award.given}
    for posting in entry.postings:
        if posting.account.purpose == Purpose.EXPIRED and posting.unit in currencies:
            yield posting.unit, posting.account.holder, "expired", posting.amount


def _redeemed(fact: Collected | Returned | Cancelled | Lapsed, before: Standing) -> Iterator[tuple[str, str, str, int]]:
    redemption = before.redemptions.get(fact.redemption)
    if redemption is None:
        return
    held = redemption.held
    match fact:
        case Returned():
            yield held.currency, payer_of(held), "returned", fact.points
        case Collected():
            yield held.currency, volunteer_holder(fact.volunteer), "redeemed", held.points
        case _:
            yield from _lent(held, -1)


def _lent(held: Held, sign: int) -> Iterator[tuple[str, str, str, int]]:
    """A hold lies with the volunteer; what a household pays for it goes there first, and comes back from there."""
    payer, volunteer = payer_of(held), volunteer_holder(held.volunteer)
    if payer != volunteer:
        yield held.currency, payer, "transferred", -sign * held.points
        yield held.currency, volunteer, "transferred", sign * held.points
