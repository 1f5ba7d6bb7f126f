"""Runs: what Python trains is what the command line trains."""

import copy
import gc
import pickle
import shutil
import subprocess
import sys

import implicit_bias as ib
import numpy as np
import pytest
from conftest import files_of, same_run

SETTINGS = {
    "gram": dict(activation="leaky-relu", slope=0.2, width=4, steps=1e15, seed=3),
    "weight space": dict(width=4, steps=300, engine="tensor", record=7, step_size=0.5),
    "adam": dict(network="linear", optimizer="adam", epsilon=0.0, steps=200, loss="exponential"),
    "deep": dict(network="deep", depth=2, width=6, steps=100, init_scale=0.3),
    "schedule": dict(width=3, steps=200, engine="tensor", step_offset=10, step_decay=0.5),
    "probes": dict(network="linear", steps=200, probes="effective-rank,distance"),
    "sgd": dict(network="linear", optimizer="sgd", batch_size=2, steps=50),
    "prepared": dict(unit_norm=True, noise=0.1, steps=100, width=3, figures="png"),
}


def flags(keys):
    words = []
    for name, value in keys.items():
        value = str(value).lower() if isinstance(value, bool) else str(value)
        words.append(f"--{name.replace('_', '-')}={value}")
    return words


@pytest.mark.parametrize("keys", SETTINGS.values(), ids=SETTINGS)
def test_a_run_is_that_of_the_command_line_bit_for_bit(tmp_path, program, data, keys):
    run = ib.train(*data, out=tmp_path / "ours", **keys)
    assert run.stop_reason == "completed"
    archive = tmp_path / "ours" / "data.npz"
    program("train", "--data", archive, *flags(keys), "--out", tmp_path / "theirs")
    same_run(tmp_path / "ours", tmp_path / "theirs")


def test_data_are_those_of_an_archive_of_numpy(tmp_path, program, data):
    X, y = data
    np.savez(tmp_path / "numpy.npz", X=X.astype(np.float32), y=y.astype(np.int8))
    run = ib.train(X.astype(np.float32), y.astype(np.int8), width=3, steps=1e4)
    program("train", "--data", tmp_path / "numpy.npz", "--width=3", "--steps=1e4",
            "--out", tmp_path / "theirs")
    theirs = ib.load(tmp_path / "theirs")
    assert run.manifest["data"]["sha256"] == theirs.manifest["data"]["sha256"]
    for name in ["series.csv", "margins.csv", "weights.safetensors"]:
        assert (run.path / name).read_bytes() == (theirs.path / name).read_bytes()


def test_classes_and_arrays_beside_the_samples(tmp_path, program, data):
    X = data[0]
    keys = dict(network="multi-class", width=3, steps=200)
    run = ib.train(X, [0, 1, 2, 0, 1, 2], classes=[0, 1, 2], out=tmp_path / "ours", **keys)
    program("train", "--data", tmp_path / "ours/data.npz", "--classes=0,1,2", *flags(keys),
            "--out", tmp_path / "theirs")
    same_run(run.path, tmp_path / "theirs")
    rng = np.random.default_rng(1)
    tokens = rng.normal(size=(4, 3, 8))
    u = rng.normal(size=8)
    keys = dict(network="attention", steps=100)
    run = ib.train(tokens, [1, 1, -1, -1], arrays={"u": u}, out=tmp_path / "attends", **keys)
    program("train", "--data", tmp_path / "attends/data.npz", *flags(keys),
            "--out", tmp_path / "attended")
    same_run(run.path, tmp_path / "attended")


def test_steps_are_those_of_numpy(data):
    X, y = data
    rng = np.random.default_rng(2)
    weights = {"W_pos": 0.1 * rng.normal(size=(3, 30)), "W_neg": 0.1 * rng.normal(size=(3, 30))}
    keys = dict(activation="leaky-relu", slope=0.1, step_size=0.7, steps=40, engine="tensor")
    run = ib.train(X, y, init=weights, **keys)
    pos, neg = weights["W_pos"].copy(), weights["W_neg"].copy()
    phi = lambda z: np.maximum(z, 0.1 * z)
    score = lambda: phi(X @ pos.T).mean(axis=1) - phi(X @ neg.T).mean(axis=1)
    for _ in range(40):
        pull = y / (1 + np.exp(y * score())) / len(y) / 3
        steps = [np.where(X @ w.T > 0, 1.0, 0.1).T * pull @ X for w in (pos, neg)]
        pos, neg = pos + 0.7 * steps[0], neg - 0.7 * steps[1]
    assert np.allclose(run.weights["W_pos"], pos, rtol=0, atol=1e-12)
    assert np.allclose(run.weights["W_neg"], neg, rtol=0, atol=1e-12)
    norm = np.sqrt((pos**2).sum() + (neg**2).sum())
    assert run.steps[-1] == 40
    assert np.allclose(run.margins[-1], y * score() / norm, rtol=0, atol=1e-12)
    assert np.allclose(run.series["loss"].to_numpy()[-1], np.log1p(np.exp(-y * score())).mean())


