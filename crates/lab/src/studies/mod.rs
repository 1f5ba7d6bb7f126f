//! The studies behind `reproduce` and the experiment binaries: a claim or a figure each.
//!
//! A [`Study`] says what to run and how to show it; [`Reproduction`](crate::Reproduction) runs many of
//! them, [`main`] one. Their settings are this project's own, not the paper's.

mod experiment;
mod far_horizon;
mod initialization_scale;
mod leaky_relu_rank_one;
mod leaky_slope;
mod limits;
mod loss_and_norm_rates;
mod margin_equality;
mod mnist;
pub mod mnist_ten_classes;
mod near_orthogonality;
mod phase_of_the_limit;
mod relu_bounded_rank;
mod section;

use crate::claims::ClaimId;
use crate::config::{ActivationKind, Settings, Steps, SyntheticKind};
use crate::figures::{CurveEntry, Figure};
use crate::report::Statement;
use crate::run::RunRecord;

pub use experiment::main;
pub use far_horizon::far_horizon;
pub use initialization_scale::initialization_scale;
pub use leaky_relu_rank_one::leaky_relu_rank_one;
pub use leaky_slope::leaky_slope;
pub(crate) use limits::find_limits;
use limits::margins_become_equal;
pub use limits::{LimitResult, Show, Shown};
pub use loss_and_norm_rates::loss_and_norm_rates;
pub use margin_equality::margin_equality;
pub use mnist::mnist;
pub use near_orthogonality::near_orthogonality;
pub use phase_of_the_limit::phase_of_the_limit;
pub use relu_bounded_rank::relu_bounded_rank;
pub(crate) use section::claim_rows;
pub use section::section;

/// How much time a study may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Narrow networks and few exact steps: all studies in seconds.
    Quick,
    /// The horizons that the verdicts are meant for: all studies in minutes.
    Full,
}

impl Scale {
    /// One of two values.
    fn pick<T>(self, quick: T, full: T) -> T {
        match self {
            Self::Quick => quick,
            Self::Full => full,
        }
    }
}

/// One run of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct StudyRun {
    /// The kind of run, which gets a panel of its own: `ReLU`.
    pub panel: String,
    /// The value of the study's parameter as a reader should see it: `σ₀ = 0.01`.
    pub label: String,
    /// The value of the parameter.
    pub parameter: f64,
    /// What to run.
    pub settings: Settings,
}

/// A run of a study that ended.
#[derive(Clone, Copy, Debug)]
pub struct StudyResult<'a> {
    /// What was asked for.
    pub run: &'a StudyRun,
    /// What came out.
    pub record: &'a RunRecord,
}

impl<'a> StudyResult<'a> {
    /// The run as a curve of a sweep.
    fn curve(&self) -> CurveEntry<'a> {
        CurveEntry {
            panel: self.run.panel.clone(),
            label: self.run.label.clone(),
            series: &self.record.series,
        }
    }
}

