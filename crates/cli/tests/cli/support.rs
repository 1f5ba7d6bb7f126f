//! Running the program, and comparing what it prints with what it is known to print.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use implicit_bias_data::write_npz_arrays;
use ndarray::{Array1, Array2};
use tempfile::TempDir;

/// A short run, with everything a run leaves.
pub const TRAIN: [&str; 11] = [
    "train",
    "--dim",
    "60",
    "--samples",
    "6",
    "--width",
    "4",
    "--steps",
    "2000",
    "--seed",
    "5",
];

/// The files of a finished run.
pub const LEFT: [&str; 11] = [
    "checkpoint",
    "claims.json",
    "claims.md",
    "claims.tex",
    "config.toml",
    "limit.json",
    "manifest.json",
    "margins.csv",
    "report.html",
    "series.csv",
    "weights.safetensors",
];

/// What a finished command left.
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub time: Duration,
}

impl Outcome {
    /// Asserts success.
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "stderr: {}", self.stderr);
        self
    }

    /// Stdout as the one JSON value it must be.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!("stdout is not one JSON value: {error}\n{}", self.stdout)
        })
    }
}

/// The program, in a folder, with nothing of the caller's terminal.
pub fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_implicit-bias"));
    command
        .current_dir(folder)
        .env("COLUMNS", "100")
        .env_remove("RUST_BACKTRACE")
        .stdin(Stdio::null());
    command
}

/// Runs the program in a folder.
pub fn run(folder: &Path, arguments: &[&str]) -> Outcome {
    finish(program(folder).args(arguments))
}

/// Runs a command to its end.
pub fn finish(command: &mut Command) -> Outcome {
    let clock = Instant::now();
    let output = command.output().expect("the program starts");
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        time: clock.elapsed(),
    }
}

/// Runs [`TRAIN`] with more flags and returns its JSON.
pub fn train(folder: &Path, more: &[&str]) -> serde_json::Value {
    let arguments: Vec<&str> = TRAIN
        .iter()
        .chain(more)
        .copied()
        .chain(["--json"])
        .collect();
    run(folder, &arguments).ok().json()
}

/// The text of a file.
pub fn read(path: PathBuf) -> String {
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Four samples in twenty dimensions, two of each class, none of them orthogonal.
pub fn samples() -> (Array2<f64>, Array1<f64>) {
    let entry = |(i, j): (usize, usize)| ((3 * i + 1) as f64 * (j + 2) as f64).sin();
    let x = Array2::from_shape_fn((4, 20), entry);
    (x, Array1::from(vec![1.0, -1.0, 1.0, -1.0]))
}

/// Small weights of no symmetry.
pub fn weights((width, dim): (usize, usize)) -> Array2<f64> {
    Array2::from_shape_fn((width, dim), |(k, j)| {
        0.01 * ((7 * k + 5 * j + 3) as f64).cos()
    })
}

/// Writes `X` and `y`.
pub fn write_data<D: ndarray::Dimension, E: ndarray::Dimension>(
    path: PathBuf,
    x: &ndarray::Array<f64, D>,
    y: &ndarray::Array<f64, E>,
) {
    let arrays = [("X", x.view().into_dyn()), ("y", y.view().into_dyn())];
    write_npz_arrays(path, &arrays).expect("a writable folder");
}

/// Writes `W_pos` and `W_neg`.
pub fn write_init(path: PathBuf, pos: &Array2<f64>, neg: &Array2<f64>) {
    let arrays = [
        ("W_pos", pos.view().into_dyn()),
        ("W_neg", neg.view().into_dyn()),
    ];
    write_npz_arrays(path, &arrays).expect("a writable folder");
}

/// Compares text with `snapshots/<name>.txt`; with `UPDATE_SNAPSHOTS` set, writes it instead.
pub fn snapshot(name: &str, text: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/snapshots");
    let path = folder.join(name).with_extension("txt");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, text).expect("a writable snapshot");
        return;
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    let line = known
        .lines()
        .zip(text.lines())
        .position(|(known, found)| known != found);
    let line = line.unwrap_or(known.lines().count().min(text.lines().count()));
    assert!(
        known == text,
        "{name} changed at line {}:\n  known: {:?}\n  found: {:?}\nIf that is meant, run the tests \
         with UPDATE_SNAPSHOTS=1 and review the difference.",
        line + 1,
        known.lines().nth(line),
        text.lines().nth(line),
    );
}
