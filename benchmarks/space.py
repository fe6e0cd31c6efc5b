"""How much room a ledger takes: ``python -m benchmarks.space`` tells bytes for one turn of a volunteer.

A turn is one record that is approved and one bag of rice that is held and collected: five entries.
"""

from __future__ import annotations

import argparse
import gzip
import io
import tempfile
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from benchmarks.community import LEDGER, fill
from volunteer_points import Programme
from volunteer_points.storage.journal import write_journal
from volunteer_points.storage.sql import SqlStore

POSTGRESQL = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'vp_%'"


def main() -> None:
    """Fill a ledger, and tell its size on disk and as a journal."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.space", description=__doc__)
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--url", help="an empty PostgreSQL database in place of a SQLite file")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        file = Path(folder) / "ledger.sqlite"
        with SqlStore.open(chosen.url or file, LEDGER, durable=False) as store:
            turns = fill(Programme(store), chosen.entries)
            journal = io.BytesIO()
            with store.reader() as reader:
                summary = write_journal(reader, LEDGER, journal)
        tables = _in_postgresql(chosen.url) if chosen.url else file.stat().st_size
    written = journal.getvalue()
    print(f"{turns:,} turns, {summary.entries:,} entries")
    print(f"tables: {tables / turns:,.0f} bytes a turn, {tables / summary.entries:,.0f} an entry")
    print(f"journal: {len(written) / turns:,.0f} bytes a turn, compressed {len(gzip.compress(written)) / turns:,.0f}")


def _in_postgresql(url: str) -> int:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        size = int(connection.execute(text(POSTGRESQL)).scalar_one())
    engine.dispose()
    return size


if __name__ == "__main__":
    main()
