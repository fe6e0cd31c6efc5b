"""PostgreSQL with two synchronous standbys under Patroni with etcd, on loopback, for as long as a test needs it.

A commit is acknowledged when the primary and at least one of the two standbys have it on disk (quorum commit, strict:
with no standby there is no commit). When the primary is lost, Patroni promotes a standby that has everything
acknowledged.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import attrs
import psycopg

from tests.cluster.killing import kill_postgresql
from tests.cluster.needs import postgresql_programs
from tests.cluster.programs import Program, Site, free_ports, hand_over, site

DATABASE = "points"
START_SECONDS = 90
FAILOVER_SECONDS = 60  # Patroni allows no lease of less than 20 seconds, and a busy machine takes its time
LOOPBACK = "127.0.0.1"
_SECONDS_AT_LEAST = {"ttl": 20, "loop_wait": 1, "retry_timeout": 3}  # Patroni takes no less


@attrs.define
class Node:
    """One of the three servers: PostgreSQL and the Patroni that looks after it."""

    name: str
    port: int
    watch_port: int
    folder: Path
    patroni: Program | None = None

    @property
    def data(self) -> Path:
        """Its data folder."""
        return self.folder / "data"

    def members(self) -> list[dict[str, Any]]:
        """The cluster as this node's Patroni sees it; empty when it does not answer."""
        connection = HTTPConnection(LOOPBACK, self.watch_port, timeout=3)
        try:
            connection.request("GET", "/cluster")
            found: list[dict[str, Any]] = json.load(connection.getresponse()).get("members", [])
        except (OSError, ValueError, HTTPException):
            return []
        finally:
            connection.close()
        return found

    def kill(self) -> None:
        """Kill Patroni, PostgreSQL and all that they started, as when a machine loses its power."""
        if self.patroni:
            self.patroni.kill()
        kill_postgresql(self.data)


