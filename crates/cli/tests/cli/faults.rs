//! Whatever happens to a run, nothing recorded is lost: kills, full and read-only disks, damaged
//! files, clocks.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::resume::{assert_same, end, signal, start, to, wait_for};
use crate::support::{Outcome, finish, folder, read, run};

/// Runs of a fraction of a second, which write a checkpoint after every chunk of steps.
const TENSOR: [&str; 11] = [
    "train",
    "--engine",
    "tensor",
    "--dim",
    "60",
    "--width",
    "10",
    "--steps",
    "4e3",
    "--checkpoint-interval",
    "0",
];
const GRAM: [&str; 11] = [
    "train",
    "--dim",
    "150",
    "--activation",
    "relu",
    "--steps",
    "1e25",
    "--exact-steps",
    "1e5",
    "--checkpoint-interval",
    "0",
];

/// A network without Gram coordinates, which goes on in log time.
const LOG_TIME: [&str; 15] = [
    "train",
    "--network",
    "two-layer-both",
    "--dim",
    "30",
    "--width",
    "6",
    "--init-scale",
    "0.1",
    "--steps",
    "1e40",
    "--exact-steps",
    "2e3",
    "--checkpoint-interval",
    "0",
];

/// How many runs are killed, at moments spread evenly over their length; `IMPLICIT_BIAS_KILLS` asks
/// for more.
const KILLS: usize = 64;

/// Numbers from a fixed sequence, as good as random: SplitMix64.
struct Dice(AtomicU64);

impl Dice {
    fn below(&self, bound: u64) -> u64 {
        let step = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.fetch_add(step, Ordering::Relaxed).wrapping_add(step);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// Whether some file is being written at this moment.
fn writes(run: &Path) -> bool {
    let entries = run.read_dir().into_iter().flatten().flatten();
    entries
        .into_iter()
        .any(|entry| entry.file_name().to_string_lossy().starts_with(".writing-"))
}

/// Kills the child after so long or, if `in_write`, as soon as it is seen to write after that.
fn kill(child: &mut Child, run: &Path, after: Duration, in_write: bool) {
    std::thread::sleep(after);
    let patience = Instant::now();
    while in_write && !writes(run) && patience.elapsed() < Duration::from_millis(300) {
        std::hint::spin_loop();
    }
    let _ = child.kill();
    child.wait().expect("it ended");
}

/// Goes on with a run as its user would: `resume`, or the same command again if it had not begun.
fn again<'a>(folder: &Path, arguments: &[&'a str], out: &'a str) -> Vec<&'a str> {
    if folder.join(out).join("manifest.json").exists() {
        vec!["resume", out, "--checkpoint-interval", "0"]
    } else {
        to(arguments, out)
    }
}

/// Tables on the disk are never more than the beginning of what the whole run records.
fn assert_beginning(run: &Path, whole: &Path) {
    for name in ["series.csv", "margins.csv"] {
        let so_far = fs::read(run.join(name)).unwrap_or_default();
        assert!(
            fs::read(whole.join(name))
                .expect("it is whole")
                .starts_with(&so_far),
            "{name}"
        );
    }
}

#[test]
fn kills_at_any_moment_cost_no_byte() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let dice = Dice(AtomicU64::new(7));
    let asked = std::env::var("IMPLICIT_BIAS_KILLS").ok();
    let kills = asked.map_or(KILLS, |text| text.parse().expect("a whole number"));
    let (next, in_writes, before_begin) = (
        AtomicUsize::new(0),
        AtomicUsize::new(0),
        AtomicUsize::new(0),
    );
    let kinds: [(&[&str], &str); 3] = [
        (&GRAM, "whole-gram"),
        (&TENSOR, "whole-tensor"),
        (&LOG_TIME, "whole-log-time"),
    ];
    let times = kinds.map(|(arguments, whole)| run(folder.path(), &to(arguments, whole)).ok().time);
    let work = || {
        loop {
            let trial = next.fetch_add(1, Ordering::Relaxed);
            if trial >= kills {
                return;
            }
            let (arguments, whole) = kinds[trial % 3];
            let (whole, time) = (path(whole), times[trial % 3]);
            let out = format!("cut-{trial}");
            let cut = path(&out);
            // One trial a slice of the run, with a little beyond its end, somewhere in the slice.
            let slice = time.as_micros() as u64 * 11 / 10 / kills as u64;
            let moment = Duration::from_micros(trial as u64 * slice + dice.below(slice.max(1)));
            let in_write = trial % 4 < 2;
            let mut child = start(folder.path(), &to(arguments, &out));
            kill(&mut child, &cut, moment, in_write);
            in_writes.fetch_add(usize::from(writes(&cut)), Ordering::Relaxed);
            before_begin.fetch_add(
                usize::from(!cut.join("manifest.json").exists()),
                Ordering::Relaxed,
            );
            assert_beginning(&cut, &whole);
            // Every fourth one is killed once more while it goes on.
            if trial % 4 == 3 {
                let mut child = start(folder.path(), &again(folder.path(), arguments, &out));
                kill(&mut child, &cut, moment / 2, true);
                assert_beginning(&cut, &whole);
            }
            let outcome = run(folder.path(), &again(folder.path(), arguments, &out));
            assert_eq!(outcome.code, Some(0), "trial {trial}: {}", outcome.stderr);
            assert_same(&cut, &whole);
            fs::remove_dir_all(&cut).expect("it is ours");
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(work);
        }
    });
    let (in_writes, before_begin) = (in_writes.into_inner(), before_begin.into_inner());
    println!(
        "{kills} kills, {in_writes} in the middle of a write, {before_begin} before the run began"
    );
    assert!(in_writes >= kills / 20, "{in_writes} kills hit a write");
}

