//! A number of steps, which may be written `1e6`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use implicit_bias_output::format_step;

/// A number of gradient-descent steps: a whole number, held as `f64` because horizons go far past
/// what integers hold. Whole numbers are exact up to 2⁵³ ≈ 9.0 × 10¹⁵.
///
/// ```
/// use implicit_bias_record::Steps;
/// assert_eq!("1e6".parse::<Steps>().unwrap().get(), 1_000_000.0);
/// assert!("-3".parse::<Steps>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Steps(f64);

impl Steps {
    /// The number of steps.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Steps {
    type Error = String;

    fn try_from(value: f64) -> Result<Self, String> {
        if value.is_finite() && value >= 1.0 && value.fract() == 0.0 {
            Ok(Self(value))
        } else {
            Err(format!(
                "expected a whole number of steps, at least 1, found {value}"
            ))
        }
    }
}

impl FromStr for Steps {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let value: f64 = text.replace('_', "").parse().map_err(|_| {
            format!("expected a whole number such as 100000 or 1e5, found `{text}`")
        })?;
        value.try_into()
    }
}

impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_step(self.0))
    }
}

impl Serialize for Steps {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 <= 9e15 {
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Steps {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Steps;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number of steps such as 100000 or 1e5")
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Steps, E> {
                self.visit_f64(value as f64)
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Steps, E> {
                self.visit_f64(value as f64)
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Steps, E> {
                value.try_into().map_err(E::custom)
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Steps, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}
