#!/usr/bin/env python3
"""Makes the golden trajectories of this folder, independently of the Rust code.

Gradient descent on the two-layer network, written from the formulas of the paper's section on
the model (Kou, Chen & Gu, NeurIPS 2023, arXiv:2310.18935): with neurons k = 1..2m of sign
s_k = +1 (the block W_pos) or -1 (W_neg), samples x_i and labels y_i = +1 or -1,

    h_ki = <w_k, x_i>,   D_ki = 1 if h_ki > 0 else slope,
    q_i  = y_i (1/m) sum_k s_k D_ki h_ki,
    w_k  <- w_k + (step_size / (n m)) s_k sum_i D_ki y_i g(q_i) x_i,   g = -loss'.

There is one program, `descend`, in weight space and with plain loops or products, and it runs in
two arithmetics: `Digits` (mpmath, 60 decimal digits) and `Extended` (NumPy's longdouble, which is
the 64-bit-mantissa format of x86: the script refuses to run where it is not). Against double
precision the first is exact and the second has 2000 times smaller rounding errors. The script
also runs the first problem in both and prints how far they are apart.

Samples and initial weights are multiples of 2**-10 and 2**-20, so that the arrays in the files are
exactly the numbers used, and compress well.

    python make_golden.py [FOLDER]
"""

import pathlib
import sys

import mpmath
import numpy as np

RECORDED = [a * 10**k for k in range(5) for a in (1, 2, 5)]


class Digits:
    """Arrays of mpmath numbers."""

    name = "mpmath, 60 digits"

    def __init__(self):
        mpmath.mp.dps = 60

    def array(self, values):
        return np.vectorize(mpmath.mpf, otypes=[object])(np.asarray(values, dtype=float))

    def number(self, value):
        return mpmath.mpf(float(value))

    def loss(self, kind, q):
        if kind == "logistic":
            return np.array([mpmath.log1p(mpmath.exp(-v)) for v in q])
        return np.array([mpmath.exp(-v) for v in q])

    def slope(self, kind, q):
        if kind == "logistic":
            return np.array([1 / (1 + mpmath.exp(v)) for v in q])
        return np.array([mpmath.exp(-v) for v in q])

    def squared_spectral_norm(self, w):
        gram = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
        return max(mpmath.eigsy(mpmath.matrix(gram.tolist()), eigvals_only=True))

    def sqrt(self, value):
        return mpmath.sqrt(value)


class Extended:
    """NumPy arrays of longdouble."""

    name = "longdouble, 64-bit mantissa"

    def __init__(self):
        if np.finfo(np.longdouble).nmant != 63:
            raise SystemExit("this machine's longdouble is not x86 extended precision")

    def array(self, values):
        return np.asarray(values, dtype=np.longdouble)

    number = np.longdouble

    def loss(self, kind, q):
        if kind == "logistic":
            return np.maximum(-q, 0) + np.log1p(np.exp(-np.abs(q)))
        return np.exp(-q)

    def slope(self, kind, q):
        if kind == "logistic":
            return 1 / (1 + np.exp(q))
        return np.exp(-q)

    def squared_spectral_norm(self, w):
        """The largest eigenvalue of the smaller Gram matrix, by cyclic Jacobi rotations."""
        a = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
        size = a.shape[0]
        for _ in range(60):
            off = np.sqrt(np.sum(np.tril(a, -1) ** 2))
            if off <= 1e-19 * np.sqrt(np.sum(a**2)):
                return np.max(np.diag(a))
            for p in range(size):
                for q in range(p + 1, size):
                    if a[p, q] == 0:
                        continue
                    theta = (a[q, q] - a[p, p]) / (2 * a[p, q])
                    sign = np.longdouble(1 if theta >= 0 else -1)
                    t = sign / (abs(theta) + np.sqrt(theta * theta + 1))
                    c = 1 / np.sqrt(t * t + 1)
                    rotation = np.array([[c, t * c], [-t * c, c]])
                    a[[p, q], :] = rotation.T @ a[[p, q], :]
                    a[:, [p, q]] = a[:, [p, q]] @ rotation
        raise ArithmeticError("Jacobi rotations did not converge")

    def sqrt(self, value):
        return np.sqrt(value)


def squared_norm(w):
    return (w * w).sum()


