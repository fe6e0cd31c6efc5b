"""Entries as bytes: the golden vectors hold, every entry reads back, and whatever is not canonical is refused."""

from __future__ import annotations

import json
import types
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from enum import Enum
from fractions import Fraction
from hashlib import sha256
from typing import Any, Union, get_args, get_origin, get_type_hints

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.golden.idle import IDLE_ENTRIES
from tests.golden.own_rules import OWN_ENTRIES
from tests.golden.reaching_back import BACK_ENTRIES
from tests.golden.samples import COMMANDS, ENTRIES
from tests.golden.vectors import FILES, path_of
from tests.golden.vocabulary import MORE_COMMANDS, MORE_ENTRIES
from volunteer_points.canonical import text_of
from volunteer_points.commands import Command
from volunteer_points.entries import KINDS, Draft, Entry, derived_id, entries_of
from volunteer_points.errors import Corrupt, InputError
from volunteer_points.ledger import ENCODING_VERSION, decode, encode, leaf_hash
from volunteer_points.model import Calendar, Details, Interval, Item, Quantity, TeamStructure
from volunteer_points.postings import Account, Posting, imbalance
from volunteer_points.rules import Expiry, Rulebook
from volunteer_points.testing import strategies

CHANGED = (
    "The bytes or hashes of what is written have changed, and ledgers out there hold the old ones. Raise"
    " ENCODING_VERSION, keep reading the old version, and write new vectors beside the old: python -m tests.golden"
)

# --- golden vectors ----------------------------------------------------------------------------------------------


def checked_in(name: str) -> list[str]:
    return path_of(name).read_text("utf-8").splitlines()


@pytest.mark.parametrize("name", sorted(FILES))
def test_todays_code_gives_the_golden_vectors(name: str) -> None:
    assert FILES[name]() == checked_in(name), CHANGED


GOLDEN = [line for name in ("entries", "vocabulary", "reaching-back", "own-rules", "idle") for line in checked_in(name)]


def test_there_is_a_golden_entry_of_every_kind_and_every_field_is_filled_in_in_one() -> None:
    assert {line.split("\t")[0] for line in GOLDEN} == set(KINDS)
    assert {type(command) for command in (*COMMANDS, *MORE_COMMANDS)} == set(get_args(Command))
    written: dict[str, set[str]] = {}
    for line in GOLDEN:
        kind, _, content = line.split("\t")
        written.setdefault(kind, set()).update(json.loads(content)["fact"])
    for kind, names in written.items():
        left_out = {field.name for field in attrs.fields(KINDS[kind])} - names
        assert left_out == {"Described": {"tags", "household"}, "ProgrammeAdopted": {"run_by_one"}}.get(kind, set())


@pytest.mark.parametrize("line", GOLDEN, ids=lambda line: line.split("\t")[0])
def test_golden_bytes_are_read_as_the_entry_that_they_were(line: str) -> None:
    kind, leaf, content = line.split("\t")
    (entry,) = [
        entry
        for entry in (*ENTRIES, *MORE_ENTRIES, *BACK_ENTRIES, *OWN_ENTRIES, *IDLE_ENTRIES)
        if entry.kind == kind and encode(entry) == content.encode()
    ]
    assert decode(content.encode()) == entry, CHANGED
    assert leaf_hash(content.encode()).hex() == leaf == sha256(b"\x00" + content.encode()).hexdigest()


def test_bytes_say_the_version_of_their_encoding() -> None:
    assert all(json.loads(encode(entry))["v"] == ENCODING_VERSION for entry in ENTRIES)


# --- any entry of any kind ---------------------------------------------------------------------------------------

