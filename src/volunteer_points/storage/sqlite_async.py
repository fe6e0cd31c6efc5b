"""SQLite where SQLAlchemy's asyncio runs it, through aiosqlite: all as in SQLite, but nothing blocks the event loop."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import URL, Engine
from sqlalchemy.exc import MissingGreenlet
from sqlalchemy.ext.asyncio import create_async_engine

from volunteer_points.errors import Misconfigured
from volunteer_points.storage import sqlite
from volunteer_points.storage.families import shown
from volunteer_points.storage.tasks import TaskTurns, sleep

FIX_DRIVER = "Install the driver: pip install 'volunteer-points[async]'."
FIX_LOOP = "Use volunteer_points.asynchronous, which runs the store within the event loop."


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module's names are of all kinds
    """Whatever is not said here is as in SQLite."""
    return getattr(sqlite, name)


def engine_at(url: URL, *, durable: bool, read_only: bool) -> Engine:
    """An engine over a file, prepared for a ledger.

    Raises:
        Misconfigured: the place is no place for a ledger, or the driver is not installed.
    """
    try:
        return sqlite.engine_at(url, durable=durable, read_only=read_only, create=created)
    except Misconfigured as error:
        if isinstance(error.__cause__, ImportError):
            raise Misconfigured(
                "cannot_open", place=shown(url), problem=str(error.__cause__), fix=FIX_DRIVER
            ) from error
        raise


def created(url: URL, **settings: object) -> Engine:
    """What SQLAlchemy runs in an event loop, as its synchronous side."""
    return create_async_engine(url, **settings).sync_engine


def new_queue() -> TaskTurns:
    """One task writes after the other."""
    return TaskTurns()


make_ready = partial(sqlite.make_ready, sleep=sleep)
begin_writing = partial(sqlite.begin_writing, sleep=sleep)


def translated(error: Exception) -> Exception:
    """The library's error for one of the driver or of SQLAlchemy; any other error as it is."""
    return outside_of_the_loop(error) or sqlite.translated(error)


def outside_of_the_loop(error: Exception) -> Misconfigured | None:
    """What to say when somebody used the store where no event loop waits for it."""
    return Misconfigured("outside_of_event_loop", fix=FIX_LOOP) if isinstance(error, MissingGreenlet) else None


__all__ = ["begin_writing", "created", "engine_at", "make_ready", "new_queue", "outside_of_the_loop", "translated"]
