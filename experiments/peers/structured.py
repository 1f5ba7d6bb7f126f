"""Seconds on the systems with structure: this project's command line beside a jitted loop of JAX, and trials of benign
overfitting and the bifurcation diagram beside NumPy, all in double precision, in turn. Prints Markdown tables of ratios.

    cargo build --release
    cargo build --release -p implicit-bias-experiments --example bifurcation_diagram
    python3 experiments/peers/structured.py target/release/implicit-bias target/release/examples/bifurcation_diagram

Wall time by the clock and the processor time of all threads, which other work on the machine disturbs less. Of this project
whole processes and the loop alone (the process less one of no steps), of JAX its compiled loop alone, of NumPy the loop alone.
Each number is the median of three rounds. Needs numpy and jax.
"""

import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np

ROUNDS = 3
ATTENTION = dict(n=10, tokens=6, d=30, steps=200_000)
TRANSFORMER = dict(n=20, length=6, vocabulary=20, steps=100_000)
CNN = dict(n=20, patches=4, d=120, m=10, steps=20_000)
BENIGN = dict(n=50, ratios=[1, 2, 3, 5, 8], trials=20, neurons=64, slope=0.1, fresh=1000, most=100_000)
DIAGRAM = dict(a=(0.8, 2.0), u=(0.0, 4.0), columns=1600, rows=800, orbits=8, transient=1000, steps=3000)


def timed(command):
    """Seconds by the clock, and of the processor, of a command."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return np.array([wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime])


def within(work):
    """The same of a function in this process."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return np.array([time.perf_counter() - wall, time.process_time() - cpu])


def ours(program, folder, flags, steps):
    command = [program, "train", "--data", folder / "d.npz", "--init", folder / "i.npz", "--record", "1"]
    command += ["--out", tempfile.mkdtemp(dir=folder), "--steps", str(steps)]
    return timed([*command, *flags])


def jax_loop(name, folder):
    """Seconds of the loop alone, as it says itself."""
    command = [sys.executable, __file__, "--jax", name, str(folder)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return np.array([float(number) for number in output.split()[-2:]])


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
    print(*within(lambda: many(start).block_until_ready()))


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
        "--network attention --optimizer normalized-gd --step-size 0.1",
        ATTENTION["steps"],
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
        "--network transformer --optimizer two-stage --first-steps 0 --step-size 0.01",
        TRANSFORMER["steps"],
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
        "--network convolution --activation huberized-relu --step-size 20",
        CNN["steps"],
    )


