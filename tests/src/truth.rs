//! Runs held to what is true of them.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use implicit_bias_data::{Dataset, write_npz_arrays};
use implicit_bias_engine::Precision;
use implicit_bias_lab::RunRecord;
use implicit_bias_lab::config::Settings;
use ndarray::{Array1, Array2};
use serde_json::Value;

use crate::{golden_folder, scratch_run};

/// Rows whose steps were all taken, relative to `max(1, min |q|)`.
const EXACT: f64 = 1e-9;

/// How many of its own estimates a row in log time may be off.
const ESTIMATES: f64 = 10.0;

/// How many of the truth's own uncertainties are granted: twins of it, or its strides of two
/// lengths.
const UNCERTAINTIES: f64 = 10.0;

/// Within this, relative, a limit is the true one.
pub const LIMIT: f64 = 1e-6;

/// A change of the pattern is located by strides to this, relative to its step.
const STRIDE: f64 = 0.05;

/// The examples of `golden/truth/truth.json`, whose README says what each field is.
pub static TRUTH: LazyLock<Value> = LazyLock::new(|| {
    let text = fs::read_to_string(golden_folder().join("truth/truth.json"));
    serde_json::from_str(&text.expect("the file of true values")).expect("JSON")
});

/// Numbers of a JSON array.
fn numbers(value: &Value) -> Vec<f64> {
    let numbers = value.as_array().expect("an array").iter();
    numbers.map(|v| v.as_f64().expect("numbers")).collect()
}

/// A matrix as JSON, a row an array.
fn matrix(value: &Value) -> Array2<f64> {
    let rows: Vec<Vec<f64>> = value
        .as_array()
        .expect("rows")
        .iter()
        .map(numbers)
        .collect();
    let shape = (rows.len(), rows[0].len());
    Array2::from_shape_vec(shape, rows.concat()).expect("rows of one length")
}

/// The settings of one command on an example, with the files that it needs in `folder`.
///
/// # Panics
///
/// If the file of true values is not what it should be.
pub fn true_settings(example: &Value, command: &Value, folder: &Path) -> Settings {
    let mut keys = example["settings"].as_object().expect("keys").clone();
    keys.extend(command.as_object().expect("keys").clone());
    if let Some(problem) = example.get("problem") {
        let (data, init) = (folder.join("data.npz"), folder.join("init.npz"));
        let samples = Dataset::new(matrix(&problem["X"]), Array1::from(numbers(&problem["y"])));
        let samples = samples.expect("valid samples");
        samples.write_npz(&data).expect("a writable folder");
        let blocks = ["W_pos", "W_neg"].map(|name| (name, matrix(&problem[name])));
        let blocks: Vec<_> = blocks
            .iter()
            .map(|(name, w)| (*name, w.view().into_dyn()))
            .collect();
        write_npz_arrays(&init, &blocks).expect("a writable folder");
        keys.insert("data".to_owned(), data.to_string_lossy().into());
        keys.insert("init".to_owned(), init.to_string_lossy().into());
    }
    let mut settings = Settings::default().with("precision", "f64");
    for (key, value) in keys {
        match value {
            Value::String(text) => settings.set(&key, text),
            Value::Bool(switch) => settings.set(&key, switch),
            Value::Number(number) => match number.as_u64() {
                Some(whole) => settings.set(&key, whole),
                None => settings.set(&key, number.as_f64()),
            },
            other => panic!("{key}: expected one value, found {other}"),
        }
    }
    settings
}

/// A run beside the truth, and what is wrong with it.
struct Comparison<'a> {
    example: &'a Value,
    record: RunRecord,
    limit: Value,
    claims: Value,
    wrong: Vec<String>,
}

