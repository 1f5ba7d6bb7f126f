//! Several classes by the common way: what a run leaves, resume, sweep, and what is refused.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::resume::assert_same;
use crate::support::{Outcome, folder, read, run};

/// Samples of four labels, each bright where its label says.
fn table(folder: &Path) {
    let mut text = String::from("a,b,c,d,e,f,kind\n");
    for sample in 0..16_usize {
        let label = sample % 4;
        for column in 0..6 {
            let small = ((3 * sample + 7 * column + 1) as f64).sin();
            let bright = if column == label { 3.0 } else { 0.0 };
            text += &format!("{},", bright + 0.5 * small);
        }
        text += ["cat", "dog", "ant", "elk"][label];
        text += "\n";
    }
    fs::write(folder.join("kinds.csv"), text).unwrap();
}

/// `train` on three of the labels, with more flags.
fn train(folder: &Path, more: &str) -> Outcome {
    let flags = "train --network multi-class --data kinds.csv --label-column kind --classes \
                 elk,cat,dog --per-class 3 --width 4 --step-size 0.5";
    let arguments = flags.split_whitespace().chain(more.split_whitespace());
    run(folder, &arguments.collect::<Vec<_>>())
}

fn json(path: impl AsRef<Path>) -> Value {
    serde_json::from_str(&read(path.as_ref().to_owned())).unwrap()
}

/// The last row of the series by column.
fn last(directory: &Path) -> impl Fn(&str) -> f64 + use<> {
    let text = read(directory.join("series.csv"));
    let row = |line: &str| -> Vec<String> { line.split(',').map(str::to_owned).collect() };
    let (names, values) = (
        row(text.lines().next().unwrap()),
        row(text.lines().last().unwrap()),
    );
    move |name| {
        let place = names.iter().position(|known| known == name);
        values[place.unwrap_or_else(|| panic!("a column {name}"))]
            .parse()
            .unwrap_or(f64::NAN)
    }
}

#[test]
fn a_run_leaves_what_every_run_leaves_and_says_its_classes() {
    let folder = folder();
    table(folder.path());
    let outcome = train(folder.path(), "--steps 2000 --export npz --json --out a").ok();
    assert_eq!(outcome.json()["claims"], Value::Array(Vec::new()));
    let directory = folder.path().join("a");
    for name in [
        "checkpoint",
        "limit.json",
        "margins.csv",
        "report.html",
        "results.npz",
        "weights.safetensors",
        "figures/margins.svg",
        "figures/stable-rank.svg",
    ] {
        assert!(directory.join(name).exists(), "{name}");
    }
    let manifest = json(directory.join("manifest.json"));
    let data = &manifest["data"];
    assert_eq!(data["labels"], "");
    assert_eq!(
        data["classes"]["names"],
        serde_json::json!(["elk", "cat", "dog"])
    );
    let class = data["classes"]["class"].as_str().unwrap();
    let class: Vec<usize> = class
        .split(' ')
        .map(|number| number.parse().unwrap())
        .collect();
    assert_eq!(class.len(), 9);
    let last = last(&directory);
    assert_eq!(last("accuracy"), 1.0);
    let margins = read(directory.join("margins.csv"));
    let margins = margins.lines().last().unwrap().split(',').skip(1);
    let margins: Vec<f64> = margins.map(|margin| margin.parse().unwrap()).collect();
    for number in 0..3 {
        assert!((1.0..4.0).contains(&last(&format!("stable_rank_{number}"))));
        let own = margins
            .iter()
            .zip(&class)
            .filter(|(_, class)| **class == number);
        let least = own.map(|(margin, _)| *margin).fold(f64::INFINITY, f64::min);
        assert_eq!(last(&format!("margin_min_{number}")), least);
    }
    let report = read(directory.join("report.html"));
    for words in [
        "classes: 3 of 3 samples",
        "cross-entropy",
        "none is judged",
        "class elk",
    ] {
        assert!(report.contains(words), "{words}");
    }
    // The results are data and initial weights of another run.
    let again = "train --network multi-class --data a/results.npz --init a/results.npz --classes \
                 0,1,2 --step-size 0.5 --steps 1 --out on";
    run(folder.path(), &again.split_whitespace().collect::<Vec<_>>()).ok();
    let first = read(folder.path().join("on/series.csv"));
    let first: f64 = first
        .lines()
        .nth(1)
        .unwrap()
        .split(',')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(first, last("loss"));
    // Reports are made again to the byte.
    let report = fs::read(directory.join("report.html")).unwrap();
    run(folder.path(), &["report", "a"]).ok();
    assert_eq!(fs::read(directory.join("report.html")).unwrap(), report);
}

