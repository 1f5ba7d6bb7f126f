"""Networks of the user's own: closed forms, the laboratory's own engine, and what can go wrong."""

import collections
import importlib.util
import os
import pathlib
import signal
import subprocess
import sys

import implicit_bias as ib
import numpy as np
import pytest

EXAMPLES = pathlib.Path(__file__).resolve().parents[1] / "examples" / "follow"


def linear(X, y):
    return lambda w: (y * (X @ w), lambda v: X.T @ (v * y))


def two_layers(X, y, slope=0.0):
    """``mean_r φ(⟨w₊r, x⟩) − mean_r φ(⟨w₋r, x⟩)`` with its gradient by hand."""

    def margins_and_vjp(w):
        z = {name: X @ w[name].T for name in w}
        active = {name: np.where(z[name] > 0, 1.0, slope) for name in w}
        mean = {name: (z[name] * active[name]).mean(1) for name in w}
        sign = {"W_pos": 1.0, "W_neg": -1.0}

        def vjp(v):
            return {
                name: sign[name] * (active[name] * (v * y)[:, None]).T @ X / len(w[name]) for name in w
            }

        return y * (mean["W_pos"] - mean["W_neg"]), vjp

    return margins_and_vjp


@pytest.fixture
def network(data):
    X, y = data
    rng = np.random.default_rng(1)
    w0 = {name: 0.2 * rng.normal(size=(4, 30)) for name in ("W_pos", "W_neg")}
    return two_layers(X, y, 0.1), w0


def needs(module):
    if importlib.util.find_spec(module) is None:
        print(f"skipped: {module} is not installed")
        pytest.skip(f"{module} is not installed")


def column(run, name):
    return np.asarray(run.series[name])


def test_orthogonal_samples_end_at_the_closed_form():
    # q_i' = ‖x_i‖² e^{−q_i} under the flow: e^{q_i} = e^{q_i(0)} + η ‖x_i‖² t/n.
    sizes = np.array([1.0, 2.0, 3.0])
    X, y = np.diag(sizes), np.array([1.0, -1.0, 1.0])
    w0 = np.array([0.2, 0.1, -0.05])
    run = ib.follow(linear(X, y), w0, step_size=0.1, exact_steps=3000, loss="exponential")
    assert run.stop_reason == "completed" and run.degree == 1
    norm, estimates = column(run, "weight_norm"), column(run, "error_estimate")
    for step in [1e10, 1e100, 1e300]:
        row = list(run.steps).index(step)
        q = run.normalized_margins[row] * norm[row]
        exact = np.log(np.exp(y * (X @ w0)) / step + 0.1 * sizes**2 / 3) + np.log(step)
        assert 0 < estimates[row] < 1e-3
        assert np.abs(q - exact).max() / q.min() < 2 * estimates[row]
    # The largest margin is at w = Σ y_i x_i/‖x_i‖², multipliers as 1/‖x_i‖².
    best = y / sizes / np.linalg.norm(1 / sizes)
    assert np.abs(run.direction - best).max() < 0.01
    assert np.abs(run.multipliers - sizes**-2 / (sizes**-2).sum()).max() < 0.01
    assert run.kkt_residual < 1e-3 and run.complementarity < 0.01
    assert np.isclose(run.log_norm, np.log(np.linalg.norm(run.weights)))


def test_two_unit_samples_end_on_their_bisector():
    # Of the largest margin, whatever the initial weights; the third sample is no support vector, and
    # does not matter.
    X = np.array([[1.0, 0.0], [np.cos(1), np.sin(1)], [5 * np.cos(0.4), 5 * np.sin(0.4)]])
    bisector = np.array([np.cos(0.5), np.sin(0.5)])
    for count in (3, 2):
        function = linear(X[:count], np.ones(count))
        run = ib.follow(function, np.array([-0.4, 0.3]), step_size=0.2, exact_steps=1000)
        assert np.linalg.norm(run.direction - bisector) < 3e-3
    assert np.abs(run.multipliers - 0.5).max() < 1e-2


