//! What the claims look at in a run of a linear network.

use implicit_bias_record::Prediction;

use crate::rounding::updates_lost_from;
use crate::run::RunView;
use crate::settings::{ARRIVED_MARGIN_GAP, WINDOW};
use crate::window::Points;
use crate::words::step;

/// One of the two norms by which margins are normalized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Norm {
    L2,
    Linf,
}

impl Norm {
    pub fn other(self) -> Self {
        match self {
            Self::L2 => Self::Linf,
            Self::Linf => Self::L2,
        }
    }

    /// For a sentence.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::L2 => "‖w‖₂",
            Self::Linf => "‖w‖_∞",
        }
    }

    /// The column of the smallest margin over this norm, and the number of its maximum.
    fn names(self) -> [&'static str; 2] {
        match self {
            Self::L2 => ["margin_min", "gamma_l2"],
            Self::Linf => ["margin_linf_min", "gamma_linf"],
        }
    }
}

/// The margins of a run over their maxima.
pub(super) struct LinearRun<'a> {
    pub view: &'a RunView<'a>,
    pub steps: Vec<f64>,
    /// `T`, the last recorded step.
    pub horizon: f64,
    l2: Vec<f64>,
    linf: Vec<f64>,
}

impl<'a> LinearRun<'a> {
    /// The margins of a run over their maxima; why they are not known.
    pub fn new(view: &'a RunView<'a>) -> Result<Self, String> {
        let numbers = view.numbers.map_err(|reason| {
            format!("the maximum margins of these data are not known: {reason}")
        })?;
        let ratio = |norm: Norm| {
            let [column, number] = norm.names();
            let maximum = numbers.get(number).filter(|maximum| **maximum > 0.0);
            let maximum = maximum.ok_or_else(|| format!("there is no {number} of these data"))?;
            let margins = view.series.column(column);
            let margins = margins.ok_or_else(|| format!("the run has no column {column}"))?;
            Ok::<Vec<f64>, String>(margins.into_iter().map(|margin| margin / maximum).collect())
        };
        let steps = view.series.steps();
        Ok(Self {
            horizon: steps.last().copied().unwrap_or(0.0),
            steps,
            l2: ratio(Norm::L2)?,
            linf: ratio(Norm::Linf)?,
            view,
        })
    }

    /// The margin over its maximum at each recorded step: at most 1, and negative where a sample is
    /// not fitted.
    pub fn ratio(&self, norm: Norm) -> &[f64] {
        match norm {
            Norm::L2 => &self.l2,
            Norm::Linf => &self.linf,
        }
    }

    /// The last of them.
    pub fn last(&self, norm: Norm) -> f64 {
        self.ratio(norm).last().copied().unwrap_or(f64::NAN)
    }

    /// What this margin over its maximum is of the weights with the maximum margin in the other
    /// norm; `None` where those are not known, or not the only ones.
    pub fn of_other_maximum(&self, norm: Norm) -> Option<f64> {
        let [_, maximum] = norm.names();
        let of_other = match norm {
            Norm::L2 => "gamma_l2_of_w_linf",
            Norm::Linf => "gamma_linf_of_w_l2",
        };
        let numbers = self.view.numbers.ok()?;
        Some(numbers.get(of_other)? / numbers.get(maximum)?)
    }

    /// The norm whose maximum margin is the limit of the run's direction by theorems about its
    /// descent, if they know it.
    pub fn known_norm(&self) -> Option<Norm> {
        let Prediction::Named(limit) = self.view.prediction else {
            return None;
        };
        let is_of = |norm: &Norm| limit.numbers.contains_key(norm.names()[1]);
        [Norm::L2, Norm::Linf].into_iter().find(is_of)
    }

    /// `1 − ratio` and other columns over the last two decades, at steps where the gap is more than
    /// rounding.
    pub fn window(&self, norm: Norm, others: &[&[f64]]) -> Points {
        let gaps = self.ratio(norm).iter().map(|ratio| 1.0 - ratio);
        let gap = gaps.map(|gap| {
            if gap > ARRIVED_MARGIN_GAP {
                gap
            } else {
                f64::NAN
            }
        });
        let columns = std::iter::once(gap.collect()).chain(others.iter().map(|c| c.to_vec()));
        let start = self.horizon / WINDOW;
        Points::new(&self.steps, columns.collect(), start, self.horizon)
    }

    /// Why the trajectory decides nothing, whatever it shows.
    pub fn undecided(&self) -> Option<String> {
        if let Some(from) = updates_lost_from(self.view.series) {
            return Some(format!(
                "from step {} on rounding to single precision takes updates away, so the run no \
                 longer follows the descent",
                step(from)
            ));
        }
        // In double precision descents keep their directions where the norm of a gradient underflows.
        let is_single = self.view.facts.descent.unit_roundoff > f64::EPSILON;
        let gradients = self
            .view
            .series
            .column("gradient_norm")
            .filter(|_| is_single);
        let gradients = gradients.unwrap_or_default();
        if let Some(row) = gradients.iter().position(|&norm| norm == 0.0) {
            return Some(format!(
                "at step {} the gradient is zero in the precision of the run, so that nothing moves \
                 from there on",
                step(self.steps[row])
            ));
        }
        (self.last(Norm::L2) <= 0.0).then(|| {
            "not all samples are fitted at the last step, and margins grow towards their maximum \
             only from there"
                .to_owned()
        })
    }
}
