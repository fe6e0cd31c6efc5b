"""Beyond one machine: what a cluster acknowledged outlives the server, and the machine, that acknowledged it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import PIPE
from threading import Event

import pytest

from tests.cluster.needs import missing

if lacking := missing():
    pytest.skip(f"a cluster needs what is missing here: {'; '.join(lacking)}", allow_module_level=True)

import psutil  # type: ignore[import-untyped]
import psycopg

from tests.cluster.clusters import FAILOVER_SECONDS, Cluster, cluster
from tests.storage.commits import LEDGER
from tests.storage.pressure import Writer, begin, check
from volunteer_points.storage.sql import SqlStore

pytestmark = pytest.mark.slow

WRITERS = 4


@contextmanager
def load(url: str) -> Iterator[list[Writer]]:
    """A community whose writers write for as long as the block lasts."""
    stop = Event()
    with SqlStore.open(url, LEDGER) as store, ThreadPoolExecutor(WRITERS) as pool:
        begin(store)
        writers = [Writer(store, number, stop.is_set) for number in range(WRITERS)]
        running = [pool.submit(writer.run) for writer in writers]
        try:
            yield writers
        finally:
            stop.set()
        for each in running:
            each.result(30)


def wait_for_more(writers: list[Writer], keys: int = 20, seconds: float = 30) -> None:
    """Wait until each writer had so many more keys acknowledged."""
    aims = [len(writer.told.acknowledged) + keys for writer in writers]
    end = time.monotonic() + seconds
    while any(len(writer.told.acknowledged) < aim for writer, aim in zip(writers, aims, strict=True)):
        assert time.monotonic() < end, [writer.told.errors[-3:] for writer in writers]
        time.sleep(0.05)


def test_nothing_acknowledged_is_lost_when_the_primary_is_killed_and_then_its_whole_machine() -> None:
    """Nor oversold, nor written twice: the writers bring the same keys again until they have an answer."""
    with cluster() as running:
        url = running.url(driver="+psycopg")
        with load(url) as writers:
            wait_for_more(writers)
            assert len(answering(running)) == 3
            killed = running.kill_primary(with_patroni=False)
            running.wait_until_whole(1, FAILOVER_SECONDS)
            assert running.primary() != killed
            wait_for_more(writers)
            running.wait_until_whole(2, FAILOVER_SECONDS)  # the killed one came back as a standby
            assert killed.name in running.standbys()
            wait_for_more(writers)
            killed = running.kill_primary()
            running.wait_until_whole(1, FAILOVER_SECONDS)
            wait_for_more(writers)
        told = [writer.told for writer in writers]
        with SqlStore.open(url, LEDGER, create=False) as store:
            entries = check(store, told)
    assert answering(running) == []
    assert not running.etcd.log.exists(), "something is left of the cluster"
    assert all(each.retries for each in told), "the kill was not felt"
    assert len(entries) > WRITERS * 4 * 20
    assert "out_of_stock" in {code for each in told for code in each.refused.values()}, "nobody fought for a bag"


def test_a_server_without_its_standbys_acknowledges_nothing_but_with_a_warning_to_who_breaks_off_the_wait() -> None:
    with cluster() as running:
        primary = running.primary()
        assert primary is not None
        with psycopg.connect(running.url(), autocommit=True) as connection, ThreadPoolExecutor(1) as pool:
            warnings: list[str | None] = []
            connection.add_notice_handler(lambda notice: warnings.append(notice.message_primary))
            connection.execute("CREATE TABLE entered (key text PRIMARY KEY)")
            for node in [node for node in running.nodes if node != primary]:
                node.kill()
            waiting = pool.submit(connection.execute, "INSERT INTO entered VALUES ('alone')")
            with pytest.raises(StillWaiting):
                waiting.result(3)
            assert warnings == []
            connection.cancel()
            waiting.result(10)
            assert warnings == ["canceling wait for synchronous replication due to user request"]
            waiting = pool.submit(connection.execute, "INSERT INTO entered VALUES ('still alone')")
            with pytest.raises(StillWaiting):
                waiting.result(1)
            primary.kill()
            with pytest.raises(psycopg.OperationalError):
                waiting.result(10)


def answering(running: Cluster) -> list[int]:
    """The ports of the cluster at which something is listening."""
    found = []
    for node in [*running.nodes, *running.lost]:
        with suppress(OSError), socket.create_connection(("127.0.0.1", node.port), 2):
            found.append(node.port)
    return found


def test_nothing_is_left_of_a_site_whose_test_was_killed() -> None:
    program = (
        "from tests.cluster.programs import site\n"
        "with site() as here:\n"
        "    started = here.start('sleep', ['sh', '-c', 'sleep 600; true'], here.own_folder('sleep'))\n"
        "    print(here.folder, started.process.pid, flush=True)\n"
        "    input()\n"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", program], cwd=root, stdin=PIPE, stdout=PIPE, text=True) as test:
        assert test.stdout is not None
        folder, number = test.stdout.readline().split()
        end = time.monotonic() + 20
        while not (children := psutil.Process(int(number)).children()) and time.monotonic() < end:
            time.sleep(0.01)
        test.kill()
    while Path(folder).exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert not Path(folder).exists()
    assert [child.name() for child in children if child.is_running() and child.status() != "zombie"] == []
