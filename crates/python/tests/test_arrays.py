"""Measures of arrays, beside NumPy's own."""

import implicit_bias as ib
import numpy as np
import pytest


class ArrayAlone:
    """What has `__array__` and nothing else."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.array, dtype=dtype)


class CapsuleAlone:
    """What has `__dlpack__` and no `__array__`."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **arguments):
        return self.array.__dlpack__(**arguments)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


def torch_alike(array):
    torch = pytest.importorskip("torch")
    return torch.tensor(array, requires_grad=True)


def jax_alike(array):
    return pytest.importorskip("jax.numpy").asarray(array)


KINDS = [np.asarray, np.asfortranarray, np.float32, np.ndarray.tolist, ArrayAlone, CapsuleAlone,
         torch_alike, jax_alike]


def by_svd(matrix):
    values = np.linalg.svd(matrix, compute_uv=False)
    return (values**2).sum() / values[0] ** 2


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("shape", [(3, 40), (40, 3), (1, 7), (7, 7)], ids=str)
def test_the_stable_rank_is_that_of_the_singular_values(kind, shape):
    matrix = np.random.default_rng(sum(shape)).normal(size=shape)
    given = kind(matrix)
    # JAX computes in single precision unless it is told otherwise.
    single = kind in (np.float32, jax_alike)
    expected = by_svd(matrix.astype(np.float32).astype(float) if single else matrix)
    assert ib.stable_rank(given) == pytest.approx(expected, rel=1e-13)


def test_margins_of_labels_and_of_classes():
    rng = np.random.default_rng(0)
    scores, y = rng.normal(size=8), np.sign(rng.normal(size=8))
    weights = {"W_pos": rng.normal(size=(3, 5)), "W_neg": rng.normal(size=(3, 5)), "v": rng.normal(size=4)}
    norm = np.sqrt(sum((w**2).sum() for w in weights.values()))
    for given in [weights, list(weights.values()), np.concatenate([w.ravel() for w in weights.values()])]:
        found = ib.normalized_margins(scores, y, given, homogeneity=2)
        assert np.allclose(found, y * scores / norm**2, rtol=1e-13, atol=0)
        # As PyTorch has them: an iterator of parameters, a last layer of one output.
        blocks = iter(given.values() if isinstance(given, dict) else given) if len(given) == 3 else given
        assert np.array_equal(ib.normalized_margins(scores[:, None], y, blocks, homogeneity=2), found)
    scores, c = rng.normal(size=(8, 3)), rng.integers(0, 3, size=8)
    own = scores[np.arange(8), c]
    others = np.where(np.arange(3) == c[:, None], -np.inf, scores).max(axis=1)
    found = ib.normalized_margins(ArrayAlone(scores), c, [CapsuleAlone(w) for w in weights.values()])
    assert np.allclose(found, (own - others) / norm, rtol=1e-13, atol=0)
    # A list of numbers is one vector, not a list of blocks.
    assert np.allclose(ib.normalized_margins([1.0], [1], [3.0, 4.0]), [0.2])


@pytest.mark.parametrize("weight, said", [
    ([1.0, 2.0], "weight: expected shape"),
    (np.zeros((2, 2)), "weight: every entry is zero"),
    (np.zeros((0, 2)), "weight: expected at least one element"),
    ([[1.0, np.nan]], "weight: expected finite values, found 1"),
    ([["a"]], "weight: expected an array of numbers"),
    ([[1j]], "weight: expected an array of numbers"),
], ids=str)
def test_what_has_no_stable_rank_is_said(weight, said):
    with pytest.raises(ValueError, match=said):
        ib.stable_rank(weight)


class Sparse:
    """As of SciPy."""

    nnz = 1

    def toarray(self):
        return np.eye(2)


MASKED = np.ma.masked_array([[1.0, 2.0]], [[False, True]])


@pytest.mark.parametrize("weight, said", [
    (MASKED, "weight: expected an array of numbers, found masked entries"),
    (Sparse(), "weight: expected an array of numbers, found a sparse matrix; .toarray"),
    (np.zeros((2, 2), [("a", float)]), "weight: expected an array of numbers, found one of"),
    ([[1.0, 2.0], [3.0]], "weight: expected an array of numbers, found list"),
    (np.eye(2, dtype=object), "weight: expected an array of numbers, found one of object"),
], ids=lambda value: type(value).__name__)
def test_what_would_lose_something_as_numbers_is_refused(weight, said):
    with pytest.raises(ValueError, match=said):
        ib.stable_rank(weight)


def test_numbers_of_other_kinds_are_as_they_are():
    matrix = np.random.default_rng(0).integers(-9, 9, size=(5, 4))
    expected = by_svd(matrix.astype(float))
    for kind in [">f8", ">i2", "i1", "f2", "g", "u1"]:
        given = np.abs(matrix).astype(kind) if kind == "u1" else matrix.astype(kind)
        wanted = by_svd(np.abs(matrix).astype(float)) if kind == "u1" else expected
        assert ib.stable_rank(given) == pytest.approx(wanted, rel=1e-13)
        assert ib.stable_rank(given.T[::-1]) == pytest.approx(wanted, rel=1e-13)
    given = np.ma.masked_array(matrix)
    given.flags.writeable = False
    assert ib.stable_rank(given) == pytest.approx(expected, rel=1e-13)


def test_tensors_of_pytorch_of_other_kinds():
    torch = pytest.importorskip("torch")
    matrix = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    assert ib.stable_rank(matrix.bfloat16()) == ib.stable_rank(matrix.int()) == 1.25
    for wrong in [matrix.to(torch.complex64) * 1j, matrix.to_sparse()]:
        with pytest.raises(ValueError, match="weight: expected an array of numbers"):
            ib.stable_rank(wrong)


@pytest.mark.parametrize("scores, y, weights, said", [
    ([1.0], [0.0], [[1.0]], "labels"),
    ([1.0, 2.0], [1.0], [[1.0]], "labels"),
    ([1.0], [1.0], [[0.0]], "weights: every entry is zero"),
    ([1.0], [1.0], [], "expected at least one element"),
    ([1.0], [1.0], [[]], "expected at least one element"),
    ([[1.0, 2.0]], [2], [[1.0]], "classes"),
    ([[1.0, 2.0]], [0.5], [[1.0]], "y: expected numbers of classes"),
    ([[[1.0]]], [1], [[1.0]], "scores: expected shape"),
    ([1.0], [[1.0]], [[1.0]], "y: expected shape"),
    ([1.0], [1.0], [[1.0], ["a"]], "weights"),
], ids=str)
def test_what_has_no_margins_is_said(scores, y, weights, said):
    with pytest.raises(ValueError, match=said):
        ib.normalized_margins(scores, y, weights)
