//! What must not change a trajectory, and what must change it in a known way.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use implicit_bias_data::random::{Stream, gaussian_matrix};
use implicit_bias_engine::Trajectory;
use implicit_bias_lab::config::Settings;
use implicit_bias_record::{Series, schedule};
use implicit_bias_tests::{TestProblem, gaussian, pos_neg, scratch_run, steps};
use ndarray::{Array2, Axis};

/// Both activations on both engines, as the settings of a problem in memory.
fn all() -> Vec<Settings> {
    let [leaky, relu] = both();
    let on = |settings: &Settings, engine| settings.clone().with("engine", engine);
    ["tensor", "gram"]
        .into_iter()
        .flat_map(|engine| [on(&leaky, engine), on(&relu, engine)])
        .collect()
}

/// Both activations.
fn both() -> [Settings; 2] {
    let leaky = Settings::default()
        .with("activation", "leaky-relu")
        .with("slope", 0.2)
        .with("step-size", 0.1)
        .with("precision", "f64");
    let relu = leaky.clone().with("activation", "relu").without("slope");
    [leaky, relu]
}

/// Correlated data of no symmetry, and weights large enough to matter.
fn problem(settings: Settings) -> TestProblem {
    let (n, d, m) = (7, 20, 4);
    let x = gaussian_matrix(n, d, 1.0, 5, Stream::Noise).expect("a small matrix");
    TestProblem {
        x: x + 0.2,
        y: vec![1.0, 1.0, -1.0, 1.0, -1.0, -1.0, 1.0],
        pos: gaussian((m, d), 0.05, 6).expect("a small matrix"),
        neg: gaussian((m, d), 0.05, 7).expect("a small matrix"),
        settings,
    }
}

fn records() -> Vec<f64> {
    schedule(2000.0, 5)
}

/// Asserts that two trajectories agree in every column, up to `tolerance` relative to the largest
/// entry of the column. `mirrored` swaps the columns of the blocks.
fn assert_agree(found: &Trajectory, expected: &Trajectory, mirrored: bool, tolerance: f64) {
    assert_eq!(found.stop, expected.stop);
    for name in expected.series.columns() {
        let counterpart = match name.rsplit_once('_') {
            Some((stem, "pos")) if mirrored => format!("{stem}_neg"),
            Some((stem, "neg")) if mirrored => format!("{stem}_pos"),
            _ => name.clone(),
        };
        let column = found.series.column(&counterpart).expect("the same columns");
        assert_columns(
            name,
            &column,
            &expected.series.column(name).expect("its column"),
            tolerance,
        );
    }
    for name in expected.margins.columns() {
        let column = found.margins.column(name).expect("as many samples");
        assert_columns(
            name,
            &column,
            &expected.margins.column(name).expect("its column"),
            tolerance,
        );
    }
}

fn assert_columns(name: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{name}");
    let largest = expected.iter().fold(0.0, |l: f64, v| l.max(v.abs()));
    for (row, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found - expected).abs();
        assert!(
            error <= tolerance * largest,
            "{name}, row {row}: {found} for {expected}, off by {error:e}"
        );
    }
}

/// An orthogonal matrix: a product of reflections at random hyperplanes.
fn rotation(dim: usize) -> Array2<f64> {
    let mut q = Array2::eye(dim);
    let normals = gaussian((dim, dim), 1.0, 11).expect("a small matrix");
    for normal in normals.axis_iter(Axis(0)) {
        let column = normal.insert_axis(Axis(1));
        let reflection = Array2::eye(dim) - column.dot(&column.t()) * (2.0 / normal.dot(&normal));
        q = q.dot(&reflection);
    }
    q
}

#[test]
fn rotating_data_and_weights_together_changes_nothing() {
    for settings in all() {
        let original = problem(settings);
        let q = rotation(original.x.ncols());
        let rotated = TestProblem {
            x: original.x.dot(&q),
            pos: original.pos.dot(&q),
            neg: original.neg.dot(&q),
            ..original.clone()
        };
        let (expected, weights) = original.complete(&records());
        let (found, rotated_weights) = rotated.complete(&records());
        assert_agree(&found, &expected, false, 1e-10);
        let (pos, _) = pos_neg(&weights);
        let (rotated_pos, _) = pos_neg(&rotated_weights);
        let error = (rotated_pos - &pos.dot(&q))
            .iter()
            .fold(0.0, |e: f64, d| e.max(d.abs()));
        assert!(error <= 1e-10, "{error:e}");
    }
}