/// A claim or a question, the runs that answer it and the figures that show it.
#[derive(Clone, Debug)]
pub struct Study {
    /// The name of the experiment binary and of the figures' files.
    pub name: &'static str,
    /// The heading in the report.
    pub title: &'static str,
    /// The claim, and who makes it.
    pub statement: Statement,
    /// What the settings are, in a sentence.
    pub setting: String,
    /// What to expect and how to read the figures.
    pub paragraphs: Vec<String>,
    /// The runs.
    pub runs: Vec<StudyRun>,
    /// The claims that the study reports verdicts on; none for a sweep.
    pub claims: &'static [ClaimId],
    /// The configurations of which it asks for the limit alone, each run in Gram coordinates until its
    /// same-sign pattern settles; none for most.
    pub limits: Vec<StudyRun>,
    /// What it shows besides, from its runs and these limits, in their orders.
    pub show: Option<Show>,
    /// The columns of its table of final values, each with a short heading; without any, no table.
    pub columns: &'static [(&'static str, &'static str)],
    /// The figures of the finished runs, in the order of `runs`.
    pub figures: fn(&[StudyResult<'_>]) -> Vec<Figure>,
}

/// All studies, in the order of the report.
pub fn all(scale: Scale) -> Vec<Study> {
    vec![
        leaky_relu_rank_one(scale),
        relu_bounded_rank(scale),
        margin_equality(scale),
        loss_and_norm_rates(scale),
        initialization_scale(scale),
        leaky_slope(scale),
        near_orthogonality(scale),
        far_horizon(scale),
        phase_of_the_limit(scale),
    ]
}

/// Who makes the claims.
const PAPER: &str = "Kou, Chen & Gu, NeurIPS 2023, arXiv:2310.18935";

/// The slope of leaky ReLU where it is not what varies.
const SLOPE: f64 = 0.1;

/// The horizon of the studies. Everything here moves with `log t`: at 10⁵ steps verdicts mean little.
const HORIZON: f64 = 1e15;

/// The settings that all studies start from: one nearly orthogonal mixture, one initialization.
fn base(scale: Scale) -> Settings {
    Settings {
        synthetic: Some(SyntheticKind::Mixture),
        samples: Some(10),
        dim: Some(2000),
        signal: Some(1.0),
        noise: Some(1.0),
        init_scale: Some(1e-4),
        width: Some(scale.pick(20, 50)),
        step_size: Some(0.1),
        steps: Some(steps(HORIZON)),
        exact_steps: Some(steps(scale.pick(1e5, 1e7))),
        seed: Some(0),
        ..Settings::default()
    }
}

/// The base settings in words.
fn base_words(scale: Scale) -> String {
    let (width, exact) = scale.pick((20, "10⁵"), (50, "10⁷"));
    format!(
        "Gaussian mixture, n = 10, d = 2000, ‖μ‖ = 1, σ = 1; m = {width}, σ₀ = 10⁻⁴, η = 0.1, \
         T = 10¹⁵ in Gram coordinates, exact to {exact}, then in log time (this project's settings)"
    )
}

/// The settings of a sweep: the base ones, with fewer exact steps.
fn sweep_base(scale: Scale) -> Settings {
    Settings {
        width: Some(scale.pick(10, 50)),
        exact_steps: Some(steps(scale.pick(1e4, 1e6))),
        record: Some(10),
        ..base(scale)
    }
}

/// The sweep's settings in words, without what varies.
fn sweep_words(scale: Scale, rest: &str, horizon: &str) -> String {
    let (width, exact) = scale.pick((10, "10⁴"), (50, "10⁶"));
    format!(
        "Gaussian mixture, n = 10, {rest}; m = {width}, η = 0.1, T = {horizon} in Gram coordinates, exact \
         to {exact}, then in log time (this project's settings)"
    )
}

fn steps(number: f64) -> Steps {
    Steps::try_from(number).expect("studies ask for whole numbers of steps")
}

fn relu(settings: Settings) -> Settings {
    Settings {
        activation: Some(ActivationKind::Relu),
        slope: None,
        ..settings
    }
}

fn leaky_relu(settings: Settings, slope: f64) -> Settings {
    Settings {
        activation: Some(ActivationKind::LeakyRelu),
        slope: Some(slope),
        ..settings
    }
}

/// A run with ReLU or, given a slope, with leaky ReLU, in the panel of its activation.
fn run_with(slope: Option<f64>, label: String, parameter: f64, settings: Settings) -> StudyRun {
    let (panel, settings) = match slope {
        Some(slope) => (leaky_panel(slope), leaky_relu(settings, slope)),
        None => ("ReLU".to_owned(), relu(settings)),
    };
    StudyRun {
        panel,
        label,
        parameter,
        settings,
    }
}

/// The panel of a leaky ReLU run.
fn leaky_panel(slope: f64) -> String {
    format!("leaky ReLU, γ = {slope}")
}

/// The two runs at the base settings, which several studies share.
fn base_runs(scale: Scale) -> Vec<StudyRun> {
    let run = |panel: String, settings| StudyRun {
        label: panel.clone(),
        panel,
        parameter: 0.0,
        settings,
    };
    vec![
        run(leaky_panel(SLOPE), leaky_relu(base(scale), SLOPE)),
        run("ReLU".to_owned(), relu(base(scale))),
    ]
}

/// The named figures, each with the panels of all runs side by side.
fn figures_side_by_side(results: &[StudyResult<'_>], names: &[&str]) -> Vec<Figure> {
    let all: Vec<Vec<Figure>> = results
        .iter()
        .map(|result| result.record.figures())
        .collect();
    let mut joined = Vec::new();
    for name in names {
        let of_run = |(figures, result): (&Vec<Figure>, &StudyResult<'_>)| {
            let mut figure = figures.iter().find(|figure| figure.name == *name)?.clone();
            if let [only] = figure.panels.as_mut_slice() {
                only.title = result.run.label.clone();
            }
            Some(figure)
        };
        let figures: Vec<Figure> = all.iter().zip(results).filter_map(of_run).collect();
        let captions: Vec<String> = figures
            .iter()
            .map(|figure| figure.caption.clone())
            .collect();
        let several = figures.len() > 1;
        let Some(mut figure) = figures.into_iter().reduce(Figure::beside) else {
            continue;
        };
        if several {
            // The title of one run's figure ends with its activation, which now titles the panel.
            if let Some((title, _)) = figure.title.rsplit_once(" — ") {
                figure.title = title.to_owned();
            }
            if captions.iter().any(|caption| *caption != captions[0]) {
                let labelled = results.iter().zip(&captions);
                let labelled =
                    labelled.map(|(result, caption)| format!("{}: {caption}", result.run.label));
                figure.caption = labelled.collect::<Vec<_>>().join(" ");
            }
        }
        joined.push(figure);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RunConfig;

    #[test]
    fn every_run_of_every_study_is_a_valid_configuration() {
        for scale in [Scale::Quick, Scale::Full] {
            for study in all(scale).into_iter().chain([mnist(scale)]) {
                let runs: Vec<&StudyRun> = study.runs.iter().chain(&study.limits).collect();
                assert!(!runs.is_empty());
                for run in runs {
                    RunConfig::resolve(&run.settings)
                        .unwrap_or_else(|error| panic!("{}, {}: {error}", study.name, run.label));
                }
            }
        }
    }
}
