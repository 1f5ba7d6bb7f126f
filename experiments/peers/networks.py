"""Steps a second of full-batch gradient descent on networks with all layers trained: this project's tensor engine beside
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

NETWORKS = {"two layers": 1, "three layers": 2}


def jax_steps(depth, precision, n, d, m):
    """A function that takes so many steps."""
    import jax
    import numpy as np

    jax.config.update("jax_enable_x64", True)
    dtype = {"f32": np.float32, "f64": np.float64}[precision]
    random = np.random.default_rng(0)
    y = random.choice([-1.0, 1.0], n)
    x = random.standard_normal((n, d))
    x[:, 0] += y
    shapes = [(m, d)] + [(m, m)] * (depth - 1)
    weights = [0.5 * random.standard_normal(shape) / shape[1] ** 0.5 for shape in shapes] + [random.standard_normal(m) / m]
    x, y, *weights = (jax.numpy.asarray(array, dtype) for array in (x, y, *weights))

    def loss(weights):
        below = x
        for w in weights[:-1]:
            below = jax.nn.leaky_relu(below @ w.T, SLOPE)
        return jax.numpy.mean(jax.nn.softplus(-y * (below @ weights[-1])))

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


def measure_ours(program, network, precision, n, d, m):
    """Steps a second of the tensor engine, in a process of its own."""
    return float(on_one_core([program, "ndarray", precision, "auto", str(n), str(d), str(m), *network]))


def main(program, rounds):
    print("| network | n, d, m | type | ours, steps/s | JAX, steps/s | ours / JAX |")
    print("|---|---|---|--:|--:|--:|")
    for name, depth in NETWORKS.items():
        network = ["network=two-layer-both"] if depth == 1 else ["network=deep", f"depth={depth}"]
        for n, d, m in SHAPES:
            for precision in ("f64", "f32"):
                pairs = []
                for _ in range(rounds):
                    jax = [sys.executable, __file__, "--jax", *map(str, (depth, precision, n, d, m))]
                    own = measure_ours(program, network, precision, n, d, m)
                    pairs.append((own, float(on_one_core(jax))))
                own, other = (statistics.median(column) for column in zip(*pairs))
                shown = [f"{value:,.0f}" if value >= 100 else f"{value:.3g}" for value in (own, other)]
                ratio = statistics.median(own / other for own, other in pairs)
                print(f"| {name} | {n}, {d}, {m} | {precision} | {' | '.join(shown)} | **{ratio:.2f}** |", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "--jax":
        print(steps_per_second(jax_steps(int(sys.argv[2]), sys.argv[3], *map(int, sys.argv[4:]))))
    else:
        main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3)