#[test]
fn permuting_the_samples_permutes_the_margins() {
    for settings in all() {
        let original = problem(settings);
        let order = [3, 0, 6, 2, 5, 1, 4];
        let permuted = TestProblem {
            x: original.x.select(Axis(0), &order),
            y: order.iter().map(|&i| original.y[i]).collect(),
            ..original.clone()
        };
        let (expected, _) = original.complete(&records());
        let (mut found, _) = permuted.complete(&records());
        // Margins back into the original order.
        let mut margins = Series::new(found.margins.columns().to_vec());
        for row in found.margins.rows() {
            let mut back = row.clone();
            for (place, &sample) in order.iter().enumerate() {
                back[sample + 1] = row[place + 1];
            }
            margins.push(back);
        }
        assert_ne!(margins, found.margins);
        found.margins = margins;
        assert_agree(&found, &expected, false, 1e-11);
    }
}

#[test]
fn permuting_the_neurons_of_a_block_changes_nothing() {
    for settings in all() {
        let original = problem(settings);
        let permuted = TestProblem {
            pos: original.pos.select(Axis(0), &[2, 0, 3, 1]),
            neg: original.neg.select(Axis(0), &[1, 3, 2, 0]),
            ..original.clone()
        };
        let (expected, _) = original.complete(&records());
        assert_agree(&permuted.complete(&records()).0, &expected, false, 1e-11);
    }
}

#[test]
fn swapping_the_labels_and_the_blocks_mirrors_the_run() {
    for settings in all() {
        let original = problem(settings);
        let mirrored = TestProblem {
            y: original.y.iter().map(|label| -label).collect(),
            pos: original.neg.clone(),
            neg: original.pos.clone(),
            ..original.clone()
        };
        let (expected, weights) = original.complete(&records());
        let (found, mirrored_weights) = mirrored.complete(&records());
        assert_agree(&found, &expected, true, 1e-11);
        let (pos, neg) = pos_neg(&mirrored_weights);
        for (found, expected) in [neg, pos]
            .into_iter()
            .zip([pos_neg(&weights).0, pos_neg(&weights).1])
        {
            let error = (found - expected)
                .iter()
                .fold(0.0, |e: f64, d| e.max(d.abs()));
            assert!(error <= 1e-11, "{error:e}");
        }
    }
}

/// Samples times 4, weights over 4, step size over 16: every pre-activation is the same, and by
/// powers of two every rounding too.
#[test]
fn a_change_of_units_by_a_power_of_two_changes_no_bit() {
    for settings in all() {
        let original = problem(settings);
        let scaled = TestProblem {
            x: &original.x * 4.0,
            pos: &original.pos / 4.0,
            neg: &original.neg / 4.0,
            settings: original.settings.clone().with(
                "step-size",
                original.settings.number("step-size").map(|eta| eta / 16.0),
            ),
            ..original.clone()
        };
        let (expected, _) = original.complete(&records());
        let (found, _) = scaled.complete(&records());
        for name in expected.series.columns() {
            let factor = match name.as_str() {
                "weight_norm" | "norm_pos" | "norm_neg" => 0.25,
                "spectral_norm_pos" | "spectral_norm_neg" => 0.25,
                "margin_min" | "margin_max" | "margin_mean" | "gradient_norm" => 4.0,
                _ => 1.0,
            };
            let column = found.series.column(name).expect("the same columns");
            let expected = expected.series.column(name).expect("its column");
            for (found, expected) in column.into_iter().zip(expected) {
                assert_eq!(found.to_bits(), (factor * expected).to_bits(), "{name}");
            }
        }
        for (found, expected) in found.margins.rows().iter().zip(expected.margins.rows()) {
            let expected: Vec<f64> = expected[1..].iter().map(|margin| 4.0 * margin).collect();
            assert_eq!(found[1..], expected);
        }
    }
}

