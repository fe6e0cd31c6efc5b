"""What the tables are called where a host keeps its own beside them: a prefix, and a schema of the database.

All SQL of this package is written with the names of :mod:`volunteer_points.storage.schema`, which begin with ``vp_``.
Where they are called otherwise, each text is put into those words once, on its way to the driver, and kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias, cast

import attrs
from sqlalchemy import URL
from sqlalchemy.engine.interfaces import DBAPICursor

from volunteer_points.errors import InputError, Misconfigured
from volunteer_points.storage import schema

Row: TypeAlias = tuple[Any, ...]

OURS: Final = "vp_"
PREFIX_CHARACTERS: Final = 32
"""The longest name behind a prefix has 27, and PostgreSQL's names end after 63."""

SCHEMA_BYTES: Final = 63

_PREFIX: Final = re.compile(r"[a-z][a-z0-9_]*_")
_SCHEMA: Final = re.compile(r"[^\W\d][\w-]*")
_NAMES: Final = re.compile(rf"\b{OURS}\w+|current_schema\(\)|DATABASE\(\)")
# What lies in a schema by its own name; indexes and constraints lie where their table does. So do triggers, but
# MariaDB and MySQL want to hear it.
_OF_MYSQL: Final = "`"
_TRIGGER: Final = "_no_"
_IN_SCHEMA: Final = frozenset(
    {table.name for table in (*schema.TABLES, *schema.SIDE_BY_SIDE, schema.BLOCK)} | {"vp_refuse"}
)
_TEXTS_KEPT: Final = 1024


@attrs.frozen(kw_only=True)
class Naming:
    """What the tables of ledgers are called in a database.

    >>> Naming(prefix="points_").name("vp_entry")
    'points_entry'

    Args:
        prefix: What each name begins with: small letters, digits and underscores, one of which ends it; at most 32.
        schema: The schema of PostgreSQL, or the database of MariaDB and MySQL, in which they are. None is the one in
            which the connection works.

    Raises:
        InputError: ``not_a_prefix`` or ``not_a_schema``.
    """

    prefix: str = OURS
    schema: str | None = None

    def __attrs_post_init__(self) -> None:
        """Refuse what no database would take as it is."""
        prefix, named = self.prefix, self.schema
        if len(prefix) > PREFIX_CHARACTERS or not _PREFIX.fullmatch(prefix) or prefix.startswith("sqlite_"):
            fix = f"Begin with a small letter and end with an underscore, as points_, in {PREFIX_CHARACTERS} at most."
            raise InputError("not_a_prefix", prefix=prefix, fix=fix)
        if named is not None and (len(named.encode()) > SCHEMA_BYTES or not _SCHEMA.fullmatch(named)):
            fix = (
                f"Use letters, digits, underscores and hyphens, {SCHEMA_BYTES} bytes at most, and begin with a letter."
            )
            raise InputError("not_a_schema", schema=named, fix=fix)

    @property
    def is_ours(self) -> bool:
        """Whether nobody chose anything."""
        return self == DEFAULT

    def name(self, ours: str) -> str:
        """What something is called here, without its schema."""
        return self.prefix + ours.removeprefix(OURS)

    def names(self, found: Sequence[str]) -> list[str]:
        """Those of the tables in a database that matter: all, or beside others' those that have the chosen prefix."""
        return list(found) if self.is_ours else [name for name in found if name.startswith(self.prefix)]

    def text(self, text: str, quote: str = '"') -> str:
        """A text of SQL with the names as they are here.

        >>> Naming(schema="community").text("SELECT 1 FROM vp_entry")
        'SELECT 1 FROM "community".vp_entry'
        """
        return text if self.is_ours else _NAMES.sub(lambda found: self._put(found[0], quote), text)

    def placed(self, ours: str, quote: str = '"') -> str:
        """What something is called here, with its schema, whatever it is."""
        within = "" if self.schema is None else f"{quote}{self.schema}{quote}."
        return within + self.name(ours)

    def _put(self, found: str, quote: str) -> str:
        if not found.startswith(OURS):
            return found if self.schema is None else f"'{self.schema}'"
        in_schema = found in _IN_SCHEMA or (quote == _OF_MYSQL and _TRIGGER in found)
        return self.placed(found, quote) if in_schema else self.name(found)

    def check(self, quote: str) -> None:
        """Let a naming pass that a database can have, by what it writes around the name of a schema.

        Raises:
            Misconfigured: ``no_schemas_there``.
        """
        if self.schema is not None and not quote:
            fix = "Leave the schema out: a file of SQLite has none. A prefix will do."
            raise Misconfigured("no_schemas_there", schema=self.schema, fix=fix)

    def speaking(self, cursor: DBAPICursor, quote: str) -> DBAPICursor:
        """A cursor that takes texts with our names."""
        if self.is_ours:
            return cursor
        self.check(quote)
        return cast("DBAPICursor", _Speaking(cursor, _texts(self, quote)))


DEFAULT: Final = Naming()
"""The names as they are written here."""


def under_any_name(ours: str) -> str:
    """What stands in each name that something may have, to look for in what a database says."""
    return ours.removeprefix(OURS)


@lru_cache(maxsize=64)
def _texts(naming: Naming, quote: str) -> Callable[[str], str]:
    """Puts texts into the names of one naming, and keeps them for all cursors."""
    return lru_cache(maxsize=_TEXTS_KEPT)(lambda text: naming.text(text, quote))


class _Speaking:
    """A family's cursor, whose texts are put into other names."""

    def __init__(self, cursor: DBAPICursor, text: Callable[[str], str]) -> None:
        self._cursor: Any = cursor
        self._text = text

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the family's cursor has
        return getattr(self._cursor, name)

    def execute(self, text: str, values: Row | None = None) -> None:
        """Run a statement."""
        if values is None:
            self._cursor.execute(self._text(text))
        else:
            self._cursor.execute(self._text(text), values)

    def executemany(self, text: str, rows: Sequence[Row]) -> None:
        """Run a statement for each row of values."""
        self._cursor.executemany(self._text(text), rows)

    def later(self, text: str, values: Row | None = None) -> None:
        """Send a statement with the next one, where the family does so."""
        self._cursor.later(self._text(text), values)

    def allows(self, text: str) -> bool:
        """Whether there are the rights for a statement, where the family asks so."""
        return bool(self._cursor.allows(self._text(text)))


def named(url: URL, naming: Naming | None = None) -> tuple[URL, Naming]:
    """A URL without what it says about names (``?prefix=points_&schema=community``), and the naming that is meant.

    Args:
        url: The URL of a database.
        naming: What the program says, if it says anything; then the URL may say nothing else.

    Raises:
        InputError: ``not_a_prefix`` or ``not_a_schema``.
        Misconfigured: ``naming_twice``.
    """
    said = {key: str(url.query[key]) for key in ("prefix", "schema") if key in url.query}
    if not said:
        return url, naming or DEFAULT
    chosen = Naming(**said)
    if naming is not None and naming != chosen:
        fix = "Say it in the URL or in the program."
        raise Misconfigured("naming_twice", prefix=chosen.prefix, schema=chosen.schema or "-", fix=fix)
    return url.difference_update_query(said), chosen


__all__ = ["DEFAULT", "PREFIX_CHARACTERS", "Naming", "named", "under_any_name"]
