"""Many runs: sweeps, and the systems of the literature."""

from __future__ import annotations

import html
import os
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional, Sequence

import numpy as np

from . import _native
from ._place import Place, TemporaryFolder, keep
from ._progress import Shown
from ._tables import read_table

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._keys import Keys

#: Failures that are told one by one; the table has them all.
TOLD = 5


def sweep(
    grid: Optional[Mapping[str, Iterable[Any]]] = None,
    X: Any = None,
    y: Any = None,
    *,
    list: Sequence[Mapping[str, Any]] = (),
    seeds: Optional[int | Sequence[int]] = None,
    jobs: Optional[int] = None,
    out: Optional[str | os.PathLike[str]] = None,
    retry_failed: bool = False,
    arrays: Optional[Mapping[str, Any]] = None,
    init: Any = None,
    **keys: Unpack[Keys],
) -> Any:
    """Does many runs that differ in some keys, in parallel, and gathers them in one table.

    Parameters
    ----------
    grid : dict of lists
        Keys of ``train`` with their values, of which every combination is run.
    X, y, arrays, init
        As of :func:`train`, shared by all runs.
    list : list of dicts, optional
        Sets of keys with each of which the grid is combined, for what goes together.
    seeds : int or list of ints, optional
        Number of seeds, or the seeds.
    jobs : int, optional
        Runs at a time; by default as many as there are threads.
    out : path, optional
        Folder of the sweep, which the same call goes on with: runs that have ended are skipped.
        Without one it is temporary, and gone with the process.
    retry_failed : bool
        Whether runs are tried again that failed before.
    **keys
        Keys of ``train`` that all runs share.

    Returns
    -------
    pandas.DataFrame, or a dict of arrays without pandas
        A row a run: its keys, those that vary first, the last row of its series, verdicts, limit;
        that is ``sweep.csv`` in ``out``, beside ``report.html`` with figures.

    Raises
    ------
    ValueError
        For what is no plan, and for invalid keys of any run.
    KeyboardInterrupt
        After Ctrl-C: runs in flight leave a checkpoint, and the same call with ``out`` goes on.
    """
    if not (grid is None or isinstance(grid, Mapping)):
        raise ValueError(f"grid: expected a dictionary of lists, found {type(grid).__name__}")
    odd = next((entry for entry in list if not isinstance(entry, Mapping)), None)
    if odd is not None:
        raise ValueError(f"list: expected dictionaries, found {type(odd).__name__}")
    require_count("jobs", jobs)
    require_once(grid or {}, list, keys)
    place = Place(out, "sweep", shared=True)
    keep(place.temporary)
    given = place.fill(X, y, arrays, init, keys)
    try:
        with Shown() as show:
            _, _, failed, busy = _native.sweep(
                dict(grid or {}),
                [dict(entry) for entry in list],
                seeds,
                given,
                place.path,
                jobs,
                retry_failed,
                show,
            )
    except ValueError as error:
        place.give_up("runs")
        raise place.in_own_words(error) from None
    except BaseException:
        place.give_up("runs")
        raise
    for name, reason in failed[:TOLD]:
        warnings.warn(f"failed: {name}: {reason}", stacklevel=2)
    if busy:
        warnings.warn(f"{busy} runs are another process's at this moment", stacklevel=2)
    return read_table(place.path / "sweep.csv")


def require_once(
    grid: Mapping[str, Any], entries: Sequence[Mapping[str, Any]], keys: Mapping[str, Any]
) -> None:
    """Refuses a key that varies and is given for all runs."""
    varied = {name.replace("-", "_") for names in (grid, *entries) for name in names}
    twice = sorted(varied & {name for name, value in keys.items() if value is not None})
    if twice:
        raise ValueError(f"{twice[0]}: expected it in the grid or for all runs, found it in both")


def require_count(name: str, value: Any) -> None:
    """Refuses what is no number of things that are done at a time."""
    if value is not None and not (isinstance(value, (int, np.integer)) and value >= 1):
        raise ValueError(f"{name}: expected at least 1, found {value!r}")


class Reproduction:
    """Systems of the literature that were reproduced.

    A notebook shows a table of them; ``print(reproduction)`` the claims with their verdicts.

    Attributes
    ----------
    path : Path
        The folder, with ``report.html``.
    completed : bool
        Whether all runs ended as they should.
    systems : list of dicts
        Of each system its ``name``, ``title``, number of ``runs``, and the numbers of verdicts
        ``supported``, ``refuted`` and ``inconclusive``.
    """

    def __init__(
        self,
        path: Path,
        completed: bool,
        text: str,
        systems: Sequence[tuple[str, str, int, Sequence[int]]],
        _temporary: Optional[TemporaryFolder] = None,
    ) -> None:
        self.path = path
        self.completed = completed
        self.systems: Sequence[dict[str, Any]] = [
            {
                "name": name,
                "title": title,
                "runs": runs,
                "supported": verdicts[0],
                "refuted": verdicts[1],
                "inconclusive": verdicts[2],
            }
            for name, title, runs, verdicts in systems
        ]
        self._text = text
        self._temporary = _temporary

    @property
    def report(self) -> Path:
        """The report, one page for a browser."""
        return self.path / "report.html"

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        names = ", ".join(system["name"] for system in self.systems)
        return f"<Reproduction of {names}: {self.path}>"

    def _repr_html_(self) -> str:
        names = ["title", "runs", "supported", "refuted", "inconclusive"]
        head = "".join(f"<th>{name}</th>" for name in names)
        rows = "".join(
            "<tr>" + "".join(f"<td>{html.escape(str(system[name]))}</td>" for name in names) + "</tr>"
            for system in self.systems
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def reproduce(
    *systems: str,
    quick: bool = False,
    out: Optional[str | os.PathLike[str]] = None,
    threads: Optional[int] = None,
) -> Reproduction:
    """Reproduces systems of the literature: runs, figures, verdicts and one report.

    Parameters
    ----------
    *systems : str
        ``kou`` (the default), ``frei``, ``benign``, ``alignment``, ``adam``, ``cnn``, ``chaos``,
        ``simplicity``, ``attention``, ``transformer``, or ``all``.
    quick : bool
        Smaller networks and shorter horizons: seconds instead of minutes.
    out : path, optional
        Folder for runs and report; new, empty, or left by the same call, which then goes on.
        Without one it is temporary, and gone with the object.
    threads : int, optional
        Threads to compute on; by default as many as there are cores that the process may use.

    Raises
    ------
    ValueError
        For a system that there is not, and for a folder in use.
    KeyboardInterrupt
        After Ctrl-C; the same call with ``out`` goes on.

    >>> reproduce("adam", quick=True).completed
    True
    """
    require_count("threads", threads)
    place = Place(out, "reproduce")
    with Shown() as show:
        completed, text, found = _native.reproduce(
            list(systems) or ["kou"], quick, place.path, threads, show
        )
    return Reproduction(place.path, completed, text, found, place.temporary)
