//! The engine of a system of margins.

use implicit_bias_limits::KktResidual;
use implicit_bias_metrics::{MetricError, normalized_margins, values};
use implicit_bias_model::{HostScores, Loss, Objective, Weights};
use implicit_bias_output::format_step;
use implicit_bias_record::StopReason;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::degree::{Degree, check_degree};
use super::scaled::ScaledSystem;
use super::system::MarginSystem;
use crate::EngineError;
use crate::bytes::{from_bytes, to_bytes};
use crate::engine::Engine;
use crate::host_descent::{HostDescent, OptimizerRun};
use crate::kkt::{kkt_residual, too_large};
use crate::log_time::{Clock, Pace};
use crate::log_time_stage::{Handover, LogTimeOptions, LogTimeStage, StageCheckpoint};
use crate::observation::{BlockObservation, Observation};
use crate::optimizers::norm;
use crate::oracle::Oracle;
use crate::step_sizes::StepSize;

/// Steps that are taken between two looks of a [`Watcher`](crate::Watcher), as operations of one.
const OPERATIONS_PER_STEP: f64 = 2e7;

/// How the note begins that says that steps change nothing.
const AT_REST: &str = "at rest";

/// How a [`FollowEngine`] follows its system.
#[derive(Clone, Debug, PartialEq)]
pub struct FollowOptions {
    /// The loss of a margin: logistic or exponential.
    pub loss: Loss,
    /// The step size `η` of gradient descent.
    pub step_size: f64,
    /// Whether the loss is the sum over the samples instead of their mean.
    pub sum: bool,
    /// Steps to take exactly before log time, a whole number of at most 2⁵³.
    pub exact_steps: f64,
    /// The degree of homogeneity `L`; measured without.
    pub degree: Option<f64>,
    /// The recorded steps at which the KKT residual is measured.
    pub kkt_steps: Vec<f64>,
    /// Names and shapes `[rows, columns]` of the matrices that the weights are made of, one after
    /// another, row by row: their norms and stable ranks are recorded.
    pub blocks: Vec<(String, [usize; 2])>,
}

/// Gradient descent on the mean loss of a [`MarginSystem`], step by step and then in log time
/// (docs/theory.md §8), with the error estimate and the KKT residual of every network of this crate.
///
/// ```
/// use implicit_bias_engine::{Engine, FollowEngine, FollowOptions, drive, margin_system};
/// use implicit_bias_model::Loss;
///
/// // A linear network on two orthogonal samples: the margins end equal.
/// let system = margin_system(2, |w: &[f64]| (vec![w[0], 2.0 * w[1]], |v: &[f64]| vec![v[0], 2.0 * v[1]]));
/// let options = FollowOptions {
///     loss: Loss::Logistic,
///     step_size: 0.1,
///     sum: false,
///     exact_steps: 1e3,
///     degree: None,
///     kkt_steps: vec![1e300],
///     blocks: vec![("w".into(), [1, 2])],
/// };
/// let mut engine = FollowEngine::new(Box::new(system), vec![0.1, -0.3], options)?;
/// assert_eq!(engine.homogeneity(), Some(1.0));
/// let run = drive(&mut engine, &[0.0, 1e3, 1e300], &mut ())?;
/// let last = |column: &str| run.series.last(column).unwrap();
/// assert!(last("margin_max") / last("margin_min") < 1.01 && last("error_estimate") < 1e-3);
/// assert!(last("kkt_residual") < 1e-3);
/// # Ok::<(), implicit_bias_engine::EngineError>(())
/// ```
pub struct FollowEngine {
    system: ScaledSystem,
    degree: Degree,
    host: HostDescent,
    stage: LogTimeStage,
    options: FollowOptions,
    samples: usize,
    step: f64,
    notes: Vec<String>,
}

/// A [`FollowEngine`] as data, without its problem.
#[derive(Serialize, Deserialize)]
struct FollowCheckpoint {
    step: f64,
    state: Vec<f64>,
    notes: Vec<String>,
    stage: StageCheckpoint,
}

