"""Questions that leave no run directory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Mapping, Optional

from . import _native
from ._place import Place
from ._progress import Shown
from ._runs import Run

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._keys import Keys


def check(
    X: Any = None,
    y: Any = None,
    *,
    arrays: Optional[Mapping[str, Any]] = None,
    **keys: Unpack[Keys],
) -> dict[str, Any]:
    """Measures how nearly orthogonal a data set is.

    Parameters
    ----------
    X : array ``[n, d]``, or a path
        The samples; or a data file, or ``"mnist"``.
    y : array ``[n]``
        Labels ±1, unless keys such as ``labels`` or ``positive`` say otherwise.
    arrays : dict of arrays, optional
        What a network reads beside samples and labels.
    **keys
        The keys of ``train`` that are about data: ``unit_norm=True``, ``synthetic="mixture"``, …

    Returns
    -------
    dict
        As ``implicit-bias check --json``: ``n``, ``d``, ``r_min``, ``r_max`` (norms of samples),
        ``p`` (largest absolute inner product of two of them), ``ratio = r_min²/(n p)``, which the
        theorems ask to be large (Kou, Chen & Gu, NeurIPS 2023, arXiv:2310.18935), and more.

    Raises
    ------
    ValueError
        For what is no data set, and for keys of anything else.
    """
    with Place.of_question(X, y, arrays, dict(keys)) as given, Shown() as show:
        return dict(json.loads(_native.check(given, show)))


def limit(
    X: Any = None,
    y: Any = None,
    *,
    arrays: Optional[Mapping[str, Any]] = None,
    init: Any = None,
    **keys: Unpack[Keys],
) -> dict[str, Any]:
    """Computes where gradient descent ends, without going there.

    Of the two-layer network under plain gradient descent: runs in Gram coordinates until the
    activation pattern settles, then solves a convex program (derived in this project, not in the
    paper). Of a linear network: the maximum margin of the norm in which the optimizer takes
    steepest steps. Of others: the direction reached at the last step, as evidence.

    Parameters
    ----------
    X : array ``[n, d]``, a path, or a :class:`Run`
        The samples; or a data file; or a run or its directory, which is repeated from its start.
    y : array ``[n]``
        Labels ±1, unless keys say otherwise.
    arrays, init
        As of :func:`train`.
    **keys
        The keys of ``train``; the last step ``steps`` is 1e300 by default here.

    Returns
    -------
    dict
        As ``implicit-bias limit --json``. Of the two-layer network ``status`` is ``proven``,
        ``candidate`` or ``inconsistent``; ``stable_rank_pos``, ``stable_rank_neg``,
        ``normalized_margin_min``, ``normalized_margin_max``, ``kkt_residual`` and more are those of
        the limit.

    Raises
    ------
    ValueError
        For invalid data or keys, and where no limit is known.
    """
    run = None
    if isinstance(X, Run):
        if y is not None:
            raise ValueError("y: expected no labels beside a run, which has its own, found some")
        run, X = X.path, None
    with Place.of_question(X, y, arrays, dict(keys), init) as given, Shown() as show:
        asked = given.get("data")
        if run is None and y is None and Place.is_run(asked):
            run, _ = asked, given.pop("data")
        return dict(json.loads(_native.limit(run, given, show)))


def explain(*topic: str) -> str:
    """What a key is, or one of its values: ``explain("network", "linear")``.

    Raises
    ------
    ValueError
        For a key, or a value of it, that there is not.
    """
    return _native.help_of(*topic)
