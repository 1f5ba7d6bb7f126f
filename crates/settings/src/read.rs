//! The value of a declared key in a table.

use std::path::PathBuf;

use implicit_bias_record::Steps;

use crate::error::Invalid;
use crate::key::{Key, Kind};
use crate::table::Settings;
use crate::value::Value;

impl Key {
    /// The value in the form that this kind of key has: `1e6` as a number of steps, a whole number
    /// where a number is asked for, text as a path.
    ///
    /// # Errors
    ///
    /// [`Invalid`] for a value of another kind. Names of components are not looked up.
    pub fn read(&self, value: Value) -> Result<Value, Invalid> {
        let read = match (self.kind, &value) {
            (Kind::Switch | Kind::Flag, Value::Switch(_))
            | (Kind::Number, Value::Number(_))
            | (Kind::Steps, Value::Steps(_))
            | (Kind::Text | Kind::Label | Kind::Component, Value::Text(_))
            | (Kind::Path, Value::Path(_)) => Some(value.clone()),
            (Kind::Count, Value::Whole(whole)) => {
                u64::try_from(*whole).is_ok().then(|| value.clone())
            }
            (Kind::Number, Value::Whole(whole)) => Some(Value::Number(*whole as f64)),
            (Kind::Steps, Value::Whole(whole)) => steps(*whole as f64),
            (Kind::Steps, Value::Number(number)) => steps(*number),
            (Kind::Steps, Value::Text(text)) => text.parse().ok().map(Value::Steps),
            (Kind::Label, Value::Whole(_) | Value::Number(_)) => {
                Some(Value::Text(value.to_string()))
            }
            (Kind::Path, Value::Text(text)) => Some(Value::Path(text.into())),
            (Kind::Name(names), Value::Text(text)) => {
                let known = names.iter().any(|name| name.name == text);
                known.then(|| value.clone())
            }
            _ => None,
        };
        read.ok_or_else(|| {
            let found = match &value {
                Value::Text(text) => format!("`{text}`"),
                // With its point, by which a number is told from a whole one.
                Value::Number(number) => format!("{number:?}"),
                other => other.to_string(),
            };
            Invalid::new(self.name, self.expected(), found)
        })
    }

    /// What this kind of key takes, in words.
    fn expected(&self) -> String {
        match self.kind {
            Kind::Switch | Kind::Flag => "true or false".to_owned(),
            Kind::Count => "a whole number, at least 0".to_owned(),
            Kind::Number => "a number".to_owned(),
            Kind::Steps => "a whole number of steps, at least 1, such as 100000 or 1e5".to_owned(),
            Kind::Text => "text".to_owned(),
            Kind::Label => "a label: a string or a number".to_owned(),
            Kind::Path => "a path".to_owned(),
            Kind::Component => "a name".to_owned(),
            Kind::Name(names) => {
                let names: Vec<&str> = names.iter().map(|name| name.name).collect();
                format!("one of {}", names.join(", "))
            }
        }
    }

    /// The value in a table, in the form of its kind, or the default.
    fn value(&self, settings: &Settings) -> Result<Option<Value>, Invalid> {
        match settings.get(self.name) {
            Some(value) => self.read(value.clone()).map(Some),
            None => Ok(self.default()),
        }
    }

    /// The error of a key that its component needs and that was not given.
    fn missing(&self) -> Invalid {
        Invalid::new(self.name, self.expected(), "none")
    }

    /// A number, or the default.
    ///
    /// # Errors
    ///
    /// [`Invalid`] for what is no finite number or out of range, and where there is neither a value
    /// nor a default.
    pub fn number_in(&self, settings: &Settings) -> Result<f64, Invalid> {
        self.number_if_given(settings)?
            .ok_or_else(|| self.missing())
    }

