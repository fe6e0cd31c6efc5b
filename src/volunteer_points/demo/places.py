"""Where a demonstration finds its input and leaves its ledgers."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import attrs

from volunteer_points.errors import InputError

FOLDER = "volunteer-points-demo"
SHEETS = ("appliance-repair.csv", "clinic.csv", "haircuts.csv", "legal-service.csv", "open-air-cinema.csv")
CORRECTIONS = "corrections.csv"
PEOPLE, PROGRAMME = "people.csv", "programme.toml"
_LEDGERS = ("story", "story-forged", "story-forged-carefully", "saihan")
_FOLLOWING = ("", "-wal", "-shm", "-journal")


def example() -> Traversable:
    """The month of a community: a programme file, a list of people and sign-in sheets.

    Raises:
        InputError: ``no_example`` where neither the package nor the source tree around it has them.
    """
    packaged = files("volunteer_points.presets") / "saihan"
    source = Path(__file__).parents[3] / "examples" / "saihan"
    for place in (packaged, source):
        if (place / PROGRAMME).is_file():
            return place
    raise InputError("no_example", place=str(packaged), fix="Install the package anew.")


@attrs.frozen
class Places:
    """The folder of a demonstration."""

    folder: Path

    @classmethod
    def fresh(cls) -> Places:
        """A new folder in the current one."""
        number, folder = 1, Path(FOLDER)
        while folder.exists():
            number += 1
            folder = Path(f"{FOLDER}-{number}")
        return cls.at(folder)

    @classmethod
    def at(cls, folder: Path, *, force: bool = False) -> Places:
        """This folder, which is made if need be.

        Args:
            folder: Where it is.
            force: Whether what an earlier demonstration left there is replaced. Anything else there is refused.

        Raises:
            InputError: ``folder_not_empty`` or ``folder_unusable``.
        """
        places = cls(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            found = {each.name for each in folder.iterdir()}
            in_the_way = sorted(found - places.names() if force else found)
            if in_the_way:
                raise InputError("folder_not_empty", folder=str(folder), found=in_the_way[0], files=len(in_the_way))
            for name in found:
                (folder / name).unlink()
            for name in (*SHEETS, CORRECTIONS, PEOPLE, PROGRAMME):
                (folder / name).write_bytes((example() / name).read_bytes())
        except OSError as error:
            raise InputError("folder_unusable", folder=str(folder), reason=error.strerror or str(error)) from error
        return places

    @staticmethod
    def names() -> frozenset[str]:
        """Every file that a demonstration leaves, and what a database may have left beside one."""
        databases = [f"{ledger}{kind}" for ledger in _LEDGERS for kind in (".db", ".people.db")]
        made = [f"{database}{following}" for database in databases for following in _FOLLOWING]
        return frozenset((*SHEETS, CORRECTIONS, PEOPLE, PROGRAMME, *made))

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    @property
    def programme(self) -> str:
        """The text of the programme file."""
        return (self.folder / PROGRAMME).read_text("utf-8")
