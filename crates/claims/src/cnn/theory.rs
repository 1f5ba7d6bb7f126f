//! The verdicts on the filters of a convolution.

use super::ids::{FOLLOWS, REACHES, SIGNAL};
use crate::claim::{Claim, Verdict};
use crate::fit::fit_line;
use crate::hypotheses::{Hypotheses, Hypothesis, HypothesisStatus};
use crate::run::RunView;
use crate::settings::{
    EXTRAPOLATION_POWER, FILTERS_LEARNED, FILTERS_UNLEARNED, INITIAL_SHARE, LAST_DECADE,
    RANK_FOLLOWS, RANK_REACHED, RANKS_APART,
};
use crate::theory::{Judgement, Theory, withhold_unsound, write_hypotheses};
use crate::window::Points;
use crate::words::number;

/// The claims on the filters of a convolution.
pub const THEORY: Theory = Theory {
    name: "cnn",
    source: "Zhang, Gao, Zou & Cao (arXiv:2504.08628)",
    claims: &[
        (SIGNAL, "convolution: filters are along the signals"),
        (
            FOLLOWS,
            "convolution: the stable rank of the filters follows the clean data's",
        ),
        (
            REACHES,
            "convolution: the stable rank of the filters reaches the number of signals",
        ),
    ],
    at_start: |_| Vec::new(),
    judge,
};

/// The last decade of a run on data with signals.
struct Late {
    ranks: Vec<f64>,
    /// The shares of the filters along the signals.
    shares: Vec<f64>,
    /// Where the line of the shares against `log t` leads to at `T²`, of the decade and of its later
    /// half.
    led_to: [f64; 2],
    /// Where a line against `1/log t` leads to.
    at_infinity: f64,
}

/// What the claims compare with.
struct Data {
    signals: f64,
    clean_rank: f64,
    patches_rank: f64,
}

fn judge(run: &RunView<'_>) -> Option<Judgement> {
    let facts = run.facts;
    if facts.network.name != "convolution" || !facts.descent.loss.is_exponentially_tailed() {
        return None;
    }
    let shares = run.series.column("signal_fraction")?;
    let ranks = run.series.column("stable_rank")?;
    let mut claims = [
        Claim::draft(
            SIGNAL,
            "Most of the filters is along the signals.",
            "share of ‖W‖_F² along the signals at the last step",
            "> 1/2",
        ),
        Claim::draft(
            FOLLOWS,
            "The stable rank of the filters is that of the clean data, and not that of all patches.",
            "stable rank of all filters at the last step",
            "that of the clean data",
        ),
        Claim::draft(
            REACHES,
            "The stable rank of the filters reaches the number of signals.",
            "stable rank of all filters at the last step",
            "the number of signals",
        ),
    ];
    claims[0].measured = shares.last().copied();
    claims[1].measured = ranks.last().copied();
    claims[2].measured = ranks.last().copied();
    let late = match fitted(run).and_then(|()| Late::of(run, ranks, shares)) {
        Ok(late) => late,
        Err(why) => {
            claims
                .iter_mut()
                .for_each(|claim| claim.reason.clone_from(&why));
            return Some(said(run, claims.into()));
        }
    };
    let learned = late.shares.iter().all(|share| *share > FILTERS_LEARNED);
    let open = late.is_open(run);
    decide_signal(&mut claims[0], &late, learned, &open);
    let data = run.numbers.map_err(str::to_owned).and_then(|numbers| {
        let number = |name: &str| {
            let found = numbers.get(name).copied();
            found.ok_or_else(|| "the ranks of the data are not known".to_owned())
        };
        Ok(Data {
            signals: number("signals")?,
            clean_rank: number("clean_rank")?,
            patches_rank: number("patches_rank")?,
        })
    });
    match data {
        Err(why) => claims[1..].iter_mut().for_each(|claim| {
            claim.reason = format!("{why}.");
        }),
        Ok(data) => {
            decide_rank(&mut claims[1..], &late, &data, learned, &open);
        }
    }
    Some(said(run, claims.into()))
}

fn said(run: &RunView<'_>, mut claims: Vec<Claim>) -> Judgement {
    withhold_unsound(run.end, &mut claims);
    write_hypotheses(&hypotheses(run), &mut claims);
    Judgement {
        claims,
        ..Judgement::default()
    }
}

/// That all samples are fitted over the last decade of steps, or why that is not known.
fn fitted(run: &RunView<'_>) -> Result<(), String> {
    let steps = run.series.steps();
    let losses = run.series.column("loss").unwrap_or_default();
    let horizon = steps.last().copied().unwrap_or(0.0);
    let rows = steps.iter().zip(&losses);
    let late = rows.filter(|(at, _)| **at >= horizon / LAST_DECADE);
    let most = late.fold(f64::NEG_INFINITY, |most: f64, (_, loss)| most.max(*loss));
    // Below that every margin is positive.
    let bound = run.facts.descent.loss.value(0.0)
        / if run.facts.descent.is_sum {
            1.0
        } else {
            run.facts.samples.samples as f64
        };
    // Of no record, and of what is no number, neither.
    if most < bound && most.is_finite() {
        return Ok(());
    }
    Err(format!(
        "the samples are not known to be fitted over the last decade of steps: the loss is {} there, \
         and below ℓ(0)/n = {} all margins are positive.",
        number(most),
        number(bound)
    ))
}

