"""Who and what the words of a sheet mean: people through the register, activities and teams through the programme."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

import attrs

from volunteer_points.entries import ActivityListed, Fact, TeamFormed
from volunteer_points.exchange.columns import Column
from volunteer_points.people import NotMatched, Person, Register, mask, mask_phone, name_key, phone_key

SUGGESTIONS_AT_MOST = 20
"""For how many unknown names a registered one is suggested; looking through a large register takes time."""

_NAMES_OFFERED = 6


@attrs.frozen
class Unclear:
    """Why a row cannot be taken as it stands.

    Attributes:
        code: A stable name of what is wrong; :mod:`volunteer_points.exchange.words` has the words.
        column: Where to look for it; None where the whole row is meant.
        value: What stands there.
        facts: What else there is to know.
    """

    code: str
    column: Column | None
    value: str
    facts: Mapping[str, object] = attrs.field(factory=dict)


# --- activities and teams ---------------------------------------------------------------------------------------------

_MARKS = re.compile(r"[\W_]+")


def folded(word: str) -> str:
    """A name without case, width, spaces and marks, by which two spellings of it are one.

    >>> folded("“小剪爱” 义剪") == folded("小剪爱义剪")
    True
    """
    plain = unicodedata.normalize("NFKC", word).casefold()
    return _MARKS.sub("", plain) or plain


class Names:
    """The names under which some nouns of the programme go; an id comes before a name.

    Args:
        column: Where these names stand in a sheet.
        nouns: Each id and the names and aliases of what it stands for, the official name first.
    """

    def __init__(self, column: Column, nouns: Mapping[str, Sequence[str]]) -> None:
        self._column = column
        self._nouns = nouns
        self._ids: defaultdict[str, set[str]] = defaultdict(set)
        for each, names in nouns.items():
            for name in names:
                self._ids[folded(name)].add(each)

    def meant(self, word: str) -> str | Unclear:
        """The id that a word means, or why that cannot be said."""
        if word in self._nouns:
            return word
        found = sorted(self._ids.get(folded(word), ()))
        if len(found) == 1:
            return found[0]
        if found:
            return Unclear(f"{self._column}_ambiguous", self._column, word, {"ids": found})
        near = get_close_matches(folded(word), self._ids, n=1)
        offered = [names[0] for names in self._nouns.values()][:_NAMES_OFFERED]
        nearest = self._nouns[min(self._ids[near[0]])][0] if near else ""
        return Unclear(f"{self._column}_unknown", self._column, word, {"nearest": nearest, "offered": offered})


def activity_names(nouns: Iterable[Fact]) -> Names:
    """The activities of a programme by name and alias."""
    activities = [fact.activity for fact in nouns if isinstance(fact, ActivityListed)]
    return Names(Column.ACTIVITY, {each.id: (each.name, *each.aliases) for each in activities})


def team_names(nouns: Iterable[Fact]) -> Names:
    """The teams of a programme by name."""
    teams = [fact.team for fact in nouns if isinstance(fact, TeamFormed)]
    return Names(Column.TEAM, {each.id: (each.name,) for each in teams})


# --- people -----------------------------------------------------------------------------------------------------------


@attrs.frozen
class Who:
    """A person as a row names them; what is blank was not written."""

    volunteer: str
    name: str
    phone: str


@attrs.frozen(kw_only=True)
class Newcomer:
    """Somebody whom a sheet names and the register does not know.

    Attributes:
        placeholder: Stands for the volunteer until there is an id; it is never written.
        name: As the sheet has it.
        phone: Digits, or ''.
    """

    placeholder: str
    name: str
    phone: str


@attrs.frozen(kw_only=True)
class People:
    """Whom the rows of a sheet mean.

    Attributes:
        volunteers: The volunteer id of everybody who is clear, or the placeholder of a newcomer.
        unclear: Why somebody is not clear.
        newcomers: Whom to add, in the order of the sheet.
    """

    volunteers: Mapping[Who, str]
    unclear: Mapping[Who, Unclear]
    newcomers: tuple[Newcomer, ...]


def match_people(register: Register, wanted: Iterable[Who], *, add: bool) -> People:
    """Whom everybody on a sheet is in the register.

    Args:
        register: Knows names and telephone numbers.
        wanted: Everybody, in the order of the sheet; repetitions do no harm.
        add: Whether somebody whose name is not registered is a newcomer; otherwise they are unclear.
    """
    everybody = tuple(dict.fromkeys(wanted))
    volunteers, unclear = _by_id(register, [who for who in everybody if who.volunteer])
    named = [who for who in everybody if not who.volunteer]
    unknown: list[Who] = []
    for who, match in zip(named, register.match_all((who.name, who.phone) for who in named), strict=True):
        if isinstance(match, Person):
            volunteers[who] = match.id
        elif match.code == "match_unknown":
            unknown.append(who)
        else:
            unclear[who] = _not_matched(who, match)
    elsewhere = _phones_of_others(register, unknown)
    unclear |= elsewhere
    unknown = [who for who in unknown if who not in elsewhere]
    if not add:
        return People(volunteers=volunteers, unclear=unclear | _strangers(register, unknown), newcomers=())
    newcomers, placeholders, torn = _newcomers(unknown)
    return People(volunteers=volunteers | placeholders, unclear=unclear | torn, newcomers=newcomers)


def _by_id(register: Register, numbered: Sequence[Who]) -> tuple[dict[Who, str], dict[Who, Unclear]]:
    """The programme's own number is enough, unless the name beside it is that of somebody else."""
    names = register.name_of({who.volunteer for who in numbered})
    volunteers, unclear = {}, {}
    for who in numbered:
        registered = names.get(who.volunteer)
        if who.name and registered is not None and name_key(registered) != name_key(who.name):
            facts = {"volunteer": who.volunteer, "registered": mask(registered)}
            unclear[who] = Unclear("name_of_another", Column.NAME, who.name, facts)
        else:
            volunteers[who] = who.volunteer
    return volunteers, unclear


