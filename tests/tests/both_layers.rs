//! Two layers that are both trained, on trajectories of independent programs: Min, Mallada & Vidal
//! (2307.12851) and Tsoy & Konstantinov (2405.17299).
//!
//! Errors are relative to the largest entry of what is compared. Measured on x86-64 with AVX2:
//!
//! | file | weights of both layers, loss and norms |
//! |---|---|
//! | `both_layers` (of this package) | 1.0e-15 |
//! | `alignment/visible_balanced` | 1.1e-15 |
//! | `alignment/visible_gaussian` | GG |
//! | `simplicity/visible_evo` | 1.8e-15 |
//! | `simplicity/visible_random` | 1.5e-15 |

use std::path::{Path, PathBuf};

use implicit_bias_data::{read_npz_arrays, write_npz_arrays};
use implicit_bias_engine::drive;
use implicit_bias_lab::Prepared;
use implicit_bias_lab::config::{RunConfig, Settings};
use implicit_bias_record::Series;
use implicit_bias_tests::{golden_folder, shared_reference_folder};
use ndarray::{ArrayD, ArrayView1, Axis};

/// Everything agrees within this.
const TOLERANCE: f64 = 1e-9;

/// The schedule of the authors' program for four neurons, over 2¹⁵ epochs.
const AUTHORS_SCHEDULE: &str = "0:512,12:1,8192:1+32*(t/8192-1),16384:1+32*2^((t-16384)/512)";

fn array(path: &Path, name: &str) -> ArrayD<f64> {
    let [array] = read_npz_arrays(path, [name]).expect("a reference file");
    array
}

fn number(path: &Path, name: &str) -> f64 {
    array(path, name).sum()
}

/// A run of a reference file with its recorded steps.
struct Reference {
    file: PathBuf,
    settings: Settings,
    steps: Vec<f64>,
    largest: f64,
}

impl Reference {
    /// The run of a file with these arrays of labels and of initial outer weights.
    fn new(file: PathBuf, folder: &Path, [labels, outer]: [&str; 2], settings: Settings) -> Self {
        let (data, init) = (folder.join("data.npz"), folder.join("init.npz"));
        let [x, y, w, v] = ["X", labels, "W0", outer].map(|name| array(&file, name));
        write_npz_arrays(&data, &[("X", x.view()), ("y", y.view())]).expect("written");
        let width = v.len();
        let v = v
            .into_shape_with_order((1, width))
            .expect("a row")
            .into_dyn();
        let blocks = [("W_hidden", w.view()), ("W_outer", v.view())];
        write_npz_arrays(&init, &blocks).expect("written");
        let settings = settings
            .with("data", data)
            .with("init", init)
            .with("network", "two-layer-both")
            .with("activation", "relu")
            .with("precision", "f64")
            .with("neurons", true);
        let steps: Vec<f64> = array(&file, "steps").into_iter().collect();
        Self {
            settings: settings.with("steps", steps[steps.len() - 1]),
            steps,
            file,
            largest: 0.0,
        }
    }

    /// Holds a row of the file to what was found, relative to its largest entry.
    fn hold(&mut self, what: &str, step: f64, found: &[f64], wanted: ArrayView1<'_, f64>) {
        assert_eq!(found.len(), wanted.len(), "{what}");
        let size = wanted.iter().fold(0.0, |most: f64, w| most.max(w.abs()));
        for (found, wanted) in found.iter().zip(wanted) {
            let apart = (found - wanted).abs() / if size > 0.0 { size } else { 1.0 };
            let file = self.file.display();
            assert!(
                apart <= TOLERANCE,
                "{file}: {what} at {step}: off by {apart:e}"
            );
            self.largest = self.largest.max(apart);
        }
    }

