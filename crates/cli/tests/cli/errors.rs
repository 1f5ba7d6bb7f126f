//! Bad usage and bad input: one clear message, exit code 2, within a second, no panic, nothing on
//! stdout, and no run directory.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use ndarray::{Array1, Array2};

use crate::support::{
    Outcome, finish, folder, program, run, samples, snapshot, weights, write_data, write_init,
};

/// What the machine may take besides, when it is busy: the fastest of this many attempts counts.
const ATTEMPTS: usize = 3;

fn assert_refused(folder: &Path, arguments: &[&str], attempt: impl Fn() -> Outcome) -> Outcome {
    let attempts = (0..ATTEMPTS).map(|_| attempt());
    let outcome = attempts
        .min_by_key(|outcome| outcome.time)
        .expect("at least one attempt");
    let stderr = &outcome.stderr;
    assert_eq!(outcome.code, Some(2), "{arguments:?}: {stderr}");
    assert_eq!(outcome.stdout, "", "{arguments:?}");
    let errors = stderr.lines().filter(|line| line.starts_with("error: "));
    assert_eq!(errors.count(), 1, "{arguments:?}: {stderr}");
    for word in ["panicked", "backtrace", "Error {", "Some("] {
        assert!(!stderr.contains(word), "{arguments:?}: {stderr}");
    }
    assert!(
        outcome.time < Duration::from_secs(1),
        "{arguments:?}: {:?}",
        outcome.time
    );
    assert!(
        !folder.join("runs").exists(),
        "{arguments:?} left a run directory"
    );
    outcome
}

/// Appends a command and its message to the text of a snapshot.
fn note(text: &mut String, arguments: &[&str], outcome: &Outcome) {
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "$ implicit-bias {}\n{}\n",
        arguments.join(" "),
        outcome.stderr
    );
}

fn refuses_as_known(name: &str, folder: &Path, commands: &[&str]) {
    let mut text = String::new();
    for command in commands {
        let arguments: Vec<&str> = command.split_whitespace().collect();
        let outcome = assert_refused(folder, &arguments, || run(folder, &arguments));
        note(&mut text, &arguments, &outcome);
    }
    snapshot(name, &text);
}

#[test]
fn bad_flags_are_refused_by_name() {
    let folder = folder();
    refuses_as_known(
        "errors-flags",
        folder.path(),
        &[
            "paint",
            "train --momentum 0.9",
            "train --engine jax",
            "train --engine gram --precision f32",
            "train --engine gram --gradient autodiff",
            "train --engine tensor --optimizer adam --exact-steps 1e5",
            "train --optimizer adam --steps 1e30",
            "limit --engine tensor",
            "limit --out somewhere",
            "limit missing.npz",
            "limit missing.npz --synthetic mixture",
            "train --precision f16",
            "train --synthetic moons",
            "train --step-size -0.1",
            "train --step-size 0",
            "train --step-size NaN",
            "train --step-size inf",
            "train --slope 1.0",
            "train --slope -0.1",
            "train --slope NaN",
            "train --activation relu --slope 0.1",
            "train --width 0",
            "train --width -1",
            "train --width 1000000000000",
            "train --dim 1000000000000",
            "train --samples 100000000 --dim 100000",
            "train --samples 1",
            "train --dim 0",
            "train --noise -1",
            "train --signal 0 --noise 0",
            "train --synthetic orthogonal --samples 10 --dim 5",
            "train --synthetic gaussian --signal 2",
            "train --init-scale NaN",
            "train --init-scale -1",
            "train --steps 0",
            "train --steps 1.5",
            "train --steps -3",
            "train --steps many",
            "train --record 1000000",
            "train --seed -1",
            "train --data data.npz --synthetic mixture",
            "train --data data.npz --samples 4",
            "train --init init.npz --width 3",
            "train --init init.npz --init-scale 0.1",
            "train --labels zero-one",
            "report",
        ],
    );
}

/// The names depend on the build, so these are no snapshots.
#[test]
fn a_device_that_is_unknown_or_not_built_in_is_refused() {
    let folder = folder();
    let refused = |name: &str| {
        let arguments = ["train", "--device", name];
        assert_refused(folder.path(), &arguments, || run(folder.path(), &arguments)).stderr
    };
    assert!(refused("tpu").contains("`tpu`"));
    assert!(refused("cuda:first").contains("`cuda:first`"));
    if !cfg!(feature = "cuda") {
        assert!(refused("cuda").contains("--features cuda"));
        assert!(refused("cuda:1").contains("--features cuda"));
    }
}

