"""Tables: of pandas where it is installed, else dictionaries of arrays."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def as_table(columns: list[str], values: list[NDArray[Any]]) -> Any:
    """Columns by name."""
    table = dict(zip(columns, values))
    try:
        import pandas  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        return table
    return pandas.DataFrame(table)


def read_table(path: Path) -> Any:
    """A table of numbers, truth values and texts; a column is of one kind where all that is in it is."""
    with path.open(newline="", encoding="utf-8") as file:
        columns, *rows = list(csv.reader(file))
    return as_table(columns, [_column([row[k] for row in rows]) for k in range(len(columns))])


def _column(fields: list[str]) -> NDArray[Any]:
    truths = {"true": True, "false": False}
    if fields and all(field in truths for field in fields):
        return np.array([truths[field] for field in fields])
    if any(field in truths for field in fields) and all(field in truths or not field for field in fields):
        # Of what is not known of every run, where neither True nor False would be true.
        return np.array([truths.get(field) for field in fields], dtype=object)
    try:
        return np.array([float(field) if field else np.nan for field in fields])
    except ValueError:
        return np.array(fields, dtype=object)
