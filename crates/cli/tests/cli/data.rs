//! Data of every format, chosen and prepared, from the command line.

use std::fs;
use std::path::{Path, PathBuf};

use implicit_bias_data::{DataFile, Preparation, Split, mnist, read_npz_arrays};
use ndarray::{Array1, Array2, Axis, arr1};
use serde_json::Value;

use crate::support::{finish, folder, program, read, run, write_data};

/// Twelve images of 4 × 5 pixels, four of each of three classes, brighter where the class is
/// larger.
fn images() -> (Array2<u8>, [u8; 12]) {
    let labels = [0, 1, 2, 2, 1, 0, 0, 1, 2, 0, 1, 2];
    let pixel = |(i, j): (usize, usize)| {
        let wave =
            (1.0 + (1.7 * i as f64 + 2.3 * j as f64 * (1.0 + f64::from(labels[i]))).sin()) / 2.0;
        (255.0 * wave) as u8
    };
    (Array2::from_shape_fn((12, 20), pixel), labels)
}

fn idx(sizes: &[u32], entries: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, sizes.len() as u8];
    bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend(entries);
    bytes
}

/// The images in every format, and as the training and the test set of a small MNIST in `mnist/`.
fn write_formats(folder: &Path) {
    let (x, labels) = images();
    let pixels = x.as_slice().expect("row-major");
    let samples = idx(&[12, 4, 5], pixels);
    let classes = idx(&[12], &labels);
    fs::write(folder.join("a-images-idx3-ubyte"), &samples).unwrap();
    fs::write(folder.join("a-labels-idx1-ubyte"), &classes).unwrap();
    fs::create_dir_all(folder.join("mnist")).unwrap();
    for name in mnist::FILES {
        let content = if name.contains("images") {
            &samples
        } else {
            &classes
        };
        fs::write(
            folder.join("mnist").join(name.trim_end_matches(".gz")),
            content,
        )
        .unwrap();
    }
    let x = x.mapv(f64::from);
    let y = Array1::from_iter(labels.map(f64::from));
    write_data(folder.join("a.npz"), &x, &y);
    let names = ["zero", "one", "two"];
    let mut table = String::from("kind");
    (0..20).for_each(|j| table += &format!(",p{j}"));
    for (row, &label) in x.outer_iter().zip(&labels) {
        table += &format!("\n{}", names[usize::from(label)]);
        row.iter().for_each(|pixel| table += &format!(",{pixel}"));
    }
    fs::write(folder.join("a.csv"), table).unwrap();
    // One member of an .npz file is an .npy file.
    let bytes = fs::read(folder.join("a.npz")).unwrap();
    let starts: Vec<usize> = (0..bytes.len() - 6)
        .filter(|&at| &bytes[at..at + 6] == b"\x93NUMPY")
        .collect();
    fs::write(
        folder.join("x.npy"),
        &bytes[starts[0]..starts[0] + 128 + 12 * 20 * 8],
    )
    .unwrap();
    fs::write(
        folder.join("y.npy"),
        &bytes[starts[1]..starts[1] + 128 + 12 * 8],
    )
    .unwrap();
}

fn check(folder: &Path, command: &str) -> Value {
    let arguments: Vec<&str> = command.split_whitespace().collect();
    run(folder, &[&["check"], &arguments[..], &["--json"]].concat())
        .ok()
        .json()
}

#[test]
fn every_format_has_the_same_geometry() {
    let folder = folder();
    write_formats(folder.path());
    let digits = "--positive 0 --negative 2";
    let known = check(folder.path(), &format!("a.npz {digits}"));
    assert_eq!(
        (known["n"].as_u64(), known["d"].as_u64()),
        (Some(8), Some(20))
    );
    for command in [
        format!("a-images-idx3-ubyte {digits}"),
        format!("a-images-idx3-ubyte --label-file a-labels-idx1-ubyte {digits}"),
        "a.csv --label-column kind --positive zero --negative two".to_owned(),
        format!("x.npy --label-file y.npy {digits}"),
        // Raw pixels, as the files have them.
        format!("mnist --data-dir mnist --scale 1 {digits}"),
        format!("--data-dir mnist --scale 1 --split test {digits}"),
    ] {
        let found = check(folder.path(), &command);
        for key in ["n", "d", "positive", "r_min", "r_max", "p", "ratio", "rank"] {
            assert_eq!(found[key], known[key], "{command}: {key}");
        }
    }
    let rest = check(folder.path(), "a.npz --positive 1");
    assert_eq!(
        (rest["positive"].as_u64(), rest["negative"].as_u64()),
        (Some(4), Some(8))
    );
    let few = check(folder.path(), "a.npz --positive 1 --per-class 3");
    assert_eq!(
        (few["positive"].as_u64(), few["negative"].as_u64()),
        (Some(3), Some(3))
    );
}

