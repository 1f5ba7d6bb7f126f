//! Gradients and descents of several classes: held to finite differences of losses written out
//! here, to autodiff, and, of two classes, to the two-layer network.

use implicit_bias_data::random::shuffled;
use implicit_bias_data::{ClassDataset, TrainingSet};
use implicit_bias_engine::optimizers::OPTIMIZERS;
use implicit_bias_engine::{
    Batches, Gradient, NETWORKS, OptimizerRun, Oracle, StepSize, TensorEngineOptions, select_device,
};
use implicit_bias_model::{Activation, HINGE, Loss, MultiClassConfig, Network, Objective, Weights};
use implicit_bias_settings::Settings;
use ndarray::Array2;

const SLOPE: f64 = 0.1;

fn waves(rows: usize, columns: usize, seed: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| {
        ((i * 131 + j * 17 + seed * 7919) as f64).sin()
    })
}

fn weights(classes: usize, width: usize, dim: usize) -> Weights {
    let block = |class: usize| (class.to_string(), waves(width, dim, 3 + class));
    Weights::new((0..classes).map(block).collect()).unwrap()
}

fn flat(weights: &Weights) -> Vec<f64> {
    let blocks = weights.blocks().iter();
    blocks
        .flat_map(|(_, block)| block.iter().copied())
        .collect()
}

/// Samples of some classes, and the sizes of a network over them.
struct Problem {
    x: Array2<f64>,
    class: Vec<usize>,
    classes: usize,
    width: usize,
    loss: Loss,
}

impl Problem {
    /// `log Σ exp` of some numbers.
    fn log_sum(values: impl Iterator<Item = f64> + Clone) -> f64 {
        let largest = values.clone().fold(f64::NEG_INFINITY, f64::max);
        largest + values.map(|v| (v - largest).exp()).sum::<f64>().ln()
    }

    /// The soft margin of a sample, by loops over classes and neurons.
    fn soft_margin(&self, weights: &[f64], sample: usize) -> f64 {
        let x = self.x.row(sample);
        let dim = x.len();
        let score = |class: usize| -> f64 {
            let rows = weights.chunks_exact(dim).skip(class * self.width);
            let neurons = rows.take(self.width).map(|row| {
                let z: f64 = row.iter().zip(x).map(|(w, x)| w * x).sum();
                if z > 0.0 { z } else { SLOPE * z }
            });
            neurons.sum::<f64>() / self.width as f64
        };
        let own = self.class[sample];
        let scores: Vec<f64> = (0..self.classes).map(score).collect();
        let others = (0..self.classes).filter(|&j| j != own).map(|j| scores[j]);
        scores[own] - Self::log_sum(others)
    }

    /// The logarithm of the summed loss of some samples.
    fn log_loss(&self, weights: &[f64], rows: &[usize]) -> f64 {
        let margins = rows.iter().map(|&row| self.soft_margin(weights, row));
        match self.loss {
            // Past 37 log(1 + e^{−q}) is e^{−q} to rounding.
            Loss::Logistic => Self::log_sum(margins.map(|q| {
                if q > 37.0 {
                    -q
                } else {
                    (-q).exp().ln_1p().ln()
                }
            })),
            Loss::Exponential => Self::log_sum(margins.map(|q| -q)),
            Loss::Other(..) => margins.map(|q| (1.0 - q).max(0.0)).sum::<f64>().ln(),
        }
    }

    fn oracle(&self, sum: bool, batches: Option<Batches>) -> Oracle {
        let activation = Activation::leaky_relu(SLOPE).unwrap();
        let device = select_device(None, None).unwrap().device;
        let config = MultiClassConfig::new(self.classes, self.width, self.x.ncols(), activation);
        let network = config.init(&device).unwrap();
        let objective = Objective::multi_class(self.loss, self.class.clone(), self.classes);
        let scores = network.host_scores(&self.x, 1).unwrap();
        Oracle::new(scores, objective.unwrap(), sum, batches)
    }

