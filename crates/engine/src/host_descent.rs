//! A descent whose weights and state are in host memory.

use implicit_bias_model::{FirstStage, SpanBasis};

use crate::batches::Batches;
use crate::optimizers::Optimizer;
use crate::oracle::Oracle;
use crate::step_sizes::StepSize;
use implicit_bias_record::StopRule;

/// An optimizer and what its steps are made with.
pub struct OptimizerRun {
    /// The optimizer, at step 0.
    pub optimizer: Box<dyn Optimizer>,
    /// The step size of every step.
    pub step_size: StepSize,
    /// Whether the loss is the sum over the samples instead of their mean.
    pub sum: bool,
    /// The batches of its steps; all samples without.
    pub batches: Option<Batches>,
    /// A second optimizer, at step 0, where a twin is to run beside: from initial weights that
    /// differ by [`TWIN_OFFSET`] of their size. The column `sensitivity` is the distance of both
    /// over their first one.
    pub twin: Option<Box<dyn Optimizer>>,
    /// The samples of a first stage, where the network has such of its own.
    pub first_stage: Option<FirstStage>,
    /// Where the run stops before its horizon, if it does.
    pub stop: Option<StopRule>,
}

/// How far the initial weights of a twin are from those of its run, relative to their norm: far
/// above rounding, so that distances are measured from the first step on.
pub const TWIN_OFFSET: f64 = 1e-10;

impl OptimizerRun {
    /// The step size of plain gradient descent on the mean of `samples` losses that takes the same
    /// steps to the same stop; `None` where there is none.
    pub(crate) fn as_plain(&self, samples: usize) -> Option<f64> {
        let is_plain = self.optimizer.is_plain()
            && self.step_size.is_constant()
            && self.batches.is_none_or(|batches| batches.size >= samples)
            && self.twin.is_none();
        let factor = if self.sum { samples as f64 } else { 1.0 };
        is_plain.then(|| factor * self.step_size.at(0))
    }

    /// Plain gradient descent on so many weights.
    pub(crate) fn plain(step_size: f64, weights: usize) -> Self {
        Self {
            optimizer: crate::optimizers::plain(weights),
            step_size: StepSize::constant(step_size),
            sum: false,
            batches: None,
            twin: None,
            first_stage: None,
            stop: None,
        }
    }
}

/// An optimizer with its weights, the entries of all blocks one after another.
pub(crate) struct HostDescent {
    pub weights: Vec<f64>,
    pub oracle: Oracle,
    optimizer: Box<dyn Optimizer>,
    step_size: StepSize,
    twin: Option<Twin>,
    stop: Option<StopRule>,
    /// Where steps are taken in these in place of the weights.
    coordinates: Option<Coordinates>,
}

/// The weights `W = W(0) + (Θ − Θ(0)) Q` by coordinates `Θ` in what the samples span.
struct Coordinates {
    basis: SpanBasis,
    oracle: Oracle,
    /// `W(0)`.
    weights: Vec<f64>,
    /// `Θ(0)`.
    initial: Vec<f64>,
    /// `Θ`.
    present: Vec<f64>,
}

impl Coordinates {
    fn new(weights: &[f64], basis: SpanBasis, oracle: Oracle) -> Self {
        let initial = basis.coordinates(weights);
        Self {
            basis,
            oracle,
            weights: weights.to_vec(),
            present: initial.clone(),
            initial,
        }
    }

    /// Fills in the weights of the present coordinates.
    fn show(&self, weights: &mut [f64]) {
        let from = [self.weights.as_slice(), &self.initial];
        self.basis.weights(from, &self.present, weights);
    }
}

/// The same descent from weights nearby.
struct Twin {
    weights: Vec<f64>,
    optimizer: Box<dyn Optimizer>,
    /// The distance at step 0.
    offset: f64,
}

impl Twin {
    fn new(weights: &[f64], optimizer: Box<dyn Optimizer>) -> Self {
        let norm = crate::optimizers::norm(weights);
        let size = TWIN_OFFSET * if norm > 0.0 { norm } else { 1.0 };
        // Alternating signs: no common direction of data is one of these for all dimensions.
        let each = size / (weights.len() as f64).sqrt();
        let moved = weights.iter().enumerate();
        let moved: Vec<f64> = moved
            .map(|(index, w)| w + if index % 2 == 0 { each } else { -each })
            .collect();
        Self {
            offset: distance(weights, &moved),
            weights: moved,
            optimizer,
        }
    }
}

