"""What a step of ``follow`` costs beside a bare loop of the same function: ``python overhead.py``.

Networks of NumPy, and of PyTorch and JAX where they are installed: the median of five rounds of exact
steps in turns, in CPU time, which other work on the machine hardly changes.
"""

import importlib.util
import statistics
import time

import implicit_bias as ib
import numpy as np


def linear(n, d):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(n, d)), np.sign(rng.normal(size=n))
    return (lambda w: (y * (X @ w), lambda v: X.T @ (v * y))), 0.1 * rng.normal(size=d)


def torch_cnn():
    import torch
    from torch import nn

    torch.set_num_threads(1)
    torch.manual_seed(0)
    X = torch.randn(16, 1, 8, 8, dtype=torch.float64)
    y = torch.tensor([1.0, -1.0] * 8, dtype=torch.float64)
    model = nn.Sequential(
        nn.Conv2d(1, 6, 3, bias=False), nn.ReLU(), nn.Conv2d(6, 8, 3, bias=False), nn.ReLU(),
        nn.Flatten(), nn.Linear(128, 1, bias=False),
    ).double()
    return ib.torch_margins(model, X, y), {name: w.detach() for name, w in model.named_parameters()}


def jax_two_layers():
    import jax

    jax.config.update("jax_enable_x64", True)
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 100)), np.sign(rng.normal(size=50))
    w0 = {"W": jax.numpy.asarray(0.1 * rng.normal(size=(50, 100))),
          "v": jax.numpy.asarray(rng.normal(size=50))}
    return ib.jax_margins(lambda w, X: jax.nn.relu(X @ w["W"].T) @ w["v"], X, y), w0


def bare_loop(function, w, steps, step_size=1e-3):
    """Gradient descent in the arrays of the network itself, as a user writes it."""
    is_dict = isinstance(w, dict)
    for _ in range(steps):
        q, vjp = function(w)
        margins = np.asarray(q.detach() if hasattr(q, "detach") else q)
        slopes = 1 / (1 + np.exp(margins)) / len(margins)
        v = slopes
        if hasattr(q, "detach"):
            import torch
            v = torch.from_numpy(slopes)
        gradient = vjp(v)
        if is_dict:
            w = {name: w[name] + step_size * gradient[name] for name in w}
        else:
            w = w + step_size * gradient


def followed(function, w, steps, step_size=1e-3):
    ib.follow(function, w, step_size=step_size, steps=steps, exact_steps=steps, kkt_steps=[])


def measure(name, function, w, steps):
    rounds = {bare_loop: [], followed: []}
    for which in rounds:
        which(function, w, 10)
    for _ in range(5):
        for which, seconds in rounds.items():
            began = time.process_time()
            which(function, w, steps)
            seconds.append((time.process_time() - began) / steps)
    bare, ours = (1e6 * statistics.median(seconds) for seconds in rounds.values())
    print(f"{name:42} {bare:9.1f} {ours:9.1f} {ours - bare:+9.1f} {ours / bare:6.2f}")


def main():
    print(f"{'microseconds of CPU a step':42} {'bare loop':>9} {'follow':>9} {'apart':>9} {'ratio':>6}")
    measure("NumPy, linear, n = 20, N = 100", *linear(20, 100), 5000)
    measure("NumPy, linear, n = 100, N = 10,000", *linear(100, 10_000), 1000)
    if importlib.util.find_spec("jax"):
        measure("JAX, two layers, n = 50, N = 5,050", *jax_two_layers(), 2000)
    if importlib.util.find_spec("torch"):
        measure("PyTorch, CNN, n = 16, N = 614", *torch_cnn(), 1000)


main()