    /// Holds gradient and loss of an oracle to central differences of the loss above, both relative
    /// to the loss, which may be smaller than any number.
    fn check(&self, weights: &[f64], sum: bool, batch: Option<usize>) {
        let samples = self.x.nrows();
        // The first batch of an order that is not that of the samples.
        let order = match batch {
            Some(_) => shuffled(samples, 5, 0),
            None => (0..samples).collect(),
        };
        let rows = &order[..batch.unwrap_or(samples)];
        let batches = batch.map(|size| Batches {
            size,
            seed: Some(5),
        });
        let mut oracle = self.oracle(sum, batches);
        let mut gradient = vec![f64::NAN; weights.len()];
        let found = oracle.gradient_and_log_loss(weights, &mut gradient);
        let (evaluation, log_loss) = found.unwrap();
        let count = if sum { 1.0 } else { rows.len() as f64 };
        let expected = self.log_loss(weights, rows) - count.ln();
        assert!(
            (log_loss - expected).abs() < 1e-10 * expected.abs().max(1.0),
            "{:?}: {log_loss} {expected}",
            self.loss
        );
        let scale = (evaluation.exponent as f64 * std::f64::consts::LN_2 - expected).exp();
        let mut moved = weights.to_vec();
        for (index, gradient) in gradient.iter().enumerate() {
            let step = 1e-5;
            let mut at = |change: f64| {
                moved[index] = weights[index] + change;
                self.log_loss(&moved, rows)
            };
            let difference = (at(step) - at(-step)) / (2.0 * step);
            moved[index] = weights[index];
            assert!(
                (gradient * scale - difference).abs() < 1e-7,
                "{:?}, weight {index}: {} {difference}",
                self.loss,
                gradient * scale
            );
        }
    }
}

#[test]
fn the_gradient_of_several_classes_is_the_finite_difference_of_the_loss() {
    for loss in [Loss::Logistic, Loss::Exponential, HINGE] {
        let problem = Problem {
            x: waves(7, 5, 1),
            class: vec![2, 0, 3, 1, 2, 0, 1],
            classes: 4,
            width: 3,
            loss,
        };
        let weights = flat(&weights(4, 3, 5));
        for sum in [false, true] {
            problem.check(&weights, sum, None);
            problem.check(&weights, sum, Some(3));
        }
    }
}

/// Margins of some 500: slopes are below the smallest number, and the gradient has an exponent.
#[test]
fn the_gradient_keeps_its_digits_where_slopes_underflow() {
    for loss in [Loss::Logistic, Loss::Exponential] {
        let class = vec![0, 1, 2, 2, 0];
        let problem = Problem {
            x: Array2::eye(5),
            class: class.clone(),
            classes: 3,
            width: 2,
            loss,
        };
        // Each block is large on the samples of its own class, and differs a little everywhere.
        let block = |number: usize| {
            let small = waves(2, 5, 40 + number);
            let entry = |(k, sample): (usize, usize)| {
                let own = if class[sample] == number { 800.0 } else { 1.0 };
                own + small[[k, sample]]
            };
            (number.to_string(), Array2::from_shape_fn((2, 5), entry))
        };
        let weights = flat(&Weights::new((0..3).map(block).collect()).unwrap());
        let mut oracle = problem.oracle(false, None);
        let mut gradient = vec![0.0; weights.len()];
        let evaluation = oracle.gradient(&weights, &mut gradient).unwrap();
        assert!(evaluation.exponent < -1000, "{evaluation:?}");
        assert_eq!(evaluation.scale(), 0.0);
        problem.check(&weights, false, None);
    }
}

/// The last weights and the last row of a short descent of a network of the list, by an optimizer
/// of the list, or by plain gradient descent.
fn descend(
    network: &str,
    settings: &Settings,
    data: &TrainingSet,
    weights: &Weights,
    optimizer: Option<usize>,
    gradient: Gradient,
) -> (Vec<f64>, Vec<f64>) {
    let kind = NETWORKS.iter().find(|kind| kind.name() == network).unwrap();
    let device = select_device(None, None).unwrap();
    let options = TensorEngineOptions {
        loss: Loss::Logistic,
        step_size: 0.05,
        gradient,
        threads: 1,
        compensated: false,
        log_time: None,
        kkt: false,
    };
    let run = optimizer.map(|index| OptimizerRun {
        optimizer: (OPTIMIZERS[index].make)(&Settings::default(), flat(weights).len()).unwrap(),
        step_size: StepSize::constant(0.05),
        sum: false,
        batches: OPTIMIZERS[index].batch_size.map(|_| Batches {
            size: 2,
            seed: Some(5),
        }),
        twin: None,
        first_stage: None,
        stop: None,
    });
    let engine = kind.engine(settings, data, weights, &device, options, run);
    let (mut engine, how) = engine.unwrap();
    let by_hand = gradient != Gradient::Autodiff;
    assert_eq!(how, if by_hand { "hand-derived" } else { "autodiff" });
    assert_eq!(engine.advance(10.0).unwrap(), None);
    let observation = engine.observe().unwrap();
    let row = [
        vec![observation.loss, observation.gradient_norm],
        observation.normalized_margins,
    ];
    (flat(&engine.weights()), row.concat())
}

