"""The ledger, the index of it, and what lets writers work side by side."""

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
    text,
)

from volunteer_points.storage.migrations.guarding import content, family_name, guard, make, run, word

revision = "vp0001"
down_revision = None
branch_labels = ("volunteer_points",)

METADATA = MetaData()


def _key(name: str, characters: int) -> Column[str]:
    return Column(name, word(characters), primary_key=True)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, primary_key=True, autoincrement=False)


LEDGER = Table(
    "vp_ledger",
    METADATA,
    _key("ledger", 64),
    Column("schema_version", Integer, nullable=False),
    Column("created_by", String(64), nullable=False),
)
ENTRY = Table(
    "vp_entry",
    METADATA,
    Column("ledger", word(64), ForeignKey(LEDGER.c.ledger), primary_key=True),
    _number("position"),
    Column("key", word(255), nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", word(64), nullable=False),
    Column("leaf", LargeBinary(32), nullable=False),
    Column("content", content(), nullable=False),
    UniqueConstraint("ledger", "key", "number", name="vp_entry_ledger_key_number_key"),
)
ABOUT = Table(
    "vp_about",
    METADATA,
    *(_key("ledger", 64), _key("subject", 160), _key("kind", 64), _number("on_day"), _number("position")),
    sqlite_with_rowid=False,
)
POSTING = Table(
    "vp_posting",
    METADATA,
    *(_key("ledger", 64), _key("holder", 160), _key("purpose", 32), _key("unit", 160)),
    *(_number("on_day"), _key("of", 160), _number("position"), _number("number")),
    Column("amount", BigInteger, nullable=False),
    Column("lot", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
BALANCE = Table(
    "vp_balance",
    METADATA,
    *(_key("ledger", 64), _key("purpose", 32), _key("holder", 160), _key("of", 160), _key("unit", 160)),
    _number("lot"),
    Column("amount", BigInteger, nullable=False),
    Column("floor", Integer, nullable=False),
    CheckConstraint("floor * amount >= 0", name="vp_balance_floor"),
    sqlite_with_rowid=False,
)
_ENDS = text("lot < 9223372036854775807")
Index("vp_balance_due", BALANCE.c.ledger, BALANCE.c.purpose, BALANCE.c.lot, sqlite_where=_ENDS, postgresql_where=_ENDS)
SUBJECT = Table(
    "vp_subject",
    METADATA,
    *(_key("ledger", 64), _key("subject", 300)),
    Column("version", BigInteger, nullable=False),
)
LEAF = Table(
    "vp_leaf",
    METADATA,
    *(_key("ledger", 64), _number("place")),
    Column("position", BigInteger, nullable=False),
    UniqueConstraint("ledger", "position"),
)
UNPLACED = Table("vp_unplaced", METADATA, _key("ledger", 64), _number("position"))
BLOCK = Table("vp_block", METADATA, Column("block", BigInteger, primary_key=True, autoincrement=True))


def upgrade() -> None:
    """Make them."""
    make(LEDGER, ENTRY, ABOUT, POSTING, BALANCE)
    guard("vp_ledger", "vp_entry", "vp_about", "vp_posting")
    if family_name() != "sqlite":
        make(SUBJECT, LEAF, UNPLACED)
        guard("vp_leaf")
    if family_name() == "postgresql":
        run("CREATE SEQUENCE IF NOT EXISTS vp_block")
    if family_name() == "mysql":
        make(BLOCK)


def downgrade() -> None:
    """There is no way back: what was written is never removed."""
    raise NotImplementedError