impl FollowEngine {
    /// An engine at step 0 with the weights `weights`, `[N]`.
    ///
    /// # Errors
    ///
    /// [`EngineError::Invalid`] for options that make no sense and for what
    /// [`check_degree`] refuses; the errors of the system.
    pub fn new(
        mut system: Box<dyn MarginSystem>,
        weights: Vec<f64>,
        options: FollowOptions,
    ) -> Result<Self, EngineError> {
        check(&options, weights.len(), system.samples())?;
        let degree = check_degree(system.as_mut(), &weights, options.degree)?;
        let samples = system.samples();
        let system = ScaledSystem::new(system, degree.value);
        let objective = Objective::binary(options.loss, vec![1.0; samples])?;
        let oracle = || {
            Oracle::new(
                Box::new(system.clone()),
                objective.clone(),
                options.sum,
                None,
            )
        };
        let run = OptimizerRun {
            sum: options.sum,
            ..OptimizerRun::plain(options.step_size, weights.len())
        };
        let clock = Clock::new(Pace::Gradient, &StepSize::constant(options.step_size));
        let log_time = LogTimeOptions {
            exact_steps: options.exact_steps,
            clock: clock.expect("a constant step size has a clock"),
            required: true,
        };
        let mut notes = Vec::new();
        if degree.is_single_precision {
            notes.push(format!(
                "margins and gradients come in single precision (Euler's identity holds to \
                 {:.0e}): error_estimate does not see their rounding, and what differs by less than \
                 about a millionth says nothing; double precision is asked for by float64 weights \
                 and samples",
                degree.error.max(f64::from(f32::EPSILON))
            ));
        } else if degree.is_rough() {
            notes.push(format!(
                "Euler's identity <w, grad q_i> = {} q_i holds to {:.0e} of |w| |grad q_i| alone, where \
                 rounding of double precision leaves some 1e-16: the network is not quite homogeneous, \
                 its gradients are not quite those of its margins, or a part of it computes in \
                 single precision; error_estimate does not see that",
                degree.value, degree.error
            ));
        }
        if degree.noise > 0.0 {
            notes.push(format!(
                "margins or gradients at the same weights differ by up to {:.0e} of their size from \
                 call to call: error_estimate does not see that, and no two runs are the same",
                degree.noise
            ));
        }
        Ok(Self {
            host: HostDescent::new(weights, oracle(), run),
            stage: LogTimeStage::new(log_time, oracle()),
            system,
            degree,
            options,
            samples,
            step: 0.0,
            notes,
        })
    }

    /// The degree of homogeneity, with what its measurement showed.
    pub fn degree(&self) -> Degree {
        self.degree
    }

    /// The number of margins `n`.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// The present weights `w`, `[N]`.
    pub fn host_weights(&self) -> Vec<f64> {
        (self.stage.weights()).unwrap_or_else(|| self.host.weights.clone())
    }

    /// The margins `q_i` of the present weights, `[n]`.
    ///
    /// # Errors
    ///
    /// The errors of the system.
    pub fn margins(&mut self) -> Result<Vec<f64>, EngineError> {
        let weights = self.host_weights();
        let mut margins = vec![0.0; self.samples];
        self.system.scores(&weights, None, &mut margins);
        self.system.take_error()?;
        Ok(margins)
    }

    /// Whether exact steps were found to change nothing.
    fn is_at_rest(&self) -> bool {
        self.notes.iter().any(|note| note.starts_with(AT_REST))
    }

    /// Takes exact steps to step `to`, or fewer; why they ended before, if they did.
    fn advance_exactly(&mut self, to: f64) -> Result<Option<StopReason>, EngineError> {
        if self.is_at_rest() {
            self.step = to.max(self.step);
            return Ok(None);
        }
        let steps = (to - self.step).max(0.0) as u64;
        let before = self.host.weights.clone();
        let taken = self.host.advance(self.step as u64, steps);
        self.system.take_error()?;
        let from = self.step;
        self.step += taken as f64;
        // From weights that a step leaves as they are, all later ones do.
        if taken > 0 && self.degree.noise == 0.0 && self.host.weights == before {
            self.notes.push(format!(
                "{AT_REST}: from step {} on no step changes a digit of the weights: the gradient is zero, \
                 or too small beside them",
                format_step(from)
            ));
        }
        Ok((taken < steps).then_some(StopReason::NonFinite { step: self.step }))
    }

