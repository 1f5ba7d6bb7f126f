"""A network of the user's own: gradient descent on it to any step."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from . import _native
from ._figures import Figure
from ._progress import Shown
from ._tables import as_table
from ._system import Keeper, System

#: Where the KKT residual is measured unless something else is asked for.
KKT_STEPS = (1e1, 1e2, 1e3, 1e4, 1e6, 1e10, 1e20, 1e50, 1e100, 1e200, 1e300)

#: Steps recorded in a decade, at most.
MOST_RECORDED = 10_000

#: Larger margins than this have slopes that are lost beside rounding.
MOST = 1e12


def follow(
    margins_and_vjp: Callable[[Any], tuple[Any, Callable[[Any], Any]]],
    w0: Any,
    *,
    step_size: float,
    steps: float = 1e300,
    exact_steps: float = 10_000,
    loss: str = "logistic",
    reduction: str = "mean",
    degree: Optional[float] = None,
    kkt_steps: Optional[Sequence[float]] = None,
    record: int = 0,
    checkpoint: Optional[str | os.PathLike[str]] = None,
) -> Followed:
    """Gradient descent on any homogeneous network, step by step and then in log time, to 10^300.

    The network is a function of yours, in PyTorch, JAX, NumPy or anything else that computes a
    gradient. It is called with weights of norm 1 to 2, whatever the norm is that descent has reached:
    margins and gradients follow from the degree of homogeneity, exactly.

    Parameters
    ----------
    margins_and_vjp : function
        From weights ``w``, as ``w0`` in structure, types and device, to the margins ``q_i(w)``,
        ``[n]``, and a function from ``v``, ``[n]``, to ``Σ_i v_i ∇q_i(w)``, in the structure of
        ``w``. For labels ±1, ``q_i = y_i f(w; x_i)``. ``jax.vjp`` and ``torch.func.vjp`` return such
        a pair.
    w0 : array, or arrays in lists, tuples and dictionaries
        Initial weights, all that the margins are homogeneous in. float64, unless single precision
        will do.
    step_size : float
        ``η`` of ``w ← w − η ∇L(w)``, ``L`` the mean of the losses ``ℓ(q_i)``.
    steps : float
        The last step, at most 1e300.
    exact_steps : float
        Steps that are taken one by one before log time; more where not all margins are positive yet.
    loss : "logistic" or "exponential"
        ``log(1 + e^{−q})`` or ``e^{−q}``.
    reduction : "mean" or "sum"
        ``L`` as mean or as sum over the samples.
    degree : float, optional
        Degree ``L`` of homogeneity, ``q(c w) = c^L q(w)``. Measured by Euler's identity without.
    kkt_steps : list of floats, optional
        Steps at which the KKT residual is measured, each as costly as some hundred steps and some
        hundred gradients of every sample. Without, eleven from 10 to 1e300, for up to 300 samples.
    record : int
        Steps recorded in each decade, besides 1, 2 and 5 times powers of ten.
    checkpoint : path, optional
        A file that is written every ten seconds, at the end, and before an exception is raised. Where it
        is there already, the run goes on from it, to the last bit.

    Returns
    -------
    Followed
        Also of a run that stopped early: ``stop_reason`` says so.

    Raises
    ------
    ValueError
        For a network that is not homogeneous, for gradients that are not those of its margins, for
        margins that differ from call to call, for answers of the wrong shape or with NaN, and for a
        checkpoint of another run.
    KeyboardInterrupt
        After Ctrl-C, with the checkpoint written, which its message names.
    Exception
        What the function raises, as it is, with the checkpoint written.

    >>> import numpy as np
    >>> X, y = np.eye(2), np.array([1.0, -1.0])
    >>> def linear(w):
    ...     return y * (X @ w), lambda v: X.T @ (v * y)
    >>> run = follow(linear, np.array([0.3, 0.1]), step_size=0.5)
    >>> run.stop_reason
    'completed'
    >>> bool(run.kkt_residual < 1e-3)
    True
    """
    if reduction not in ("mean", "sum"):
        raise ValueError(f"reduction: expected mean or sum, found `{reduction}`")
    if not (isinstance(record, (int, np.integer)) and 0 <= record <= MOST_RECORDED):
        raise ValueError(f"record: expected a whole number from 0 to {MOST_RECORDED}, found {record!r}")
    system = System(margins_and_vjp, w0)
    asked = KKT_STEPS if kkt_steps is None else tuple(float(step) for step in kkt_steps)
    if kkt_steps is None and len(system.margins_at_start) > 300:
        asked = ()
    follower = _native.Follower(
        system.margins,
        system.pull_back,
        len(system.margins_at_start),
        system.start,
        system.tree.blocks,
        loss,
        float(step_size),
        reduction == "sum",
        float(exact_steps),
        None if degree is None else float(degree),
        list(asked),
    )
    with np.errstate(over="ignore"):
        growth = np.float64(system.norm) ** follower.degree()[0]
        least = float(system.margins_at_start.min() * growth)
    if least > MOST:
        raise ValueError(f"w0: expected margins below {MOST:.0e}, found {least:.1e}: no step changes them")
    problem = [loss, reduction, float(step_size), float(exact_steps), follower.degree()[0]]
    keeper = Keeper(checkpoint, system, problem)
    keeper.restore(follower)
    run = Followed(follower, system, keeper, (int(record), list(asked)))
    return run.resume(steps)


class Followed:
    """What became of a network that was followed.

    Attributes
    ----------
    series : pandas.DataFrame, or dictionary of arrays
        A row a recorded step: ``step``, ``log_loss``, ``weight_norm``, ``margin_min`` and others of
        normalized margins, ``stable_rank_NAME`` of each array of the weights as a matrix,
        ``error_estimate``, ``kkt_residual``, ``complementarity``.
    """

    def __init__(
        self,
        follower: _native.Follower,
        system: System,
        keeper: Keeper,
        recorded: tuple[int, list[float]],
    ) -> None:
        self._follower, self._system, self._keeper = follower, system, keeper
        self._recorded = recorded
        self._warned: set[str] = set()
        self._kkt: Any = None

    def resume(self, steps: float) -> Followed:
        """Goes on to a later step; returns this object. Raises what :func:`follow` raises."""
        record, kkt_steps = self._recorded
        self._kkt = None
        self._warn()
        try:
            with Shown() as show:
                self._follower.advance(float(steps), record, kkt_steps, show, self._keeper.save)
        except KeyboardInterrupt as error:
            if error.args:
                raise
            raise KeyboardInterrupt(self._keeper.way_on) from None
        self._warn()
        return self

    def _warn(self) -> None:
        for note in self.notes:
            if note not in self._warned and not note.startswith("exact to step"):
                self._warned.add(note)
                single = "single precision" in note
                warnings.warn(note + (self._system.advice if single else ""), stacklevel=4)

    @property
    def series(self) -> Any:
        columns, values = self._follower.series()
        kept = [k for k, name in enumerate(columns) if _says_something(name, values[:, k])]
        return as_table([columns[k] for k in kept], [values[:, k] for k in kept])

    @property
    def steps(self) -> NDArray[np.float64]:
        """The recorded steps, ``[rows]``."""
        return self._follower.margins()[:, 0]

    @property
    def normalized_margins(self) -> NDArray[np.float64]:
        """``q_i/‖w‖^L`` at the recorded steps, ``[rows, n]``."""
        return self._follower.margins()[:, 1:]

    @property
    def margins(self) -> NDArray[np.float64]:
        """The margins ``q_i`` at the last step, ``[n]``."""
        return self._follower.present_margins()

    @property
    def weights(self) -> Any:
        """The weights at the last step, in the structure of ``w0``."""
        return self._system.tree.tree(self._follower.weights())

    @property
    def direction(self) -> Any:
        """The direction ``w/‖w‖`` of the last weights, in the structure of ``w0``."""
        flat = self._follower.weights()
        return self._system.tree.tree(flat / np.linalg.norm(flat))

    @property
    def log_norm(self) -> float:
        """``log ‖w‖`` at the last step."""
        return float(np.log(np.linalg.norm(self._follower.weights())))

    def _last_kkt(self) -> Any:
        if self._kkt is None:
            none = (float("nan"), float("nan"), np.full(self._system.count or 0, np.nan))
            self._kkt = self._follower.kkt() or none
        return self._kkt

    @property
    def kkt_residual(self) -> float:
        """How far the last direction is from being a sum of gradients with multipliers, 0 to 1.

        ``min_{λ ≥ 0} ‖w/‖w‖ − Σ λ_i ∇q_i‖`` with gradients averaged over a window of small steps.
        One of two conditions: at a KKT point of the largest margin :attr:`complementarity` is 0 as
        well. On a linear network from small weights this alone is near 0 at every step. Evidence for
        the direction, no proof. Measured when it is first asked for.
        """
        return float(self._last_kkt()[0])

    @property
    def complementarity(self) -> float:
        """``Σ λ_i (q_i/q_min − 1)/Σ λ_i``: 0 where only the smallest margins have multipliers."""
        return float(self._last_kkt()[1])

    @property
    def multipliers(self) -> NDArray[np.float64]:
        """The multipliers ``λ_i`` over their sum at the last step, ``[n]``."""
        return np.array(self._last_kkt()[2])

    @property
    def degree(self) -> float:
        """The degree of homogeneity ``L``."""
        return self._follower.degree()[0]

    @property
    def stop_reason(self) -> str:
        """Why the run ended, in a word: ``completed``, ``diverged``, ``non-finite``, ``stalled``."""
        stop = self._follower.stop()
        return "not begun" if stop is None else stop[0]

    @property
    def notes(self) -> list[str]:
        """What a reader must know, a sentence each."""
        return self._follower.notes()

    def plot(self, name: str = "margins", ax: Any = None) -> Any:
        """``"margins"``, or the columns of :attr:`series` whose names begin so, against the step.

        Returns a :class:`Figure`; with axes of matplotlib as ``ax``, draws into them and returns them.
        """
        prefix = name.replace("-", "_")
        steps, margins = self.steps, self.normalized_margins
        columns, values = self._follower.series()
        found = [k for k, column in enumerate(columns) if column.startswith(prefix)]
        if prefix == "margins":
            curves = [("", margins[:, k]) for k in range(margins.shape[1])]
        elif found:
            curves = [(columns[k], values[:, k]) for k in found]
        else:
            raise ValueError(f"column: expected one of {', '.join(columns)}, found `{name}`")
        curves = [(label, curve) for label, curve in curves if np.isfinite(curve).any()]
        if ax is None:
            title = "Normalized margins" if prefix == "margins" else name
            points = [(label, np.stack([steps, curve], axis=1)) for label, curve in curves]
            return Figure(name, title, _native.curves(name, title, points))
        for label, curve in curves:
            shown = (steps > 0) & np.isfinite(curve)
            ax.semilogx(steps[shown], curve[shown], label=label or None)
        ax.set_xlabel("step")
        ax.set_ylabel(name)
        return ax

    def __repr__(self) -> str:
        stop = self._follower.stop()
        words = "not begun" if stop is None else stop[1]
        return f"<Followed: {self._system.count} margins of degree {self.degree:g}; {words}>"


def _says_something(name: str, column: NDArray[np.float64]) -> bool:
    """Columns that no network of a user has are left out: they are undefined at every step."""
    return name.startswith(("kkt", "compl", "margin")) or not np.isnan(column).all()