#[test]
fn a_run_that_goes_on_is_one_that_was_never_cut_off() {
    let folder = folder();
    table(folder.path());
    for (name, flags) in [
        ("gd", ""),
        ("adam", "--optimizer adam"),
        ("sgd", "--optimizer sgd --batch-size 2"),
        ("autodiff", "--gradient autodiff --optimizer momentum"),
        ("summed", "--reduction sum --loss exponential"),
        ("hinge", "--loss hinge"),
        ("f32", "--precision f32 --compensated"),
    ] {
        let at = |which: &str| format!("{name}-{which}");
        train(
            folder.path(),
            &format!("{flags} --steps 60 --out {}", at("whole")),
        )
        .ok();
        train(
            folder.path(),
            &format!("{flags} --steps 20 --out {}", at("cut")),
        )
        .ok();
        run(folder.path(), &["resume", &at("cut"), "--steps", "60"]).ok();
        let path = |which: &str| folder.path().join(at(which));
        assert_same(&path("cut"), &path("whole"));
    }
}

/// Without classes by name the network of several classes has two, and is the two-layer network.
#[test]
fn labels_of_two_signs_are_two_classes() {
    let folder = folder();
    let flags = "--samples 6 --dim 20 --width 4 --steps 200 --step-size 0.05 --seed 3";
    let train = |network: &str| {
        let text = format!("train {flags} --network {network} --engine tensor --out {network}");
        run(folder.path(), &text.split_whitespace().collect::<Vec<_>>()).ok();
        last(&folder.path().join(network))
    };
    let (two, several) = (train("two-layer"), train("multi-class"));
    for (name, other) in [
        ("loss", "loss"),
        ("weight_norm", "weight_norm"),
        ("stable_rank_pos", "stable_rank_0"),
        ("stable_rank_neg", "stable_rank_1"),
        ("margin_min", "margin_min"),
        ("margin_max", "margin_max"),
    ] {
        let (two, several) = (two(name), several(other));
        assert!(
            (two - several).abs() < 1e-12 * two.abs(),
            "{name}: {two} {several}"
        );
    }
    let claims = json(folder.path().join("multi-class/claims.json"));
    assert_eq!(claims, Value::Array(Vec::new()));
}

#[test]
fn a_sweep_has_a_row_a_run_with_a_column_a_block() {
    let folder = folder();
    table(folder.path());
    let plan = "network = 'multi-class'\ndata = 'kinds.csv'\nlabel-column = 'kind'\nclasses = \
                'ant,elk,cat'\nsteps = 50\nwidth = 3\nseeds = 2\n[grid]\noptimizer = ['gd', \
                'adam']\n";
    fs::write(folder.path().join("plan.toml"), plan).unwrap();
    let outcome = run(folder.path(), &["sweep", "plan.toml", "--out", "all"]).ok();
    assert!(
        outcome.stdout.contains("4 runs: 4 completed"),
        "{}",
        outcome.stdout
    );
    let table = read(folder.path().join("all/sweep.csv"));
    let header = table.lines().next().unwrap();
    assert!(
        header.contains("stable_rank_2") && header.contains("margin_min_2"),
        "{header}"
    );
    assert_eq!(table.lines().count(), 5);
}

