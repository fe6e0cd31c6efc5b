"""A developer's own rule: what the programme file names, what the rule is given, and what it must give back.

The rules that come with the library are a closed vocabulary. What it cannot say, a developer may write as a pure
function of what it is given. The programme file names it with its version and parameters, so that both are part of the
rulebook and its hash. Whoever opens a ledger brings the rules that are there; this module looks nothing up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Generic, Protocol, Self, TypeVar, cast

import attrs

from volunteer_points.canonical import exact
from volunteer_points.errors import InputError, Refused, suggestion
from volunteer_points.model.measures import Of, Whose, number_text, window_text
from volunteer_points.model.values import AMOUNT_MAX, TEXT_LENGTH_MAX, identifier, words

PARAMETERS_MAX = 50
"""How many parameters a rule may have, and how many facts it may tell."""

LANGUAGES = ("en", "zh")
"""The languages in which a rule describes and explains itself."""

_PLACE = re.compile(r"\{(\w+)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")


class Use(StrEnum):
    """Where a rule stands, and so what it is given and what its number means."""

    ACCRUAL = "accrual"
    """It is given service; its number is points, before multipliers, rounding and caps."""
    CONDITION = "condition"
    """It is given a volunteer; its number is held against the bounds of the condition."""
    PRICE = "price"
    """It is given an item; its number is points for one unit."""


# --- what the programme file writes ------------------------------------------------------------------------------


def _pairs(value: object) -> tuple[tuple[str, int | str], ...]:
    items = value.items() if isinstance(value, Mapping) else value
    found = sorted((str(name), _parameter(str(name), each)) for name, each in items)  # type: ignore[attr-defined]
    if len({name for name, _ in found}) != len(found) or len(found) > PARAMETERS_MAX:
        raise InputError("bad_parameter", value=len(found), fix=f"Give at most {PARAMETERS_MAX}, each once.")
    return tuple(found)


def _parameter(name: str, value: object) -> int | str:
    if not _NAME.fullmatch(name):
        raise InputError(
            "bad_parameter", parameter=name[:80], fix="Name it with letters of the Latin alphabet, digits and '_'."
        )
    if isinstance(value, Fraction) or (isinstance(value, Decimal) and value.copy_abs() <= AMOUNT_MAX):
        number = exact(value)
        value = number.numerator if number.denominator == 1 else number_text(number)
    is_whole = type(value) is int and -AMOUNT_MAX <= value <= AMOUNT_MAX
    if is_whole or (isinstance(value, str) and len(value) <= TEXT_LENGTH_MAX):
        return value  # type: ignore[return-value]  # one of both
    raise InputError(
        "bad_parameter",
        parameter=name,
        value=repr(value)[:80],
        fix="Write a whole number, an exact number or a text.",
    )


@attrs.frozen
class Parameters:
    """The parameters of a rule, by name: whole numbers and texts. An exact number is kept as text, ``"1/3"``.

    >>> given = Parameters({"metres": 100, "points": "1/2"})
    >>> given.whole("metres"), given.number("points")
    (100, Fraction(1, 2))
    """

    values: tuple[tuple[str, int | str], ...] = attrs.field(default=(), converter=_pairs)

    def _value(self, name: str) -> int | str:
        for known, value in self.values:
            if known == name:
                return value
        raise InputError("parameter_missing", parameter=name, known=[known for known, _ in self.values])

    def number(self, name: str) -> Fraction:
        """The exact number under a name.

        Raises:
            InputError: ``parameter_missing``, or ``not_exact`` where something else stands there.
        """
        return exact(self._value(name))

    def whole(self, name: str) -> int:
        """The whole number under a name; the same is raised."""
        number = self.number(name)
        if number.denominator != 1:
            raise InputError("not_whole", field=name, value=str(number), fix="Give a whole number.")
        return number.numerator

    def text(self, name: str) -> str:
        """The text under a name, or the number as text.

        Raises:
            InputError: ``parameter_missing``.
        """
        return str(self._value(name))

    @property
    def texts(self) -> dict[str, str]:
        """All of them as text."""
        return {name: str(value) for name, value in self.values}


@attrs.frozen(kw_only=True)
class OwnRule:
    """A developer's own rule as a programme names it: its name, its version and its parameters."""

    rule: str = attrs.field(validator=identifier)
    version: str = attrs.field(validator=identifier)
    parameters: Parameters = Parameters()

    def __str__(self) -> str:
        """Its name and version."""
        return f"{self.rule} {self.version}"


# --- what a rule is given and gives back -------------------------------------------------------------------------

About_co = TypeVar("About_co", covariant=True)
About_contra = TypeVar("About_contra", contravariant=True)


@attrs.frozen(kw_only=True)
class Measure:
    """Something that a rule wants to know of the volunteer: what is counted, of which activities, over which window."""

    of: Of
    unit: str = "points"
    """The currency, or the unit of a quantity."""
    activities: tuple[str, ...] = ()
    over: str = attrs.field(default="ever", validator=window_text)

    @property
    def whose(self) -> Whose:
        """Always the volunteer's own."""
        return Whose.VOLUNTEER