    /// Columns of the residual.
    fn kkt_columns(&mut self) -> Result<Vec<(String, f64)>, EngineError> {
        let found = if self.options.kkt_steps.contains(&self.step) {
            self.measure_kkt()?
        } else {
            None
        };
        let [residual, complementarity] = found.map_or([f64::NAN; 2], |found| {
            [found.residual, found.complementarity]
        });
        Ok(vec![
            ("kkt_residual".to_owned(), residual),
            ("complementarity".to_owned(), complementarity),
        ])
    }

    /// The residual of the present direction; `None` where it is undefined.
    ///
    /// # Errors
    ///
    /// The errors of the system.
    pub fn measure_kkt(&mut self) -> Result<Option<KktResidual>, EngineError> {
        let weights = self.host_weights();
        let found = kkt_residual(&mut self.host.oracle, &weights);
        self.system.take_error()?;
        Ok(found)
    }

    /// The matrices that the weights are made of.
    fn matrices(&self) -> Vec<(String, Array2<f64>)> {
        let weights = self.host_weights();
        let mut rest = weights.as_slice();
        let blocks = self.options.blocks.iter().map(|(name, shape)| {
            let (own, left) = rest.split_at(shape[0] * shape[1]);
            rest = left;
            let matrix = Array2::from_shape_vec(*shape, own.to_vec());
            (name.clone(), matrix.expect("sizes were checked"))
        });
        blocks.collect()
    }

    fn block_observations(&self) -> Result<Vec<BlockObservation>, EngineError> {
        let of_block = |(name, matrix): (String, Array2<f64>)| {
            let (rows, columns) = matrix.dim();
            let entries: Vec<f64> = matrix.into_iter().collect();
            let own = norm(&entries);
            let stable_rank = match values::stable_rank(entries, [rows, columns]) {
                Err(MetricError::ZeroMatrix { .. }) => f64::NAN,
                found => found?,
            };
            Ok(BlockObservation {
                name,
                norm: own,
                spectral_norm: if own > 0.0 {
                    own / stable_rank.sqrt()
                } else {
                    0.0
                },
                stable_rank,
                alignment: f64::NAN,
            })
        };
        self.matrices().into_iter().map(of_block).collect()
    }
}

/// Refuses options that make no sense for so many weights and margins.
fn check(options: &FollowOptions, weights: usize, samples: usize) -> Result<(), EngineError> {
    let refuse = |key: &str, expected: &str, found: String| {
        Err(EngineError::Invalid {
            key: key.into(),
            expected: expected.into(),
            found,
        })
    };
    if samples == 0 {
        return refuse("margins", "at least one margin", "none".into());
    }
    let (size, exact) = (options.step_size, options.exact_steps);
    if !(size > 0.0 && size.is_finite()) {
        return refuse("step_size", "a positive number", size.to_string());
    }
    if !(exact.fract() == 0.0 && (0.0..=2f64.powi(53)).contains(&exact)) {
        return refuse(
            "exact_steps",
            "a whole number up to 2^53",
            exact.to_string(),
        );
    }
    if !options.loss.is_exponentially_tailed() {
        return refuse(
            "loss",
            "logistic or exponential: log time is for losses with an exponential tail",
            options.loss.name().to_owned(),
        );
    }
    let odd = |step: &&f64| !(step.fract() == 0.0 && (0.0..=1e300).contains(*step));
    if let Some(step) = options.kkt_steps.iter().find(odd) {
        let expected = "whole numbers of steps from 0 to 1e300";
        return refuse("kkt_steps", expected, step.to_string());
    }
    let blocks = options.blocks.iter();
    let sum: usize = blocks.map(|(_, shape)| shape[0] * shape[1]).sum();
    if sum != weights {
        let expected = format!("matrices of {weights} entries in all");
        return refuse("blocks", &expected, sum.to_string());
    }
    Ok(())
}

