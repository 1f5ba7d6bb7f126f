"""`check` and `limit`: the numbers of the command line, and of NumPy."""

import implicit_bias as ib
import numpy as np
import pytest


def test_geometry_is_that_of_numpy_and_of_the_command_line(tmp_path, program, data):
    X, y = data
    found = ib.check(X, y)
    products = np.abs(X @ X.T)
    norms = np.sqrt(products.diagonal())
    p = (products - np.diag(products.diagonal())).max()
    assert [found["n"], found["d"]] == [6, 30]
    expected = [norms.min(), norms.max(), p, norms.min() ** 2 / (6 * p)]
    assert np.allclose([found[key] for key in ["r_min", "r_max", "p", "ratio"]], expected, rtol=1e-12)
    np.savez(tmp_path / "data.npz", X=X, y=y)
    assert found == program.json("check", tmp_path / "data.npz")
    assert ib.check(tmp_path / "data.npz", unit_norm=True) == program.json(
        "check", tmp_path / "data.npz", "--unit-norm"
    )
    assert ib.check(synthetic="mixture", dim=50) == program.json("check", "--synthetic=mixture", "--dim=50")
    with pytest.raises(ValueError, match="check: expected flags of the data alone"):
        ib.check(X, y, width=3)
    with pytest.raises(ValueError, match="DATA: expected a data file, mnist, or synthetic, found none"):
        ib.check()


def test_the_limit_is_where_the_run_goes_and_that_of_the_command_line(tmp_path, program, data):
    keys = dict(activation="leaky-relu", slope=0.1, width=4)
    found = ib.limit(*data, **keys)
    assert found["status"] == "proven" and found["kkt_residual"] < 1e-10
    run = ib.train(*data, out=tmp_path / "run", steps=1e200, **keys)
    # Distances fall like 1/log t.
    assert abs(run.series["stable_rank_pos"].iloc[-1] - found["stable_rank_pos"]) < 0.02
    gap = found["normalized_margin_max"] - run.margins[-1].max()
    assert abs(gap) < 0.02 * found["normalized_margin_max"]
    archive = tmp_path / "run" / "data.npz"
    flags = ["--activation=leaky-relu", "--slope=0.1", "--width=4"]
    assert found == program.json("limit", archive, *flags)
    with pytest.raises(ValueError, match="y: expected no labels beside a run"):
        ib.limit(run, data[1])
    for of_run in [ib.limit(run), ib.limit(run.path)]:
        assert of_run == program.json("limit", run.path)


def test_the_limit_of_a_linear_network_is_the_maximum_margin():
    # Of four samples (±3, ±1) on one side of the second axis each: that axis, with margin 1.
    X, y = np.array([[3.0, 1.0], [-3.0, 1.0], [-3.0, -1.0], [3.0, -1.0]]), [1, 1, -1, -1]
    found = ib.limit(X, y, network="linear")
    assert found["kkt_residual"] < 1e-8
    assert found["gamma_l2"] == pytest.approx(1.0, abs=1e-8) and found["unique"]


def test_what_has_no_limit_is_said(data):
    with pytest.raises(ValueError, match="loss: expected"):
        ib.limit(*data, network="linear", loss="hinge")
    with pytest.raises(ValueError, match="record: expected none: nothing is recorded"):
        ib.limit(*data, record=5)
    X, y = data
    with pytest.raises(ValueError, match="infeasible: samples 0 and 6 have one direction"):
        ib.limit(np.vstack([X, X[:1]]), np.append(y, -y[0]))
