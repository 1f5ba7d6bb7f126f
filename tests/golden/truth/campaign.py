#!/usr/bin/env python3
"""Random small runs of the program against every step of them in long double.

    python campaign.py [--cases N] [--seed S] [--first K] [--jobs J] [--out FOLDER]

Each case is drawn from (seed, number of the case) alone. Its run to step 1e6 with a hand-over to log
time at 1e3, 1e4 or 1e5 is held to the simulator at every recorded step. From 1e6 on the simulator
strides to 1e100, and there the convex program, solved by another solver, says where the pattern
leads: the true end, unless strides of another length lead elsewhere. Verdicts at 1e4, 1e6, 1e15 and
1e100, rows, limits and proofs of three hand-overs are held to that, and to each other.

One line is printed for each violation, with the command, and the counts at the end. The files that
such a command reads stay in FOLDER; so do the violations as JSON.
"""

import argparse
import collections
import concurrent.futures
import json
import pathlib
import shlex
import shutil
import subprocess
import tempfile

import numpy as np

import limit
from make_truth import claims, distance, same_sign
from simulator import Problem, binary, build, export

LAST = 10**6
FAR = [1e15, 1e30, 1e100]
# Strides, coarse ones from LAST and fine ones from earlier on.
GROWTHS = (4e-3, 1e-3)
STARTS = (LAST, 10**5)
# Below this a difference of margins, relative to max(1, min |q|), is double precision's own.
ROUNDING = 1e-13
# Rows that were stepped exactly are held to this.
EXACT = 1e-9


def log_uniform(rng, low, high):
    return float(f"{np.exp(rng.uniform(np.log(low), np.log(high))):.3g}")


