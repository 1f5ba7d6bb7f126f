"""One run: train it, load it, look at it, go on with it."""

from __future__ import annotations

import copy
import json
import os
import shutil
import warnings
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Mapping, Optional

import numpy as np
from numpy.typing import NDArray

from . import _native
from ._figures import Figure
from ._html import page
from ._place import Place, TemporaryFolder, keep
from ._progress import Shown
from ._tables import as_table

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._keys import Keys, ResumeKeys


def train(
    X: Any = None,
    y: Any = None,
    *,
    out: Optional[str | os.PathLike[str]] = None,
    arrays: Optional[Mapping[str, Any]] = None,
    init: Any = None,
    **keys: Unpack[Keys],
) -> Run:
    """Trains one network and judges the claims on it, as ``implicit-bias train`` does, bit for bit.

    Parameters
    ----------
    X : array ``[n, d]``, ``[n, T, d]``, or a path, optional
        The samples; or a data file, or ``"mnist"``. Without them data are drawn from a law, which
        ``synthetic`` chooses. They are written as float64 to ``data.npz`` in the run directory.
    y : array ``[n]``
        Labels ±1, unless keys say otherwise (``labels``, ``positive``, ``classes``); real targets
        where network and loss take them.
    out : path, optional
        Run directory, new or empty. Without one it is temporary and gone with the run object;
        :meth:`Run.save` copies it.
    arrays : dict of arrays, optional
        What the network reads beside samples and labels, by name: ``u`` of ``attention``.
    init : dict of arrays, or a path, optional
        Initial weights: ``W_pos`` and ``W_neg``, each ``[m, d]``, of two layers;
        ``explain("network", NAME)`` says which arrays another network has.
    **keys
        Every key of ``implicit-bias train``, with underscores for dashes, below. A list is what
        commas separate there: ``classes=[0, 1, 2]``.

    Returns
    -------
    Run
        Also of a run that diverged: ``stop_reason`` says so.

    Raises
    ------
    ValueError
        For invalid data or keys, in the words of the command line.
    KeyboardInterrupt
        After Ctrl-C: the step is finished, and a checkpoint written from which
        ``load(out).resume()`` goes on.
    """
    place = Place(out, "run")
    try:
        given = place.fill(X, y, arrays, init, keys)
        given["out"] = str(place.path)
        with Shown() as show:
            told = _native.train(given, show)
    except KeyboardInterrupt:
        keep(place.temporary)
        raise _interrupted(place.path) from None
    except ValueError as error:
        place.give_up("manifest.json")
        raise place.in_own_words(error) from None
    except BaseException:
        place.give_up("manifest.json")
        raise
    for words in told:
        warnings.warn(words, stacklevel=2)
    return Run(place.path, _temporary=place.temporary)


def _list_of_keys() -> str:
    """All keys with their help, as a section of a docstring."""
    lines, heading = ["", "    Keys", "    ----"], None
    for key in _native.keys():
        if key["name"] in ("out", "init", "json"):
            continue
        if key["heading"] != heading:
            heading = key["heading"]
            lines += ["", f"    {heading}", ""]
        words = key["help"]
        if key["names"]:
            words += f" ({', '.join(key['names'])})"
        lines.append(f"    {', '.join([key['name'], *key['aliases']])}")
        lines.append(f"        {words}")
    return "\n".join(lines) + "\n"


train.__doc__ = f"{train.__doc__}{_list_of_keys()}"


def load(path: str | os.PathLike[str]) -> Run:
    """Reads a run directory, of the command line or of Python, finished or not.

    Raises
    ------
    ValueError
        Names the file that is missing or damaged.
    """
    return Run(path)


def _interrupted(path: Path) -> KeyboardInterrupt:
    if not Place.is_run(path):
        return KeyboardInterrupt()
    return KeyboardInterrupt(f"interrupted; go on with: implicit_bias.load({str(path)!r}).resume()")