    /// Takes the steps and gives the recorded rows; holds both layers to arrays of the file.
    fn run(&mut self, [hidden, outer]: [&str; 2]) -> Series {
        let config = RunConfig::resolve(&self.settings).expect("valid settings");
        let prepared = Prepared::new(&config).expect("a valid problem");
        let mut engine = prepared.engine(&config, 1).expect("an engine").engine;
        let layers = [hidden, outer].map(|name| array(&self.file, name));
        let mut rows: Option<Series> = None;
        for (row, step) in self.steps.clone().into_iter().enumerate() {
            let found = drive(engine.as_mut(), &[step], &mut ()).expect("steps");
            let weights = engine.weights();
            for (block, wanted) in weights.blocks().iter().zip(&layers) {
                let found: Vec<f64> = block.1.iter().copied().collect();
                let wanted: ndarray::Array1<f64> =
                    wanted.index_axis(Axis(0), row).iter().copied().collect();
                self.hold(&block.0, step, &found, wanted.view());
            }
            let found = found.series;
            let all = rows.get_or_insert_with(|| Series::new(found.columns().to_vec()));
            all.push(found.rows()[0].clone());
        }
        rows.expect("at least one step")
    }

    /// Holds columns to arrays of the file, one number a recorded step.
    fn columns(&mut self, rows: &Series, pairs: &[(&str, &str)]) {
        for (column, name) in pairs {
            let found = rows.column(column).expect("a column");
            let wanted = array(&self.file, name);
            for (row, wanted) in wanted.iter().enumerate() {
                let wanted = ndarray::arr1(&[*wanted]);
                self.hold(column, self.steps[row], &found[row..=row], wanted.view());
            }
        }
    }

    fn report(&self) {
        let name = self.file.file_name().unwrap_or_default().display();
        println!("{name}: largest relative error {:.1e}", self.largest);
    }
}

fn folder_of(system: &str) -> Option<PathBuf> {
    let folder = shared_reference_folder().map(|folder| folder.join(system));
    if folder.is_none() {
        println!("skipped: there is no folder ../shared/reference beside the repository");
    }
    folder
}

/// How many neurons are in a set, of the numbers of a file: 0 other, 1 `S₊`, 2 `S₋`, 3 dead.
fn in_set(sets: &ArrayD<f64>, row: usize, set: f64) -> f64 {
    let row = sets.index_axis(Axis(0), row);
    row.iter().filter(|found| **found == set).count() as f64
}

/// In 50 digits: a sum of exponential losses, and a mean of logistic ones under a schedule of every
/// kind of piece.
#[test]
fn both_layers_descend_by_their_definition_in_50_digits() {
    let file = golden_folder().join("both_layers.npz");
    let schedule = "0:4,5:1,50:1+t/50,200:2^((t-200)/40)";
    for (run, loss, reduction, schedule) in [
        ("exponential", "exponential", "sum", None),
        ("scheduled", "logistic", "mean", Some(schedule)),
    ] {
        let place = tempfile::tempdir().expect("a temporary folder");
        let settings = Settings::default()
            .with("loss", loss)
            .with("reduction", reduction)
            .with("step-schedule", schedule)
            .with("step-size", number(&file, &format!("{run}_step_size")));
        let labels = ["y", "v0"];
        let mut reference = Reference::new(file.clone(), place.path(), labels, settings);
        let name = |array: &str| format!("{run}_{array}");
        let rows = reference.run([&name("W"), &name("outer")]);
        reference.columns(&rows, &[("loss", &name("loss"))]);
        let imbalance = array(&reference.file, &name("imbalance"));
        let found = rows.column("imbalance").expect("a column");
        for (found, wanted) in found.iter().zip(&imbalance) {
            assert!((found - wanted).abs() < 1e-13, "{found} {wanted}");
        }
        reference.report();
    }
}

