#!/usr/bin/env python3
"""Writes ../limits.json: where the golden trajectories end, by every step to 1e5 and a convex program.

    pip install numpy cvxpy clarabel
    python make_limits.py

The pattern is that of the simulator (simulate.c, 80-bit long double) after 10^5 steps; the program is
solved in weight space by cvxpy (limit.py). `groups` counts the distinct same-sign patterns;
`consistent` says whether the solution keeps every sign that was assumed.
"""

import json

import numpy as np

import limit
from simulator import HERE, Problem

STEP = 10**5


def groups(problem, active):
    """Distinct pairs of a sign and a same-sign pattern."""
    seen = set()
    for k, row in enumerate(active):
        sign = 1 if k < problem.width else -1
        seen.add((sign, tuple(bit for i, bit in enumerate(row) if problem.y[i] == sign)))
    return len(seen)


def main():
    limits = {}
    for path in sorted(HERE.parent.glob("*.npz")):
        file = np.load(path)
        if "exponential" in path.name:
            continue
        problem = Problem(file["X"], file["y"], file["W_pos"], file["W_neg"], float(file["slope"]),
                          float(file["step_size"]))
        active = problem.descend([STEP])[-1]["active"]
        found = limit.solve(problem, active)
        limits[path.stem] = {
            "groups": groups(problem, active),
            "stable_rank_pos": found["stable_rank_pos"],
            "stable_rank_neg": found["stable_rank_neg"],
            "stable_rank": found["stable_rank"],
            "normalized_margin_min": min(found["normalized_margins"]),
            "normalized_margin_max": max(found["normalized_margins"]),
            "multiplier_min": min(found["multipliers"]),
            "multiplier_max": max(found["multipliers"]),
            "consistent": found["least_same_sign_activation"] > 0,
        }
        print(path.stem, "uncertainty", f"{found['uncertainty']:.0e}")
    text = json.dumps(limits, indent=2) + "\n"
    (HERE.parent / "limits.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
