//! The commands of the README, as a reader would type them.
//!
//! A line `$ cargo run --release -- ARGS` or `$ implicit-bias ARGS` of a `console` block is run
//! with this build, in order and in one folder; `reproduce` with `--quick`. Of an experiment's line
//! the binary must exist. `cargo test` is what runs this. Any other command must stand in a block
//! under a comment `<!-- not run: REASON -->`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use implicit_bias_data::write_npz_arrays;

use crate::support::{folder, run, samples, write_data};

/// A `console` block.
struct Block {
    line: usize,
    not_run: Option<String>,
    commands: Vec<String>,
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut inside, mut comment) = (false, None);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if inside {
            inside = line != "```";
            let block = blocks.last_mut().expect("a fence opened it");
            block
                .commands
                .extend(line.strip_prefix("$ ").map(str::to_owned));
        } else if line == "```console" {
            inside = true;
            blocks.push(Block {
                line: index + 1,
                not_run: comment.take(),
                commands: Vec::new(),
            });
        } else if let Some(reason) = line.strip_prefix("<!-- not run:") {
            comment = Some(reason.trim_end_matches("-->").trim().to_owned());
        } else if !line.is_empty() {
            comment = None;
        }
    }
    blocks
}

/// The arguments of a command that runs the program, if it does.
fn arguments(command: &str) -> Option<Vec<&str>> {
    let rest = command
        .strip_prefix("cargo run --release -- ")
        .or_else(|| command.strip_prefix("implicit-bias "))?;
    let mut arguments: Vec<&str> = rest.split_whitespace().collect();
    if arguments.first() == Some(&"reproduce") && !arguments.contains(&"--quick") {
        arguments.push("--quick");
    }
    Some(arguments)
}

/// The name of the experiment that a command runs, if it does.
fn experiment(command: &str) -> Option<&str> {
    let rest = command.strip_prefix("cargo run --release -p implicit-bias-experiments --bin ")?;
    rest.split_whitespace().next()
}

#[test]
fn every_command_of_the_readme_works() {
    let readme = repository().join("README.md");
    let text = fs::read_to_string(&readme).expect("the repository has a README");
    let folder = folder();
    // The reader's own data.
    let (x, y) = samples();
    write_data(folder.path().join("mine.npz"), &x, &y);
    for (name, content) in plans(&text) {
        fs::write(folder.path().join(name), content).expect("writable");
    }
    let (ran, experiments) = run_commands("README.md", &text, folder.path());
    assert!(
        ran >= 2 && experiments >= 1,
        "{ran} commands, {experiments} experiments"
    );
    run_python(&text, folder.path());
}

#[test]
fn every_command_of_the_page_on_data_works() {
    let page = repository().join("docs/data.md");
    let text = fs::read_to_string(&page).expect("the book has a page on data");
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    // What the page makes in Python.
    let (x, y) = samples();
    let [x_view, y_view] = [x.view().into_dyn(), y.view().into_dyn()];
    for (name, arrays) in [
        ("mine.npz", &["X", "y"][..]),
        ("keras.npz", &["x_train", "y_train", "x_test", "y_test"]),
        ("named.npz", &["voltage", "kind"]),
        ("x.npz", &["arr_0"]),
        ("y.npz", &["arr_0 of y"]),
    ] {
        let is_label = |name: &str| name.contains('y') || name == "kind";
        let array = |name: &&'static str| match is_label(name) {
            true => (name.trim_end_matches(" of y"), y_view.clone()),
            false => (*name, x_view.clone()),
        };
        let arrays: Vec<_> = arrays.iter().map(array).collect();
        write_npz_arrays(at(name), &arrays).expect("a writable folder");
    }
    for name in ["x", "y"] {
        // The one entry of an archive that stores is an .npy file.
        let bytes = fs::read(at(&format!("{name}.npz"))).expect("just written");
        let start = bytes
            .windows(6)
            .position(|w| w == b"\x93NUMPY")
            .expect("an array");
        let entries = if name == "x" { 80 } else { 4 };
        let array = &bytes[start..start + 128 + 8 * entries];
        fs::write(at(&format!("{name}.npy")), array).expect("a writable folder");
    }
    let images = [
        &[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2][..],
        &[9, 8, 7, 6],
    ]
    .concat();
    fs::write(at("my-images-idx3-ubyte"), images).expect("a writable folder");
    let labels = [0, 0, 8, 1, 0, 0, 0, 2, 1, 2];
    fs::write(at("my-labels-idx1-ubyte"), labels).expect("a writable folder");
    for (name, content) in shown_files(&text) {
        fs::write(at(name), content).expect("a writable folder");
    }
    let (ran, _) = run_commands("docs/data.md", &text, folder.path());
    assert!(ran >= 14, "{ran} commands");
}

