//! Nights: signals as terminals and schedulers send them, machines without locks or memory, files
//! that were moved, runs that are extended.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::resume::{assert_same, end, signal, start, to, wait_for};
use crate::support::{finish, folder, program, read, run};

const BINARY: &str = env!("CARGO_BIN_EXE_implicit-bias");

/// A run that does not end by itself.
pub const ENDLESS: [&str; 7] = [
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

pub fn manifest(run: &Path) -> serde_json::Value {
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
    let all = ["TERM", "HUP", "TERM"].map(|name| format!("kill -{name} {}", child.id()));
    finish(Command::new("sh").args(["-c", &all.join("; ")])).ok();
    // Of signals that come together the system tells no order.
    assert!(matches!(end(child).code, Some(129 | 143)));
    assert!(folder.path().join("run/checkpoint").exists());
}

#[test]
fn a_terminal_that_goes_away_leaves_a_checkpoint_unless_nohup_asked_otherwise() {
    if hangups_are_ignored() {
        return skipped("`nohup` keeps these tests, and what they start, from hangups");
    }
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

/// Whether this process ignores SIGHUP, number 1, and so all that it starts.
fn hangups_are_ignored() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
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
    let loads = |kibibytes: &u32| {
        let script = format!("ulimit -v {kibibytes}; exec {BINARY} --version");
        finish(Command::new("sh").args(["-c", &script])).code == Some(0)
    };
    let least = (30_000..500_000).step_by(10_000).find(loads);
    let least = least.expect("a size into which the program goes");
    let mut refused = 0;
    for kibibytes in [0, 5_000, 20_000, 40_000, 60_000, 150_000].map(|more| least + more) {
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
                Some(0) => {}
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
            "--samples",
            "4",
            "--width",
            "5",
            "--record",
            "1",
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
