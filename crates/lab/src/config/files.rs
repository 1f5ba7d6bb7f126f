//! Settings in TOML files.

use std::path::{Path, PathBuf};

use super::data::is_mnist;
use super::settings::Settings;
use crate::LabError;

impl Settings {
    /// Reads settings from a TOML file; relative paths in it are relative to the file.
    ///
    /// # Errors
    ///
    /// [`LabError::Read`] if it cannot be read, [`LabError::Content`] for bad TOML, an unknown key
    /// or a value of the wrong kind.
    pub fn from_file(path: &Path) -> Result<Self, LabError> {
        read_toml(path, Self::from_toml)
    }

    /// The settings of a TOML text, in which paths are relative to `folder`.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words.
    pub fn from_toml(text: &str, folder: &Path) -> Result<Self, String> {
        let table: toml::Table = text
            .parse()
            .map_err(|error| format!("{error}").trim().to_owned())?;
        Self::from_table(table, folder)
    }

    /// The settings of a table of keys, in which paths are relative to `folder`; or what is wrong
    /// with it.
    pub(crate) fn from_table(table: toml::Table, folder: &Path) -> Result<Self, String> {
        let mut settings: Self = with_flag_spelling(table)?
            .try_into()
            .map_err(|error| format!("{error}").trim().to_owned())?;
        // An empty path is refused later; joined, it would become the folder itself.
        let join = |file: PathBuf| {
            if file.as_os_str().is_empty() {
                file
            } else {
                folder.join(file)
            }
        };
        let named = settings.data.take_if(|data| is_mnist(data));
        for file in [
            &mut settings.data,
            &mut settings.label_file,
            &mut settings.data_dir,
            &mut settings.init,
            &mut settings.out,
        ] {
            *file = file.take().map(join);
        }
        settings.data = named.or(settings.data);
        Ok(settings)
    }
}

/// What `parse` makes of a file, given its text and its folder; an error names the file.
pub(crate) fn read_toml<T>(
    path: &Path,
    parse: impl FnOnce(&str, &Path) -> Result<T, String>,
) -> Result<T, LabError> {
    let text = std::fs::read_to_string(path).map_err(|source| LabError::Read {
        path: path.into(),
        source,
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    parse(&text, folder).map_err(|reason| LabError::Content {
        path: path.into(),
        reason,
    })
}

/// A table with its keys spelled as flags are, or which of them is there twice.
pub(crate) fn with_flag_spelling(table: toml::Table) -> Result<toml::Table, String> {
    let mut spelled = toml::Table::new();
    for (key, value) in table {
        let key = key.replace('_', "-");
        if spelled.insert(key.clone(), value).is_some() {
            return Err(format!("key `{key}` is given twice"));
        }
    }
    Ok(spelled)
}
