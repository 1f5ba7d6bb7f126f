#!/usr/bin/env python3
"""Holds the simulator to trajectories that other programs computed: `check_reference.py FILE.npz ..`.

The golden files of the folder above, made in 60 digits and with NumPy's longdouble, are the default.
"""

import pathlib
import sys

import numpy as np

from simulator import HERE, Problem

COLUMNS = ["loss", "weight_norm", "stable_rank_pos", "stable_rank_neg", "stable_rank"]


def main():
    paths = [pathlib.Path(path) for path in sys.argv[1:]] or sorted(HERE.parent.glob("*.npz"))
    for path in paths:
        file = np.load(path)
        if "exponential" in path.name:
            continue
        problem = Problem(file["X"], file["y"], file["W_pos"], file["W_neg"], file["slope"],
                          file["step_size"])
        rows = problem.descend(file["steps"])
        worst = 0.0
        for index, row in enumerate(rows):
            for column in COLUMNS:
                wanted = float(file[column][index])
                worst = max(worst, abs(row[column] / wanted - 1))
            margins = np.array(row["margins"]) / row["weight_norm"]
            wanted = file["normalized_margins"][index]
            worst = max(worst, float(np.max(np.abs(margins - wanted)) / np.max(np.abs(wanted))))
        print(f"{path.name}: largest relative difference {worst:.1e} over {len(rows)} steps")


if __name__ == "__main__":
    main()
