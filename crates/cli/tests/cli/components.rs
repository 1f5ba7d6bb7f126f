//! Networks and optimizers by name: what belongs to which, what is refused, where they end.

use implicit_bias_record::Series;
use serde_json::Value;

use crate::support::{folder, read, run};

/// What a refused command says.
fn refused(folder: &std::path::Path, command: &str) -> String {
    let arguments: Vec<&str> = command.split_whitespace().collect();
    let outcome = run(folder, &arguments);
    assert_eq!(outcome.code, Some(2), "{command}: {}", outcome.stderr);
    outcome.stderr
}

#[test]
fn flags_that_choose_another_component_drop_the_keys_of_the_files() {
    let folder = folder();
    let train = |command: &str| {
        let arguments: Vec<&str> = command.split_whitespace().collect();
        run(folder.path(), &arguments).ok()
    };
    train("train --samples 4 --dim 6 --width 3 --steps 5 --out two");
    train("train two/config.toml --network linear --out linear");
    train(
        "train linear/config.toml --network deep --depth 1 --optimizer adam --beta2 0.9 --out deep",
    );
    train("train two/config.toml --activation huberized-relu --exponent 2 --out huberized");
    train("train huberized/config.toml --activation smoothed-leaky-relu --slope 0.3 --out smooth");
    train("train smooth/config.toml --activation relu --synthetic gaussian --noise 2 --out relu");
    let text = std::fs::read_to_string(folder.path().join("relu/config.toml")).unwrap();
    for key in ["exponent", "slope", "signal"] {
        assert!(!text.contains(key), "{text}");
    }
    assert!(text.contains("noise = 2.0"), "{text}");
    train("train deep/config.toml --network linear --optimizer polyak --out polyak");
    let text = std::fs::read_to_string(folder.path().join("polyak/config.toml")).unwrap();
    for key in ["depth", "beta2", "step-size", "width"] {
        assert!(!text.contains(key), "{text}");
    }
    // What is the default anyway makes no other configuration.
    train(
        "train --network linear --samples 4 --dim 6 --optimizer sgd --batch-size 1 --steps 5 --out a",
    );
    train("train --network linear --samples 4 --dim 6 --optimizer sgd --steps 5 --out b");
    let [a, b] = ["a", "b"]
        .map(|run| std::fs::read_to_string(folder.path().join(run).join("config.toml")).unwrap());
    assert_eq!(a, b);
}

#[test]
fn margins_of_a_network_without_a_degree_are_never_called_normalized() {
    let folder = folder();
    let shown = |activation: &str| {
        let mut command = "train --samples 4 --dim 6 --width 3 --steps 20 --export npz".to_owned();
        command += &format!(" --activation {activation} --out {activation}");
        let arguments: Vec<&str> = command.split_whitespace().collect();
        run(folder.path(), &arguments).ok();
        let file = |name: &str| std::fs::read(folder.path().join(activation).join(name)).unwrap();
        let words = [file("report.html"), file("results.npz")].concat();
        String::from_utf8_lossy(&words).to_lowercase()
    };
    let smoothed = shown("smoothed-leaky-relu");
    assert!(smoothed.contains("they are recorded as they are"));
    assert!(!smoothed.contains("normalized margin") && !smoothed.contains("normalized_margins"));
    let relu = shown("relu");
    assert!(relu.contains("normalized margin") && relu.contains("normalized_margins"));
}

