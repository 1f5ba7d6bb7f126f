#!/usr/bin/env python3
"""Computes `truth.json`: what is true of runs on which the program once said false things.

    IMPLICIT_BIAS=path/to/implicit-bias python make_truth.py [NAME ..]

The program only draws data and initial weights, once (`simulator.export`); everything else is
`simulate.c`, every step of it, and for the end `limit.py`. With names, those examples alone are
computed anew. README.md says what each field is.
"""

import json
import pathlib
import sys

import numpy as np

import limit
from simulator import HERE, Problem, export

GAUSSIAN = {"synthetic": "gaussian"}
RELU = {"activation": "relu"}
# Marks of the exact part; more of them follow up to the example's last exact step.
MARKS = [100, 1000, 10_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000,
         10_000_000]
FAR = [1e7, 1e10, 1e15, 1e30, 1e100]
GROWTHS = (1e-3, 2.5e-4)
# The relative size of the disturbances of a twin: the unit roundoff of double precision, doubled.
ROUNDING = 2.2e-16


def sizes(samples, dim, width, **more):
    return {"samples": samples, "dim": dim, "width": width, **more}


def run(steps, **more):
    """A command on an example: `steps`, and keys that are not the example's."""
    return {"steps": steps, "engine": "gram", **{k.replace("_", "-"): v for k, v in more.items()}}


def tensor(steps, **more):
    return {**run(steps, **more), "engine": "tensor"}


# Name: (point of the issue's list, what once was false, settings, last exact step, commands).
EXAMPLES = {
    "a dead sample": (
        "log time revived a sample on which every neuron is inactive: loss 1.7e-28 at 1e30",
        {**GAUSSIAN, **RELU, **sizes(6, 8, 5), "step-size": 0.05, "seed": 2}, 10_000_000,
        [run(1e30), run(1e30, exact_steps=1e4), run(1e30, exact_steps=1e5),
         tensor(1e5)]),
    "two proofs": (
        "two hand-overs were proven to end at stable ranks 1.4168 and 1.4672",
        {**GAUSSIAN, **RELU, **sizes(10, 8, 4), "step-size": 0.02, "seed": 1}, 1_000_000,
        [run(1e100, exact_steps=1e4), run(1e100, exact_steps=1e5), run(1e100, exact_steps=1e6)]),
    "large initial weights": (
        "the loss was refuted at 1e4 for falling faster than 1/t",
        {**sizes(4, 30, 3), "init-scale": 100, "seed": 1}, 1_000_000,
        [run(1e4), run(1e6), run(1e15), run(1e100), tensor(1e5)]),
    "larger initial weights": (
        "the norm was refuted: it no longer grows",
        {**sizes(4, 30, 3), "init-scale": 1000, "seed": 1}, 1_000_000,
        [run(1e4), run(1e6), run(1e15, exact_steps=1e6), run(1e100, exact_steps=1e6),
         tensor(1e5)]),
    "initial weights for single precision": (
        "single precision refuted what double precision left open",
        {**sizes(4, 30, 3), "init-scale": 10, "seed": 1}, 1_000_000,
        [run(1e6), run(1e100), tensor(1e5), tensor(1e6, precision="f32"),
         tensor(1e4, precision="f32")]),
    "a small slope": (
        "loss and margins were refuted at 1e4, the loss at 1e6",
        {**GAUSSIAN, **sizes(6, 8, 4), "slope": 0.02, "step-size": 0.5, "seed": 1}, 1_000_000,
        [run(1e4), run(1e6), run(1e100), run(1e6, exact_steps=1e4)]),
    "rank one seen late": (
        "rank one of W_pos was refuted at 1e15, and is proven at 1e100",
        {**GAUSSIAN, **sizes(4, 15, 5), "slope": 0.2, "init-scale": 1, "step-size": 0.03,
         "seed": 4}, 1_000_000,
        [run(1e15, exact_steps=1e5), run(1e6, exact_steps=1e5), run(1e100, exact_steps=1e5),
         run(1e100)]),
    "rank one seen early": (
        "rank one of W_pos was supported at 1e3, and tends to 1.595",
        {**sizes(10, 8, 4), "slope": 0.02, "step-size": 0.5, "seed": 0}, 1_000_000,
        [run(1e3), run(1e4), run(1e6), run(1e100), tensor(1e3)]),
    "a limit that was another": (
        "`limit` stopped at 1e12 with rank 1.6196, consistent",
        {**GAUSSIAN, **sizes(7, 15, 5), "slope": 0.2, "init-scale": 1, "step-size": 0.03,
         "seed": 1}, 1_000_000,
        [run(1e6, exact_steps=1e5), run(1e12, exact_steps=1e5), run(1e100, exact_steps=1e5)]),
    "an event between steps, seed 87": (
        "margins after an event were off by 3e6 estimates",
        {**GAUSSIAN, **sizes(6, 20, 2), "slope": 0.19, "init-scale": 3, "step-size": 0.3,
         "seed": 87}, 1_000_000,
        [run(1e6, exact_steps=1e4), run(1e6, exact_steps=1e3), run(1e6, exact_steps=1e5)]),
    "an event between steps, seed 99": (
        "margins after an event were off by 5e5 estimates",
        {**GAUSSIAN, **sizes(8, 19, 5), "slope": 0.36, "init-scale": 1, "step-size": 0.3,
         "seed": 99}, 1_000_000,
        [run(1e6, exact_steps=1e4), run(1e6, exact_steps=1e5)]),
    "an event between steps, seed 76": (
        "margins after an event were off by 1e4 estimates",
        {**GAUSSIAN, **sizes(6, 26, 3), "slope": 0.44, "init-scale": 3, "step-size": 0.3,
         "seed": 76}, 1_000_000,
        [run(1e6, exact_steps=1e4), run(1e6, exact_steps=1e5)]),
    "one dimension, a neuron that decays": (
        "the weight norm in Gram coordinates was 13.42173",
        {**GAUSSIAN, **RELU, **sizes(4, 1, 4), "init-scale": 3, "step-size": 0.3, "seed": 31},
        1_000_000, [run(1e6), run(1e6, exact_steps=1e5), tensor(1e5)]),
    "one dimension, cancelling coefficients": (
        "the weight norm in Gram coordinates was off by 6e-7 at 1e6, and by more later",
        {**GAUSSIAN, **sizes(3, 1, 1), "slope": 0.27, "init-scale": 1, "step-size": 0.3,
         "seed": 36}, 1_000_000, [run(1e6), tensor(1e5)]),
    "a zero sample": (
        "log time stalled at the hand-over, at a step that is no integer",
        {"slope": 0.1, "step-size": 0.1}, 1_000_000, [run(1e6, exact_steps=1e4), run(1e5)]),
    "zero weights": (
        "margins at step 0 were inf and -inf",
        {"slope": 0.1, "step-size": 0.1}, 1_000_000, [run(1e4), tensor(1e4)]),
}