#[test]
fn check_shows_the_geometry_before_and_after() {
    let folder = folder();
    write_formats(folder.path());
    let command = "mnist --data-dir mnist --positive 0 --negative 1 --centre --unit-norm";
    let json = check(folder.path(), command);
    assert_eq!(json["preparation"]["scale"].as_f64(), Some(1.0 / 255.0));
    for key in ["r_min", "r_max"] {
        let norm = json[key].as_f64().unwrap();
        assert!((norm - 1.0).abs() < 1e-12, "{key} {norm}");
        assert!(
            json["before"][key].as_f64().unwrap() > 100.0,
            "pixels up to 255"
        );
    }
    let arguments: Vec<&str> = command.split_whitespace().collect();
    let text = run(folder.path(), &[&["check"], &arguments[..]].concat())
        .ok()
        .stdout;
    let first = text.lines().next().unwrap();
    let chosen = "not the published MNIST), 0 against 1; scaled by 1/255, centred, unit norm";
    assert!(first.ends_with(chosen), "{text}");
    assert!(text.contains("before") && text.contains("after"), "{text}");
    // Nothing done, nothing to compare.
    let plain = check(folder.path(), "a.npz --positive 0 --negative 1");
    assert!(plain["before"].is_null());
}

#[test]
fn mnist_in_the_users_data_directory_just_works_and_says_what_to_do_where_it_is_not() {
    let folder = folder();
    let train = |data_home: &Path| {
        let mut command = program(folder.path());
        command.env("XDG_DATA_HOME", data_home).args([
            "train",
            "--data",
            "mnist",
            "--positive",
            "0",
            "--negative",
            "1",
            "--width",
            "3",
            "--steps",
            "100",
            "--json",
        ]);
        finish(&mut command)
    };
    let nothing = train(&folder.path().join("nowhere"));
    assert_eq!(nothing.code, Some(2));
    for word in [
        "train-labels-idx1-ubyte.gz",
        "implicit-bias fetch mnist",
        "--data-dir",
    ] {
        // Labels are read first.
        assert!(
            nothing.stderr.contains(word) || word.starts_with("train-"),
            "{}",
            nothing.stderr
        );
    }
    let home = folder.path().join("home/implicit-bias");
    fs::create_dir_all(&home).unwrap();
    write_formats(&home);
    let summary = train(&folder.path().join("home")).ok().json();
    assert_eq!(summary["stop_reason"], "completed");
    // `limit` knows the name too, whatever folders there are.
    fs::create_dir(folder.path().join("mnist")).unwrap();
    let mut limit = program(folder.path());
    limit
        .env("XDG_DATA_HOME", folder.path().join("home"))
        .args([
            "limit",
            "mnist",
            "--positive",
            "0",
            "--negative",
            "1",
            "--width",
            "3",
            "--steps",
            "1e4",
            "--json",
        ]);
    assert!(finish(&mut limit).ok().json()["stable_rank"].is_number());
}

