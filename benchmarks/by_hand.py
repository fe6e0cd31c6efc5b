"""The peer: a program written by hand for this one community, with sqlite3 and nothing of the library.

Its rules, duties and prices stand in its code. It writes the same rows into the same tables, with the same checks, the
same canonical bytes and the same hashes, and each command is as durable: BEGIN IMMEDIATE, WAL, synchronous = FULL, and
the triggers that lie in the file.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeAlias
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
FOUNDERS = {"founder-a", "founder-b"}
MAY_RECORD, MAY_APPROVE, MAY_HAND_OVER = {"leader", *FOUNDERS}, {"checker", *FOUNDERS}, {"shop", *FOUNDERS}
ACTIVITY, TEAM = "park", "green"
RULEBOOK, POINTS_AN_HOUR, POINTS_A_DAY = "2026", 10, 80
ITEM, PARTNER, PRICE, BAGS_A_MONTH, HOLD_DAYS = "rice", "grain", 20, 6, 14
DAYS_OF_A_RECORD = 7

NO_LOT = 2**63 - 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FLOORS = {
    "available": 1,
    "held": 1,
    "claimed": 1,
    "served": 1,
    "on_hand": 1,
    "collected": 1,
    "debt": -1,
    "issued": 0,
    "quota": 0,
    "expired": 0,
}
OF_RECORDS = ("Submitted", "Approved", "Rejected", "Voided", "Awarded", "NotAwarded", "Reversed", "Corrected")
LIVE = {"Submitted", "Approved", "Corrected", "Awarded", "NotAwarded"}
OF_REDEMPTIONS = ("Held", "Collected", "Cancelled", "Lapsed", "Returned")

INSERT_ENTRY = "INSERT INTO vp_entry (ledger, position, key, number, kind, leaf, content) VALUES (?, ?, ?, ?, ?, ?, ?)"
INSERT_ABOUT = "INSERT INTO vp_about (ledger, subject, kind, on_day, position) VALUES (?, ?, ?, ?, ?)"
INSERT_POSTING = (
    "INSERT INTO vp_posting (ledger, holder, purpose, unit, on_day, of, position, number, amount, lot)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
INSERT_BALANCE = (
    "INSERT INTO vp_balance (ledger, holder, purpose, of, unit, lot, amount, floor) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)


class Rows(Protocol):
    """What a driver gives back for a statement."""

    @property
    def rowcount(self) -> int:
        """How many rows were met."""
        ...

    def __iter__(self) -> Iterator[Any]: ...

    def fetchone(self) -> Any:  # noqa: ANN401 - whatever was asked for
        """The next row."""
        ...


Fields: TypeAlias = dict[str, Any]
Lots: TypeAlias = dict[datetime | None, int]


class No(Exception):
    """The command is refused; nothing was written."""


class Command(NamedTuple):
    """Who brings a command, under which key and when."""

    key: str
    actor: str
    booked_at: datetime

    @property
    def day(self) -> date:
        """The community's day."""
        return self.booked_at.astimezone(ZONE).date()


class Service(NamedTuple):
    """What a volunteer did, and when."""

    volunteer: str
    activity: str
    begin: datetime
    end: datetime


class Posting(NamedTuple):
    """So much of a unit into an account."""

    holder: str
    purpose: str
    of: str
    unit: str
    amount: int
    lot: datetime | None
    on: date


class Draft(NamedTuple):
    """An entry to be written."""

    kind: str
    about: Sequence[str]
    on: date
    fact: Fields
    postings: Sequence[Posting]


