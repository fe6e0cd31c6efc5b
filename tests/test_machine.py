"""The memory store alone through the whole machine; other stores are compared with it in tests/storage."""

from __future__ import annotations

from collections.abc import Mapping

from volunteer_points.storage import Store
from volunteer_points.storage.memory import MemoryStore
from volunteer_points.testing.machine import StoreMachine


class MemoryMachine(StoreMachine):
    def empty_stores(self) -> Mapping[str, Store]:
        return {"memory": MemoryStore("machine"), "another": MemoryStore("machine")}


TestMemory = MemoryMachine.TestCase
