"""Steps a second on the systems with structure: this project's command line beside a jitted loop of JAX, both in double
precision, in turn. Prints a Markdown table of ratios.

    cargo build --release
    python3 experiments/peers/structured.py target/release/implicit-bias

Whole processes, the interpreter's start and compilation included, and for JAX its compiled loop alone as well. Each number is
the median of three rounds. Needs numpy and jax.
"""

import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

ROUNDS = 3
ATTENTION = dict(n=10, tokens=6, d=30, steps=100_000)
TRANSFORMER = dict(n=20, length=6, vocabulary=20, steps=20_000)
CNN = dict(n=20, patches=4, d=120, m=10, steps=20_000)


def ours(program, folder, arrays, init, flags):
    np.savez(folder / "d.npz", **arrays)
    np.savez(folder / "i.npz", **init)
    command = [program, "train", "--data", folder / "d.npz", "--init", folder / "i.npz", "--record", "1"]
    start = time.perf_counter()
    subprocess.run([*command, "--out", tempfile.mkdtemp(dir=folder), *flags], check=True, capture_output=True)
    return time.perf_counter() - start


def jax_process(name, folder):
    """Seconds of the whole process, and of the loop alone as it says itself."""
    start = time.perf_counter()
    command = [sys.executable, __file__, "--jax", name, str(folder)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return time.perf_counter() - start, float(output.split()[-1])


def jax_main(name, folder):
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    data, init = (dict(np.load(pathlib.Path(folder) / file)) for file in ("d.npz", "i.npz"))
    normalized = lambda g: g / jnp.sqrt(jnp.sum(g * g))
    if name == "attention":
        x, y, u, steps = data["X"], data["y"], data["u"], ATTENTION["steps"]
        z = x[:, 0]

        def loss(w):
            s = jax.nn.softmax(jnp.einsum("ntd,de,ne->nt", x, w, z), axis=1)
            return jnp.mean(jnp.logaddexp(0.0, -y * jnp.sum(s * (x @ u), axis=1)))

        step = lambda _, w: w - 0.1 * normalized(jax.grad(loss)(w))
        start = init["W_attention"]
    elif name == "transformer":
        e, steps = data["E"], TRANSFORMER["steps"]
        x = e[data["sentences"].astype(int)]
        target = data["target"].astype(int)
        ov = init["W_ov"]

        def loss(w):
            s = jax.nn.softmax(jnp.einsum("nld,de,ne->nl", x, w, x[:, -1]), axis=1)
            scores = jnp.einsum("nl,nld,vd->nv", s, x, ov)
            return jnp.mean(jax.nn.logsumexp(scores, axis=1) - scores[jnp.arange(len(target)), target])

        step = lambda _, w: w - 0.01 * normalized(jax.grad(loss)(w))
        start = init["W_kq"]
    else:
        x, y, steps = data["X"], data["y"], CNN["steps"]
        phi = lambda z: jnp.where(z > 1, z - 2 / 3, jnp.maximum(z, 0) ** 3 / 3)

        def loss(w):
            of = lambda block: jnp.mean(jnp.sum(phi(x @ block.T), axis=1), axis=1)
            return jnp.mean(jnp.logaddexp(0.0, -y * (of(w[0]) - of(w[1]))))

        step = lambda _, w: w - 20.0 * jax.grad(loss)(w)
        start = np.stack([init["W_pos"], init["W_neg"]])
    many = jax.jit(lambda w: jax.lax.fori_loop(0, steps, step, w))
    many(start).block_until_ready()
    begin = time.perf_counter()
    many(start).block_until_ready()
    print(time.perf_counter() - begin)


def problems():
    random = np.random.default_rng(1)
    n, t, d = ATTENTION["n"], ATTENTION["tokens"], ATTENTION["d"]
    y = np.array([1.0, -1.0] * (n // 2))
    x, u = random.standard_normal((n, t, d)) / d**0.5, random.standard_normal(d)
    u /= np.linalg.norm(u)
    x -= (x @ u)[..., None] * u
    x[np.arange(n), random.integers(t, size=n)] += 2**0.5 * y[:, None] * u
    yield (
        "attention",
        dict(X=x, y=y, u=u),
        dict(W_attention=np.zeros((d, d))),
        f"--network attention --optimizer normalized-gd --step-size 0.1 --steps {ATTENTION['steps']}",
    )
    n, length, v = TRANSFORMER["n"], TRANSFORMER["length"], TRANSFORMER["vocabulary"]
    following, order = random.permutation(v), np.array([random.permutation(v) for _ in range(v)])
    sentences = random.integers(v, size=(n, length))
    best = [s[np.argmin(order[s[-1]][s])] for s in sentences]
    # W_ov as a long first stage leaves it.
    ov = np.zeros((v, v))
    ov[following, np.arange(v)] = 3.0
    yield (
        "transformer",
        dict(sentences=sentences, target=following[best], E=np.eye(v), next_token=following),
        dict(W_ov=ov, W_kq=np.zeros((v, v))),
        "--network transformer --optimizer two-stage --first-steps 0 --step-size 0.01 "
        f"--steps {TRANSFORMER['steps']}",
    )
    n, p, d, m = CNN["n"], CNN["patches"], CNN["d"], CNN["m"]
    x = 0.3 * random.standard_normal((n, p, d))
    x[..., :4] = 0
    place, signal = random.integers(p, size=n), np.arange(n) % 4
    x[np.arange(n), place] = 3 * np.eye(d)[signal]
    w = 1e-3 * random.standard_normal((2, m, d))
    yield (
        "cnn",
        dict(X=x, y=np.where(signal < 2, 1.0, -1.0)),
        dict(W_pos=w[0], W_neg=w[1]),
        f"--network convolution --activation huberized-relu --step-size 20 --steps {CNN['steps']}",
    )


def main(program):
    print("| system | ours, s | JAX, process, s | ratio | JAX, loop, s | ratio |")
    print("|---|--:|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, arrays, init, flags in problems():
            rounds = []
            for _ in range(ROUNDS):
                own = ours(program, folder, arrays, init, flags.split())
                rounds.append((own, *jax_process(name, folder)))
            own, process, loop = (statistics.median(column) for column in zip(*rounds))
            print(f"| {name} | {own:.2f} | {process:.2f} | {process / own:.1f} | {loop:.2f} | {loop / own:.1f} |", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "--jax":
        jax_main(*sys.argv[2:])
    else:
        main(sys.argv[1])