def record(arithmetic, problem, w_pos, w_neg, margins):
    stacked = np.concatenate([w_pos, w_neg])
    norm = arithmetic.sqrt(squared_norm(stacked))
    rank = lambda w: squared_norm(w) / arithmetic.squared_spectral_norm(w)
    return {
        "loss": arithmetic.loss(problem["loss_name"], margins).sum() / len(margins),
        "weight_norm": norm,
        "stable_rank_pos": rank(w_pos),
        "stable_rank_neg": rank(w_neg),
        "stable_rank": rank(stacked),
        "normalized_margins": margins / norm,
    }


def descend(arithmetic, problem):
    """The recorded quantities of gradient descent on `problem`, as float64 arrays."""
    x, y = arithmetic.array(problem["X"]), arithmetic.array(problem["y"])
    w_pos, w_neg = (arithmetic.array(problem[name]) for name in ("W_pos", "W_neg"))
    gamma, eta = arithmetic.number(problem["slope"]), arithmetic.number(problem["step_size"])
    n, m = len(y), len(w_pos)
    one = arithmetic.number(1)
    rows = []
    wanted = problem["steps"]
    for step in range(wanted[-1] + 1):
        h_pos, h_neg = w_pos @ x.T, w_neg @ x.T
        d_pos, d_neg = np.where(h_pos > 0, one, gamma), np.where(h_neg > 0, one, gamma)
        margins = y * ((d_pos * h_pos).sum(0) - (d_neg * h_neg).sum(0)) / m
        if step in wanted:
            rows.append(record(arithmetic, problem, w_pos, w_neg, margins))
        pull = (eta / (n * m)) * (y * arithmetic.slope(problem["loss_name"], margins))
        w_pos = w_pos + (d_pos * pull) @ x
        w_neg = w_neg - (d_neg * pull) @ x
    return {name: np.array([row[name] for row in rows]).astype(np.float64) for name in rows[0]}


def problem(seed, n, d, m, slope, step_size, last, init_scale, mean=0.0, loss_name="logistic",
            labels=None):
    """Random samples x = mean (1, .., 1) + N(0, I), on a grid of exact binary fractions."""
    rng = np.random.default_rng(seed)
    grid = lambda values, bits: np.round(values * 2.0**bits) / 2.0**bits
    y = np.array(labels or [1, -1] * (n // 2), dtype=np.float64)
    return {
        "X": grid(rng.standard_normal((n, d)) + mean, 10),
        "y": y,
        "W_pos": grid(init_scale * rng.standard_normal((m, d)), 20),
        "W_neg": grid(init_scale * rng.standard_normal((m, d)), 20),
        "slope": slope,
        "step_size": step_size,
        "loss_name": loss_name,
        "steps": [0] + [step for step in RECORDED if step <= last],
    }


PROBLEMS = {
    "leaky_60_digits": (
        Digits,
        problem(1, n=6, d=40, m=4, slope=0.2, step_size=0.1, last=2_000, init_scale=1e-2),
    ),
    "leaky_near_orthogonal": (
        Extended,
        problem(2, n=8, d=400, m=5, slope=0.1, step_size=0.05, last=20_000, init_scale=1e-3),
    ),
    "relu_near_orthogonal": (
        Extended,
        problem(3, n=8, d=400, m=5, slope=0.0, step_size=0.05, last=20_000, init_scale=1e-3),
    ),
    # Three positive samples to nine, and a common mean: opposite-sign samples hold neurons at
    # their kinks, which are crossed again and again.
    "relu_correlated": (
        Extended,
        problem(4, n=12, d=30, m=6, slope=0.0, step_size=0.1, last=20_000, init_scale=1e-2,
                mean=0.5, labels=[1, -1, -1, -1] * 3),
    ),
    "leaky_exponential_loss": (
        Extended,
        problem(5, n=6, d=60, m=4, slope=0.3, step_size=0.02, last=10_000, init_scale=1e-2,
                loss_name="exponential"),
    ),
}


def compare(a, b):
    return max(float(np.max(np.abs(a[name] - b[name]) / np.abs(b[name]))) for name in b)


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    for name, (arithmetic, what) in PROBLEMS.items():
        found = descend(arithmetic(), what)
        note = ""
        if arithmetic is Digits:
            apart = compare(descend(Extended(), what), found)
            note = f"; the same in longdouble: {apart:.1e} apart, both rounded to float64"
        np.savez_compressed(folder / f"{name}.npz", **what, **found)
        print(f"{name}: {arithmetic.name}, loss {found['loss'][-1]:.3e}{note}")


if __name__ == "__main__":
    main()