def test_it_is_the_engine_of_the_same_network(data, network):
    function, w0 = network
    native = ib.train(*data, network="two-layer", activation="leaky-relu", slope=0.1, init=w0,
                      engine="tensor", step_size=0.1, exact_steps=1e3, steps=1e300, record=0)
    run = ib.follow(function, w0, step_size=0.1, exact_steps=1e3)
    assert list(run.steps) == list(native.steps)
    for name, tolerance in [("weight_norm", 1e-7), ("log_loss", 1e-7), ("stable_rank_W_pos", 1e-5)]:
        there = name.replace("W_pos", "pos")
        assert np.allclose(column(run, name), np.asarray(native.series[there]), tolerance, 1e-12), name
    assert np.allclose(run.normalized_margins, native.margins, 1e-7)
    early = run.steps <= 1e3
    assert np.allclose(run.normalized_margins[early], native.margins[early], 1e-12)
    apart = np.abs(column(run, "error_estimate") - np.asarray(native.series["error_estimate"]))
    assert apart.max() < 1e-6


def test_weights_come_with_norm_one_to_two_and_in_their_own_structure():
    Pair = collections.namedtuple("Pair", "first second")
    seen = []

    def product(w):
        a, (b, c) = w["a"], w["rest"]
        assert a.dtype == np.float64 and a.shape == (2,) and b.shape == () and type(w["rest"]) is Pair
        seen.append(np.sqrt(a @ a + b**2 + c[0] ** 2))
        q = np.array([a[0] * b * c[0], a[1] * b * c[0]])

        def vjp(v):
            b_part = (v @ a) * c[0]
            return {"a": v * b * c[0], "rest": Pair(b_part, [(v @ a) * b])}

        return q, vjp

    for scale in [1e-40, 1.0, 1e3]:
        w0 = {"a": scale * np.array([0.6, 0.4]), "rest": Pair(np.array(0.5 * scale), [0.3 * scale])}
        run = ib.follow(product, w0, step_size=0.1, steps=1e300 if scale == 1 else 10, exact_steps=1e3)
        assert run.degree == 3
        assert type(run.direction["rest"]) is Pair and run.direction["rest"].first.shape == ()
    # Other norms are for the checks of the degree, before steps and at the handover to log time.
    norms = np.array(seen)
    assert np.mean((norms >= 1 - 1e-12) & (norms <= 2)) > 0.9
    assert min(seen[-3:]) >= 1 - 1e-12 and max(seen[-3:]) <= 2


def test_resume_leads_where_one_run_does(network):
    function, w0 = network
    options = dict(step_size=0.1, exact_steps=200)
    whole = ib.follow(function, w0, steps=1e30, **options)
    run = ib.follow(function, w0, steps=77, **options)
    assert run.steps[-1] == 77 and run.resume(1e7).resume(1e30) is run
    common = [step for step in whole.steps]
    rows = [list(run.steps).index(step) for step in common]
    assert np.array_equal(run.normalized_margins[rows], whole.normalized_margins)
    assert all(np.array_equal(run.weights[name], whole.weights[name]) for name in w0)


class Lamp(Exception):
    pass


@pytest.mark.parametrize("breaks", [1, 150, 700, 2500])
def test_an_exception_is_raised_as_it_is_and_the_run_goes_on_from_its_checkpoint(tmp_path, network, breaks):
    function, w0 = network
    options = dict(step_size=0.1, exact_steps=200, steps=1e200)
    calls = 0

    def failing(w):
        nonlocal calls
        calls += 1
        if calls == breaks:
            raise Lamp("it went out")
        return function(w)

    path = tmp_path / "run.npz"
    with pytest.raises(Lamp, match="it went out") as caught:
        ib.follow(failing, w0, checkpoint=path, **options)
    assert caught.traceback[-1].name == "failing"
    assert path.exists() == (breaks > 100)
    resumed = ib.follow(function, w0, checkpoint=path, **options)
    kept = path.read_bytes()
    whole_path = tmp_path / "whole.npz"
    whole = ib.follow(function, w0, checkpoint=whole_path, **options)
    assert whole_path.read_bytes() == kept
    assert np.array_equal(resumed.normalized_margins, whole.normalized_margins)
    assert not list(tmp_path.glob("*.new"))