#[test]
fn early_alignment_is_that_of_the_reference() {
    let Some(folder) = folder_of("alignment") else {
        return;
    };
    for (name, loss, reduction) in [
        ("visible_balanced", "exponential", "sum"),
        ("visible_gaussian", "logistic", "mean"),
    ] {
        let file = folder.join(name).with_extension("npz");
        let place = tempfile::tempdir().expect("a temporary folder");
        let settings = Settings::default()
            .with("loss", loss)
            .with("reduction", reduction)
            .with("step-size", number(&file, "step_size"));
        let mut reference = Reference::new(file, place.path(), ["y", "v0"], settings);
        let rows = reference.run(["W", "outer"]);
        reference.columns(
            &rows,
            &[
                ("loss", "loss"),
                ("norm_hidden", "weight_norm"),
                ("spectral_norm_hidden", "spectral_norm"),
                ("stable_rank_hidden", "stable_rank"),
                ("norm_outer", "outer_norm"),
            ],
        );
        let sets = array(&reference.file, "neuron_set");
        let cosines = array(&reference.file, "cos_own_centre");
        let [imbalance, outer] = ["imbalance", "outer"].map(|name| array(&reference.file, name));
        let mu = number(&reference.file, "mu");
        let norms = rows.column("norm_hidden").expect("a column");
        for (row, &norm) in norms.iter().enumerate() {
            let column = |name: &str| rows.column(name).expect("a column")[row];
            for (name, set) in [("plus", 1.0), ("minus", 2.0), ("dead", 3.0), ("other", 0.0)] {
                let found = column(&format!("neurons_{name}"));
                assert_eq!(found, in_set(&sets, row, set), "{name} in row {row}");
            }
            // The file groups neurons by the initial sign of their outer weight.
            let signs = |row| outer.index_axis(Axis(0), row).mapv(f64::signum);
            if column("neurons_dead") == 0.0 && signs(row) == signs(0) {
                let of_row = cosines.index_axis(Axis(0), row);
                let least = of_row.iter().copied().fold(1.0, f64::min);
                assert!((column("own_centre_cosine_min") - least).abs() < TOLERANCE);
            }
            // A difference of squares: relative to them.
            let apart = (column("imbalance") - imbalance.as_slice().expect("a row")[row]).abs();
            assert!(apart < TOLERANCE * norm * norm, "{apart:e}");
            assert!((column("signed_cosine_min") - mu).abs() < 1e-13);
        }
        reference.report();
    }
}

#[test]
fn simplicity_bias_is_that_of_the_reference() {
    let Some(folder) = folder_of("simplicity") else {
        return;
    };
    for (name, schedule) in [
        ("visible_evo", Some(AUTHORS_SCHEDULE)),
        ("visible_random", None),
    ] {
        let file = folder.join(name).with_extension("npz");
        let place = tempfile::tempdir().expect("a temporary folder");
        let settings = Settings::default()
            .with("labels", "zero-one")
            .with("step-size", number(&file, "lr0"))
            .with("step-schedule", schedule);
        let mut reference = Reference::new(file, place.path(), ["y01", "a0"], settings);
        let rows = reference.run(["W", "a"]);
        reference.columns(&rows, &[("log_loss", "log_loss")]);
        let margins = array(&reference.file, "margin");
        let deviations = array(&reference.file, "axis_deviation");
        for row in 0..reference.steps.len() {
            let column = |name: &str| rows.column(name).expect("a column")[row];
            let margin = margins.as_slice().expect("a row")[row];
            assert!(
                (column("margin_min") - margin).abs() < TOLERANCE,
                "row {row}"
            );
            let mut angles: Vec<f64> = deviations
                .index_axis(Axis(0), row)
                .iter()
                .copied()
                .collect();
            angles.sort_by(f64::total_cmp);
            let largest = angles[angles.len() - 1];
            assert!(
                (column("axis_angle_max") - largest).abs() < TOLERANCE,
                "row {row}"
            );
            let half = angles.len() / 2;
            let median = 0.5 * (angles[half - 1] + angles[half]);
            assert!(
                (column("axis_angle_50") - median).abs() < TOLERANCE,
                "row {row}"
            );
        }
        reference.report();
    }
}

/// The step sizes of the authors' program as formulas.
#[test]
fn the_schedule_of_the_reference_is_a_formula() {
    let Some(folder) = folder_of("simplicity") else {
        return;
    };
    let file = folder.join("visible_evo.npz");
    let schedule: implicit_bias_engine::FormulaSchedule = AUTHORS_SCHEDULE.parse().unwrap();
    let [steps, sizes] = ["steps", "lr_at_steps"].map(|name| array(&file, name));
    for (step, size) in steps.iter().zip(&sizes) {
        let found = number(&file, "lr0") * schedule.at(*step as u64);
        // Step 32768 is past the last one, whose size the file repeats otherwise.
        let is_past = *step == number(&file, "T");
        assert!(
            is_past || (found / size - 1.0).abs() < 1e-15,
            "{step}: {found}"
        );
    }
}
