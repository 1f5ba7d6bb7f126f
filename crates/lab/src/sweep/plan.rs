//! From a TOML file to the list of runs.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::shard::Shard;
use crate::LabError;
use crate::config::{
    RunConfig, Settings, overlay, read_toml, settings_of_table, with_flag_spelling,
};
use implicit_bias_engine::Precision;
use implicit_bias_output::sha256;

/// Most runs of one sweep: the plan alone of so many takes some hundred megabytes.
const MAX_RUNS: usize = if cfg!(fuzzing) { 64 } else { 100_000 };

/// Hexadecimal digits of a run's hash that name its directory: of 100,000 runs two agree in them
/// with a probability of 3 × 10⁻¹⁰.
pub(super) const NAME_DIGITS: usize = 16;

/// The key of the number or the list of seeds.
const SEEDS: &str = "seeds";

/// One run of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepRun {
    name: String,
    values: Vec<Option<Value>>,
    config: RunConfig,
}

impl SweepRun {
    /// The name of its directory, from the hash of its configuration.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value of each key of the sweep, `None` for one that this run leaves to the others'
    /// settings.
    pub fn values(&self) -> &[Option<Value>] {
        &self.values
    }

    /// What is run.
    pub fn config(&self) -> &RunConfig {
        &self.config
    }
}

/// Which runs of a sweep a process does: it computes in one precision on a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precisions {
    /// All of them.
    #[default]
    All,
    /// Those that ask for single precision.
    Single,
    /// Those that do not.
    Others,
}

impl Precisions {
    fn has(self, run: &SweepRun) -> bool {
        let single = run.config.precision == Some(Precision::F32);
        match self {
            Self::All => true,
            Self::Single => single,
            Self::Others => !single,
        }
    }
}

/// The runs of a sweep and the keys in which they differ.
///
/// ```toml
/// # Settings of every run: any key of `train`.
/// steps = 1e15
/// # Seeds 0, 1, …, 9; or a list of them.
/// seeds = 10
///
/// # Every combination of these values is run …
/// [grid]
/// slope = [0.05, 0.1, 0.2]
/// dim = [500, 1000, 2000]
///
/// # … with each of these.
/// [[list]]
/// loss = "logistic"
/// [[list]]
/// loss = "exponential"
/// step-size = 0.01
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    keys: Vec<String>,
    runs: Vec<SweepRun>,
}

impl Sweep {
    /// The directory of a run.
    pub(super) fn run_directory(&self, directory: &Path, run: &SweepRun) -> PathBuf {
        directory.join("runs").join(run.name())
    }

    /// Reads and validates a plan; paths in it are relative to the file.
    ///
    /// # Errors
    ///
    /// [`LabError::Read`] if it cannot be read; [`LabError::Content`] for what is no plan, for a
    /// run whose configuration is invalid, and for two runs that are the same.
    pub fn from_file(path: &Path) -> Result<Self, LabError> {
        read_toml(path, Self::from_toml)
    }

    /// The same of a text, with paths relative to `folder`.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words.
    pub fn from_toml(text: &str, folder: &Path) -> Result<Self, String> {
        let table: Table = text
            .parse()
            .map_err(|error| format!("{error}").trim().to_owned())?;
        Self::from_table(table, folder)
    }

    /// The same of a table.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words.
    pub fn from_table(table: Table, folder: &Path) -> Result<Self, String> {
        let mut base = with_flag_spelling(table)?;
        let grid = Axis::of_grid(base.remove("grid"))?;
        let list = list_of(base.remove("list"))?;
        let seeds = seeds_of(base.remove(SEEDS))?;
        if seeds.is_some() && (base.contains_key("seed") || has_key(&grid, &list, "seed")) {
            return Err("`seeds` and `seed`: expected one of them, found both".to_owned());
        }
        if grid.is_empty() && list.is_empty() && seeds.is_none() {
            return Err("expected `seeds`, a table `grid` or tables `list`, found none".to_owned());
        }
        let base = settings_of(base, folder)?;
        let mut keys: Vec<String> = Vec::new();
        let of_list = list.iter().flat_map(Table::keys);
        let of_grid = grid.iter().map(|axis| &axis.key);
        for key in of_list.chain(of_grid) {
            if !keys.contains(key) {
                keys.push(key.clone());
            }
        }
        if let Some((key, _)) = grid
            .iter()
            .find_map(|axis| list.iter().find_map(|entry| entry.get_key_value(&axis.key)))
        {
            return Err(format!(
                "`{key}`: expected in `grid` or in `list`, found in both"
            ));
        }
        let mut axes = grid;
        if let Some(values) = seeds {
            keys.push("seed".to_owned());
            axes.push(Axis {
                key: "seed".to_owned(),
                values,
            });
        }
        let entries = if list.is_empty() {
            vec![Table::new()]
        } else {
            list
        };
        let count = axes
            .iter()
            .try_fold(entries.len(), |count, axis| {
                count.checked_mul(axis.values.len())
            })
            .filter(|&count| count <= MAX_RUNS)
            .ok_or_else(|| format!("expected at most {MAX_RUNS} runs, found more"))?;
        let mut runs = Vec::with_capacity(count);
        for entry in &entries {
            for index in 0..count / entries.len() {
                runs.push(run_of(&base, entry, &axes, index, &keys, folder)?);
            }
        }
        let sweep = Self { keys, runs };
        sweep.require_different()?;
        Ok(sweep)
    }