impl Comparison<'_> {
    fn column(&self, name: &str) -> Vec<f64> {
        let steps = self.record.series.len();
        self.record
            .series
            .column(name)
            .unwrap_or_else(|| vec![0.0; steps])
    }

    /// Adds a fault unless `error` is within `bound`; a NaN is not.
    fn within(&mut self, what: &str, step: f64, error: f64, bound: f64) {
        let small = error <= bound;
        if !small {
            self.wrong.push(format!(
                "{what} at step {step:e}: off by {error:.2e}, over {bound:.2e}"
            ));
        }
    }

    /// Every recorded step of which the truth is known.
    fn rows(&mut self, rows: &str, far: bool) {
        let (steps, norms) = (self.column("step"), self.column("weight_norm"));
        let (losses, estimates) = (self.column("log_loss"), self.column("error_estimate"));
        let mut worst = (0.0_f64, 0.0, 0.0);
        for truth in self.example[rows].as_array().expect("rows") {
            let step = truth["step"].as_f64().expect("a step");
            let Some(at) = steps.iter().position(|&found| found == step) else {
                continue;
            };
            let true_norm = truth["weight_norm"].as_f64().expect("a norm");
            if true_norm == 0.0 {
                continue;
            }
            let q = numbers(&truth["margins"]);
            let scale = q
                .iter()
                .fold(f64::INFINITY, |least, q| least.min(q.abs()))
                .max(1.0);
            let found = self.record.margins.rows()[at][1..]
                .iter()
                .map(|r| r * norms[at]);
            let error = found.zip(&q).map(|(found, q)| (found - q).abs());
            // `f64::max` would lose a NaN.
            let error = error.fold(0.0, |a: f64, b| if b <= a { a } else { b }) / scale;
            let apart = truth["apart"].as_f64().unwrap_or(0.0);
            let own = if estimates[at] == 0.0 {
                EXACT
            } else {
                ESTIMATES * estimates[at]
            };
            let bound = own + UNCERTAINTIES * apart;
            if error / bound >= worst.0 {
                worst = (error / bound, error, step);
            }
            self.within("margins", step, error, bound);
            let log_loss = truth["log_loss"].as_f64().expect("a loss");
            self.within(
                "log loss",
                step,
                (losses[at] - log_loss).abs(),
                2.0 * bound * scale,
            );
            if estimates[at] == 0.0 && !far {
                let error = (norms[at] / true_norm - 1.0).abs();
                self.within("weight norm", step, error, bound);
                self.ranks(truth, at, step, bound);
            }
        }
        let (ratio, error, step) = worst;
        println!("  {rows}: margins off by {error:.1e} at step {step:e}, {ratio:.1e} of the bound");
    }

    /// Stable ranks of a row whose steps were all taken.
    fn ranks(&mut self, truth: &Value, at: usize, step: f64, bound: f64) {
        for name in ["stable_rank_pos", "stable_rank_neg", "stable_rank"] {
            if let Some(rank) = truth[name].as_f64() {
                let error = (self.column(name)[at] / rank - 1.0).abs();
                self.within(name, step, error, 10.0 * bound);
            }
        }
    }

    /// Steps are whole, and nothing is infinite.
    fn tables(&mut self) {
        if let Some(step) = self.column("step").iter().find(|step| step.fract() != 0.0) {
            self.wrong.push(format!("step {step:?} is no integer"));
        }
        for (table, series) in [
            ("margins", &self.record.margins),
            ("series", &self.record.series),
        ] {
            for row in series.rows() {
                let infinite = row
                    .iter()
                    .zip(series.columns())
                    .find(|(v, _)| v.is_infinite());
                if let Some((value, column)) = infinite {
                    let fault = format!("{table}: {column} is {value} at step {:e}", row[0]);
                    self.wrong.push(fault);
                }
            }
        }
    }

    /// No verdict is the opposite of the truth.
    fn verdicts(&mut self) {
        let last = self.column("step").last().copied().expect("a row");
        let change = self.example["last_same_sign_change"]
            .as_f64()
            .expect("a step");
        let must_break = self.limit["consistent"] == Value::Bool(false);
        for claim in self.claims.as_array().expect("claims").clone() {
            let id = claim["id"].as_str().expect("an id");
            let block = claim["block"]
                .as_str()
                .map(|b| format!(" {b}"))
                .unwrap_or_default();
            let name = format!("{id}{block}");
            let truth = self.example["claims"].get(&name).and_then(Value::as_bool);
            let verdict = claim["verdict"].as_str().expect("a verdict");
            println!("  {name}: {verdict}; in truth {truth:?}");
            let opposite = match (id, truth, verdict) {
                // Every pattern here comes to rest. Where the limit program says that this one has
                // not, and it has not, the run does not support what it sees.
                ("alignment", _, "refuted") => true,
                ("alignment", _, "supported") => must_break && last < change * (1.0 - STRIDE),
                (_, Some(true), "refuted") | (_, Some(false), "supported") => true,
                _ => false,
            };
            if opposite {
                self.wrong
                    .push(format!("{name} is {verdict}: {}", claim["reason"]));
            }
        }
    }

    /// What is proven is true: the limit, and that no same-sign pair changes any more.
    fn proof(&mut self) {
        let proven = self.limit["proven"].as_bool().unwrap_or(false);
        println!("  certificate: {}", self.limit["certificate"]);
        if !proven {
            return;
        }
        let end = &self.example["end"];
        if end.is_null() || !self.example["dead"].as_array().expect("samples").is_empty() {
            self.wrong
                .push(format!("a limit is proven: {}", self.limit));
            return;
        }
        let margins = numbers(&end["normalized_margins"]);
        let least = margins.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = margins.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let rank = |name: &str| end[name].as_f64();
        for (name, truth) in [
            ("stable_rank_pos", rank("stable_rank_pos")),
            ("stable_rank_neg", rank("stable_rank_neg")),
            ("stable_rank", rank("stable_rank")),
            ("normalized_margin_min", Some(least)),
            ("normalized_margin_max", Some(largest)),
        ] {
            let found = self.limit[name].as_f64();
            println!("  proven {name}: {found:?}; in truth {truth:?}");
            let equal = match (found, truth) {
                (Some(found), Some(truth)) => (found - truth).abs() <= LIMIT * truth.abs(),
                (found, truth) => found == truth,
            };
            if !equal {
                self.wrong.push(format!(
                    "{name} is proven to be {found:?}, in truth {truth:?}"
                ));
            }
        }
        let text = self.limit["certificate"].as_str().unwrap_or_default();
        let step = text.split("proven from step ").nth(1).and_then(|rest| {
            let end = rest.find(|c: char| !(c.is_ascii_digit() || ".e+".contains(c)));
            rest[..end.unwrap_or(rest.len())]
                .trim_end_matches('.')
                .parse::<f64>()
                .ok()
        });
        let change = self.example["last_same_sign_change"]
            .as_f64()
            .expect("a step");
        if step.is_some_and(|step| step < change * (1.0 - STRIDE)) {
            self.wrong.push(format!(
                "{text}, but a same-sign pair changes at step {change:e}"
            ));
        }
    }
}