def zero_sample():
    """Samples and weights that are exact binary fractions; the last but one sample is zero."""
    x = [[0.40625, -0.5625, 1.0], [-0.75, 0.21875, 0.8125], [0.0, 0.0, 0.0], [1.25, 0.5, -0.375]]
    w = [[[0.125, -0.0625, 0.25], [-0.1875, 0.3125, 0.0625]],
         [[0.25, 0.125, -0.125], [-0.0625, -0.25, 0.1875]]]
    return x, [1.0, -1.0, 1.0, -1.0], w


def zero_weights():
    x = [[1.0, 0.25, -0.5], [-0.25, 1.0, 0.125], [0.5, -0.125, 1.0]]
    return x, [1.0, -1.0, 1.0], [[[0.0] * 3] * 2] * 2


BY_HAND = {"a zero sample": zero_sample, "zero weights": zero_weights}


def problem_of(name, settings):
    if name in BY_HAND:
        x, y, w = BY_HAND[name]()
        return Problem(x, y, w[0], w[1], settings["slope"], settings["step-size"])
    return export([part for key, value in settings.items() for part in (f"--{key}", str(value))])


def distance(row, other):
    """By how much margins differ, relative to max(1, min |q|)."""
    q, p = np.array(row["margins"]), np.array(other["margins"])
    return float(np.max(np.abs(q - p)) / max(1.0, np.min(np.abs(q))))


def dead(problem, row):
    """Samples on which every neuron is inactive, of ReLU."""
    active = np.array([[int(bit) for bit in bits] for bits in row["active"]])
    return [i for i in range(len(problem.y)) if problem.slope == 0 and not active[:, i].any()]


def short(row, apart):
    kept = ("step", "loss", "log_loss", "margins", "weight_norm", "stable_rank_pos",
            "stable_rank_neg", "stable_rank")
    return {**{key: row[key] for key in kept}, "apart": apart}