def draw(seed, number, folder):
    """Flags of a random case, and what it is made of."""
    rng = np.random.default_rng([seed, number])
    n, d, m = int(rng.integers(2, 11)), int(rng.integers(1, 41)), int(rng.integers(1, 7))
    flags = ["--step-size", repr(log_uniform(rng, 0.01, 0.5))]
    relu = rng.random() < 0.5
    # Few dimensions for many ReLU neurons that die; many for events without sliding.
    if rng.random() < 0.5:
        d = int(rng.integers(max(1, n // 2), n + 3)) if relu else int(rng.integers(n, 4 * n))
    slope = 0.0 if relu else log_uniform(rng, 0.01, 0.9)
    flags += ["--activation", "relu"] if relu else ["--slope", repr(slope)]
    kind = rng.choice(["gaussian", "mixture", "orthogonal", "file"], p=[0.4, 0.15, 0.15, 0.3])
    scale = log_uniform(rng, 1e-3, 10) if relu or rng.random() < 0.5 else log_uniform(rng, 0.2, 10)
    if kind == "file":
        flags += draw_file(rng, n, d, m, scale, folder)
    else:
        flags += ["--synthetic", str(kind), "--samples", str(n), "--width", str(m),
                  "--init-scale", repr(scale), "--seed", str(int(rng.integers(0, 10**6)))]
        if kind == "mixture":
            flags += ["--signal", repr(log_uniform(rng, 0.1, 3))]
        if kind == "orthogonal":
            d = max(d, n)
            flags += ["--norm", repr(log_uniform(rng, 0.5, 5)),
                      "--norm-spread", repr(log_uniform(rng, 1, 100))]
        flags += ["--dim", str(d)]
    hand_over = 10 ** int(rng.integers(3, 6))
    return flags, hand_over


def draw_file(rng, n, d, m, scale, folder):
    """Samples with duplicates, spread norms or a zero among them, and weights dead on a sample."""
    x, y = rng.standard_normal((n, d)), rng.choice([-1.0, 1.0], n)
    y[0], y[-1] = 1.0, -1.0
    if rng.random() < 0.4:
        copy, of = rng.integers(0, n, 2)
        x[copy] = x[of] * (1.0 if rng.random() < 0.7 else rng.uniform(0.3, 3))
        if rng.random() < 0.85 and 0 < copy < n - 1:
            y[copy] = y[of]
    if rng.random() < 0.5:
        x *= 10 ** rng.uniform(-0.5, 0.5 + rng.random(), (n, 1))
    if rng.random() < 0.05:
        x[rng.integers(0, n)] = 0.0
    w = scale * rng.standard_normal((2, m, d))
    if rng.random() < 0.4:
        dead = int(rng.integers(0, n))
        # Mirrored, neurons of the sample's sign (or all of them) are inactive on it.
        for block, sign in ((0, 1.0), (1, -1.0)):
            if sign == y[dead] or rng.random() < 0.5:
                h, square = w[block] @ x[dead], float(x[dead] @ x[dead]) or 1.0
                w[block] -= 2 * np.outer(np.maximum(h, 0), x[dead]) / square
    np.savez(f"{folder}/data.npz", X=x, y=y)
    np.savez(f"{folder}/init.npz", W_pos=w[0], W_neg=w[1])
    return ["--data", f"{folder}/data.npz", "--init", f"{folder}/init.npz"]


def load(flags):
    if "--data" not in flags:
        return export(flags)
    value = lambda name: flags[flags.index(name) + 1]
    data, init = np.load(value("--data")), np.load(value("--init"))
    slope = 0.0 if "relu" in flags else float(value("--slope"))
    return Problem(data["X"], data["y"], init["W_pos"], init["W_neg"], slope,
                   float(value("--step-size")))


class Run:
    """A run of the program: its rows, verdicts and limit."""

    def __init__(self, flags, steps, hand_over):
        self.command = ["train", *flags, "--engine", "gram", "--steps", steps, "--exact-steps",
                        f"{hand_over:g}"]
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([binary(), *self.command, "--out", f"{folder}/run", "--json"],
                                  capture_output=True, text=True, timeout=600)
            # A run that stops early says so by its exit code, and has written what it has.
            self.error = None if done.stdout.startswith("{") else done.stderr or "no output"
            if self.error:
                return
            found = json.loads(done.stdout)
            self.stop, self.claims = found["stop_reason"], found["claims"]
            run = pathlib.Path(folder) / "run"
            self.notes = json.loads((run / "manifest.json").read_text())["notes"]
            self.limit = json.loads((run / "limit.json").read_text())
            series = np.genfromtxt(run / "series.csv", delimiter=",", names=True)
            margins = np.genfromtxt(run / "margins.csv", delimiter=",", skip_header=1, ndmin=2)
        self.steps = np.atleast_1d(series["step"])
        self.norms = np.atleast_1d(series["weight_norm"])
        self.losses = np.atleast_1d(series["log_loss"])
        self.estimates = np.atleast_1d(series["error_estimate"])
        self.margins = margins[:, 1:] * self.norms[:, None]

    def verdicts(self):
        return {(claim["id"], claim.get("block")): claim["verdict"] for claim in self.claims}

    def proven_from(self):
        """The step from which the limit is said to be proven, or None."""
        if not self.limit.get("proven"):
            return None
        return float(self.limit["certificate"].split("proven from step ")[1].split()[0].rstrip(",;."))


def told_chaotic(run):
    """Whether the run itself says that rounding decides it."""
    return any("chaotic" in note or "chaos" in note for note in run.notes)


class Case:
    def __init__(self, seed, number, keep):
        self.folder = pathlib.Path(keep) / f"{seed}-{number}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.flags, self.hand_over = draw(seed, number, self.folder)
        self.name, self.found, self.counts = f"{seed}/{number}", [], collections.Counter()

    def violation(self, kind, run, **details):
        command = "implicit-bias " + shlex.join(run.command)
        self.found.append({"kind": kind, "case": self.name, "command": command, **details})

    def hold_rows(self, run):
        """Every row of a run against the simulator."""
        whole = [i for i, step in enumerate(run.steps) if step == int(step) and step <= LAST]
        rows = self.problem.descend([*run.steps[whole], LAST, *FAR], growth=GROWTHS[0], start=STARTS[0],
                                    quick=True)
        self.truth = [row for row in rows if row["step"] <= LAST]
        self.far = [row for row in rows if row["step"] > LAST]
        by_step = {row["step"]: row for row in self.truth}
        worst = {}
        for i in whole:
            row = by_step[int(run.steps[i])]
            true = np.array(row["margins"])
            scale = max(1.0, np.min(np.abs(true)))
            error = float(np.max(np.abs(run.margins[i] - true)) / scale)
            estimate = float(run.estimates[i])
            norm_error = abs(run.norms[i] / row["weight_norm"] - 1)
            if estimate == 0.0:
                self.counts["exact rows"] += 1
                self.keep(worst, "exact row", error / EXACT, run.steps[i], error, estimate)
                self.keep(worst, "exact norm", norm_error / EXACT, run.steps[i], norm_error, 0.0)
            else:
                self.counts["rows in log time"] += 1
                bound = 10 * estimate + ROUNDING
                self.keep(worst, "estimate", error / bound, run.steps[i], error, estimate)
                self.keep(worst, "norm beyond estimate", norm_error / bound, run.steps[i],
                          norm_error, estimate)
        self.counts["hand-overs"] += bool(np.any(run.estimates[whole] > 0))
        for kind, (ratio, step, error, estimate) in worst.items():
            if ratio > 1:
                # A NaN in the tables counts as well, being no `<=`.
                self.report(kind, run, step, error, estimate)

    @staticmethod
    def keep(worst, kind, ratio, step, error, estimate):
        if not ratio <= worst.get(kind, (0.0,))[0]:
            worst[kind] = (ratio, float(step), error, estimate)

    def report(self, kind, run, step, error, estimate):
        """A violation, or one of the chaotic kind where twins part as far."""
        apart = self.twins_apart(int(step))
        chaotic = apart > error / 30
        if chaotic and told_chaotic(run):
            self.counts["said to be chaotic"] += 1
            return
        self.violation(f"{kind} (chaotic)" if chaotic else kind, run, step=step, error=error,
                       estimate=estimate, ratio=error / estimate if estimate else None,
                       twins_apart=apart)

    def twins_apart(self, step):
        true = np.array(self.problem.descend([step])[0]["margins"])
        twins = [self.problem.descend([step], 2.2e-16, seed)[0]["margins"] for seed in (1, 2, 3)]
        scale = max(1.0, np.min(np.abs(true)))
        return float(np.max(np.abs(np.array(twins) - true)) / scale)

    def find_end(self):
        """The true end by strides of two lengths, where there is one that both agree on."""
        last = self.truth[-1]
        self.end = self.true = None
        self.far_apart = []
        self.dead = self.dead_in(last)
        self.counts["with a dead sample"] += bool(self.dead)
        if min(last["margins"]) < 0:
            # Badly fitted for ever: the loss has a minimum, over which strides would leap.
            self.counts["not interpolated"] += 1
            return
        if not np.all(np.isfinite([row["margins"] for row in self.far])):
            return
        fine = self.problem.descend(FAR, growth=GROWTHS[1], start=STARTS[1], quick=True)
        agreed = same_sign(self.problem, fine[-1]) == same_sign(self.problem, self.far[-1])
        if not agreed or self.dead_in(fine[-1]) != self.dead:
            self.counts["end depends on strides"] += 1
            return
        self.far_apart = [distance(a, b) for a, b in zip(fine, self.far)]
        self.far = fine
        end = limit.solve(self.problem, fine[-1]["active"])
        if end and end["least_same_sign_activation"] > 0:
            self.end = end
        self.counts["true ends"] += self.end is not None
        self.true, _ = claims(self.end, self.truth[-1:] + fine)
        changes = fine[-1]["latest_same_sign_changes"]
        self.last_change = changes[-1][0] if changes else 0

    def dead_in(self, row):
        """Samples on which every neuron is inactive, of ReLU."""
        active = np.array([[int(bit) for bit in bits] for bits in row["active"]])
        alive = active.any(axis=0)
        return [i for i in range(len(alive)) if self.problem.slope == 0 and not alive[i]]

    def hold_truths(self, run):
        """Verdicts and rows beyond LAST against the truth."""
        found = run.verdicts()
        for (claim, block), verdict in found.items():
            name = f"{claim} {block}" if block else claim
            true = (self.true or {}).get(name)
            if self.dead and claim in ("loss", "margins"):
                true = False
            if claim == "alignment" and self.true is not None and verdict == "supported":
                late = self.last_change > 1.05 * run.steps[-1]
                self.counts["alignment supported, pattern changes later"] += late
                # Where the limit program keeps the pattern, nothing tells the run that it will break.
                if late and run.limit.get("consistent") is False:
                    self.violation("alignment supported though the pattern must break", run, change=self.last_change)
            if true is None:
                continue
            self.counts["verdicts against the truth"] += 1
            if (true, verdict) in ((True, "refuted"), (False, "supported")):
                self.violation("verdict opposite to the truth", run, claim=name, verdict=verdict,
                               consistent=run.limit.get("consistent"), dead=self.dead)
        for row, apart in zip(self.far, self.far_apart):
            at = np.flatnonzero(run.steps == row["step"])
            if len(at):
                self.counts["rows beyond 1e6"] += 1
                true = np.array(row["margins"])
                scale = max(1.0, np.min(np.abs(true)))
                error = float(np.max(np.abs(run.margins[at[0]] - true)) / scale)
                estimate = float(run.estimates[at[0]])
                if not error <= 10 * estimate + 10 * apart + 1e-6:
                    self.violation("far row", run, step=row["step"], error=error,
                                   estimate=estimate, apart=apart)
                    break

    def hold_proof(self, run):
        """A limit and its proof against the true end and every same-sign change."""
        start = run.proven_from()
        right = self.end is None or all(
            run.limit.get(name) is None or self.end[name] is None
            or abs(run.limit[name] - self.end[name]) <= 1e-5 + 10 * self.end["uncertainty"]
            for name in ("stable_rank_pos", "stable_rank_neg"))
        if start is None:
            if run.limit.get("consistent"):
                self.counts["consistent unproven limits"] += 1
                if not right:
                    self.violation("consistent limit is wrong", run, true=self.end)
            return
        self.counts["proofs"] += 1
        self.counts["proofs against the true end"] += self.end is not None
        if self.dead:
            self.violation("proof on a dead sample", run, proven_from=start, dead=self.dead)
        elif not right:
            self.violation("proven limit is wrong", run, proven_from=start,
                           found=[run.limit["stable_rank_pos"], run.limit["stable_rank_neg"]],
                           true=[self.end["stable_rank_pos"], self.end["stable_rank_neg"]])
        elif self.true is not None and start < 0.95 * self.last_change:
            self.violation("proof before a same-sign change", run, proven_from=start,
                           change=self.last_change)

    def same_limit(self, one, other):
        names = ("stable_rank_pos", "stable_rank_neg", "stable_rank", "normalized_margin_min",
                 "normalized_margin_max")
        pairs = [(one.limit.get(name), other.limit.get(name)) for name in names]
        return all(a is None or b is None or abs(a - b) <= 1e-6 * max(1, abs(b)) for a, b in pairs)

    def play(self):
        self.problem = load(self.flags)
        run = Run(self.flags, "1e6", self.hand_over)
        if run.error:
            self.violation("error", run, message=run.error[-300:])
            return self
        self.counts["runs"] += 1
        self.hold_rows(run)
        self.find_end()
        longs = [Run(self.flags, "1e100", t) for t in (self.hand_over, 10 * self.hand_over, LAST)]
        shorts = [Run(self.flags, "1e4", 10**4), run, Run(self.flags, "1e15", self.hand_over)]
        for other in shorts + longs:
            if other.error:
                self.violation("error", other, message=other.error[-300:])
                continue
            self.counts[f"stop: {other.stop}"] += 1
            self.hold_truths(other)
            self.hold_proof(other)
        shorts = [short for short in shorts + longs if not short.error]
        proven = [long for long in longs if not long.error and long.proven_from() is not None]
        for long in proven[:-1]:
            if not self.same_limit(long, proven[-1]):
                self.violation("proofs differ", long, other=shlex.join(proven[-1].command),
                               ranks=[long.limit["stable_rank_pos"], long.limit["stable_rank_neg"]],
                               others=[proven[-1].limit["stable_rank_pos"],
                                       proven[-1].limit["stable_rank_neg"]])
        if proven:
            self.hold_shorts(shorts, proven[-1])
        return self

    def hold_shorts(self, shorts, proven):
        """Verdicts against those of the proven run with the latest hand-over."""
        true = proven.verdicts()
        for short in shorts:
            for key, verdict in short.verdicts().items():
                self.counts["verdicts against a proven end"] += 1
                pair = (verdict, true.get(key))
                if pair in (("supported", "refuted"), ("refuted", "supported")):
                    self.violation("opposite verdict", short, claim=list(key), verdict=verdict,
                                   end=true[key], consistent=short.limit.get("consistent"))


def play(arguments):
    case = Case(*arguments)
    try:
        case.play()
    except Exception as error:  # One broken case must not end the campaign.
        case.found.append({"kind": "campaign failed", "case": case.name, "command": str(case.flags),
                           "message": repr(error)})
    if not case.found:
        shutil.rmtree(case.folder)
    return case.found, case.counts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", default="campaign-violations")
    options = parser.parse_args()
    build(), build(quick=True)
    pathlib.Path(options.out).mkdir(parents=True, exist_ok=True)
    work = [(options.seed, number, options.out)
            for number in range(options.first, options.first + options.cases)]
    kinds, counts = collections.Counter(), collections.Counter()
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool, \
            open(pathlib.Path(options.out) / "violations.jsonl", "a") as file:
        for found, counted in pool.map(play, work):
            counts += counted
            counts["cases"] += 1
            if counts["cases"] % 25 == 0:
                print("so far:", json.dumps(dict(counts), default=float), json.dumps(dict(kinds), default=float), flush=True)
            for violation in found:
                kinds[violation["kind"]] += 1
                print(json.dumps(violation, default=float), file=file, flush=True)
                print(json.dumps(violation, default=float), flush=True)
    print("counts:", json.dumps(dict(counts), default=float))
    print("violations:", json.dumps(dict(kinds), default=float))
    raise SystemExit(1 if kinds else 0)


if __name__ == "__main__":
    main()
