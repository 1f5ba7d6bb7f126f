//! What a run leaves on disk, and what can be made of it again.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{LEFT, folder, read, run, samples, train, weights, write_data, write_init};

fn figures(run: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(run.join("figures")).expect("a folder of figures");
    let mut figures: Vec<(String, String)> = entries
        .map(|entry| entry.expect("a readable entry").path())
        .map(|path| {
            (
                path.file_name()
                    .expect("a name")
                    .to_string_lossy()
                    .into_owned(),
                read(path),
            )
        })
        .collect();
    figures.sort();
    figures
}

#[test]
fn a_run_directory_holds_what_the_contract_lists() {
    let folder = folder();
    train(folder.path(), &["--out", "run"]);
    let run = folder.path().join("run");
    let mut names: Vec<String> = fs::read_dir(&run)
        .expect("a run directory")
        .map(|entry| {
            entry
                .expect("a readable entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    let mut expected = LEFT.to_vec();
    expected.push("figures");
    expected.sort();
    assert_eq!(names, expected);

    let series = read(run.join("series.csv"));
    assert!(
        series.starts_with(
            "step,loss,log_loss,weight_norm,stable_rank_pos,stable_rank_neg,stable_rank,margin_min,margin_max,"
        ),
        "{series:.200}"
    );
    let steps: Vec<&str> = series
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next())
        .collect();
    for step in [
        "0", "1", "2", "5", "10", "20", "50", "100", "200", "500", "1000", "2000",
    ] {
        assert!(steps.contains(&step), "{step}");
    }
    let margins = read(run.join("margins.csv"));
    assert!(margins.starts_with("step,sample_0,"), "{margins:.100}");
    assert_eq!(margins.lines().count(), series.lines().count());
    assert!(margins.lines().all(|line| line.split(',').count() == 7));

    let manifest: Value = serde_json::from_str(&read(run.join("manifest.json"))).expect("JSON");
    for key in [
        "implicit_bias",
        "burn",
        "commit",
        "device",
        "precision",
        "seed",
        "engine",
        "data",
        "stop",
    ] {
        assert!(manifest.get(key).is_some(), "{key}");
    }
    assert_eq!(manifest["data"]["sha256"].as_str().map(str::len), Some(64));
    assert_eq!(manifest["stop"]["reason"], "completed");

    let figures = figures(&run);
    assert!(figures.len() >= 5, "{figures:?}");
    for (name, svg) in &figures {
        assert!(name.ends_with(".svg") && svg.contains("<svg"), "{name}");
    }
    let report = read(run.join("report.html"));
    assert_eq!(report.matches("<svg").count(), figures.len());
    // Links are for readers to follow; what the page itself needs is in it.
    for outside in [
        "src=\"http",
        "url(",
        "@import",
        "<script src",
        "rel=\"stylesheet",
    ] {
        assert!(!report.contains(outside), "{outside} in the report");
    }
}

#[test]
fn the_recorded_configuration_gives_the_same_bytes_again() {
    let folder = folder();
    let (x, y) = samples();
    write_data(folder.path().join("data.npz"), &x, &y);
    write_init(
        folder.path().join("init.npz"),
        &weights((3, 20)),
        &(-weights((3, 20))),
    );
    let synthetic =
        "--signal 2.5 --noise 0.3 --slope 0.25 --init-scale 0.007 --step-size 0.05 --record 7";
    let files =
        "--data data.npz --init init.npz --activation relu --loss exponential --step-size 0.01";
    for (number, flags) in [synthetic, files].into_iter().enumerate() {
        let first = format!("first-{number}");
        let mut arguments = vec!["train", "--steps", "1e3", "--seed", "3", "--out", &first];
        arguments.extend(flags.split_whitespace());
        run(folder.path(), &arguments).ok();
        // From elsewhere, and with the file as the only source of settings.
        let elsewhere = folder.path().join("elsewhere");
        fs::create_dir_all(&elsewhere).expect("a writable folder");
        let (config, again) = (
            format!("../{first}/config.toml"),
            format!("../again-{number}"),
        );
        run(&elsewhere, &["train", &config, "--out", &again]).ok();
        for name in [
            "series.csv",
            "margins.csv",
            "weights.safetensors",
            "config.toml",
        ] {
            let bytes = |run: &str| fs::read(folder.path().join(run).join(name)).expect(name);
            assert!(
                bytes(&first) == bytes(&again[3..]),
                "{flags}: {name} differs"
            );
        }
    }
}

#[test]
fn flags_win_over_the_file_and_every_key_may_be_spelled_with_underscores() {
    let folder = folder();
    let config = "dim = 30\nsamples = 4\nwidth = 3\nstep_size = 0.2\nsteps = \"1e2\"\nslope = \
                  0.3\nrecord = 5\n";
    fs::write(folder.path().join("config.toml"), config).expect("a writable folder");
    let arguments = [
        "train",
        "config.toml",
        "--width",
        "2",
        "--activation",
        "relu",
        "--out",
        "run",
    ];
    run(folder.path(), &arguments).ok();
    let recorded = read(folder.path().join("run/config.toml"));
    for line in [
        "dim = 30",
        "width = 2",
        "step-size = 0.2",
        "steps = 100",
        "activation = \"relu\"",
    ] {
        assert!(
            recorded.lines().any(|found| found == line),
            "{line} in\n{recorded}"
        );
    }
    assert!(!recorded.contains("slope"), "{recorded}");
}

#[test]
fn runs_without_a_name_get_one_and_never_overwrite_each_other() {
    let folder = folder();
    let directory = || {
        train(folder.path(), &[])["run_dir"]
            .as_str()
            .expect("a path")
            .to_owned()
    };
    let (first, second) = (directory(), directory());
    assert!(first.starts_with("runs/leaky-relu-mixture-"), "{first}");
    assert_eq!(second, format!("{first}-2"));
    let series = |run: &str| read(folder.path().join(run).join("series.csv"));
    assert_eq!(series(&first), series(&second));
}

#[test]
fn report_makes_the_same_claims_figures_and_report_again() {
    let folder = folder();
    train(folder.path(), &["--out", "one"]);
    train(folder.path(), &["--out", "two", "--activation", "relu"]);
    // Proven in log time, with neurons that only the run itself knows to be dead exactly.
    let proven = "train --synthetic gaussian --samples 10 --dim 8 --width 4 --activation relu \
                  --step-size 0.02 --seed 1 --engine gram --exact-steps 1e5 --steps 1e100 --out \
                  three";
    run(
        folder.path(),
        &proven.split_whitespace().collect::<Vec<_>>(),
    )
    .ok();
    let conclusions = |run: &str| {
        let run = folder.path().join(run);
        (
            read(run.join("claims.json")),
            read(run.join("report.html")),
            figures(&run),
        )
    };
    let names = ["one", "two", "three"];
    let before = names.map(conclusions);
    assert!(before[2].0.contains("proven from step 1e20"));
    for name in names {
        fs::remove_file(folder.path().join(name).join("claims.json")).expect("it was there");
        fs::remove_file(folder.path().join(name).join("report.html")).expect("it was there");
        fs::remove_dir_all(folder.path().join(name).join("figures")).expect("it was there");
    }
    let outcome = run(folder.path(), &["report", "one", "two", "three"]).ok();
    assert!(outcome.stdout.contains("run: one") && outcome.stdout.contains("run: two"));
    assert!(names.map(conclusions) == before);
}

/// The final weights hold every bit, and a step in weight space does not know how many came before
/// it.
#[test]
fn a_run_continued_from_its_final_weights_is_the_longer_run() {
    let folder = folder();
    let (x, y) = samples();
    write_data(folder.path().join("data.npz"), &x, &y);
    write_init(
        folder.path().join("init.npz"),
        &weights((3, 20)),
        &weights((3, 20)),
    );
    for (init, steps, out) in [
        ("init.npz", "300", "first"),
        ("first/weights.safetensors", "700", "second"),
        ("init.npz", "1000", "whole"),
    ] {
        let arguments = [
            "train", "--engine", "tensor", "--data", "data.npz", "--init", init, "--steps", steps,
            "--out", out,
        ];
        run(folder.path(), &arguments).ok();
    }
    let weights = |run: &str| fs::read(folder.path().join(run).join("weights.safetensors"));
    let (second, whole) = (weights("second"), weights("whole"));
    assert!(second.expect("a finished run") == whole.expect("a finished run"));
}