/// Holds all commands on an example that ask for this precision to the truth.
///
/// A process computes in one precision.
///
/// # Panics
///
/// If anything is false of any of them.
pub fn hold_to_truth(name: &str, precision: Precision) {
    let example = &TRUTH[name];
    assert!(example.is_object(), "no example `{name}` in truth.json");
    println!("{name}: {}", example["what"]);
    let mut wrong = Vec::new();
    for command in example["runs"].as_array().expect("commands") {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let settings = true_settings(example, command, folder.path());
        if settings.text("precision") != Some(&precision.to_string()) {
            continue;
        }
        println!(" {command}");
        let (_scratch, record) = scratch_run(&settings).expect("a valid command");
        let json = |file: &str| -> Value {
            let text = fs::read_to_string(record.path.join(file)).expect("a file of the run");
            serde_json::from_str(&text).expect("JSON")
        };
        println!("  {}", record.manifest.notes.join("; "));
        let mut comparison = Comparison {
            example,
            limit: json("limit.json"),
            claims: json("claims.json"),
            record,
            wrong: Vec::new(),
        };
        comparison.tables();
        // Single precision is held to its verdicts: its rows are those of its own rounding.
        if precision == Precision::F64 {
            comparison.rows("rows", false);
            comparison.rows("far", true);
        }
        comparison.verdicts();
        comparison.proof();
        wrong.extend(
            comparison
                .wrong
                .iter()
                .map(|fault| format!("{command}: {fault}")),
        );
    }
    assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
}
