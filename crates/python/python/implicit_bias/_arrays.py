"""Arrays of NumPy, PyTorch, JAX and others, and measures of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence, ValuesView
from numbers import Number
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _native


def to_numpy(array: Any, name: str) -> NDArray[np.float64]:
    """An array of numbers as float64; of PyTorch it may need gradients, or be on another device."""
    expected = f"{name}: expected an array of numbers"
    if np.ma.is_masked(array):
        raise ValueError(f"{expected}, found masked entries, which have none")
    if hasattr(array, "toarray") and hasattr(array, "nnz"):
        raise ValueError(f"{expected}, found a sparse matrix; .toarray() is one")
    try:
        if all(hasattr(array, method) for method in ("detach", "cpu", "double", "numpy")):
            # What is complex has a real part, which is not what was given.
            real = not array.is_complex()
            array = array.detach().cpu()
            array = array.double().numpy() if real else array.numpy()
        elif hasattr(array, "__dlpack__") and not hasattr(array, "__array__"):
            array = np.from_dlpack(array)
        found = np.asarray(array)
        if found.dtype.kind == "V" and found.dtype.names is None:
            # Types that NumPy does not have, as JAX's bfloat16.
            found = found.astype(np.float64)
    except (TypeError, ValueError, RuntimeError, BufferError) as error:
        raise ValueError(f"{expected}, found {type(array).__name__}: {error}") from None
    if found.dtype.kind not in "biuf":
        raise ValueError(f"{expected}, found one of {found.dtype}")
    return np.ascontiguousarray(found, dtype=np.float64).reshape(found.shape)


def write(path: Path, arrays: Mapping[str, Any]) -> None:
    """Writes arrays by name to an archive of NumPy, equal arrays as equal bytes."""
    _native.write_arrays(path, [(name, to_numpy(array, name)) for name, array in arrays.items()])


def is_path(value: Any) -> bool:
    """Whether a value names a file."""
    return isinstance(value, (str, os.PathLike))


def stable_rank(weight: Any) -> float:
    """Stable rank ``‖A‖_F² / ‖A‖_2²`` of a matrix.

    Between 1, when the matrix has rank one, and its rank, when all its nonzero singular values are
    equal; unchanged by scaling, rotation and transposition. On leaky ReLU networks that of each
    block of neurons of one sign tends to 1, on ReLU networks it stays bounded (Kou, Chen & Gu,
    NeurIPS 2023, arXiv:2310.18935).

    Parameters
    ----------
    weight : array, ``[rows, columns]``
        Of NumPy, PyTorch, JAX, or anything with ``__array__`` or ``__dlpack__``. It is measured in
        float64, exact to about 1e-14 relative for the numbers as they are.

    Raises
    ------
    ValueError
        If it is empty, zero, or has entries that are NaN or infinite.

    >>> stable_rank([[2.0, 0.0], [0.0, 1.0]])
    1.25
    """
    matrix = to_numpy(weight, "weight")
    if matrix.ndim != 2:
        raise ValueError(f"weight: expected shape [rows, columns], found {list(matrix.shape)}")
    return _native.stable_rank(matrix)


def normalized_margins(
    scores: Any,
    y: Any,
    weights: Any,
    homogeneity: float = 1.0,
) -> NDArray[np.float64]:
    """Normalized margins ``q_i / ‖W‖_F^L`` of a batch, ``[n]``.

    The margin ``q_i`` of a sample is ``y_i f(x_i)`` for labels ±1, and the score of its class minus
    the best other for classes. Of two-layer networks on nearly orthogonal samples all normalized
    margins become equal (Kou, Chen & Gu, NeurIPS 2023, arXiv:2310.18935).

    Parameters
    ----------
    scores : array, ``[n]``, ``[n, 1]`` or ``[n, classes]``
        The outputs ``f(x_i)`` of the network.
    y : array, ``[n]``
        Labels ±1 beside scores ``[n]`` and ``[n, 1]``; else numbers of classes, from 0.
    weights : array, or arrays in a list, an iterator or a dictionary
        All trained weights of the network, of any shapes: ``model.parameters()`` of PyTorch.
    homogeneity : float
        Degree ``L`` of the network: ``f(c W; x) = c^L f(W; x)``. 1 where one layer is trained.

    Raises
    ------
    ValueError
        If shapes do not fit, a label is neither of the two, a number is not finite, or all weights
        are zero.

    >>> normalized_margins([6.0, -3.0], [1, -1], [[2.0]])
    array([3. , 1.5])
    """
    found = to_numpy(scores, "scores")
    labels = to_numpy(y, "y")
    if labels.ndim != 1:
        raise ValueError(f"y: expected shape [n], found {list(labels.shape)}")
    norm = _native.weight_norm(_blocks(weights))
    if found.ndim == 2 and found.shape[1] == 1:
        # As a last layer of one output has them.
        found = found[:, 0]
    if found.ndim == 1:
        return _native.margins_of_signs(found, labels, norm, homogeneity)
    if found.ndim != 2:
        raise ValueError(f"scores: expected shape [n] or [n, classes], found {list(found.shape)}")
    classes = labels.astype(np.int64)
    if (classes != labels).any() or (classes < 0).any():
        raise ValueError("y: expected numbers of classes, from 0, beside scores [n, classes]")
    return _native.margins_of_classes(found, classes.tolist(), norm, homogeneity)


def _blocks(weights: Any) -> list[NDArray[np.float64]]:
    if isinstance(weights, Mapping):
        weights = weights.values()
    if isinstance(weights, Iterator) or isinstance(weights, ValuesView):
        # As model.parameters() of PyTorch.
        weights = list(weights)
    is_list = isinstance(weights, Sequence) and not isinstance(weights, (str, bytes))
    if is_list and not all(isinstance(entry, Number) for entry in weights):
        return [to_numpy(block, f"weights[{k}]") for k, block in enumerate(weights)]
    return [to_numpy(weights, "weights")]