INSTANTS = st.datetimes(datetime(1900, 1, 2), datetime(2999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
WHOLE = st.integers(-(10**15), 10**15)

PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXTS,
    int: WHOLE,
    bool: st.booleans(),
    datetime: INSTANTS,
    date: st.dates(),
    time: st.times().map(lambda clock: clock.replace(second=0, microsecond=0)),
    Fraction: st.fractions(),
    Interval: st.lists(INSTANTS, min_size=2, max_size=2, unique=True).map(
        lambda both: Interval(begin=min(both), end=max(both))
    ),
    Calendar: strategies.calendars(),
    TeamStructure: strategies.structures(),
    Expiry: strategies.expiries(),
    Details: st.builds(
        Details,
        role=TEXTS,
        marks=st.lists(TEXTS, max_size=3).map(tuple),
        rating=TEXTS,
        participants=st.integers(1, 10**15),
        quantities=st.lists(
            st.builds(Quantity, unit=strategies.ids(), amount=st.integers(1, 10**15)),
            max_size=3,
            unique_by=lambda quantity: quantity.unit,
        ).map(tuple),
        planned_minutes=st.none() | st.integers(1, 10**15),
        travel_minutes=st.integers(0, 10**15),
        beneficiary=st.none() | TEXTS,
    ),
    Rulebook: strategies.rulebooks(activities=("park",), teams=("repairs",), items=("rice",)),
    Item: strategies.items(partners=("grain",)),
}
NAMED = {"id", "actor", "slot", "code", "partner"}


def of_type(kind: Any, name: str = "") -> st.SearchStrategy[Any]:  # noqa: ANN401, PLR0911 - any type; one answer for each
    """Values of any type that an entry may hold."""
    if kind is str and name in NAMED:
        return strategies.ids()
    if kind is int and name == "decimals":
        return st.integers(0, 6)
    if kind in PLAIN:
        return PLAIN[kind]
    if get_origin(kind) is tuple:
        inner = get_args(kind)
        if inner[-1] is Ellipsis:
            return st.lists(of_type(inner[0]), max_size=3).map(tuple)
        return st.tuples(*(of_type(each) for each in inner))
    if get_origin(kind) in {Union, types.UnionType}:
        return st.one_of(*(of_type(each, name) for each in get_args(kind)))
    if kind is type(None):
        return st.none()
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    hints = get_type_hints(kind)
    return st.builds(kind, **{field.name: of_type(hints[field.name], field.name) for field in attrs.fields(kind)})


POSTINGS = st.builds(Posting, st.builds(Account, TEXTS, TEXTS, TEXTS), TEXTS, WHOLE, st.none() | INSTANTS, st.dates())


def entries_with(fact: st.SearchStrategy[Any]) -> st.SearchStrategy[Entry]:
    return st.builds(
        Entry,
        ledger=TEXTS,
        key=TEXTS,
        number=st.integers(1, 99),
        count=st.integers(1, 99),
        digest=TEXTS,
        actor=TEXTS,
        booked_at=INSTANTS,
        fact=fact,
        about=st.lists(TEXTS, max_size=3).map(tuple),
        on=st.dates(),
        postings=st.lists(POSTINGS, max_size=4).map(tuple),
    )


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@given(data=st.data())
def test_every_entry_reads_back_as_it_was_and_to_the_same_bytes(kind: type, data: st.DataObject) -> None:
    entry = data.draw(entries_with(of_type(kind)))
    content = encode(entry)
    decode.cache_clear()
    assert decode(content) == entry
    assert encode(decode(content)) == content


@given(entries_with(of_type(KINDS["Withdrawn"])), st.data())
def test_any_changed_byte_is_another_leaf_and_another_entry_or_none(entry: Entry, data: st.DataObject) -> None:
    content = bytearray(encode(entry))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    assert leaf_hash(bytes(content)) != leaf_hash(encode(entry))
    try:
        other = decode(bytes(content))
    except Corrupt:
        return
    assert other != entry


# --- what is not an entry ----------------------------------------------------------------------------------------

GOOD = encode(ENTRIES[-1])


def changed(**fields: object) -> bytes:
    return text_of({**json.loads(GOOD), **fields}).encode()


def with_fact(**fields: object) -> bytes:
    return changed(fact={**json.loads(GOOD)["fact"], **fields})


def with_posting(place: int, value: object) -> bytes:
    posting = json.loads(encode(ENTRIES[0]))["postings"][0]
    posting[place] = value
    return changed(postings=[posting])


BAD: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "no UTF-8": b"\xff\xfe",
    "a list": b"[]",
    "a number": b"1",
    "deep": b"[" * 100_000,
    "a long number": b'{"v":' + b"1" * 5000 + b"}",
    "another version": changed(v=2),
    "no version": text_of({name: value for name, value in json.loads(GOOD).items() if name != "v"}).encode(),
    "an unknown kind": changed(kind="Gifted"),
    "a kind that is a list": changed(kind=[]),
    "an extra field": changed(extra=1),
    "an extra field of the fact": with_fact(extra=1),
    "a fact that is a list": changed(fact=[]),
    "a default that is written": with_fact(reason={"code": "a", "seal": ""}),
    "spaces": json.dumps(json.loads(GOOD), sort_keys=True, ensure_ascii=False).encode(),
    "another order": json.dumps(dict(reversed(json.loads(GOOD).items())), separators=(",", ":")).encode(),
    "escapes": json.dumps(json.loads(encode(ENTRIES[0])), sort_keys=True, separators=(",", ":")).encode(),
    "a key twice": GOOD.replace(b'{"about"', b'{"about":[],"about"', 1),
    "a float for a number": changed(n=1.0),
    "a text for a number": changed(n="1"),
    "a truth value for a number": changed(of=True),
    "a number for a text": changed(actor=5),
    "no actor": changed(actor=None),
    "a text for subjects": changed(about="programme"),
    "a number for a subject": changed(about=[1]),
    "half a character": changed(key="x").replace(b'"key":"x"', b'"key":"\\ud800"'),
    "a naive time": changed(booked_at="2026-03-14T04:00:00.000000"),
    "a time of another spelling": changed(booked_at="2026-03-14T12:00:00.000000+08:00"),
    "a time before all calendars": changed(booked_at="0001-01-01T00:00:00.000000+08:00"),
    "a day that is none": changed(on="2026-02-30"),
    "a float in the fact": with_fact(counted=9.0),
    "a truth value in the fact": with_fact(counted=True),
    "a float amount": with_posting(4, 1.5),
    "a truth value for an amount": with_posting(4, True),  # noqa: FBT003 - it is what is tested
    "a number for a unit": with_posting(3, 5),
    "a day for a lot": with_posting(5, "2026-03-14"),
    "a short posting": changed(postings=[["a", "b"]]),
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_what_is_not_the_canonical_bytes_of_an_entry_is_refused(content: bytes) -> None:
    with pytest.raises(Corrupt) as corrupt:
        decode(content)
    assert corrupt.value.code == "unreadable_entry"


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_an_entry_or_refused(content: bytes) -> None:
    with pytest.raises(Corrupt):
        decode(content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@given(place=st.sampled_from(sorted(json.loads(encode(ENTRIES[0])))), value=JSON)
def test_an_entry_with_any_other_value_in_any_place_is_refused_or_reads_back_to_the_same_bytes(
    place: str, value: object
) -> None:
    content = text_of({**json.loads(encode(ENTRIES[0])), place: value}).encode()
    try:
        entry = decode(content)
    except Corrupt:
        return
    assert encode(entry) == content


# --- commits and ids ---------------------------------------------------------------------------------------------

DAY = date(2026, 3, 14)


def posting(unit: str, amount: int) -> Posting:
    return Posting(Account("volunteer:v-1", "available"), unit, amount, None, DAY)


def commit(*drafts: Draft) -> tuple[Entry, ...]:
    return entries_of(
        drafts, ledger="saihan", key="k", digest="d", actor="a", booked_at=datetime(2026, 3, 14, tzinfo=UTC)
    )


def test_entries_of_a_commit_say_which_of_how_many_they_are() -> None:
    draft = Draft(KINDS["Withdrawn"](subject="x"), ("programme",), DAY)  # type: ignore[call-arg]
    assert [(entry.number, entry.count) for entry in commit(draft, draft, draft)] == [(1, 3), (2, 3), (3, 3)]
    assert len({entry.id for entry in commit(draft, draft, draft)}) == 3


@pytest.mark.parametrize("amounts, uneven", [
    ({"points": [5, -5], "minutes": [3]}, {"minutes": 3}),
    ({"points": [5, -4]}, {"points": 1}),
    ({"points": [-5], "minutes": [5]}, {"points": -5, "minutes": 5}),
])  # fmt: skip
def test_postings_add_up_to_nought_for_every_unit(amounts: dict[str, list[int]], uneven: dict[str, int]) -> None:
    postings = tuple(posting(unit, amount) for unit, parts in amounts.items() for amount in parts)
    assert imbalance(postings) == uneven
    with pytest.raises(Corrupt) as corrupt:
        commit(Draft(KINDS["Withdrawn"](subject="x"), (), DAY, postings))  # type: ignore[call-arg]
    assert corrupt.value.facts["units"] == uneven


@given(st.lists(st.integers(-9, 9)))
def test_a_posting_and_its_mirror_add_up_to_nought_on_the_same_day_and_lot(amounts: list[int]) -> None:
    postings = [posting("points", amount) for amount in amounts]
    mirrors = [each.mirrored() for each in postings]
    assert imbalance([*postings, *mirrors]) == {}
    assert [(each.account, each.lot, each.on) for each in mirrors] == [(p.account, p.lot, p.on) for p in postings]


@given(st.lists(st.tuples(TEXTS, TEXTS, st.integers(0, 999)), min_size=2, max_size=2, unique=True))
def test_ids_of_different_commits_differ(parts: list[tuple[str, str, int]]) -> None:
    one, other = (derived_id("e", *each) for each in parts)
    assert one != other


def test_an_entry_is_booked_at_an_instant_that_knows_its_zone() -> None:
    for wrong in (datetime(2026, 3, 14), "2026-03-14T00:00:00Z"):  # noqa: DTZ001
        with pytest.raises(InputError, match="naive datetime"):
            attrs.evolve(ENTRIES[0], booked_at=wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("make", [attrs.evolve, setattr])
def test_an_entry_is_never_changed_in_place(make: Callable[..., Entry]) -> None:
    if make is attrs.evolve:
        assert make(ENTRIES[0], actor="other").actor == "other"
        assert ENTRIES[0].actor == "founder-b"
    else:
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            make(ENTRIES[0], "actor", "other")