SLOW = """
import sys, time
import implicit_bias as ib, numpy as np
X = np.eye(3)
def function(w):
    print("asked", flush=True)
    time.sleep(0.003)
    return X @ w, lambda v: X.T @ v
ib.follow(function, np.array([0.3, 0.1, 0.2]), step_size=0.1, checkpoint=sys.argv[1])
"""


def test_ctrl_c_leaves_a_checkpoint(tmp_path):
    path = tmp_path / "run.npz"
    child = subprocess.Popen([sys.executable, "-c", SLOW, path], text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for _ in range(300):
        assert child.stdout.readline() == "asked\n"
    child.send_signal(signal.SIGINT)
    _, stderr = child.communicate(timeout=60)
    assert f"KeyboardInterrupt: interrupted; the same call goes on from {path}" in stderr and child.returncode != 0
    with np.load(path) as file:
        assert 0 < file["series"][-1, 0] < 1e4


def nearly(function, factor=1 + 1e-7):
    """The margins of samples a little longer."""

    def margins_and_vjp(w):
        q, vjp = function(w)
        return factor * q, lambda v: {name: factor * g for name, g in vjp(v).items()}

    return margins_and_vjp


def test_a_checkpoint_of_another_run_is_refused(tmp_path, network):
    function, w0 = network
    path = tmp_path / "run.npz"
    ib.follow(function, w0, step_size=0.1, steps=100, checkpoint=path)
    with pytest.raises(ValueError, match="checkpoint: expected one of this run"):
        ib.follow(function, w0, step_size=0.2, steps=100, checkpoint=path)
    with pytest.raises(ValueError, match="network and data"):
        ib.follow(lambda w: tuple_of_twice(function(w)), w0, step_size=0.1, steps=100, checkpoint=path)
    with pytest.raises(ValueError, match="network and data"):
        ib.follow(nearly(function), w0, step_size=0.1, steps=100, checkpoint=path)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match="expected one that follow wrote"):
        ib.follow(function, w0, step_size=0.1, steps=100, checkpoint=path)


def tuple_of_twice(answer):
    q, vjp = answer
    return 2 * q, lambda v: vjp(2 * v)


X2, ONE = np.eye(2), np.array([1.0, 0.5])


