//! Keys and tables of them: what a component asks of a user, and what the user answers.
//!
//! A component (a network, an optimizer, a loss, …) declares its [`Key`]s as constants, each with
//! its name, help, kind of value, default and range; flags, `--help`, TOML files, sweeps and
//! manifests follow from the declarations. What was given is a [`Settings`] table.
//!
//! ```
//! use implicit_bias_settings::{Key, Settings};
//! const BETA: Key = Key::number("beta", "BETA", "Share of the past, 0 ≤ β < 1")
//!     .by_default(0.9)
//!     .within("a number in [0, 1)", |beta| (0.0..1.0).contains(&beta));
//! assert_eq!(BETA.number_in(&Settings::default())?, 0.9);
//! assert_eq!(BETA.number_in(&Settings::default().with("beta", 0.5))?, 0.5);
//! let error = BETA.number_in(&Settings::default().with("beta", 2.0)).unwrap_err();
//! assert_eq!(error.to_string(), "beta: expected a number in [0, 1), found 2");
//! # Ok::<(), implicit_bias_settings::Invalid>(())
//! ```
//!
//! | file | what |
//! |---|---|
//! | `value` | the value of a key |
//! | `table` | keys with their values |
//! | `key` | the declaration of a key |
//! | `read` | the value of a declared key in a table |
//! | `error` | a value that cannot be |

mod asked;
mod error;
mod key;
mod read;
mod table;
mod value;

pub use asked::{Asked, AskedArray};
pub use error::Invalid;
pub use key::{Key, Kind, Name, nearest};
pub use table::Settings;
pub use value::{Setting, Value};