    /// The keys in which runs differ: those of `list`, those of `grid`, `seed`.
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// The runs; seeds vary fastest, then the last key of the grid, in the order of the alphabet.
    pub fn runs(&self) -> &[SweepRun] {
        &self.runs
    }

    /// The runs of a part and of some precisions.
    pub fn asked_for(&self, shard: Option<Shard>, precisions: Precisions) -> Vec<&SweepRun> {
        let all = self.runs.iter().enumerate();
        let own = all.filter(|(index, _)| shard.is_none_or(|shard| shard.has(*index)));
        own.map(|(_, run)| run)
            .filter(|run| precisions.has(run))
            .collect()
    }

    /// Whether some of its runs ask for single precision and others do not, so that one process
    /// cannot do all.
    pub fn mixes_precisions(&self) -> bool {
        let has = |precisions: Precisions| self.runs.iter().any(|run| precisions.has(run));
        has(Precisions::Single) && has(Precisions::Others)
    }

    fn require_different(&self) -> Result<(), String> {
        let mut by_name: Vec<(&str, usize)> = self
            .runs
            .iter()
            .enumerate()
            .map(|(index, run)| (run.name(), index))
            .collect();
        by_name.sort_unstable();
        match by_name.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(pair) => {
                let [a, b] = [pair[0].1, pair[1].1].map(|index| self.describe(&self.runs[index]));
                Err(format!(
                    "expected runs that differ, found the same one twice: {a}; {b}"
                ))
            }
            None => Ok(()),
        }
    }

    /// The values of a run in words: `slope = 0.1, seed = 3`.
    pub fn describe(&self, run: &SweepRun) -> String {
        describe(&self.keys, &run.values)
    }
}

fn describe(keys: &[String], values: &[Option<Value>]) -> String {
    let given = keys.iter().zip(values);
    let words = given.filter_map(|(key, value)| Some(format!("{key} = {}", value.as_ref()?)));
    words.collect::<Vec<_>>().join(", ")
}

/// A key of the grid with its values.
struct Axis {
    key: String,
    values: Vec<Value>,
}

impl Axis {
    fn of_grid(grid: Option<Value>) -> Result<Vec<Self>, String> {
        let table = match grid {
            None => return Ok(Vec::new()),
            Some(Value::Table(table)) => with_flag_spelling(table)?,
            Some(other) => return Err(expected("grid", "a table", &other)),
        };
        let axis = |(key, value): (String, Value)| match value {
            Value::Array(values) if !values.is_empty() => Ok(Self { key, values }),
            other => Err(expected(&format!("grid.{key}"), "a list of values", &other)),
        };
        table.into_iter().map(axis).collect()
    }
}

fn list_of(list: Option<Value>) -> Result<Vec<Table>, String> {
    let entries = match list {
        None => return Ok(Vec::new()),
        Some(Value::Array(entries)) if !entries.is_empty() => entries,
        Some(other) => return Err(expected("list", "tables", &other)),
    };
    let table = |entry| match entry {
        Value::Table(table) => with_flag_spelling(table),
        other => Err(expected("list", "tables", &other)),
    };
    entries.into_iter().map(table).collect()
}

fn seeds_of(seeds: Option<Value>) -> Result<Option<Vec<Value>>, String> {
    match seeds {
        None => Ok(None),
        Some(Value::Integer(count)) if (1..=MAX_RUNS as i64).contains(&count) => {
            Ok(Some((0..count).map(Value::Integer).collect()))
        }
        Some(Value::Array(seeds)) if !seeds.is_empty() => Ok(Some(seeds)),
        Some(other) => Err(expected(
            SEEDS,
            "a number of seeds or a list of them",
            &other,
        )),
    }
}

fn expected(key: &str, what: &str, found: &Value) -> String {
    let found: String = found.to_string().chars().take(60).collect();
    format!("`{key}`: expected {what}, found {found}")
}

fn has_key(grid: &[Axis], list: &[Table], key: &str) -> bool {
    grid.iter().any(|axis| axis.key == key) || list.iter().any(|entry| entry.contains_key(key))
}

/// The settings of a table, in which a sweep leaves no room for where a run goes.
fn settings_of(table: Table, folder: &Path) -> Result<Settings, String> {
    let of_all = [
        "out",
        "json",
        "threads",
        "figures",
        "figure-width",
        "figure-font",
    ];
    for key in of_all {
        if table.contains_key(key) {
            return Err(format!(
                "`{key}`: expected no such key, a sweep says it of all runs by a flag"
            ));
        }
    }
    settings_of_table(table, folder)
}