/// With every neuron twice and the step size doubled, each copy does what the neuron did.
#[test]
fn twice_the_neurons_and_twice_the_step_size_are_the_same_network() {
    for settings in all() {
        let original = problem(settings);
        let twice = [0, 0, 1, 1, 2, 2, 3, 3];
        let doubled = TestProblem {
            pos: original.pos.select(Axis(0), &twice),
            neg: original.neg.select(Axis(0), &twice),
            settings: original.settings.clone().with(
                "step-size",
                original.settings.number("step-size").map(|eta| 2.0 * eta),
            ),
            ..original.clone()
        };
        let (expected, _) = original.complete(&records());
        let (found, _) = doubled.complete(&records());
        for name in [
            "loss",
            "stable_rank_pos",
            "stable_rank_neg",
            "stable_rank",
            "accuracy",
        ] {
            let expected = expected.series.column(name).expect("its column");
            let found = found.series.column(name).expect("the same columns");
            assert_columns(name, &found, &expected, 1e-11);
        }
        let norms = expected.series.column("weight_norm").expect("its column");
        let norms: Vec<f64> = norms.into_iter().map(|norm| norm * 2f64.sqrt()).collect();
        let found = found
            .series
            .column("weight_norm")
            .expect("the same columns");
        assert_columns("weight_norm", &found, &norms, 1e-11);
    }
}

#[test]
fn stable_ranks_lie_between_one_and_the_smaller_side_at_every_record() {
    for settings in all() {
        for (d, m) in [(3, 6), (20, 4), (1, 5), (9, 1)] {
            let original = problem(settings.clone());
            let x = gaussian_matrix(7, d, 1.0, 8, Stream::Noise).expect("a small matrix");
            let cut = TestProblem {
                x,
                pos: gaussian((m, d), 0.05, 9).expect("a small matrix"),
                neg: gaussian((m, d), 0.05, 10).expect("a small matrix"),
                ..original
            };
            let (trajectory, _) = cut.complete(&records());
            for (name, rows) in [
                ("stable_rank_pos", m),
                ("stable_rank_neg", m),
                ("stable_rank", 2 * m),
            ] {
                let most = rows.min(d) as f64;
                for rank in trajectory.series.column(name).expect("a column") {
                    assert!(rank >= 1.0 - 1e-12, "{name}: {rank}");
                    assert!(rank <= most * (1.0 + 1e-12), "{name}: {rank}, most {most}");
                }
            }
        }
    }
}

#[test]
fn recording_more_often_does_not_change_the_trajectory() {
    for settings in both() {
        let settings = settings.with("engine", "tensor");
        let problem = problem(settings);
        let (sparse, sparse_weights) = problem.complete(&schedule(2000.0, 0));
        let (dense, dense_weights) = problem.complete(&schedule(2000.0, 50));
        assert!(dense.series.len() > 3 * sparse.series.len());
        assert_eq!(sparse_weights, dense_weights);
        // Changes are counted since the previous record, so they alone may differ.
        let keep: Vec<usize> = (0..sparse.series.columns().len())
            .filter(|&column| !sparse.series.columns()[column].ends_with("_changes"))
            .collect();
        let bits = |row: &[f64]| keep.iter().map(|&c| row[c].to_bits()).collect::<Vec<_>>();
        let at: BTreeMap<u64, (Vec<u64>, &Vec<f64>)> = dense
            .series
            .rows()
            .iter()
            .zip(dense.margins.rows())
            .map(|(row, margins)| (row[0].to_bits(), (bits(row), margins)))
            .collect();
        for (row, margins) in sparse.series.rows().iter().zip(sparse.margins.rows()) {
            let (found, found_margins) = &at[&row[0].to_bits()];
            assert_eq!(*found, bits(row), "step {}", row[0]);
            assert_eq!(*found_margins, margins, "step {}", row[0]);
        }
    }
}

