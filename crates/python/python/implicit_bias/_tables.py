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
    """A table of numbers and texts; a column is of numbers where all that is in it are."""
    with path.open(newline="", encoding="utf-8") as file:
        columns, *rows = list(csv.reader(file))
    return as_table(columns, [_column([row[k] for row in rows]) for k in range(len(columns))])


def _column(fields: list[str]) -> NDArray[Any]:
    try:
        return np.array([float(field) if field else np.nan for field in fields])
    except ValueError:
        return np.array(fields, dtype=object)
