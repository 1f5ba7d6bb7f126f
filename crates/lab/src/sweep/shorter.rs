//! Runs of a folder that longer ones can begin with.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::config::RunConfig;

/// The line of a configuration that has its horizon.
const STEPS: &str = "steps = ";

/// The runs of a folder that left something to go on from, by their configuration but for its
/// horizon.
#[derive(Debug, Default)]
pub(super) struct ShorterRuns(HashMap<String, Vec<(f64, PathBuf)>>);

impl ShorterRuns {
    /// Those in the folder of a sweep; one that cannot be read is none.
    pub fn of(directory: &Path) -> Self {
        let mut runs: HashMap<String, Vec<(f64, PathBuf)>> = HashMap::new();
        let entries = directory.join("runs").read_dir().into_iter().flatten();
        for path in entries.flatten().map(|entry| entry.path()) {
            let text = std::fs::read_to_string(path.join("config.toml"));
            let parts = text.ok().as_deref().and_then(split);
            if let Some((rest, steps)) = parts.filter(|_| path.join("checkpoint").exists()) {
                runs.entry(rest).or_default().push((steps, path));
            }
        }
        for same in runs.values_mut() {
            same.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        Self(runs)
    }

    /// The longest run that is shorter than one of this configuration and otherwise the same.
    pub fn below(&self, config: &RunConfig) -> Option<&Path> {
        let (rest, steps) = split(&config.to_toml())?;
        let same = self.0.get(&rest)?;
        let shorter = same.iter().rev().find(|(own, _)| *own < steps)?;
        Some(&shorter.1)
    }
}

/// A configuration without its horizon, and the horizon.
fn split(config: &str) -> Option<(String, f64)> {
    let steps = config.lines().find_map(|line| line.strip_prefix(STEPS))?;
    let rest = config.lines().filter(|line| !line.starts_with(STEPS));
    Some((rest.collect::<Vec<_>>().join("\n"), steps.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    #[test]
    fn the_longest_of_the_shorter_runs_of_the_same_configuration_is_found() {
        let config = |steps: f64, seed: u64| {
            let settings = Settings::default().with("steps", steps).with("seed", seed);
            RunConfig::resolve(&settings).unwrap()
        };
        let folder = tempfile::tempdir().unwrap();
        for (name, steps, seed) in [
            ("a", 100.0, 1),
            ("b", 1e30, 1),
            ("c", 200.0, 1),
            ("d", 300.0, 2),
        ] {
            let run = folder.path().join("runs").join(name);
            std::fs::create_dir_all(&run).unwrap();
            std::fs::write(run.join("config.toml"), config(steps, seed).to_toml()).unwrap();
            std::fs::write(run.join("checkpoint"), "").unwrap();
        }
        let found = ShorterRuns::of(folder.path());
        let name = |steps, seed| {
            let path = found.below(&config(steps, seed));
            path.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        };
        assert_eq!(name(1e6, 1).as_deref(), Some("c"));
        assert_eq!(name(1e40, 1).as_deref(), Some("b"));
        assert_eq!(name(100.0, 1), None, "none is shorter");
        assert_eq!(name(1e6, 3), None);
        std::fs::remove_file(folder.path().join("runs/c/checkpoint")).unwrap();
        let left = ShorterRuns::of(folder.path());
        assert!(left.below(&config(1e6, 1)).unwrap().ends_with("runs/a"));
    }
}
