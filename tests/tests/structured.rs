//! Attention, the transformer, the convolution and quadratic neurons against independent
//! trajectories, and where claims on them must be refuted.

use std::path::Path;

use implicit_bias_claims::Verdict;
use implicit_bias_claims::tokens::ids::{DIRECTION, KQ_LOSS, OV_LOSS};
use implicit_bias_data::{read_npz_arrays, write_npz_arrays};
use implicit_bias_lab::RunRecord;
use implicit_bias_lab::config::Settings;
use implicit_bias_record::Prediction;
use implicit_bias_tests::{scratch_run, shared_reference_folder, steps};
use ndarray::{Array2, ArrayD, Axis, array};

/// Largest difference of two arrays beside the largest entry of the second.
fn difference<'a>(
    one: impl IntoIterator<Item = &'a f64>,
    other: impl IntoIterator<Item = &'a f64>,
) -> f64 {
    let (mut apart, mut largest) = (0.0, 0.0);
    let (mut one, mut other) = (one.into_iter(), other.into_iter());
    loop {
        match (one.next(), other.next()) {
            (Some(a), Some(b)) => {
                apart = f64::max(apart, (a - b).abs());
                largest = f64::max(largest, b.abs());
            }
            (None, None) => return apart / largest,
            _ => panic!("of one length"),
        }
    }
}

fn block(record: &RunRecord, name: &str) -> Array2<f64> {
    let weights = record.weights().expect("weights");
    let mut blocks = weights.blocks().iter();
    let found = blocks.find(|(own, _)| own == name);
    found.unwrap_or_else(|| panic!("no block {name}")).1.clone()
}

/// A row for an array of one axis.
fn as_row(array: ArrayD<f64>) -> ArrayD<f64> {
    array.insert_axis(Axis(0))
}

struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    fn settings(&self, data: &[(&str, &ArrayD<f64>)], init: &[(&str, &ArrayD<f64>)]) -> Settings {
        let write = |name: &str, arrays: &[(&str, &ArrayD<f64>)]| {
            let path = self.folder.path().join(name);
            let arrays: Vec<_> = arrays
                .iter()
                .map(|(name, array)| (*name, array.view()))
                .collect();
            write_npz_arrays(&path, &arrays).expect("written");
            path
        };
        Settings::default()
            .with("data", write("data.npz", data))
            .with("init", write("init.npz", init))
    }
}

fn scalar(file: &Path, name: &str) -> f64 {
    let [array] = read_npz_arrays(file, [name]).expect("a reference file");
    *array.first().expect("a number")
}

/// The references of a system, by the names of their files; none where they are not there.
fn references(system: &str, names: &[&str]) -> Vec<std::path::PathBuf> {
    let Some(folder) = shared_reference_folder() else {
        println!("skipped: no ../shared/reference beside the repository");
        return Vec::new();
    };
    let path = |name: &&str| folder.join(format!("{system}/visible_{name}.npz"));
    names.iter().map(path).collect()
}

#[test]
fn attention_goes_by_the_reference() {
    for (file, loss) in references("attention", &["a", "b"])
        .iter()
        .zip(["logistic", "exponential"])
    {
        let files = Files::new();
        let [x, y, u, z, w0, w_mm] =
            read_npz_arrays(file, ["X", "y", "u", "Z", "W0", "W_mm"]).expect("a reference file");
        let base = files
            .settings(
                &[("X", &x), ("y", &y), ("u", &u), ("Z", &z)],
                &[("W_attention", &w0)],
            )
            .with("network", "attention")
            .with("loss", loss)
            .with("steps", steps(scalar(file, "T")));
        let descents = [
            ("gd", "gd", ("step-size", scalar(file, "eta_gd"))),
            (
                "ngd",
                "normalized-gd",
                ("step-size", scalar(file, "eta_ngd")),
            ),
            (
                "ps",
                "polyak",
                ("polyak-factor", scalar(file, "polyak_factor")),
            ),
        ];
        for (name, optimizer, (key, value)) in descents {
            let settings = base.clone().with("optimizer", optimizer).with(key, value);
            let (_folder, record) = scratch_run(&settings).expect("valid settings");
            let columns = [
                format!("{name}_W"),
                format!("{name}_log_gap"),
                format!("{name}_log_unsel"),
            ];
            let [weights, gap, unselected] =
                read_npz_arrays(file, [&*columns[0], &*columns[1], &*columns[2]]).expect("arrays");
            let last = weights.index_axis(Axis(0), weights.shape()[0] - 1);
            let error = difference(&block(&record, "attention"), last.iter());
            assert!(error < 1e-9, "{name}: {error:e}");
            for (column, expected) in [("log_gap", gap), ("log_unselected", unselected)] {
                let found = record.series.last(column).expect("a column");
                let expected = expected.iter().last().expect("a number");
                let error = (found / expected - 1.0).abs();
                assert!(error < 1e-9, "{name}, {column}: {error:e}");
            }
            // The program of the data: its matrix is that of the file.
            let Prediction::Named(limit) = &record.prediction else {
                panic!("{name}: a limit");
            };
            let norm = w_mm.iter().map(|w| w * w).sum::<f64>().sqrt();
            assert!((limit.numbers["norm_attention"] / norm - 1.0).abs() < 1e-9);
            let distance = record
                .series
                .last("direction_distance_attention")
                .expect("a column");
            let unit = |w: &ArrayD<f64>| {
                let norm = w.iter().map(|w| w * w).sum::<f64>().sqrt();
                w / norm
            };
            let expected = unit(&last.to_owned()) - unit(&w_mm);
            let expected = expected.iter().map(|d| d * d).sum::<f64>().sqrt();
            assert!(
                (distance - expected).abs() < 1e-9,
                "{name}: {distance} {expected}"
            );
        }
    }
}