/// The run number `index` of the grid, over an entry of the list.
fn run_of(
    base: &Settings,
    entry: &Table,
    axes: &[Axis],
    mut index: usize,
    keys: &[String],
    folder: &Path,
) -> Result<SweepRun, String> {
    let mut table = entry.clone();
    for axis in axes.iter().rev() {
        let value = &axis.values[index % axis.values.len()];
        table.insert(axis.key.clone(), value.clone());
        index /= axis.values.len();
    }
    let values: Vec<Option<Value>> = keys.iter().map(|key| table.get(key).cloned()).collect();
    let in_words = |error: String| format!("the run with {}: {error}", describe(keys, &values));
    let settings = settings_of(table, folder).map_err(in_words)?;
    let settings = overlay(settings, base.clone());
    let config = RunConfig::resolve(&settings).map_err(|error| in_words(error.to_string()))?;
    let mut name = sha256(config.to_toml());
    name.truncate(NAME_DIGITS);
    Ok(SweepRun {
        name,
        values,
        config,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sweep(text: &str) -> Result<Sweep, String> {
        Sweep::from_toml(text, Path::new("/folder"))
    }

    #[test]
    fn a_plan_is_every_combination_of_the_grid_with_every_entry_of_the_list_and_every_seed() {
        let sweep = sweep(
            "steps = 100\nseeds = 2\n[grid]\ndim = [50, 60]\nwidth = [3, 4, 5]\n\
             [[list]]\nactivation = 'relu'\n[[list]]\nslope = 0.5\n",
        )
        .unwrap();
        assert_eq!(
            sweep.keys(),
            ["activation", "slope", "dim", "width", "seed"]
        );
        assert_eq!(sweep.runs().len(), 24);
        let described: Vec<String> = sweep.runs().iter().map(|run| sweep.describe(run)).collect();
        assert_eq!(
            described[0],
            "activation = \"relu\", dim = 50, width = 3, seed = 0"
        );
        assert_eq!(
            described[1],
            "activation = \"relu\", dim = 50, width = 3, seed = 1"
        );
        assert_eq!(
            described[2],
            "activation = \"relu\", dim = 50, width = 4, seed = 0"
        );
        assert_eq!(described[23], "slope = 0.5, dim = 60, width = 5, seed = 1");
        assert!(
            sweep
                .runs()
                .iter()
                .all(|run| run.config().steps.get() == 100.0)
        );
        assert_eq!(sweep.runs()[23].config().activation().unwrap().slope(), 0.5);
        let listed = Sweep::from_toml("seeds = [7, 3]", Path::new("")).unwrap();
        let seeds: Vec<u64> = listed.runs().iter().map(|run| run.config().seed).collect();
        assert_eq!(seeds, [7, 3]);
    }

    #[test]
    fn a_run_is_named_by_its_configuration_alone() {
        let names = |text: &str| -> Vec<String> {
            let sweep = sweep(text).unwrap();
            sweep
                .runs()
                .iter()
                .map(|run| run.name().to_owned())
                .collect()
        };
        let grid = names("steps = 100\n[grid]\nstep-size = [0.1, 0.2]\nseed = [1]");
        let list =
            names("seeds = [1]\n[[list]]\nsteps = 1e2\n[[list]]\nstep_size = 0.2\nsteps = '100'");
        assert_eq!(grid, list);
        assert!(grid.iter().all(|name| name.len() == NAME_DIGITS));
    }

    #[test]
    fn what_is_no_plan_is_said() {
        for (text, said) in [
            (
                "steps = 5",
                "expected `seeds`, a table `grid` or tables `list`",
            ),
            ("seeds = 0", "`seeds`: expected a number of seeds"),
            ("seeds = 'many'", "`seeds`: expected a number of seeds"),
            ("grid = 3", "`grid`: expected a table, found 3"),
            (
                "[grid]\ndim = 5",
                "`grid.dim`: expected a list of values, found 5",
            ),
            (
                "[grid]\ndim = []",
                "`grid.dim`: expected a list of values, found []",
            ),
            ("list = [1]", "`list`: expected tables, found 1"),
            ("seeds = 2\nseed = 3", "expected one of them"),
            ("seeds = 2\n[grid]\nseed = [1]", "expected one of them"),
            ("seeds = 2\nwidht = 3", "unknown field `widht`"),
            ("[grid]\nwidht = [3]", "the run with widht = 3: "),
            (
                "[grid]\nslope = [0.1, 2]",
                "the run with slope = 2: slope: expected",
            ),
            ("[grid]\nout = ['a']", "`out`: expected no such key"),
            ("seeds = 2\njson = true", "`json`: expected no such key"),
            ("[grid]\nslope = [0.1, 0.1]", "expected runs that differ"),
            ("[grid]\ndim = [50]\n[[list]]\ndim = 60", "found in both"),
            (
                "[grid]\ndim = [50]\n'step-size' = [1.0]\nstep_size = [1.0]",
                "is given twice",
            ),
            ("seeds = 100001", "expected a number"),
            (
                "seeds = 1000\n[grid]\ndim = [1, 2]\nwidth = [1, 2, 3, 4, 5, 6, 7, 8]\nsteps = [1, \
                 2, 3, 4, 5, 6, 7]",
                "expected at most 100000 runs",
            ),
            ("seeds = = 3", "TOML parse error"),
        ] {
            let error = sweep(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