@attrs.define
class Cluster:
    """A running cluster; :func:`cluster` starts and ends it.

    Args:
        nodes: The nodes that have not been killed.
        password: Of the superuser ``postgres``, on this cluster only.
    """

    etcd: Program
    nodes: list[Node]
    password: str
    lost: list[Node] = attrs.Factory(list)

    def url(self, *, driver: str = "") -> str:
        """Where to write: all three nodes, of which the client finds the one that is primary.

        Args:
            driver: ``+psycopg`` for the spelling of SQLAlchemy, which differs from that of PostgreSQL's own clients.
        """
        every = sorted([*self.nodes, *self.lost], key=lambda node: node.name)
        hosts = [f"{LOOPBACK}:{node.port}" for node in every]
        start = f"postgresql{driver}://postgres:{self.password}@"
        end = "target_session_attrs=read-write&connect_timeout=3"
        if driver:
            return f"{start}/{DATABASE}?{'&'.join(f'host={each}' for each in hosts)}&{end}"
        return f"{start}{','.join(hosts)}/{DATABASE}?{end}"

    def primary(self) -> Node | None:
        """The node that leads now, as the others see it; None while there is none."""
        for node in self.nodes:
            names = [each["name"] for each in node.members() if each["role"] == "leader" and each["state"] == "running"]
            for each in self.nodes:
                if [each.name] == names:
                    return each
        return None

    def standbys(self) -> list[str]:
        """The names of the standbys that stream and count for the quorum."""
        alive = {node.name for node in self.nodes}
        members = next(filter(None, (node.members() for node in self.nodes)), [])
        roles = ("quorum_standby", "sync_standby")
        return [m["name"] for m in members if m["name"] in alive and m["role"] in roles and m["state"] == "streaming"]

    def kill_primary(self, *, with_patroni: bool = True) -> Node:
        """Kill the primary's processes with SIGKILL.

        Args:
            with_patroni: As when the machine is lost: it does not come back, and a standby is promoted once the lease
                has run out, after 20 seconds. Without it, only PostgreSQL dies: its Patroni gives the lease back at
                once, and the server comes back as a standby.
        """
        node = self.primary()
        assert node is not None, self.told("there is no primary to kill")
        if with_patroni:
            self.nodes.remove(node)
            self.lost.append(node)
            node.kill()
        else:
            kill_postgresql(node.data)
        return node

    def wait_until_whole(self, standbys: int, seconds: float) -> float:
        """Wait for a primary that takes writes and so many standbys in the quorum; how many seconds that took.

        Raises:
            TimeoutError: With what every program said last.
        """
        return self._wait(
            lambda: self.primary() is not None and len(self.standbys()) >= standbys and self._takes_writes(),
            f"no primary with {standbys} standbys",
            seconds,
        )

    def told(self, problem: str) -> str:
        """The problem, with what every program said last."""
        programs = [self.etcd, *(node.patroni for node in [*self.nodes, *self.lost] if node.patroni)]
        return "\n".join([problem, *(program.says() for program in programs)])

    def _takes_writes(self) -> bool:
        with suppress(psycopg.OperationalError), psycopg.connect(self.url().replace(f"/{DATABASE}?", "/postgres?")):
            return True
        return False

    def _wait(self, happened: Callable[[], bool], problem: str, seconds: float) -> float:
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            if happened():
                return time.monotonic() - begun
            if self.etcd.process.poll() is not None:
                break
            time.sleep(0.2)
        raise TimeoutError(self.told(f"{problem} after {seconds} seconds"))


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start etcd and three nodes, wait until both standbys are in the quorum, and leave nothing behind at the end.

    Raises:
        TimeoutError: When it is not whole in :data:`START_SECONDS`.
    """
    with site() as here:
        etcd_port, peer_port, *ports = free_ports(8)
        etcd = _start_etcd(here, etcd_port, peer_port)
        nodes = [Node(f"node{i}", ports[i], ports[i + 3], here.own_folder(f"node{i}")) for i in range(3)]
        running = Cluster(etcd=etcd, nodes=nodes, password=secrets.token_hex(8))
        for node in nodes:
            _start_node(here, node, etcd_port, running.password)
        running.wait_until_whole(2, START_SECONDS)
        with psycopg.connect(running.url().replace(f"/{DATABASE}?", "/postgres?"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {DATABASE}")
        yield running


def _start_etcd(here: Site, port: int, peer_port: int) -> Program:
    folder = here.own_folder("etcd")
    client, peer = f"http://{LOOPBACK}:{port}", f"http://{LOOPBACK}:{peer_port}"
    options = {
        "name": "etcd",
        "data-dir": str(folder / "data"),
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"etcd={peer}",
    }
    return here.start("etcd", ["etcd", *(f"--{name}={value}" for name, value in options.items())], folder)


def _start_node(here: Site, node: Node, etcd_port: int, password: str) -> None:
    settings = node.folder / "patroni.json"
    settings.write_text(json.dumps(_settings(node, etcd_port, password)), "utf-8")  # YAML, of which JSON is a part
    hand_over(settings)
    node.patroni = here.start(node.name, [sys.executable, "-m", "patroni", settings], node.folder)


def _settings(node: Node, etcd_port: int, password: str) -> dict[str, Any]:
    watched = f"{LOOPBACK}:{node.watch_port}"
    return {
        "scope": "points",
        "name": node.name,
        "restapi": {"listen": watched, "connect_address": watched},
        "etcd3": {"host": f"{LOOPBACK}:{etcd_port}"},
        "bootstrap": {
            "dcs": {
                **_SECONDS_AT_LEAST,
                "primary_start_timeout": 0,  # a primary that died is not waited for
                "synchronous_mode": "quorum",
                "synchronous_mode_strict": True,
                "synchronous_node_count": 1,
                "postgresql": {"use_pg_rewind": True, "parameters": {"max_connections": 60, "shared_buffers": "32MB"}},
            },
            "initdb": [{"encoding": "UTF8"}, {"locale": "C"}, "no-sync"],
        },
        "postgresql": {
            "listen": f"{LOOPBACK}:{node.port}",
            "connect_address": f"{LOOPBACK}:{node.port}",
            "data_dir": str(node.data),
            "bin_dir": str(postgresql_programs()),
            "pgpass": str(node.folder / "pgpass"),
            "pg_hba": [f"host {database} all {LOOPBACK}/32 scram-sha-256" for database in ("all", "replication")],
            "basebackup": [{"checkpoint": "fast"}],
            "authentication": {
                "superuser": {"username": "postgres", "password": password},
                "replication": {"username": "standby", "password": password},
            },
            "remove_data_directory_on_rewind_failure": True,  # and copied anew from the primary
            "remove_data_directory_on_diverged_timelines": True,
            # no file is left outside the folder when the server is killed
            "parameters": {"unix_socket_directories": "", "dynamic_shared_memory_type": "mmap"},
        },
    }