    /// A number, or the default, or `None` where there is neither.
    ///
    /// # Errors
    ///
    /// [`Invalid`] for what is no finite number or out of range.
    pub fn number_if_given(&self, settings: &Settings) -> Result<Option<f64>, Invalid> {
        let Some(Value::Number(number)) = self.value(settings)? else {
            return Ok(None);
        };
        self.check(number)?;
        Ok(Some(number))
    }

    /// Refuses a number that is not finite or out of the key's range.
    ///
    /// # Errors
    ///
    /// [`Invalid`] for such a number.
    pub fn check(&self, number: f64) -> Result<(), Invalid> {
        let (expected, accepts) = self.range.unwrap_or(("a finite number", |_| true));
        if number.is_finite() && accepts(number) {
            Ok(())
        } else {
            Err(Invalid::new(self.name, expected, number))
        }
    }

    /// A whole number, or the default.
    ///
    /// # Errors
    ///
    /// [`Invalid`] for what is none or out of range, and where there is neither a value nor a
    /// default.
    pub fn count_in(&self, settings: &Settings) -> Result<u64, Invalid> {
        self.count_if_given(settings)?.ok_or_else(|| self.missing())
    }

    /// A whole number, or the default, or `None` where there is neither.
    ///
    /// # Errors
    ///
    /// [`Invalid`] for what is none or out of range.
    pub fn count_if_given(&self, settings: &Settings) -> Result<Option<u64>, Invalid> {
        let Some(Value::Whole(whole)) = self.value(settings)? else {
            return Ok(None);
        };
        if let Some((expected, accepts)) = self.range
            && !accepts(whole as f64)
        {
            return Err(Invalid::new(self.name, expected, whole));
        }
        Ok(u64::try_from(whole).ok())
    }

    /// A whole number that memory can count, or the default.
    ///
    /// # Errors
    ///
    /// As [`count_in`](Self::count_in).
    pub fn size_in(&self, settings: &Settings) -> Result<usize, Invalid> {
        let count = self.count_in(settings)?;
        usize::try_from(count).map_err(|_| Invalid::new(self.name, "a size", count))
    }

    /// A number of steps, or the default.
    ///
    /// # Errors
    ///
    /// [`Invalid`] for what is none, and where there is neither a value nor a default.
    pub fn steps_in(&self, settings: &Settings) -> Result<Steps, Invalid> {
        match self.value(settings)? {
            Some(Value::Steps(steps)) => Ok(steps),
            _ => Err(self.missing()),
        }
    }

    /// Text, a label or a name, or the default; `None` where there is neither.
    ///
    /// # Errors
    ///
    /// [`Invalid`] for what is none, or none of the key's names.
    pub fn text_in(&self, settings: &Settings) -> Result<Option<String>, Invalid> {
        Ok(match self.value(settings)? {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        })
    }

    /// A path; `None` where there is none.
    ///
    /// # Errors
    ///
    /// [`Invalid`] for what is no path, an empty one, and one that is no text in UTF-8:
    /// configurations and manifests could not be written with it.
    pub fn path_in(&self, settings: &Settings) -> Result<Option<PathBuf>, Invalid> {
        match self.value(settings)? {
            Some(Value::Path(path)) if path.to_str().is_none_or(str::is_empty) => {
                Err(Invalid::new(
                    self.name,
                    "a path that is text in UTF-8, not empty",
                    format!("`{}`", path.display()),
                ))
            }
            Some(Value::Path(path)) => Ok(Some(path)),
            _ => Ok(None),
        }
    }

    /// Whether the switch is on; `None` where it was not given.
    ///
    /// # Errors
    ///
    /// [`Invalid`] for what is neither yes nor no.
    pub fn switch_in(&self, settings: &Settings) -> Result<Option<bool>, Invalid> {
        Ok(match self.value(settings)? {
            Some(Value::Switch(on)) => Some(on),
            _ => None,
        })
    }
}

/// A whole number of steps, if it is one.
fn steps(number: f64) -> Option<Value> {
    Steps::try_from(number).ok().map(Value::Steps)
}
