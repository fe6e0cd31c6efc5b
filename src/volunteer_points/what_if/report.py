"""What a what-if found: totals, rules, teams and people before and after, and what could not be done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from fractions import Fraction
from functools import cached_property
from typing import Any

import attrs

from volunteer_points.canonical import digest, instant_text
from volunteer_points.decisions.adoption import Nouns
from volunteer_points.decisions.case import Frame
from volunteer_points.entries import Awarded, Entry
from volunteer_points.errors import Refused
from volunteer_points.model import number_text
from volunteer_points.what_if.trial import Trial

PROGRAMME = "programme"
"""The holder under which the totals of the whole programme stand."""


@attrs.frozen
class Change:
    """A whole number as it was recorded, and as it is under the rulebook that is tried."""

    before: int = 0
    after: int = 0

    @property
    def difference(self) -> int:
        """What it gains; below nought what it loses."""
        return self.after - self.before

    def __add__(self, other: Change) -> Change:
        return Change(self.before + other.before, self.after + other.after)

    def __bool__(self) -> bool:
        return bool(self.before or self.after)


@attrs.frozen(kw_only=True)
class HolderEffect:
    """What a holder has of one currency at the end, and what came and went, in its smallest parts.

    ``earned`` is what awards gave, without those that were taken back, and less what was paid for the awards of
    others; ``redeemed`` what went to partners; ``expired`` what ended; ``spendable`` what can be spent; ``held`` what
    is reserved by open redemptions; ``waiting`` what is under public notice; ``owed`` what has to be earned back.
    """

    holder: str
    currency: str
    earned: Change
    redeemed: Change
    expired: Change
    spendable: Change
    held: Change
    waiting: Change
    owed: Change

    def lines(self) -> dict[str, Change]:
        """What is told of a holder, by name."""
        return {name: getattr(self, name) for name in LINES}

    @property
    def changes(self) -> bool:
        """Whether anything is different."""
        return any(change.difference for change in self.lines().values())


LINES = ("earned", "redeemed", "expired", "spendable", "held", "waiting", "owed")
"""What is told of a holder, line by line."""


@attrs.frozen(kw_only=True)
class RuleEffect:
    """What one rule did to points of one currency, over all awards that stand.

    ``points_before`` and ``points_after`` are exact numbers of points: what an accrual gives, what a multiplier or a
    milestone adds, what a cap or rounding takes away. The rules of a currency add up to what was awarded in it.
    """

    rule: str
    currency: str
    records: Change
    points_before: Fraction
    points_after: Fraction

    @property
    def difference(self) -> Fraction:
        """What it gains; below nought what it loses."""
        return self.points_after - self.points_before

    @property
    def changes(self) -> bool:
        """Whether anything is different."""
        return bool(self.difference or self.records.difference)


@attrs.frozen(kw_only=True)
class TeamEffect:
    """What the records of one team earned in one currency; the team is blank for records of none."""

    team: str
    currency: str
    records: Change
    earned: Change


@attrs.frozen(kw_only=True)
class Example:
    """A record whose award differs, with its entries: what it says, and the award in both worlds."""

    record: str
    volunteer: str
    activity: str
    said: Entry
    before: Entry | None
    after: Entry | None

    def points(self, entry: Entry | None) -> Mapping[str, int]:
        """What an award gave, by currency."""
        return awarded(entry)


@attrs.frozen(kw_only=True)
class NotPossible:
    """Something that was recorded and cannot be done under the rulebook that is tried: what, of whom, and why.

    Its points stay where they were. ``because`` is the refusal, with the numbers behind it.
    """

    kind: str
    entry: Entry
    because: Refused = attrs.field(eq=False)

    @property
    def code(self) -> str:
        """The stable code of the refusal."""
        return self.because.code

    @property
    def is_redemption(self) -> bool:
        """Whether it is something that could no longer be redeemed."""
        return self.kind == "Held"

    def plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        fact = self.entry.fact
        names = ("volunteer", "giver", "receiver", "fund", "record", "redemption", "item", "quantity", "points")
        said = {name: getattr(fact, name) for name in names if hasattr(fact, name)}
        booked_at = instant_text(self.entry.booked_at)
        facts = {name: plain(value) for name, value in sorted(self.because.facts.items())}
        return {"kind": self.kind, "entry": self.entry.id, "booked_at": booked_at, **said, "code": self.code} | {
            "facts": facts
        }


@attrs.frozen(kw_only=True)
class Report:
    """What would have come of a ledger under another rulebook.

    ``entries`` of ledger ``ledger`` were replayed, the last of them booked at ``booked_until``; ``covered`` records
    and redemptions lie on days on which the trial counts. ``records`` counts awards that give something and stand, and
    ``minutes`` is what they count as service. Of all decided records ``losing`` give less of some currency, ``gaining``
    more of some and less of none, and ``same`` what they gave. ``skipped`` counts, by kind, entries that follow
    something that is not possible and were left out with it.
    """

    ledger: str
    entries: int
    booked_until: datetime | None
    trial: Trial | None
    frame: Frame | None = attrs.field(eq=False)
    nouns: Mapping[str, Nouns] = attrs.field(eq=False)
    covered: int
    records: Change
    minutes: Change
    gaining: int
    losing: int
    same: int
    totals: tuple[HolderEffect, ...]
    holders: tuple[HolderEffect, ...]
    """Of every volunteer, household, team and fund."""
    rules: tuple[RuleEffect, ...]
    teams: tuple[TeamEffect, ...]
    examples: tuple[Example, ...]
    not_possible: tuple[NotPossible, ...]
    skipped: Mapping[str, int]

    @property
    def is_same(self) -> bool:
        """Whether everything comes out as it was recorded."""
        counted = self.gaining or self.losing or self.not_possible or self.skipped or self.minutes.difference
        effects = any(each.changes for each in self.holders) or any(each.changes for each in self.rules)
        return not (counted or effects)

    @property
    def people(self) -> tuple[HolderEffect, ...]:
        """The volunteers."""
        return tuple(each for each in self.holders if each.holder.startswith("volunteer:"))

    @property
    def winners(self) -> tuple[HolderEffect, ...]:
        """Volunteers who earn more, the largest gain first."""
        return self._ranked(1)

    @property
    def losers(self) -> tuple[HolderEffect, ...]:
        """Volunteers who earn less, the largest loss first."""
        return self._ranked(-1)

    def _ranked(self, sign: int) -> tuple[HolderEffect, ...]:
        found = (each for each in self.people if each.earned.difference * sign > 0)
        return tuple(sorted(found, key=lambda each: (-sign * each.earned.difference, each.holder, each.currency)))

    @cached_property
    def digest(self) -> str:
        """SHA-256 over everything that was found, in hexadecimal; how many examples are shown does not matter."""
        found = self.plain(with_digest=False)
        del found["examples"]
        return digest(found)

    @property
    def reference(self) -> str:
        """The name of this what-if: how many entries it replayed, and its digest.

        A ledger only grows, so whoever replays as many entries again finds the same.
        """
        return f"{self.entries}-{self.digest}"

    def plain(self, *, with_digest: bool = True) -> dict[str, Any]:
        """The whole report as JSON can hold it: amounts in smallest parts of their currency."""
        trial = self.trial
        data: dict[str, Any] = {
            "ledger": self.ledger,
            "entries": self.entries,
            "booked_until": instant_text(self.booked_until) if self.booked_until else None,
            "rulebook": trial.rulebook.id if trial else None,
            "rulebook_hash": trial.rulebook.hash if trial else None,
            "since": plain(trial.since) if trial else None,
            "until": plain(trial.until) if trial else None,
            "covered": self.covered,
            "minutes": _change(self.minutes),
            "records": {**_change(self.records), "gaining": self.gaining, "losing": self.losing, "same": self.same},
            "totals": [_account(each) for each in self.totals],
            "rules": [_rule(each) for each in self.rules],
            "teams": [
                {"team": each.team, "currency": each.currency}
                | {"records": _change(each.records), "earned": _change(each.earned)}
                for each in self.teams
            ],
            "holders": [_account(each) for each in self.holders],
            "not_possible": [each.plain() for each in self.not_possible],
            "skipped": dict(sorted(self.skipped.items())),
            "examples": [_example(each) for each in self.examples],
        }
        return {"reference": self.reference, **data} if with_digest else data


def awarded(entry: Entry | None) -> dict[str, int]:
    """What an award gave, by currency; nothing for none."""
    given: dict[str, int] = {}
    fact = entry.fact if entry is not None else None
    if isinstance(fact, Awarded):
        if fact.points:
            given[fact.currency] = fact.points
        for credit in fact.more:
            given[credit.currency] = given.get(credit.currency, 0) + credit.points
    return given


def plain(value: object) -> object:
    """A fact as JSON can hold it."""
    match value:
        case None | bool() | int() | str():
            return value
        case datetime():
            return instant_text(value)
        case date():
            return value.isoformat()
        case list() | tuple() | set() | frozenset():
            return [plain(each) for each in _in_order(value)]
    return str(value)


def _in_order(values: Iterable[object]) -> Iterable[object]:
    return sorted(values, key=str) if isinstance(values, (set, frozenset)) else values


def _change(change: Change) -> dict[str, int]:
    return {"before": change.before, "after": change.after, "difference": change.difference}


def _account(account: HolderEffect) -> dict[str, Any]:
    lines = {name: _change(change) for name, change in account.lines().items()}
    return {"holder": account.holder, "currency": account.currency, **lines}


def _rule(rule: RuleEffect) -> dict[str, Any]:
    return {
        "rule": rule.rule,
        "currency": rule.currency,
        "records": _change(rule.records),
        "points": {
            "before": number_text(rule.points_before),
            "after": number_text(rule.points_after),
            "difference": number_text(rule.difference),
        },
    }


def _example(example: Example) -> dict[str, Any]:
    return {
        "record": example.record,
        "volunteer": example.volunteer,
        "activity": example.activity,
        "before": dict(sorted(awarded(example.before).items())),
        "after": dict(sorted(awarded(example.after).items())),
    }