impl Engine for FollowEngine {
    fn name(&self) -> &'static str {
        "follow"
    }

    fn homogeneity(&self) -> Option<f64> {
        Some(self.degree.value)
    }

    fn step(&self) -> f64 {
        self.step
    }

    fn advance(&mut self, to: f64) -> Result<Option<StopReason>, EngineError> {
        loop {
            if self.stage.is_going() {
                let stop = self.stage.advance(to, &mut self.notes);
                self.system.take_error()?;
                self.step = stop.map_or(to, StopReason::step);
                return Ok(stop);
            }
            let stop = self.advance_exactly(to.min(self.stage.handover))?;
            if stop.is_some() || self.step >= to {
                return Ok(stop);
            }
            let weights = self.host.weights.clone();
            let handover = self.stage.hand_over(self.step, weights, &mut self.notes);
            self.system.take_error()?;
            match handover {
                // What a function hides at its initial weights it may show here.
                Handover::Done => self.system.check(&self.host.weights)?,
                Handover::Later => {}
                Handover::Never(stop) => return Ok(Some(stop)),
            }
        }
    }

    fn observe(&mut self) -> Result<Observation, EngineError> {
        let weights = self.host_weights();
        let estimate = self.stage.error_estimate(&mut self.notes);
        self.system.take_error()?;
        let in_log_time = self.stage.gradient_norm();
        let gradient_norm = in_log_time.unwrap_or_else(|| self.host.gradient_norm());
        self.system.take_error()?;
        let margins = self.margins()?;
        let loss = self.options.loss;
        let samples = if self.options.sum {
            margins.len() as f64
        } else {
            1.0
        };
        let weight_norm = norm(&weights);
        let fitted = margins.iter().filter(|q| **q > 0.0).count();
        let observation = Observation {
            step: self.step,
            loss: samples * loss.mean(&margins),
            log_loss: samples.ln() + loss.log_mean(&margins),
            weight_norm,
            blocks: self.block_observations()?,
            stable_rank: f64::NAN,
            classes: Vec::new(),
            normalized_margins: normalized_margins(&margins, weight_norm, self.degree.value)?,
            gradient_norm,
            accuracy: fitted as f64 / margins.len() as f64,
            probes: Vec::new(),
            pattern: None,
            error_estimate: estimate.unwrap_or(0.0),
            updates: None,
        };
        let probes = self.kkt_columns()?;
        observation.with_probes(probes)
    }

    fn weights(&mut self) -> Weights {
        Weights::of_matrices(self.matrices())
    }

    fn operations_per_step(&self) -> f64 {
        if self.stage.is_going() {
            0.0
        } else {
            OPERATIONS_PER_STEP
        }
    }

    fn checkpoint(&self) -> Option<Vec<u8>> {
        Some(to_bytes(&FollowCheckpoint {
            step: self.step,
            state: self.host.state(),
            notes: self.notes.clone(),
            stage: self.stage.checkpoint(),
        }))
    }

    fn restore(&mut self, checkpoint: &[u8]) -> Result<(), EngineError> {
        let FollowCheckpoint {
            step,
            state,
            notes,
            stage,
        } = from_bytes(checkpoint)?;
        let fits = self.host.restore(&state);
        if !(fits && step.is_finite() && step >= 0.0 && step.fract() == 0.0) {
            return Err(EngineError::Checkpoint(format!(
                "expected a whole step and {} weights, found step {step} and {} numbers",
                self.host.weights.len(),
                state.len()
            )));
        }
        (self.step, self.notes) = (step, notes);
        self.stage.restore(stage, self.host.weights.len())
    }

    /// Unasked where that is cheap alone; an error of the system is a phrase here, see
    /// [`measure_kkt`](Self::measure_kkt).
    fn kkt(&mut self, unasked: bool) -> Option<Result<KktResidual, String>> {
        let weights = self.host.weights.len();
        if unasked && let Some(reason) = too_large(self.samples, weights) {
            return Some(Err(reason));
        }
        let undefined = || "the weights are zero, or a number is not finite".to_owned();
        Some(match self.measure_kkt() {
            Ok(found) => found.ok_or_else(undefined),
            Err(error) => Err(error.to_string()),
        })
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
