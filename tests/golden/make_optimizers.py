#!/usr/bin/env python3
"""Writes optimizers.npz: descents on a linear network, in 50-digit arithmetic (mpmath), from their
definitions alone. Array names as in the reference files of `tests/tests/adam.rs`."""

import pathlib

import mpmath as mp
import numpy as np

mp.mp.dps = 50
STEPS = [0, 1, 2, 5, 10, 50, 100, 300, 1000]
RUNS = {
    # name: optimizer, eta0, exponent, t0, beta1, beta2, eps, bias correction
    "gd": ("gd", 0.5, 0.0, 1, 0.9, 0.99, 0.0, 0),
    "momentum": ("momentum", 0.5, 0.25, 2, 0.8, 0.99, 0.0, 0),
    "normalized": ("normalized-gd", 0.3, 0.5, 1, 0.9, 0.99, 0.0, 0),
    "sign": ("sign-gd", 0.1, 0.5, 1, 0.9, 0.99, 0.0, 0),
    "polyak": ("polyak", 0.25, 0.0, 1, 0.9, 0.99, 0.0, 0),
    "adam": ("adam", 0.02, 0.0, 1, 0.9, 0.99, 1e-3, 1),
    "adam_decay": ("adam", 0.1, 0.5, 2, 0.9, 0.99, 1e-8, 0),
    "cyclic": ("sgd", 0.3, 0.1, 3, 0.9, 0.99, 0.0, 0),
}


def descend(x, y, w, run):
    """The weights at STEPS."""
    opt, eta0, exponent, t0, b1, b2, eps, correct = run
    eta0, exponent, b1, b2, eps = (mp.mpf(float(v)) for v in (eta0, exponent, b1, b2, eps))
    n, d = len(x), len(x[0])
    m, v = [mp.mpf(0)] * d, [mp.mpf(0)] * d
    found = []
    for t in range(STEPS[-1] + 1):
        if t in STEPS:
            found.append(list(w))
        # `sgd`: batches of two, in the order of the data.
        per_epoch = (n + 1) // 2
        rows = range(n) if opt != "sgd" else range(2 * (t % per_epoch), min(n, 2 * (t % per_epoch) + 2))
        q = {i: y[i] * mp.fdot(x[i], w) for i in rows}
        g = [
            -mp.fsum(y[i] * x[i][k] / (1 + mp.exp(q[i])) for i in rows) / len(rows)
            for k in range(d)
        ]
        eta = eta0 * mp.mpf(t + t0) ** (-exponent) if exponent else eta0
        norm2 = mp.fsum(gk * gk for gk in g)
        if opt in ("gd", "sgd"):
            step = [eta * gk for gk in g]
        elif opt == "momentum":
            m = [b1 * mk + (1 - b1) * gk for mk, gk in zip(m, g)]
            step = [eta * mk for mk in m]
        elif opt == "normalized-gd":
            step = [eta * gk / mp.sqrt(norm2) for gk in g]
        elif opt == "sign-gd":
            step = [eta * mp.sign(gk) for gk in g]
        elif opt == "polyak":
            loss = mp.fsum(mp.log1p(mp.exp(-q[i])) for i in rows) / n
            step = [eta0 * loss / norm2 * gk for gk in g]
        else:
            m = [b1 * mk + (1 - b1) * gk for mk, gk in zip(m, g)]
            v = [b2 * vk + (1 - b2) * gk * gk for vk, gk in zip(v, g)]
            c1, c2 = (1 - b1 ** (t + 1), 1 - b2 ** (t + 1)) if correct else (1, 1)
            step = [eta * (mk / c1) / (mp.sqrt(vk / c2) + eps) for mk, vk in zip(m, v)]
        w = [wk - sk for wk, sk in zip(w, step)]
    return found


def main():
    rng = np.random.default_rng(5)
    x = rng.standard_normal((6, 8))
    y = np.array([1.0, -1, 1, 1, -1, 1])
    w0 = rng.standard_normal(8)
    arrays = {"X": x, "y": y, "w0": w0, "steps": np.array(STEPS, dtype=float)}
    exact = [[mp.mpf(float(v)) for v in row] for row in x]
    for name, run in RUNS.items():
        w = np.array([[float(v) for v in row] for row in descend(exact, [mp.mpf(v) for v in y], [mp.mpf(float(v)) for v in w0], run)])
        margins = (w @ x.T) * y
        arrays[f"{name}_w"] = w
        arrays[f"{name}_margins"] = margins
        arrays[f"{name}_margin_l2"] = margins.min(1) / np.linalg.norm(w, axis=1)
        arrays[f"{name}_margin_linf"] = margins.min(1) / np.abs(w).max(1)
        arrays[f"{name}_sensitivity"] = np.ones(len(STEPS))
        fields = ("eta0", "lr_exponent", "t0", "beta1", "beta2", "eps", "bias_correction")
        for field, value in zip(fields, run[1:]):
            arrays[f"{name}_{field}"] = np.array([float(value)])
    np.savez(pathlib.Path(__file__).with_name("optimizers.npz"), **arrays)


if __name__ == "__main__":
    main()