def _not_matched(who: Who, match: NotMatched) -> Unclear:
    code = {"match_phone_differs": "phone_differs", "match_ambiguous": "person_ambiguous"}.get(match.code, match.code)
    column, value = (Column.PHONE, who.phone) if code == "phone_differs" else (Column.NAME, who.name)
    return Unclear(code, column, value, {"candidates": match.facts["candidates"], "count": match.facts["count"]})


def _phones_of_others(register: Register, unknown: Sequence[Who]) -> dict[Who, Unclear]:
    """Unknown names beside a telephone number that is registered: most likely a name that was misspelt."""
    with_phone = [who for who in unknown if who.phone]
    matches = register.match_all(("", who.phone) for who in with_phone)
    return {
        who: Unclear("phone_of_another", Column.NAME, who.name, {"candidates": _candidates(match)})
        for who, match in zip(with_phone, matches, strict=True)
        if isinstance(match, Person) or match.facts["count"]
    }


def _candidates(match: Person | NotMatched) -> object:
    return match.masked if isinstance(match, Person) else match.facts["candidates"]


def _strangers(register: Register, unknown: Sequence[Who]) -> dict[Who, Unclear]:
    """Unknown people, with the registered name that is nearest to what was written."""
    asked = dict.fromkeys([name_key(who.name) for who in unknown][:SUGGESTIONS_AT_MOST])
    registered = {name_key(person.name): person for person in register.all()} if asked else {}
    nearest = {name: get_close_matches(name, registered, n=1) for name in asked}
    return {
        who: Unclear("person_unknown", Column.NAME, who.name, {"nearest": registered[near[0]].masked if near else ""})
        for who in unknown
        for near in [nearest.get(name_key(who.name), [])]
    }


def _newcomers(unknown: Sequence[Who]) -> tuple[tuple[Newcomer, ...], dict[Who, str], dict[Who, Unclear]]:
    """One newcomer for each name and telephone number; a name alone is the one newcomer of that name."""
    phones: defaultdict[str, dict[str, Who]] = defaultdict(dict)
    for who in unknown:
        phones[name_key(who.name)].setdefault(phone_key(who.phone), who)
    newcomers: dict[tuple[str, str], Newcomer] = {}
    placeholders: dict[Who, str] = {}
    torn: dict[Who, Unclear] = {}
    for who in unknown:
        name, phone = name_key(who.name), phone_key(who.phone)
        written = [each for each in phones[name] if each]
        if not phone and len(written) > 1:
            facts = {"candidates": "; ".join(map(mask_phone, written)), "count": len(written)}
            torn[who] = Unclear("person_ambiguous", Column.NAME, who.name, facts)
            continue
        of = phone or next(iter(written), "")
        first = phones[name][of]
        newcomer = newcomers.setdefault(
            (name, of), Newcomer(placeholder=f"_newcomer_{len(newcomers) + 1}", name=first.name, phone=first.phone)
        )
        placeholders[who] = newcomer.placeholder
    return tuple(newcomers.values()), placeholders, torn
