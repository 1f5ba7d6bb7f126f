//! Names and run directories that come from somebody else.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{folder, read, run, samples, train, weights, write_data, write_init};

/// Text that means something to HTML, to attributes, to SVG, to TeX and to templates.
const HOSTILE: &str = "<script>alert(1)</script><img src=x onerror=\"y\" a='b'>&amp;]]>{{ 7 * 7 }}{% raw %}\\input{x}";

/// No part of it has become markup.
fn assert_harmless(page: &str, what: &str) {
    for markup in ["<script>alert", "<img src=x", "onerror=\"y\"", "{{ 49"] {
        assert!(!page.contains(markup), "{what}: {markup} in the page");
    }
}

fn pages(run: &Path) -> Vec<(String, String)> {
    let figures = run
        .join("figures")
        .read_dir()
        .into_iter()
        .flatten()
        .flatten();
    let figures = figures.map(|entry| entry.path());
    let files = figures.chain([run.join("report.html")]);
    files
        .map(|path| (path.display().to_string(), read(path)))
        .collect()
}

#[test]
fn names_of_files_and_columns_and_classes_do_not_become_markup() {
    let folder = folder();
    // A slash ends a name.
    let hostile = HOSTILE.replace('/', "");
    let data = format!("{hostile}.csv");
    let column = HOSTILE.replace('"', "\"\"");
    let table = format!("\"{column}\",a,b,c\n\"{column}\",1,0,0\nother,0,1,0\nother,0,0,1\n");
    fs::write(folder.path().join(&data), table).expect("a name that Unix allows");
    let (x, _) = samples();
    let init = format!("{hostile}.npz");
    let w = weights((3, 3));
    write_init(folder.path().join(&init), &w, &w.mapv(|entry| -entry));
    assert_eq!(x.nrows(), 4);
    let outcome = run(
        folder.path(),
        &[
            "train",
            "--data",
            &data,
            "--label-column",
            HOSTILE,
            "--positive",
            HOSTILE,
            "--init",
            &init,
            "--steps",
            "500",
            "--out",
            "run",
        ],
    )
    .ok();
    assert!(outcome.stdout.contains("run: run"));
    let pages = pages(&folder.path().join("run"));
    assert!(pages.len() > 3);
    for (name, page) in &pages {
        assert_harmless(page, name);
    }
    let (_, report) = pages.last().expect("the report");
    assert!(
        report.contains("&lt;script&gt;alert(1)"),
        "the name is there, as text"
    );
}

/// Replaces every text in a JSON value but those at some keys.
fn poison(value: &mut Value, kept: &[&str]) {
    match value {
        Value::String(text) => *text = HOSTILE.to_owned(),
        Value::Array(values) => values.iter_mut().for_each(|value| poison(value, kept)),
        Value::Object(map) => {
            for (key, value) in map {
                if !kept.contains(&key.as_str()) {
                    poison(value, kept);
                }
            }
        }
        _ => {}
    }
}

#[test]
fn a_run_directory_from_somebody_else_does_not_become_markup() {
    let folder = folder();
    let (x, y) = samples();
    write_data(folder.path().join("data.npz"), &x, &y);
    train(folder.path(), &["--out", "run"]);
    let path = folder.path().join("run/manifest.json");
    let mut manifest: Value = serde_json::from_str(&read(path.clone())).expect("JSON");
    manifest["notes"] = serde_json::json!(["a note"]);
    poison(
        &mut manifest,
        &[
            "config_sha256",
            "labels",
            "precision",
            "reason",
            "preparation",
        ],
    );
    fs::write(&path, manifest.to_string()).expect("writable");
    // Its data cannot be loaded again as they were, so that its limit is believed, words and all.
    let path = folder.path().join("run/limit.json");
    let mut limit: Value = serde_json::from_str(&read(path.clone())).expect("JSON");
    poison(&mut limit, &[]);
    fs::write(&path, limit.to_string()).expect("writable");
    let before = read(folder.path().join("run/report.html"));
    run(folder.path(), &["report", "run"]).ok();
    let pages = pages(&folder.path().join("run"));
    for (name, page) in &pages {
        assert_harmless(page, name);
    }
    let (_, report) = pages.last().expect("the report");
    assert_ne!(*report, before);
    assert!(report.contains("&lt;script&gt;alert(1)"));
}

fn sha256(path: &Path) -> String {
    let output = Command::new("sha256sum")
        .arg(path)
        .output()
        .expect("sha256sum is everywhere");
    let text = String::from_utf8(output.stdout).expect("digits");
    text.split_whitespace().next().expect("a hash").to_owned()
}

/// Every file of a folder with its size, whatever its depth.
fn listing(folder: &Path) -> Vec<(String, u64)> {
    let mut files = Vec::new();
    for entry in folder.read_dir().expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(listing(&path));
        } else {
            files.push((
                path.display().to_string(),
                entry.metadata().expect("a file").len(),
            ));
        }
    }
    files.sort();
    files
}

#[test]
fn no_key_of_a_run_directory_leads_out_of_it() {
    let folder = folder();
    fs::create_dir(folder.path().join("inner")).expect("writable");
    let inner = folder.path().join("inner");
    train(&inner, &["--out", "run", "--export", "npz"]);
    let outside = |folder: &Path| -> Vec<(String, u64)> {
        let run = folder.join("inner/run").display().to_string();
        listing(folder)
            .into_iter()
            .filter(|(name, _)| !name.starts_with(&run))
            .collect()
    };
    let before = outside(folder.path());
    // Whoever wrote this wants the results elsewhere.
    let config = inner.join("run/config.toml");
    let text = format!("out = \"../../escaped\"\n{}", read(config.clone()));
    fs::write(&config, text).expect("writable");
    let path = inner.join("run/manifest.json");
    let mut manifest: Value = serde_json::from_str(&read(path.clone())).expect("JSON");
    manifest["config_sha256"] = sha256(&config).into();
    manifest["stop"] = Value::Null;
    fs::write(&path, manifest.to_string()).expect("writable");
    run(&inner, &["report", "run", "--export", "npz"]).ok();
    run(&inner, &["resume", "run"]).ok();
    run(&inner, &["resume", "run", "--steps", "3000"]).ok();
    assert_eq!(outside(folder.path()), before);
}