fn distance(one: &[f64], other: &[f64]) -> f64 {
    let differences: Vec<f64> = one.iter().zip(other).map(|(w, v)| w - v).collect();
    crate::optimizers::norm(&differences)
}

impl HostDescent {
    pub fn new(weights: Vec<f64>, oracle: Oracle, run: OptimizerRun) -> Self {
        let mut optimizer = run.optimizer;
        let is_alone = run.twin.is_none() && optimizer.in_coordinates(0).is_some();
        let spanned = is_alone.then(|| oracle.span()).flatten();
        let coordinates = spanned.map(|(basis, oracle)| Coordinates::new(&weights, basis, oracle));
        if let Some(coordinates) = &coordinates {
            let count = coordinates.present.len();
            let same = optimizer.in_coordinates(count);
            optimizer = same.expect("it says so of any number");
        }
        Self {
            twin: run.twin.map(|optimizer| Twin::new(&weights, optimizer)),
            weights,
            oracle,
            optimizer,
            step_size: run.step_size,
            stop: run.stop,
            coordinates,
        }
    }

    /// Whether a rule holds here.
    pub fn stops(&mut self, rule: StopRule) -> bool {
        match &mut self.coordinates {
            // As the steps saw it, to the last bit.
            Some(own) => own.oracle.holds(rule, &own.present),
            None => self.oracle.holds(rule, &self.weights),
        }
    }

    /// Takes steps from number `first` on, or fewer: how many were taken before a number was not
    /// finite or the run was to stop.
    pub fn advance(&mut self, first: u64, steps: u64) -> u64 {
        let (weights, oracle) = match &mut self.coordinates {
            Some(own) => (&mut own.present, &mut own.oracle),
            None => (&mut self.weights, &mut self.oracle),
        };
        let taken = (first..first + steps)
            .take_while(|&step| {
                oracle.at_step(step);
                let size = self.step_size.at(step);
                oracle.stop_at(self.stop);
                let went_on = self.optimizer.step(step, size, weights, oracle);
                if let Some(twin) = self.twin.as_mut().filter(|_| went_on) {
                    // A twin that cannot go on stays: the distance says so. Its run decides where
                    // both stop.
                    oracle.stop_at(None);
                    twin.optimizer.step(step, size, &mut twin.weights, oracle);
                }
                went_on
            })
            .count() as u64;
        if let Some(own) = &self.coordinates {
            own.show(&mut self.weights);
        }
        taken
    }

    /// The distance of the twin over the first one, where there is one.
    pub fn sensitivity(&self) -> Option<f64> {
        let twin = self.twin.as_ref()?;
        Some(distance(&self.weights, &twin.weights) / twin.offset)
    }

    /// The numbers that the next steps depend on: weights and state of the optimizer, then of the
    /// twin.
    pub fn state(&self) -> Vec<f64> {
        let weights = match &self.coordinates {
            Some(own) => &own.present,
            None => &self.weights,
        };
        let mut state = [weights.as_slice(), &self.optimizer.state()].concat();
        if let Some(twin) = &self.twin {
            state.extend(&twin.weights);
            state.extend(twin.optimizer.state());
        }
        state
    }

    /// Goes back to a [`state`](Self::state); `false` if it is none of such a descent.
    pub fn restore(&mut self, state: &[f64]) -> bool {
        if let Some(own) = &mut self.coordinates {
            let fits = restore(&mut own.present, self.optimizer.as_mut(), state);
            own.show(&mut self.weights);
            return fits;
        }
        let Some(twin) = &mut self.twin else {
            return restore(&mut self.weights, self.optimizer.as_mut(), state);
        };
        let (own, of_twin) = state.split_at(state.len() / 2);
        restore(&mut self.weights, self.optimizer.as_mut(), own)
            && restore(&mut twin.weights, twin.optimizer.as_mut(), of_twin)
    }

    /// `‖∇L(W)‖_F` over all samples; `NaN` where a score is not finite.
    pub fn gradient_norm(&mut self) -> f64 {
        let mut gradient = vec![0.0; self.weights.len()];
        let found = self.oracle.full_gradient(&self.weights, &mut gradient);
        found.map_or(f64::NAN, |found| {
            found.scale() * crate::optimizers::norm(&gradient)
        })
    }
}

