#!/usr/bin/env python3
"""Writes both_layers.npz: gradient descent on both layers of a ReLU network, in 50-digit arithmetic
(mpmath), from its definition alone. Array names as in the reference files of
`tests/tests/both_layers.rs`."""

import pathlib

import mpmath as mp
import numpy as np

mp.mp.dps = 50
STEPS = [0, 1, 2, 5, 10, 50, 100, 200, 400]


def schedule(t):
    """0:4,5:1,50:1+t/50,200:2^((t-200)/40)."""
    if t < 5:
        return mp.mpf(4)
    if t < 50:
        return mp.mpf(1)
    if t < 200:
        return 1 + mp.mpf(t) / 50
    return mp.mpf(2) ** (mp.mpf(t - 200) / 40)


RUNS = {
    # name: -loss'(q), loss(q), sum instead of mean, step size, factor of step t
    "exponential": (lambda q: mp.exp(-q), lambda q: mp.exp(-q), True, "0.01", lambda t: mp.mpf(1)),
    "scheduled": (
        lambda q: 1 / (1 + mp.exp(q)),
        lambda q: mp.log(1 + mp.exp(-q)),
        False,
        "0.05",
        schedule,
    ),
}


def descend(x, y, w, v, run):
    """Both layers and the loss at STEPS."""
    slope, loss, is_sum, size, factor = run
    n, d, m = len(x), len(x[0]), len(w)
    w, v = [list(row) for row in w], list(v)
    share = mp.mpf(1) if is_sum else mp.mpf(1) / n
    size = mp.mpf(float(size))
    found = []
    for t in range(STEPS[-1] + 1):
        z = [[mp.fdot(w[j], x[i]) for j in range(m)] for i in range(n)]
        a = [[max(z[i][j], mp.mpf(0)) for j in range(m)] for i in range(n)]
        q = [y[i] * mp.fdot(v, a[i]) for i in range(n)]
        if t in STEPS:
            found.append(([list(row) for row in w], list(v), share * mp.fsum(loss(qi) for qi in q)))
        c = [share * slope(q[i]) * y[i] for i in range(n)]
        eta = size * factor(t)
        up_v = [mp.fsum(c[i] * a[i][j] for i in range(n)) for j in range(m)]
        up_w = [
            [
                v[j] * mp.fsum(c[i] * x[i][k] for i in range(n) if z[i][j] > 0)
                for k in range(d)
            ]
            for j in range(m)
        ]
        v = [v[j] + eta * up_v[j] for j in range(m)]
        w = [[w[j][k] + eta * up_w[j][k] for k in range(d)] for j in range(m)]
    return found


def main():
    rng = np.random.default_rng(9)
    x = rng.standard_normal((6, 5))
    y = np.array([1.0, -1, 1, 1, -1, -1])
    w0 = 0.1 * rng.standard_normal((4, 5))
    v0 = np.array([1.0, -1, 1, -1]) * np.linalg.norm(w0, axis=1)
    arrays = {"X": x, "y": y, "W0": w0, "v0": v0, "steps": np.array(STEPS, dtype=float)}
    exact = lambda matrix: [[mp.mpf(float(entry)) for entry in row] for row in matrix]
    for name, run in RUNS.items():
        labels, outer = [mp.mpf(label) for label in y], [mp.mpf(float(v)) for v in v0]
        found = descend(exact(x), labels, exact(w0), outer, run)
        number = lambda rows: np.array([[float(entry) for entry in row] for row in rows])
        arrays[f"{name}_W"] = np.array([number(w) for w, _, _ in found])
        arrays[f"{name}_outer"] = number([v for _, v, _ in found])
        arrays[f"{name}_loss"] = np.array([float(loss) for _, _, loss in found])
        unequal = lambda w, v: max(abs(mp.fdot(row, row) - vj * vj) for row, vj in zip(w, v))
        arrays[f"{name}_imbalance"] = np.array([float(unequal(w, v)) for w, v, _ in found])
        arrays[f"{name}_step_size"] = np.array([float(run[3])])
    np.savez(pathlib.Path(__file__).with_name("both_layers.npz"), **arrays)


if __name__ == "__main__":
    main()
