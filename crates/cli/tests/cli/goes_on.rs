//! Runs that go on: extended, moved, from another version, and reproductions that were cut off.

use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::nights::{ENDLESS, manifest};
use crate::resume::{assert_same, end, signal, start, to, wait_for};
use crate::support::{finish, folder, read, run, samples, weights, write_data, write_init};

#[test]
fn an_extended_run_is_the_uninterrupted_one_wherever_it_had_ended() {
    let tensor: &[&str] = &["train", "--engine", "tensor", "--dim", "60", "--width", "8"];
    let gram: &[&str] = &[
        "train",
        "--engine",
        "gram",
        "--dim",
        "100",
        "--activation",
        "relu",
    ];
    let far: &[&str] = &["train", "--dim", "100", "--exact-steps", "1e4"];
    let few: &[&str] = &["train", "--engine", "gram", "--dim", "80", "--record", "0"];
    for (flags, ends) in [
        (tensor, ["1", "300", "777", "3000", "10000"]),
        (gram, ["33", "300", "777", "123456", "3e5"]),
        (far, ["777", "9999", "1234567", "3.3e20", "7e40"]),
        (few, ["7", "300", "3000", "4000", "12345"]),
    ] {
        let folder = folder();
        let path = |name: &str| folder.path().join(name);
        let [first, .., last] = ends;
        let with = |steps| [flags, &["--steps", steps]].concat();
        run(folder.path(), &to(&with(first), "part")).ok();
        for steps in &ends[1..] {
            run(folder.path(), &["resume", "part", "--steps", steps]).ok();
        }
        run(folder.path(), &to(&with(last), "whole")).ok();
        assert_same(&path("part"), &path("whole"));
    }
}

/// A run of so few steps has the other engine than one of more.
#[test]
fn an_extended_run_keeps_its_engine_and_says_so() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let flags = ["train", "--samples", "22", "--dim", "6", "--width", "5"];
    let with = |more: &[&'static str]| [&flags[..], more].concat();
    run(folder.path(), &to(&with(&["--steps", "30"]), "run")).ok();
    assert_eq!(manifest(&path("run"))["engine"], "tensor");
    let extended = run(folder.path(), &["resume", "run", "--steps", "3000"]).ok();
    for words in [
        "the run stays with engine tensor",
        "its configuration asks for from here on",
        "one of 3000 steps from its start would have another (Gram coordinates",
    ] {
        assert!(extended.stderr.contains(words), "{}", extended.stderr);
    }
    assert_eq!(manifest(&path("run"))["engine"], "tensor");
    assert!(read(path("run/config.toml")).contains("engine = \"tensor\""));
    // It is the run of its configuration, and not that of `auto`.
    let whole = with(&["--steps", "3000", "--engine", "tensor"]);
    run(folder.path(), &to(&whole, "whole")).ok();
    assert_same(&path("run"), &path("whole"));
    run(folder.path(), &to(&with(&["--steps", "3000"]), "auto")).ok();
    assert_eq!(manifest(&path("auto"))["engine"], "gram");
    // Nothing is said where `auto` would stay as well.
    run(folder.path(), &to(&with(&["--steps", "30"]), "short")).ok();
    let on = run(folder.path(), &["resume", "short", "--steps", "40"]).ok();
    assert!(!on.stderr.contains("stays with"), "{}", on.stderr);
    assert!(read(path("short/config.toml")).contains("engine = \"auto\""));
}

/// A run that is cut off in its last steps, and then extended.
#[test]
fn a_run_that_was_cut_off_near_its_end_is_extended_as_if_it_had_not_been() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let flags = [
        "train",
        "--engine",
        "tensor",
        "--dim",
        "100",
        "--width",
        "20",
        "--record",
        "0",
        "--checkpoint-interval",
        "0",
        "--steps",
    ];
    run(
        folder.path(),
        &to(&[&flags[..], &["8e4"]].concat(), "whole"),
    )
    .ok();
    let mut child = start(
        folder.path(),
        &to(&[&flags[..], &["33333"]].concat(), "cut"),
    );
    wait_for(&path("cut/checkpoint"), &mut child);
    signal(&child, "-INT");
    end(child);
    for steps in ["44444", "8e4"] {
        run(folder.path(), &["resume", "cut", "--steps", steps]).ok();
    }
    assert_same(&path("cut"), &path("whole"));
}