#[test]
fn what_no_machine_holds_or_reaches_is_refused_by_name() {
    let folder = folder();
    let weights = refused(
        folder.path(),
        "train --network deep --width 20000 --depth 100 --steps 2",
    );
    assert!(weights.contains("width: expected at most"), "{weights}");
    let train = [
        "train",
        "--network",
        "linear",
        "--samples",
        "4",
        "--dim",
        "6",
        "--optimizer",
        "adam",
        "--steps",
        "5",
        "--out",
        "adam",
    ];
    run(folder.path(), &train).ok();
    let steps = refused(folder.path(), "resume adam --steps 1e300");
    assert!(steps.contains("at most 2^53"), "{steps}");
    for (command, said) in [
        ("train --beta2 0.9", "beta2: expected optimizer adam"),
        (
            "train --network linear --width 3",
            "width: expected network two-layer or",
        ),
        (
            "train --optimizer polyak --step-size 1",
            "step-size: expected no such key",
        ),
        (
            "train --step-table 5:1,5:2",
            "step-table: expected rising steps",
        ),
        (
            "train --network linear --optimizer adam --engine gram",
            "engine: expected tensor",
        ),
        (
            "limit --network linear --optimizer sgd",
            "optimizer: expected",
        ),
        ("limit --network linear --loss hinge", "loss: expected"),
        (
            "train --probes effective-rank,cubic",
            "probes: expected some of effective-rank, distance",
        ),
        (
            "train --loss hinge --tail 2",
            "tail: expected loss polynomial, found loss hinge",
        ),
        (
            "train --loss polynomial --tail 0",
            "tail: expected a positive",
        ),
        (
            "limit --network linear --optimizer normalized-gd --step-schedule 0:2^(-t)",
            "step-schedule: expected",
        ),
        (
            "limit --network linear --optimizer sign-gd --step-decay 2",
            "step-decay: expected",
        ),
        ("help network cubic", "network: expected one of two-layer"),
        (
            "train --synthetic gaussian --norm-spread 2",
            "norm-spread: expected synthetic orthogonal or equiangular, found synthetic gaussian",
        ),
        (
            "train --signal 0 --noise 0",
            "noise: expected a positive number where signal is 0",
        ),
        (
            "train --activation relu --exponent 2",
            "exponent: expected activation huberized-relu, found activation relu",
        ),
        (
            "train --network linear --threshold 2",
            "threshold: expected network two-layer or two-layer-both or deep",
        ),
        (
            "train --activation quadratic --engine gram",
            "activation: expected ReLU or leaky ReLU beside engine gram",
        ),
        (
            "limit --activation huberized-relu",
            "activation: expected a run whose limit is known",
        ),
        (
            "help synthetic moons",
            "synthetic: expected one of mixture, gaussian, ",
        ),
    ] {
        let error = refused(folder.path(), command);
        assert!(error.contains(said), "{command}: {error}");
    }
}

#[test]
fn every_law_and_every_activation_is_explained_and_goes_on_from_its_own_configuration() {
    let folder = folder();
    let help = |topic: &str| run(folder.path(), &["help", topic]).ok().stdout;
    // The names are those that the help of the key lists.
    let names = |topic: &str| -> Vec<String> {
        let text = help(topic);
        let listed = text.lines().filter_map(|line| line.strip_prefix("  "));
        let first = |line: &str| line.split_whitespace().next().map(str::to_owned);
        listed.filter_map(first).collect()
    };
    for (key, least) in [("synthetic", 3), ("activation", 5)] {
        let names = names(key);
        assert!(names.len() >= least, "{names:?}");
        for name in names {
            let said = run(folder.path(), &["help", key, &name]).ok().stdout;
            assert!(said.starts_with(&format!("--{key} {name}\n")), "{said}");
            let (dir, again) = (format!("{key}-{name}"), format!("{key}-{name}-again"));
            let train = |config: &[&str], out: &str| {
                let size = ["--steps", "40", "--out", out];
                let arguments = [&["train"], config, &size].concat();
                run(folder.path(), &arguments).ok();
                std::fs::read_to_string(folder.path().join(out).join("config.toml")).unwrap()
            };
            let flag = format!("--{key}");
            // One law is in the plane, and has a multiple of four samples.
            let is_planar = key == "synthetic" && !said.contains("--dim ");
            let sizes = ["--samples", "8", "--dim", "9"];
            let sizes = &sizes[..if is_planar { 2 } else { 4 }];
            // Laws of other targets than labels ±1 have networks and losses of their own.
            let kinds = [
                ("two-layer", "logistic"),
                ("transformer", "logistic"),
                ("quadratic", "squared"),
            ];
            let fits = |&(network, loss): &(&str, &str)| {
                let kind = [
                    "--network",
                    network,
                    "--loss",
                    loss,
                    "--steps",
                    "1",
                    "--out",
                    "try",
                ];
                let arguments = [&["train", flag.as_str(), &name], sizes, &kind].concat();
                let _ = std::fs::remove_dir_all(folder.path().join("try"));
                run(folder.path(), &arguments).code == Some(0)
            };
            let (network, loss) = kinds
                .into_iter()
                .find(fits)
                .unwrap_or_else(|| panic!("no network trains on {key} {name}"));
            let kind = ["--network", network, "--loss", loss];
            let written = train(&[&[flag.as_str(), &name], sizes, &kind].concat(), &dir);
            assert!(
                written.contains(&format!("{key} = \"{name}\"")),
                "{written}"
            );
            let config = format!("{dir}/config.toml");
            assert_eq!(train(&[&config], &again), written);
            run(folder.path(), &["resume", &dir, "--steps", "60"]).ok();
            let report = std::fs::read_to_string(folder.path().join(&dir).join("report.html"));
            assert!(report.unwrap().contains("<html"));
        }
    }
}