impl Late {
    fn of(run: &RunView<'_>, ranks: Vec<f64>, shares: Vec<f64>) -> Result<Self, String> {
        let steps = run.series.steps();
        let horizon = steps.last().copied().unwrap_or(0.0);
        let points = Points::new(&steps, vec![ranks, shares], horizon / LAST_DECADE, horizon);
        let shares = &points.columns[1];
        if let Some(why) = points.too_short() {
            return Err(why);
        }
        let last = shares[shares.len() - 1];
        let ahead = (EXTRAPOLATION_POWER - 1.0) * horizon.ln();
        let lines = points.lines(&points.log_step, shares)?;
        let inverse: Vec<f64> = points.log_step.iter().map(|log| 1.0 / log).collect();
        Ok(Self {
            led_to: [lines.whole.slope, lines.late.slope].map(|slope| last + slope * ahead),
            at_infinity: fit_line(&inverse, shares).map_or(f64::NAN, |line| line.intercept),
            ranks: points.columns[0].clone(),
            shares: points.columns[1].clone(),
        })
    }

    /// Whether the filters have learned something else, and are not seen to turn to the signals.
    fn is_unlearned(&self) -> bool {
        let below = |share: f64| share < FILTERS_UNLEARNED;
        self.shares.iter().all(|share| below(*share))
            && self.led_to.iter().all(|share| below(*share))
            && below(self.at_infinity)
    }

    /// Why the run refutes nothing, if so.
    fn is_open(&self, run: &RunView<'_>) -> Option<String> {
        if !self.is_unlearned() {
            return Some("whether the filters turn to the signals is open".to_owned());
        }
        let norms = run.series.column("weight_norm").unwrap_or_default();
        let share = norms
            .first()
            .zip(norms.last())
            .map(|(first, last)| first / last);
        // Of no column, nothing is known.
        if share.is_none_or(|share| share.is_nan() || share > INITIAL_SHARE) {
            return Some(format!(
                "the initial weights are {} of the weights, and nothing is refuted before they are \
                 less than {INITIAL_SHARE}",
                share.map_or("an unknown share".to_owned(), number)
            ));
        }
        (run.facts.descent.unit_roundoff > f64::EPSILON)
            .then(|| "single precision refutes nothing".to_owned())
    }

    fn words(&self) -> String {
        format!(
            "the share along the signals is {} at the last step, and its lines lead to {} at T² and \
             to {} against 1/log t",
            number(self.shares[self.shares.len() - 1]),
            number(self.led_to[0]),
            number(self.at_infinity)
        )
    }
}

fn decide_signal(claim: &mut Claim, late: &Late, learned: bool, open: &Option<String>) {
    claim.reason = format!("{}.", late.words());
    if learned && late.led_to.iter().all(|share| *share > FILTERS_LEARNED) {
        claim.verdict = Verdict::Supported;
    } else if let Some(why) = open {
        claim.reason = format!("{}; {why}.", late.words());
    } else {
        claim.verdict = Verdict::Refuted;
    }
}

/// Both claims on the rank; where the filters are along the noise, no rank says anything of signals.
fn decide_rank(
    claims: &mut [Claim],
    late: &Late,
    data: &Data,
    learned: bool,
    open: &Option<String>,
) {
    let rank = late.ranks[late.ranks.len() - 1];
    let found = format!(
        "the stable rank of the filters is {}, that of the clean data {}, that of all patches {}, of {} \
         signals; {}",
        number(rank),
        number(data.clean_rank),
        number(data.patches_rank),
        number(data.signals),
        late.words()
    );
    for claim in &mut *claims {
        claim.reason = format!("{found}.");
        if open.is_none() {
            claim.verdict = Verdict::Refuted;
        } else if let Some(why) = open.as_ref().filter(|_| !learned) {
            claim.reason = format!("{found}; {why}.");
        }
    }
    if !learned {
        return;
    }
    let [follows, reaches] = claims else { return };
    let follows_clean = |rank: &f64| (rank / data.clean_rank - 1.0).abs() < RANK_FOLLOWS;
    follows.predicted = number(data.clean_rank);
    reaches.predicted = number(data.signals);
    if data.patches_rank < RANKS_APART * data.clean_rank {
        follows.reason = format!(
            "{found}: the noise changes the rank of the data too little for this run to tell which one \
             the filters follow."
        );
    } else if late.ranks.iter().all(follows_clean) {
        follows.verdict = Verdict::Supported;
    } else {
        follows.reason = format!("{found}: which one it ends at is open.");
    }
    if (rank - data.signals).abs() < RANK_REACHED {
        reaches.verdict = Verdict::Supported;
    } else {
        reaches.reason = format!(
            "{found}: filters that leave 0 later, or win a signal later, change the rank, so that this \
             one decides nothing."
        );
    }
}

/// The setting of the claims: signals learned by Huberized ReLU of an exponent above 2, from small
/// weights.
fn hypotheses(run: &RunView<'_>) -> Hypotheses {
    let network = &run.facts.network;
    let exponent = network.numbers.get("exponent").copied();
    let is_huberized = network.activation.is_none() && network.numbers.contains_key("threshold");
    let status = match exponent.filter(|_| is_huberized) {
        Some(exponent) if exponent > 2.0 => HypothesisStatus::Met,
        _ => HypothesisStatus::NotMet,
    };
    let activation = Hypothesis::new(
        "activation",
        status,
        exponent,
        "Huberized ReLU; that its exponent is above 2 is this project's reading.",
    );
    let start = Hypothesis::new(
        "initialization",
        HypothesisStatus::Unknown,
        network.init_scale,
        "Initial weights are small beside what is learned; how small is not known.",
    );
    Hypotheses::new(vec![activation, start])
}