#[test]
fn bad_data_files_are_refused_with_what_is_wrong_and_where() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).with_extension("npz");
    let (x, y) = samples();
    let with = |index: [usize; 2], value: f64| {
        let mut x = x.clone();
        x[index] = value;
        x
    };
    write_data(at("sound"), &x, &y);
    let bytes = fs::read(at("sound")).expect("just written");
    fs::write(at("truncated"), &bytes[..bytes.len() / 2]).expect("a writable folder");
    fs::write(at("junk"), b"\x00\x01junk".repeat(50)).expect("a writable folder");
    fs::write(at("nothing"), b"").expect("a writable folder");
    // One bit of one sample, which the archive's checksum covers.
    let mut flipped = bytes.clone();
    flipped[300] ^= 1;
    fs::write(at("flipped"), flipped).expect("a writable folder");
    write_init(at("no_data"), &weights((3, 20)), &weights((3, 20)));
    write_data(at("zero_one"), &x, &y.mapv(|label| (label + 1.0) / 2.0));
    write_data(
        at("three_labels"),
        &x,
        &Array1::from(vec![1.0, -1.0, 2.0, 1.0]),
    );
    write_data(at("one_class"), &x, &Array1::ones(4));
    write_data(at("flat"), &x.row(0).to_owned(), &y);
    write_data(at("deep"), &x.clone().insert_axis(ndarray::Axis(0)), &y);
    write_data(at("no_samples"), &Array2::zeros((0, 20)), &Array1::zeros(0));
    write_data(at("no_dimensions"), &Array2::zeros((4, 0)), &y);
    write_data(at("nan"), &with([2, 3], f64::NAN), &y);
    write_data(at("infinite"), &with([1, 0], f64::NEG_INFINITY), &y);
    write_data(at("huge"), &with([0, 5], 1e200), &y);
    write_data(at("fewer_labels"), &x, &Array1::from(vec![1.0, -1.0, 1.0]));
    let names = [
        "missing",
        "truncated",
        "junk",
        "nothing",
        "flipped",
        "no_data",
        "zero_one",
        "three_labels",
        "one_class",
        "flat",
        "deep",
        "no_samples",
        "no_dimensions",
        "nan",
        "infinite",
        "huge",
        "fewer_labels",
    ];
    let commands: Vec<String> = names.map(|name| format!("check {name}.npz")).into();
    let commands: Vec<&str> = commands
        .iter()
        .map(String::as_str)
        .chain(["check ."])
        .collect();
    refuses_as_known("errors-data", folder.path(), &commands);
    // `train` reads by the same reader.
    for name in names {
        let file = format!("{name}.npz");
        let arguments = ["train", "--data", &file];
        assert_refused(folder.path(), &arguments, || run(folder.path(), &arguments));
    }
}

