//! The manifest of a finished run: `@` stands for the hash of its configuration. What is accepted
//! can be judged and shown.
#![no_main]

use std::path::PathBuf;
use std::sync::OnceLock;

use implicit_bias_lab::RunRecord;
use implicit_bias_lab_fuzz::{finished_run, path, seeds, write};
use libfuzzer_sys::fuzz_target;

fn run() -> &'static (PathBuf, String) {
    static RUN: OnceLock<(PathBuf, String)> = OnceLock::new();
    RUN.get_or_init(|| {
        let folder = path("run");
        let hash = finished_run(&folder).manifest.config_sha256;
        (folder, hash)
    })
}

/// The manifest of the run, with a mark for what no mutation would find.
fn input() -> Vec<u8> {
    let (folder, hash) = run();
    let text = std::fs::read_to_string(folder.join("manifest.json")).expect("it has one");
    text.replace(hash, "@").into_bytes()
}

fuzz_target!(init: seeds("manifest", [input()]), |text: &str| {
    let (folder, hash) = run();
    write(&folder.join("manifest.json"), text.replace('@', hash).as_bytes());
    match RunRecord::read(folder) {
        Ok(record) => {
            assert!(!record.summary_text().is_empty());
            for figure in record.figures() {
                figure.render().expect("what is drawn of a run can be drawn");
            }
        }
        Err(error) => assert!(error.is_input() && error.to_string().contains("/run/"), "{error}"),
    }
});