#[test]
fn a_linear_network_ends_at_a_maximum_margin() {
    let folder = folder();
    std::fs::write(folder.path().join("d.csv"), "a,b,y\n3,1,1\n1,-2,-1\n").unwrap();
    let limit = |optimizer: &str| -> Value {
        let arguments = [
            "limit",
            "d.csv",
            "--network",
            "linear",
            "--optimizer",
            optimizer,
            "--json",
        ];
        serde_json::from_str(&run(folder.path(), &arguments).ok().stdout).unwrap()
    };
    let gd = limit("gd");
    let gamma = gd["gamma_l2"].as_f64().unwrap();
    assert!((gamma - 7.0 / 17f64.sqrt()).abs() < 1e-13, "{gd}");
    assert_eq!(gd["status"], "candidate");
    let sign = limit("sign-gd");
    assert!(
        (sign["gamma_linf"].as_f64().unwrap() - 1.75).abs() < 1e-13,
        "{sign}"
    );
    assert!(sign["kkt_residual"].as_f64().unwrap() < 1e-12);
    // A run goes there, to any horizon.
    let train = [
        "train",
        "--data",
        "d.csv",
        "--network",
        "linear",
        "--steps",
        "1e300",
        "--step-size",
        "0.1",
        "--json",
        "--out",
        "far",
    ];
    let far: Value = serde_json::from_str(&run(folder.path(), &train).ok().stdout).unwrap();
    assert_eq!(far["engine"], "gram");
    // `(1, 4)` has both maximum margins, so that both claims hold.
    let claims = far["claims"].as_array().unwrap();
    let verdicts = claims.iter().map(|claim| (&claim["id"], &claim["verdict"]));
    for ((id, verdict), expected) in verdicts.zip(["linf-margin", "l2-margin"]) {
        assert_eq!(
            (id.as_str(), verdict.as_str()),
            (Some(expected), Some("supported"))
        );
    }
    assert_eq!(claims.len(), 2);
    let margin = far["final"]["margin_min"].as_f64().unwrap();
    assert!((margin - gamma).abs() < 1e-2, "{far}");
    assert!(far["final"]["margin_linf_min"].as_f64().unwrap() > 1.7);
}

#[test]
fn names_of_the_field_are_spellings_of_the_flags() {
    let folder = folder();
    let config = |command: &str, run_dir: &str| {
        let arguments: Vec<&str> = command.split_whitespace().collect();
        run(folder.path(), &arguments).ok();
        std::fs::read_to_string(folder.path().join(run_dir).join("config.toml")).unwrap()
    };
    let train = "train --samples 4 --dim 6 --width 3 --steps 5 --out";
    let ours = "--slope 0.3 --init-scale 0.02 --step-size 0.05";
    let theirs = "--gamma 0.3 --sigma0 0.02 --eta 0.05";
    let pytorch = "--gamma 0.3 --init-std 0.02 --lr 0.05";
    let expected = config(&format!("{train} a {ours}"), "a");
    assert_eq!(config(&format!("{train} b {theirs}"), "b"), expected);
    assert_eq!(config(&format!("{train} c {pytorch}"), "c"), expected);
    let toml =
        "samples = 4\ndim = 6\nwidth = 3\nsteps = 5\ngamma = 0.3\nsigma0 = 0.02\neta = 0.05\n";
    std::fs::write(folder.path().join("run.toml"), toml).unwrap();
    assert_eq!(config("train run.toml --out d", "d"), expected);
    assert!(refused(folder.path(), "train --lr 0.1 --eta 0.1").contains("--step-size"));
}

