//! Two layers that are both trained: laws of initial weights, schedules of step sizes, neurons.

use std::path::Path;

use crate::support::{folder, read, run};

/// A short run of four neurons on two crossing lines.
const FOUR: &str = "train --network two-layer-both --activation relu --width 4 \
                    --synthetic crossing-lines --samples 16 --cluster-symmetry symmetric \
                    --init-law axes --axis-scales 1,0.1,0.001,0.01 --init-scale 0.01 \
                    --step-schedule 0:8,12:1,20:1+0.5*(t-20) --neurons";

fn command(folder: &Path, words: &str) -> crate::support::Outcome {
    let arguments: Vec<&str> = words.split_whitespace().collect();
    run(folder, &arguments)
}

fn refused(folder: &Path, words: &str) -> String {
    let outcome = command(folder, words);
    assert_eq!(outcome.code, Some(2), "{words}: {}", outcome.stderr);
    outcome.stderr
}

#[test]
fn a_run_goes_on_along_its_schedule_to_the_same_bytes() {
    let folder = folder();
    command(folder.path(), &format!("{FOUR} --steps 40 --out whole")).ok();
    command(folder.path(), &format!("{FOUR} --steps 25 --out parts")).ok();
    command(folder.path(), "resume parts --steps 40").ok();
    for file in ["config.toml", "series.csv", "margins.csv", "claims.json"] {
        let [whole, parts] = ["whole", "parts"].map(|run| read(folder.path().join(run).join(file)));
        assert_eq!(whole, parts, "{file}");
    }
    let [whole, parts] = ["whole", "parts"]
        .map(|run| std::fs::read(folder.path().join(run).join("weights.safetensors")).unwrap());
    assert_eq!(whole, parts);
    let series = read(folder.path().join("whole/series.csv"));
    for column in ["neurons_misplaced", "line_angle_95", "imbalance"] {
        assert!(series.lines().next().unwrap().contains(column), "{series}");
    }
    // The configuration makes the run again.
    command(folder.path(), "train whole/config.toml --out again").ok();
    let again = read(folder.path().join("again/series.csv"));
    assert_eq!(again, series);
}

/// A network that steps by its own formulas, looked at after every step, steps along the schedule too.
#[test]
fn a_formula_and_a_table_of_the_same_sizes_take_the_same_steps() {
    let folder = folder();
    let stops = "train --samples 5 --dim 20 --width 4 --steps 40 --engine tensor --loss hinge \
                 --stop zero-loss";
    let weights = ["--step-schedule 0:1,10:0.5", "--step-table 10:0.05", ""].map(|sizes| {
        command(folder.path(), &format!("{stops} {sizes} --out run")).ok();
        let weights = std::fs::read(folder.path().join("run/weights.safetensors")).unwrap();
        std::fs::remove_dir_all(folder.path().join("run")).unwrap();
        weights
    });
    assert_eq!(weights[0], weights[1]);
    assert_ne!(weights[0], weights[2]);
}

#[test]
fn what_is_the_default_is_not_written_and_flags_drop_what_they_replace() {
    let folder = folder();
    let plain = "train --network two-layer-both --samples 4 --dim 6 --width 4 --steps 3";
    command(folder.path(), &format!("{plain} --out plain")).ok();
    let asked = format!("{plain} --init-law gaussian --neurons=false --out asked");
    command(folder.path(), &asked).ok();
    let [plain, asked] = ["plain", "asked"].map(|run| {
        let config = read(folder.path().join(run).join("config.toml"));
        (config, read(folder.path().join(run).join("series.csv")))
    });
    assert_eq!(plain, asked);
    for key in ["init-law", "neurons", "step-schedule"] {
        assert!(!plain.0.contains(key), "{}", plain.0);
    }
    command(folder.path(), &format!("{FOUR} --steps 3 --out four")).ok();
    let balanced = "train four/config.toml --init-law balanced --out balanced";
    command(folder.path(), balanced).ok();
    let config = read(folder.path().join("balanced/config.toml"));
    assert!(config.contains("init-law = \"balanced\"") && !config.contains("axis-scales"));
    let from_file = "train four/config.toml --init four/weights.safetensors --out from";
    command(folder.path(), from_file).ok();
    let config = read(folder.path().join("from/config.toml"));
    assert!(!config.contains("init-law") && !config.contains("axis-scales"));
    command(
        folder.path(),
        "train from/config.toml --init-law axes --out drawn",
    )
    .ok();
    let config = read(folder.path().join("drawn/config.toml"));
    assert!(config.contains("init-law = \"axes\"") && !config.contains("init = "));
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    let folder = folder();
    let both = "train --network two-layer-both --steps 30 --width 3 --samples 4 --dim 6";
    std::fs::write(folder.path().join("w.npz"), "no archive").unwrap();
    for (words, said) in [
        (
            format!("{both} --step-schedule 0:x"),
            "step-schedule: expected rising steps, each with a formula of t that is positive",
        ),
        (
            format!("{both} --step-schedule 0:10-t"),
            "found -19 at step 29",
        ),
        (
            format!("{both} --step-schedule 5:1,5:2"),
            "after a later or the same step",
        ),
        (
            format!("{both} --optimizer polyak --step-schedule 0:2"),
            "step-schedule: expected no such key",
        ),
        (
            "train --engine gram --step-schedule 0:2".to_owned(),
            "engine: expected tensor: Gram coordinates are for a constant step size",
        ),
        (
            format!("{both} --init-law tiny"),
            "possible values: gaussian, balanced, uniform-fan-in, axes",
        ),
        (
            format!("{both} --init-law balanced --init w.npz"),
            "--init-law",
        ),
        (
            "train --network linear --init-law balanced".to_owned(),
            "init-law: expected a law for this network: balanced is for a hidden block",
        ),
        (
            format!("{both} --axis-scales 1,2,3"),
            "axis-scales: expected init-law axes",
        ),
        (
            format!("{both} --init-law axes --axis-scales 1,2"),
            "axis-scales: expected one number a neuron, 3, the width, found 2",
        ),
        (
            "train --network linear --neurons".to_owned(),
            "neurons: expected network two-layer-both",
        ),
        (
            "train --synthetic crossing-lines --samples 10".to_owned(),
            "samples: expected a multiple of 4",
        ),
        (
            "train --synthetic equiangular --samples 6 --dim 6".to_owned(),
            "dim: expected at least 7",
        ),
        (
            "train --synthetic equiangular --cosine 1".to_owned(),
            "cosine: expected a number in [0, 1)",
        ),
    ] {
        let error = refused(folder.path(), &words);
        assert!(error.contains(said), "{words}: {error}");
    }
}

#[test]
fn sweeps_vary_laws_and_schedules() {
    let folder = folder();
    let plan = "network = \"two-layer-both\"\nactivation = \"relu\"\nneurons = true\n\
                samples = 4\ndim = 6\nwidth = 4\nsteps = 20\n\n[grid]\n\
                init-law = [\"gaussian\", \"balanced\", \"uniform-fan-in\"]\n\
                step-schedule = [\"0:1\", \"0:2^(t/10)\"]\n";
    std::fs::write(folder.path().join("sweep.toml"), plan).unwrap();
    command(folder.path(), "sweep sweep.toml --out swept").ok();
    let table = read(folder.path().join("swept/sweep.csv"));
    assert_eq!(table.lines().count(), 7, "{table}");
    let header = table.lines().next().unwrap();
    for column in ["init-law", "step-schedule", "neurons_misplaced"] {
        assert!(header.contains(column), "{header}");
    }
}
