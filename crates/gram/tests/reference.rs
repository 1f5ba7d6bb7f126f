//! The Gram descent against trajectories of an independent implementation (NumPy in double
//! precision, one of them with 50 digits).

use std::path::{Path, PathBuf};

use implicit_bias_data::{Dataset, LabelEncoding, read_npz_arrays, read_weights_npz};
use implicit_bias_gram::{GramDescent, Outcome, Problem, Stepping};
use implicit_bias_scalar::{Activation, Loss};
use ndarray::{Axis, concatenate};

/// The golden files of the project, and the references beside it where they are there, with the largest error
/// that is let pass: a hundred times what was measured, and less than the 1e-12 that is asked for.
fn references() -> Vec<(PathBuf, f64)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let golden = [
        ("leaky_60_digits", 1e-13),
        ("leaky_near_orthogonal", 1e-12),
        ("relu_near_orthogonal", 1e-12),
        ("relu_correlated", 1e-12),
    ];
    let beside = [
        ("leaky_tiny_50_digits", 1e-13),
        ("leaky_near_orthogonal", 1e-12),
        ("relu_near_orthogonal", 1e-12),
        ("relu_correlated", 1e-12),
    ];
    let path = |folder: &str, name: &str| root.join(folder).join(format!("{name}.npz"));
    let golden = golden.map(|(name, bound)| (path("tests/golden", name), bound));
    let beside = beside.map(|(name, bound)| (path("../shared/reference", name), bound));
    let beside = beside.into_iter().filter(|(path, _)| path.exists());
    golden.into_iter().chain(beside).collect()
}

/// Largest relative error of the loss and of all margins over all recorded steps.
fn error(path: &Path, stepping: Stepping) -> f64 {
    let data = Dataset::from_npz(path, LabelEncoding::PlusMinusOne).expect("a data set");
    let (pos, neg) = read_weights_npz(path).expect("initial weights");
    let names = [
        "slope",
        "step_size",
        "steps",
        "loss",
        "weight_norm",
        "normalized_margins",
    ];
    let [slope, step_size, steps, losses, norms, margins] =
        read_npz_arrays(path, names).expect("the reference's arrays");
    let scalar = |array: &ndarray::ArrayD<f64>| *array.iter().next().expect("one number");
    let activation = Activation::leaky_relu(scalar(&slope)).expect("a slope");
    let problem = Problem::new(
        &data,
        pos.nrows(),
        activation,
        Loss::Logistic,
        scalar(&step_size),
    )
    .expect("a problem");
    let weights = concatenate(Axis(0), &[pos.view(), neg.view()]).expect("equal widths");
    let mut descent = GramDescent::new(problem, weights.dot(&data.x().t()))
        .expect("a start")
        .with_stepping(stepping);
    let mut worst: f64 = 0.0;
    for (row, &step) in steps.iter().enumerate() {
        assert_eq!(descent.advance(step), Outcome::Reached);
        let found = descent.margins();
        let loss = Loss::Logistic.mean(&found);
        let expected = losses[[row]];
        worst = worst.max((loss - expected).abs() / expected);
        let norm = norms[[row]];
        let expected = margins.index_axis(Axis(0), row);
        let largest = expected.iter().fold(0.0f64, |max, q| max.max(q.abs())) * norm;
        for (found, expected) in found.iter().zip(expected) {
            worst = worst.max((found - expected * norm).abs() / largest);
        }
    }
    worst
}

#[test]
fn trajectories_are_those_of_the_references() {
    for (path, bound) in references() {
        let name = path.display();
        for stepping in [Stepping::Plain, Stepping::Blocks, Stepping::AlwaysBlocks] {
            let error = error(&path, stepping);
            println!("{name}, {stepping:?}: {error:.1e}");
            assert!(error < bound, "{name}, {stepping:?}: {error:e}");
        }
    }
}
