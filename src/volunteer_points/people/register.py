"""The register itself: people, texts and collection codes in a database."""

import hmac
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import TracebackType
from typing import Any, Final, Self

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from volunteer_points.people import database
from volunteer_points.people.database import CODE, PERSON, TEXT
from volunteer_points.people.draws import code_key, fresh, printed_code, random_code, random_person_id
from volunteer_points.people.errors import NotMatched, PeopleError
from volunteer_points.people.particulars import KEY_CHARACTERS, Particulars, Person, Wanted, checked_once, shown

TEXT_CHARACTERS: Final = 10_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Register:
    """Names, telephone numbers, texts and collection codes, beside the ledger.

    `Register.open` keeps it at a place of its own. `Register(engine)` keeps it in a database of the host, and
    `Register(connection)` takes part in a transaction of the host, which alone commits or rolls back. Writers take
    turns, in every database.

    Args:
        bind: an engine, or a connection with a transaction, of the host.
        create: whether to create the tables if the database has none.
        owned: whether `close` also disposes of the engine.
        ids: draws the id of a new person; a draw that is in use is drawn again.
        codes: draws a collection code: 8 letters and digits of Crockford's base 32.

    Raises:
        PeopleError: `register_missing`, or `register_version` when other tables are expected here.
    """

    def __init__(
        self,
        bind: Engine | Connection,
        *,
        create: bool = False,
        owned: bool = False,
        ids: Callable[[], str] = random_person_id,
        codes: Callable[[], str] = random_code,
    ) -> None:
        self._bind = bind
        self._owned = owned
        self._ids = ids
        self._codes = codes
        self._secret = self._secret_or_new(create=create)

    @classmethod
    def open(
        cls,
        place: str | os.PathLike[str],
        *,
        create: bool = True,
        ids: Callable[[], str] = random_person_id,
        codes: Callable[[], str] = random_code,
    ) -> Self:
        """The register in this file, or behind this SQLAlchemy URL; close it after use.

        A new file can be read by its owner only. SQLite is set to survive a power cut, and to wait 30 seconds for other
        processes, or as long as the URL says (`sqlite:///people.sqlite?timeout=5`). `:memory:` is a register for trials
        in one thread.

        Raises:
            PeopleError: `register_missing` (only without `create`), `register_foreign`, `register_version`, or
                `register_unreadable`.
            Busy: `register_busy`, as everything that writes.
        """
        engine = database.engine_at(place, create=create)
        with ExitStack() as undo:
            undo.callback(engine.dispose)
            try:
                if engine.dialect.name == "sqlite":
                    database.take_file(engine)
                register = cls(engine, create=create, owned=True, ids=ids, codes=codes)
            except (DBAPIError, sqlite3.Error) as error:
                raise database.not_opened(engine, error) from error
            undo.pop_all()
        return register

    def close(self) -> None:
        """Let go of the file or the connections, if they belong to this register."""
        if self._owned:
            self._bind.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {database.shown_place(self._bind.engine)}>"

    @contextmanager
    def transaction(self) -> Iterator["Register"]:
        """A register whose calls are written together when the block ends, or not at all when it raises.

        After something was forgotten in the block, `scrub` is for the caller.
        """
        with self._writing() as connection:
            yield Register(connection, ids=self._ids, codes=self._codes)

    # --- people ---

    def add(self, name: str, phone: str = "", note: str = "", *, namesake: bool = False) -> Person:
        """Register a person under a new id.

        Args:
            name: what the person is called.
            phone: as it was written; may be blank.
            note: what tells this person from a namesake.
            namesake: whether this is another person though name and telephone number are those of somebody registered.

        Raises:
            PeopleError: `person_already_known` with the id, or as `Particulars`.
        """
        [person] = self.add_all([Particulars(name=name, phone=phone, note=note)], namesakes=namesake)
        return person

    def add_all(self, newcomers: Iterable[Particulars], *, namesakes: bool = False) -> tuple[Person, ...]:
        """Register many people in one transaction, all or none; they come back in the same order.

        Raises:
            PeopleError: `person_already_known` or `person_twice`, with the position (from 1) of the first newcomer
                whose name and telephone number are those of somebody else, unless `namesakes` are meant.
        """
        newcomers = tuple(newcomers)
        with self._writing() as connection:
            if not namesakes:
                _refuse_known(connection, newcomers)
            ids = fresh(self._ids, len(newcomers), lambda drawn: database.used(connection, PERSON.c.id, drawn))
            if ids:
                rows = [_columns(newcomer) | {"id": each} for each, newcomer in zip(ids, newcomers, strict=True)]
                connection.execute(insert(PERSON), rows)
        return tuple(map(_registered, ids, newcomers))

    def get(self, person_id: str) -> Person:
        """The person with this id; of one who was forgotten only the id is left.

        Raises:
            PeopleError: `person_unknown`.
        """
        with self._reading() as connection:
            return _get(connection, person_id)

    def update(
        self,
        person_id: str,
        *,
        name: str | None = None,
        phone: str | None = None,
        note: str | None = None,
        namesake: bool = False,
    ) -> Person:
        """Change what is known of a person; what is not given stays as it is.

        Raises:
            PeopleError: `person_unknown`, `person_forgotten`, or as `add`.
        """
        with self._writing() as connection:
            person = _get(connection, person_id)
            if person.forgotten:
                raise PeopleError("person_forgotten", person_id=person_id)
            changed = Particulars(
                name=person.name if name is None else name,
                phone=person.phone if phone is None else phone,
                note=person.note if note is None else note,
            )
            if not namesake:
                _refuse_known(connection, [changed], except_for=person_id)
            connection.execute(update(PERSON).where(PERSON.c.id == person_id).values(_columns(changed)))
        return _registered(person_id, changed)

    def all(self, *, page_size: int = database.ROWS_AT_ONCE) -> Iterator[Person]:
        """Everybody who is not forgotten, in order of id, read in pages so that no transaction stays open."""
        last_id = ""
        while True:
            page = (
                select(PERSON)
                .where(PERSON.c.id > last_id, PERSON.c.name.is_not(None))
                .order_by(PERSON.c.id)
                .limit(page_size)
            )
            with self._reading() as connection:
                people = [_person(row) for row in connection.execute(page)]
            yield from people
            if len(people) < page_size:
                return
            last_id = people[-1].id

    def name_of(self, person_ids: Iterable[str]) -> dict[str, str]:
        """The names behind many ids; ids that are unknown or forgotten are left out."""
        with self._reading() as connection:
            rows = database.rows_with(connection, PERSON.c.id, person_ids)
            return {person_id: row.name for person_id, row in rows if row.name is not None}

    def find(self, name: str = "", phone: str = "") -> tuple[Person, ...]:
        """Everybody with this name and this telephone number, in order of id; one of the two may be blank.

        Names are compared without regard to spaces, case, and full or half width, telephone numbers by their digits.

        Raises:
            NotMatched: `match_needs_name_or_phone`, when both are blank.
        """
        wanted = Wanted(name, phone)
        if wanted.blank:
            raise NotMatched("match_needs_name_or_phone", candidate_ids=(), candidates="")
        [candidates] = self._candidates([wanted])
        return wanted.narrowed(candidates)

    def match(self, name: str = "", phone: str = "") -> Person:
        """The one person with this name and this telephone number; one of the two may be blank.

        Raises:
            NotMatched: when it is nobody or several people.
        """
        [matched] = self.match_all([(name, phone)])
        if isinstance(matched, NotMatched):
            raise matched
        return matched

    def match_all(self, wanted: Iterable[tuple[str, str]]) -> list[Person | NotMatched]:
        """The same for many pairs of name and telephone number, in their order; what does not match is returned."""
        questions = [Wanted(name, phone) for name, phone in wanted]
        candidates = self._candidates(questions)
        return [question.decided(people) for question, people in zip(questions, candidates, strict=True)]

    def _candidates(self, questions: Iterable[Wanted]) -> list[list[Person]]:
        """For each question everybody with the name, or with the telephone number where the name is blank."""
        wanted = [
            ("name_key", question.name_key) if question.name_key else ("phone_key", question.phone_key)
            for question in questions
        ]
        found: dict[tuple[str, str], list[Person]] = {}
        with self._reading() as connection:
            for column in ("name_key", "phone_key"):
                keys = {key for asked, key in wanted if asked == column and key}
                for key, row in database.rows_with(connection, PERSON.c[column], keys):
                    found.setdefault((column, key), []).append(_person(row))
        return [found.get(each, []) for each in wanted]

    def forget(self, *person_ids: str) -> None:
        """Erase name, telephone number and note of these people for good; the ids stay, so the ledger's proofs hold.

        In SQLite the old bytes are also removed from the file, once the erasure is committed. In a transaction of the
        host this is for the host: `Register(engine).scrub()` after its commit. To forget somebody again does no harm.

        Raises:
            PeopleError: `person_unknown`, and nobody is forgotten; or `erasure_unfinished`, as `scrub`.
        """
        with self._writing() as connection:
            database.erase(connection, PERSON.c.id, person_ids, ("person_unknown", "person_id"))
        self._scrub_if_committed()

    # --- texts ---

    def note_text(self, text: str) -> str:
        """Keep a text, such as the reason of a reversal, and return its seal, which is all that the ledger is told.

        The seal is the SHA-256 of 16 random bytes and the text, in hexadecimal: nobody can guess the text from it, and
        the same text has another seal each time.

        Args:
            text: 1 to 10,000 characters; surrounding space is dropped.

        Raises:
            PeopleError: `particulars_blank`, `particulars_too_long` or `particulars_unreadable`.
        """
        kept = checked_once(text, "text", TEXT_CHARACTERS, lines=True)
        salt = secrets.token_bytes(database.SALT_BYTES)
        seal = _seal(salt, kept)
        with self._writing() as connection:
            connection.execute(insert(TEXT).values(seal=seal, salt=salt.hex(), text=kept))
        return seal

    def text_of(self, seal: str) -> str | None:
        """The text behind a seal, or None if it was never noted here, or was erased.

        Raises:
            PeopleError: `text_altered`, when the text was changed since.
        """
        kept = self._kept_text(seal)
        if kept is None:
            return None
        if _seal(*kept) != seal:
            raise PeopleError("text_altered", seal=seal)
        return kept[1]

    def verify_text(self, seal: str, text: str) -> bool:
        """Whether this is the text that was sealed, for instance one that somebody kept on paper.

        Raises:
            PeopleError: `text_unknown`, when nothing is left to verify it with.
        """
        kept = self._kept_text(seal)
        if kept is None:
            raise PeopleError("text_unknown", seal=seal)
        return _seal(kept[0], text.strip()) == seal

    def forget_texts(self, *seals: str) -> None:
        """Erase these texts for good, as `forget` does with people; the seals stay.

        Raises:
            PeopleError: `text_unknown`, and nothing is erased; or `erasure_unfinished`, as `scrub`.
        """
        with self._writing() as connection:
            database.erase(connection, TEXT.c.seal, seals, ("text_unknown", "seal"))
        self._scrub_if_committed()

    def _kept_text(self, seal: str) -> tuple[bytes, str] | None:
        with self._reading() as connection:
            row = connection.execute(select(TEXT).where(TEXT.c.seal == seal)).one_or_none()
        return None if row is None or row.text is None else (bytes.fromhex(row.salt), row.text)

    # --- collection codes ---

    def issue_code(self, redemption_id: str, until: datetime) -> str:
        """A new code by which a redemption is collected, as `XXXX-XXXX`; an earlier code of it is replaced.

        The code is told to the volunteer and kept nowhere: the register has its HMAC-SHA-256 under a secret of its own.
        That hides codes from somebody who sees a copy of the register, not from somebody who takes the copy home and
        tries all 2^40 of them.

        Args:
            redemption_id: the redemption in the ledger.
            until: the instant after which the code is of no use, by which `withdraw_codes` goes.

        Raises:
            PeopleError: `time_naive`, or `particulars_too_long` for an id.
        """
        redemption = checked_once(redemption_id, "redemption id", KEY_CHARACTERS)
        until_microseconds = _microseconds(until, "until")
        with self._writing() as connection:
            [code] = fresh(lambda: code_key(self._codes()), 1, lambda drawn: self._used_codes(connection, drawn))
            connection.execute(update(CODE).where(CODE.c.redemption_id == redemption).values(replaced=True))
            issued = {"redemption_id": redemption, "until": until_microseconds, "replaced": False}
            connection.execute(insert(CODE).values(issued | {"digest": self._digest(code)}))
        return printed_code(code)

    def redemption_for(self, code: str) -> str:
        """The redemption that is collected with this code.

        Small letters, spaces, dashes, and O for 0 or I for 1 do no harm. Whether the redemption can still be collected
        is for the ledger to say: it knows what was collected, cancelled or has lapsed, and when. Counting wrong tries,
        and slowing down whoever makes many of them, is the host's affair: one in 2^40 tries hits a given code.

        Raises:
            PeopleError: `code_malformed`, `code_unknown` or `code_replaced`.
        """
        digest = self._digest(code_key(code))
        with self._reading() as connection:
            row = connection.execute(select(CODE).where(CODE.c.digest == digest)).one_or_none()
        if row is None:
            raise PeopleError("code_unknown")
        if row.replaced:
            raise PeopleError("code_replaced", redemption_id=row.redemption_id)
        return str(row.redemption_id)

    def withdraw_codes(self, ended_by: datetime) -> int:
        """Remove the codes whose `until` is at or before this instant; they are unknown from then on.

        Returns:
            How many were removed.

        Raises:
            PeopleError: `time_naive`.
        """
        ended_by_microseconds = _microseconds(ended_by, "ended_by")
        with self._writing() as connection:
            return connection.execute(delete(CODE).where(CODE.c.until <= ended_by_microseconds)).rowcount

    def _digest(self, code: str) -> str:
        return hmac.digest(self._secret, code.encode(), "sha256").hex()

    def _used_codes(self, connection: Connection, codes: Sequence[str]) -> set[str]:
        used = database.used(connection, CODE.c.digest, map(self._digest, codes))
        return {code for code in codes if self._digest(code) in used}

    # --- the file ---

    def scrub(self) -> None:
        """Remove from a SQLite file what is left of rows that were erased or changed, by writing it anew.

        `forget` does it already. Other databases keep old rows until they clean up by themselves (in PostgreSQL, until
        VACUUM), and copies of the file keep them as long as they exist.

        Raises:
            PeopleError: `erasure_unfinished`, when another program is reading the file.
        """
        if self._bind.dialect.name == "sqlite":
            if isinstance(self._bind, Connection):
                raise PeopleError("erasure_unfinished", reason="the transaction is still open")
            database.empty_free_space(self._bind)

    def _scrub_if_committed(self) -> None:
        if isinstance(self._bind, Engine):
            self.scrub()

    @contextmanager
    def _reading(self, *, writing: bool = False) -> Iterator[Connection]:
        with database.clear_errors(self._bind.engine):
            if isinstance(self._bind, Connection):
                yield self._bind
                return
            engine = self._bind.execution_options(**{database.WRITING: writing})
            with engine.begin() as connection:
                yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._reading(writing=True) as connection:
            database.take_turns(connection)
            yield connection

    def _secret_or_new(self, *, create: bool) -> bytes:
        with self._reading() as connection:
            secret = database.secret_in(connection)
        if secret is None and create:
            with self._reading(writing=True) as connection:
                secret = database.secret_in(connection) or database.create(connection)
        if secret is None:
            raise PeopleError("register_missing", place=database.shown_place(self._bind.engine))
        return secret


