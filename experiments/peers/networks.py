"""Steps a second of full-batch gradient descent on networks of several architectures: this project's tensor engine beside
a jitted loop of JAX, in turn. Prints a Markdown table of ratios.

    cargo build --release -p implicit-bias-lab --example steps_per_second
    python3 experiments/peers/networks.py target/release/examples/steps_per_second [ROUNDS]

Each number is the median of the rounds (three without); a round is ours, then JAX, each in a process that may run on
one core only, and takes steps for some two seconds. Needs numpy and jax.
"""

import os
import statistics
import subprocess
import sys

from shapes import SHAPES, SLOPE, STEP_SIZE, steps_per_second

# What this project's program is asked for.
NETWORKS = {
    "two layers": ["network=two-layer-both"],
    "three layers": ["network=deep", "depth=2"],
    "linear": ["network=linear"],
    "convolution": ["network=convolution", "patches=4"],
}
PATCHES = 4


def network(name, random, d, m):
    """Initial weights, and the scores of samples in the rows of x as a function of weights and x."""
    import jax

    phi = lambda z: jax.nn.leaky_relu(z, SLOPE)
    if name == "linear":
        return [0.5 * random.standard_normal(d)], lambda weights, x: x @ weights[0]
    if name == "convolution":

        def scores(weights, x):
            patches = x.reshape(len(x), PATCHES, -1)
            positive, negative = (phi(patches @ w.T).sum(axis=1).mean(axis=1) for w in weights)
            return positive - negative

        return [0.5 * random.standard_normal((m, d // PATCHES)) for _ in range(2)], scores
    shapes = [(m, d)] + [(m, m)] * (name == "three layers")
    weights = [0.5 * random.standard_normal(shape) / shape[1] ** 0.5 for shape in shapes]

    def scores(weights, x):
        for w in weights[:-1]:
            x = phi(x @ w.T)
        return x @ weights[-1]

    return [*weights, random.standard_normal(m) / m], scores


def jax_steps(name, precision, n, d, m):
    """A function that takes so many steps."""
    import jax
    import numpy as np

    jax.config.update("jax_enable_x64", True)
    dtype = {"f32": np.float32, "f64": np.float64}[precision]
    random = np.random.default_rng(0)
    y = random.choice([-1.0, 1.0], n)
    x = random.standard_normal((n, d))
    x[:, 0] += y
    weights, scores = network(name, random, d, m)
    x, y, *weights = (jax.numpy.asarray(array, dtype) for array in (x, y, *weights))
    loss = lambda weights: jax.numpy.mean(jax.nn.softplus(-y * scores(weights, x)))

    def step(_, weights):
        return [w - STEP_SIZE * g for w, g in zip(weights, jax.grad(loss)(weights))]

    descend = jax.jit(lambda weights, count: jax.lax.fori_loop(0, count, step, weights))

    def many(count):
        nonlocal weights
        weights = jax.block_until_ready(descend(weights, count))

    return many


def on_one_core(command):
    """What a process prints that may run on the last core alone."""
    core = max(os.sched_getaffinity(0))
    done = subprocess.run(
        command, capture_output=True, text=True, preexec_fn=lambda: os.sched_setaffinity(0, {core})
    )
    if done.returncode != 0:
        sys.exit(done.stderr)
    return done.stdout


def measure_ours(program, settings, precision, n, d, m):
    """Steps a second of the tensor engine, in a process of its own."""
    width = "-" if settings == NETWORKS["linear"] else str(m)
    return float(on_one_core([program, "ndarray", precision, "auto", str(n), str(d), width, *settings]))


def main(program, rounds):
    print("| network | n, d, m | type | ours, steps/s | JAX, steps/s | ours / JAX |")
    print("|---|---|---|--:|--:|--:|")
    for name, settings in NETWORKS.items():
        for n, d, m in SHAPES:
            for precision in ("f64", "f32"):
                pairs = []
                for _ in range(rounds):
                    jax = [sys.executable, __file__, "--jax", name, *map(str, (precision, n, d, m))]
                    own = measure_ours(program, settings, precision, n, d, m)
                    pairs.append((own, float(on_one_core(jax))))
                own, other = (statistics.median(column) for column in zip(*pairs))
                shown = [f"{value:,.0f}" if value >= 100 else f"{value:.3g}" for value in (own, other)]
                ratio = statistics.median(own / other for own, other in pairs)
                print(f"| {name} | {n}, {d}, {m} | {precision} | {' | '.join(shown)} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "--jax":
        print(steps_per_second(jax_steps(sys.argv[2], sys.argv[3], *map(int, sys.argv[4:]))))
    else:
        main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3)