#[test]
fn files_of_a_run_that_were_moved_are_found_by_a_flag_and_known_by_their_content() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let (x, y) = samples();
    write_data(path("d.npz"), &x, &y);
    write_init(path("w.npz"), &weights((3, 20)), &weights((3, 20)));
    for out in ["moved", "whole"] {
        let flags = [
            "train", "--data", "d.npz", "--init", "w.npz", "--steps", "100",
        ];
        run(folder.path(), &to(&flags, out)).ok();
    }
    run(folder.path(), &["resume", "whole", "--steps", "400"]).ok();
    fs::create_dir(path("elsewhere")).expect("writable");
    for name in ["d.npz", "w.npz"] {
        fs::rename(path(name), path("elsewhere").join(name)).expect("writable");
    }
    for (arguments, flag) in [
        (&["resume", "moved", "--steps", "400"][..], "--data NEW"),
        (&["report", "moved", "--export", "npz"], "--data NEW"),
        (
            &[
                "resume",
                "moved",
                "--steps",
                "400",
                "--data",
                "elsewhere/d.npz",
            ],
            "--init NEW",
        ),
    ] {
        let outcome = run(folder.path(), arguments);
        assert_eq!(outcome.code, Some(2));
        assert!(outcome.stderr.contains(flag), "{}", outcome.stderr);
        assert!(
            outcome
                .stderr
                .contains(".npz: expected the file of the run")
        );
    }
    // Without its data a run is reported all the same.
    run(folder.path(), &["report", "moved"]).ok();
    // Other data are refused.
    write_data(path("other.npz"), &(&x * 2.0), &y);
    let init = ["--init", "elsewhere/w.npz"];
    for (command, said) in [
        (vec!["resume", "moved", "--steps", "400"], "found others in"),
        (vec!["report", "moved", "--export", "npz"], "has changed"),
    ] {
        let arguments = [&command[..], &["--data", "other.npz"], &init[..]].concat();
        let outcome = run(folder.path(), &arguments);
        assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
    }
    let none = run(folder.path(), &["resume", "moved", "--label-file", "y.npy"]);
    assert_eq!(none.code, Some(2));
    assert!(
        none.stderr.contains("a run with a label file"),
        "{}",
        none.stderr
    );

    let here = ["--data", "elsewhere/d.npz", "--init", "elsewhere/w.npz"];
    run(
        folder.path(),
        &[&["report", "moved", "--export", "npz"], &here[..]].concat(),
    )
    .ok();
    assert!(path("moved/results.npz").exists());
    run(
        folder.path(),
        &[&["resume", "moved", "--steps", "400"], &here[..]].concat(),
    )
    .ok();
    for name in [
        "series.csv",
        "margins.csv",
        "weights.safetensors",
        "claims.json",
    ] {
        let [moved, whole] = ["moved", "whole"].map(|run| fs::read(path(run).join(name)).unwrap());
        assert!(moved == whole, "{name}");
    }
    // From now on it knows where they are; by hand works as well.
    run(folder.path(), &["resume", "moved", "--steps", "500"]).ok();
    fs::rename(path("elsewhere"), path("again")).expect("writable");
    let config = read(path("moved/config.toml"));
    fs::write(
        path("moved/config.toml"),
        config.replace("/elsewhere/", "/again/"),
    )
    .unwrap();
    run(folder.path(), &["report", "moved", "--export", "npz"]).ok();
    run(folder.path(), &["resume", "moved", "--steps", "600"]).ok();
    // But nothing else may be changed.
    let config = read(path("moved/config.toml"));
    let changed = config.replace("step-size = 0.1", "step-size = 0.2");
    fs::write(path("moved/config.toml"), changed).unwrap();
    let edited = run(folder.path(), &["resume", "moved", "--steps", "700"]);
    assert_eq!(edited.code, Some(2));
    assert!(
        edited.stderr.contains("found another one"),
        "{}",
        edited.stderr
    );
}

