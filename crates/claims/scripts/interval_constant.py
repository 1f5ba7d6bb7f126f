"""The critical value of `crates/claims/src/fit.rs`, by simulation. Needs NumPy; takes seconds.

Independent normal residuals on a trend of n evenly spaced points: the 95 % quantile of
|slope| / (sqrt(n/(n-2)) sqrt(Omega) / S_xx), with Omega = (2/n) sum P_k^2 as in that file.
"""

import numpy as np

rng = np.random.default_rng(0)
n, draws = 400, 40_000
x = np.arange(n) - (n - 1) / 2
s_xx = x @ x
statistics = []
for _ in range(draws // 1000):
    y = rng.standard_normal((1000, n))
    y -= y.mean(axis=1, keepdims=True)
    slope = y @ x / s_xx
    partial = np.cumsum(x * (y - slope[:, None] * x), axis=1)
    omega = 2 / n * (partial**2).sum(axis=1)
    statistics.append(np.abs(slope) / (np.sqrt(n / (n - 2) * omega) / s_xx))
statistics = np.concatenate(statistics)
batches = [np.quantile(batch, 0.95) for batch in np.split(statistics, 20)]
print(f"{np.quantile(statistics, 0.95):.2f} ± {np.std(batches) / np.sqrt(20):.2f}")
