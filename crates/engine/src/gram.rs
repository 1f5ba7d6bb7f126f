//! Gradient descent in Gram coordinates, exact first and in log time past that.

mod notes;
mod twin;

use implicit_bias_data::Dataset;
use implicit_bias_gram::{
    ActivationPattern, DescentCheckpoint, FarCheckpoint, FarFlow, FarOutcome, GramDescent,
    GramError, GramState, Outcome, Problem, Start, weights,
};
use implicit_bias_model::{Activation, Loss, TwoLayerConfig, Weights};
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use self::twin::{PerturbedCheckpoint, PerturbedDescent};
use crate::EngineError;
use crate::bytes::{from_bytes, to_bytes};
use crate::engine::Engine;
use crate::observation::{BlockObservation, Observation, PatternObservation};
use implicit_bias_record::StopReason;

/// How far past its exact steps an engine goes on exactly while the far horizon is out of reach:
/// this many times as many steps, and at least [`MIN_EXACT_STEPS_BEFORE_STALL`].
const EXTRA_EXACT_FACTOR: f64 = 10.0;

/// See [`EXTRA_EXACT_FACTOR`].
const MIN_EXACT_STEPS_BEFORE_STALL: f64 = 1e7;

/// Coefficients that cancel by less than this do not count.
const CANCELLATION: f64 = 1e3;

/// Whole steps are counted exactly up to here.
const LAST_WHOLE_STEP: f64 = 9_007_199_254_740_992.0;

/// How a [`GramEngine`] takes its steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GramEngineOptions {
    /// The activation `φ`.
    pub activation: Activation,
    /// The loss of a margin.
    pub loss: Loss,
    /// The step size `η`.
    pub step_size: f64,
    /// The weight `a` of a neuron in the score; `1/m` without.
    pub output_weight: Option<f64>,
    /// Steps to take exactly before the far horizon, at most 2⁵³.
    pub exact_steps: f64,
}

/// Full-batch gradient descent of the two-layer network in the coordinates `W = W(0) + C X`.
///
/// The first [`exact_steps`](GramEngineOptions::exact_steps) are gradient descent, exact up to
/// rounding ([`GramDescent`]); past them the engine follows it in `log t` ([`FarFlow`]), with the
/// error estimate of the flow in every observation (docs/theory.md §4 and §5, derived). Where the
/// flow does not take over, because rates still change too fast, exact steps go on, up to ten times
/// as many; then the run stops as [`StopReason::Stalled`], and [`notes`](Engine::notes) say why.
pub struct GramEngine {
    data: Dataset,
    /// `W_{+1}` and `W_{−1}` at step 0.
    initial: [Array2<f64>; 2],
    start: Start,
    phase: Phase,
    /// Where the far horizon is tried next.
    handover: f64,
    /// Past this the engine takes no exact steps.
    last_exact: f64,
    previous_pattern: Option<ActivationPattern>,
    notes: Vec<String>,
    /// Pre-activations where log time took over, since the engine was made.
    handed_over: Option<Array2<f64>>,
    twin: PerturbedDescent,
}

enum Phase {
    Exact(Box<GramDescent>),
    /// The flow, and the problem it follows.
    Far(Box<FarFlow>, Box<Problem>),
}

/// A [`GramEngine`] as data, without its problem.
#[derive(Serialize, Deserialize)]
struct GramEngineCheckpoint {
    run: DescentPart,
    twin: PerturbedCheckpoint,
}

/// What checkpoints of before there were twins hold.
#[derive(Serialize, Deserialize)]
struct DescentPart {
    phase: PhaseCheckpoint,
    handover: f64,
    previous_pattern: Option<ActivationPattern>,
    notes: Vec<String>,
}

#[derive(Serialize, Deserialize)]
enum PhaseCheckpoint {
    Exact(DescentCheckpoint),
    Far(FarCheckpoint),
}