#[test]
fn a_checkpoint_of_another_version_is_refused_and_versions_that_went_on_are_noted() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let flags = [
        "train", "--engine", "tensor", "--dim", "50", "--steps", "200",
    ];
    run(folder.path(), &to(&flags, "run")).ok();
    let sound = fs::read(path("run/checkpoint")).expect("there is one");
    let mut other = sound.clone();
    other[24] = 7;
    fs::write(path("run/checkpoint"), &other).expect("writable");
    let refused = run(folder.path(), &["resume", "run", "--steps", "500"]);
    assert_eq!(refused.code, Some(2));
    let said = "run/checkpoint: expected checkpoint version 5, found 7";
    assert!(refused.stderr.contains(said), "{}", refused.stderr);
    assert!(
        fs::read(path("run/checkpoint")).unwrap() == other,
        "it is left alone"
    );
    fs::write(path("run/checkpoint"), &sound).expect("writable");

    assert!(manifest(&path("run")).get("continued_by").is_none());
    run(folder.path(), &["resume", "run", "--steps", "500"]).ok();
    assert!(
        manifest(&path("run")).get("continued_by").is_none(),
        "the same version"
    );
    let text = read(path("run/manifest.json"));
    let own = env!("CARGO_PKG_VERSION");
    let older = text.replace(
        &format!("\"implicit_bias\": \"{own}\""),
        "\"implicit_bias\": \"0.0.1\"",
    );
    assert_ne!(older, text);
    fs::write(path("run/manifest.json"), older).expect("writable");
    for steps in ["1000", "2000"] {
        run(folder.path(), &["resume", "run", "--steps", steps]).ok();
    }
    let noted = manifest(&path("run"));
    assert_eq!(noted["implicit_bias"], "0.0.1");
    let others = noted["continued_by"].as_array().expect("a list");
    assert_eq!(others.len(), 1, "{others:?}");
    assert_eq!(others[0]["implicit_bias"], own);
    assert_eq!(others[0]["from_step"], "500");
}

#[test]
fn report_goes_on_past_a_broken_run_and_says_what_runs() {
    let folder = folder();
    for name in ["a", "c"] {
        run(
            folder.path(),
            &to(&["train", "--dim", "50", "--steps", "100"], name),
        )
        .ok();
    }
    let outcome = run(folder.path(), &["report", "a", "b", "c"]);
    assert_eq!(outcome.code, Some(2));
    assert!(
        outcome.stderr.contains("error: b/manifest.json"),
        "{}",
        outcome.stderr
    );
    for name in ["a", "c"] {
        assert!(
            outcome.stdout.contains(&format!("run: {name}\n")),
            "{}",
            outcome.stdout
        );
    }

    let mut child = start(folder.path(), &to(&ENDLESS, "running"));
    wait_for(&folder.path().join("running/margins.csv"), &mut child);
    let outcome = run(folder.path(), &["report", "running"]).ok();
    let said = format!(", process {};", child.id());
    assert!(
        outcome.stdout.contains("\nrunning, step "),
        "{}",
        outcome.stdout
    );
    assert!(outcome.stdout.contains(&said), "{}", outcome.stdout);
    child.kill().expect("it still runs");
    child.wait().expect("it ended");
    let outcome = run(folder.path(), &["report", "running"]).ok();
    assert!(
        outcome.stdout.contains("stopped: cut off"),
        "{}",
        outcome.stdout
    );
}

#[test]
fn a_hint_can_be_pasted_whatever_the_path() {
    let folder = folder();
    let out = "my run (2026) it's";
    let mut child = start(folder.path(), &to(&ENDLESS, out));
    wait_for(&folder.path().join(out).join("series.csv"), &mut child);
    signal(&child, "-INT");
    let outcome = end(child);
    let (_, hint) = outcome
        .stderr
        .split_once("go on with: implicit-bias ")
        .expect("a hint");
    let script = format!("set -- {}; printf '%s\\n' \"$@\"", hint.trim());
    let words = finish(Command::new("sh").args(["-c", &script])).ok();
    assert_eq!(words.stdout, format!("resume\n{out}\n"));
}

/// Interrupted by a signal, killed, and gone on with: the same folder, byte for byte.
#[test]
fn an_interrupted_reproduction_goes_on_with_the_same_command() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let command = ["reproduce", "--quick", "--out"];
    run(folder.path(), &[&command[..], &["whole"]].concat()).ok();
    let cut = [&command[..], &["cut"]].concat();
    for (name, code) in [("-TERM", Some(143)), ("-KILL", None), ("-INT", Some(130))] {
        let mut child = start(folder.path(), &cut);
        wait_for(&path("cut/runs"), &mut child);
        std::thread::sleep(Duration::from_millis(700));
        signal(&child, name);
        let outcome = end(child);
        assert_eq!(outcome.code, code, "{}", outcome.stderr);
        assert!(path("cut/unfinished").exists() && !path("cut/report.html").exists());
    }
    let other = run(
        folder.path(),
        &["reproduce", "adam", "--quick", "--out", "cut"],
    );
    assert_eq!(other.code, Some(2));
    assert!(
        other.stderr.contains("which was cut off"),
        "{}",
        other.stderr
    );
    let outcome = run(folder.path(), &cut).ok();
    assert!(
        outcome.stderr.contains("goes on in cut"),
        "{}",
        outcome.stderr
    );
    assert!(!path("cut/unfinished").exists());
    assert_same(&path("cut"), &path("whole"));
    // What is done is not written over.
    assert_eq!(run(folder.path(), &cut).code, Some(2));
}
