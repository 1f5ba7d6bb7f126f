"""Where a descent ends once its same-sign pattern is final: the convex program, by cvxpy.

With the slopes D_ki of the same-sign pairs (y_i s_k = +1) fixed,

    min 1/2 sum_k |w_k|^2   subject to   (1/m) [ sum_{s_k = y_i} D_ki <w_k, x_i>
                                                - sum_{s_k != y_i} u_ki ] >= 1,
                                         u_ki >= <w_k, x_i>,  u_ki >= slope <w_k, x_i>,

is convex and its solution, scaled to length 1, is the limit of the direction of the weights, if its
same-sign pairs have the signs assumed. Neurons of one sign and one same-sign pattern share their
weights there. It is solved in weight space, by Clarabel by way of cvxpy, sharing nothing with the
program under test but that solver's algorithm.
"""

import numpy as np


def basis(x):
    """Coordinates of the samples in an orthonormal basis of their span."""
    _, singular, right = np.linalg.svd(x, full_matrices=False)
    rank = int(np.sum(singular > 1e-12 * singular[0])) if singular[0] > 0 else 0
    return x @ right[:rank].T


def attempt(program):
    """Solves the program as precisely as the solver can: whether it did."""
    import cvxpy as cp

    for tolerance in (1e-14, 1e-12, 1e-10):
        try:
            program.solve(solver=cp.CLARABEL, tol_gap_abs=tolerance, tol_gap_rel=tolerance,
                          tol_feas=tolerance)
        except cp.SolverError:
            continue
        if program.status == "optimal":
            return True
    return False


def solve(problem, active):
    """The limit for the pattern `active`, one string of 0 and 1 for each neuron.

    None where the program is infeasible, or not solved to 1e-10. The multipliers of a solution add up
    to its squared norm, so that they tell how exact it is: `uncertainty` is that of its direction.
    """
    import cvxpy as cp

    x, y, m, slope = basis(problem.x), problem.y, problem.width, problem.slope
    groups = {}
    for k, row in enumerate(active):
        sign = 1 if k < m else -1
        same = tuple(int(bit) if y[i] == sign else -1 for i, bit in enumerate(row))
        # A ReLU neuron that is active on no sample of its sign stays bounded: its limit is zero.
        if slope > 0 or 1 in same:
            groups.setdefault((sign, same), []).append(k)
    margins = [0.0] * len(y)
    weights, objective, constraints = [], 0, []
    for (sign, same), members in groups.items():
        w = cp.Variable(x.shape[1])
        weights.append(w)
        objective += len(members) / 2 * cp.sum_squares(w)
        for i in range(len(y)):
            share = len(members) / m
            if same[i] >= 0:
                margins[i] += share * (1.0 if same[i] else slope) * (x[i] @ w)
            else:
                margins[i] -= share * cp.maximum(x[i] @ w, slope * (x[i] @ w))
    if any(isinstance(q, float) for q in margins):
        return None
    constraints = [q >= 1 for q in margins]
    if not attempt(cp.Problem(cp.Minimize(objective), constraints)):
        return None
    blocks = {1: [], -1: []}
    least = np.inf
    for ((sign, same), members), w in zip(groups.items(), weights):
        blocks[sign].append(np.sqrt(len(members)) * w.value)
        for i, bit in enumerate(same):
            if bit >= 0:
                least = min(least, (1 if bit else -1) * float(x[i] @ w.value))
    norm = np.sqrt(sum(np.sum(w**2) for rows in blocks.values() for w in rows))
    rank = lambda rows: float(np.sum(np.square(rows)) / np.linalg.norm(rows, 2) ** 2) if rows else None
    multipliers = [float(c.dual_value) for c in constraints]
    gap = abs(sum(multipliers) / norm**2 - 1)
    short = max(0.0, 1 - min(float(q.value) for q in margins))
    return {
        "uncertainty": float(np.sqrt(2 * (gap + short))),
        "stable_rank_pos": rank(blocks[1]),
        "stable_rank_neg": rank(blocks[-1]),
        "stable_rank": rank(blocks[1] + blocks[-1]),
        "normalized_margins": [float(q.value) / norm for q in margins],
        "multipliers": multipliers,
        # Positive where the solution keeps every sign that was assumed; relative to the norm.
        "least_same_sign_activation": float(least / norm),
    }
