//! What `--help` says.

use crate::support::{folder, run, snapshot};

fn help_is_known(command: &str) {
    let folder = folder();
    let arguments: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
    let outcome = run(folder.path(), &arguments).ok();
    assert_eq!(outcome.stderr, "");
    let name = if command.is_empty() {
        "main".to_owned()
    } else {
        command.replace(' ', "-")
    };
    snapshot(&format!("help-{name}"), &outcome.stdout);
}

#[test]
fn the_help_of_the_program_and_of_every_command_is_known() {
    for command in [
        "",
        "reproduce",
        "train",
        "resume",
        "sweep",
        "sweep collect",
        "sweep slurm",
        "limit",
        "check",
        "fetch",
        "report",
        "devices",
        "columns",
    ] {
        help_is_known(command);
    }
}

#[test]
fn no_command_lacks_a_snapshot() {
    let folder = folder();
    let help = run(folder.path(), &["--help"]).ok().stdout;
    let commands = help.split("Commands:").nth(1).expect("a list of commands");
    let commands = commands.split("Options:").next().unwrap_or_default();
    let names = commands.lines().filter_map(|line| {
        let indented = line
            .strip_prefix("  ")
            .filter(|rest| !rest.starts_with(' '))?;
        indented.split_whitespace().next()
    });
    let names: Vec<&str> = names.filter(|&name| name != "help").collect();
    assert_eq!(
        names,
        [
            "reproduce",
            "train",
            "resume",
            "sweep",
            "limit",
            "check",
            "fetch",
            "report",
            "devices",
            "columns"
        ]
    );
}

#[test]
fn the_short_help_and_the_version_fit_a_screen() {
    let folder = folder();
    let short = run(folder.path(), &["train", "-h"]).ok().stdout;
    assert!(short.lines().count() < 120, "{short}");
    let version = run(folder.path(), &["--version"]).ok().stdout;
    assert_eq!(
        version,
        format!("implicit-bias {}\n", env!("CARGO_PKG_VERSION"))
    );
}
