"""A look at a file through DuckDB before it is loaded: does it read to the end, and what do its first rows hold?"""

from typing import Any

import duckdb


def rows(query: str, limit: int | None = None) -> list[tuple[Any, ...]]:
    """The rows of a query on a database of its own. Raises duckdb.Error where a file cannot be read as it was taken for."""
    with duckdb.connect(config={"memory_limit": "400MB", "autoinstall_known_extensions": "false"}) as con:
        con.execute("SET enable_progress_bar = false")
        cursor = con.execute(query)
        return cursor.fetchall() if limit is None else cursor.fetchmany(limit)