impl GramEngine {
    /// An engine at step 0 with the given weights, blocks `pos` and `neg`.
    ///
    /// # Errors
    ///
    /// [`EngineError::Invalid`] if `weights` are not two blocks, [`EngineError::Gram`] if they do
    /// not fit the data or an inner product overflows.
    pub fn new(
        data: &Dataset,
        weights: &Weights,
        options: GramEngineOptions,
    ) -> Result<Self, EngineError> {
        let [(_, pos), (_, neg)] = weights.blocks() else {
            return Err(EngineError::Invalid {
                key: "init".into(),
                expected: "the blocks W_pos and W_neg".into(),
                found: format!("{} blocks", weights.blocks().len()),
            });
        };
        let problem = Problem::new(
            data,
            pos.nrows(),
            options.activation,
            options.loss,
            options.step_size,
        )?
        .with_output_weight(options.output_weight);
        let start = Start::new(data, [pos.view(), neg.view()])?;
        let descent = GramDescent::new(problem, start.pre_activations().to_owned())?;
        let twin = PerturbedDescent::of(&descent)?;
        Ok(Self {
            data: data.clone(),
            initial: [pos.clone(), neg.clone()],
            start,
            phase: Phase::Exact(Box::new(descent)),
            handover: options.exact_steps.floor().clamp(1.0, LAST_WHOLE_STEP),
            last_exact: (EXTRA_EXACT_FACTOR * options.exact_steps)
                .floor()
                .clamp(MIN_EXACT_STEPS_BEFORE_STALL, LAST_WHOLE_STEP),
            previous_pattern: None,
            notes: Vec::new(),
            handed_over: None,
            twin,
        })
    }

    /// The problem in Gram coordinates.
    pub fn problem(&self) -> &Problem {
        match &self.phase {
            Phase::Exact(descent) => descent.problem(),
            Phase::Far(_, problem) => problem,
        }
    }

    /// Pre-activations `H = W Xᵀ` of the present state, `2m × n`.
    pub fn pre_activations(&self) -> Array2<f64> {
        match &self.phase {
            Phase::Exact(descent) => descent.pre_activations(),
            Phase::Far(flow, _) => flow.pre_activations(),
        }
    }

    /// The estimate of [`FarFlow::error_estimate`]; while steps are exact 0, or how far rounding
    /// leads them astray where it does.
    pub fn error_estimate(&self) -> f64 {
        match &self.phase {
            Phase::Exact(_) => self.twin.distance(),
            Phase::Far(flow, _) => flow.error_estimate(),
        }
    }

