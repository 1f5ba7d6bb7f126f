"""Sweeps, and the systems of the literature."""

import csv
import warnings

import implicit_bias as ib
import numpy as np
import pytest
from conftest import files_of

PLAN = """
samples = 4
steps = 1e4
seeds = 2
[grid]
slope = [0.1, 0.5]
dim = [30, 40]
[[list]]
width = 2
[[list]]
width = 3
loss = "exponential"
"""
GRID = dict(slope=[0.1, 0.5], dim=np.array([30, 40]))
LIST = [dict(width=2), dict(width=3, loss="exponential")]


def words_of(table, column):
    rows = list(csv.DictReader(table.decode().splitlines()))
    return [row[column] for row in rows]


def test_a_sweep_is_that_of_the_command_line(tmp_path, program):
    frame = ib.sweep(GRID, list=LIST, seeds=2, jobs=2, samples=4, steps=1e4, out=tmp_path / "ours")
    (tmp_path / "plan.toml").write_text(PLAN)
    program("sweep", tmp_path / "plan.toml", "--out", tmp_path / "theirs")
    assert len(frame) == 16 and set(frame["stop_reason"]) == {"completed"}
    ours, theirs = files_of(tmp_path / "ours"), files_of(tmp_path / "theirs")
    assert ours["sweep.csv"] == theirs["sweep.csv"] and ours.keys() == theirs.keys()
    one = ib.train(slope=0.5, dim=40, samples=4, width=2, steps=1e4, seed=1)
    row = frame[(frame.slope == 0.5) & (frame.dim == 40) & (frame.width == 2) & (frame.seed == 1)]
    assert row["stable_rank"].item() == one.series["stable_rank"].iloc[-1]
    # Truth values, not words, of which all are true.
    assert frame["limit_proven"].tolist() == [word == "true" for word in words_of(ours["sweep.csv"], "limit_proven")]
    assert frame["limit_proven"].dtype == bool


def test_a_sweep_on_arrays_goes_on_where_its_data_are_the_same(tmp_path, data):
    X, y = data
    keys = dict(width=2, steps=50, out=tmp_path / "sweep")
    first = ib.sweep(dict(slope=[0.1]), X, y, **keys)
    runs = tmp_path / "sweep" / "runs"
    times = {path: path.stat().st_mtime_ns for path in runs.rglob("series.csv")}
    both = ib.sweep(dict(slope=[0.1, 0.3]), X.copy(), y.tolist(), **keys)
    assert len(both) == 2 and set(first["run"]) < set(both["run"])
    assert all(path.stat().st_mtime_ns == time for path, time in times.items())
    ib.sweep(dict(slope=[0.1]), 2 * X, y, **keys)
    assert len(list(runs.iterdir())) == 3


def test_a_run_that_fails_is_told_and_leaves_the_others_alone(tmp_path, data):
    np.savez(tmp_path / "good.npz", X=data[0], y=data[1])
    np.savez(tmp_path / "bad.npz", X=data[0], y=np.zeros(6))
    grid = dict(data=[str(tmp_path / "good.npz"), str(tmp_path / "bad.npz")])
    with pytest.warns(UserWarning, match="^failed: "):
        frame = ib.sweep(grid, width=2, steps=10, out=tmp_path / "sweep")
    assert sorted(frame["stop_reason"]) == ["completed", "failed"]


@pytest.mark.parametrize("arguments, said", [
    (dict(), "expected `seeds`, a table `grid` or tables `list`, found none"),
    (dict(grid=dict(slope=[2.0])), "the run with slope = 2.0: slope: expected"),
    (dict(grid=dict(widht=[2])), "unknown field `widht`; did you mean `width`"),
    (dict(grid=dict(width=2)), "width: expected a list of values, found 2"),
    (dict(grid=dict(network="linear")), "network: expected a list of values, found 'linear'"),
    (dict(seeds=0), "`seeds`: expected a number of seeds"),
    (dict(seeds=1, jobs=0), "jobs: expected at least 1, found 0"),
    (dict(seeds=1, jobs=-1), "jobs: expected at least 1, found -1"),
    (dict(seeds=1, jobs="2"), "jobs: expected at least 1, found '2'"),
    (dict(grid=dict(width=[2]), width=4), "width: expected it in the grid or for all runs, found it in both"),
    (dict(list=[{"step-size": 0.1}], step_size=1), "step_size: expected it in the grid or for all runs"),
    (dict(grid=[1]), "grid: expected a dictionary of lists, found list"),
    (dict(list=[3]), "list: expected dictionaries, found int"),
    (dict(grid=dict(precision=["f32", "f64"]), engine="tensor"), "precision: expected one for all runs"),
], ids=str)
def test_what_is_no_plan_is_said(arguments, said):
    with pytest.raises(ValueError, match=said):
        ib.sweep(**arguments)


def test_without_pandas_a_sweep_is_a_dictionary_of_arrays(monkeypatch):
    keys = dict(samples=4, dim=20, width=2, steps=10)
    frame = ib.sweep(dict(slope=[0.1, 0.2]), **keys)
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    table = ib.sweep(dict(slope=[0.1, 0.2]), **keys)
    assert list(table) == list(frame.columns)
    assert table["slope"].tolist() == [0.1, 0.2] and table["stop_reason"].tolist() == ["completed"] * 2


def test_a_reproduction_is_that_of_the_command_line(tmp_path, program):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours = ib.reproduce("adam", quick=True, out=tmp_path / "ours")
    said = program("reproduce", "adam", "--quick", "--out", tmp_path / "theirs")
    assert ours.completed and ours.report.is_file()
    assert f"{ours}report: " in said.replace(str(tmp_path / "theirs"), str(tmp_path / "ours"))
    assert files_of(tmp_path / "ours") == files_of(tmp_path / "theirs")
    [system] = ours.systems
    assert system["name"] == "adam" and system["supported"] > 0
    assert system["title"].split()[0] in ours._repr_html_()
    with pytest.raises(ValueError, match="system: expected one of kou, .*, all, found `eve`"):
        ib.reproduce("eve")
    with pytest.raises(ValueError, match="threads: expected at least 1, found -1"):
        ib.reproduce("adam", threads=-1)
