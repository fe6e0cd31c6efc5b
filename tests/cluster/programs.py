"""Programs that a test starts on this machine: as whom they run, and how none is left behind."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import attrs
import psutil  # type: ignore[import-untyped]

from tests.cluster.killing import kill_with_children

_NOBODY = "nobody"
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def free_ports(count: int) -> list[int]:
    """Ports on loopback that are free now, all different."""
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in taken:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in taken]


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

    def kill(self) -> None:
        """End it at once with all its children, as by pulling the plug."""
        with suppress(psutil.NoSuchProcess):
            kill_with_children(psutil.Process(self.process.pid))
        self.process.wait(10)

    def says(self, lines: int = 15) -> str:
        """The end of its log, for a message."""
        said = self.log.read_text("utf-8", "replace").splitlines()[-lines:]
        return "\n".join([f"--- {self.name}, exit code {self.process.poll()} ---", *said])


@attrs.define
class Site:
    """A folder of its own and the programs that run there; :func:`site` makes and clears it."""

    folder: Path
    guard: subprocess.Popen[str]
    programs: list[Program] = attrs.Factory(list)

    def own_folder(self, name: str) -> Path:
        """A folder for one program."""
        folder = self.folder / name
        folder.mkdir()
        hand_over(folder)
        return folder

    def start(self, name: str, command: Sequence[str | Path], folder: Path) -> Program:
        """Start a program in a folder, with its log there."""
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
        assert self.guard.stdin is not None
        print(process.pid, file=self.guard.stdin, flush=True)
        self.programs.append(Program(name, log, process))
        return self.programs[-1]


@contextmanager
def site() -> Iterator[Site]:
    """A folder that goes away at the end with all that was started in it, even when this process is killed."""
    folder = Path(tempfile.mkdtemp(prefix="site-"))
    hand_over(folder)
    guard = subprocess.Popen(
        [sys.executable, "-m", "tests.cluster.guard", folder],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    found = Site(folder, guard)
    try:
        yield found
    finally:
        guard.communicate(timeout=60)
        for program in found.programs:
            program.process.wait(10)
    assert guard.returncode == 0, "the guard failed; look for programs that it left"


def hand_over(path: Path) -> None:
    """Give a file or folder to the user as whom programs run."""
    if os.geteuid() == 0:
        shutil.chown(path, _NOBODY)


def _with_no_rights() -> list[str]:
    """What goes before a command so that it is not run by root, which PostgreSQL refuses.

    The one capability lets it read an interpreter that lies in root's own folder, as pyenv's does.
    """
    if os.geteuid() != 0:
        return []
    can_read = ["--inh-caps", "+dac_override", "--ambient-caps", "+dac_override"]
    return ["setpriv", "--reuid", _NOBODY, "--regid", "nogroup", "--clear-groups", *can_read]
