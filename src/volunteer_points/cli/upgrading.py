"""A database of an older version at the command line, brought up to date."""

from __future__ import annotations

import click

from volunteer_points.cli.context import Desk
from volunteer_points.cli.output import Answer, Line
from volunteer_points.cli.verbs import verb
from volunteer_points.errors import Misconfigured


@verb(
    "upgrade",
    zh="把旧版本建立的数据库表升级到当前版本。\n\n分录保持不变。请先备份，并以数据表所有者的身份连接。",
    examples=("volunteer-points upgrade ledger.db", "volunteer-points upgrade postgresql://owner@host/points"),
)
@click.argument("place", required=False, metavar="[LEDGER]")
def upgrade(desk: Desk, place: str | None) -> Answer:
    """Bring the tables of a database up to date that an older version made.

    Entries stay as they are. Keep a copy first, and connect as the one who owns the tables.
    """
    try:
        from volunteer_points.storage import migrations  # noqa: PLC0415 - Alembic may not be installed
    except ImportError as error:
        fix = "Install it: pip install 'volunteer-points[servers]'."
        raise Misconfigured("cannot_open", problem=str(error), fix=fix) from error

    where = (place or desk.ledger_place).partition("#")[0]
    version = migrations.upgrade(where)
    said = desk.say(f"The tables have version {version}.", f"数据库表的版本为 {version}。")
    return Answer({"schema_version": version}, (Line(said, "good"),))


__all__ = ["upgrade"]
