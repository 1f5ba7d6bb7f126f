//! Nights: signals as terminals and schedulers send them, machines without locks or memory, files
//! that were moved, runs that are extended.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::resume::{assert_same, end, signal, start, to, wait_for};
use crate::support::{
    finish, folder, program, read, run, samples, weights, write_data, write_init,
};

const BINARY: &str = env!("CARGO_BIN_EXE_implicit-bias");

/// A run that does not end by itself.
const ENDLESS: [&str; 7] = [
    "train", "--engine", "tensor", "--dim", "50", "--steps", "1e12",
];

/// Says why a test cannot be made here.
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

/// Whether a program is on this machine.
fn has(tool: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", &format!("command -v {tool}")])
        .stdout(Stdio::null())
        .status();
    found.is_ok_and(|status| status.success())
}

fn manifest(run: &Path) -> serde_json::Value {
    serde_json::from_str(&read(run.join("manifest.json"))).expect("JSON")
}

/// `timeout` sends its signal to the process and then to the whole group, so that it comes twice.
#[test]
fn a_signal_that_comes_twice_is_one_request() {
    if !has("timeout") {
        return skipped("no `timeout` here");
    }
    for (index, name) in ["TERM", "INT", "HUP"].into_iter().enumerate() {
        let folder = folder();
        let out = format!("run{index}");
        let mut command = Command::new("timeout");
        command
            .current_dir(folder.path())
            .args(["-s", name, "2", BINARY]);
        finish(command.args(to(&ENDLESS, &out)).stdin(Stdio::null()));
        let path = folder.path().join(&out);
        assert_eq!(manifest(&path)["stop"]["reason"], "interrupted", "{name}");
        assert!(path.join("checkpoint").exists(), "{name}");
    }
    // And by hand, as fast as can be.
    let folder = folder();
    let mut child = start(folder.path(), &to(&ENDLESS, "run"));
    wait_for(&folder.path().join("run/series.csv"), &mut child);
    for name in ["-TERM", "-HUP", "-TERM"] {
        signal(&child, name);
    }
    assert_eq!(end(child).code, Some(143));
    assert!(folder.path().join("run/checkpoint").exists());
}

#[test]
fn a_terminal_that_goes_away_leaves_a_checkpoint_unless_nohup_asked_otherwise() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let mut child = start(folder.path(), &to(&ENDLESS, "run"));
    wait_for(&path("run/series.csv"), &mut child);
    signal(&child, "-HUP");
    assert_eq!(end(child).code, Some(129));
    assert_eq!(manifest(&path("run"))["stop"]["reason"], "interrupted");
    assert!(path("run/checkpoint").exists());

    if !has("nohup") {
        return skipped("no `nohup` here");
    }
    let mut child = Command::new("nohup")
        .arg(BINARY)
        .args(to(&ENDLESS, "kept"))
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("nohup starts");
    wait_for(&path("kept/series.csv"), &mut child);
    signal(&child, "-HUP");
    std::thread::sleep(Duration::from_millis(500));
    assert!(child.try_wait().expect("a child").is_none(), "it goes on");
    signal(&child, "-TERM");
    assert_eq!(child.wait().expect("it ended").code(), Some(143));
}

