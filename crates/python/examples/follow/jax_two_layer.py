"""A two-layer network in JAX beside the laboratory's own, to step 10^300.

``python jax_two_layer.py`` prints how far margins and losses are apart, and exits with 1 where
that is more than the error estimates of both. Needs jax.
"""

import jax
import implicit_bias as ib
import numpy as np

jax.config.update("jax_enable_x64", True)

rng = np.random.default_rng(3)
X, y = rng.normal(size=(8, 40)), np.array([1.0, -1.0] * 4)
w0 = {name: 0.1 * rng.normal(size=(10, 40)) for name in ("W_pos", "W_neg")}


def network(w, X):
    """The average of the neurons with sign +1, less that of those with sign -1."""
    relu = jax.nn.relu
    return relu(X @ w["W_pos"].T).mean(1) - relu(X @ w["W_neg"].T).mean(1)


native = ib.train(X, y, network="two-layer", activation="relu", init=w0, engine="tensor",
                  step_size=0.1, exact_steps=1e4, steps=1e300, record=0)
own = ib.follow(ib.jax_margins(network, X, y), {name: jax.numpy.asarray(w) for name, w in w0.items()},
                step_size=0.1, exact_steps=1e4)

print("step     smallest margin: native, JAX      apart    error_estimate")
failed = 0
for step in [1, 1e4, 1e6, 1e20, 1e100, 1e300]:
    row, of = list(native.steps).index(step), list(own.steps).index(step)
    norm, own_norm = native.series["weight_norm"][row], own.series["weight_norm"][of]
    q, own_q = norm * native.margins[row], own_norm * own.normalized_margins[of]
    apart = abs(q - own_q).max() / max(1.0, q.min())
    loss = abs(native.series["log_loss"][row] - own.series["log_loss"][of])
    estimate = native.series["error_estimate"][row] + own.series["error_estimate"][of]
    print(f"{step:7.0e}  {q.min():14.8f} {own_q.min():14.8f}  {apart:.1e}  {estimate:.1e}")
    failed += apart > max(estimate, 1e-9) or loss > max(estimate, 1e-9) * max(1.0, q.max())
raise SystemExit(int(failed > 0))
