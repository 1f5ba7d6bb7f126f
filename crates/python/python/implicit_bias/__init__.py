"""Where does gradient descent end up?

A laboratory for the question, in Rust: it trains networks to step 10^15 and beyond, computes where
they end, and judges the claims of the literature on them.

>>> import numpy as np
>>> import implicit_bias as ib
>>> rng = np.random.default_rng(0)
>>> y = np.array([1.0, 1.0, -1.0, -1.0])
>>> X = rng.normal(size=(4, 50)) + y[:, None] * np.eye(50)[0]
>>> run = ib.train(X, y, activation="leaky-relu", slope=0.1, width=5, steps=1e15)
>>> run.stop_reason
'completed'
>>> round(run.limit["stable_rank_pos"], 6)
1.0

Every key of ``implicit-bias train`` is a keyword argument, with underscores for dashes. What the
user gives wrongly is a ``ValueError`` in the words of the command line.
"""

from ._adapters import jax_margins, torch_margins
from ._arrays import normalized_margins, stable_rank
from ._figures import Figure
from ._follow import Followed, follow
from ._many import Reproduction, reproduce, sweep
from ._native import VERSION as __version__
from ._questions import check, explain, limit
from ._runs import Run, load, train

__all__ = [
    "Figure",
    "Followed",
    "Reproduction",
    "Run",
    "__version__",
    "check",
    "explain",
    "follow",
    "jax_margins",
    "limit",
    "load",
    "normalized_margins",
    "reproduce",
    "stable_rank",
    "sweep",
    "torch_margins",
    "train",
]
