"""The laws that a developer's own rule keeps, and a check that holds a rule to them in one line.

    def test_our_rule_keeps_the_laws() -> None:
        check_rule(RiverBank(), {"each_metres": 10, "points": 2, "rest_after_hours": 20}, quantities=("metres",))

What is given to the rule is drawn by Hypothesis, always the same for the same rule; a rule that breaks a law is shown
with the smallest case in which it does.
"""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from types import BuiltinFunctionType, FrameType, MappingProxyType
from typing import Any

import attrs
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from volunteer_points.errors import Refused
from volunteer_points.explain.templates import filled
from volunteer_points.model import (
    LANGUAGES,
    Answer,
    Calendar,
    Currency,
    Details,
    Evidence,
    Given,
    Interval,
    Item,
    Of,
    OwnRule,
    OwnRules,
    Parameters,
    Price,
    Quantity,
    Rule,
    Use,
    places_of,
    reading,
)
from volunteer_points.rules import Accrual, Cap, Multiplier, Rulebook, Served, ServiceRecord, award, needed

CAP = 30
"""What the cap of the rulebook allows in which an accrual is tried."""

_CALENDAR = Calendar(zone="Asia/Shanghai")
_POINTS = (Currency(id="points", decimals=1),)
_TAGS = ("党员", "student", "senior", "resident")
_SAMPLES_MAX = 40
"""How many of the drawn cases are tried again in other processes."""


class RuleBroken(AssertionError):
    """A rule does not keep a law."""

    def __init__(self, law: str, what: str) -> None:
        super().__init__(f"{law}: {what}")
        self.law = law
        self.what = what


# --- what is given -----------------------------------------------------------------------------------------------


def served_with(
    minutes: int = 60, *, day: date = date(2026, 3, 14), activity: str = "park", **quantities: int
) -> Served:
    """A record of so many minutes from nine in the morning, with quantities by their units.

    >>> served_with(90, metres=40).service.details.quantity("metres")
    40
    """
    begin = datetime.combine(day, time(1), UTC)
    details = Details(quantities=tuple(Quantity(unit=unit, amount=amount) for unit, amount in quantities.items()))
    intervals = (Interval(begin=begin, end=begin + timedelta(minutes=minutes)),) if minutes else ()
    service = ServiceRecord(intervals=intervals, day=day, activity=activity, details=details)
    return Served(service=service, minutes=Fraction(minutes))


def given_for(
    rule: Rule[Any],
    parameters: Mapping[str, int | Fraction | str],
    *,
    about: object = None,
    tags: Sequence[str] = (),
    day: date = date(2026, 3, 14),
    **measured: int | Fraction,
) -> Given[Any]:
    """What a rule is given for one case that somebody writes down; what is not told of its measures is nought.

    Raises:
        TypeError: a measure is told that the rule does not ask for.
    """
    values = Parameters(parameters)
    asked = rule.measures(values)
    unasked = sorted(measured.keys() - asked.keys())
    if unasked:
        raise TypeError(f"{rule.name} does not ask for {', '.join(unasked)}, but for {', '.join(sorted(asked))}")
    found = {name: Fraction(measured.get(name, 0)) for name in sorted(asked)}
    return Given(parameters=values, day=day, tags=tuple(sorted(tags)), measured=MappingProxyType(found), about=about)


@st.composite
def givens(draw: st.DrawFn, rule: Rule[Any], parameters: Parameters, *, quantities: Sequence[str] = ()) -> Given[Any]:
    """All that a rule of its use may be given: any day, tags and measures, and any service or item.

    Args:
        draw: Brought by Hypothesis.
        rule: The rule.
        parameters: Those of the programme file.
        quantities: Units of quantities that records may name.
    """
    measured = {}
    for name, measure in sorted(rule.measures(parameters).items()):
        parts = 60 if measure.of is Of.HOURS else 10 if measure.of in {Of.EARNED, Of.AVAILABLE, Of.BALANCE} else 1
        most = 10_000 * parts
        measured[name] = Fraction(draw(st.integers(-most if measure.of is Of.EARNED else 0, most)), parts)
    tags = draw(st.lists(st.sampled_from(_TAGS), unique=True))
    about: object = None
    if rule.use is Use.ACCRUAL:
        about = draw(_served(tags, quantities))
    elif rule.use is Use.PRICE:
        price = Price(points=draw(st.integers(0, 1000)))
        about = Item(id=draw(st.sampled_from(["rice", "oil"])), name="", partner="shop", prices=(price,))
    day = about.service.day if isinstance(about, Served) else draw(st.dates(date(2020, 1, 1), date(2035, 12, 31)))
    return Given(
        parameters=parameters, day=day, tags=tuple(sorted(tags)), measured=MappingProxyType(measured), about=about
    )


