"""What the tests share: the program of the command line, and a data set."""

import json
import os
import pathlib
import subprocess

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def program():
    """The command line, built from the same sources."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    path = target / "release" / "implicit-bias"
    assert path.is_file(), f"no {path}: cargo build --release"

    def run(*arguments, code=0, cwd=None):
        words = [str(argument) for argument in arguments]
        done = subprocess.run([path, *words], capture_output=True, text=True, cwd=cwd)
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    run.json = lambda *arguments: json.loads(run(*arguments, "--json"))
    return run


@pytest.fixture
def data():
    """Samples [6, 30] and labels, nearly orthogonal."""
    rng = np.random.default_rng(7)
    y = np.array([1.0, 1.0, 1.0, -1.0, -1.0, -1.0])
    return rng.normal(size=(6, 30)), y


def files_of(folder):
    """All files of a folder but the manifests, which have times, by their paths in it."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in paths
        if path.name not in ("manifest.json", "data.npz", "init.npz")
    }


def same_run(left, right):
    """Asserts that two run directories are equal, but for the times in their manifests."""
    ours, theirs = files_of(left), files_of(right)
    assert ours.keys() == theirs.keys()
    assert {"series.csv", "margins.csv", "weights.safetensors", "claims.json"} <= ours.keys()
    differ = [name for name in ours if ours[name] != theirs[name]]
    assert not differ
    manifests = [json.loads((path / "manifest.json").read_text()) for path in (left, right)]
    for manifest in manifests:
        del manifest["started"], manifest["wall_seconds"]
    assert manifests[0] == manifests[1]
