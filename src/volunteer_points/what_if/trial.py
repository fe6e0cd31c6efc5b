"""What is tried: a rulebook in the place of whichever was in force, for service and redemptions on some days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import attrs

from volunteer_points.commands import Definition
from volunteer_points.decisions.case import Frame
from volunteer_points.entries import ProgrammeAdopted
from volunteer_points.errors import InputError
from volunteer_points.model import Currency, Fund
from volunteer_points.rules import Rulebook, streams_of


@attrs.frozen(kw_only=True)
class Trial:
    """A rulebook that is played in the place of whichever was in force.

    Its own ``since`` and ``until`` say when it is to be in force; they do not matter here.

    Args:
        rulebook: The rulebook, which may be a draft.
        since: The first day of service, and of redeeming, on which it counts; None for the first there is.
        until: The first day on which it counts no longer; None for no end.
        currencies: Currencies that the ledger may not know yet, such as those of the draft's programme file.
        funds: Likewise the funds.

    Raises:
        InputError: ``empty_rulebook`` when no day is left between ``since`` and ``until``.
    """

    rulebook: Rulebook
    since: date | None = None
    until: date | None = None
    currencies: tuple[Currency, ...] = ()
    funds: tuple[Fund, ...] = ()

    def __attrs_post_init__(self) -> None:
        if self.since is not None and self.until is not None and self.until <= self.since:
            raise InputError("empty_rulebook", rulebook=self.rulebook.id, since=self.since, until=self.until)

    def covers(self, day: date) -> bool:
        """Whether it counts on that day."""
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)

    @property
    def may_refuse_records(self) -> bool:
        """Whether it takes some records only: from members, within a deadline, or under conditions."""
        rulebook = self.rulebook
        is_bound = rulebook.record_within_days is not None or bool(rulebook.deadlines)
        return is_bound or rulebook.members_only or bool(rulebook.recording)


def trial_of(
    definition: Definition,
    adopted: Iterable[Rulebook],
    *,
    rulebook: str | None = None,
    since: date | None = None,
    until: date | None = None,
) -> Trial:
    """What a draft of a programme proposes to try.

    Without days, a rulebook that reaches back is tried from its own first day up to its own end, or up to the
    beginning of the next one; any other on every day.

    Args:
        definition: The draft.
        adopted: The rulebooks of the ledger.
        rulebook: The id of the one to try; None where there is a single one, or a single new one.
        since: The first day on which it counts.
        until: The first day on which it counts no longer.

    Raises:
        InputError: ``which_rulebook`` when it is not clear which one is meant, or there is none of that id; and as
            :class:`Trial`.
    """
    known = tuple(adopted)
    meant = [each for each in definition.rulebooks if rulebook in {None, each.id}]
    if len(meant) > 1:
        meant = [each for each in meant if each not in known]
    if len(meant) != 1:
        there = [each.id for each in definition.rulebooks]
        raise InputError("which_rulebook", value=rulebook, known=there)
    [chosen] = meant
    if chosen.retroactive:
        later = [each.since for each in known if each.since > chosen.since and each.id != chosen.id]
        ends = min([*later, *([chosen.until] if chosen.until else [])], default=None)
        since, until = since or chosen.since, until or ends
    return Trial(rulebook=chosen, since=since, until=until, currencies=definition.currencies, funds=definition.funds)


@attrs.frozen
class TrialFrame(Frame):
    """The programme as it stood, with the rulebook that is tried among its rulebooks."""

    recorded: Frame = attrs.field(kw_only=True)
    """The programme as it stood, without what is tried."""

    trial: Trial | None = attrs.field(default=None, kw_only=True)

    def rulebook_on(self, day: date) -> Rulebook:
        """The version that counts on a day: the one that is tried, else the one that was in force."""
        if self.trial is not None and self.trial.covers(day):
            return self.trial.rulebook
        return self.recorded.rulebook_on(day)


def trial_frame(recorded: Frame, trial: Trial | None) -> TrialFrame:
    """The programme at one moment of the ledger, as a trial sees it.

    Raises:
        InputError: ``rulebook_id_taken`` when the ledger has another text under the id of the rulebook that is tried,
            ``unknown_currency`` when it earns a currency that nobody knows, and ``currency_differs`` when the trial
            counts one with other decimals than the ledger.
    """
    adopted, rulebooks = recorded.adopted, recorded.rulebooks
    if trial is None:
        return TrialFrame(adopted, rulebooks, recorded.closed_until, recorded.own_rules, recorded=recorded)
    rulebook = trial.rulebook
    if any(each.id == rulebook.id and each != rulebook for each in rulebooks):
        raise InputError("rulebook_id_taken", rulebook=rulebook.id)
    return TrialFrame(
        attrs.evolve(adopted, currencies=_currencies(adopted, trial), funds=_funds(adopted, trial)),
        rulebooks if rulebook in rulebooks else (*rulebooks, rulebook),
        recorded.closed_until,
        recorded.own_rules,
        recorded=recorded,
        trial=trial,
    )


def _currencies(adopted: ProgrammeAdopted, trial: Trial) -> tuple[Currency, ...]:
    known = {each.id: each for each in adopted.currencies}
    for each in trial.currencies:
        before = known.setdefault(each.id, each)
        if before.decimals != each.decimals:
            raise InputError(
                "currency_differs",
                currency=each.id,
                decimals=each.decimals,
                before=before.decimals,
            )
    for stream in streams_of(trial.rulebook):
        if stream.currency not in known:
            raise InputError("unknown_currency", currency=stream.currency, known=list(known))
    return tuple(known.values())


def _funds(adopted: ProgrammeAdopted, trial: Trial) -> tuple[Fund, ...]:
    known = {each.id: each for each in (*trial.funds, *adopted.funds)}
    return tuple(known.values())