@st.composite
def _served(draw: st.DrawFn, tags: Sequence[str], quantities: Sequence[str]) -> Served:
    day = draw(st.dates(date(2020, 1, 1), date(2035, 12, 31)))
    begin, intervals = datetime.combine(day, time(draw(st.integers(0, 15))), UTC), []
    for minutes in draw(st.lists(st.integers(1, 240), max_size=2)):
        intervals.append(Interval(begin=begin, end=begin + timedelta(minutes=minutes)))
        begin += timedelta(minutes=minutes + 1)
    amounts = {unit: draw(st.none() | st.integers(1, 100_000)) for unit in quantities}
    service = ServiceRecord(
        intervals=tuple(intervals),
        day=day,
        activity=draw(st.sampled_from(["park", "river", "tea"])),
        team=draw(st.sampled_from([None, "repairs"])),
        tags=tuple(tags),
        evidence=draw(st.sampled_from(Evidence)),
        details=Details(
            role=draw(st.sampled_from(["", "leader"])),
            marks=tuple(draw(st.lists(st.sampled_from(["risk-1", "risk-2"]), unique=True))),
            rating=draw(st.sampled_from(["", "good", "poor"])),
            participants=draw(st.integers(1, 60)),
            quantities=tuple(Quantity(unit=unit, amount=amount) for unit, amount in amounts.items() if amount),
        ),
    )
    return Served(service=service, minutes=Fraction(draw(st.integers(0, service.minutes))))


# --- the laws ----------------------------------------------------------------------------------------------------


@attrs.frozen
class _Trial:
    """A rule that is tried, as a programme would name it."""

    rule: Rule[Any]
    own: OwnRule
    rules: OwnRules

    def answer(self, given: Given[Any]) -> Answer:
        """What it gives, or the law that it breaks."""
        try:
            return self.rules.answer(self.rule.use, self.own, given)
        except Refused as refusal:
            said = str(refusal.facts.get("problem", ""))
            if said.startswith("KeyError"):
                raise RuleBroken("asks for what it looks at", f"{said} for {given}") from refusal
            if said:
                raise RuleBroken("never fails", f"{said} for {given}") from refusal
            law = "gives an exact number within bounds, and facts that the ledger can hold"
            raise RuleBroken(law, f"{refusal.facts['value']} for {given}") from refusal


def _gives_the_same_again(trial: _Trial, given: Given[Any], other: Given[Any]) -> None:
    first, between = trial.answer(given), trial.answer(other)
    _same("gives the same again", first, trial.answer(given), given)
    _same("gives the same again", between, trial.answer(other), other)
    asked = [trial.rule.measures(trial.own.parameters) for _ in range(2)]
    if asked[0] != asked[1]:
        raise RuleBroken("measures the same again", f"{asked[0]}, then {asked[1]}")


def _same(law: str, first: Answer, again: Answer, given: Given[Any]) -> None:
    if first != again:
        raise RuleBroken(law, f"{first}, then {again} for {given}")


def _does_not_look_at_order(trial: _Trial, given: Given[Any], _other: Given[Any]) -> None:
    measured = MappingProxyType(dict(reversed(list(given.measured.items()))))
    turned = attrs.evolve(given, tags=given.tags[::-1], measured=measured)
    if isinstance(given.about, Served):
        service = given.about.service
        service = attrs.evolve(service, tags=service.tags[::-1])
        turned = attrs.evolve(turned, about=attrs.evolve(given.about, service=service))
    _same("does not depend on an order", trial.answer(given), trial.answer(turned), given)


def _looks_at_nothing_else(trial: _Trial, given: Given[Any], _other: Given[Any]) -> None:
    with _watched() as seen:
        trial.answer(given)
    if seen:
        raise RuleBroken("looks at nothing that it was not given", f"it called {', '.join(sorted(seen))}")


