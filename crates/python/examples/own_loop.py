"""Measure stable rank and normalized margins in a training loop of your own, here of NumPy."""

import numpy as np

import implicit_bias as ib

rng = np.random.default_rng(0)
y = np.repeat([1.0, -1.0], 3)
X = rng.normal(size=(6, 300)) + y[:, None] * np.eye(300)[0]
signs = np.repeat([1.0, -1.0], 10)
W = 0.01 * rng.normal(size=(20, 300))


def scores(W):
    return np.maximum(X @ W.T, 0.1 * X @ W.T) @ signs / 10


with open("loop.csv", "w", encoding="utf-8") as table:
    print("step,stable_rank_pos,margin_min,margin_max", file=table)
    for step in range(3001):
        if step % 300 == 0:
            margins = ib.normalized_margins(scores(W), y, W)
            row = [step, ib.stable_rank(W[:10]), margins.min(), margins.max()]
            print(*row, sep=",", file=table)
        pull = y / (1 + np.exp(y * scores(W))) / 6
        slopes = np.where(X @ W.T > 0, 1.0, 0.1)
        W = W + 0.1 * (slopes * pull[:, None] * signs / 10).T @ X
print(open("loop.csv", encoding="utf-8").read())
