"""Small limit programs solved in weight space by SciPy's SLSQP: `python limit_programs.py > limit_programs.json`.

Nothing is shared with the crate: the variables are the weights of every single neuron (no groups) and one
bound per opposite-sign pair, the program is the primal of theory.md section 6.
"""

import json

import numpy as np
from scipy.optimize import minimize


def solve(x, y, width, slope, pattern):
    """min 1/2 |W|^2 s.t. margins >= 1, with the same-sign slopes of `pattern` (2m, n) frozen."""
    n, d = x.shape
    neurons = 2 * width
    sign = np.r_[np.ones(width), -np.ones(width)]
    opposite = np.argwhere(sign[:, None] != y[None])
    size = neurons * d + len(opposite)
    rows, bounds = [], []
    for i in range(n):
        row = np.zeros(size)
        for k in range(neurons):
            if sign[k] == y[i]:
                row[k * d : (k + 1) * d] = (1 if pattern[k, i] else slope) * x[i] / width
        for pair, (k, j) in enumerate(opposite):
            if j == i:
                row[neurons * d + pair] = -1 / width
        rows.append(row)
        bounds.append(1.0)
    for pair, (k, i) in enumerate(opposite):
        for piece in (1.0, slope):
            row = np.zeros(size)
            row[neurons * d + pair] = 1
            row[k * d : (k + 1) * d] = -piece * x[i]
            rows.append(row)
            bounds.append(0.0)
    rows, bounds = np.array(rows), np.array(bounds)
    weights = np.r_[np.ones(neurons * d), np.zeros(len(opposite))]
    best = minimize(
        lambda v: 0.5 * np.sum(weights * v * v),
        np.zeros(size),
        jac=lambda v: weights * v,
        constraints={"type": "ineq", "fun": lambda v: rows @ v - bounds, "jac": lambda v: rows},
        method="SLSQP",
        options={"ftol": 1e-16, "maxiter": 2000},
    )
    # Status 8: no descent left at this tolerance, which is as good as it gets.
    assert best.status in (0, 8), best.message
    assert (rows @ best.x - bounds).min() > -1e-9
    return best.x[: neurons * d].reshape(neurons, d)


def main():
    random = np.random.default_rng(3)
    cases = []
    for n, d, width, slope in [
        (4, 6, 2, 0.0),
        (4, 6, 2, 0.1),
        (5, 3, 2, 0.3),
        (6, 2, 1, 0.5),
        (5, 4, 3, 0.0),
        (6, 3, 2, 0.2),
    ]:
        y = np.where(np.arange(n) % 2 == 0, 1.0, -1.0)
        direction = np.eye(d)[0]
        x = random.normal(size=(n, d)) + 2.5 * y[:, None] * direction
        x *= np.exp(0.5 * random.normal(size=n))[:, None]
        pattern = random.random((2 * width, n)) < 0.7
        pattern[[0, width]] = True
        weights = solve(x, y, width, slope, pattern)
        singular = lambda block: float(np.sum(block**2) / np.linalg.norm(block, 2) ** 2)
        cases.append(
            {
                "x": x.tolist(),
                "y": y.tolist(),
                "width": width,
                "slope": slope,
                "pattern": np.where(pattern, 1.0, -1.0).tolist(),
                "pre_activations": (weights @ x.T).tolist(),
                "norm": float(np.linalg.norm(weights)),
                "stable_rank_pos": singular(weights[:width]),
                "stable_rank_neg": singular(weights[width:]),
                "stable_rank": singular(weights),
            }
        )
    print(json.dumps(cases, indent=1))


if __name__ == "__main__":
    main()