def numpy_trial(seed, ratio):
    """A trial of the authors' setting: steps on the sum of hinge losses to zero training errors, then fresh samples."""
    random = np.random.default_rng(seed)
    n, h, alpha = BENIGN["n"], BENIGN["neurons"], BENIGN["slope"]
    d, gamma = ratio * n, 5 / n
    v = random.standard_normal(d)
    v /= np.linalg.norm(v)

    def draw(count):
        y = random.choice([-1.0, 1.0], size=count)
        noise = random.standard_normal((count, d)) / d**0.5
        noise -= np.outer(noise @ v, v)
        return gamma**0.5 * y[:, None] * v + (1 - gamma) ** 0.5 * noise, y

    x, y = draw(n)
    y = np.where(random.random(n) < 0.1, -y, y)
    signs = np.tile([1.0, -1.0], h // 2)
    w = random.standard_normal((h, d)) / (h * d**0.5)
    for _ in range(BENIGN["most"]):
        z = x @ w.T
        active = np.where(z > 0, 1.0, alpha)
        margins = y * ((active * z) @ signs)
        if (margins > 0).all():
            break
        slopes = y * (margins < 1)
        w += (slopes[:, None] * active * signs).T @ x / (h * n)
    x, y = draw(BENIGN["fresh"])
    z = x @ w.T
    return np.mean(y * (np.maximum(z, alpha * z) @ signs) <= 0)


def benign(program, folder):
    """Seconds a trial by `sweep`, all trials of a ratio together, and by NumPy."""
    n, h = BENIGN["n"], BENIGN["neurons"]
    for ratio in BENIGN["ratios"]:
        d = ratio * n
        plan = folder / f"trials-{ratio}.toml"
        plan.write_text(
            f"""synthetic = "signal-and-noise"
samples = {n}
dim = {d}
held-out = {BENIGN["fresh"]}
width = {h // 2}
output-weight = 1.0
slope = {BENIGN["slope"]}
loss = "hinge"
reduction = "sum"
init-scale = {1 / (h * d**0.5)}
step-size = {1 / (h * n)}
steps = {BENIGN["most"]}
stop = "zero-errors"
record = 0
seeds = {BENIGN["trials"]}
"""
        )
        rounds = []
        for _ in range(ROUNDS):
            own = timed([program, "sweep", plan, "--jobs", "1", "--threads", "1", "--out", tempfile.mkdtemp(dir=folder)])
            other = within(lambda: [numpy_trial(seed, ratio) for seed in range(BENIGN["trials"])])
            rounds.append((own / BENIGN["trials"], other / BENIGN["trials"]))
        yield f"trial, n = {n}, d/n = {ratio}", *rounds_median(rounds)


def numpy_diagram():
    """Steps of all orbits of all columns at once, and visits counted in place."""
    (low, high), columns, rows = DIAGRAM["u"], DIAGRAM["columns"], DIAGRAM["rows"]
    first, last = DIAGRAM["a"]
    r = (1 + first + (np.arange(columns) + 0.5) / columns * (last - first))[:, None]
    u = np.tile(0.01 * (1 + np.arange(DIAGRAM["orbits"])), (columns, 1))
    column = np.broadcast_to(np.arange(columns)[:, None], u.shape)
    visits = np.zeros(rows * columns, dtype=np.int64)
    for step in range(DIAGRAM["transient"] + DIAGRAM["steps"]):
        rest = r - u
        u = u * rest * rest
        if step >= DIAGRAM["transient"]:
            place = np.floor((u - low) * (rows / (high - low)))
            inside = (place >= 0) & (place < rows)
            np.add.at(visits, (rows - 1 - place[inside].astype(int)) * columns + column[inside], 1)
    return np.log1p(visits)


def diagram(program):
    rounds = []
    for _ in range(ROUNDS):
        own = np.array([float(number) for number in subprocess.check_output([program]).split()[:2]])
        rounds.append((own, within(numpy_diagram)))
    yield "bifurcation diagram, 1600 × 800", *rounds_median(rounds)


def rounds_median(rounds):
    return (np.median(column, axis=0) for column in zip(*rounds))


def row(name, own, other):
    wall, cpu = other / own
    print(f"| {name} | {own[0]:.4g} | {own[1]:.4g} | {other[0]:.4g} | {other[1]:.4g} | {wall:.1f} | {cpu:.1f} |", flush=True)


def main(program, example):
    head = "| {} | ours, s | CPU | {}, s | CPU | ratio | of CPU |\n|---|--:|--:|--:|--:|--:|--:|"
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        print(head.format("steps", "JAX, loop"))
        for name, arrays, init, flags, steps in problems():
            np.savez(folder / "d.npz", **arrays)
            np.savez(folder / "i.npz", **init)
            rounds = []
            for _ in range(ROUNDS):
                process = ours(program, folder, flags.split(), steps)
                start = ours(program, folder, flags.split(), 1)
                rounds.append((process, process - start, jax_loop(name, folder)))
            process, loop, other = rounds_median(rounds)
            row(f"{name}, {steps:,} steps, process", process, other)
            row(f"{name}, loop", loop, other)
        print()
        print(head.format("", "NumPy"))
        for found in benign(program, folder):
            row(*found)
        for found in diagram(example):
            row(*found)


if __name__ == "__main__":
    if sys.argv[1] == "--jax":
        jax_main(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