def claims(end, rows):
    """What is true of each claim in the end, from the latest rows; null where thresholds decide."""
    before, last = rows[-2], rows[-1]
    exponent = ((last["log_loss"] - before["log_loss"])
                / (np.log(last["step"]) - np.log(before["step"])))
    falls, stays = abs(exponent + 1) < 0.02, abs(exponent) < 1e-3
    found = {"loss": True if falls else False if stays else None, "norm": True if falls else None,
             "margins": False if stays and min(last["margins"]) <= 0 else None}
    if end:
        margins = end["normalized_margins"]
        gap = (max(margins) - min(margins)) / np.mean(margins)
        found["margins"] = True if gap < 1e-6 else False if gap > 1e-2 else None
        for block in ("pos", "neg"):
            rank = end[f"stable_rank_{block}"]
            found[f"rank-one {block}"] = (
                None if rank is None else True if rank < 1 + 1e-6 else False if rank > 1.05 else None)
    return found, float(exponent)


def same_sign(problem, row):
    """The pattern on same-sign pairs: those of opposite sign may slide, and differ at every step."""
    m, y = problem.width, problem.y
    return [[bit for i, bit in enumerate(bits) if y[i] == (1 if k < m else -1)]
            for k, bits in enumerate(row["active"])]


def follow(problem, marks):
    """Rows at the marks, and beyond them by coarse and by fine strides.

    There are none beyond where a sample is fitted badly, with a margin below zero: the loss has a
    minimum then, and strides of growing length would leap over it.
    """
    last = marks[-1]
    far = [mark for mark in FAR if mark > last]
    rows = problem.descend(marks + far, growth=GROWTHS[0], start=last)
    rows, coarse = rows[:len(marks)], rows[len(marks):]
    if min(rows[-1]["margins"]) < 0:
        return rows, [], []
    return rows, coarse, problem.descend(far, growth=GROWTHS[1], start=last)


def compute(name):
    what, settings, last, runs = EXAMPLES[name]
    problem = problem_of(name, settings)
    marks = [0] + [mark for mark in MARKS if mark <= last]
    rows, coarse, fine = follow(problem, marks)
    early = [mark for mark in marks if mark <= 10**6]
    twins = [problem.descend(early, ROUNDING, seed) for seed in (1, 2)]
    apart = [max(distance(row, twin[i]) for twin in twins) if i < len(early) else None
             for i, row in enumerate(rows)]
    far_apart = [distance(row, other) for row, other in zip(fine, coarse)]
    final = (fine or rows)[-1]
    agreed = not fine or same_sign(problem, coarse[-1]) == same_sign(problem, final)
    end = limit.solve(problem, final["active"]) if agreed and fine else None
    keeps = end is not None and end["least_same_sign_activation"] > 0
    verdicts, exponent = claims(end if keeps else None, rows + fine)
    changes = final["latest_same_sign_changes"]
    found = {
        "what": what, "settings": settings, "runs": runs, "last_exact_step": last,
        "rows": [short(row, a) for row, a in zip(rows, apart)],
        "far": [short(row, a) for row, a in zip(fine, far_apart)],
        "same_sign_changes": changes, "last_same_sign_change": changes[-1][0] if changes else 0,
        "loss_rises": rows[-1]["loss_rises"], "dead": dead(problem, final),
        "dead_at_last_exact_step": dead(problem, rows[-1]), "active": final["active"],
        "exponent_of_the_loss": exponent, "end": end if keeps else None, "claims": verdicts,
    }
    if name in BY_HAND:
        found["problem"] = {"X": problem.x.tolist(), "y": problem.y.tolist(),
                            "W_pos": problem.w_pos.tolist(), "W_neg": problem.w_neg.tolist()}
    print(f"{name}: loss {rows[-1]['loss']:.6g} at {last:g}, exponent {exponent:.4f}, dead "
          f"{found['dead']}, far apart {max(far_apart, default=0):.1e}, last same-sign change "
          f"{found['last_same_sign_change']:.6g}, apart {max(a or 0 for a in apart):.1e}, "
          f"ranks {end and (end['stable_rank_pos'], end['stable_rank_neg'])}, keeps {keeps}, "
          f"{verdicts}", flush=True)
    return found


def text(examples):
    """JSON with a line for each field, and for each row."""
    line = lambda value: json.dumps(value, ensure_ascii=False)
    parts = []
    for name, example in examples.items():
        fields = []
        for key, value in example.items():
            rows = isinstance(value, list) and value and isinstance(value[0], dict)
            found = "[\n   " + ",\n   ".join(map(line, value)) + "\n  ]" if rows else line(value)
            fields.append(f"  {line(key)}: {found}")
        parts.append(f" {line(name)}: {{\n" + ",\n".join(fields) + "\n }")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main():
    path = HERE / "truth.json"
    found = json.loads(path.read_text()) if path.exists() else {}
    for name in sys.argv[1:] or EXAMPLES:
        found[name] = compute(name)
        ordered = {name: found[name] for name in EXAMPLES if name in found}
        path.write_text(text(ordered))


if __name__ == "__main__":
    main()
