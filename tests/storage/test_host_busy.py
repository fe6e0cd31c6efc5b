"""A host's transaction that is in somebody's way is the host's to try again."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from volunteer_points.commands import Enrol
from volunteer_points.errors import HostBusy
from volunteer_points.programme import Programme, Retry
from volunteer_points.storage.sql import SqlStore


def test_a_busy_transaction_of_a_host_is_not_tried_again_within_it(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    SqlStore.open(file, "saihan").close()
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 0.05, "isolation_level": None})
    waits: list[float] = []
    with closing(sqlite3.connect(file, isolation_level=None)) as other, engine.connect() as host:
        host.exec_driver_sql("BEGIN")
        programme = Programme(SqlStore.joining(host, "saihan"), retry=Retry(sleep=waits.append))
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(HostBusy):
            programme.execute(Enrol(volunteer="v-1"), actor="founder-a")
    engine.dispose()
    assert waits == []