#[test]
fn attention_and_decoder_go_together_by_the_reference() {
    for file in references("attention", &["a"]) {
        let files = Files::new();
        let [x, y, z, w0, u0, weights, decoder] = read_npz_arrays(
            &file,
            ["X", "y", "Z", "W0", "joint_u0", "joint_W", "joint_u"],
        )
        .expect("a reference file");
        let settings = files
            .settings(
                &[("X", &x), ("y", &y), ("Z", &z)],
                &[("W_attention", &w0), ("W_decoder", &as_row(u0))],
            )
            .with("network", "attention")
            .with("decoder", "trained")
            .with("optimizer", "block-normalized-gd")
            .with("step-size", scalar(&file, "joint_eta_W"))
            .with("second-step-size", scalar(&file, "joint_eta_u"))
            .with("second-step-decay", scalar(&file, "joint_power"))
            .with("steps", steps(scalar(&file, "joint_T")));
        let (_folder, record) = scratch_run(&settings).expect("valid settings");
        for (name, expected) in [("attention", weights), ("decoder", decoder)] {
            let last = expected.index_axis(Axis(0), expected.shape()[0] - 1);
            let error = difference(&block(&record, name), last.iter());
            assert!(error < 1e-9, "{name}: {error:e}");
        }
    }
}

#[test]
fn the_transformer_goes_by_the_reference() {
    for file in references("transformer", &["a", "b"]) {
        let files = Files::new();
        let names = ["sentences", "target", "pi", "E", "next_token", "pi0"];
        let arrays = read_npz_arrays(&file, names).expect("a reference file");
        let data: Vec<(&str, &ArrayD<f64>)> = names.into_iter().zip(&arrays).collect();
        let dim = arrays[3].shape()[1];
        let zero = ArrayD::zeros(vec![dim, dim]);
        let settings = files
            .settings(&data, &[("W_ov", &zero), ("W_kq", &zero)])
            .with("network", "transformer")
            .with("optimizer", "two-stage")
            .with("first-steps", scalar(&file, "T1") as u64)
            .with("first-step-size", scalar(&file, "eta0"))
            .with("step-size", scalar(&file, "eta"))
            .with("steps", steps(scalar(&file, "T1") + scalar(&file, "T2")));
        let (_folder, record) = scratch_run(&settings).expect("valid settings");
        for (name, column) in [("ov", "W_ov"), ("kq", "W_kq")] {
            let [expected] = read_npz_arrays(&file, [column]).expect("an array");
            let error = difference(&block(&record, name), &expected);
            assert!(error < 1e-9, "{name}: {error:e}");
        }
        let [ov, kq, gap] =
            read_npz_arrays(&file, ["W_ov_star", "W_kq_star", "kq_log_gap"]).expect("arrays");
        let found = record.series.last("log_gap").expect("a column");
        assert!((found - gap.iter().last().expect("a number")).abs() < 1e-9);
        let Prediction::Named(limit) = &record.prediction else {
            panic!("a limit");
        };
        for (name, expected) in [("norm_ov", ov), ("norm_kq", kq)] {
            let norm = expected.iter().map(|w| w * w).sum::<f64>().sqrt();
            assert!((limit.numbers[name] / norm - 1.0).abs() < 1e-9, "{name}");
        }
    }
}