# --- rows ---


def _person(row: Row[Any]) -> Person:
    return Person(id=row.id, name=row.name or "", phone=row.phone or "", note=row.note or "")


def _registered(person_id: str, particulars: Particulars) -> Person:
    return Person(id=person_id, name=particulars.name, phone=particulars.phone, note=particulars.note)


def _columns(particulars: Particulars) -> dict[str, str]:
    name_key, phone_key = particulars.key
    return {
        "name": particulars.name,
        "phone": particulars.phone,
        "note": particulars.note,
        "name_key": name_key,
        "phone_key": phone_key,
    }


def _get(connection: Connection, person_id: str) -> Person:
    row = connection.execute(select(PERSON).where(PERSON.c.id == person_id)).one_or_none()
    if row is None:
        raise PeopleError("person_unknown", person_id=person_id)
    return _person(row)


def _refuse_known(connection: Connection, newcomers: Sequence[Particulars], *, except_for: str = "") -> None:
    """Refuse a newcomer who cannot be told from another newcomer, or from somebody registered."""
    names = {newcomer.key[0] for newcomer in newcomers}
    known = {
        (row.name_key, row.phone_key): row.id
        for _, row in database.rows_with(connection, PERSON.c.name_key, names)
        if row.id != except_for
    }
    positions: dict[tuple[str, str], int] = {}
    for position, newcomer in enumerate(newcomers, start=1):
        facts = {"position": position, "shown": shown(newcomer.name, newcomer.phone)}
        if newcomer.key in known:
            raise PeopleError("person_already_known", **facts, person_id=known[newcomer.key])
        if newcomer.key in positions:
            raise PeopleError("person_twice", **facts, first_position=positions[newcomer.key])
        positions[newcomer.key] = position


# --- seals and instants ---


def _seal(salt: bytes, text: str) -> str:
    return sha256(salt + text.encode()).hexdigest()


def _microseconds(instant: datetime, field: str) -> int:
    if instant.utcoffset() is None:
        raise PeopleError("time_naive", field=field, value=instant.isoformat())
    return (instant - _EPOCH) // timedelta(microseconds=1)