#[test]
fn bad_tables_images_and_choices_are_refused() {
    let folder = folder();
    let write = |name: &str, content: &[u8]| {
        fs::write(folder.path().join(name), content).expect("a writable folder");
    };
    write("good.csv", b"a,b,y\n1,2,cat\n3,4,dog\n5,6,cat\n");
    write("ragged.csv", b"a,b,y\n1,2,1\n3,-1\n");
    write("words.csv", b"a,b,y\n1,2,1\n3,four,-1\n");
    write("empty.csv", b"");
    write("header.csv", b"a,b,y\n");
    write(
        "images-idx3-ubyte",
        b"\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x01\x05\x06",
    );
    write("labels-idx1-ubyte", b"\0\0\x08\x01\0\0\0\x02\x07\x08");
    write("three-idx1-ubyte", b"\0\0\x08\x01\0\0\0\x03\x07\x08\x07");
    write(
        "lying",
        b"\0\0\x08\x03\xff\xff\xff\xff\0\0\0\x01\0\0\0\x01\x05\x06",
    );
    write(
        "short",
        b"\0\0\x08\x03\0\0\0\x09\0\0\0\x01\0\0\0\x01\x05\x06",
    );
    write("junk", b"neither fish nor fowl");
    write("x.npy", b"\x93NUMPY");
    fs::create_dir(folder.path().join("empty")).expect("a writable folder");
    refuses_as_known(
        "errors-formats",
        folder.path(),
        &[
            "check good.csv",
            "check good.csv --positive cow",
            "check good.csv --positive cat --negative cat",
            "check good.csv --positive cat --negative dog --per-class 2",
            "check good.csv --positive cat --per-class 0",
            "check good.csv --positive cat --label-column species",
            "check good.csv --positive cat --label-file labels-idx1-ubyte",
            "check good.csv --negative dog",
            "check good.csv --positive cat --labels zero-one",
            "check good.csv --positive cat --scale 0",
            "check good.csv --positive cat --noise -1",
            "check good.csv --positive cat --split test",
            "check good.csv --positive cat --samples 3",
            "check good.csv --positive cat --width 3",
            "check ragged.csv",
            "check words.csv",
            "check empty.csv",
            "check header.csv",
            "check images-idx3-ubyte",
            "check images-idx3-ubyte --positive 7 --label-file three-idx1-ubyte",
            "check lying --label-file labels-idx1-ubyte --positive 7",
            "check short --label-file labels-idx1-ubyte --positive 7",
            "check junk",
            "check x.npy",
            "check x.npy --label-file x.npy",
            "check mnist",
            "check mnist --data-dir empty --positive 0",
            "check mnist --data-dir empty --positive 0 --label-column y",
            "check --data-dir empty --synthetic mixture",
            "check",
            "check good.csv --data good.csv",
            "train --positive 3",
            "train --per-class 3",
            "train --export parquet",
        ],
    );
}

#[test]
fn bad_initial_weights_are_refused() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let (x, y) = samples();
    write_data(at("data.npz"), &x, &y);
    write_init(
        at("other_dimension.npz"),
        &weights((3, 21)),
        &weights((3, 21)),
    );
    write_init(at("two_widths.npz"), &weights((3, 20)), &weights((2, 20)));
    write_init(at("no_neurons.npz"), &weights((0, 20)), &weights((0, 20)));
    write_init(
        at("nan.npz"),
        &(weights((3, 20)) * f64::NAN),
        &weights((3, 20)),
    );
    fs::write(at("junk.safetensors"), b"junk").expect("a writable folder");
    fs::write(at("empty.safetensors"), b"\x02\0\0\0\0\0\0\0{}").expect("a writable folder");
    let names = [
        "missing.npz",
        "data.npz",
        "other_dimension.npz",
        "two_widths.npz",
        "no_neurons.npz",
        "nan.npz",
        "missing.safetensors",
        "junk.safetensors",
        "empty.safetensors",
    ];
    let commands: Vec<String> = names
        .map(|name| format!("train --data data.npz --init {name}"))
        .into();
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    refuses_as_known("errors-init", folder.path(), &commands);
}

#[test]
fn bad_configuration_files_are_refused() {
    let folder = folder();
    let files: [(&str, &[u8]); 10] = [
        ("syntax", b"steps = = 3\n"),
        ("unknown_key", b"learning-rate = 3\n"),
        ("wrong_kind", b"steps = \"many\"\n"),
        ("negative", b"width = -3\n"),
        ("out_of_range", b"slope = 1.0\n"),
        ("not_a_number", b"step-size = nan\n"),
        ("twice", b"step-size = 1\nstep_size = 2\n"),
        ("both", b"data = \"data.npz\"\nsynthetic = \"mixture\"\n"),
        ("unknown_engine", b"engine = \"jax\"\n"),
        ("not_text", b"\xff\xfe\x00"),
    ];
    for (name, content) in files {
        let path = folder.path().join(name).with_extension("toml");
        fs::write(path, content).expect("a writable folder");
    }
    let commands: Vec<String> = files.map(|(name, _)| format!("train {name}.toml")).into();
    let commands: Vec<&str> = commands
        .iter()
        .map(String::as_str)
        .chain(["train missing.toml"])
        .collect();
    refuses_as_known("errors-config", folder.path(), &commands);
}

#[test]
fn directories_that_are_in_use_or_no_runs_are_refused() {
    let folder = folder();
    fs::create_dir(folder.path().join("used")).expect("a writable folder");
    fs::write(folder.path().join("used/notes.txt"), "mine").expect("a writable folder");
    refuses_as_known(
        "errors-directories",
        folder.path(),
        &[
            "train --dim 20 --steps 10 --out used",
            "reproduce --quick --out used",
            "report used",
            "report nowhere",
        ],
    );
    let notes = fs::read_to_string(folder.path().join("used/notes.txt"));
    assert_eq!(notes.expect("still there"), "mine");
}

