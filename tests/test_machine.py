"""The same commands on every store: equal answers, equal bytes, equal balances, after every step."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from volunteer_points.storage import Store
from volunteer_points.storage.memory import MemoryStore
from volunteer_points.storage.sql import SqlStore
from volunteer_points.testing.machine import StoreMachine


class MemoryAndSqliteMachine(StoreMachine):
    """A store in memory and one in an SQLite file, driven side by side."""

    def empty_stores(self) -> Mapping[str, Store]:
        self.folder = tempfile.TemporaryDirectory()
        self.sqlite = SqlStore.open(Path(self.folder.name) / "machine.db", "machine", durable=False)
        return {"memory": MemoryStore("machine"), "sqlite": self.sqlite}

    def teardown(self) -> None:
        self.sqlite.close()
        self.folder.cleanup()


TestStores = MemoryAndSqliteMachine.TestCase