class ByHand:
    """A ledger file that is there already."""

    def __init__(self, place: Path | str, ledger: str) -> None:
        self._ledger = ledger
        self._open(place)
        [adopted] = self._entries("programme", ("RulebookAdopted",))
        self._rulebook_hash = adopted["fact"]["hash"]

    def _open(self, place: Path | str) -> None:
        self._connection = sqlite3.connect(place, isolation_level=None)
        for setting in ("synchronous = FULL", "foreign_keys = ON", "recursive_triggers = ON", "busy_timeout = 5000"):
            self._run(f"PRAGMA {setting}")

    def close(self) -> None:
        """Close it."""
        self._connection.close()

    # --- commands ---

    def submit(self, command: Command, service: Service) -> None:
        """Record service."""
        with self._transaction():
            self._submit(command, service)

    def import_services(self, rows: Iterable[tuple[Command, Service]]) -> None:
        """Record much service in one transaction, all or none."""
        with self._transaction():
            for command, service in rows:
                self._submit(command, service)

    def _submit(self, command: Command, service: Service) -> None:
        begin, end = service.begin, service.end
        interval = {"begin": _utc(begin), "end": _utc(end)}
        said = {"activity": service.activity, "intervals": [interval], "volunteer": service.volunteer}
        digest = self._new(command, ["Submit", command.actor, said])
        if digest is None:
            return
        on, minutes = begin.astimezone(ZONE).date(), (end - begin) // timedelta(minutes=1)
        if service.activity != ACTIVITY or command.actor not in MAY_RECORD:
            raise No("unknown activity, or no right to record")
        if minutes < 1 or end > command.booked_at or (end.astimezone(ZONE).date() - on).days >= DAYS_OF_A_RECORD:
            raise No("too short, in the future or too long")
        self._check_member(service.volunteer, on)
        self._check_alone(service, interval)
        record, holder = _new_id("r", self._ledger, command.key), f"volunteer:{service.volunteer}"
        fact = {"record": record, "team": TEAM, **said}
        claim = _claim(holder, record, minutes, on)
        self._write(command, digest, [Draft("Submitted", (f"record:{record}", holder), on, fact, claim)])

    def approve(self, command: Command, record: str) -> None:
        """Approve a record, which awards its points."""
        with self._transaction():
            digest = self._new(command, ["Approve", command.actor, {"record": record}])
            if digest is None:
                return
            about = self._entries(f"record:{record}", OF_RECORDS)
            if [entry["kind"] for entry in about] != ["Submitted"]:
                raise No("nothing to approve")
            if command.actor not in MAY_APPROVE or command.actor in {about[0]["actor"], about[0]["fact"]["volunteer"]}:
                raise No("no right to approve, or one's own record")
            self._write(command, digest, self._awarded(command, about[0]))

    def hold(self, command: Command, volunteer: str, item: str) -> None:
        """Hold a bag for a volunteer."""
        with self._transaction():
            digest = self._new(command, ["Redeem", command.actor, {"item": item, "volunteer": volunteer}])
            if digest is None:
                return
            if item != ITEM or command.actor not in {volunteer, *MAY_RECORD}:
                raise No("unknown item, or no right to redeem")
            self._check_member(volunteer, command.day)
            self._write(command, digest, [self._held(command, volunteer)])

    def collect(self, command: Command, redemption: str) -> None:
        """Hand over what is held."""
        with self._transaction():
            digest = self._new(command, ["Collect", command.actor, {"redemption": redemption}])
            if digest is None:
                return
            about = self._entries(f"redemption:{redemption}", OF_REDEMPTIONS)
            if [entry["kind"] for entry in about] != ["Held"]:
                raise No("nothing to collect")
            fact = about[0]["fact"]
            if command.actor not in MAY_HAND_OVER or command.actor == fact["volunteer"]:
                raise No("no right to hand it over")
            if _utc(command.booked_at) >= fact["held_until"]:
                raise No("held no longer")
            self._write(command, digest, [_collected(about[0], command.day)])

    # --- what they come to ---

    def _awarded(self, command: Command, submitted: Fields) -> list[Draft]:
        said, on = submitted["fact"], date.fromisoformat(submitted["on"])
        volunteer, record = said["volunteer"], said["record"]
        holder = f"volunteer:{volunteer}"
        begin, end = (datetime.fromisoformat(said["intervals"][0][each]) for each in ("begin", "end"))
        minutes = (end - begin) // timedelta(minutes=1)
        used = -self._moved((holder, "issued", "points"), on, on + timedelta(days=1))
        points, working = _worked_out(minutes, used)
        lot = _start_of(date(on.year + 2, 1, 1))
        approved = {"record": record, "volunteer": volunteer}
        award = {
            **approved,
            "activity": ACTIVITY,
            "rulebook": RULEBOOK,
            "rulebook_hash": self._rulebook_hash,
            "currency": "points",
            "points": points,
            "minutes": minutes,
            "lot": _utc(lot),
            "working": working,
        }
        postings = (
            Posting(holder, "issued", ACTIVITY, "minutes", -minutes, None, on),
            Posting(holder, "served", ACTIVITY, "minutes", minutes, None, on),
            Posting(holder, "issued", ACTIVITY, "points", -points, None, on),
            Posting(holder, "available", "", "points", points, lot, on),
        )
        about = (f"record:{record}", holder)
        return [
            Draft("Approved", about, on, approved, _claim(holder, record, -minutes, on)),
            Draft("Awarded", about, on, award, postings),
            *self._repaid(command, volunteer, lot, points),
        ]

    def _repaid(self, command: Command, volunteer: str, lot: datetime, points: int) -> Iterator[Draft]:
        """Let what is available, the new points among it, pay what is owed."""
        holder, on = f"volunteer:{volunteer}", command.day
        owed = -sum(self._lots(holder, "debt", "", "points").values())
        if not owed:
            return
        lots = self._lots(holder, "available", "", "points", after=command.booked_at)
        lots[lot] = lots.get(lot, 0) + points
        parts = _taken(lots, min(owed, sum(lots.values())))
        paid = sum(parts.values())
        postings = [Posting(holder, "available", "", "points", -part, each, on) for each, part in parts.items()]
        postings.append(Posting(holder, "debt", "", "points", paid, None, on))
        yield Draft("Repaid", (holder,), on, {"volunteer": volunteer, "currency": "points", "points": paid}, postings)

    def _held(self, command: Command, volunteer: str) -> Draft:
        holder, item, on = f"volunteer:{volunteer}", f"item:{ITEM}", command.day
        month = on.replace(day=1)
        next_month = (month + timedelta(days=31)).replace(day=1)
        if 1 - self._moved((holder, "quota", "units"), month, next_month, of=ITEM) > BAGS_A_MONTH:
            raise No("enough for this month")
        lots = self._lots(holder, "available", "", "points", after=command.booked_at)
        if sum(lots.values()) < PRICE:
            raise No("not enough points")
        shelf = self._lots(item, "on_hand", PARTNER, item, after=command.booked_at)
        if not shelf:
            raise No("nothing on the shelf")
        redemption, until = _new_id("x", self._ledger, command.key), _start_of(on + timedelta(days=HOLD_DAYS + 1))
        postings = []
        for lot, part in _taken(lots, PRICE).items():
            postings.append(Posting(holder, "available", "", "points", -part, lot, on))
            postings.append(Posting(holder, "held", redemption, "points", part, lot, on))
        for lot, part in _taken(shelf, 1).items():
            postings.append(Posting(item, "on_hand", PARTNER, item, -part, lot, on))
            postings.append(Posting(holder, "held", redemption, item, part, lot, on))
        postings += [
            Posting(holder, "quota", ITEM, "redemptions", -1, None, on),
            Posting(holder, "held", redemption, "redemptions", 1, until, on),
            Posting(holder, "quota", ITEM, "units", -1, None, on),
            Posting(holder, "counted", ITEM, "units", 1, None, on),
        ]
        fact = {
            "redemption": redemption,
            "volunteer": volunteer,
            "item": ITEM,
            "partner": PARTNER,
            "quantity": 1,
            "price": PRICE,
            "currency": "points",
            "points": PRICE,
            "held_until": _utc(until),
            "rulebook": RULEBOOK,
        }
        return Draft("Held", (f"redemption:{redemption}", holder), on, fact, postings)

    # --- what is read ---

    def _new(self, command: Command, said: Sequence[Any]) -> str | None:
        """The digest of what is said, unless the key was used before for the same; then there is nothing to do."""
        digest = hashlib.sha256(_write_json(said).encode()).hexdigest()
        place = (self._ledger, command.key)
        written = self._run("SELECT content FROM vp_entry WHERE ledger = ? AND key = ? LIMIT 1", place).fetchone()
        if written is not None:
            if json.loads(written[0])["digest"] != digest:
                raise No("the key was used for something else")
            return None
        if command.day.isoformat() < self._closed_until:
            raise No("the period is closed")
        return digest

    def _check_member(self, volunteer: str, on: date) -> None:
        moves = [
            entry
            for entry in self._entries(f"volunteer:{volunteer}", ("Enrolled", "Left"))
            if "team" not in entry["fact"]
        ]
        if not moves or (moves[-1]["kind"] == "Left" and moves[-1]["fact"]["since"] <= on.isoformat()):
            raise No("not enrolled on that day")

    def _check_alone(self, service: Service, mine: Mapping[str, str]) -> None:
        """Nobody serves twice at once. Texts of instants in UTC sort as the instants do."""
        since, until = service.begin.toordinal() - DAYS_OF_A_RECORD - 2, service.end.toordinal() + 3
        records: dict[str, tuple[str, list[dict[str, str]]]] = {}
        for entry in self._entries(f"volunteer:{service.volunteer}", OF_RECORDS, since, until):
            record = entry["fact"]["record"]
            records[record] = entry["kind"], entry["fact"].get("intervals") or records[record][1]
        for kind, theirs in records.values():
            if kind in LIVE and any(each["begin"] < mine["end"] and mine["begin"] < each["end"] for each in theirs):
                raise No("serves elsewhere at that time")

    def _entries(self, subject: str, kinds: Sequence[str], since: int = 0, until: int = NO_LOT) -> list[Fields]:
        marks = ", ".join("?" * len(kinds))
        rows = self._run(
            "SELECT content FROM vp_about JOIN vp_entry USING (ledger, position)"  # noqa: S608 - only marks are put in
            f" WHERE ledger = ? AND subject = ? AND vp_about.kind IN ({marks}) AND on_day >= ? AND on_day < ?"
            " ORDER BY position",
            (self._ledger, subject, *kinds, since, until),
        )
        return [json.loads(content) for (content,) in rows]

    def _moved(self, accounts: tuple[str, str, str], since: date, until: date, of: str | None = None) -> int:
        """How much moved on a holder's accounts of a purpose, in a unit, for the days of a window."""
        [[amount]] = self._run(
            "SELECT coalesce(sum(amount), 0) FROM vp_posting WHERE ledger = ? AND holder = ? AND purpose = ?"
            " AND unit = ? AND on_day >= ? AND on_day < ? AND (? IS NULL OR of = ?)",
            (self._ledger, *accounts, since.toordinal(), until.toordinal(), of, of),
        )
        return int(amount)

    def _lots(self, holder: str, purpose: str, of: str, unit: str, *, after: datetime = EPOCH) -> Lots:
        """Amounts by lot, of those that end later."""
        rows = self._run(
            "SELECT lot, amount FROM vp_balance"
            " WHERE ledger = ? AND holder = ? AND purpose = ? AND of = ? AND unit = ? AND lot > ?",
            (self._ledger, holder, purpose, of, unit, _lot_number(after)),
        )
        return {_lot_of(lot): amount for lot, amount in rows}

    # --- what is written ---

    def _write(self, command: Command, digest: str, drafts: Sequence[Draft]) -> None:
        for number, draft in enumerate(drafts, start=1):
            self._last += 1
            fields = {
                "v": 1,
                "ledger": self._ledger,
                "key": command.key,
                "n": number,
                "of": len(drafts),
                "digest": digest,
                "actor": command.actor,
                "booked_at": _utc(command.booked_at),
                "kind": draft.kind,
                "about": draft.about,
                "on": draft.on.isoformat(),
                "fact": draft.fact,
                "postings": [
                    (*posting[:5], None if posting.lot is None else _utc(posting.lot), posting.on.isoformat())
                    for posting in draft.postings
                ],
            }
            content = _write_json(fields).encode()
            leaf = hashlib.sha256(b"\x00" + content).digest()
            row = (self._ledger, self._last, command.key, number, draft.kind, leaf, content)
            self._run(INSERT_ENTRY, row)
            self._write_index(draft, self._last)

    def _write_index(self, draft: Draft, position: int) -> None:
        day = draft.on.toordinal()
        self._run_all(
            INSERT_ABOUT,
            [(self._ledger, subject, draft.kind, day, position) for subject in draft.about],
        )
        rows = []
        for number, (holder, purpose, of, unit, amount, instant, on) in enumerate(draft.postings, start=1):
            lot = _lot_number(instant)
            rows.append((self._ledger, holder, purpose, unit, on.toordinal(), of, position, number, amount, lot))
            if purpose in FLOORS:
                self._add(FLOORS[purpose], amount, (self._ledger, holder, purpose, of, unit, lot))
        self._run_all(INSERT_POSTING, rows)

    def _add(self, floor: int, amount: int, place: tuple[object, ...]) -> None:
        """Add to a balance; there is no row for one that is nought."""
        where = "WHERE ledger = ? AND holder = ? AND purpose = ? AND of = ? AND unit = ? AND lot = ?"
        changed = self._run(f"UPDATE vp_balance SET amount = amount + ? {where}", (amount, *place))  # noqa: S608
        if changed.rowcount == 0:
            self._run(INSERT_BALANCE, (*place, amount, floor))
        elif floor * amount <= 0:
            self._run(f"DELETE FROM vp_balance {where} AND amount = 0", place)  # noqa: S608

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._begin()
        try:
            self._look()
            yield
        except BaseException:
            self._run("ROLLBACK")
            raise
        self._run("COMMIT")

    def _begin(self) -> None:
        self._run("BEGIN IMMEDIATE")

    def _look(self) -> None:
        """Read what nobody else can change now: where the ledger ends, and up to when it is closed."""
        [[self._last]] = self._run("SELECT coalesce(max(position), 0) FROM vp_entry WHERE ledger = ?", (self._ledger,))
        self._look_for_closings()

    def _look_for_closings(self) -> None:
        closings = self._entries("programme", ("PeriodClosed",))
        self._closed_until = max((entry["fact"]["until"] for entry in closings), default="")

    def _run(self, statement: str, values: Sequence[object] = ()) -> Rows:
        return self._connection.execute(statement, values)

    def _run_all(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        self._connection.executemany(statement, rows)


_write_json = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _start_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZONE)


