//! Studies in tests.

use implicit_bias_lab::study::{Headline, Reproduction, Study, System, Watch};
use implicit_bias_lab::{Progress, RunDirectory};
use tempfile::TempDir;

/// A study of a system done to the end, in a folder that lasts as long as the test holds it.
pub fn done(system: &System, study: &Study) -> (TempDir, Reproduction) {
    let folder = tempfile::tempdir().unwrap();
    let headline = Headline {
        origin: system.origin,
        title: study.title,
        introduction: system.introduction,
        command: "test",
    };
    let directory = RunDirectory::create(&folder.path().join("out")).unwrap();
    let progress = Progress::new("test");
    let watch = Watch::to_the_end(&progress);
    let studies = std::slice::from_ref(study);
    let found = Reproduction::of(studies, &headline, directory, watch).unwrap();
    assert!(found.completed(), "{}", found.early_stops_text());
    (folder, found)
}