def test_threads_may_be_said_after_work_without_them(tmp_path):
    # Large enough that a step is spread over threads: the first run begins a pool of them.
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 400)), np.where(np.arange(300) % 2 == 0, 1.0, -1.0)
    keys = dict(width=200, steps=5, engine="tensor")
    first = ib.train(X, y, out=tmp_path / "first", **keys)
    # With data in the same place, which is in the configuration.
    for threads in [3, 1, 2, None]:
        other = ib.train(tmp_path / "first/data.npz", threads=threads, out=tmp_path / str(threads), **keys)
        same_run(first.path, other.path)


def test_a_run_goes_on_to_the_last_bit(tmp_path, data):
    keys = dict(width=4, engine="tensor", record=5)
    run = ib.train(*data, out=tmp_path / "ours", steps=100, **keys)
    before = run.series
    assert run.resume(steps=1000) is run
    assert len(run.series) > len(before) and run.steps[-1] == 1000
    X, y = data
    # With data in the same place, which is in the configuration.
    whole = ib.train(tmp_path / "ours/data.npz", out=tmp_path / "whole", steps=1000, **keys)
    same_run(run.path, whole.path)
    with pytest.raises(ValueError, match="steps: expected at least the 1000 steps of the run"):
        run.resume(steps=10)
    with pytest.raises(ValueError, match="width: expected one of steps, checkpoint-interval"):
        run.resume(width=3)


def test_a_directory_may_be_moved_with_its_data(tmp_path, data):
    weights = {"W_pos": np.full((2, 30), 0.1), "W_neg": np.full((2, 30), -0.1)}
    run = ib.train(*data, init=weights, out=tmp_path / "there", steps=100, engine="tensor")
    first = files_of(run.path)
    shutil.move(run.path, tmp_path / "here")
    moved = ib.load(tmp_path / "here")
    assert moved.limit == run.limit and files_of(moved.path) == first
    assert moved.resume(steps=200).steps[-1] == 200


def test_a_temporary_directory_lives_as_long_as_the_run(tmp_path, data):
    run = ib.train(*data, width=2, steps=10)
    path = run.path
    saved = run.save(tmp_path / "kept")
    assert path.is_dir() and np.array_equal(saved.weights["W_pos"], run.weights["W_pos"])
    with pytest.raises(FileExistsError):
        run.save(tmp_path / "kept")
    del run
    gc.collect()
    assert not path.exists() and saved.resume(steps=20).steps[-1] == 20


def test_runs_are_pickled_by_their_directory(tmp_path, data):
    run = ib.train(*data, width=2, steps=10, out=tmp_path / "run")
    other = pickle.loads(pickle.dumps(run))
    assert other.path == tmp_path / "run" and other.claims == run.claims
    temporary = ib.train(*data, width=2, steps=10)
    with pytest.raises(TypeError, match="found a temporary one.*run.save"):
        pickle.dumps(temporary)
    twin, path = copy.deepcopy(copy.copy(temporary)), temporary.path
    del temporary
    gc.collect()
    assert path.is_dir() and twin.resume(steps=20).steps[-1] == 20


FORKS = """
import os, sys
import implicit_bias as ib
run = ib.train(dim=20, width=2, steps=10)
path, child = run.path, os.fork()
if child == 0:
    del run
    sys.exit()
assert os.waitpid(child, 0)[1] == 0 and path.is_dir()
del run
assert not path.exists()
"""


