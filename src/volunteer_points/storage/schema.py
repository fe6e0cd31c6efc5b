"""The tables of a SQL store, the same in every database: the ledger, and a generic index of it.

``vp_entry`` is the ledger. ``vp_about`` and ``vp_posting`` are read from its bytes and lie in the order in which they
are asked for; ``vp_balance`` is kept beside them for the purposes that have a floor. ``vp_node`` and ``vp_checkpoint``
are written by whoever seals the ledger. No table knows a noun of the domain, so a new kind of entry changes none of
them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    literal_column,
)
from sqlalchemy.dialects.mysql import LONGBLOB
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from volunteer_points.canonical import microseconds

VERSION: Final = 2
LEDGER_CHARACTERS: Final = 64

NO_LOT: Final = 2**63 - 1
"""Stands for a lot without an end: later than any instant, so the soonest come first."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

FLOOR: Final = "vp_balance_floor"
"""The name of the check that guards floors."""

KEY: Final = "vp_entry_ledger_key_number_key"
"""The name of the constraint that keeps keys unique."""

METADATA: Final = MetaData()

# In MySQL's families a text and the same with a blank behind it are equal, unless the collation says otherwise.
_BY_CODE_POINT: Final = {"postgresql": "C", "mariadb": "utf8mb4_nopad_bin", "mysql": "utf8mb4_0900_bin"}


def _text() -> String:
    """An identifier: a noun, a colon and a name of at most 64 characters."""
    return _word(160)


def _word(characters: int) -> String:
    """A text that is compared and ordered by its code points, whatever the language of the database."""
    kind: String = String(characters)
    for family, collation in _BY_CODE_POINT.items():
        kind = kind.with_variant(String(characters, collation=collation), family)
    return kind


def _ledger() -> Column[str]:
    return Column("ledger", _word(LEDGER_CHARACTERS), primary_key=True)


def _place(name: str) -> Column[int]:
    return Column(name, BigInteger, primary_key=True, autoincrement=False)


LEDGER: Final = Table(
    "vp_ledger",
    METADATA,
    _ledger(),
    Column("schema_version", Integer, nullable=False),
    Column("created_by", String(64), nullable=False),
)
ENTRY: Final = Table(
    "vp_entry",
    METADATA,
    Column("ledger", _word(LEDGER_CHARACTERS), ForeignKey(LEDGER.c.ledger), primary_key=True),
    _place("position"),
    Column("key", _word(255), nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", _word(64), nullable=False),
    Column("leaf", LargeBinary(32), nullable=False),
    Column("content", LargeBinary().with_variant(LONGBLOB(), "mysql", "mariadb"), nullable=False),
    UniqueConstraint("ledger", "key", "number", name=KEY),
)
ABOUT: Final = Table(
    "vp_about",
    METADATA,
    _ledger(),
    Column("subject", _text(), primary_key=True),
    Column("kind", _word(64), primary_key=True),
    _place("on_day"),  # the proleptic ordinal of the day
    _place("position"),
    sqlite_with_rowid=False,
)
POSTING: Final = Table(
    "vp_posting",
    METADATA,
    _ledger(),
    Column("holder", _text(), primary_key=True),
    Column("purpose", _word(32), primary_key=True),
    Column("unit", _text(), primary_key=True),
    _place("on_day"),
    Column("of", _text(), primary_key=True),
    _place("position"),
    _place("number"),
    Column("amount", BigInteger, nullable=False),
    Column("lot", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
BALANCE: Final = Table(
    "vp_balance",
    METADATA,
    _ledger(),
    Column("purpose", _word(32), primary_key=True),
    Column("holder", _text(), primary_key=True),
    Column("of", _text(), primary_key=True),
    Column("unit", _text(), primary_key=True),
    _place("lot"),  # microseconds since 1970, UTC
    Column("amount", BigInteger, nullable=False),
    Column("floor", Integer, nullable=False),
    CheckConstraint("floor * amount >= 0", name=FLOOR),
    sqlite_with_rowid=False,
)
ENDS: Final = BALANCE.c.lot < literal_column(str(NO_LOT))
"""Whether a balance ends at all; most do not, and are no part of the index of those that do."""

DUE: Final = Index(
    "vp_balance_due", BALANCE.c.ledger, BALANCE.c.purpose, BALANCE.c.lot, sqlite_where=ENDS, postgresql_where=ENDS
)

NODE: Final = Table(
    "vp_node",
    METADATA,
    _ledger(),
    _place("number"),
    Column("hash", LargeBinary(32), nullable=False),
    sqlite_with_rowid=False,
)
"""The complete nodes of the Merkle tree above the leaves, numbered as :func:`volunteer_points.storage.seals.number_of`
does; the leaves themselves are in ``vp_entry``.
"""

CHECKPOINT: Final = Table(
    "vp_checkpoint",
    METADATA,
    _ledger(),
    _place("size"),
    _place("number"),  # 1 for the first of its size; further ones are the same with another signature
    Column("content", LargeBinary().with_variant(LONGBLOB(), "mysql", "mariadb"), nullable=False),
)
"""Checkpoints as they are published."""

TABLES: Final = (LEDGER, ENTRY, ABOUT, POSTING, BALANCE, NODE, CHECKPOINT)
"""The tables of every ledger."""

APPEND_ONLY: Final = (LEDGER, ENTRY, ABOUT, POSTING, NODE, CHECKPOINT)
"""Those in which nothing is ever changed or removed."""

# --- where writers work side by side -----------------------------------------------------------------------------
# Positions in ``vp_entry`` then have gaps and are committed out of order, so a lasting place is given afterwards.

SUBJECT: Final = Table(
    "vp_subject",
    METADATA,
    _ledger(),
    Column("subject", _word(300), primary_key=True),  # a key may be one, too
    Column("version", BigInteger, nullable=False),
)
"""A row for each subject that was ever held; whoever holds it alone writes the row."""

LEAF: Final = Table(
    "vp_leaf",
    METADATA,
    _ledger(),
    _place("place"),
    Column("position", BigInteger, nullable=False),
    UniqueConstraint("ledger", "position"),
)
"""The lasting place of an entry, 1 for the first; nothing in it is ever changed or removed."""

UNPLACED: Final = Table("vp_unplaced", METADATA, _ledger(), _place("position"))
"""The entries that have no lasting place yet."""

BLOCK: Final = Table("vp_block", METADATA, Column("block", BigInteger, primary_key=True, autoincrement=True))
"""Deals out blocks of positions where there are no sequences; whoever draws one leaves no row."""

SIDE_BY_SIDE: Final = (SUBJECT, LEAF, UNPLACED)


def create_statements(tables: Iterable[Table], dialect: Dialect, *, references: bool = True) -> Iterator[str]:
    """What makes tables and their indexes where they are missing, with foreign keys or without."""
    for table in tables:
        within = None if references else ()
        yield str(
            CreateTable(table, include_foreign_key_constraints=within, if_not_exists=True).compile(dialect=dialect)
        )
        for index in table.indexes:
            yield str(CreateIndex(index, if_not_exists=True).compile(dialect=dialect))


@lru_cache(maxsize=4096)
def lot_number(lot: datetime | None) -> int:
    """A lot as it stands in the tables."""
    return NO_LOT if lot is None else microseconds(lot)


@lru_cache(maxsize=4096)
def lot_of(number: int) -> datetime | None:
    """The lot that stands in the tables as this number."""
    return None if number == NO_LOT else _EPOCH + timedelta(microseconds=number)