def _explains_itself(trial: _Trial, given: Given[Any], _other: Given[Any]) -> None:
    answer, parameters = trial.answer(given), trial.own.parameters.texts
    for what, facts in (("describes", parameters), ("explains", {**parameters, **dict(answer.facts)})):
        for language in LANGUAGES:
            template: str = getattr(trial.rule, what)[language]
            try:
                said = filled(template, facts)
            except KeyError as missing:
                raise RuleBroken(
                    "says what it does", f"{what}[{language}] names {missing}, which is not told"
                ) from None
            if set(places_of(said)) or (language == "zh" and said.isascii()):
                raise RuleBroken("says what it does", f"{what}[{language}] reads {said!r}")


def _keeps_within_a_cap(trial: _Trial, given: Given[Any], _other: Given[Any]) -> None:
    """An award with it is a whole number from nought up to the cap, whatever multiplies it."""
    if not isinstance(given.about, Served):
        return
    rulebook = Rulebook(
        id="trial",
        since=date(2000, 1, 1),
        accruals=(Accrual(id="own", own=trial.own),),
        multipliers=(Multiplier(id="half-more", times=Fraction(3, 2)),),
        caps=(Cap(id="cap", at_most=Fraction(CAP), per="day"),),
    )
    service = given.about.service
    known = dict.fromkeys(needed(rulebook, service, trial.rules), 0)
    for name, measure in trial.rule.measures(trial.own.parameters).items():
        parts = 60 if measure.of is Of.HOURS else 10 if measure.unit == "points" else 1
        known[reading(measure.of, measure, given.day)] = int(given.measured[name] * parts)
    working = award(rulebook, _POINTS, _CALENDAR, service, known, trial.rules)
    if type(working.points) is not int or not 0 <= working.points <= CAP * _POINTS[0].scale:
        raise RuleBroken("an award with it keeps within a cap", f"{working} for {given}")


LAWS: Mapping[str, Callable[[_Trial, Given[Any], Given[Any]], None]] = {
    "gives the same again": _gives_the_same_again,
    "does not depend on an order": _does_not_look_at_order,
    "looks at nothing else": _looks_at_nothing_else,
    "says what it does": _explains_itself,
    "keeps within a cap": _keeps_within_a_cap,
}
"""The laws by their names. That a number is exact and within bounds is held in each of them."""


# --- the check ---------------------------------------------------------------------------------------------------


def check_rule(  # noqa: PLR0913 - each is a claim about the rule or a bound of the check
    rule: Rule[Any],
    parameters: Mapping[str, int | Fraction | str],
    *,
    quantities: Sequence[str] = (),
    rising: Sequence[str] = (),
    falling: Sequence[str] = (),
    in_other_processes: bool = True,
    examples: int = 100,
) -> None:
    """Hold a rule to the laws of every rule.

    Args:
        rule: The rule.
        parameters: Parameters as a programme file would give them.
        quantities: Units of quantities that it looks at, so that records have them.
        rising: What its number never falls with: names of its measures, or ``minutes`` for an accrual.
        falling: What its number never rises with.
        in_other_processes: Try it in fresh interpreters too, in which sets and hashes have another order. The rule must
            be importable there.
        examples: How many cases are drawn.

    Raises:
        RuleBroken: it breaks a law, which is named with the case; or its parameters are not those that it declares.
        InputError: ``own_rule_unclear`` when it lacks something of the protocol.
    """
    own = OwnRule(rule=rule.name, version=rule.version, parameters=Parameters(parameters))
    trial = _Trial(rule, own, OwnRules.of(rule))
    for wrong, remedy in trial.rules.misfits(rule.use, own):
        raise RuleBroken("takes the parameters that it declares", f"it {wrong}; {remedy}")
    try:
        trial.rules.measures(rule.use, own)
    except Refused as refusal:
        raise RuleBroken("says what it measures", str(refusal)) from refusal
    samples: list[Given[Any]] = []

    def laws(one: Given[Any], other: Given[Any]) -> None:
        for law in LAWS.values():
            law(trial, one, other)
        for name in (*rising, *falling):
            _moves_one_way(trial, one, name, 1 if name in rising else -1)
        samples.append(one)

    _held(laws, givens(rule, own.parameters, quantities=quantities), examples)
    if in_other_processes:
        _same_in_other_processes(trial, samples[:_SAMPLES_MAX])


