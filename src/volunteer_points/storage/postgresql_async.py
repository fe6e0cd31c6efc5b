"""PostgreSQL where SQLAlchemy's asyncio runs it, through psycopg: statements go one at a time, all else is the same."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from volunteer_points.storage import postgresql
from volunteer_points.storage.sqlite_async import created, outside_of_the_loop
from volunteer_points.storage.turns import SideBySide


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module's names are of all kinds
    """Whatever is not said here is as in PostgreSQL."""
    return getattr(postgresql, name)


engine_at = partial(postgresql.engine_at, create=created)


def new_queue() -> SideBySide:
    """Tasks wait for each other's subjects and for nothing else."""
    return SideBySide(asyncio.current_task)


def translated(error: Exception) -> Exception:
    """The library's error for one of the driver or of SQLAlchemy; any other error as it is."""
    return outside_of_the_loop(error) or postgresql.translated(error)


__all__ = ["engine_at", "new_queue", "translated"]