    /// Pre-activations that the last exact step has left, where log time has taken over since the
    /// engine was made.
    pub fn handed_over(&self) -> Option<ArrayView2<'_, f64>> {
        self.handed_over.as_ref().map(|state| state.view())
    }

    /// Whether the present state was reached by exact steps.
    pub fn is_exact(&self) -> bool {
        matches!(self.phase, Phase::Exact(_))
    }

    fn margins(&self) -> Vec<f64> {
        match &self.phase {
            Phase::Exact(descent) => descent.margins(),
            Phase::Far(flow, _) => flow.margins(),
        }
    }

    fn coefficients(&self) -> Array2<f64> {
        match &self.phase {
            Phase::Exact(descent) => descent.coefficients(),
            Phase::Far(flow, _) => flow.coefficients(),
        }
    }

    /// Pre-activations and coefficients.
    fn arrays(&self) -> [Array2<f64>; 2] {
        match &self.phase {
            Phase::Exact(descent) => descent.arrays(),
            Phase::Far(flow, _) => [flow.pre_activations(), flow.coefficients()],
        }
    }

    /// What cancellation may have made of the weight norm where the samples are dependent,
    /// relative.
    ///
    /// `W = W(0) + C X` has entries of `C` that grow like `t` on samples that cannot all be fitted,
    /// and cancel in `W`: by `Σ_k (Σ_i |c_ki| ‖x_i‖)² / ‖W‖_F²`, times what rounding made of `C`. 0
    /// below a thousand.
    fn cancellation(&self, coefficients: &Array2<f64>, weight_norm: f64) -> f64 {
        let gram = self.problem().gram();
        let lengths = gram.diag().mapv(f64::sqrt);
        let sizes = coefficients.mapv(f64::abs).dot(&lengths);
        let ratio = sizes.dot(&sizes) / weight_norm.powi(2);
        if ratio.is_nan() || ratio <= CANCELLATION {
            return 0.0;
        }
        ratio
            * match &self.phase {
                Phase::Exact(descent) => descent.rounding_estimate(),
                Phase::Far(flow, _) => flow.error_estimate(),
            }
    }

    fn initial(&self) -> [ArrayView2<'_, f64>; 2] {
        [self.initial[0].view(), self.initial[1].view()]
    }

    /// Goes over to log time, or puts that off; `Some` where it can be put off no longer.
    fn hand_over(&mut self) -> Result<Option<StopReason>, EngineError> {
        let Phase::Exact(descent) = &mut self.phase else {
            return Ok(None);
        };
        // The flow takes as much memory as a block.
        descent.release();
        let step = descent.step();
        let rounding = descent.rounding_estimate();
        let problem = descent.problem().clone();
        let [pre_activations, coefficients] = descent.arrays();
        let last = pre_activations.clone();
        let flow = FarFlow::new(problem.clone(), step, pre_activations, coefficients);
        match flow {
            Ok(flow) => {
                self.notes.push(format!(
                    "exact to step {step:e}, in log time from there, with an error estimate"
                ));
                let flow = flow.with_start_error(rounding + self.twin.distance());
                self.handed_over = Some(last);
                self.phase = Phase::Far(Box::new(flow), Box::new(problem));
                Ok(None)
            }
            Err(GramError::FarRegime { ratio, limit }) => {
                if step >= self.last_exact {
                    self.notes.push(notes::not_taken_over(step, ratio, limit));
                    return Ok(Some(StopReason::Stalled { step }));
                }
                // A tenth more: seldom enough not to cost, and soon enough after the first chance.
                self.handover = (1.1 * step).ceil().min(self.last_exact);
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn pattern(
        &mut self,
        pre_activations: &Array2<f64>,
    ) -> Result<PatternObservation, EngineError> {
        let pattern = ActivationPattern::new(pre_activations.view());
        let counts = pattern.counts(self.problem())?;
        let changes = pattern.changes(
            self.previous_pattern.as_ref().unwrap_or(&pattern),
            self.problem(),
        )?;
        self.previous_pattern = Some(pattern);
        Ok(PatternObservation {
            same_sign_active: counts.same_sign_active,
            opposite_sign_active: counts.opposite_sign_active,
            same_sign_coverage_min: counts.same_sign_coverage_min,
            same_sign_changes: changes.same_sign as f64,
            opposite_sign_changes: changes.opposite_sign as f64,
        })
    }
}

impl Engine for GramEngine {
    fn name(&self) -> &'static str {
        "gram"
    }

    fn homogeneity(&self) -> Option<f64> {
        Some(1.0)
    }

    fn step(&self) -> f64 {
        match &self.phase {
            Phase::Exact(descent) => descent.step(),
            Phase::Far(flow, _) => flow.step(),
        }
    }

    fn advance(&mut self, to: f64) -> Result<Option<StopReason>, EngineError> {
        loop {
            match &mut self.phase {
                Phase::Exact(descent) => {
                    let target = self.twin.stop(descent.step(), to.min(self.handover));
                    if let Outcome::NonFinite { step } = descent.advance(target) {
                        return Ok(Some(StopReason::NonFinite { step }));
                    }
                    if self.twin.follow(descent) {
                        let apart = self.twin.distance();
                        self.notes.push(notes::chaotic(descent.step(), apart));
                    }
                    if descent.step() < to.min(self.handover) {
                        continue;
                    }
                }
                Phase::Far(flow, _) => {
                    let outcome = flow.advance(to);
                    notes::note_uncertainty(flow, &mut self.notes);
                    return Ok(match outcome {
                        FarOutcome::Reached => None,
                        FarOutcome::NonFinite { step } => Some(StopReason::NonFinite { step }),
                        FarOutcome::Stalled { step, why } => {
                            self.notes.push(notes::stalled(step, why));
                            Some(StopReason::Stalled { step })
                        }
                    });
                }
            }
            if self.step() >= to {
                return Ok(None);
            }
            if let Some(stop) = self.hand_over()? {
                return Ok(Some(stop));
            }
        }
    }

    fn observe(&mut self) -> Result<Observation, EngineError> {
        let margins = self.margins();
        let [pre_activations, coefficients] = self.arrays();
        let measures = self.start.measure(
            self.problem(),
            GramState {
                margins: &margins,
                pre_activations: pre_activations.view(),
                coefficients: coefficients.view(),
            },
        )?;
        let blocks = TwoLayerConfig::BLOCKS
            .iter()
            .zip(measures.blocks)
            .map(|(name, block)| BlockObservation {
                name: (*name).to_owned(),
                norm: block.spectrum.frobenius_norm,
                spectral_norm: block.spectrum.spectral_norm,
                stable_rank: block.spectrum.stable_rank,
                alignment: block.alignment,
            })
            .collect();
        let cancellation = self.cancellation(&coefficients, measures.stacked.frobenius_norm);
        notes::note_cancellation(cancellation, self.step(), &mut self.notes);
        Ok(Observation {
            step: self.step(),
            loss: measures.loss,
            log_loss: measures.log_loss,
            weight_norm: measures.stacked.frobenius_norm,
            blocks,
            // As for the tensor engine: the stack's is undefined where a block's is.
            stable_rank: if measures
                .blocks
                .iter()
                .any(|b| b.spectrum.stable_rank.is_nan())
            {
                f64::NAN
            } else {
                measures.stacked.stable_rank
            },
            normalized_margins: measures.normalized_margins,
            classes: Vec::new(),
            gradient_norm: measures.gradient_norm,
            accuracy: measures.accuracy,
            pattern: Some(self.pattern(&pre_activations)?),
            error_estimate: self.error_estimate().max(cancellation),
            updates: None,
            probes: Vec::new(),
        })
    }

    fn weights(&mut self) -> Weights {
        let [pos, neg] = weights(&self.data, self.initial(), self.coefficients().view())
            .expect("the engine's own arrays fit one another");
        let [pos_name, neg_name] = TwoLayerConfig::BLOCKS.map(str::to_owned);
        Weights::of_matrices(vec![(pos_name, pos), (neg_name, neg)])
    }

    fn operations_per_step(&self) -> f64 {
        match &self.phase {
            Phase::Exact(descent) => descent.operations_per_step(),
            Phase::Far(..) => 0.0,
        }
    }

    fn checkpoint(&self) -> Option<Vec<u8>> {
        let run = DescentPart {
            phase: match &self.phase {
                Phase::Exact(descent) => PhaseCheckpoint::Exact(descent.checkpoint()),
                Phase::Far(flow, _) => PhaseCheckpoint::Far(flow.checkpoint()),
            },
            handover: self.handover,
            previous_pattern: self.previous_pattern.clone(),
            notes: self.notes.clone(),
        };
        let twin = self.twin.checkpoint();
        Some(to_bytes(&GramEngineCheckpoint { run, twin }))
    }

    fn restore(&mut self, checkpoint: &[u8]) -> Result<(), EngineError> {
        let (run, twin) = match from_bytes(checkpoint) {
            Ok(GramEngineCheckpoint { run, twin }) => (run, Some(twin)),
            // Of before there were twins: shorter by the last field.
            Err(error) => (from_bytes(checkpoint).map_err(|_| error)?, None),
        };
        let DescentPart {
            phase,
            handover,
            previous_pattern,
            notes,
        } = run;
        if !(handover.fract() == 0.0 && (1.0..=self.last_exact).contains(&handover)) {
            return Err(EngineError::Checkpoint(format!(
                "expected a whole number of exact steps, at most {}, found {handover}",
                self.last_exact
            )));
        }
        let problem = self.problem().clone();
        if let Some(pattern) = &previous_pattern {
            pattern.counts(&problem)?;
        }
        self.twin = match twin {
            Some(twin) => PerturbedDescent::restore(&problem, twin)?,
            None => PerturbedDescent::none(),
        };
        self.phase = match phase {
            PhaseCheckpoint::Exact(descent) => {
                Phase::Exact(Box::new(GramDescent::restore(problem, descent)?))
            }
            PhaseCheckpoint::Far(flow) => {
                let flow = FarFlow::restore(problem.clone(), flow)?;
                Phase::Far(Box::new(flow), Box::new(problem))
            }
        };
        self.handover = handover;
        self.previous_pattern = previous_pattern;
        self.notes = notes;
        Ok(())
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
