//! What a run leaves behind, as plain data: tables, steps, why it ended, its limit.
//!
//! | file | what |
//! |---|---|
//! | `series` | [`Series`], the tables `series.csv` and `margins.csv` |
//! | `schedule` | which steps are recorded |
//! | `steps` | [`Steps`], a number of steps of any size |
//! | `stop` | [`StopReason`], why a run ended |
//! | `limit` | [`Prediction`], the content of `limit.json` |
//! | `facts` | what theorems ask about a run |
//! | `columns` | [`COLUMNS`], what the columns of the tables mean |

mod columns;
mod facts;
mod limit;
mod schedule;
mod series;
mod steps;
mod stop;

pub use columns::{COLUMNS, Column, column_of};
pub use facts::{Family, StepNorm};
pub use limit::{LimitOf, NamedLimit, PredictedLimit, Prediction};
pub use schedule::{is_on_the_way, schedule};
pub use series::{Series, TableError};
pub use steps::Steps;
pub use stop::{StopReason, StopRule};

/// The `error_estimate` above which the margins of a run are not known: no verdict rests on them
/// (ours).
pub const UNCERTAIN: f64 = 0.01;
