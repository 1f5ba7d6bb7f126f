//! The bytes of run directories: a change of the code that is to change no number changes no byte.
//!
//! `tests/golden/run_directories.txt` has a line a file: its run, its name, the SHA-256 of its
//! content. Times and the commit are left out, nothing else. Where a change is meant, write the
//! file again with `IMPLICIT_BIAS_WRITE_GOLDEN=1 cargo test -p implicit-bias --test cli bytes`.
//!
//! The last bits of exponentials and of long sums depend on the processor and the system's library:
//! the first line is a hash of such numbers, and on a machine that has others only the files
//! without them are compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use implicit_bias_output::{Hasher, sha256};
use serde_json::Value;

use crate::support::{folder, read, run};

const GOLDEN: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/golden/run_directories.txt"
);

/// Files whose bytes are the same on every machine.
const SAME_EVERYWHERE: [&str; 1] = ["config.toml"];

/// A name and flags of `train`.
const RUNS: [(&str, &str); 13] = [
    (
        "mixture",
        "--samples 8 --dim 200 --width 6 --steps 1000 --step-size 0.05 --seed 1",
    ),
    (
        "relu",
        "--synthetic gaussian --samples 6 --dim 30 --width 5 --activation relu --step-size 0.05 \
         --steps 1e4 --seed 2",
    ),
    (
        "log-time",
        "--synthetic gaussian --samples 6 --dim 30 --width 5 --steps 1e30 --step-size 0.05 \
         --seed 3 --exact-steps 1e4",
    ),
    (
        "orthogonal",
        "--synthetic orthogonal --samples 5 --dim 8 --norm 2 --norm-spread 3 --width 4 \
         --activation relu --steps 1e100 --step-size 0.1 --seed 4",
    ),
    (
        "exponential",
        "--synthetic gaussian --samples 6 --dim 20 --width 5 --engine tensor --steps 300 \
         --step-size 0.05 --loss exponential --record 3",
    ),
    (
        "autodiff",
        "--synthetic gaussian --samples 6 --dim 20 --width 5 --engine tensor --gradient autodiff \
         --steps 200 --step-size 0.05",
    ),
    (
        "single-precision",
        "--synthetic gaussian --samples 6 --dim 20 --width 5 --engine tensor --precision f32 \
         --steps 400 --step-size 0.05",
    ),
    (
        "compensated",
        "--synthetic gaussian --samples 6 --dim 20 --width 5 --engine tensor --precision f32 \
         --compensated --steps 400 --step-size 0.05",
    ),
    (
        "prepared",
        "--synthetic gaussian --samples 6 --dim 20 --width 5 --unit-norm --centre --noise 0.1 \
         --steps 2000 --step-size 0.5 --export npz",
    ),
    (
        "large-steps",
        "--synthetic gaussian --samples 6 --dim 20 --width 5 --step-size 1e6 --steps 2000",
    ),
    (
        "more-samples-than-dimensions",
        "--synthetic gaussian --samples 12 --dim 4 --width 3 --activation relu --step-size 0.05 \
         --steps 1e5",
    ),
    (
        "random-labels",
        "--synthetic gaussian --samples 5 --dim 10 --random-labels --width 5 --steps 500 \
         --step-size 0.05 --init-scale 10",
    ),
    (
        "a-score-a-class",
        "--network multi-class --synthetic gaussian --samples 6 --dim 20 --width 5 --steps 300 \
         --step-size 0.05",
    ),
];

/// A hash of numbers whose last bits depend on the machine.
fn arithmetic() -> String {
    let mut hasher = Hasher::default();
    for k in 0..2000 {
        let x = f64::from(k) * 0.037 - 30.0;
        for value in [x.exp(), x.exp().ln_1p(), x.sin(), (x * x + 0.5).ln()] {
            hasher.update(&value.to_bits().to_le_bytes());
        }
        hasher.update(&(x as f32).exp().to_bits().to_le_bytes());
    }
    #[cfg(target_arch = "x86_64")]
    for found in [
        is_x86_feature_detected!("avx512f"),
        is_x86_feature_detected!("avx2"),
        is_x86_feature_detected!("fma"),
    ] {
        hasher.update(&[u8::from(found)]);
    }
    hasher.finish()
}

/// The content of a file without the commit and the times, which differ from run to run.
fn timeless(name: &str, content: Vec<u8>, commit: &str) -> Vec<u8> {
    match name {
        "manifest.json" => {
            let mut manifest: Value = serde_json::from_slice(&content).expect("JSON");
            for key in ["started", "wall_seconds", "commit"] {
                manifest[key].take();
            }
            serde_json::to_vec(&manifest).expect("JSON")
        }
        "report.html" => {
            let text = String::from_utf8(content).expect("UTF-8");
            text.replace(commit, "COMMIT").into_bytes()
        }
        _ => content,
    }
}

/// Every file of a run directory with its hash.
fn hashes(directory: &Path) -> BTreeMap<String, String> {
    let manifest: Value =
        serde_json::from_str(&read(directory.join("manifest.json"))).expect("a manifest");
    let commit = manifest["commit"].as_str().unwrap_or("unknown").to_owned();
    let mut hashes = BTreeMap::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(directory.join(&folder)).expect("a folder") {
            let entry = entry.expect("an entry");
            let name = format!("{folder}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                folders.push(format!("{name}/"));
            } else {
                let content = fs::read(entry.path()).expect("a file");
                hashes.insert(name.clone(), sha256(timeless(&name, content, &commit)));
            }
        }
    }
    hashes
}

#[test]
fn run_directories_keep_their_bytes() {
    let folder = folder();
    let mut found = format!("arithmetic {}\n", arithmetic());
    for (name, flags) in RUNS {
        let flags = flags.split(' ').chain(["--out", name]);
        let arguments: Vec<&str> = ["train"].into_iter().chain(flags).collect();
        let outcome = run(folder.path(), &arguments);
        assert_eq!(outcome.code, Some(0), "{name}: {}", outcome.stderr);
        for (file, hash) in hashes(&folder.path().join(name)) {
            writeln!(found, "{name} {file} {hash}").expect("a string");
        }
    }
    if std::env::var_os("IMPLICIT_BIAS_WRITE_GOLDEN").is_some() {
        fs::write(GOLDEN, &found).expect("a golden file");
    }
    let golden = read(GOLDEN.into());
    let same_machine = golden.lines().next() == found.lines().next();
    if !same_machine {
        println!("skipped: the golden hashes are those of a machine with other last bits");
    }
    let compared = |line: &&str| {
        same_machine
            || SAME_EVERYWHERE
                .iter()
                .any(|file| line.contains(&format!(" {file} ")))
    };
    let files = |text: &str| -> Vec<String> {
        let names = text
            .lines()
            .skip(1)
            .filter_map(|line| line.rsplit_once(' '));
        names.map(|(file, _)| file.to_owned()).collect()
    };
    assert_eq!(
        files(&found),
        files(&golden),
        "the files of a run directory"
    );
    let (new, old) = (
        found.lines().filter(compared),
        golden.lines().filter(compared),
    );
    let changed: Vec<&str> = new
        .zip(old)
        .filter(|(a, b)| a != b)
        .map(|(a, _)| a)
        .collect();
    assert!(
        changed.is_empty(),
        "other bytes than before:\n{}",
        changed.join("\n")
    );
}
