"""The tree over the ledger and its checkpoints."""

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Table

from volunteer_points.storage.migrations.guarding import content, guard, make, note_version, word

revision = "vp0002"
down_revision = "vp0001"

METADATA = MetaData()


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, primary_key=True, autoincrement=False)


NODE = Table(
    "vp_node",
    METADATA,
    Column("ledger", word(64), primary_key=True),
    _number("number"),
    Column("hash", LargeBinary(32), nullable=False),
    sqlite_with_rowid=False,
)
CHECKPOINT = Table(
    "vp_checkpoint",
    METADATA,
    Column("ledger", word(64), primary_key=True),
    *(_number("size"), _number("number")),
    Column("content", content(), nullable=False),
)


def upgrade() -> None:
    """Make them."""
    make(NODE, CHECKPOINT)
    guard("vp_node", "vp_checkpoint")
    note_version(2)


def downgrade() -> None:
    """There is no way back: what was written is never removed."""
    raise NotImplementedError