/// The program with a largest size of files, in KiB, as a full disk has one.
fn with_limit(folder: &Path, kib: usize, arguments: &[&str]) -> Outcome {
    let quoted: Vec<String> = arguments
        .iter()
        .map(|argument| format!("'{argument}'"))
        .collect();
    // Without the trap the system would end the program instead of failing its write.
    let script = format!(
        "trap '' XFSZ; ulimit -f {kib}; exec '{}' {}",
        env!("CARGO_BIN_EXE_implicit-bias"),
        quoted.join(" ")
    );
    finish(
        Command::new("bash")
            .args(["-c", &script])
            .current_dir(folder),
    )
}

#[test]
fn a_file_that_cannot_grow_is_named_and_the_run_goes_on_when_it_can() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    run(folder.path(), &to(&GRAM, "whole")).ok();
    for kib in [0, 1, 2, 5, 10, 30, 60] {
        let out = format!("cut-{kib}");
        let full = with_limit(folder.path(), kib, &to(&GRAM, &out));
        assert_eq!(full.code, Some(1), "{kib} KiB: {}", full.stderr);
        let said = full.stderr.lines().last().unwrap_or_default();
        let named = said.starts_with(&format!("error: writing {out}/"));
        assert!(
            named && said.contains("File too large"),
            "{kib} KiB: {said}"
        );
        assert!(!writes(&path(&out)), "half a file is left");
        assert_beginning(&path(&out), &path("whole"));
        run(folder.path(), &again(folder.path(), &GRAM, &out)).ok();
        assert_same(&path(&out), &path("whole"));
    }
}

/// A file system of its own, where this process may make one.
struct Mount(PathBuf);

impl Mount {
    fn new(path: PathBuf, size: &str) -> Option<Self> {
        fs::create_dir(&path).expect("writable");
        let option = format!("size={size}");
        let mut command = Command::new("mount");
        command
            .args(["-t", "tmpfs", "-o", &option, "none"])
            .arg(&path);
        let mounted = command.output().is_ok_and(|output| output.status.success());
        if !mounted {
            println!("skipped: this process may not mount a file system");
        }
        mounted.then_some(Self(path))
    }

    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        let status = Command::new("mount")
            .args(["-o", &options])
            .arg(&self.0)
            .status();
        assert!(status.expect("mount was there before").success());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_and_a_read_only_disk_are_named_and_the_run_goes_on_after_them() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let Some(disk) = Mount::new(path("disk"), "128k") else {
        return;
    };
    run(folder.path(), &to(&GRAM, "whole")).ok();
    let full = run(folder.path(), &to(&GRAM, "disk/run"));
    assert_eq!(full.code, Some(1), "{}", full.stderr);
    assert!(
        full.stderr.contains("error: writing disk/run/"),
        "{}",
        full.stderr
    );
    assert!(
        full.stderr.contains("No space left on device"),
        "{}",
        full.stderr
    );
    assert_beginning(&path("disk/run"), &path("whole"));