fn restore(weights: &mut [f64], optimizer: &mut dyn Optimizer, state: &[f64]) -> bool {
    let Some((own, rest)) = state.split_at_checked(weights.len()) else {
        return false;
    };
    let fits = optimizer.restore(rest, weights.len());
    if fits {
        weights.copy_from_slice(own);
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::select_device;
    use crate::optimizers::plain;
    use implicit_bias_data::random::{Stream, gaussian_matrix};
    use implicit_bias_model::{
        Architecture, DeepArchitecture, LinearArchitecture, Loss, Network, Objective,
        TwoLayerArchitecture, TwoLayerBothArchitecture, Weights,
    };
    use implicit_bias_settings::Settings;

    /// Plain steps that say nothing of coordinates.
    struct InWeights(Box<dyn Optimizer>);

    impl Optimizer for InWeights {
        fn step(&mut self, t: u64, size: f64, weights: &mut [f64], oracle: &mut Oracle) -> bool {
            self.0.step(t, size, weights, oracle)
        }
    }

    /// Five samples in twenty dimensions, three neurons a block or layer.
    fn descent(architecture: &impl Architecture, in_weights: bool) -> HostDescent {
        let x = gaussian_matrix(5, 20, 1.0, 0, Stream::Noise).unwrap();
        let settings = Settings::default().with("width", 3_u64);
        let blocks = architecture.blocks(&settings, 20).unwrap().into_iter();
        let streams = [Stream::WeightsPos, Stream::WeightsNeg, Stream::Labels];
        let drawn = blocks
            .zip(streams)
            .map(|((name, [rows, columns]), stream)| {
                let matrix = gaussian_matrix(rows, columns, 0.5, 0, stream).unwrap();
                (name, matrix)
            });
        let weights = Weights::new(drawn.collect()).unwrap();
        // Opened as the other tests of this process open it: Burn fixes its float type once.
        let device = select_device(None, None).unwrap().device;
        let network = architecture.network(&settings, &weights, 20, &device);
        let scores = network.unwrap().host_scores(&x, 1).unwrap();
        let labels = vec![1.0, -1.0, 1.0, 1.0, -1.0];
        let objective = Objective::binary(Loss::Logistic, labels).unwrap();
        let oracle = Oracle::new(scores, objective, false, None);
        let blocks = weights.blocks().iter();
        let entries: Vec<f64> = blocks.flat_map(|(_, block)| block).copied().collect();
        let optimizer = plain(entries.len());
        let run = OptimizerRun {
            optimizer: if in_weights {
                Box::new(InWeights(optimizer))
            } else {
                optimizer
            },
            step_size: StepSize::constant(0.3),
            sum: false,
            batches: None,
            twin: None,
            first_stage: None,
            stop: None,
        };
        HostDescent::new(entries, oracle, run)
    }

    /// In so many coordinates in place of so many weights.
    fn is_the_same_in_coordinates(architecture: &impl Architecture, counts: [usize; 2]) {
        let mut inside = descent(architecture, false);
        let mut outside = descent(architecture, true);
        assert_eq!([inside.state().len(), outside.state().len()], counts);
        let initial = inside.weights.clone();
        assert_eq!(inside.advance(0, 500), 500);
        assert_eq!(outside.advance(0, 500), 500);
        let far = distance(&initial, &outside.weights);
        assert!(far > 1.0 && distance(&inside.weights, &outside.weights) < 1e-13 * far);
        // From the state of the middle it goes on to the last bit, and no other state is taken.
        let state = inside.state();
        inside.advance(500, 100);
        let mut again = descent(architecture, false);
        assert!(again.restore(&state) && !again.restore(&outside.state()));
        again.advance(500, 100);
        assert_eq!(again.weights, inside.weights);
    }

    #[test]
    fn steps_in_coordinates_are_those_of_the_weights() {
        // Five coordinates a neuron of the first layer in place of twenty weights.
        is_the_same_in_coordinates(&TwoLayerArchitecture, [30, 120]);
        is_the_same_in_coordinates(&LinearArchitecture, [5, 20]);
        is_the_same_in_coordinates(&TwoLayerBothArchitecture, [18, 63]);
        is_the_same_in_coordinates(&DeepArchitecture, [27, 72]);
    }
}