#[test]
fn the_preparation_is_recorded_and_the_written_configuration_gives_the_same_run() {
    let folder = folder();
    write_formats(folder.path());
    let first = run(
        folder.path(),
        &[
            "train",
            "--data",
            "mnist",
            "--data-dir",
            "mnist",
            "--positive",
            "2",
            "--per-class",
            "3",
            "--noise",
            "0.25",
            "--centre",
            "--random-labels",
            "--seed",
            "4",
            "--width",
            "3",
            "--steps",
            "200",
            "--out",
            "first",
        ],
    )
    .ok();
    let manifest: Value =
        serde_json::from_str(&read(folder.path().join("first/manifest.json"))).unwrap();
    let preparation = &manifest["data"]["preparation"];
    assert_eq!(preparation["noise"], 0.25);
    assert_eq!(
        (&preparation["centre"], &preparation["random_labels"]),
        (&true.into(), &true.into())
    );
    assert!(manifest["data"]["raw"]["p"].as_f64() > manifest["data"]["p"].as_f64());
    // Files under MNIST's names are not MNIST.
    let source = manifest["data"]["source"].as_str().unwrap();
    let chosen = "(under MNIST's file names, not the published MNIST), 2 against the rest, 3 of \
                  each class";
    assert!(source.ends_with(chosen), "{source}");
    assert!(
        first
            .stderr
            .contains("data: the files in mnist have the names of MNIST's")
    );
    assert!(!read(folder.path().join("first/report.html")).contains("MNIST, training set"));
    run(
        folder.path(),
        &["train", "first/config.toml", "--out", "second"],
    )
    .ok();
    for name in ["series.csv", "margins.csv", "config.toml", "report.html"] {
        let [one, other] = ["first", "second"].map(|run| read(folder.path().join(run).join(name)));
        assert!(one == other, "{name} differs");
    }
    // The labels of a configuration need no quotes.
    let text =
        "data = \"mnist\"\ndata-dir = \"mnist\"\npositive = 2\nnegative = 0\nsteps = 10\nwidth = 2";
    fs::write(folder.path().join("run.toml"), text).unwrap();
    run(folder.path(), &["train", "run.toml", "--out", "third"]).ok();
}

#[test]
fn exported_results_are_those_of_the_tables_and_can_be_trained_on() {
    let folder = folder();
    write_formats(folder.path());
    let data = [
        "--data",
        "a.npz",
        "--positive",
        "0",
        "--negative",
        "1",
        "--scale",
        "0.01",
    ];
    let rest = ["--width", "3", "--steps", "100", "--out", "run"];
    run(
        folder.path(),
        &[&["train"], &data[..], &rest[..], &["--export", "npz"]].concat(),
    )
    .ok();
    let path = folder.path().join("run/results.npz");
    let [x, y, w, steps, loss, margins] = read_npz_arrays(
        &path,
        ["X", "y", "W_pos", "steps", "loss", "normalized_margins"],
    )
    .unwrap();
    assert_eq!((x.shape(), w.shape()), (&[8, 20][..], &[3, 20][..]));
    assert_eq!(y.iter().sum::<f64>(), 0.0);
    let series = read(folder.path().join("run/series.csv"));
    let rows: Vec<Vec<f64>> = series
        .lines()
        .skip(1)
        .map(|line| {
            line.split(',')
                .map(|field| field.parse().unwrap())
                .collect()
        })
        .collect();
    assert_eq!(
        steps.into_raw_vec_and_offset().0,
        rows.iter().map(|row| row[0]).collect::<Vec<_>>()
    );
    assert_eq!(
        loss.into_raw_vec_and_offset().0,
        rows.iter().map(|row| row[1]).collect::<Vec<_>>()
    );
    assert_eq!(margins.shape(), [rows.len(), 8]);
    // The file is data and initial weights at once: 100 steps more are the steps from 100 to 200.
    let again = [
        "train",
        "--data",
        "run/results.npz",
        "--init",
        "run/results.npz",
        "--steps",
        "100",
        "--json",
    ];
    let continued = run(folder.path(), &again).ok().json();
    let whole = run(
        folder.path(),
        &[
            &["train"],
            &data[..],
            &["--width", "3", "--steps", "200", "--json"],
        ]
        .concat(),
    );
    let whole = whole.ok().json();
    let [one, other] = [continued, whole].map(|json| json["final"]["loss"].as_f64().unwrap());
    assert!((one - other).abs() < 1e-12 * other, "{one} {other}");
    // A finished run can be exported later.
    fs::remove_file(&path).unwrap();
    run(folder.path(), &["report", "run", "--export", "npz"]).ok();
    let [later] = read_npz_arrays(&path, ["loss"]).unwrap();
    assert_eq!(later.len(), rows.len());
}

/// The MNIST files beside the repository, which not every checkout has.
pub fn shared_mnist() -> Option<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/mnist");
    dir.is_dir().then_some(dir)
}