/// What a file system without locks answers, by a library that is loaded before the system's.
const NO_LOCKS: &str = "\
#include <errno.h>
#include <stdlib.h>
int flock(int fd, int operation) {
    (void)fd; (void)operation;
    errno = atoi(getenv(\"FLOCK_ERRNO\"));
    return -1;
}
";

#[cfg(target_os = "linux")]
#[test]
fn without_locks_a_run_goes_on_with_one_warning() {
    if !has("cc") {
        return skipped("no C compiler here");
    }
    let folder = folder();
    let library = folder.path().join("no_locks.so");
    fs::write(folder.path().join("no_locks.c"), NO_LOCKS).expect("writable");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).arg(&library);
    finish(compiler.arg(folder.path().join("no_locks.c"))).ok();
    let without_locks = |number: &str, arguments: &[&str]| {
        let mut command = program(folder.path());
        command
            .env("LD_PRELOAD", &library)
            .env("FLOCK_ERRNO", number);
        finish(command.args(arguments))
    };
    // ENOLCK, ENOSYS, EINVAL, EOPNOTSUPP, and ENOTSUPP of the kernel.
    for number in ["37", "38", "22", "95", "524"] {
        let arguments = ["train", "--dim", "50", "--steps", "100", "--out", number];
        let outcome = without_locks(number, &arguments).ok();
        let warnings = outcome
            .stderr
            .matches("this file system has no locks")
            .count();
        assert_eq!(warnings, 1, "{}", outcome.stderr);
        let outcome = without_locks(number, &["resume", number, "--steps", "200"]).ok();
        assert!(outcome.stderr.contains("no locks"), "{}", outcome.stderr);
        assert!(!folder.path().join(number).join("lock").exists());
    }
    // EIO says something else.
    let broken = without_locks("5", &["train", "--dim", "50", "--out", "broken"]);
    assert_eq!(broken.code, Some(1));
    // Many runs, one warning.
    fs::write(
        folder.path().join("plan.toml"),
        "dim = 20\nsteps = 50\nseeds = 4",
    )
    .expect("writable");
    let outcome = without_locks("38", &["sweep", "plan.toml"]).ok();
    let warnings = outcome
        .stderr
        .matches("this file system has no locks")
        .count();
    assert_eq!(warnings, 1, "{}", outcome.stderr);
}

#[cfg(unix)]
#[test]
fn too_little_memory_is_an_error_and_no_abort() {
    let folder = folder();
    let mut refused = 0;
    for kibibytes in [40_000, 60_000, 80_000, 100_000, 130_000, 200_000, 300_000] {
        for flags in [
            "--steps 100",
            "--samples 2000 --dim 20000 --steps 1",
            "--width 20000 --dim 5000 --steps 1",
        ] {
            let script = format!(
                "ulimit -v {kibibytes}; exec {BINARY} train {flags} --out run{kibibytes}-{refused}"
            );
            let mut command = Command::new("sh");
            command
                .env_remove("RUST_BACKTRACE")
                .current_dir(folder.path());
            let outcome = finish(command.args(["-c", &script]).stdin(Stdio::null()));
            match outcome.code {
                // A program that the system cannot even load ends with 127.
                Some(0 | 127) => {}
                Some(1 | 2) => {
                    refused += 1;
                    let said = !outcome.stderr.trim().is_empty();
                    assert!(
                        said && !outcome.stderr.contains("panicked"),
                        "{}",
                        outcome.stderr
                    );
                }
                code => panic!("{kibibytes} {flags}: {code:?}: {}", outcome.stderr),
            }
        }
    }
    assert!(refused > 3, "{refused} were refused");
}

#[test]
fn horizons_go_as_far_as_numbers_do() {
    let folder = folder();
    for steps in ["1e307", "1e308", "1.7e308"] {
        let flags = [
            "train",
            "--dim",
            "60",
            "--steps",
            steps,
            "--exact-steps",
            "1e4",
        ];
        let outcome = run(folder.path(), &to(&flags, steps)).ok();
        assert!(
            outcome.stdout.contains("completed at step"),
            "{}",
            outcome.stdout
        );
    }
    let far = run(folder.path(), &["train", "--steps", "1e309", "--out", "x"]);
    assert_eq!(far.code, Some(2));
    assert!(
        far.stderr.contains("expected a whole number of steps"),
        "{}",
        far.stderr
    );
}

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
    let said = "run/checkpoint: expected checkpoint version 1, found 7";
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

#[cfg(target_os = "linux")]
#[test]
fn no_more_threads_compute_than_were_asked_for() {
    let folder = folder();
    fs::write(
        folder.path().join("plan.toml"),
        "samples = 300\ndim = 400\nwidth = 20\nsteps = 1e9\nseeds = 4\n\
         [[list]]\nengine = 'gram'\nexact-steps = 1e9\n[[list]]\nengine = 'tensor'",
    )
    .expect("writable");
    // Beside those that compute: signals and progress, and the calling one.
    for (threads, jobs, most) in [("1", "1", 3), ("2", "2", 4), ("3", "1", 6)] {
        let arguments = [
            "sweep",
            "plan.toml",
            "--threads",
            threads,
            "--jobs",
            jobs,
            "--out",
            threads,
        ];
        let mut child = start(folder.path(), &arguments);
        wait_for(&folder.path().join(threads).join("runs"), &mut child);
        let clock = Instant::now();
        let mut seen = 0;
        while clock.elapsed() < Duration::from_secs(2) {
            let status = read(format!("/proc/{}/status", child.id()).into());
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("Threads:"));
            seen = seen.max(
                line.expect("a number")
                    .trim()
                    .parse::<usize>()
                    .expect("a number"),
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        signal(&child, "-TERM");
        child.wait().expect("it ended");
        assert!(seen <= most, "{seen} threads, of which {threads} compute");
    }
    for threads in ["0", "100000"] {
        let refused = run(folder.path(), &["sweep", "plan.toml", "--threads", threads]);
        assert_eq!(refused.code, Some(2));
        assert!(
            refused.stderr.contains("threads: expected"),
            "{}",
            refused.stderr
        );
    }
}

#[test]
fn threads_change_no_byte_of_a_run() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    for engine in ["gram", "tensor"] {
        let flags = [
            "train",
            "--samples",
            "300",
            "--dim",
            "320",
            "--width",
            "40",
            "--steps",
            "50",
            "--engine",
            engine,
            "--threads",
        ];
        let outs = ["1", "3"].map(|threads| {
            let out = format!("{engine}{threads}");
            run(folder.path(), &to(&[&flags[..], &[threads]].concat(), &out)).ok();
            path(&out)
        });
        assert_same(&outs[0], &outs[1]);
    }
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

/// A terminal is not needed to answer, and its absence is said.
#[test]
fn what_a_plan_no_longer_has_is_removed_after_asking() {
    let folder = folder();
    let plan = |seeds: u32| {
        let text = format!("dim = 20\nsteps = 50\nseeds = {seeds}\n");
        fs::File::create(folder.path().join("plan.toml"))
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .expect("writable");
    };
    plan(5);
    run(folder.path(), &["sweep", "plan.toml"]).ok();
    let nothing = run(folder.path(), &["sweep", "prune", "plan.toml"]).ok();
    assert!(
        nothing.stdout.contains("nothing to remove"),
        "{}",
        nothing.stdout
    );
    plan(2);
    fs::create_dir(folder.path().join("runs/plan/runs/mine")).expect("writable");
    let asked = run(folder.path(), &["sweep", "prune", "plan.toml"]);
    assert_eq!(asked.code, Some(2));
    assert!(
        asked.stderr.contains("yes: expected this flag"),
        "{}",
        asked.stderr
    );
    let entries = || {
        folder
            .path()
            .join("runs/plan/runs")
            .read_dir()
            .unwrap()
            .count()
    };
    assert_eq!(entries(), 6);
    let removed = run(folder.path(), &["sweep", "prune", "plan.toml", "--yes"]).ok();
    assert!(
        removed.stdout.contains("removed 3 of 3 runs"),
        "{}",
        removed.stdout
    );
    assert_eq!(entries(), 3);
    let again = run(folder.path(), &["sweep", "plan.toml"]).ok();
    assert!(
        again.stdout.contains("0 runs ended, 2 had ended before"),
        "{}",
        again.stdout
    );
}
