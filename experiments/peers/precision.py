"""What single precision makes of gradient descent: this project and JAX, in both precisions, beside the exact descent.

Writes precision.svg and precision.csv into the folder given (or the present one). Needs numpy, matplotlib and jax, and the
built command line:

    cargo build --release
    python3 experiments/peers/precision.py target/release/implicit-bias docs/figures

Setting (ours): n = 4 Gaussian samples in d = 30 dimensions, m = 3, leaky ReLU with slope 0.1, step size 0.1, 10^7 steps.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import jax
import matplotlib
import numpy as np

matplotlib.use("svg")
import matplotlib.pyplot as plt

SAMPLES, DIM, WIDTH, SLOPE, STEP_SIZE, STEPS, SCALE = 4, 30, 3, 0.1, 0.1, 10**7, 0.01


def problem():
    """Data and initial weights that are exact in single precision."""
    random = np.random.default_rng(0)
    single = lambda *shape: random.standard_normal(shape).astype(np.float32).astype(np.float64)
    y = np.array([1.0, -1.0] * (SAMPLES // 2))
    scale = np.float64(np.float32(SCALE))
    w_pos, w_neg = [(scale * single(WIDTH, DIM)).astype(np.float32).astype(np.float64) for _ in range(2)]
    return {"X": single(SAMPLES, DIM), "y": y, "W_pos": w_pos, "W_neg": w_neg}


def ours(program, folder, file, name, *flags):
    """The series of a run of the command line, by column."""
    out = folder / name
    command = [program, "train", "--data", file, "--init", file, "--slope", SLOPE, "--step-size", STEP_SIZE]
    command += ["--steps", STEPS, "--record", 10, "--out", out, "--json", *flags]
    done = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True)
    print(name, json.loads(done.stdout)["stop_reason"])
    return np.genfromtxt(out / "series.csv", delimiter=",", names=True)


def with_jax(arrays, steps, dtype):
    """Loss and fraction of lost updates at the steps; the loss is that of the weights, in double precision."""
    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy
    x, y = jnp.asarray(arrays["X"], dtype), jnp.asarray(arrays["y"], dtype)
    w = jnp.asarray(np.vstack([arrays["W_pos"], arrays["W_neg"]]), dtype)
    a = jnp.asarray(np.repeat([1.0, -1.0], WIDTH) / WIDTH, dtype)
    slope, step_size = dtype(SLOPE), dtype(STEP_SIZE)

    def loss(w):
        return jnp.mean(jax.nn.softplus(-y * (jax.nn.leaky_relu(x @ w.T, slope) @ a)))

    gradient = jax.grad(loss)
    descend = jax.jit(lambda w, count: jax.lax.fori_loop(0, count, lambda _, w: w - step_size * gradient(w), w))
    now, losses, lost = 0, [], []
    for step in steps:
        w, now = descend(w, int(step) - now), int(step)
        update = np.asarray(step_size * gradient(w))
        before = np.asarray(w)
        moved = update != 0
        lost.append(np.mean((before - update == before)[moved]) if moved.any() else 0.0)
        exact = before.astype(np.float64)
        h = arrays["X"] @ exact.T
        margins = arrays["y"] * (np.where(h > 0, h, SLOPE * h) @ np.asarray(a, np.float64))
        losses.append(np.mean(np.logaddexp(0, -margins)))
    return np.array(losses), np.array(lost)


def main():
    program, target = sys.argv[1], pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else ".")
    arrays = problem()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        file = folder / "problem.npz"
        np.savez(file, **arrays)
        exact = ours(program, folder, file, "gram", "--engine", "gram", "--exact-steps", STEPS)
        tensor = ["--engine", "tensor", "--precision"]
        runs = {
            "f64": ours(program, folder, file, "f64", *tensor, "f64"),
            "f32": ours(program, folder, file, "f32", *tensor, "f32"),
            "f32, compensated": ours(program, folder, file, "compensated", *tensor, "f32", "--compensated"),
        }
    steps = exact["step"]
    curves = {name: (run["step"], run["loss"], run["lost_updates"] if "lost_updates" in run.dtype.names else None)
              for name, run in runs.items()}
    for dtype in [np.float64, np.float32]:
        loss, lost = with_jax(arrays, steps, dtype)
        curves[f"JAX, f{8 * np.dtype(dtype).itemsize}"] = (steps, loss, lost)
    of_exact = dict(zip(steps, exact["loss"]))

    plt.rcParams.update({"font.size": 9, "svg.fonttype": "none", "svg.hashsalt": "precision"})
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
    styles = {"f64": ("C0", "-"), "JAX, f64": ("C4", ":"), "f32": ("C3", "-"), "JAX, f32": ("C1", "--"),
              "f32, compensated": ("C2", "-")}
    rows = []
    for name, (color, line) in styles.items():
        at, loss, lost = curves[name]
        ratio = np.array([value / of_exact[step] - 1 for step, value in zip(at, loss)])
        shown = at > 0
        left.loglog(at[shown], np.maximum(np.abs(ratio[shown]), 1e-17), color=color, linestyle=line, label=name)
        if lost is not None and "f64" not in name:
            right.semilogx(at[shown], lost[shown], color=color, linestyle=line, label=name)
        for index, step in enumerate(at):
            rows.append([name, step, loss[index], ratio[index], np.nan if lost is None else lost[index]])
    left.set(xlabel="step t", ylabel="|loss / loss of the Gram engine − 1|")
    right.set(xlabel="step t", ylabel="fraction of updates that round to nothing")
    for axes in (left, right):
        axes.grid(alpha=0.25)
        axes.legend(frameon=False, fontsize=8)
    figure.savefig(target / "precision.svg", metadata={"Date": None})
    with open(target / "precision.csv", "w") as table:
        table.write("run,step,loss,relative_error,lost_updates\n")
        for name, *values in rows:
            table.write('"' + name + '",' + ",".join(f"{value:.9g}" for value in values) + "\n")
    for name in styles:
        at, loss, lost = curves[name]
        print(f"{name:18} last step {at[-1]:.3g}: loss {loss[-1]:.6g}, exact {of_exact[at[-1]]:.6g}")


if __name__ == "__main__":
    main()