/// The files that a page shows: blocks under a comment `<!-- file: NAME -->`.
fn shown_files(text: &str) -> Vec<(&str, &str)> {
    let parts = text.split("<!-- file: ").skip(1);
    let file = |part: &'_ str| -> Option<(usize, usize, usize)> {
        let name = part.find(" -->")?;
        let start = part.find("```text\n")? + "```text\n".len();
        Some((name, start, start + part[start..].find("```")?))
    };
    let files = parts.filter_map(|part| {
        let (name, start, end) = file(part)?;
        Some((&part[..name], &part[start..end]))
    });
    files.collect()
}

/// Runs the commands of a page in a folder: how many of the program there were, and of experiments.
fn run_commands(page: &str, text: &str, folder: &Path) -> (usize, usize) {
    let (mut ran, mut experiments) = (0, 0);
    for block in &blocks(text) {
        if let Some(reason) = &block.not_run {
            println!("{page}:{}: not run: {reason}", block.line);
            assert!(!reason.is_empty(), "{page}:{}: say why not", block.line);
            continue;
        }
        assert!(
            !block.commands.is_empty(),
            "{page}:{}: no command",
            block.line
        );
        for command in &block.commands {
            let place = format!("{page}:{}: `{command}`", block.line);
            if let Some(arguments) = arguments(command) {
                let outcome = run(folder, &arguments);
                println!("{place}: {:.1?}", outcome.time);
                assert_eq!(outcome.code, Some(0), "{place}: {}", outcome.stderr);
                ran += 1;
            } else if let Some(name) = experiment(command) {
                let source = repository().join("experiments/src/bin").join(name);
                assert!(
                    source.with_extension("rs").is_file(),
                    "{place}: no such binary"
                );
                experiments += 1;
            } else {
                let known = command.starts_with("cargo test");
                assert!(known, "{place}: run it here, or say why not in a comment");
            }
        }
    }
    (ran, experiments)
}

/// The files that the README shows: blocks of TOML whose first line is a comment with the name.
fn plans(text: &str) -> Vec<(&str, &str)> {
    let blocks = text.split("```toml\n# ").skip(1);
    let named = blocks.filter_map(|block| block.split("```").next()?.split_once('\n'));
    named.filter(|(name, _)| name.ends_with(".toml")).collect()
}

/// Runs the Python code that reads the results of the commands before it.
fn run_python(text: &str, folder: &Path) {
    let code = text
        .split("```python\n")
        .filter_map(|part| part.split("```").next())
        .find(|code| code.contains("results.npz"))
        .expect("the README reads results in Python");
    let python = |code: &str| {
        let mut python = Command::new("python3");
        python.args(["-c", code]).env("MPLBACKEND", "Agg");
        python.current_dir(folder).output()
    };
    let has_libraries =
        python("import numpy, matplotlib").is_ok_and(|output| output.status.success());
    if !has_libraries {
        println!("skipped: no python3 with numpy and matplotlib for the README's Python code");
        assert!(
            std::env::var_os("CI").is_none(),
            "continuous integration must run it"
        );
        return;
    }
    let output = python(code).expect("it just ran");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "README.md, Python code: {errors}");
    let drawn = fs::read(folder.join("margins.png")).expect("the figure that the code saves");
    assert!(drawn.starts_with(b"\x89PNG"));
}

#[test]
fn blocks_are_found_with_their_comments() {
    let text = "<!-- not run: no GPU -->\n```console\n$ a\nb\n$ c\n```\n\n```console\n$ d\n```\n\
                <!-- not run: lost -->\ntext\n```console\n$ e\n```\n```rust\n$ f\n```\n";
    let blocks = blocks(text);
    let found: Vec<(Option<&str>, String)> = blocks
        .iter()
        .map(|block| (block.not_run.as_deref(), block.commands.join(" ")))
        .collect();
    let expected = [(Some("no GPU"), "a c"), (None, "d"), (None, "e")];
    assert_eq!(
        found,
        expected.map(|(reason, commands)| (reason, commands.to_owned()))
    );
    assert_eq!(
        plans("```toml\n# a.toml\nb = 1\n```\n```toml\nc = 2\n```"),
        [("a.toml", "b = 1\n")]
    );
    assert_eq!(
        arguments("cargo run --release -- reproduce --out x"),
        Some(vec!["reproduce", "--out", "x", "--quick"])
    );
    assert_eq!(
        arguments("cargo run --release --features flex -- devices"),
        None
    );
}