#[test]
fn files_of_another_command_are_named_with_the_way_forward() {
    let folder = folder();
    let plan = "steps = 5\nseeds = 2\n[grid]\nslope = [0.1, 0.2]\n";
    std::fs::write(folder.path().join("sweep.toml"), plan).unwrap();
    let said = refused(folder.path(), "train sweep.toml");
    assert!(said.contains("use `implicit-bias sweep`"), "{said}");
    for name in ["mine.npz", "mine.csv", "train-images-idx3-ubyte"] {
        std::fs::write(folder.path().join(name), b"PK\x03\x04\xff").unwrap();
        let said = refused(folder.path(), &format!("train {name}"));
        assert!(
            said.contains(&format!("did you mean `--data {name}`?")),
            "{said}"
        );
        let said = refused(folder.path(), &format!("sweep {name}"));
        assert!(said.contains("found a data file"), "{said}");
    }
}

/// Both engines, and weight space in log time, show the probes' columns; a run goes on with them.
#[test]
fn probes_are_columns_of_every_engine() {
    let folder = folder();
    let problem = "train --samples 5 --dim 20 --width 4 --step-size 0.05 --probes \
                   effective-rank,distance";
    for (name, more) in [
        ("gram", "--steps 1e100"),
        ("tensor", "--steps 100 --engine tensor"),
        ("log-time", "--network two-layer-both --steps 1e30"),
    ] {
        let words = format!("{problem} {more} --out {name}");
        let words: Vec<&str> = words.split_whitespace().collect();
        run(folder.path(), &words).ok();
        let text = read(folder.path().join(name).join("series.csv"));
        let series = Series::from_csv(&text).unwrap();
        let is_rank = |column: &&String| column.starts_with("effective_rank_");
        let ranks: Vec<&String> = series.columns().iter().filter(is_rank).collect();
        assert_eq!(ranks.len(), 2, "{name}");
        for column in ranks {
            let ranks = series.column(column).unwrap();
            // One neuron in the outer layer, four in the others.
            assert!(ranks.len() > 20, "{name}");
            assert!(
                ranks
                    .iter()
                    .all(|rank| (1.0 - 1e-12..4.0 + 1e-12).contains(rank)),
                "{name}"
            );
        }
        assert_eq!(series.first("distance_from_start"), Some(0.0), "{name}");
        assert!(series.last("distance_from_start").unwrap() > 0.0, "{name}");
    }
    let shown = run(folder.path(), &["columns", "effective_rank_pos"]);
    shown.ok();
}

#[test]
fn claims_and_limits_are_listed_with_their_sources() {
    let folder = folder();
    let help = |topic: &[&str]| run(folder.path(), &[&["help"], topic].concat()).ok().stdout;
    let all = help(&["claims"]);
    assert!(all.contains("adam: claims of Zhang, Zou & Cao"), "{all}");
    let mut theory = "";
    let mut claims = 0;
    for line in all.lines() {
        match line
            .strip_prefix("  ")
            .and_then(|claim| claim.split_once(' '))
        {
            Some((claim, _)) => {
                claims += 1;
                // Of a claim and a theory of one name the theory is meant.
                if !all.contains(&format!("{claim}: claims of ")) {
                    assert!(help(&["claims", claim]).starts_with(theory), "{claim}");
                }
            }
            None => {
                theory = line;
                let (name, _) = line.split_once(": claims of ").unwrap();
                let own = help(&["claims", name]);
                assert!(own.starts_with(line) && all.contains(&own), "{own}");
            }
        }
    }
    assert!(claims > 20, "{all}");
    assert!(help(&["limits"]).contains("maximum Linf margin: steepest descents"));
    let error = refused(folder.path(), "help claims nobody");
    assert!(
        error.contains("help: expected a claim, or one of kou, frei"),
        "{error}"
    );
}