/// Two gigabytes of address space are enough to say no.
#[cfg(target_os = "linux")]
#[test]
fn absurd_sizes_are_refused_without_a_giant_allocation() {
    let folder = folder();
    for arguments in [
        ["train", "--width", "100000000000"],
        ["train", "--dim", "100000000000"],
        ["train", "--samples", "100000000000"],
        // Overflows 64 bits if multiplied carelessly.
        ["train", "--samples", "18446744073709551615"],
    ] {
        assert_refused(folder.path(), &arguments, || {
            limited(folder.path(), &arguments, 2_000_000)
        });
    }
}

/// What fits into what a header claims and into the file may still not fit into memory.
#[cfg(target_os = "linux")]
#[test]
fn data_that_memory_has_no_room_for_are_refused_before_they_are_read() {
    let folder = folder();
    let file = |name: &str, header: &[u8], entries: u64| {
        let file = fs::File::create(folder.path().join(name)).expect("a writable folder");
        std::io::Write::write_all(&mut &file, header).expect("a writable folder");
        // No bytes on the disk, as nothing is written into them.
        file.set_len(header.len() as u64 + entries)
            .expect("a file system with sparse files");
    };
    let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (300, 1000000), }\n";
    let npy = [&b"\x93NUMPY\x01\x00"[..], &[header.len() as u8, 0]].concat();
    file("x.npy", &[&npy, header.as_bytes()].concat(), 300_000_000);
    let images = [
        &[0, 0, 8, 3, 0, 0, 1, 44][..],
        &[0, 0, 3, 232, 0, 0, 3, 232],
    ]
    .concat();
    file("images-idx3-ubyte", &images, 300_000_000);
    let labels: Vec<u8> = (0..300)
        .map(|sample| sample % 2)
        .map(|label| label as u8)
        .collect();
    let labels = [&[0, 0, 8, 1, 0, 0, 1, 44][..], &labels].concat();
    fs::write(folder.path().join("labels-idx1-ubyte"), labels).expect("a writable folder");
    for (command, place) in [
        ("check --synthetic gaussian --samples 20000 --dim 20000", ""),
        ("check --synthetic mixture --samples 20000 --dim 20000", ""),
        (
            "check --synthetic orthogonal --samples 10000 --dim 40000",
            "",
        ),
        ("train --samples 20000 --dim 20000", "samples: "),
        (
            "check x.npy --label-file labels-idx1-ubyte --positive 1",
            "x.npy: ",
        ),
        (
            "train --data x.npy --label-file labels-idx1-ubyte --positive 1",
            "x.npy: ",
        ),
        (
            "check images-idx3-ubyte --positive 1",
            "images-idx3-ubyte: ",
        ),
        (
            "limit --data images-idx3-ubyte --positive 1",
            "images-idx3-ubyte: ",
        ),
    ] {
        let arguments: Vec<&str> = command.split(' ').collect();
        let outcome = assert_refused(folder.path(), &arguments, || {
            limited(folder.path(), &arguments, 2_000_000)
        });
        let said = &outcome.stderr;
        assert!(said.contains(place), "{command}: {said}");
        for word in ["that are free of memory hold, found ", " GiB"] {
            assert!(said.contains(word), "{command}: {said}");
        }
    }
    // Where its decomposition has no room, the rank is left out and the rest is measured.
    let arguments = [
        "check",
        "--synthetic",
        "gaussian",
        "--samples",
        "4000",
        "--dim",
        "4000",
        "--json",
    ];
    let outcome = limited(folder.path(), &arguments, 500_000);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let json: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert!(json["rank"].is_null() && json["n"] == 4000, "{json}");
}

/// The program with so many KiB of address space.
#[cfg(target_os = "linux")]
fn limited(folder: &Path, arguments: &[&str], kib: usize) -> Outcome {
    let program = program(folder);
    let mut limited = std::process::Command::new("sh");
    let script = format!("ulimit -v {kib}; exec \"$0\" \"$@\"");
    limited
        .args(["-c", &script])
        .arg(program.get_program())
        .args(arguments)
        .current_dir(folder);
    finish(&mut limited)
}