/// The Gram engine takes its steps in blocks that end at a record, so that rounding may differ.
#[test]
fn recording_more_often_changes_a_trajectory_in_gram_coordinates_by_rounding_alone() {
    for settings in both() {
        let settings = settings.with("engine", "gram");
        let problem = problem(settings);
        let (sparse, _) = problem.complete(&schedule(2000.0, 0));
        let (dense, _) = problem.complete(&schedule(2000.0, 50));
        let kept = |table: &Series| {
            let steps = sparse.series.steps();
            let mut rows = Series::new(table.columns().to_vec());
            for row in table.rows().iter().filter(|row| steps.contains(&row[0])) {
                rows.push(row.clone());
            }
            rows
        };
        let (series, margins) = (kept(&dense.series), kept(&dense.margins));
        for (found, expected) in [(&series, &sparse.series), (&margins, &sparse.margins)] {
            for name in expected.columns() {
                if !name.ends_with("_changes") {
                    let [found, expected] =
                        [found, expected].map(|table| table.column(name).expect("a column"));
                    assert_columns(name, &found, &expected, 1e-11);
                }
            }
        }
    }
}

/// The loss grows 10⁸-fold between two records, or a number overflows.
#[test]
fn a_step_size_far_too_large_stops_the_run_and_keeps_what_was_recorded() {
    let [hand_derived, autodiff] = ["hand-derived", "autodiff"].map(Some);
    for (engine, gradient) in [
        ("tensor", hand_derived),
        ("tensor", autodiff),
        ("gram", None),
    ] {
        for (step_size, word) in [(1e3, "diverged"), (1e200, "non-finite")] {
            let mut settings = both()[0].clone();
            settings.set("loss", "exponential");
            settings.set("step-size", step_size);
            settings.set("engine", engine);
            settings.set("gradient", gradient);
            let mut diverging = problem(settings);
            // Samples that nearly agree with opposite labels: every step overshoots.
            diverging.x = diverging.x.mapv(|entry| 1.0 + 0.05 * entry);
            let (trajectory, _) = diverging.descend(&schedule(1e6, 20)).expect("no error");
            let stop = trajectory.stop;
            assert_eq!(stop.word(), word, "{engine:?} {gradient:?}: {stop}");
            assert!(stop.step() < 1e4, "{engine:?} {gradient:?}: {stop} is late");
            let recorded = trajectory.series.steps();
            assert!(!recorded.is_empty() && recorded.iter().all(|&step| step <= stop.step()));
            assert_eq!(recorded, trajectory.margins.steps());
            let rows = trajectory
                .series
                .rows()
                .iter()
                .chain(trajectory.margins.rows());
            assert!(
                rows.flatten().all(|number| number.is_finite()),
                "{engine:?} {gradient:?}: {stop}"
            );
        }
    }
}

/// Every file under a folder but the manifest, by relative path.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a run directory") {
        let path = entry.expect("a readable entry").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            let inner = files(&path).into_iter();
            found.extend(inner.map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        } else if name != "manifest.json" {
            found.insert(name, fs::read(&path).expect("a readable file"));
        }
    }
    found
}

fn seeded(seed: u64) -> BTreeMap<String, Vec<u8>> {
    let settings = both()[0]
        .clone()
        .with("synthetic", "mixture")
        .with("samples", 6)
        .with("dim", 50)
        .with("width", 4)
        .with("steps", steps(2000.0))
        .with("seed", seed);
    let (_folder, record) = scratch_run(&settings).expect("valid settings");
    files(&record.path)
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_does_not() {
    let (first, again, other) = (seeded(3), seeded(3), seeded(4));
    let names: Vec<&String> = first.keys().collect();
    for name in [
        "config.toml",
        "series.csv",
        "margins.csv",
        "weights.safetensors",
        "claims.json",
    ] {
        assert!(names.iter().any(|known| *known == name), "{names:?}");
    }
    assert!(
        names
            .iter()
            .filter(|name| name.starts_with("figures/"))
            .count()
            >= 5,
        "{names:?}"
    );
    assert_eq!(names, again.keys().collect::<Vec<_>>());
    for (name, bytes) in &first {
        assert!(
            *bytes == again[name],
            "{name} differs between two runs of one seed"
        );
    }
    for name in ["series.csv", "margins.csv", "weights.safetensors"] {
        assert!(
            first[name] != other[name],
            "{name} does not depend on the seed"
        );
    }
}