def _lot_number(lot: datetime | None) -> int:
    return NO_LOT if lot is None else (lot - EPOCH) // timedelta(microseconds=1)


def _lot_of(number: int) -> datetime | None:
    return None if number == NO_LOT else EPOCH + timedelta(microseconds=number)


def _new_id(prefix: str, ledger: str, key: str) -> str:
    bound = hashlib.sha256(f"{len(ledger)}:{ledger}{len(key)}:{key}0".encode()).digest()[:10]
    return f"{prefix}-{base64.b32encode(bound).decode().lower()}"


def _claim(holder: str, record: str, minutes: int, on: date) -> tuple[Posting, Posting]:
    return (
        Posting(holder, "claimed", record, "minutes", minutes, None, on),
        Posting(holder, "reported", "", "minutes", -minutes, None, on),
    )


def _worked_out(minutes: int, used: int) -> tuple[int, list[Fields]]:
    """Points for so many minutes after those that the day has brought already, and how they came about."""
    exact = Fraction(POINTS_AN_HOUR * minutes, 60)
    points = int(exact)
    working = [
        {"rule": "time", "did": "measured", "before": "", "after": str(minutes)},
        _step("hours", "per_hour", minutes, exact, rate=POINTS_AN_HOUR, clause=""),
    ]
    if points != exact:
        working.append(_step("rounding", "points_rounded", exact, points, to=1, direction="down"))
    room = max(0, POINTS_A_DAY - used)
    if points > room:
        facts = {"limit": POINTS_A_DAY, "per": "day", "used": used, "of": "points", "clause": ""}
        working.append(_step("daily", "capped", points, room, **facts))
        points = room
    if not points:
        raise No("nothing to award: this program knows no such case")
    return points, working


