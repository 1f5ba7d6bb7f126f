"""Steps a second of full-batch gradient descent on the two-layer network: this project's tensor engine on every
backend of the build, beside NumPy, JAX and PyTorch, side by side in one run. Prints a Markdown table.

    cargo build --release -p implicit-bias-lab --example steps_per_second --features flex
    python3 experiments/peers/shapes.py target/release/examples/steps_per_second ndarray flex

Each number is the median of three rounds, one for the largest shape; a round visits everyone, each in a process of
its own.
"""

import statistics
import subprocess
import sys
import time

SHAPES = [(10, 784, 50), (200, 784, 500), (2000, 4096, 2000)]
SLOPE, STEP_SIZE, SECONDS, ROUNDS = 0.1, 0.1, 2.0, 3


def numpy_steps(x, y, w, a, dtype):
    import numpy as np

    x, y, w, a = (array.astype(dtype) for array in (x, y, w, a))

    def many(count):
        nonlocal w
        for _ in range(count):
            h = w @ x.T
            slope = np.where(h > 0, dtype(1), dtype(SLOPE))
            c = -y / (1 + np.exp(y * (a @ (slope * h)))) / len(y)
            w = w - dtype(STEP_SIZE) * ((a[:, None] * slope * c) @ x)

    return many


def jax_steps(x, y, w, a, dtype):
    import jax

    jax.config.update("jax_enable_x64", True)
    x, y, w, a = (jax.numpy.asarray(array, dtype) for array in (x, y, w, a))
    loss = lambda w: jax.numpy.mean(jax.nn.softplus(-y * (jax.nn.leaky_relu(x @ w.T, SLOPE) @ a)))
    gradient = jax.grad(loss)
    descend = jax.jit(lambda w, count: jax.lax.fori_loop(0, count, lambda _, w: w - STEP_SIZE * gradient(w), w))

    def many(count):
        nonlocal w
        w = descend(w, count).block_until_ready()

    return many


def torch_steps(x, y, w, a, dtype):
    import torch

    kind = {"float32": torch.float32, "float64": torch.float64}[dtype.__name__]
    x, y, w, a = (torch.tensor(array, dtype=kind) for array in (x, y, w, a))
    w.requires_grad_()
    optimizer = torch.optim.SGD([w], lr=STEP_SIZE)

    def many(count):
        for _ in range(count):
            optimizer.zero_grad(set_to_none=True)
            scores = torch.nn.functional.leaky_relu(x @ w.T, SLOPE) @ a
            torch.nn.functional.softplus(-y * scores).mean().backward()
            optimizer.step()

    return many


PEERS = {"numpy": numpy_steps, "jax": jax_steps, "torch": torch_steps}


def steps_per_second(many):
    """Steps a second of a function that takes so many, after it has warmed up."""
    many(3)
    count = 1
    while True:
        began = time.perf_counter()
        many(count)
        seconds = time.perf_counter() - began
        if seconds >= SECONDS:
            return count / seconds
        count = int(count * min(max(1.2 * SECONDS / seconds, 2), 100)) + 1


def measure_peer(name, precision, n, d, m):
    """Steps a second of a peer, in this process."""
    import numpy as np

    random = np.random.default_rng(0)
    y = random.choice([-1.0, 1.0], n)
    x = random.standard_normal((n, d))
    x[:, 0] += y
    w = 1e-3 * random.standard_normal((2 * m, d))
    a = np.repeat([1.0, -1.0], m) / m
    many = PEERS[name](x, y, w, a, {"f32": np.float32, "f64": np.float64}[precision])
    return steps_per_second(many)


def main():
    program, devices = sys.argv[1], sys.argv[2:] or ["ndarray"]
    ours = [(device, gradient) for device in devices for gradient in ("auto", "autodiff")]
    ours = [(device, gradient) for device, gradient in ours if device in ("ndarray", "flex") or gradient == "autodiff"]
    columns = [f"{device}, {gradient}" for device, gradient in ours] + list(PEERS)
    print(f"| n, d, m | type | {' | '.join(columns)} | best of ours / JAX | best of ours / PyTorch |")
    print("|---|---|" + "--:|" * (len(columns) + 2))
    for shape in SHAPES:
        words = [str(size) for size in shape]
        for precision in ("f32", "f64"):
            commands = [[program, device, precision, gradient, *words] for device, gradient in ours]
            commands += [[sys.executable, __file__, "--peer", name, precision, *words] for name in PEERS]
            found = [[] for _ in commands]
            # A step of the largest shape takes a second.
            for _ in range(ROUNDS if shape != SHAPES[-1] else 1):
                for command, numbers in zip(commands, found):
                    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
                    if done.returncode == 0:
                        numbers.append(float(done.stdout))
            median = [statistics.median(numbers) if numbers else float("nan") for numbers in found]
            best = max(value for value in median[: len(ours)] if value == value)
            shown = [f"{value:,.0f}" if value >= 100 else f"{value:.3g}" if value == value else "—" for value in median]
            ratios = [f"{best / median[columns.index(name)]:.2f}" for name in ("jax", "torch")]
            print(f"| {', '.join(words)} | {precision} | {' | '.join(shown + ratios)} |", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        print(measure_peer(sys.argv[2], sys.argv[3], *map(int, sys.argv[4:7])))
    else:
        main()