class Run:
    """A run directory: what was recorded, where it ends, and the claims judged on it.

    A notebook shows its verdicts and figures; ``print(run)`` what the command line prints.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        _temporary: Optional[TemporaryFolder] = None,
    ) -> None:
        self.path: Path = Path(path)
        self._temporary = _temporary
        self._record = _native.Record(self.path)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as its path, by which another process reads it."""
        if self._temporary is not None:
            raise TypeError(
                "pickle: expected a run with a directory of its own, found a temporary one, which goes "
                "with this object; choose one with `out`, or pickle what `run.save(path)` returns"
            )
        return load, (self.path.absolute(),)

    def __copy__(self) -> Run:
        return Run(self.path, _temporary=self._temporary)

    def __deepcopy__(self, memo: dict[int, Any]) -> Run:
        return copy.copy(self)

    def resume(self, steps: Optional[float] = None, **keys: Unpack[ResumeKeys]) -> Run:
        """Goes on from the last checkpoint; with more ``steps``, also where the run had ended.

        The directory is then byte for byte that of a run that was never cut off, but for the times
        in ``manifest.json``. Returns this object, which has the new results.

        Raises
        ------
        ValueError
            For steps short of those taken, and where data or initial weights have changed.
        KeyboardInterrupt
            As of :func:`train`.
        """
        given = {name: value for name, value in keys.items() if value is not None}
        if steps is not None:
            given["steps"] = steps
        try:
            with Shown() as show:
                _, told = _native.resume_run(self.path, given, show)
        except KeyboardInterrupt:
            keep(self._temporary)
            raise _interrupted(self.path) from None
        for words in told:
            warnings.warn(words, stacklevel=2)
        self._record = _native.Record(self.path)
        cached = [name for name in vars(self) if isinstance(getattr(Run, name, None), cached_property)]
        for name in cached:
            delattr(self, name)
        return self

    def save(self, path: str | os.PathLike[str]) -> Run:
        """Copies the run directory, and returns the run there.

        Raises
        ------
        FileExistsError
            If something is there.
        """
        shutil.copytree(self.path, path)
        return Run(path)

    @cached_property
    def series(self) -> Any:
        """A row a recorded step: ``step``, ``loss``, ``weight_norm``, ``stable_rank_pos``, …

        A ``pandas.DataFrame`` where pandas is installed, else a dictionary of arrays. What a column
        means says ``implicit-bias columns``.
        """
        columns, values = self._record.series()
        return as_table(columns, list(values.T))

    @cached_property
    def steps(self) -> NDArray[np.float64]:
        """The recorded steps, ``[rows]``."""
        columns, values = self._record.series()
        return values[:, columns.index("step")] if len(values) else np.empty(0)

    @cached_property
    def margins(self) -> NDArray[np.float64]:
        """Normalized margins ``q_i/‖W‖_F^L`` at the recorded steps, ``[rows, n]``."""
        return self._record.margins()[1][:, 1:]

    @cached_property
    def weights(self) -> dict[str, NDArray[np.float64]]:
        """The last weights by name: of two layers ``W_pos`` and ``W_neg``, each ``[m, d]``."""
        return dict(self._record.weights())

    @cached_property
    def limit(self) -> dict[str, Any]:
        """Where the run ends, or why that is not known: ``limit.json``.

        Of the two-layer network under plain gradient descent the solution of a convex program
        (derived in this project): ``stable_rank_pos``, ``normalized_margin_min``, whether it is
        ``proven``, and more. Where there is none, a ``reason``.
        """
        return dict(json.loads(self._record.limit()))

    @cached_property
    def claims(self) -> list[dict[str, Any]]:
        """The claims that were judged, each with its verdict, fits and reason: ``claims.json``."""
        return list(json.loads(self._record.claims()))

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Versions, engine, and the data by their hash: ``manifest.json``."""
        return dict(json.loads(self._record.manifest()))

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The configuration with every value filled in, by the names of keyword arguments."""
        settings = json.loads(self._record.settings())
        return {name.replace("-", "_"): value for name, value in settings.items()}

    @property
    def stop_reason(self) -> str:
        """Why the run ended, in a word: ``completed``, ``diverged``, ``interrupted``, …"""
        return self._record.stop_reason()

    @property
    def notices(self) -> list[str]:
        """What a reader must know before the verdicts, a sentence each."""
        return self._record.notices()

    @property
    def report(self) -> Path:
        """The report, one page for a browser."""
        return self.path / "report.html"

    @cached_property
    def _figures(self) -> dict[str, Figure]:
        return {name: Figure(name, title, svg) for name, title, svg in self._record.figures()}

    @property
    def figures(self) -> list[str]:
        """The names of the figures that :meth:`plot` has."""
        return list(self._figures)

    def plot(self, name: str, ax: Any = None) -> Any:
        """A figure of the report by name, such as ``"stable-rank"``; :attr:`figures` lists them.

        Parameters
        ----------
        name : str
            Its name.
        ax : matplotlib axes, optional
            Draws the columns of that name into them instead: ``margins``, or the columns of
            :attr:`series` that begin with it, against the step.

        Returns
        -------
        Figure
            Which a notebook shows, and ``.save("figure.pdf")`` writes; or ``ax``.

        Raises
        ------
        ValueError
            For a name that there is not.
        """
        if ax is not None:
            return self._draw(name, ax)
        if name not in self._figures:
            raise ValueError(
                f"figure: expected one of {', '.join(self._figures)}, found `{name}`"
            )
        return self._figures[name]

    def _draw(self, name: str, ax: Any) -> Any:
        prefix = name.replace("-", "_")
        columns, values = self._record.series()
        found = [c for c in columns if c == prefix or c.startswith(prefix + "_")]
        after = self.steps > 0
        if prefix == "margins":
            ax.semilogx(self.steps[after], self.margins[after])
        elif found:
            for column in found:
                ax.semilogx(self.steps[after], values[after, columns.index(column)], label=column)
            ax.legend()
        else:
            raise ValueError(f"column: expected one of {', '.join(columns)}, found `{name}`")
        ax.set_xlabel("step")
        ax.set_ylabel(name)
        return ax

    def __repr__(self) -> str:
        verdicts = [claim["verdict"] for claim in self.claims]
        counts = {word: verdicts.count(word) for word in dict.fromkeys(verdicts)}
        judged = ", ".join(f"{count} {word}" for word, count in counts.items()) or "no claims"
        return f"<Run {self._record.network()}: {self._record.stop_words()}; {judged}; {self.path}>"

    def __str__(self) -> str:
        return self._record.summary()

    def _repr_html_(self) -> str:
        title = f"{self._record.network()}: {self._record.stop_words()}"
        return page(title, self.notices, self.claims, self._figures.values())
