"""Types: those of the compiled module, of the keys, and what a type checker says of a user's code."""

import pathlib
import subprocess
import sys

import implicit_bias

FOLDER = pathlib.Path(__file__).resolve().parents[1]

GOOD = """
import implicit_bias as ib
run = ib.train([[1.0]], [1], slope=0.1, optimizer="adam", steps=1e15)
rank: float = ib.stable_rank(run.weights["W_pos"])
run.resume(steps=1e16, threads=2).plot("stable-rank").save("figure.svg")
"""
BAD = ["ib.train(widht=3)", "ib.train(optimizer='adm')", "ib.train(width='many')", "ib.load(3)"]


def python(*arguments):
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_the_types_of_keys_are_those_of_the_list():
    code, said = python(FOLDER / "write-keys.py", "--check")
    assert code == 0, said


def test_stubs_are_those_of_the_module():
    code, said = python("-m", "mypy.stubtest", "implicit_bias._native")
    assert code == 0, said


def test_the_package_is_typed(tmp_path):
    assert (pathlib.Path(implicit_bias.__file__).parent / "py.typed").is_file()
    code, said = python("-m", "mypy", "--strict", "-p", "implicit_bias")
    assert code == 0, said
    (tmp_path / "good.py").write_text(GOOD)
    code, said = python("-m", "mypy", "--strict", tmp_path / "good.py")
    assert code == 0, said
    (tmp_path / "bad.py").write_text("import implicit_bias as ib\n" + "\n".join(BAD) + "\n")
    code, said = python("-m", "mypy", tmp_path / "bad.py")
    lines = {int(line.split(":")[1]) for line in said.splitlines() if ": error:" in line}
    assert lines == set(range(2, 2 + len(BAD))), said
