//! The metrics through the traits by which burn-train calls them, and through its learner.

use burn::data::dataloader::Progress;
use burn::tensor::{Device, Int, Tensor};
use burn::train::metric::{Adaptor, LossInput, Metric, MetricMetadata, Numeric};
use burn::train::{ClassificationOutput, ItemLazy};

use super::{AlignmentMetric, NormalizedMarginMetric, Observed, StableRankMetric};

fn device() -> Device {
    #[allow(deprecated)]
    Device::ndarray()
}

fn at(iteration: usize) -> MetricMetadata {
    MetricMetadata {
        progress: Progress::new(iteration, 10, None),
        iteration: Some(iteration),
        lr: None,
    }
}

/// Scores of a step with weights `diag(2, 1)`: stable rank 5/4, norm √5.
fn step(scores: &[f32], labels: &[f32]) -> Observed<()> {
    let blocks = vec![Tensor::from_floats([[2.0, 0.0], [0.0, 1.0]], &device())];
    Observed::new((), blocks).with_scores(
        Tensor::from_floats(scores, &device()),
        Tensor::from_floats(labels, &device()),
    )
}

fn number(entry: Option<burn::train::metric::NumericEntry>) -> f64 {
    entry.expect("a value").current()
}

fn feed<M: Metric>(metric: &mut M, observed: &Observed<()>, iteration: usize) -> String
where
    Observed<()>: Adaptor<M::Input>,
{
    let entry = metric.update(&observed.adapt(), &at(iteration));
    entry.expect("the device can be read").formatted
}

#[test]
fn a_stable_rank_is_the_latest_of_its_epoch() {
    let mut metric = StableRankMetric::of_block(0, "first");
    assert_eq!(metric.name().as_str(), "Stable Rank first");
    assert!(metric.value().is_none() && metric.final_value().current().is_nan());
    assert_eq!(
        feed(&mut metric, &step(&[], &[]), 1),
        "epoch 1.2500 - batch 1.2500"
    );
    let rank_one = Observed::new(
        (),
        vec![Tensor::from_floats([[1.0, 1.0], [1.0, 1.0]], &device())],
    );
    feed(&mut metric, &rank_one, 2);
    assert!((number(metric.value()) - 1.0).abs() < 1e-14);
    assert!((metric.final_value().current() - 1.0).abs() < 1e-14);
    assert!(
        metric
            .compute()
            .expect("nothing to read")
            .serialized
            .ends_with(",final")
    );
    metric.clear();
    assert!(metric.value().is_none() && metric.running_value().is_none());
}

#[test]
fn what_is_undefined_is_not_available() {
    let zero = Observed::new((), vec![Tensor::zeros([2, 2], &device())]);
    let mut rank = StableRankMetric::of_block(0, "first");
    assert!(feed(&mut rank, &zero, 1).contains("N/A"));
    assert!(rank.value().is_none());
    let mut missing = StableRankMetric::of_block(3, "fourth");
    assert!(feed(&mut missing, &step(&[], &[]), 1).contains("N/A"));
    let mut margin = NormalizedMarginMetric::min(1.0);
    assert!(feed(&mut margin, &zero, 1).contains("N/A"));
    // Labels 0 and 1 end here, not in wrong margins.
    assert!(feed(&mut margin, &step(&[1.0], &[0.0]), 2).contains("N/A"));
    assert!(margin.running_value().is_none());
}

#[test]
fn a_stacked_rank_is_that_of_all_blocks() {
    let block = || Tensor::<2>::from_floats([[1.0, 0.0]], &device());
    let two = Observed::new((), vec![block(), block()]);
    let mut stacked = StableRankMetric::stacked();
    feed(&mut stacked, &two, 1);
    assert!((number(stacked.value()) - 1.0).abs() < 1e-14);
}

#[test]
fn metrics_of_weights_can_be_computed_now_and_then() {
    let mut metric = StableRankMetric::of_block(0, "first").every(3);
    for (iteration, due) in [(1, true), (2, false), (3, false), (4, true)] {
        feed(&mut metric, &step(&[], &[]), iteration);
        assert_eq!(metric.value().is_some(), due, "iteration {iteration}");
        assert_eq!(number(metric.running_value()), 1.25);
    }
}

#[test]
fn margins_of_an_epoch_are_those_of_all_its_samples() {
    let norm = 5.0_f64.sqrt();
    let mut min = NormalizedMarginMetric::min(1.0);
    let mut mean = NormalizedMarginMetric::mean(2.0);
    let mut gap = NormalizedMarginMetric::gap();
    for (iteration, (scores, labels)) in [([3.0, -1.0], [1.0, -1.0]), ([2.0, 2.0], [1.0, 1.0])]
        .into_iter()
        .enumerate()
    {
        let observed = step(&scores, &labels);
        feed(&mut min, &observed, iteration + 1);
        feed(&mut mean, &observed, iteration + 1);
        feed(&mut gap, &observed, iteration + 1);
    }
    let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found}");
    near(number(min.value()), 2.0 / norm);
    near(min.final_value().current(), 1.0 / norm);
    near(mean.final_value().current(), 2.0 / 5.0);
    near(number(gap.value()), 0.0);
    near(gap.final_value().current(), 1.0);
}

#[test]
fn classes_have_margins_too_and_the_output_inside_keeps_its_metrics() {
    let logits = Tensor::<2>::from_floats([[3.0, 1.0, 2.0], [0.0, 0.5, -4.0]], &device());
    let targets = Tensor::<1, Int>::from_ints([0, 2], &device());
    let loss = Tensor::<1>::from_floats([0.25], &device());
    let block = Tensor::from_floats([[3.0, 4.0]], &device());
    let output = ClassificationOutput::new(loss, logits, targets);
    let observed = Observed::classification(output, vec![block]);
    let observed = observed.sync().expect("the device works");
    let mut metric = NormalizedMarginMetric::min(1.0);
    metric
        .update(&observed.adapt(), &at(1))
        .expect("the device can be read");
    assert!((number(metric.value()) + 4.5 / 5.0).abs() < 1e-12);
    let _: LossInput = observed.adapt();
}

#[test]
fn an_alignment_is_the_mean_cosine_of_the_neurons_that_have_one() {
    let block = Tensor::from_floats([[2.0, 0.0], [0.0, 0.0], [0.0, -3.0]], &device());
    let direction = Tensor::from_floats([5.0, 0.0], &device());
    let mut metric = AlignmentMetric::of_block(0, "first", direction);
    feed(&mut metric, &Observed::new((), vec![block]), 1);
    assert!((number(metric.value()) - 0.5).abs() < 1e-12);
}