@pytest.mark.parametrize(
    "function, w0, words",
    [
        (lambda w: w, ONE, "expected margins and a function, as a tuple, found ndarray"),
        (lambda w: (w.sum(), None), ONE, "expected margins and a function"),
        (lambda w: (w[:, None], lambda v: v), ONE, r"margins: expected shape \[n\], found \[2, 1\]"),
        (lambda w: (w, lambda v: v[:, None]), ONE, r"vjp: expected shape \[2\], that of w0, found \[2, 1\]"),
        (lambda w: (w["a"], lambda v: {"b": v}), {"a": ONE}, "vjp: expected a dictionary of 'a', found one of 'b'"),
        (lambda w: (w[0], lambda v: [v]), [ONE, ONE], "vjp: expected a list of 2, found list of 1"),
        (lambda w: (w * np.nan, lambda v: v), ONE, "margins: expected a finite margin of every sample, found NaN"),
        (lambda w: (w, lambda v: v / 0), ONE, "vjp: expected a finite sum of gradients, found inf"),
        (lambda w: (w + 0.1, lambda v: v), ONE, "network: expected one homogeneous.*biases"),
        (lambda w: (w, lambda v: 2 * v), ONE, r"vjp: .* of degree 1: <w, grad q_i> = 1 q_i, found .* from 2.0000"),
        (lambda w: (np.tanh(w), lambda v: v * (1 - np.tanh(w) ** 2)), ONE, "network: expected one homogeneous"),
        (lambda w: (w, lambda v: v), 0 * ONE, "w0: expected finite weights that are not all zero"),
        (lambda w: (w, lambda v: v), 1e60 * ONE, "w0: expected margins below 1e\\+12"),
        (lambda w: (w, lambda v: v), {}, "w0: expected arrays, found none"),
        (lambda w: (w["a"], lambda v: {"a": v}), {"a": ONE, "b": np.zeros(0)}, r"w0\['b'\]: expected at least one"),
        (lambda w: (w, lambda v: v), ONE.astype(np.float16), "w0: expected float64, or float32, found float16"),
        (lambda w: (w, lambda v: v), ONE * np.inf, "w0: expected finite weights that are not all zero"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_what_a_function_does_wrongly_is_said(function, w0, words):
    with pytest.raises(ValueError, match=words):
        ib.follow(function, w0, step_size=0.1, steps=10)


def test_nan_in_the_middle_of_a_run_is_said():
    calls = 0

    def function(w):
        nonlocal calls
        calls += 1
        return (w if calls < 50 else w * np.nan), lambda v: v

    with pytest.raises(ValueError, match="found NaN of sample 0, at weights of norm 1"):
        ib.follow(function, ONE, step_size=0.1)


@pytest.mark.parametrize(
    "keys, words",
    [
        ({"step_size": 0}, "step_size: expected a positive number, found 0"),
        ({"steps": 1e301}, "steps: expected a whole number of steps from 1 to 1e300, found 1e301"),
        ({"steps": 10.5}, "steps: expected a whole number of steps"),
        ({"exact_steps": 0.5}, "exact_steps: expected a whole number"),
        ({"kkt_steps": [0.5]}, "kkt_steps: expected whole numbers of steps from 0 to 1e300, found 0.5"),
        ({"record": -1}, "record: expected a whole number from 0 to 10000, found -1"),
        ({"record": 1.5}, "record: expected a whole number"),
        ({"loss": "hinge"}, "loss: expected logistic or exponential, found `hinge`"),
        ({"reduction": "max"}, "reduction: expected mean or sum, found `max`"),
        ({"degree": 2}, "the degree 2 that was given"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(keys, words):
    with pytest.raises(ValueError, match=words):
        ib.follow(linear(X2, np.ones(2)), ONE, **{"step_size": 0.1, "steps": 10, **keys})


def test_weights_may_be_of_any_size():
    # Of norms whose squares leave the range of numbers: margins follow from those at norm 1.
    for scale in [1e-200, 1e-160]:
        run = ib.follow(linear(X2, np.ones(2)), ONE * scale, step_size=0.1, steps=1)
        assert np.allclose(run.weights, 0.1 * 0.5 / 2)


def biased(w):
    q = X2 @ w["w"] + w["b"]
    return q, lambda v: {"w": X2.T @ v, "b": np.array(v.sum())}


def quadratic_and_bias(w):
    """Homogeneous of degree 2 where the bias is zero."""
    q = w["v"] * w["u"] + w["b"]
    return q, lambda v: {"v": v * w["u"], "u": v * w["v"], "b": v}


def test_a_bias_that_begins_at_zero_is_refused_where_it_matters():
    assert ib.follow(biased, {"w": ONE, "b": np.array(0.0)}, step_size=0.1, steps=10).degree == 1
    with pytest.raises(ValueError, match="network: expected one homogeneous.*without biases"):
        ib.follow(quadratic_and_bias, {"v": ONE, "u": ONE, "b": 0 * ONE}, step_size=0.1, steps=10)


def test_a_wrong_gradient_and_dropout_are_told_from_one_another():
    def across(w):
        # Across the weights: Euler's identity holds.
        return w, lambda v: v + 0.5 * v.sum() * np.array([w[1], -w[0]])

    with pytest.raises(ValueError, match="vjp: .* the derivative of margin 0 along a direction is"):
        ib.follow(across, ONE, step_size=0.1, steps=10)
    rng = np.random.default_rng(0)

    def dropout(w):
        kept = 2.0 * (rng.random(2) < 0.5)
        return w * kept, lambda v: v * kept

    with pytest.raises(ValueError, match=r"the same margins at the same weights.*model.eval\(\)"):
        ib.follow(dropout, ONE, step_size=0.1, steps=10)


def test_fewer_steps_than_were_taken_are_refused(tmp_path, network):
    function, w0 = network
    keys = dict(step_size=0.1, checkpoint=tmp_path / "run.npz")
    run = ib.follow(function, w0, steps=100, **keys)
    with pytest.raises(ValueError, match="steps: expected at least the 100 steps of the run, found 50"):
        run.resume(50)
    with pytest.raises(ValueError, match="steps: expected at least the 100 steps of the run, found 50"):
        ib.follow(function, w0, steps=50, **keys)
    assert ib.follow(function, w0, steps=100, **keys).steps[-1] == 100


def test_a_checkpoint_of_small_data_is_told_from_that_of_others(tmp_path):
    path = tmp_path / "run.npz"
    ib.follow(linear(1e-9 * X2, np.ones(2)), ONE, step_size=0.1, steps=10, checkpoint=path)
    with pytest.raises(ValueError, match="network and data"):
        ib.follow(linear(1e-9 * X2[::-1], np.ones(2)), ONE, step_size=0.1, steps=10, checkpoint=path)


def test_a_residual_that_memory_does_not_hold_is_refused():
    count = 40_000
    run = ib.follow(lambda w: (w, lambda v: v), np.ones(count), step_size=0.1, steps=1)
    with pytest.raises(ValueError, match="kkt_residual: expected at most 1e9 numbers"):
        run.kkt_residual


def test_no_exact_steps_go_on_to_log_time():
    with pytest.warns(UserWarning, match="log time cannot tell .*; exact_steps takes more"):
        run = ib.follow(linear(X2, np.ones(2)), ONE, step_size=0.1, exact_steps=0, steps=1e10)
    assert run.steps[-1] == 1e10


def test_single_precision_is_warned_of():
    def single(w):
        assert w.dtype == np.float32
        return w, lambda v: v.astype(np.float32)

    with pytest.warns(UserWarning, match="single precision.*float64"):
        run = ib.follow(single, ONE.astype(np.float32), step_size=0.1, exact_steps=100)
    assert run.direction.dtype == np.float32
    # 1e300 e^{-q} · 0.05 = 1: within what single precision tells.
    assert np.allclose(run.margins, np.log(0.05) + 300 * np.log(10), 1e-5)


def test_samples_that_cannot_be_fitted_stop_the_run_with_words():
    X = np.array([[1.0, 0.0], [-1.0, 0.0]])
    function = linear(X, np.ones(2))
    with pytest.warns(UserWarning, match="not all samples are fitted.*exact_steps sets"):
        run = ib.follow(function, ONE, step_size=0.1, exact_steps=100)
    assert run.stop_reason == "stalled" and "stalled" in repr(run)


def test_sums_of_gradients_may_come_as_of_jax_and_pytorch():
    # As a tuple of the shares of one argument.
    run = ib.follow(lambda w: (w, lambda v: (v,)), ONE, step_size=0.1, steps=10)
    pair = (ONE[:1], ONE[1:])
    together = lambda w: (np.concatenate(w), lambda v: ((v[:1], v[1:]),))
    assert np.array_equal(np.concatenate(ib.follow(together, pair, step_size=0.1, steps=10).weights), run.weights)


def test_a_residual_is_that_of_the_last_step_and_unasked_of_few_samples_alone():
    # Along the third axis nothing pulls: its share of the weights goes.
    X, w0 = np.diag([1.0, 3.0, 0.0])[:2], np.array([0.3, 0.1, 1.0])
    run = ib.follow(linear(X, np.ones(2)), w0, step_size=0.1, exact_steps=100, steps=10)
    first, last = run.kkt_residual, run.resume(1e200)
    assert 0.1 < first < 1 and last.kkt_residual < 0.1 * first
    for count, measured in [(300, True), (301, False)]:
        run = ib.follow(lambda w: (np.full(count, w[0]), lambda v: v.sum()[None]), ONE[:1], step_size=0.1, steps=10)
        assert ("kkt_residual" in run.series and np.isfinite(column(run, "kkt_residual")).any()) == measured


def test_two_conditions_tell_a_direction_of_largest_margin():
    X = np.array([[1.0, 0.0], [0.6, 0.5]])
    function = linear(X, np.ones(2))
    early = ib.follow(function, np.array([1e-200, 0.0]), step_size=0.1, exact_steps=300, steps=20, kkt_steps=[])
    # Small weights alone are a sum of gradients with multipliers, of no largest margin.
    assert early.kkt_residual < 1e-12 and early.complementarity > 0.1
    late = ib.follow(function, np.array([1e-200, 0.0]), step_size=0.1, exact_steps=300, kkt_steps=[])
    assert late.kkt_residual < 1e-3 and late.complementarity < 0.01


def test_labels_of_adapters_are_signs():
    for adapter, module in [(ib.torch_margins, "torch"), (ib.jax_margins, "jax")]:
        if importlib.util.find_spec(module) is None:
            continue
        with pytest.raises(ValueError, match=r"y: expected labels -1 and 1, found 0; .* 2 \* y - 1"):
            adapter(lambda *_: None, np.eye(2), np.array([1.0, 0.0]))
        with pytest.raises(ValueError, match=r"y: expected labels of shape \[n\]"):
            adapter(lambda *_: None, np.eye(2), np.array([[1.0], [-1.0]]))


def test_a_checkpoint_that_is_no_checkpoint(tmp_path):
    other = tmp_path / "other.npz"
    for content in [b"", b"no archive", b"PK\x03\x04"]:
        other.write_bytes(content)
        with pytest.raises(ValueError, match="checkpoint: expected one that follow wrote"):
            ib.follow(linear(np.eye(2), np.ones(2)), ONE, step_size=0.1, steps=10, checkpoint=other)
    assert other.read_bytes() == b"PK\x03\x04"


def test_figures_and_series(network):
    function, w0 = network
    run = ib.follow(function, w0, step_size=0.1, steps=1e6, exact_steps=100)
    assert run.plot("margins").svg.startswith("<svg") and "stable_rank_W_pos" in run.plot("stable-rank").svg
    with pytest.raises(ValueError, match="column: expected one of step"):
        run.plot("nothing")
    pyplot = pytest.importorskip("matplotlib.pyplot")
    axes = pyplot.figure().subplots()
    assert run.plot("margins", axes) is axes and len(axes.lines) == 6
    assert "stable_rank" not in list(run.series) and column(run, "kkt_residual")[-1] < 1
    assert np.isnan(column(run, "kkt_residual")).sum() == len(run.steps) - 5


def test_jax(data):
    needs("jax")
    done = subprocess.run([sys.executable, EXAMPLES / "jax_two_layer.py"], capture_output=True,
                          text=True, env={**os.environ, "JAX_PLATFORMS": "cpu"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1e+300" in done.stdout


@pytest.mark.parametrize("steps", ["1e20", "1e300"])
def test_pytorch_network(tmp_path, steps):
    needs("torch")
    done = subprocess.run([sys.executable, EXAMPLES / "torch_cnn.py", steps], capture_output=True,
                          text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"completed at step {steps}" in done.stdout and "of degree 3" in done.stdout
    assert (tmp_path / "torch_cnn_margins.svg").stat().st_size > 1000


@pytest.mark.parametrize("way", ["torch.func", "torch.autograd", "module"])
def test_pytorch_in_single_precision(way):
    needs("torch")
    import torch

    X = torch.eye(2)
    w0 = torch.tensor([0.3, 0.1], requires_grad=True)

    def by_autograd(w):
        w = w.detach().requires_grad_()
        q = X @ w
        return q, lambda v: torch.autograd.grad(q, w, v, retain_graph=True)

    if way == "module":
        model = torch.nn.Linear(2, 1, bias=False)
        model.weight = torch.nn.Parameter(w0.detach()[None])
        function, w0 = ib.torch_margins(model, X, torch.ones(2)), dict(model.named_parameters())
    elif way == "torch.autograd":
        function = by_autograd
    elif hasattr(torch, "func"):
        function = lambda w: torch.func.vjp(lambda w: X @ w, w)
    else:
        pytest.skip("torch.func came with PyTorch 2")
    with pytest.warns(UserWarning, match="model.double"):
        run = ib.follow(function, w0, step_size=0.1, exact_steps=100)
    direction = run.direction["weight"] if way == "module" else run.direction
    assert isinstance(direction, torch.Tensor) and direction.dtype == torch.float32
    assert np.allclose(run.margins, np.log(0.05) + 300 * np.log(10), 1e-5)
