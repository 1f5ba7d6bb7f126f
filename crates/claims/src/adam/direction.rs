//! Whether the margin in a norm tends to its maximum.
//!
//! Where theorems know the limit of the descent, the maximum margin in its own norm, that decides
//! and the trajectory must be seen to go there. Where they do not, nothing is supported, for no
//! trajectory tells a limit near the maximum from the maximum, and refuted is only a run that is
//! near the maximum margin in the other norm and stays.

use crate::adam::linear_run::{LinearRun, Norm};
use crate::claim::{Claim, ClaimId, ClaimLimit, DecidedBy, Verdict};
use crate::settings::{
    ARRIVED_MARGIN_GAP, FAR_BELOW, LAST_DECADE, MARGIN_GAP_OF_LIMIT, MARGIN_GAP_REFUTED,
    MARGIN_GAP_STAYS, MARGIN_GAP_SUPPORTED, MIN_HORIZON, MIN_NORM_RATIO, MIN_RECORDS_OF_APPROACH,
    NEAR_KNOWN_MAXIMUM, NEAR_MAXIMUM, NEAR_OTHER_MAXIMUM, SAME_MAXIMUM,
};
use crate::window::{Lines, Points};
use crate::words::{interval, number, step};

/// Judges that the normalized margin in a norm tends to its maximum.
pub(super) fn judge(id: ClaimId, norm: Norm, run: &Result<LinearRun<'_>, String>) -> Claim {
    let symbol = norm.symbol();
    let mut claim = Claim::draft(
        id,
        &format!("The normalized margin min_i y_i⟨w, x_i⟩/{symbol} tends to its maximum."),
        &format!("the smallest margin over {symbol} at the last step, over its maximum"),
        "→ 1",
    );
    let run = match run {
        Ok(run) => run,
        Err(reason) => {
            claim.reason = format!("{reason}.");
            return claim;
        }
    };
    claim.measured = Some(run.last(norm));
    if let Some(why) = run.undecided() {
        claim.reason = format!("{why}.");
        return claim;
    }
    let Some(norms) = run.view.series.column("weight_norm") else {
        claim.reason = "the run has no column weight_norm.".to_owned();
        return claim;
    };
    let gap = 1.0 - run.last(norm);
    if gap <= ARRIVED_MARGIN_GAP {
        (claim.verdict, claim.reason) = arrived(run, norm, &norms);
        return claim;
    }
    let points = run.window(norm, &[run.ratio(norm.other()), &norms]);
    let log_gap: Vec<f64> = points.columns[0].iter().map(|gap| gap.ln()).collect();
    match points.lines(&points.log_step, &log_gap) {
        Err(reason) => claim.reason = reason,
        Ok(lines) => {
            claim.fits = vec![lines.whole.record("gap = c·t^a", "a", points.window)];
            let case = Case {
                run,
                norm,
                gap,
                points: &points,
                lines: &lines,
                norms: &norms,
            };
            case.decide(&mut claim);
        }
    }
    claim
}

/// The verdict on a margin that is its maximum to within rounding: support where the descent is
/// known to tend there and has made its direction, nothing elsewhere. Initial weights may be there.
fn arrived(run: &LinearRun<'_>, norm: Norm, norms: &[f64]) -> (Verdict, String) {
    let there = run.of_other_maximum(norm);
    let shared = there.is_some_and(|there| 1.0 - there <= SAME_MAXIMUM);
    let is_limit = run
        .known_norm()
        .is_some_and(|known| known == norm || shared);
    let found = "the margin is its maximum to within rounding";
    if run.horizon < MIN_HORIZON {
        let reason = format!(
            "{found}, but the horizon of {} steps is too short to tell that it stays there.",
            step(run.horizon)
        );
        (Verdict::Inconclusive, reason)
    } else if !doubled(norms) {
        let reason = format!("{found}, but the weights have not outgrown the initial ones.");
        (Verdict::Inconclusive, reason)
    } else if is_limit {
        (
            Verdict::Supported,
            format!("{found}, and the descent tends there (literature)."),
        )
    } else {
        let reason = format!("{found}, but the descent is not known to tend there.");
        (Verdict::Inconclusive, reason)
    }
}

