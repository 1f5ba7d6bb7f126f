"""Weights as their owner has them: arrays in lists, tuples and dictionaries, and one flat array."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any, Callable

import numpy as np
from numpy.typing import NDArray

from ._arrays import to_numpy


class Tree:
    """The structure of some weights: where each array is, its shape, and what kind of array it is."""

    def __init__(self, weights: Any, name: str) -> None:
        self.name = name
        self._like = weights
        self.is_tuple = isinstance(weights, tuple)
        self._leaves = list(_leaves(weights, name))
        if not self._leaves:
            raise ValueError(f"{name}: expected arrays, found none")
        for path, leaf in self._leaves:
            dtype = str(getattr(leaf, "dtype", ""))
            if "float16" in dtype or "float8" in dtype:
                raise ValueError(f"{path}: expected float64, or float32, found {dtype}")
        self.shapes = [tuple(np.shape(to_numpy(leaf, path))) for path, leaf in self._leaves]
        sizes = [int(np.prod(shape)) for shape in self.shapes]
        for (path, _), size in zip(self._leaves, sizes):
            if size == 0:
                raise ValueError(f"{path}: expected at least one number, found none")
        self._ends = np.cumsum(sizes)
        self.size = int(self._ends[-1])
        self._makers = [maker(leaf) for _, leaf in self._leaves]

    @property
    def blocks(self) -> list[tuple[str, tuple[int, int]]]:
        """The arrays as matrices: their names, rows and columns."""
        matrices = []
        for (path, _), shape in zip(self._leaves, self.shapes):
            name = path[len(self.name) :].replace("][", "_").replace("'", "").strip("[]")
            rows = shape[0] if len(shape) > 1 else 1
            size = int(np.prod(shape))
            matrices.append((name or "w", (rows, size // rows if rows else 0)))
        return matrices

    def flat(self, weights: Any, what: str) -> NDArray[np.float64]:
        """Weights of this structure as one array; ``ValueError`` for others, that says where."""
        found = list(_along(self._like, weights, what))
        parts = []
        for (own, _), shape, (path, leaf) in zip(self._leaves, self.shapes, found):
            array = to_numpy(leaf, path)
            if array.shape != shape:
                raise ValueError(
                    f"{path}: expected shape {list(shape)}, that of {own}, found {list(array.shape)}"
                )
            parts.append(array.reshape(-1))
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def tree(self, flat: NDArray[np.float64]) -> Any:
        """Weights of this structure, in arrays of the same kinds and types, from one array."""
        parts = np.split(flat, self._ends[:-1])
        arrays = (
            make(part.reshape(shape))
            for make, part, shape in zip(self._makers, parts, self.shapes)
        )
        return _rebuilt(self._like, arrays)


def _leaves(weights: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The arrays of some weights with their places."""
    return _along(weights, weights, path)


def _along(like: Any, weights: Any, path: str) -> Iterator[tuple[str, Any]]:
    """What stands in weights where others, ``like``, have arrays."""
    if isinstance(like, Mapping):
        if not (isinstance(weights, Mapping) and weights.keys() == like.keys()):
            keys = ", ".join(map(repr, like))
            raise ValueError(f"{path}: expected a dictionary of {keys}, found {_words(weights)}")
        for key, value in like.items():
            yield from _along(value, weights[key], f"{path}[{key!r}]")
    elif _is_list_of_arrays(like):
        if not (isinstance(weights, (list, tuple)) and len(weights) == len(like)):
            raise ValueError(f"{path}: expected a list of {len(like)}, found {_words(weights)}")
        for key, value in enumerate(like):
            yield from _along(value, weights[key], f"{path}[{key}]")
    else:
        yield path, weights


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return "one of " + ", ".join(map(repr, value))
    return f"{type(value).__name__} of {len(value)}" if hasattr(value, "__len__") else repr(value)


def _is_list_of_arrays(value: Any) -> bool:
    """A list of numbers is an array itself."""
    if not isinstance(value, (list, tuple)):
        return False
    return any(isinstance(each, (Mapping, list, tuple)) or hasattr(each, "shape") for each in value)


def _rebuilt(like: Any, arrays: Any) -> Any:
    if isinstance(like, Mapping):
        return {key: _rebuilt(value, arrays) for key, value in like.items()}
    if _is_list_of_arrays(like):
        parts = [_rebuilt(value, arrays) for value in like]
        if hasattr(like, "_fields"):
            return type(like)(*parts)
        return type(like)(parts)
    return next(arrays)


def maker(like: Any) -> Callable[[NDArray[np.float64]], Any]:
    """A function that makes arrays of the kind, type and device of one, from float64 of NumPy."""
    torch, jax = sys.modules.get("torch"), sys.modules.get("jax")
    if torch is not None and isinstance(like, torch.Tensor):
        dtype = like.dtype if like.dtype.is_floating_point else torch.get_default_dtype()
        device = like.device
        return lambda array: torch.from_numpy(np.array(array)).to(device=device, dtype=dtype)
    if jax is not None and isinstance(like, jax.Array):
        return lambda array: jax.numpy.asarray(array, dtype=like.dtype)
    dtype = getattr(like, "dtype", None)
    if dtype is None or np.dtype(dtype).kind != "f":
        dtype = np.float64
    return lambda array: np.array(array, dtype=dtype)