@attrs.frozen(kw_only=True)
class Given(Generic[About_co]):
    """All that a rule may look at. A field may be added; none changes its meaning."""

    parameters: Parameters
    day: date
    """The programme's day: of the service, of the redemption, or of the question."""
    tags: tuple[str, ...]
    """The volunteer's tags, sorted."""
    measured: Mapping[str, Fraction]
    """What it asked for, by the names that it gave: hours, points in units of their currency, whole numbers."""
    about: About_co
    """The service, the item, or nothing more."""


@attrs.frozen
class Result:
    """What a rule gives back: its exact number, and the facts that its explanation names."""

    number: Fraction | int
    facts: Mapping[str, Fraction | int | str] = attrs.field(factory=dict)


class Rule(Protocol[About_contra]):
    """A developer's own rule.

    It is asked in any order, any number of times, for awards of today and for those of years ago when a ledger is
    audited, so a version never changes what it gives. It must not read a clock, a file or anything else that it was
    not given, nor keep anything from one call to the next.
    """

    @property
    def name(self) -> str:
        """Its name in programme files."""
        ...

    @property
    def version(self) -> str:
        """Its version. What gives another number or explanation is another version, and the old one stays installed."""
        ...

    @property
    def use(self) -> Use:
        """Where it may stand."""
        ...

    @property
    def parameters(self) -> Mapping[str, type]:
        """The parameters that the programme file must give, each a ``int``, a ``Fraction`` or a ``str``."""
        ...

    @property
    def describes(self) -> Mapping[str, str]:
        """By language, ``en`` and ``zh``, what it does, in words; ``{name}`` stands for a parameter."""
        ...

    @property
    def explains(self) -> Mapping[str, str]:
        """By language, how it came to its number; ``{name}`` stands for one of its facts or a parameter."""
        ...

    def measures(self, parameters: Parameters) -> Mapping[str, Measure]:
        """What it wants to know from the books, by names of its own. Called before :meth:`apply`; empty for nothing."""
        ...

    def apply(self, given: Given[About_contra]) -> Result:
        """Its number for what it is given. Points and prices are nought or more."""
        ...


@attrs.frozen
class Answer:
    """What a rule gave, once it was looked at: its number, and its facts as text, by name."""

    number: Fraction
    facts: tuple[tuple[str, str], ...] = ()


# --- the rules that are there ------------------------------------------------------------------------------------


@attrs.frozen
class OwnRules:
    """The developers' own rules that are there. Whoever opens a ledger brings them; none is looked for here."""

    known: Mapping[tuple[str, str, str], Rule[Any]] = attrs.field(factory=dict)
    """By use, name and version."""

    @classmethod
    def of(cls, *rules: Rule[Any]) -> Self:
        """These rules.

        Raises:
            InputError: ``own_rule_unclear`` for one that is not as the protocol asks, ``own_rule_twice`` for two of one
                use, name and version.
        """
        known: dict[tuple[str, str, str], Rule[Any]] = {}
        for rule in rules:
            _check_form(rule)
            place = (str(rule.use), rule.name, rule.version)
            if place in known:
                raise InputError("own_rule_twice", rule=rule.name, version=rule.version)
            known[place] = rule
        return cls(MappingProxyType(known))

    def versions(self, use: Use, name: str) -> tuple[str, ...]:
        """The versions of a rule that are there."""
        return tuple(sorted(version for kind, rule, version in self.known if (kind, rule) == (use, name)))

    def rule(self, use: Use, own: OwnRule) -> Rule[Any]:
        """The rule that a programme names.

        Raises:
            Refused: ``own_rule_missing`` with the versions that are there.
        """
        found = self.known.get((str(use), own.rule, own.version))
        if found is None:
            versions = ", ".join(self.versions(use, own.rule)) or None
            raise Refused("own_rule_missing", use=str(use), rule=own.rule, version=own.version, versions=versions)
        return found

    def measures(self, use: Use, own: OwnRule) -> dict[str, Measure]:
        """What a rule wants to know, by its own names.

        Raises:
            Refused: ``own_rule_missing``, or ``own_rule_failed`` when it cannot say.
        """
        rule = self.rule(use, own)
        try:
            asked: dict[str, object] = dict(sorted(rule.measures(own.parameters).items()))
        except Exception as error:  # a developer's code may raise anything
            raise _failed(own, error) from error
        for name, each in asked.items():
            if not isinstance(each, Measure):
                raise _broken(own, f"{name} = {each!r}")
        return cast("dict[str, Measure]", asked)

    def answer(self, use: Use, own: OwnRule, given: Given[Any]) -> Answer:
        """What a rule gives, held to what every rule must give: an exact number, and points not below nought.

        Raises:
            Refused: ``own_rule_missing``, ``own_rule_failed`` with what it raised, or ``own_rule_broken`` with what it
                gave.
        """
        rule = self.rule(use, own)
        try:
            result: object = rule.apply(given)
        except Exception as error:  # a developer's code may raise anything
            raise _failed(own, error) from error
        if not isinstance(result, Result) or type(result.number) not in {int, Fraction}:
            raise _broken(own, repr(getattr(result, "number", result)))
        number = Fraction(result.number)
        if abs(number) > AMOUNT_MAX or number.denominator > AMOUNT_MAX or (use is not Use.CONDITION and number < 0):
            raise _broken(own, str(number))
        return Answer(number, tuple(_told(own, result.facts)))

    def misfits(self, use: Use, own: OwnRule) -> Iterator[tuple[str, str]]:
        """What keeps a rule from being used as a programme names it, each with what to do."""
        if (str(use), own.rule, own.version) not in self.known:
            versions = self.versions(use, own.rule)
            there = f", there is version {', '.join(versions)}" if versions else ""
            wrong = f"names a rule for the {use} that is not installed, {own}{there}"
            yield wrong, "install the package that brings it, or name one that is there"
            return
        declared, given = self.rule(use, own).parameters, own.parameters.texts
        for name in sorted(given.keys() - declared.keys()):
            near = suggestion(name, declared)
            yield f"gives rule {own} an unknown parameter {name!r}. {near}".strip(), ""
        for name, kind in sorted(declared.items()):
            if name not in given:
                yield f"does not give rule {own} its parameter {name}", f"add {name} to its parameters"
            elif not _fits(own.parameters, name, kind):
                yield f"gives rule {own} {given[name]!r} as {name}", f"write {_KINDS[kind]} there"


