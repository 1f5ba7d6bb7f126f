//! `fetch`: brings a named data set to this machine.

use std::path::PathBuf;
use std::process::ExitCode;

use implicit_bias_data::{cifar10, mnist};
use implicit_bias_fetch::{CIFAR10, Event, Fetched, FetchedFile, MNIST, Options, Origin};
use implicit_bias_lab::{LabError, Progress};
use serde_json::{Value, json};

use crate::args::{FetchArgs, SetName};
use crate::commands::{Outcome, print};

/// `fetch`: downloads what is missing and verifies the rest.
pub fn fetch(arguments: &FetchArgs) -> Outcome {
    let set = match arguments.name {
        SetName::Mnist => &MNIST,
        SetName::Cifar10 => &CIFAR10,
    };
    let dir = match &arguments.data_dir {
        Some(dir) => dir.clone(),
        None => match arguments.name {
            SetName::Mnist => mnist::default_dir(),
            SetName::Cifar10 => cifar10::default_dir(),
        }
        .ok_or_else(no_home)?,
    };
    let options = Options {
        mirrors: arguments.mirror.clone(),
        ..Options::default()
    };
    let progress = Progress::new("fetch");
    let files = set.files.len() as f64;
    let mut ready = 0.0;
    let fetched = implicit_bias_fetch::fetch(set, &dir, &options, &mut |event| match event {
        Event::Started { file, .. } => progress.set_message(file),
        Event::Progress { done, total, .. } => {
            let part = total.map_or(0.0, |total| done as f64 / total.max(1) as f64);
            progress.set((ready + part) / files);
        }
        Event::Replacing { error, .. } => progress.line(&format!("replacing: {error}")),
        Event::Failed { error, .. } => progress.line(&format!("failed: {error}")),
        Event::Ready(_) => {
            ready += 1.0;
            progress.set(ready / files);
        }
        _ => {}
    })?;
    progress.finish();
    if arguments.json {
        print(format_args!("{}\n", summary(&fetched)))?;
    } else {
        for file in &fetched.files {
            print(format_args!("{}: {}\n", file.path.display(), origin(file)))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn no_home() -> LabError {
    LabError::Config {
        key: "data-dir".into(),
        expected: "a folder, as this system names no home directory".into(),
        found: "none".into(),
    }
}

/// Where a file came from.
fn origin(file: &FetchedFile) -> String {
    match &file.origin {
        Origin::AlreadyThere => "verified, was there already".to_owned(),
        Origin::Downloaded {
            url,
            bytes,
            resumed_from,
            replaced,
        } => {
            let resumed = match resumed_from {
                0 => String::new(),
                from => format!(", resumed at byte {from}"),
            };
            let replaced = replaced.as_ref().map_or(String::new(), |old: &PathBuf| {
                format!("; the file that was there is now {}", old.display())
            });
            format!("verified, {bytes} bytes from {url}{resumed}{replaced}")
        }
        _ => "verified".to_owned(),
    }
}

fn summary(fetched: &Fetched) -> Value {
    let files: Vec<Value> = fetched
        .files
        .iter()
        .map(|file| {
            let downloaded = matches!(file.origin, Origin::Downloaded { .. });
            json!({ "name": file.name, "path": file.path, "downloaded": downloaded })
        })
        .collect();
    json!({ "dir": fetched.dir, "downloaded": fetched.downloaded(), "files": files })
}
