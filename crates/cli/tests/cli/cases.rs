//! Files that users brought, as they were reported: what the program reads in them or says of them.
//!
//! The files lie beside the repository, which not every checkout has; the readers' own tests make
//! small ones of each kind.

use std::path::{Path, PathBuf};

use crate::support::{folder, read, run};

/// The cases; its first lines say how it is written.
const CASES: &str = include_str!("cases.txt");

fn cases() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/cases");
    let present = folder.is_dir();
    if !present {
        println!("skipped: no ../shared/cases beside the repository");
    }
    present.then_some(folder)
}

#[test]
fn files_that_users_brought_are_read_or_refused_in_words_that_help() {
    let Some(cases) = cases() else { return };
    let folder = folder();
    let (mut case, mut command, mut ran) = ("", "", 0);
    for line in CASES.lines().filter(|line| !line.starts_with('#')) {
        match line
            .strip_prefix("  ")
            .map(|rest| (rest, rest.strip_prefix("  ")))
        {
            None => case = line,
            Some((arguments, None)) => command = arguments,
            Some((_, Some(end))) => {
                check(folder.path(), &cases.join(case), command, end);
                ran += 1;
            }
        }
    }
    assert_eq!(ran, 81);
}

/// Runs `check` with arguments in which `@` stands for the folder of the case.
fn check(folder: &Path, case: &Path, arguments: &str, end: &str) {
    let at = format!("{}/", case.to_str().expect("UTF-8"));
    let place = format!("{at}: {arguments}");
    let arguments = arguments.split(' ').map(|word| word.replace('@', &at));
    let arguments: Vec<String> = arguments.collect();
    let mut command: Vec<&str> = vec!["check"];
    command.extend(arguments.iter().map(String::as_str));
    if let Some(words) = end.strip_prefix("says ") {
        let found = run(folder, &command);
        assert_eq!(found.code, Some(2), "{place}: {}", found.stderr);
        for word in words.split('|') {
            assert!(
                found.stderr.contains(word),
                "{place}: {word}: {}",
                found.stderr
            );
        }
        return;
    }
    command.push("--json");
    let found = run(folder, &command);
    assert_eq!(found.code, Some(0), "{place}: {}", found.stderr);
    let found = found.json();
    let words: Vec<&str> = end.split(' ').collect();
    let ["reads", n, d, r_max] = words[..] else {
        panic!("{end}: reads N D R_MAX")
    };
    let [n, d] = [n, d].map(|number| number.parse::<u64>().ok());
    assert_eq!(found["n"].as_u64(), n, "{place}");
    assert_eq!(found["d"].as_u64(), d, "{place}");
    assert_eq!(found["feature_columns"]["count"].as_u64(), d, "{place}");
    let (norm, known): (f64, f64) = (
        found["r_max"].as_f64().expect("a number"),
        r_max.parse().expect("a number"),
    );
    assert!((norm / known - 1.0).abs() < 1e-12, "{place}: {norm}");
}

#[test]
fn initial_weights_of_sixteen_bits_are_read_and_others_refused_by_name() {
    let Some(cases) = cases() else { return };
    let folder = folder();
    let at = cases.join("19-bf16-and-f16-init");
    let train = |init: &str| {
        let [data, init] = ["d.npz", init].map(|name| at.join(name));
        let [data, init] = [&data, &init].map(|path| path.to_str().expect("UTF-8"));
        run(
            folder.path(),
            &[
                "train", "--data", data, "--init", init, "--steps", "10", "--json",
            ],
        )
    };
    for init in [
        "f16.safetensors",
        "bf16.safetensors",
        "f16.npz",
        "f32.SAFETENSORS",
    ] {
        assert_eq!(train(init).ok().json()["final"]["step"], 10.0, "{init}");
    }
    for (init, words) in [
        ("transposed.safetensors", ["[m, 12]", "[12, 3]"]),
        ("torch_names.safetensors", ["`W_pos`", "net.0.weight"]),
    ] {
        let refused = train(init);
        assert_eq!(refused.code, Some(2), "{init}");
        for word in words {
            assert!(refused.stderr.contains(word), "{init}: {}", refused.stderr);
        }
    }
}

#[test]
fn other_images_under_the_names_of_mnist_are_called_mnist_nowhere() {
    let Some(cases) = cases() else { return };
    let folder = folder();
    let images = cases.join("21-fashion-files-as-mnist/fashion");
    let images = images.to_str().expect("UTF-8");
    let flags = [
        "--positive",
        "0",
        "--negative",
        "1",
        "--per-class",
        "5",
        "--steps",
        "10",
    ];
    let train = [
        "train",
        "--data",
        "mnist",
        "--data-dir",
        images,
        "--out",
        "run",
    ];
    let trained = run(folder.path(), &[&train[..], &flags[..]].concat()).ok();
    assert!(
        trained.stderr.contains("not the published MNIST"),
        "{}",
        trained.stderr
    );
    for name in ["report.html", "manifest.json"] {
        let text = read(folder.path().join("run").join(name));
        assert!(!text.contains("MNIST, training set"), "{name}");
        assert!(text.contains("not the published MNIST"), "{name}");
    }
}