    disk.remount("ro,size=64m");
    let read_only = run(folder.path(), &["resume", "disk/run"]);
    assert_eq!(read_only.code, Some(1), "{}", read_only.stderr);
    assert!(
        read_only
            .stderr
            .starts_with("error: writing disk/run/lock: Read-only"),
        "{}",
        read_only.stderr
    );
    let new = run(folder.path(), &to(&GRAM, "disk/other"));
    assert_eq!(new.code, Some(1), "{}", new.stderr);
    assert!(
        new.stderr.contains("error: writing disk/other: Read-only"),
        "{}",
        new.stderr
    );

    disk.remount("rw,size=64m");
    run(folder.path(), &["resume", "disk/run"]).ok();
    assert_same(&path("disk/run"), &path("whole"));
}

/// A run interrupted in its middle, and the same run whole.
fn interrupted(folder: &Path) {
    run(folder, &to(&GRAM, "whole")).ok();
    let mut child = start(folder, &to(&GRAM, "cut"));
    wait_for(&folder.join("cut/checkpoint.previous"), &mut child);
    signal(&child, "-KILL");
    end(child);
}

#[test]
fn half_a_line_is_named_and_written_again() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    interrupted(folder.path());
    // The report reads the series first: it is damaged last.
    for name in ["margins.csv", "series.csv"] {
        let file = path("cut").join(name);
        let table = read(file.clone());
        fs::write(&file, &table[..table.len() - table.len() / 50 - 7]).expect("writable");
        let report = run(folder.path(), &["report", "cut"]);
        assert_eq!(report.code, Some(2));
        assert!(
            report.stderr.starts_with(&format!("error: cut/{name}: ")),
            "{}",
            report.stderr
        );
    }
    run(folder.path(), &["resume", "cut"]).ok();
    assert_same(&path("cut"), &path("whole"));
}

#[test]
fn a_clock_that_goes_backwards_changes_nothing() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    interrupted(folder.path());
    // As if the run had been begun next century, and every file written then.
    let mut manifest: serde_json::Value =
        serde_json::from_str(&read(path("cut/manifest.json"))).expect("JSON");
    manifest["started"] = 4_000_000_000_u64.into();
    fs::write(path("cut/manifest.json"), manifest.to_string()).expect("writable");
    for entry in path("cut").read_dir().expect("a folder") {
        let file = fs::File::options()
            .append(true)
            .open(entry.expect("readable").path());
        let then = std::time::UNIX_EPOCH + Duration::from_secs(4_000_000_000);
        file.expect("writable")
            .set_modified(then)
            .expect("a file has times");
    }
    run(folder.path(), &["resume", "cut"]).ok();
    assert_same(&path("cut"), &path("whole"));
    let manifest: serde_json::Value =
        serde_json::from_str(&read(path("cut/manifest.json"))).expect("JSON");
    let seconds = manifest["wall_seconds"].as_f64().expect("a number");
    assert!((0.0..1e4).contains(&seconds), "{seconds}");
}

#[test]
fn a_damaged_manifest_is_named_and_left_alone() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    interrupted(folder.path());
    let manifest = read(path("cut/manifest.json"));
    for damaged in ["", "{}", &manifest[..manifest.len() / 2]] {
        fs::write(path("cut/manifest.json"), damaged).expect("writable");
        let outcome = run(folder.path(), &["resume", "cut"]);
        assert_eq!(outcome.code, Some(2));
        assert!(
            outcome.stderr.starts_with("error: cut/manifest.json: "),
            "{}",
            outcome.stderr
        );
        assert_eq!(read(path("cut/manifest.json")), damaged);
    }
    fs::write(path("cut/manifest.json"), manifest).expect("writable");
    run(folder.path(), &["resume", "cut"]).ok();
    assert_same(&path("cut"), &path("whole"));
}