def test_a_forked_process_leaves_temporary_directories_alone():
    # Nor is anybody warned of a directory that goes.
    done = subprocess.run([sys.executable, "-W", "error", "-c", FORKS], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("given, said", [
    (dict(arrays=[np.eye(2)]), "arrays: expected a dictionary of arrays, found list"),
    (dict(arrays={"X": np.eye(2)}), "arrays: expected names other than X and y, found X"),
    (dict(arrays={"u": np.ones(3)}, network="two-layer"),
     "arrays: expected arrays that the network two-layer reads beside X and y, which are none, found u"),
    (dict(arrays={"U": np.ones(3)}, network="attention"), r"arrays: .*attention reads beside X and y \(.*u.*\), found U"),
    (dict(arrays={"signal": np.ones(3)}), r"arrays: expected arrays that networks read .*signals.*, found signal"),
    (dict(network=["attention"], arrays={"v": np.ones(3)}), "arrays: expected arrays that networks read"),
    (dict(init=np.eye(2)), "init: expected a dictionary of arrays, or a path, found ndarray"),
])
def test_arrays_in_the_wrong_place_are_refused(data, given, said):
    with pytest.raises(ValueError, match=said):
        ib.train(*data, width=2, steps=10, **given)


def test_weights_that_are_not_read_are_told(data):
    weights = {name: 0.1 * np.ones((2, 30)) for name in ["W_pos", "W_neg", "W_third"]}
    with pytest.warns(UserWarning, match="init: W_third is not read: the network has W_pos, W_neg"):
        ib.train(*data, init=weights, steps=10)


def test_errors_name_arrays_and_no_file_that_the_user_did_not_make(data):
    X, y = data
    for work in [lambda: ib.train(X, y * np.nan, width=2), lambda: ib.check(X, y * np.nan)]:
        with pytest.raises(ValueError) as error:
            work()
        said = str(error.value)
        assert "data.npz" not in said and said.startswith("array `y`: expected a label for every sample"), said


def test_bad_input_leaves_nothing_and_a_directory_in_use_is_left_alone(tmp_path, data):
    with pytest.raises(ValueError, match="slope"):
        ib.train(*data, slope=2.0, out=tmp_path / "new")
    assert not (tmp_path / "new").exists()
    run = ib.train(*data, width=2, steps=10, out=tmp_path / "used")
    before = files_of(run.path), (run.path / "data.npz").read_bytes()
    with pytest.raises(ValueError, match="expected a new or empty directory for the run"):
        ib.train(2 * data[0], data[1], width=2, steps=10, out=run.path)
    with pytest.raises(ValueError, match="expected a new or empty directory for the run"):
        ib.train(width=2, steps=10, out=run.path)
    assert before == (files_of(run.path), (run.path / "data.npz").read_bytes())


def test_what_a_run_shows(tmp_path, data):
    run = ib.train(*data, width=4, steps=1e6, activation="leaky-relu", slope=0.1)
    assert run.settings["activation"] == "leaky-relu" and run.settings["step_size"] == 0.1
    assert {"stable-rank", "margins"} <= set(run.figures)
    for name in run.figures:
        figure = run.plot(name)
        written = (run.path / "figures" / f"{name}.svg").read_text()
        assert figure.svg == figure._repr_svg_() == written
    figure = run.plot("stable-rank")
    for ending, begins in [("svg", b"<svg"), ("pdf", b"%PDF"), ("png", b"\x89PNG")]:
        figure.save(tmp_path / f"figure.{ending}")
        assert (tmp_path / f"figure.{ending}").read_bytes().startswith(begins)
    with pytest.raises(ValueError, match="expected a file that ends in .svg, .pdf or .png"):
        figure.save(tmp_path / "figure.gif")
    with pytest.raises(ValueError, match="figure: expected one of .*, found `rank`"):
        run.plot("rank")
    page = run._repr_html_()
    assert page.count("<img") == len(run.figures)
    for claim in run.claims:
        assert claim["verdict"] in page and claim["id"] in page
    assert "supported" in repr(run) and str(run).count("\n") > 5
    assert run.report.read_text().startswith("<!DOCTYPE html>")


def test_columns_drawn_by_matplotlib_are_those_of_the_series(data):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    run = ib.train(*data, width=3, steps=1e4)
    _, ax = pyplot.subplots()
    assert run.plot("stable-rank", ax=ax) is ax
    drawn = {line.get_label(): line.get_ydata() for line in ax.get_lines()}
    assert set(drawn) == {"stable_rank", "stable_rank_pos", "stable_rank_neg"}
    assert np.array_equal(drawn["stable_rank_pos"], run.series["stable_rank_pos"][1:])
    with pytest.raises(ValueError, match="column: expected one of"):
        run.plot("nothing", ax=ax)


def test_without_pandas_a_table_is_a_dictionary(monkeypatch, data):
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    run = ib.train(*data, width=3, steps=100)
    assert isinstance(run.series, dict) and np.array_equal(run.series["step"], run.steps)
