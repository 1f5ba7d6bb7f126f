//! The value of a key.

use std::fmt;
use std::path::{Path, PathBuf};

use implicit_bias_record::Steps;
use serde::{Serialize, Serializer};

/// The value of a key, as a flag, a TOML file or a program gives it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Yes or no.
    Switch(bool),
    /// A whole number.
    Whole(i128),
    /// A number.
    Number(f64),
    /// A number of steps.
    Steps(Steps),
    /// A name, or any other text.
    Text(String),
    /// A file or a folder.
    Path(PathBuf),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Switch(value) => value.fmt(f),
            Self::Whole(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::Steps(value) => value.fmt(f),
            Self::Text(value) => f.write_str(value),
            Self::Path(value) => value.display().fmt(f),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Switch(value) => value.serialize(serializer),
            Self::Whole(value) => match i64::try_from(*value) {
                Ok(value) => value.serialize(serializer),
                Err(_) => value.serialize(serializer),
            },
            Self::Number(value) => value.serialize(serializer),
            Self::Steps(value) => value.serialize(serializer),
            Self::Text(value) => value.serialize(serializer),
            Self::Path(value) => value.serialize(serializer),
        }
    }
}

impl Value {
    /// The value of a TOML file; `None` for a date, a list or a table.
    pub fn from_toml(value: &toml::Value) -> Option<Self> {
        Some(match value {
            toml::Value::Boolean(value) => Self::Switch(*value),
            toml::Value::Integer(value) => Self::Whole(i128::from(*value)),
            toml::Value::Float(value) => Self::Number(*value),
            toml::Value::String(value) => Self::Text(value.clone()),
            toml::Value::Datetime(_) | toml::Value::Array(_) | toml::Value::Table(_) => {
                return None;
            }
        })
    }
}

/// What a program may give as the value of a key; `None` takes the key away.
pub trait Setting {
    /// The value.
    fn setting(self) -> Option<Value>;
}

impl<T: Setting> Setting for Option<T> {
    fn setting(self) -> Option<Value> {
        self.and_then(T::setting)
    }
}

/// Values of these types, each by the expression behind it.
macro_rules! settings {
    ($($type:ty => |$value:ident| $make:expr;)+) => {
        $(impl Setting for $type {
            fn setting(self) -> Option<Value> {
                let $value = self;
                Some($make)
            }
        })+
    };
}

settings! {
    Value => |value| value;
    bool => |value| Value::Switch(value);
    i32 => |value| Value::Whole(i128::from(value));
    u32 => |value| Value::Whole(i128::from(value));
    u64 => |value| Value::Whole(i128::from(value));
    usize => |value| Value::Whole(value as i128);
    f64 => |value| Value::Number(value);
    Steps => |value| Value::Steps(value);
    &str => |value| Value::Text(value.to_owned());
    String => |value| Value::Text(value);
    &Path => |value| Value::Path(value.to_owned());
    PathBuf => |value| Value::Path(value);
}
