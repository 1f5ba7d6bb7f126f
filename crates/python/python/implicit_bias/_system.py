"""The user's function between flat arrays, and the file of checkpoints of a run that follows it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from . import _native
from ._arrays import to_numpy
from ._trees import Tree, maker

#: Of a checkpoint file.
FORMAT = 1


class System:
    """The user's function between flat arrays of float64, with what it returns checked."""

    def __init__(self, function: Callable[[Any], Any], w0: Any) -> None:
        self._function = function
        self._vjp: Any = None
        self._as_margins: Callable[[NDArray[np.float64]], Any] = np.asarray
        self.tree = Tree(w0, "w0")
        self.start = self.tree.flat(w0, "w0")
        self.count: Optional[int] = None
        largest = float(np.abs(self.start).max())
        if not 0 < largest < np.inf:
            raise ValueError(
                f"w0: expected finite weights that are not all zero, found {largest} as the largest"
            )
        # In two steps, so that no square leaves the range of numbers.
        unit = self.start / largest
        self.norm = largest * float(np.linalg.norm(unit))
        self.margins_at_start = self.margins(unit / np.linalg.norm(unit))
        self.count = len(self.margins_at_start)

    def margins(self, flat: NDArray[np.float64]) -> NDArray[np.float64]:
        answer = self._function(self.tree.tree(flat))
        if not (isinstance(answer, tuple) and len(answer) == 2 and callable(answer[1])):
            raise ValueError(
                "margins_and_vjp: expected margins and a function, as a tuple, found "
                f"{type(answer).__name__}"
            )
        margins, self._vjp = answer
        found = to_numpy(margins, "margins")
        if found.ndim != 1 or len(found) == 0 or self.count not in (None, len(found)):
            expected = "n" if self.count is None else self.count
            raise ValueError(f"margins: expected shape [{expected}], found {list(found.shape)}")
        if self.count is None:
            self._as_margins = maker(margins)
        return found

    def pull_back(self, cotangent: NDArray[np.float64]) -> NDArray[np.float64]:
        found = self._vjp(self._as_margins(cotangent))
        if isinstance(found, tuple) and len(found) == 1:
            # As of jax.vjp and torch.func.vjp: one argument's share.
            if not self.tree.is_tuple or isinstance(found[0], tuple):
                found = found[0]
        return self.tree.flat(found, "vjp")

    @property
    def advice(self) -> str:
        """How float64 is asked for."""
        kind = self._as_margins(np.zeros(1))
        if type(kind).__module__.startswith("torch"):
            return "; in PyTorch by model.double() and X.double()"
        if "jax" in type(kind).__module__:
            return '; in JAX by jax.config.update("jax_enable_x64", True)'
        return ""


class Keeper:
    """The checkpoint file of a run."""

    def __init__(self, path: Any, system: System, problem: list[Any]) -> None:
        self._path = None if path is None else Path(path)
        self._margins = system.margins_at_start
        start = hashlib.sha256(system.start.tobytes()).hexdigest()
        self._head = json.dumps([FORMAT, problem, start, system.tree.blocks])

    @property
    def save(self) -> Optional[Callable[..., None]]:
        return None if self._path is None else self._save

    @property
    def way_on(self) -> str:
        """What an interrupted run goes on by."""
        if self._path is None:
            return "interrupted; with a checkpoint the same call would go on"
        return f"interrupted; the same call goes on from {self._path}"

    def _save(self, engine: bytes, columns: list[str], series: Any, margins: Any) -> None:
        assert self._path is not None
        self._path.parent.mkdir(parents=True, exist_ok=True)
        beside = self._path.with_name(self._path.name + ".new")
        with beside.open("wb") as file:
            np.savez(
                file,
                head=np.array(self._head),
                start=self._margins,
                engine=np.frombuffer(engine, dtype=np.uint8),
                columns=np.array(columns, dtype=np.str_),
                series=series,
                margins=margins,
            )
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)

    def restore(self, follower: _native.Follower) -> None:
        if self._path is None or not self._path.exists():
            return
        try:
            with np.load(self._path, allow_pickle=False) as file:
                kept = {name: file[name] for name in file.files}
            head, start = str(kept["head"]), kept["start"]
            columns, engine = [str(name) for name in kept["columns"]], kept["engine"].tobytes()
        except OSError as error:
            raise ValueError(f"checkpoint: {self._path} cannot be read: {error}") from None
        except (KeyError, ValueError, EOFError, BadZipFile):
            raise ValueError(
                f"checkpoint: expected one that follow wrote, found {self._path}, which is another file or "
                "damaged; move it away, or name another"
            ) from None
        if head != self._head:
            raise ValueError(
                f"checkpoint: expected one of this run, found {self._path} of other initial weights, "
                "step size, loss, exact_steps or degree"
            )
        same = start.shape == self._margins.shape
        largest = np.abs(self._margins).max()
        # Of a function that computes roughly, margins of another process may differ by that.
        apart = 1e-5 if follower.degree()[1] else 1e-12
        if not (same and np.abs(start - self._margins).max() <= apart * largest):
            raise ValueError(
                f"checkpoint: expected one of this network and data, found {self._path}, whose margins "
                "at w0 are others"
            )
        follower.restore(engine, columns, kept["series"], kept["margins"])
