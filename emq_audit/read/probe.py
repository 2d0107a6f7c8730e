"""A look at a file through DuckDB before it is loaded: does it read to the end, and what do its first rows hold?"""

from pathlib import Path
from typing import Any

import duckdb


def rows(query: str, limit: int | None = None) -> list[tuple[Any, ...]]:
    """The rows of a query on a database of its own. Raises duckdb.Error where a file cannot be read as it was taken for."""
    with connect() as con:
        cursor = con.execute(query)
        return cursor.fetchall() if limit is None else cursor.fetchmany(limit)


def connect(spill: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A small database in memory. It writes to disk only in the folder `spill`, which must be private."""
    con = duckdb.connect(
        config={
            "memory_limit": "500MB",
            "temp_directory": str(spill or ""),
            "autoinstall_known_extensions": "false",
        }
    )
    con.execute("SET enable_progress_bar = false")
    return con