#[test]
fn check_measures_several_classes() {
    let folder = folder();
    table(folder.path());
    let more = "\n9,9,9,9,9,9,cat\n18,18,18,18,18,18,dog\n9,9,9,9,9,9,elk";
    let text = read(folder.path().join("kinds.csv"));
    fs::write(
        folder.path().join("kinds.csv"),
        text.trim_end().to_owned() + more,
    )
    .unwrap();
    let check = |more: &[&str]| {
        let flags = ["check", "kinds.csv", "--label-column", "kind", "--classes"];
        run(folder.path(), &[&flags[..], more].concat()).ok()
    };
    let found = check(&["cat,dog,elk", "--json"]).json();
    assert_eq!(found["class_sizes"], serde_json::json!([5, 5, 5]));
    assert_eq!(found["contradictions"]["count"], 3);
    assert!(found["positive"].is_null() && found["step_size_bound_per_width"].is_null());
    let text = check(&["cat,dog,elk,ant"]).stdout;
    assert!(text.contains("  4 of 4 to 5 samples"), "{text}");
    assert!(text.contains("have different labels"), "{text}");
}

#[test]
fn what_has_no_meaning_for_several_classes_is_refused_by_name() {
    let folder = folder();
    table(folder.path());
    for (flags, said) in [
        (
            "--network two-layer",
            "classes: expected network multi-class",
        ),
        ("--network linear", "classes: expected network multi-class"),
        ("--engine gram", "engine: expected tensor"),
        (
            "--loss squared",
            "loss: expected logistic, exponential or hinge",
        ),
        ("--random-labels", "random-labels: expected labels ±1"),
        ("--positive cat", "--positive"),
        ("--labels zero-one", "--labels"),
        (
            "--steps 1e30 --optimizer adam",
            "steps: expected at most 2^53",
        ),
        (
            "--classes cat",
            "classes: expected two or more different labels",
        ),
        (
            "--classes cat,dog,cat",
            "classes: expected two or more different labels",
        ),
        (
            "--classes cat,,dog",
            "classes: expected two or more different labels",
        ),
        ("--classes cat,cow", "--classes: expected one of"),
        ("--per-class 9", "--per-class: expected at most 4"),
    ] {
        let overridden = flags.split(' ').next().unwrap();
        let command = "train --network multi-class --data kinds.csv --label-column kind --classes \
                       elk,cat,dog --per-class 3 --steps 5";
        let mut kept: Vec<&str> = Vec::new();
        let mut words = command.split_whitespace();
        while let Some(word) = words.next() {
            if word == overridden {
                words.next();
            } else {
                kept.push(word);
            }
        }
        let arguments: Vec<&str> = kept.into_iter().chain(flags.split(' ')).collect();
        let outcome = run(folder.path(), &arguments);
        assert_eq!(outcome.code, Some(2), "{flags}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(said), "{flags}: {}", outcome.stderr);
    }
    let refused = |command: &str, said: &str| {
        let outcome = run(
            folder.path(),
            &command.split_whitespace().collect::<Vec<_>>(),
        );
        assert_eq!(outcome.code, Some(2), "{command}: {}", outcome.stderr);
        assert!(
            outcome.stderr.contains(said),
            "{command}: {}",
            outcome.stderr
        );
    };
    refused(
        "train --network multi-class --classes 0,1",
        "classes: expected a data file",
    );
    refused(
        "limit kinds.csv --label-column kind --network multi-class --classes cat,dog,elk \
         --optimizer adam",
        "optimizer: expected a run whose limit is known",
    );
    // Flags drop the classes of a file where they say other ones.
    train(folder.path(), "--steps 5 --out three").ok();
    let other = "train three/config.toml --network two-layer --positive cat --out two";
    run(folder.path(), &other.split_whitespace().collect::<Vec<_>>()).ok();
    let config = read(folder.path().join("two/config.toml"));
    assert!(
        !config.contains("classes") && config.contains("positive = \"cat\""),
        "{config}"
    );
}