_KINDS: Mapping[type, str] = {int: "a whole number", Fraction: "an exact number", str: "a text"}


def _fits(parameters: Parameters, name: str, kind: type) -> bool:
    try:
        (parameters.whole if kind is int else parameters.number if kind is Fraction else parameters.text)(name)
    except InputError:
        return False
    return True


def _failed(own: OwnRule, error: Exception) -> Refused:
    problem = f"{type(error).__name__}: {error}"[:TEXT_LENGTH_MAX]
    return Refused("own_rule_failed", rule=own.rule, version=own.version, problem=problem)


def _broken(own: OwnRule, value: str) -> Refused:
    return Refused("own_rule_broken", rule=own.rule, version=own.version, value=value[:80])


def _told(own: OwnRule, facts: object) -> Iterator[tuple[str, str]]:
    """The facts as text; they go into the ledger, so they are few, short and exact."""
    if not isinstance(facts, Mapping) or len(facts) > PARAMETERS_MAX:
        raise _broken(own, repr(facts))
    for name in sorted(facts, key=str):
        value = facts[name]
        if type(value) in {int, Fraction} and abs(value) <= AMOUNT_MAX:
            value = number_text(Fraction(value))
        if not isinstance(name, str) or not _NAME.fullmatch(name) or not _is_text(value):
            raise _broken(own, f"{name} = {value!r}")
        yield name, value


def _is_text(value: object) -> bool:
    try:
        words(None, attrs.fields(OwnRule).rule, value)
    except InputError:
        return False
    return True


def _check_form(rule: Rule[Any]) -> None:
    """Refuse a rule that lacks something, before anybody relies on it."""
    what = next(_lacks(rule), None)
    if what is not None:
        name, version = getattr(rule, "name", type(rule).__name__), getattr(rule, "version", "")
        raise InputError("own_rule_unclear", rule=str(name), version=str(version), what=what)


def _lacks(rule: Any) -> Iterator[str]:  # noqa: ANN401 - whatever stood behind an entry point
    try:
        OwnRule(rule=getattr(rule, "name", None), version=getattr(rule, "version", None))  # type: ignore[arg-type]
    except InputError:
        yield "name, version"
    if getattr(rule, "use", None) not in list(Use):
        yield "use"
    declared = getattr(rule, "parameters", None)
    if not isinstance(declared, Mapping) or not all(
        isinstance(each, str) and _NAME.fullmatch(each) and kind in _KINDS for each, kind in declared.items()
    ):
        yield "parameters"
        declared = {}
    for what in ("describes", "explains"):
        said = getattr(rule, what, None)
        if not isinstance(said, Mapping) or not all(
            isinstance(said.get(each), str) and said[each] for each in LANGUAGES
        ):
            yield what
        elif what == "describes":
            yield from (f"describes {{{place}}}" for place in sorted({*places_of(*said.values())} - declared.keys()))
    if not all(callable(getattr(rule, method, None)) for method in ("measures", "apply")):
        yield "measures, apply"


def places_of(*templates: str) -> Iterable[str]:
    """The names that stand between braces in sentences."""
    return (place for template in templates for place in _PLACE.findall(template))


def own_facts(
    own: OwnRule | None, told: Iterable[tuple[str, str]], *, alone: bool = False
) -> tuple[tuple[str, str], ...]:
    """What a step says of a developer's own rule: its name and version, and behind ``own.`` the facts that it told.

    Where no rulebook stands beside it to tell its parameters, ``alone``, they are told too.
    """
    if own is None:
        return ()
    if alone:
        told = sorted({**own.parameters.texts, **dict(told)}.items())
    return (("name", own.rule), ("version", own.version), *((f"own.{name}", value) for name, value in told))


NO_OWN_RULES = OwnRules()
"""None at all."""
