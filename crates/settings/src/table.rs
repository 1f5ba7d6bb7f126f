//! Keys with their values.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::key::Key;
use crate::value::{Setting, Value};

/// What was given of a run's keys: a table of keys and values.
///
/// A table knows no declarations: whoever resolves it refuses keys that there are not.
///
/// ```
/// use implicit_bias_settings::Settings;
/// let settings = Settings::default().with("width", 50).with("activation", "relu");
/// assert_eq!(settings.text("activation"), Some("relu"));
/// assert_eq!(settings.with("width", None::<f64>).count("width"), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    values: BTreeMap<String, Value>,
}

impl Settings {
    /// These settings with another value of a key; `None` takes the key away.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Setting) -> Self {
        self.set(key, value);
        self
    }

    /// These settings without a key.
    #[must_use]
    pub fn without(mut self, key: &str) -> Self {
        self.remove(&[key]);
        self
    }

    /// Gives a key a value; `None` takes the key away.
    pub fn set(&mut self, key: &str, value: impl Setting) {
        match value.setting() {
            Some(value) => self.values.insert(key.to_owned(), value),
            None => self.values.remove(key),
        };
    }

    /// Takes keys away.
    pub fn remove(&mut self, keys: &[&str]) {
        self.values.retain(|key, _| !keys.contains(&key.as_str()));
    }

    /// These settings where given, and those of `other` where not.
    #[must_use]
    pub fn or(mut self, other: Settings) -> Self {
        for (key, value) in other.values {
            self.values.entry(key).or_insert(value);
        }
        self
    }

    /// The settings of these keys alone.
    #[must_use]
    pub fn only(&self, keys: impl Fn(&str) -> bool) -> Self {
        let mut settings = self.clone();
        settings.values.retain(|key, _| keys(key));
        settings
    }

    /// The keys and values, in the order of the alphabet.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.values.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Whether nothing was given.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether a key was given.
    pub fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// The value of a key, if it was given.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key)
    }

    /// The value of a key that is a number, whole or not, or a number of steps.
    pub fn number(&self, key: &str) -> Option<f64> {
        match self.get(key)? {
            Value::Number(value) => Some(*value),
            Value::Whole(value) => Some(*value as f64),
            Value::Steps(value) => Some(value.get()),
            Value::Switch(_) | Value::Text(_) | Value::Path(_) => None,
        }
    }

    /// The value of a key that is a whole number, 0 or more.
    pub fn count(&self, key: &str) -> Option<u64> {
        match self.get(key)? {
            Value::Whole(value) => u64::try_from(*value).ok(),
            _ => None,
        }
    }

    /// The value of a key that is text.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Value::Text(value) => Some(value),
            Value::Path(value) => value.to_str(),
            _ => None,
        }
    }

    /// The value of a key that is a path.
    pub fn path(&self, key: &str) -> Option<PathBuf> {
        match self.get(key)? {
            Value::Text(value) => Some(value.into()),
            Value::Path(value) => Some(value.clone()),
            _ => None,
        }
    }

    /// Whether a switch is on; off where it was not given.
    pub fn is_on(&self, key: &str) -> bool {
        matches!(self.get(key), Some(Value::Switch(true)))
    }

    /// Relative paths of the table taken to be in `folder`, by the keys that are paths.
    pub fn paths_in(&mut self, folder: &Path, is_path: impl Fn(&str) -> bool) {
        for (key, value) in &mut self.values {
            // An empty path is refused later; joined, it would become the folder itself.
            if let Value::Path(path) = value
                && is_path(key)
                && !path.as_os_str().is_empty()
            {
                *path = folder.join(&path);
            }
        }
    }

    /// The table as TOML, in the order of `keys`; what is none of them is left out.
    ///
    /// # Panics
    ///
    /// For a path that is no text, and a number past all that TOML holds: a resolved configuration
    /// has none.
    pub fn to_toml<'a>(&self, keys: impl IntoIterator<Item = &'a Key>) -> String {
        struct Ordered<'a>(Vec<(&'a str, &'a Value)>);
        impl Serialize for Ordered<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(self.0.iter().copied())
            }
        }
        let given = |key: &'a Key| Some((key.name, self.get(key.name)?));
        toml::to_string(&Ordered(keys.into_iter().filter_map(given).collect()))
            .expect("settings are plain keys and values")
    }
}