#[test]
fn real_digits_are_read_prepared_and_trained_on() {
    let Some(dir) = shared_mnist() else {
        println!("skipped: no ../shared/data/mnist beside the repository");
        return;
    };
    let dir = dir.to_str().expect("UTF-8");
    let folder = folder();
    let digits = [
        "--data-dir",
        dir,
        "--positive",
        "0",
        "--negative",
        "1",
        "--per-class",
        "10",
    ];
    let raw = run(
        folder.path(),
        &[&["check", "mnist"], &digits[..], &["--json"]].concat(),
    )
    .ok()
    .json();
    let noisy = [
        &["check", "mnist"],
        &digits[..],
        &["--noise", "1", "--json"],
    ]
    .concat();
    let noisy = run(folder.path(), &noisy).ok().json();
    let ratio = |json: &Value| json["ratio"].as_f64().expect("a number");
    assert!(
        ratio(&noisy) > 5.0 * ratio(&raw),
        "noise makes images more nearly orthogonal"
    );
    // By hand: the noise is what the generator's stream says, on pixels divided by 255.
    let file = DataFile::Mnist {
        dir: Some(dir.into()),
        split: Split::Train,
    };
    let choice = implicit_bias_data::Choice {
        rule: implicit_bias_data::ClassRule::Pair {
            positive: "0".into(),
            negative: "1".into(),
        },
        per_class: Some(10),
    };
    let data = file.read(&choice, 0).unwrap();
    let scaled = Preparation {
        scale: 1.0 / 255.0,
        ..Preparation::default()
    };
    let norms = scaled.apply(data, 0).unwrap();
    let norms = norms.x().map_axis(Axis(1), |row| row.dot(&row).sqrt());
    let smallest = norms.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(raw["r_min"].as_f64(), Some(smallest));
    let train = [
        &["train", "--data", "mnist"],
        &digits[..],
        &["--steps", "1e4", "--width", "5", "--json"],
    ];
    let summary = run(folder.path(), &train.concat()).ok().json();
    assert_eq!(summary["final"]["accuracy"], 1.0);
    assert_eq!(
        arr1(&[summary["final"]["step"].as_f64().unwrap()]),
        arr1(&[1e4])
    );
}

/// Sentences are rows of token numbers and no vectors: no geometry, but their counts, both programs,
/// and what contradicts what.
#[test]
fn check_of_sentences_counts_them_and_solves_their_programs() {
    let folder = folder();
    let law = "--synthetic sentences --samples 8 --vocabulary 6 --length 4";
    let sound = check(folder.path(), law);
    assert_eq!(
        (&sound["samples"], &sound["vocabulary"], &sound["longest"]),
        (&8.into(), &6.into(), &4.into())
    );
    assert_eq!(sound["leading"], serde_json::json!([0, 8, 0]));
    let realizable =
        |found: &Value| ["ov_realizable", "kq_realizable"].map(|name| found[name].clone());
    assert_eq!(realizable(&sound), [Value::Bool(true), Value::Bool(true)]);
    assert_eq!(sound["contradictions"], 0);
    let two = check(folder.path(), &format!("{law} --two-targets"));
    assert_eq!(two["contradicting_pairs"], serde_json::json!([[0, 7]]));
    assert_eq!(realizable(&two), [Value::Bool(true), Value::Bool(false)]);
    let text = format!("check {law} --two-successors");
    let outcome = run(folder.path(), &text.split_whitespace().collect::<Vec<_>>()).ok();
    for said in ["no (proven)", "warning: tokens 0 and 5 have one embedding"] {
        assert!(outcome.stdout.contains(said), "{}", outcome.stdout);
    }
}

/// The same of a file, by the names of its arrays; rows that are multiples of each other are nothing.
#[test]
fn check_of_a_file_of_sentences_knows_it_by_its_arrays() {
    let folder = folder();
    let sentences = ndarray::arr2(&[[1.0, 2.0], [2.0, 4.0], [0.0, 0.0]]).into_dyn();
    let target = arr1(&[2.0, 4.0, 1.0]).into_dyn();
    let embeddings = Array2::<f64>::eye(5).into_dyn();
    let path = folder.path().join("sentences.npz");
    let arrays = [
        ("sentences", sentences.view()),
        ("target", target.view()),
        ("E", embeddings.view()),
    ];
    implicit_bias_data::write_npz_arrays(&path, &arrays).unwrap();
    let found = check(folder.path(), "sentences.npz");
    assert_eq!(
        (
            &found["samples"],
            &found["contradictions"],
            &found["leading"]
        ),
        (&3.into(), &0.into(), &Value::Null)
    );
    assert_eq!(found["ov_realizable"], Value::Null);
}