def _step(rule: str, did: str, before: object, after: object, **facts: object) -> Fields:
    told = [(name, str(value)) for name, value in facts.items()]
    return {"rule": rule, "did": did, "before": str(before), "after": str(after), "facts": told}


def _taken(lots: Lots, amount: int) -> Lots:
    """So much out of the lots, the soonest first."""
    parts = {}
    for lot in sorted(lots, key=_lot_number):
        part = min(lots[lot], amount)
        if part:
            parts[lot] = part
            amount -= part
    return parts


def _collected(held: Fields, on: date) -> Draft:
    volunteer, redemption = held["fact"]["volunteer"], held["fact"]["redemption"]
    holder, partner = f"volunteer:{volunteer}", f"partner:{PARTNER}"
    postings = []
    for account, purpose, of, unit, amount, text, _ in held["postings"]:
        if purpose == "held":
            lot = None if text is None else datetime.fromisoformat(text)
            target = (partner, "redeemed") if unit == "points" else (holder, "collected")
            kept = None if unit == "redemptions" else lot
            postings.append(Posting(account, purpose, of, unit, -amount, lot, on))
            postings.append(Posting(*target, ITEM, unit, amount, kept, on))
    about = (f"redemption:{redemption}", holder, partner)
    return Draft("Collected", about, on, {"redemption": redemption, "volunteer": volunteer}, postings)
