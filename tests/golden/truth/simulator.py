"""Reaches the simulator `simulate.c` and the program under test from Python."""

import json
import os
import pathlib
import shlex
import struct
import subprocess
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent


def build(quick=False):
    """Compiles the simulator, once for each state of its source."""
    source = HERE / "simulate.c"
    program = pathlib.Path(tempfile.gettempdir()) / f"simulate{'-quick' * quick}-{os.getuid()}"
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        beside = program.with_suffix(f".{os.getpid()}")
        subprocess.run(["gcc", "-O3", "-march=native", *["-DQUICK"] * quick, "-o", beside, source,
                        "-lm"], check=True)
        beside.rename(program)
    return program


class Problem:
    """Samples, labels, initial weights, slope and step size: all that a descent is made of."""

    def __init__(self, x, y, w_pos, w_neg, slope, step_size):
        as_doubles = lambda a: np.ascontiguousarray(a, dtype=np.float64)
        self.x, self.y = as_doubles(x), as_doubles(y)
        self.w_pos, self.w_neg = as_doubles(w_pos), as_doubles(w_neg)
        self.slope, self.step_size = float(slope), float(step_size)

    @property
    def width(self):
        return len(self.w_pos)

    def write(self, path):
        n, d = self.x.shape
        with open(path, "wb") as file:
            file.write(struct.pack("<3i2d", n, d, self.width, self.slope, self.step_size))
            for array in (self.x, self.y, self.w_pos, self.w_neg):
                file.write(array.tobytes())

    def descend(self, steps, relative=0.0, seed=1, growth=0.0, start=10**6, quick=False):
        """One dictionary for each of the steps; see `simulate.c` for what is in it.

        With `growth`, strides of that relative length from the step `start` on.
        With `quick`, what a step adds is computed in double precision.
        """
        steps = sorted({int(step) if step < 2**53 else float(step) for step in steps})
        with tempfile.TemporaryDirectory() as folder:
            problem, wanted = f"{folder}/problem", f"{folder}/steps"
            self.write(problem)
            pathlib.Path(wanted).write_text("\n".join(map(str, steps)))
            command = [build(quick), problem, wanted]
            if relative or growth:
                command += [repr(relative), str(seed)]
            if growth:
                command += [repr(start), repr(growth)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
        return [json.loads(line) for line in done.stdout.splitlines()]


def binary():
    """The release binary of this repository, or that which IMPLICIT_BIAS names."""
    return os.environ.get("IMPLICIT_BIAS", str(ROOT / "target/release/implicit-bias"))


def export(flags):
    """The data and the initial weights of a command, as its binary draws them.

    One step of size 1e-300 changes no weight: what it moves is far below the last bit.
    """
    flags = shlex.split(flags) if isinstance(flags, str) else list(flags)
    kept, skip = [], False
    for flag in flags:
        name = flag.split("=")[0]
        if skip:
            skip = False
        elif name in ("--steps", "--step-size", "--engine", "--exact-steps", "--precision"):
            skip = "=" not in flag
        else:
            kept.append(flag)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [binary(), "train", *kept, "--steps", "1", "--step-size", "1e-300", "--engine", "gram",
             "--export", "npz", "--out", f"{folder}/run"],
            check=True, capture_output=True)
        found = np.load(f"{folder}/run/results.npz")
        step_size = float(flags[flags.index("--step-size") + 1]) if "--step-size" in flags else 0.1
        return Problem(found["X"], found["y"], found["W_pos"], found["W_neg"],
                       float(found["slope"]), step_size)
