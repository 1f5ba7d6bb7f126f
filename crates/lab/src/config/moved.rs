//! Where the files of a run are now, of one whose files were moved.

use std::path::{Path, PathBuf};

use clap::Args;

use super::data::is_named_set;
use super::keys::data::{DATA, DATA_DIR, LABEL_FILE};
use super::keys::network::INIT;
use super::resolve::invalid;
use super::run_config::RunConfig;
use crate::LabError;

/// Where the files of a run are now; what is not given is where it was.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct MovedFiles {
    /// Where the run's data file is now; refused unless its content is that of the run
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// Where the run's label file is now [default: beside --data, if it is no longer where it was]
    #[arg(long, value_name = "FILE")]
    pub label_file: Option<PathBuf>,
    /// Where the run's MNIST files are now
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Where the run's file of initial weights is now
    #[arg(long, value_name = "FILE")]
    pub init: Option<PathBuf>,
}

impl MovedFiles {
    /// Whether nothing was given.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The configuration with its files where they are now.
    ///
    /// # Errors
    ///
    /// [`LabError::Config`] for a file that the run does not have.
    pub fn apply(&self, config: RunConfig) -> Result<RunConfig, LabError> {
        if self.is_empty() {
            return Ok(config);
        }
        let mut settings = config.to_settings();
        let of_mnist = settings
            .path(DATA.name)
            .is_some_and(|data| is_named_set(&data));
        let given = [
            (&DATA, &self.data, "a run of a data file"),
            (&LABEL_FILE, &self.label_file, "a run with a label file"),
            (&DATA_DIR, &self.data_dir, "a run of mnist"),
            (&INIT, &self.init, "a run with a file of initial weights"),
        ];
        for (key, path, expected) in given {
            let Some(path) = path else { continue };
            let has = match key.name {
                name if name == DATA_DIR.name => of_mnist,
                name if name == DATA.name => settings.has(name) && !of_mnist,
                name => settings.has(name),
            };
            if !has {
                let found = format!("{} in one of {}", path.display(), config.data);
                return Err(invalid(key.name, expected, found));
            }
            settings.set(key.name, path.clone());
        }
        if let (Some(data), None, Some(labels)) =
            (&self.data, &self.label_file, settings.path(LABEL_FILE.name))
            && let Some(beside) = moved_along(&labels, data)
        {
            settings.set(LABEL_FILE.name, beside);
        }
        Ok(RunConfig {
            out: config.out,
            checkpoint_interval: config.checkpoint_interval,
            ..RunConfig::resolve(&settings)?
        })
    }
}

/// The file of the same name beside `data`, where `file` is no longer.
fn moved_along(file: &Path, data: &Path) -> Option<PathBuf> {
    let beside = data.with_file_name(file.file_name()?);
    (!file.exists() && beside.exists()).then_some(beside)
}

impl RunConfig {
    /// What to say where a file of a run that goes on is not there; `error` where all are.
    pub(crate) fn or_missing(&self, error: LabError) -> LabError {
        let settings = self.to_settings();
        let keys = [&DATA, &LABEL_FILE, &DATA_DIR, &INIT];
        let missing = keys.into_iter().find_map(|key| {
            let path = settings.path(key.name).filter(|path| !is_named_set(path))?;
            (!path.exists()).then_some((key, path))
        });
        let Some((key, path)) = missing else {
            return error;
        };
        LabError::Content {
            reason: format!(
                "expected the file of the run, found none; if it was moved, --{} NEW says where it \
                 is now",
                key.name
            ),
            path,
        }
    }
}