fn assert_close(left: &(Vec<f64>, Vec<f64>), right: &(Vec<f64>, Vec<f64>), of: &str) {
    for (left, right) in [(&left.0, &right.0), (&left.1, &right.1)] {
        assert_eq!(left.len(), right.len());
        for (left, right) in left.iter().zip(right) {
            assert!((left - right).abs() < 1e-9, "{of}: {left} {right}");
        }
    }
}

fn named(classes: usize, class: &[usize]) -> ClassDataset {
    let names = (0..classes).map(|class| class.to_string()).collect();
    ClassDataset::new(waves(class.len(), 6, 2), class.to_vec(), names).unwrap()
}

/// Every optimizer of the list and plain gradient descent, by number in the list.
fn descents() -> impl Iterator<Item = (Option<usize>, &'static str)> {
    let listed = OPTIMIZERS.iter().enumerate();
    let listed = listed.map(|(index, kind)| (Some(index), kind.name));
    listed.chain([(None, "plain descent")])
}

#[test]
fn every_optimizer_takes_the_steps_of_the_two_layer_network_on_two_classes() {
    let data = named(2, &[0, 1, 1, 0, 1]);
    let signs = TrainingSet::Signs(data.to_binary().unwrap());
    let classes = TrainingSet::Classes(data);
    let weights = weights(2, 3, 6);
    let settings = Settings::default();
    for (optimizer, name) in descents() {
        for gradient in [Gradient::Auto, Gradient::Autodiff] {
            let of = |network: &str, data: &TrainingSet| {
                descend(network, &settings, data, &weights, optimizer, gradient)
            };
            let expected = of("two-layer", &signs);
            assert_close(&of("multi-class", &classes), &expected, name);
            // Labels ±1 are two classes.
            assert_close(&of("multi-class", &signs), &expected, name);
            let start = flat(&weights);
            let moved = start.iter().zip(&expected.0);
            assert!(
                moved.map(|(a, b)| (a - b).abs()).sum::<f64>() > 1e-3,
                "{name}"
            );
        }
    }
}

#[test]
fn every_optimizer_takes_the_same_steps_by_autodiff_on_several_classes() {
    let data = TrainingSet::Classes(named(4, &[0, 3, 1, 2, 2, 0, 1]));
    let settings = Settings::default().with("classes", "0,1,2,3");
    let weights = weights(4, 3, 6);
    for (optimizer, name) in descents() {
        let by = |gradient| {
            descend(
                "multi-class",
                &settings,
                &data,
                &weights,
                optimizer,
                gradient,
            )
        };
        assert_close(&by(Gradient::Auto), &by(Gradient::Autodiff), name);
    }
}

#[test]
fn a_network_of_another_number_of_classes_is_refused() {
    let three = TrainingSet::Classes(named(3, &[0, 1, 2, 1]));
    let device = select_device(None, None).unwrap();
    let options = TensorEngineOptions {
        loss: Loss::Logistic,
        step_size: 0.1,
        gradient: Gradient::Auto,
        threads: 1,
        compensated: false,
        log_time: None,
        kkt: false,
    };
    for network in ["two-layer", "linear", "multi-class"] {
        let kind = NETWORKS.iter().find(|kind| kind.name() == network).unwrap();
        let weights = weights(2, 3, 6);
        let none = Settings::default();
        let refused = kind.engine(&none, &three, &weights, &device, options, None);
        let error = refused.err().expect("refused").to_string();
        assert!(error.contains("a network of 3 classes"), "{error}");
    }
}