/// Whether the last of some norms is twice the first one, or more.
fn doubled(norms: &[f64]) -> bool {
    let ends = norms.first().zip(norms.last());
    ends.is_some_and(|(first, last)| *last >= MIN_NORM_RATIO * first)
}

/// A run whose gap was fitted.
struct Case<'a> {
    run: &'a LinearRun<'a>,
    norm: Norm,
    gap: f64,
    points: &'a Points,
    lines: &'a Lines,
    norms: &'a [f64],
}

impl Case<'_> {
    fn decide(&self, claim: &mut Claim) {
        let there = self.run.of_other_maximum(self.norm);
        let shared = there.is_some_and(|there| 1.0 - there <= SAME_MAXIMUM);
        match (self.run.known_norm(), there) {
            (Some(known), _) if known == self.norm || shared => self.by_own_limit(claim),
            (Some(_), Some(there)) => self.by_limit(there, claim),
            (None, _) | (Some(_), None) => self.by_trajectory(there, claim),
        }
    }

    /// What the gap does, a clause.
    fn found(&self) -> String {
        let line = self.lines.whole;
        format!(
            "the margin is {} of its maximum, and the gap goes like t to the power {} {} over the \
             last two decades",
            number(1.0 - self.gap),
            number(line.slope),
            interval(number(line.low()), number(line.high()))
        )
    }

    fn falls(&self) -> bool {
        self.lines.whole.high() < 0.0 && self.lines.late.slope < 0.0
    }

    /// The descent is known to tend to this maximum, or to one that has it.
    fn by_own_limit(&self, claim: &mut Claim) {
        let found = self.found();
        let certain = self.small_steps() && self.approaches(1.0);
        if self.gap <= MARGIN_GAP_SUPPORTED && self.falls() {
            claim.verdict = Verdict::Supported;
            claim.reason = format!("{found}.");
        } else if certain && self.falls() && self.gap <= MARGIN_GAP_OF_LIMIT {
            claim.verdict = Verdict::Supported;
            claim.decided_by = DecidedBy::DirectionLimit;
            claim.reason = format!(
                "{found}; the descent tends to the maximum (literature), like 1/log t, and the run \
                 approaches it by steps that are small enough for that."
            );
        } else {
            // Never refuted: the descent is known to tend there.
            claim.reason = format!(
                "{found}; to support, the gap must fall, and to {MARGIN_GAP_SUPPORTED} or less."
            );
        }
    }

    /// The descent is known to tend to the other maximum, where this margin is `there` of its own.
    fn by_limit(&self, there: f64, claim: &mut Claim) {
        let known = self.norm.other().symbol();
        let distance = (self.run.last(self.norm) - there).abs();
        claim.limit = Some(ClaimLimit {
            predicted: there,
            distance,
            certificate: "not proven: by theorems about the descent".to_owned(),
        });
        let found = self.found();
        let limit = format!(
            "the descent tends to the maximum margin over {known} (literature), where this one is \
             {} of its maximum",
            number(there)
        );
        let at_it = distance <= NEAR_OTHER_MAXIMUM && doubled(self.norms);
        let near = at_it && (self.small_steps() || self.has_other(NEAR_KNOWN_MAXIMUM));
        if near || self.small_steps() && self.approaches(there) {
            claim.verdict = Verdict::Refuted;
            claim.decided_by = DecidedBy::DirectionLimit;
            let seen = if near { "is near" } else { "approaches" };
            claim.reason = format!("{found}; {limit}, and the run {seen} that.");
        } else {
            claim.reason = format!("{found}; {limit}, but the run is not yet seen to go there.");
        }
    }

    /// Whether the run has this share of the other maximum, and no less than in the middle of the
    /// window.
    fn has_other(&self, share: f64) -> bool {
        let others = &self.points.columns[1];
        let middle = others.get(others.len() / 2).copied().unwrap_or(f64::NAN);
        let last = self.run.last(self.norm.other());
        last >= share && last >= middle - ARRIVED_MARGIN_GAP
    }

    /// Whether the mean distance from `there` fell within the last decade.
    fn approaches(&self, there: f64) -> bool {
        let run = self.run;
        let rows: Vec<usize> = (0..run.steps.len())
            .filter(|&row| run.steps[row] >= run.horizon / LAST_DECADE)
            .collect();
        let distance = |row: &usize| (run.ratio(self.norm)[*row] - there).abs();
        let (early, late) = rows.split_at(rows.len() / 2);
        let mean = |rows: &[usize]| rows.iter().map(distance).sum::<f64>() / rows.len() as f64;
        rows.len() >= MIN_RECORDS_OF_APPROACH
            && (mean(late) < mean(early) || mean(late) <= ARRIVED_MARGIN_GAP)
    }

    /// Whether the steps go along gradients and are so small at the last step that theorems know
    /// their direction to tend to the maximum margin over `‖w‖₂`: gradient descent (Soudry et al.
    /// 2018), with momentum, and Adam with `ε` far above its gradients, which is that with the step
    /// size `η/ε`.
    ///
    /// Small is `η R_max² L ≤ 2/e` with the mean loss `L`. A step of gradient descent changes every
    /// margin by at most `η R_max² L ≤ 1` then, since `|ℓ'| ≤ ℓ` for the logistic and the exponential
    /// loss, so that `L` is at most `e` times as large on the way; and `ℓ'' ≤ ℓ` bounds the Hessian
    /// there by `e R_max² L ≤ 2/η`, so that the loss falls, then and ever after (derived). Of another
    /// loss neither is known: `e^{−q/T}` has `|ℓ'| = ℓ/T` and `ℓ'' = ℓ/T²`.
    fn small_steps(&self) -> bool {
        let (facts, run) = (self.run.view.facts, self.run);
        let (descent, samples) = (&facts.descent, &facts.samples);
        if !descent.loss.is_logistic_or_exponential() {
            return false;
        }
        let column = |name| run.view.series.column(name);
        let (Some(decay), Some(log_losses)) = (descent.step_decay, column("log_loss")) else {
            return false;
        };
        // The step size only falls: that of a decade ago bounds those to come.
        let then = run
            .steps
            .partition_point(|&step| step < run.horizon / LAST_DECADE);
        let Some(&last) = log_losses.last() else {
            return false;
        };
        let epsilon = descent.numbers.get("epsilon").copied().unwrap_or(0.0);
        let gradients = column("gradient_norm").unwrap_or_default();
        let is_below = |norms: &[f64]| {
            !norms.is_empty() && norms.iter().all(|norm| *norm <= FAR_BELOW * epsilon)
        };
        let per_gradient = match descent.optimizer.as_str() {
            "gd" | "momentum" => 1.0,
            // For a decade of steps: long enough for both moments to forget.
            "adam" if is_below(&gradients[then.min(gradients.len())..]) => 1.0 / epsilon,
            _ => return false,
        };
        let step_size = descent.step_size * run.steps[then].max(1.0).powf(-decay) * per_gradient;
        // Of a sum of losses all of this holds with the sum in place of L, which the column has.
        let steepness = step_size * samples.r_max * samples.r_max;
        last + steepness.ln() <= std::f64::consts::LN_2 - 1.0
    }

    /// No limit is known.
    fn by_trajectory(&self, there: Option<f64>, claim: &mut Claim) {
        let found = self.found();
        let other = self.run.last(self.norm.other());
        let stays = self.lines.whole.low() >= -MARGIN_GAP_STAYS
            && self.lines.late.slope >= -MARGIN_GAP_STAYS;
        let at_other = there.is_some_and(|there| {
            (self.run.last(self.norm) - there).abs() <= NEAR_OTHER_MAXIMUM
                && self.has_other(NEAR_MAXIMUM)
        });
        // The steps of the window, not those before, make the direction.
        let made_by_window = doubled(&self.points.columns[2]);
        if self.gap > MARGIN_GAP_REFUTED && stays && at_other && made_by_window {
            claim.verdict = Verdict::Refuted;
            claim.reason = format!(
                "{found}; the run stays near the maximum margin over {}, of which it has {}, in a \
                 window in which its weights more than doubled.",
                self.norm.other().symbol(),
                number(other)
            );
        } else {
            claim.reason = format!(
                "{found}; where this descent tends is not known here, and no trajectory tells a \
                 limit near the maximum from the maximum; to refute, the run must stay near the \
                 maximum margin over {}, of which it has {}.",
                self.norm.other().symbol(),
                number(other)
            );
        }
    }
}
