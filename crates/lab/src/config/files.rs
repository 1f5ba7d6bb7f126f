//! Settings in TOML files.

use std::path::{Path, PathBuf};

use implicit_bias_output::shell_word;
use implicit_bias_settings::{Kind, Settings, Value};

use super::catalogue;
use super::data::is_named_set;
use super::keys::data::{DATA, HELD_OUT_DATA};
use crate::LabError;

/// Reads settings from a TOML file; relative paths in it are relative to the file.
///
/// # Errors
///
/// [`LabError::Read`] if it cannot be read, [`LabError::Content`] for bad TOML, an unknown key or a
/// value of the wrong kind.
pub fn read_settings(path: &Path) -> Result<Settings, LabError> {
    read_toml(path, parse_settings)
}

/// The settings of a TOML text, in which paths are relative to `folder`.
///
/// # Errors
///
/// What is wrong with it, in words.
pub fn parse_settings(text: &str, folder: &Path) -> Result<Settings, String> {
    let table: toml::Table = text
        .parse()
        .map_err(|error| format!("{error}").trim().to_owned())?;
    settings_of_table(table, folder)
}

/// The settings of a table of keys, in which paths are relative to `folder`.
///
/// # Errors
///
/// What is wrong with it, in words.
pub fn settings_of_table(table: toml::Table, folder: &Path) -> Result<Settings, String> {
    let mut settings = Settings::default();
    for (name, value) in with_flag_spelling(table)? {
        let key = catalogue::find(&name).ok_or_else(|| unknown(&name))?;
        if settings.has(key.name) {
            return Err(format!("key `{}` is given twice", key.name));
        }
        let value = Value::from_toml(&value)
            .ok_or_else(|| format!("{name}: expected one value, found {}", value.type_str()))?;
        let value = key.read(value).map_err(|error| error.to_string())?;
        settings.set(key.name, value);
    }
    let named = [&DATA, &HELD_OUT_DATA].map(|key| {
        let path: Option<PathBuf> = settings.path(key.name).filter(|data| is_named_set(data));
        (key, path)
    });
    settings.paths_in(folder, |name| {
        catalogue::find(name).is_some_and(|key| key.kind == Kind::Path)
    });
    for (key, path) in named {
        if path.is_some() {
            settings.set(key.name, path);
        }
    }
    Ok(settings)
}

/// What is said of a key that there is not.
fn unknown(name: &str) -> String {
    if ["grid", "list", "seeds"].contains(&name) {
        return format!(
            "`{name}` is a key of a sweep, and this expected one run; use `implicit-bias sweep`"
        );
    }
    let names: Vec<&str> = catalogue::keys().map(|key| key.name).collect();
    let nearest = implicit_bias_settings::nearest(name, &names);
    let meant = nearest.map_or_else(String::new, |key| format!("did you mean `{key}`? "));
    let all = names.join("`, `");
    format!("unknown field `{name}`; {meant}expected one of `{all}`")
}

/// Whether a file is one of data, by its name.
fn is_data(path: &Path) -> bool {
    const ENDINGS: [&str; 9] = [
        ".npz", ".npy", ".csv", ".tsv", ".txt", ".gz", ".zip", ".libsvm", ".svm",
    ];
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.to_lowercase();
    name.ends_with("-ubyte") || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// What `parse` makes of a file, given its text and its folder; an error names the file.
pub(crate) fn read_toml<T>(
    path: &Path,
    parse: impl FnOnce(&str, &Path) -> Result<T, String>,
) -> Result<T, LabError> {
    if is_data(path) {
        let name = shell_word(&path.display().to_string());
        return Err(LabError::Content {
            path: path.into(),
            reason: format!(
                "expected a TOML file of settings, found a data file; did you mean `--data {name}`?"
            ),
        });
    }
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
