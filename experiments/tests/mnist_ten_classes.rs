//! The experiment on ten classes, whole, on small images made here.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use implicit_bias_lab::RunRecord;

const CLASSES: usize = 10;
const SIDE: usize = 6;

/// A new folder for a test.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // Left by an earlier run of the tests, if at all.
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn idx(path: &Path, sizes: &[usize], bytes: &[u8]) {
    let mut content = vec![0, 0, 8, sizes.len() as u8];
    for &size in sizes {
        content.extend((size as u32).to_be_bytes());
    }
    content.extend(bytes);
    std::fs::write(path, content).unwrap();
}

/// Images of ten classes in the form of MNIST: bright where their class says, and a little
/// elsewhere.
fn images(dir: &Path, part: &str, per_class: usize) {
    let count = CLASSES * per_class;
    let mut pixels = Vec::new();
    let mut labels = Vec::new();
    for sample in 0..count {
        let class = sample % CLASSES;
        labels.push(class as u8);
        for pixel in 0..SIDE * SIDE {
            let noise = (sample * 7919 + pixel * 104_729) % 83;
            let bright = pixel % CLASSES == class || pixel == class + 20;
            pixels.push((noise + if bright { 170 } else { 0 }) as u8);
        }
    }
    let images = dir.join(format!("{part}-images-idx3-ubyte"));
    idx(&images, &[count, SIDE, SIDE], &pixels);
    idx(
        &dir.join(format!("{part}-labels-idx1-ubyte")),
        &[count],
        &labels,
    );
}

fn experiment(flags: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mnist_ten_classes"))
        .args(flags)
        .output()
        .unwrap()
}

/// The run directories of a study.
fn runs(out: &Path) -> Vec<PathBuf> {
    let entries = out.join("runs").read_dir().unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Runs the experiment on four samples a class.
fn small(data: &Path, out: &Path, seed: &str) -> Output {
    let [data, out] = [data, out].map(|path| path.to_str().unwrap());
    experiment(&[
        "--data-dir",
        data,
        "--out",
        out,
        "--seed",
        seed,
        "--per-class",
        "4",
        "--width",
        "6",
        "--steps",
        "2000",
        "--step-size",
        "1",
    ])
}

#[test]
fn trains_both_networks_and_leaves_tables_figures_and_a_report() {
    let root = folder("ten-classes");
    let data = root.join("data");
    std::fs::create_dir(&data).unwrap();
    images(&data, "train", 9);
    images(&data, "t10k", 5);
    let out = root.join("out");
    let output = small(&data, &out, "0");
    let said = String::from_utf8(output.stdout).unwrap();
    let complained = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}{complained}");
    for words in ["held-out accuracy", "report.html"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let directories = runs(&out);
    assert_eq!(directories.len(), 2);
    for run in &directories {
        let record = RunRecord::read(run).unwrap();
        assert!(record.claims.is_empty());
        let classes = record.manifest.data.classes.as_ref().unwrap();
        let (classes, names) = (classes.class_numbers(), &classes.names);
        assert_eq!((classes.len(), names[3].as_str()), (40, "3"));
        let (series, margins) = (&record.series, &record.margins);
        let last = |column: &str| series.last(column).unwrap();
        assert_eq!((last("step"), last("accuracy")), (2000.0, 1.0));
        // Before the first step all scores are near 0: the loss is log 10.
        let start = series.column("loss").unwrap()[0];
        assert!((start - 10f64.ln()).abs() < 1e-3, "{start}");
        assert!(last("loss") < 0.1 * start);
        let row = &margins.rows()[margins.len() - 1][1..];
        for class in 0..CLASSES {
            let own = || (0..40).filter(|&sample| classes[sample] == class);
            assert_eq!(own().count(), 4);
            let low = own()
                .map(|sample| row[sample])
                .fold(f64::INFINITY, f64::min);
            let high = own().map(|sample| row[sample]).fold(0.0, f64::max);
            assert_eq!(last(&format!("margin_min_{class}")), low);
            assert_eq!(last(&format!("margin_max_{class}")), high);
            assert!((1.0..6.0 + 1e-12).contains(&last(&format!("stable_rank_{class}"))));
        }
    }
    for name in ["stable-rank", "margins", "margin-gap"] {
        let svg = text(&out.join(format!("figures/mnist_ten_classes-{name}.svg")));
        assert!(
            svg.starts_with("<svg") && svg.contains("leaky ReLU"),
            "{name}"
        );
    }
    let report = text(&out.join("report.html"));
    for words in [
        "makes no claim about several classes",
        "activation patterns",
        "gap of growth",
    ] {
        assert!(report.contains(words), "{words}");
    }
    assert!(!report.contains("An independent reproduction of"));

    let other = root.join("other");
    assert_eq!(small(&data, &other, "1").status.code(), Some(0));
    let series = |out: &Path| text(&runs(out)[0].join("series.csv"));
    assert_ne!(series(&out), series(&other));
}

#[test]
fn what_is_not_there_or_makes_no_sense_is_said_with_exit_code_2() {
    let root = folder("ten-classes-refused");
    let missing = root.join("nothing");
    let out = root.join("out");
    let refused = |flags: &[&str], words: &str| {
        let output = experiment(&[flags, &["--out", out.to_str().unwrap()]].concat());
        let complained = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{complained}");
        assert!(complained.contains(words), "{words}: {complained}");
    };
    let absent = ["--data-dir", missing.to_str().unwrap()];
    refused(&absent, "fetch mnist");
    let data = root.join("data");
    std::fs::create_dir(&data).unwrap();
    images(&data, "train", 3);
    images(&data, "t10k", 1);
    let data = ["--data-dir", data.to_str().unwrap()];
    for (flag, value, words) in [
        ("--per-class", "4", "expected at most 3"),
        (
            "--per-class",
            "0",
            "per-class: expected at least 1 sample of each class, found 0",
        ),
        (
            "--width",
            "0",
            "width: expected at least 1 neuron a block, found 0",
        ),
        ("--step-size", "-1", "step-size: expected a positive"),
        ("--steps", "0.5", "--steps"),
    ] {
        refused(&[&data[..], &[flag, value]].concat(), words);
    }
}
