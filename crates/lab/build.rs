//! Tells the crate which commit it is built from and with which Burn, where there is one to ask.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A file that is not there, as in a linked work tree, would count as changed every time.
    for path in [".git/HEAD", ".git/refs/heads", "Cargo.lock"] {
        let path = Path::new("../..").join(path);
        if path.exists() {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
    let commit = Command::new("git")
        .args(["describe", "--always", "--dirty", "--abbrev=12"])
        .output();
    if let Ok(output) = commit
        && output.status.success()
        && let Ok(commit) = String::from_utf8(output.stdout)
    {
        println!("cargo::rustc-env=IMPLICIT_BIAS_COMMIT={}", commit.trim());
    }
    let burn = locked_version("burn").unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=IMPLICIT_BIAS_BURN={burn}");
}

/// The version of a package in the nearest `Cargo.lock` above this crate or above what it is built
/// into.
fn locked_version(package: &str) -> Option<String> {
    let folders = ["CARGO_MANIFEST_DIR", "OUT_DIR"].map(|name| std::env::var(name).ok());
    let lock = folders.iter().flatten().find_map(|folder| {
        let locks = Path::new(folder)
            .ancestors()
            .map(|at| at.join("Cargo.lock"));
        locks
            .filter_map(|path| std::fs::read_to_string(path).ok())
            .next()
    })?;
    let (_, rest) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    Some(rest.split_once('"')?.0.to_owned())
}