#[test]
fn the_convolution_goes_by_the_reference() {
    for file in references("cnn", &["a", "b"]) {
        let files = Files::new();
        let [x, y, pos, neg] =
            read_npz_arrays(&file, ["X", "y", "W0_pos", "W0_neg"]).expect("a reference file");
        let settings = files
            .settings(&[("X", &x), ("y", &y)], &[("W_pos", &pos), ("W_neg", &neg)])
            .with("network", "convolution")
            .with("activation", "huberized-relu")
            .with("exponent", scalar(&file, "q"))
            .with("threshold", scalar(&file, "kappa"))
            .with("step-size", scalar(&file, "eta"))
            .with("steps", steps(scalar(&file, "T")));
        let (_folder, record) = scratch_run(&settings).expect("valid settings");
        for (name, column) in [("pos", "W_pos"), ("neg", "W_neg")] {
            let [expected] = read_npz_arrays(&file, [column]).expect("an array");
            let error = difference(&block(&record, name), &expected);
            assert!(error < 1e-9, "{name}: {error:e}");
        }
        let [rank] = read_npz_arrays(&file, ["sr_all"]).expect("an array");
        let found = record.series.last("stable_rank").expect("a column");
        assert!((found - rank.iter().last().expect("a number")).abs() < 1e-9);
    }
}

#[test]
fn quadratic_neurons_go_by_the_reference() {
    for file in references("chaos", &["orthogonal"]) {
        let files = Files::new();
        let [x, y, u0] = read_npz_arrays(&file, ["X", "y", "U0"]).expect("a reference file");
        for run in 0..scalar(&file, "runs") as usize {
            let name = |column: &str| format!("run{run}_{column}");
            let [sensitivity, last, at] = [name("sensitivity"), name("U_last"), name("steps")];
            let [sensitivity, last, at] =
                read_npz_arrays(&file, [&*sensitivity, &*last, &*at]).expect("arrays");
            let settings = files
                .settings(&[("X", &x), ("y", &y)], &[("W_hidden", &u0)])
                .with("network", "quadratic")
                .with("loss", "squared")
                .with("output-weight", scalar(&file, "scale"))
                .with("step-size", scalar(&file, &name("eta")))
                .with("steps", steps(*at.iter().last().expect("a step")));
            let (_folder, record) = scratch_run(&settings).expect("valid settings");
            let error = difference(&block(&record, "hidden"), &last);
            let sensitivity = sensitivity.iter().last().expect("a number").max(1.0);
            assert!(error < 1e-14 * sensitivity.max(1e5), "{run}: {error:e}");
            assert!(
                record.series.column("margin_min").is_none(),
                "a regression has no margins"
            );
        }
    }
}

/// The local trap: one sample of three tokens, of which the run settles on a worse one. As data of
/// both labels the sample is there twice, mirrored, which leaves the mean loss as it is.
#[test]
fn attention_in_the_local_trap_is_refuted_and_from_zero_it_is_not() {
    let one = array![[-3.0, 0.1], [1.0, 0.09], [0.0, -0.1]];
    let mirrored = one.mapv(|entry: f64| -entry);
    let x = ndarray::stack![Axis(0), one, mirrored].into_dyn();
    let y = array![1.0, -1.0].into_dyn();
    let u = array![0.0, 10.0].into_dyn();
    let z = array![[1.0, 0.0], [-1.0, 0.0]].into_dyn();
    let verdict = |w0: Array2<f64>| {
        let files = Files::new();
        let settings = files
            .settings(
                &[("X", &x), ("y", &y), ("u", &u), ("Z", &z)],
                &[("W_attention", &w0.into_dyn())],
            )
            .with("network", "attention")
            .with("optimizer", "normalized-gd")
            .with("step-size", 0.1)
            .with("steps", steps(1e4));
        let (_folder, record) = scratch_run(&settings).expect("valid settings");
        let distance = record
            .series
            .last("direction_distance_attention")
            .expect("a column");
        let mut claims = record.claims.iter();
        let claim = claims.find(|claim| claim.id == DIRECTION).expect("a claim");
        (1.0 - 0.5 * distance * distance, claim.verdict)
    };
    let (cosine, trapped) = verdict(array![[1.0, 0.0], [0.0, 0.0]]);
    assert!((cosine + 0.968).abs() < 0.02, "{cosine}");
    assert_eq!(trapped, Verdict::Refuted);
    let (cosine, free) = verdict(array![[0.0, 0.0], [0.0, 0.0]]);
    assert!(cosine > 0.999, "{cosine}");
    assert_ne!(free, Verdict::Refuted);
}