def _held(laws: Callable[[Given[Any], Given[Any]], None], drawn: st.SearchStrategy[Given[Any]], examples: int) -> None:
    """Draw cases and raise what is broken in the smallest of them."""
    broken: list[RuleBroken] = []

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(drawn, drawn)
    def tried(one: Given[Any], other: Given[Any]) -> None:
        try:
            laws(one, other)
        except RuleBroken as error:
            broken.append(error)
            raise

    try:
        tried()
    except BaseException:
        if broken:  # the last is the smallest; what keeps something from call to call may not break a law again
            raise broken[-1] from None
        raise


def _moves_one_way(trial: _Trial, given: Given[Any], name: str, sign: int) -> None:
    """More of something never makes the number less, or with a sign below nought never more."""
    if name == "minutes" and isinstance(given.about, Served):
        more = attrs.evolve(given, about=attrs.evolve(given.about, minutes=given.about.minutes + 30))
    elif name in given.measured:
        more = attrs.evolve(given, measured=MappingProxyType({**given.measured, name: given.measured[name] + 5}))
    else:
        raise RuleBroken("moves one way", f"{name} is neither one of its measures nor 'minutes'")
    before, after = trial.answer(given).number, trial.answer(more).number
    if (after - before) * sign < 0:
        raise RuleBroken("moves one way", f"{before} becomes {after} with more {name}, for {given}")


_AGAIN = """\
import pickle, sys
from volunteer_points.model import OwnRules
rule, own, samples = pickle.load(sys.stdin.buffer)
rules = OwnRules.of(rule)
found = [rules.answer(rule.use, own, each) for each in samples]
sys.stdout.buffer.write(pickle.dumps(found))
"""


def _same_in_other_processes(trial: _Trial, samples: list[Given[Any]]) -> None:
    plain = [attrs.evolve(each, measured=dict(each.measured)) for each in samples]
    try:
        told = pickle.dumps((trial.rule, trial.own, plain))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        what = f"it cannot be sent to another process ({error}); define it in a module, or leave this out"
        raise RuleBroken("gives the same everywhere", what) from error
    here = [trial.answer(each) for each in samples]
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        done = subprocess.run(  # noqa: S603 - this very interpreter
            [sys.executable, "-c", _AGAIN], input=told, capture_output=True, env=environment, check=False
        )
        if done.returncode:
            raise RuleBroken("gives the same everywhere", done.stderr.decode(errors="replace").strip()[-500:])
        for each, first, again in zip(samples, here, pickle.loads(done.stdout), strict=True):  # noqa: S301 - our own
            _same("gives the same everywhere", first, again, each)


# --- watching ----------------------------------------------------------------------------------------------------

_FORBIDDEN_MODULES = frozenset(
    {"time", "random", "_random", "secrets", "uuid", "os", "posix", "nt", "io", "_io", "glob", "shutil", "tempfile"}
    | {"socket", "_socket", "subprocess"}
)
_FORBIDDEN_NAMES = frozenset({"open", "input", "print", "eval", "exec", "compile", "__import__"})
_CLOCKS = frozenset({"now", "today", "utcnow"})


@contextmanager
def _watched() -> Iterator[set[str]]:
    """What is called meanwhile that no rule may call: clocks, randomness, files, the network, the environment."""
    seen: set[str] = set()

    def look(frame: FrameType, event: str, called: object) -> None:
        if event == "call":
            module = str(frame.f_globals.get("__name__", ""))
            if module.partition(".")[0] in _FORBIDDEN_MODULES:
                seen.add(f"{module}.{frame.f_code.co_name}")
        elif event == "c_call" and (name := _forbidden(called)):
            seen.add(name)

    before, collects = sys.getprofile(), gc.isenabled()
    gc.disable()  # what others do when memory is collected is not the rule's doing
    sys.setprofile(look)
    try:
        yield seen
    finally:
        sys.setprofile(before)
        if collects:
            gc.enable()


def _forbidden(called: object) -> str:
    if not isinstance(called, BuiltinFunctionType):
        return ""
    module, name, owner = called.__module__ or "", called.__name__, called.__self__
    kind = owner if isinstance(owner, type) else type(owner)
    if (issubclass(kind, date) and name in _CLOCKS) or kind.__module__ in _FORBIDDEN_MODULES:
        return f"{kind.__name__}.{name}"
    if module in _FORBIDDEN_MODULES or (module in {"builtins", "_io"} and name in _FORBIDDEN_NAMES):
        return f"{module}.{name}"
    return ""


__all__ = ["CAP", "LAWS", "RuleBroken", "check_rule", "given_for", "givens", "served_with"]
