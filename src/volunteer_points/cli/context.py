"""What every command has at hand: the ledger, the people register, who acts, in which language."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from volunteer_points.cli.readings import read_instant
from volunteer_points.cli.words import meant, sentence
from volunteer_points.commands import Command
from volunteer_points.entries import ActivityListed, ItemListed, PartnerAgreed, TeamFormed
from volunteer_points.errors import InputError, Misconfigured, Refused, VolunteerPointsError
from volunteer_points.model import Calendar, Currency, OwnRules
from volunteer_points.programme import Outcome, Programme

if TYPE_CHECKING:
    from volunteer_points.explain.wording import Lang, Speaker
    from volunteer_points.people import Register
    from volunteer_points.storage.journal import JournalStore
    from volunteer_points.storage.sql import SqlStore

PROGRAM = "volunteer-points"
LEDGER_BY_DEFAULT = "volunteer-points.db"

_REPEATED = {"ledger": "--ledger", "people_place": "--people", "actor": "--actor"}
_NOUNS = {"activity": "服务项目", "item": "物资或服务", "team": "志愿服务队", "partner": "共建单位"}


class Desk:
    """The ledger and what belongs to it, opened when a command first needs it and closed after the command.

    Args:
        language: ``zh`` or ``en``.
        given: What was typed of ``ledger``, ``people_place``, ``actor``, ``at``, ``key`` and ``as_json``.
    """

    def __init__(self, *, language: str, given: Mapping[str, Any]) -> None:
        self.language = language
        self.key: str | None = given.get("key")
        self.as_json = bool(given.get("as_json"))
        self._given = given
        self._names: dict[str, str] = {}
        self._namesakes: set[str] = set()
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    # --- words ---

    def say(self, en: str, zh: str) -> str:
        """The text in the language of the answer."""
        return zh if self.language == "zh" else en

    def command(self, *words: object, as_self: bool = False) -> str:
        """A command line as it could be typed next, with the ledger, register and actor that were typed now.

        Args:
            words: The command and its arguments.
            as_self: Leave out the actor when it is somebody else who has to act.
        """
        repeated = [
            part
            for name, flag in _REPEATED.items()
            if name in self._given and (name != "actor" or as_self)
            for part in (flag, str(self._given[name]))
        ]
        return shlex.join([PROGRAM, *map(str, words), *repeated])

    # --- the ledger ---

    @property
    def ledger_place(self) -> str:
        """The file or the URL of the ledger; with ``#`` and its id where a database holds several."""
        given = self._given.get("ledger") or os.environ.get("VOLUNTEER_POINTS_LEDGER")
        return str(given or LEDGER_BY_DEFAULT)

    @property
    def ledger_file(self) -> Path | None:
        """The file in which the ledger is; None when it is on a server."""
        return _file_of(self.ledger_place)

    @cached_property
    def programme(self) -> Programme:
        """The programme as it is kept in the ledger.

        Raises:
            InputError: ``no_ledger``.
            StoreError: what is there is not a ledger that can be used.
        """
        self._check_file(self.ledger_place)
        return self._opened(create=False)

    def begin(self, ledger: str) -> None:
        """Make the ledger, which is not there yet.

        Args:
            ledger: Its id.
        """
        self.programme = self._opened(create=True, ledger=ledger)

    def is_begun(self) -> bool:
        """Whether the ledger is there.

        Raises:
            StoreError: what is there is not a ledger.
        """
        if self.ledger_file is not None:
            return self.ledger_file.exists() and bool(self._opened(create=False))
        try:
            return bool(self._opened(create=False))
        except Misconfigured:
            return False

    def _opened(self, *, create: bool, ledger: str | None = None) -> Programme:
        if not create and _is_journal(self.ledger_place):
            return Programme(_journal_at(self.ledger_place), clock=self.now, own_rules=self.own_rules)
        store = self.store_for_writing(create=create, ledger=ledger)
        return Programme(store, clock=self.now, own_rules=self.own_rules)

    @cached_property
    def own_rules(self) -> OwnRules:
        """The developers' own rules that are installed.

        Raises:
            InputError: one of them is not as it must be.
        """
        from volunteer_points.installed import installed_rules  # noqa: PLC0415 - help does not need it

        return installed_rules()

    def store_for_writing(self, *, create: bool, ledger: str | None = None) -> SqlStore:
        """The database of the ledger.

        Args:
            create: Make the ledger if the database has none.
            ledger: Its id.

        Raises:
            Misconfigured: ``opened_read_only`` where it would be a journal.
            StoreError: what is there is not the ledger.
        """
        from volunteer_points.storage.sql import SqlStore  # noqa: PLC0415 - help does not need SQLAlchemy

        if _is_journal(self.ledger_place):
            fix = "A journal is read and never written; name a database."
            raise Misconfigured("opened_read_only", ledger=ledger, journal=self.ledger_place, fix=fix)
        place, _, named = self.ledger_place.partition("#")
        store = SqlStore.open(place, ledger=ledger or named or None, create=create)
        self._open.callback(store.close)
        return store

    def store_for_reading(self, place: str) -> SqlStore | JournalStore:
        """A ledger that is only read, even where its guards are missing; it may be in a journal.

        Raises:
            InputError: ``no_ledger``.
            StoreError: what is there is not a ledger.
        """
        from volunteer_points.storage.sql import SqlStore  # noqa: PLC0415 - help does not need SQLAlchemy

        self._check_file(place)
        if _is_journal(place):
            return _journal_at(place)
        where, _, named = place.partition("#")
        store = SqlStore.open(where, ledger=named or None, create=False, read_only=True)
        self._open.callback(store.close)
        return store

    def _check_file(self, place: str) -> None:
        file = _file_of(place)
        if file is not None and not file.exists():
            begin = self.command("init", "--preset", "saihan", "--founders", "A,B")
            raise InputError("no_ledger", place=place, command=begin)

    def now(self, calendar: Calendar | None = None) -> datetime:
        """When what is done now is booked: what ``--at`` says, or the time of this machine.

        Args:
            calendar: Whose clock ``--at`` means, before there is a programme.

        Raises:
            InputError: ``not_an_instant`` or ``time_twice_or_never``.
        """
        text = self._given.get("at")
        return read_instant(text, calendar or self.calendar) if text else datetime.now(UTC)

    def check_time(self) -> None:
        """Refuse an ``--at`` that is no time, even where nothing is booked.

        Raises:
            InputError: ``not_an_instant``.
        """
        if text := self._given.get("at"):
            read_instant(text, Calendar(zone="UTC"))

    @property
    def calendar(self) -> Calendar:
        """The programme's zone and start of day."""
        return self.programme.frame().calendar

    @property
    def today(self) -> date:
        """The programme's day on which things are booked now."""
        return self.calendar.day(self.now())

    def instant(self, text: str) -> datetime:
        """A time as it was typed.

        Raises:
            InputError: ``not_an_instant`` or ``time_twice_or_never``.
        """
        return read_instant(text, self.calendar)

    def day_or_instant(self, text: str) -> datetime:
        """The first instant of a day, or a time, as it was typed.

        Raises:
            InputError: as :meth:`instant`.
        """
        try:
            return self.calendar.start_of(date.fromisoformat(text))
        except ValueError:
            return self.instant(text)

    def shown(self, instant: datetime) -> str:
        """An instant as the programme's clock shows it."""
        return f"{self.calendar.local(instant):%Y-%m-%d %H:%M}"

    def typed(self, instant: datetime) -> str:
        """An instant as it can be typed again."""
        local = self.calendar.local(instant)
        return local.isoformat(timespec="auto" if local.second or local.microsecond else "minutes")

    def currency(self, name: str) -> Currency:
        """A currency of the programme.

        Raises:
            Refused: ``unknown_currency``.
        """
        return self.programme.frame().currency(name)

    # --- who acts ---

    @property
    def has_actor(self) -> bool:
        """Whether it was said who writes."""
        return bool(self._given.get("actor") or os.environ.get("VOLUNTEER_POINTS_ACTOR"))

    @property
    def actor(self) -> str:
        """Who writes.

        Raises:
            InputError: ``no_actor``.
        """
        actor = self._given.get("actor") or os.environ.get("VOLUNTEER_POINTS_ACTOR")
        if not actor:
            raise InputError("no_actor")
        return str(actor)

    def write(self, command: Command, *, key: str | None = None) -> Outcome:
        """Write one command under the key that was given."""
        return self.programme.execute(command, actor=self.actor, key=key or self.key, booked_at=self.now())

    def preview(self, command: Command) -> Outcome:
        """What a command would write, without writing it.

        Raises:
            Refused: it would not be allowed.
        """
        return self.programme.preview(command, actor=self.actor, booked_at=self.now())

    # --- people ---

    @property
    def people_place(self) -> str:
        """Where the people register is."""
        given = self._given.get("people_place") or os.environ.get("VOLUNTEER_POINTS_PEOPLE")
        if given:
            return str(given)
        file = self.ledger_file
        if file is None:
            return "volunteer-points.people.db"
        return str(file.with_name(f"{file.name.removesuffix('.gz').rsplit('.', 1)[0]}.people.db"))

    @cached_property
    def people(self) -> Register:
        """The people register; it is made when there is none."""
        from volunteer_points.people import Register  # noqa: PLC0415 - help does not need SQLAlchemy

        return self._open.enter_context(Register.open(self.people_place))

    @property
    def known_people(self) -> Register | None:
        """The people register, or None when there is none; reading never makes one."""
        exists = "://" in self.people_place or Path(self.people_place).exists()
        return self.people if exists else None

    def look_up(self, volunteers: Iterable[str]) -> None:
        """Find the names of many at once, before they are shown one by one."""
        people, wanted = self.known_people, sorted(set(volunteers) - self._names.keys())
        found = people.name_of(wanted) if people and wanted else {}
        self._names.update({volunteer: found.get(volunteer, "") for volunteer in wanted})
        if people is not None and found:
            matched = people.match_all((name, "") for name in found.values())
            self._namesakes.update(
                volunteer for volunteer, who in zip(found, matched, strict=True) if isinstance(who, InputError)
            )

    def name(self, volunteer: str) -> str:
        """A volunteer's name, or "" when none is registered."""
        self.look_up([volunteer])
        return self._names[volunteer]

    def called(self, volunteer: str) -> str:
        """What people call a volunteer: the name, with the id where others have the same name; or the id alone."""
        name = self.name(volunteer)
        if not name:
            return volunteer
        return f"{name} ({volunteer})" if volunteer in self._namesakes else name

    @cached_property
    def speaker(self) -> Speaker:
        """Says points, times and names in the language of the answer and on the programme's clock."""
        from volunteer_points.explain.wording import Speaker, naming  # noqa: PLC0415 - help does not need it

        names = naming(self.programme.nouns(), self.called)
        return Speaker(self.lang, self.programme.frame(), names)

    @property
    def lang(self) -> Lang:
        """The language as the library knows it."""
        return "zh" if self.language == "zh" else "en"

    def sentence(self, error: VolunteerPointsError) -> str:
        """What went wrong, with names and the programme's clock once the ledger is open."""
        speaker = None
        if "programme" in self.__dict__:
            with suppress(VolunteerPointsError):
                speaker = self.speaker
        return sentence(error, self.language, speaker)

    def person(self, text: str) -> str:
        """The id of the volunteer whom somebody means: by id, exact name or phone.

        Raises:
            InputError: ``no_such_person`` or ``several_people``.
        """
        if self._is_enrolled(text):
            return text
        people = self.known_people
        found = {
            person.id: person
            for way in ({"name": text}, {"phone": text})
            if people is not None and (way.get("name") or any(char.isdecimal() for char in text))
            for person in people.find(**way)
        }
        if len(found) == 1:
            return next(iter(found))
        if found:
            shown = "; ".join(person.masked for person in found.values())
            raise InputError("several_people", value=text, count=len(found), candidates=shown)
        raise InputError("no_such_person", value=text, command=self.command("people"))

    def _is_enrolled(self, volunteer: str) -> bool:
        try:
            self.programme.volunteer(volunteer)
        except Refused as refusal:
            if refusal.code != "unknown_volunteer":
                raise
            return False
        return True

    # --- things of the programme ---

    def thing(self, noun: str, text: str) -> str:
        """The id of an activity, item, team or partner, from its id, name or alias.

        Raises:
            InputError: ``no_such_thing`` or ``several_things``.
        """
        known = self.things(noun)
        if text in known:
            return text
        wanted = _folded(text)
        found = [each for each, names in known.items() if wanted in map(_folded, names)]
        if len(found) == 1:
            return found[0]
        if found:
            raise InputError("several_things", value=text, known=", ".join(found))
        labels = {label: each for each, names in known.items() for label in (each, *names)}
        raise InputError(
            "no_such_thing",
            noun=_NOUNS[noun] if self.language == "zh" else noun,
            value=text,
            nearest=meant(text, labels, self.language),
            known=", ".join(f"{each} ({names[0]})" for each, names in known.items()) or "-",
        )

    def things(self, noun: str) -> dict[str, tuple[str, ...]]:
        """Every activity, item, team or partner by id, with its names, the first of which is shown."""
        named: dict[str, tuple[str, ...]] = {}
        for fact in self.programme.nouns().values():
            match noun, fact:
                case "activity", ActivityListed(activity=thing):
                    named[thing.id] = (thing.name, *thing.aliases)
                case "item", ItemListed(item=thing):
                    named[thing.id] = (thing.name, *thing.aliases)
                case "team", TeamFormed(team=thing):
                    named[thing.id] = (thing.name,)
                case "partner", PartnerAgreed(partner=thing):
                    named[thing.id] = (thing.name,)
        return named


def _is_journal(place: str) -> bool:
    """Whether a place is a journal file, by its name."""
    return "://" not in place and place.endswith((".jsonl", ".jsonl.gz"))


def _journal_at(place: str) -> JournalStore:
    from volunteer_points.storage.journal import read_journal  # noqa: PLC0415 - few commands need it

    return read_journal(place)


def _file_of(place: str) -> Path | None:
    """The file that a place names; None when it is a server."""
    where = place.partition("#")[0]
    if "://" not in where:
        return Path(where)
    from sqlalchemy import make_url  # noqa: PLC0415 - only where a URL is given

    url = make_url(where)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def _folded(text: str) -> str:
    return "".join(text.casefold().split())