/// The same tokens with the same query and two targets: no matrix attends to both.
#[test]
fn contradictory_sentences_have_no_program() {
    let files = Files::new();
    let sentences = array![[0.0, 1.0, 2.0], [1.0, 0.0, 2.0]].into_dyn();
    let settings = files
        .settings(
            &[
                ("sentences", &sentences),
                ("target", &array![0.0, 1.0].into_dyn()),
                ("E", &Array2::from_diag_elem(3, 1.0).into_dyn()),
                ("next_token", &array![0.0, 1.0, 2.0].into_dyn()),
            ],
            &[
                ("W_ov", &ArrayD::zeros(vec![3, 3])),
                ("W_kq", &ArrayD::zeros(vec![3, 3])),
            ],
        )
        .with("network", "transformer")
        .with("optimizer", "two-stage")
        .with("first-steps", 300)
        .with("steps", steps(2e4));
    let (_folder, record) = scratch_run(&settings).expect("valid settings");
    let Prediction::Unsolved { reason, .. } = &record.prediction else {
        panic!("no program");
    };
    assert!(reason.starts_with("infeasible"), "{reason}");
    assert_eq!(verdict(&record, KQ_LOSS), Verdict::Refuted);
    assert_eq!(verdict(&record, OV_LOSS), Verdict::Supported);
    assert!(
        record
            .claims
            .iter()
            .all(|claim| claim.verdict != Verdict::Supported || claim.id.as_str().contains("ov"))
    );
}

/// Eight tokens, the first of which stands under two numbers with two next tokens: each gets a half at
/// best, and the loss of the first stage tends to (2/9) log 2, which is no exponential fall.
#[test]
fn two_successors_of_one_token_leave_a_floor() {
    let files = Files::new();
    let mut embeddings = Array2::eye(9);
    let first = embeddings.row(0).to_owned();
    embeddings.row_mut(8).assign(&first);
    let next = array![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 0.0];
    let settings = files
        .settings(
            &[
                ("sentences", &array![[1.0, 2.0], [3.0, 4.0]].into_dyn()),
                ("target", &array![2.0, 4.0].into_dyn()),
                ("E", &embeddings.into_dyn()),
                ("next_token", &next.into_dyn()),
            ],
            &[
                ("W_ov", &ArrayD::zeros(vec![9, 9])),
                ("W_kq", &ArrayD::zeros(vec![9, 9])),
            ],
        )
        .with("network", "transformer")
        .with("optimizer", "two-stage")
        .with("first-steps", 2000)
        .with("steps", steps(4000.0));
    let (_folder, record) = scratch_run(&settings).expect("valid settings");
    let loss = record
        .series
        .last("first_stage_log_loss")
        .expect("a column");
    let floor = (2.0 * 2_f64.ln() / 9.0).ln();
    assert!((loss - floor).abs() < 1e-9, "{loss} {floor}");
    assert_eq!(verdict(&record, OV_LOSS), Verdict::Refuted);
}

fn verdict(record: &RunRecord, id: implicit_bias_claims::ClaimId) -> Verdict {
    let claim = record.claims.iter().find(|claim| claim.id == id);
    claim.expect("a claim").verdict
}

/// A sentence of one token attends to it alone, by autodiff as by hand; a choice of samples is refused
/// where targets have no classes.
#[test]
fn sentences_of_one_token_train_and_choices_of_them_are_refused() {
    let files = Files::new();
    let settings = files
        .settings(
            &[
                ("sentences", &array![[0.0], [1.0], [2.0]].into_dyn()),
                ("target", &array![1.0, 2.0, 0.0].into_dyn()),
                ("E", &Array2::from_diag_elem(3, 1.0).into_dyn()),
            ],
            &[
                ("W_ov", &ArrayD::zeros(vec![3, 3])),
                ("W_kq", &ArrayD::zeros(vec![3, 3])),
            ],
        )
        .with("network", "transformer")
        .with("steps", steps(50.0));
    let weights = |gradient: &str| {
        let settings = settings.clone().with("gradient", gradient);
        let (_folder, record) = scratch_run(&settings).expect("valid settings");
        assert!(record.series.last("loss") < record.series.first("loss"));
        block(&record, "ov")
    };
    let error = difference(&weights("autodiff"), &weights("hand-derived"));
    assert!(error < 1e-12, "{error:e}");
    let refused = scratch_run(&settings.with("per-class", 1)).map(|_| ());
    let error = refused.expect_err("a choice of next tokens").to_string();
    assert!(error.contains("--per-class"), "{error}");
}
