//! Two sweeps side by side, by their tables.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use crate::LabError;

/// The column after the keys.
const AFTER_KEYS: &str = "stop_reason";

/// How the tables of two sweeps differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Runs of each.
    pub runs: [usize; 2],
    /// By what runs of the two belong together: their directory, or these keys.
    pub matched_by: Vec<String>,
    /// Runs that both have.
    pub both: usize,
    /// Of those, the runs that are equal in every column that both tables have.
    pub equal: usize,
    /// Settings of all runs that are one value in the first sweep and another in the second: key and
    /// values.
    pub settings: Vec<[String; 3]>,
    /// Columns in which runs differ, in the order of the tables.
    pub columns: Vec<ColumnDifference>,
    /// Columns that one of the tables alone has.
    pub only: [Vec<String>; 2],
}

/// How runs differ in a column.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDifference {
    /// Its name.
    pub name: String,
    /// Runs that differ.
    pub runs: usize,
    /// The largest `|a − b| / max(|a|, |b|)`; `None` where one of them is no number.
    pub relative: Option<f64>,
    /// The run where that is, by its directory in the first sweep, and both entries.
    pub example: [String; 3],
}

impl Comparison {
    /// Whether both have the same runs, equal in every column.
    pub fn is_equal(&self) -> bool {
        self.runs == [self.both; 2]
            && self.equal == self.both
            && self.settings.is_empty()
            && self.only.iter().all(Vec::is_empty)
    }
}

/// Places in the first table, each with one in the second.
type Pairs = Vec<(usize, usize)>;

/// A table that was read.
struct Table {
    path: PathBuf,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    /// How many columns are keys, the directory of the run included.
    keys: usize,
}

/// Compares two sweeps, each a folder with a `sweep.csv` or such a table itself.
///
/// # Errors
///
/// [`LabError::Read`] and [`LabError::Content`] name a table that is missing, no table of a sweep, or
/// one in which no keys tell the runs apart.
pub fn compare(first: &Path, second: &Path) -> Result<Comparison, LabError> {
    let tables = [Table::read(first)?, Table::read(second)?];
    let [a, b] = &tables;
    let (matched_by, pairs) = pairs(a, b)?;
    let shared: Vec<(usize, usize)> = in_both(&a.header[a.keys..], &b.header[b.keys..])
        .map(|(i, k)| (i + a.keys, k + b.keys))
        .collect();
    let mut columns: Vec<ColumnDifference> = Vec::new();
    let mut differ = vec![false; pairs.len()];
    for &(i, k) in &shared {
        let mut found: Option<ColumnDifference> = None;
        for (pair, &(row_a, row_b)) in pairs.iter().enumerate() {
            let [one, other] = [&a.rows[row_a][i], &b.rows[row_b][k]];
            if one == other {
                continue;
            }
            differ[pair] = true;
            let this = ColumnDifference {
                name: a.header[i].clone(),
                runs: 1,
                relative: relative(one, other),
                example: [a.rows[row_a][0].clone(), one.clone(), other.clone()],
            };
            found = Some(match found {
                None => this,
                Some(known) => known.and(this),
            });
        }
        columns.extend(found);
    }
    let only = [(a, b), (b, a)].map(|(own, other)| {
        let missing = own
            .header
            .iter()
            .filter(|name| !other.header.contains(name));
        missing.cloned().collect()
    });
    Ok(Comparison {
        runs: [a.rows.len(), b.rows.len()],
        matched_by,
        both: pairs.len(),
        equal: differ.iter().filter(|differ| !**differ).count(),
        settings: settings(a, b),
        columns,
        only,
    })
}

impl ColumnDifference {
    /// Both together, with the example of the larger difference.
    fn and(self, other: Self) -> Self {
        let size = |one: &Self| one.relative.unwrap_or(f64::INFINITY);
        let runs = self.runs + other.runs;
        let larger = if size(&other) > size(&self) {
            other
        } else {
            self
        };
        Self { runs, ..larger }
    }
}

fn relative(one: &str, other: &str) -> Option<f64> {
    let [one, other] = [one, other].map(|text| text.parse::<f64>().ok());
    let (one, other) = (one?, other?);
    Some((one - other).abs() / one.abs().max(other.abs()))
}

/// The places of the names that two lists share.
fn in_both<'a>(a: &'a [String], b: &'a [String]) -> impl Iterator<Item = (usize, usize)> + 'a {
    let places: HashMap<&String, usize> = b.iter().zip(0..).collect();
    let shared = a.iter().enumerate();
    shared.filter_map(move |(i, name)| Some((i, *places.get(name)?)))
}

impl Table {
    fn read(path: &Path) -> Result<Self, LabError> {
        let path = match path.is_dir() {
            true => path.join("sweep.csv"),
            false => path.to_owned(),
        };
        let text = std::fs::read(&path).map_err(|source| LabError::Read {
            path: path.clone(),
            source,
        })?;
        let content = |reason: String| LabError::Content {
            path: path.clone(),
            reason,
        };
        let mut reader = csv::Reader::from_reader(text.as_slice());
        let header = reader
            .headers()
            .map_err(|error| content(error.to_string()))?;
        let header: Vec<String> = header.iter().map(str::to_owned).collect();
        let keys = header.iter().position(|name| name == AFTER_KEYS);
        let (Some(keys), Some("run")) = (keys, header.first().map(String::as_str)) else {
            let reason = "expected a table of a sweep, with the columns `run` and `stop_reason`";
            return Err(content(format!("{reason}, found {}", header.join(", "))));
        };
        let rows = reader.records().map(|record| {
            let record = record.map_err(|error| content(error.to_string()))?;
            Ok(record.iter().map(str::to_owned).collect())
        });
        let rows = rows.collect::<Result<_, LabError>>()?;
        Ok(Self {
            header,
            rows,
            keys,
            path,
        })
    }

    /// The different entries of a column.
    fn values(&self, column: usize) -> BTreeSet<&str> {
        self.rows.iter().map(|row| row[column].as_str()).collect()
    }
}

/// Rows that belong together, and by what: the directory where the two share some, else the keys
/// that vary in one of them.
fn pairs(a: &Table, b: &Table) -> Result<(Vec<String>, Pairs), LabError> {
    let by_name = joined(a, b, &[(0, 0)])?;
    if !by_name.is_empty() {
        return Ok((vec!["run".to_owned()], by_name));
    }
    let keys: Vec<(usize, usize)> = in_both(&a.header[..a.keys], &b.header[..b.keys])
        .skip(1)
        .filter(|&(i, k)| a.values(i).len() > 1 || b.values(k).len() > 1)
        .collect();
    let names = keys.iter().map(|&(i, _)| a.header[i].clone()).collect();
    Ok((names, joined(a, b, &keys)?))
}

/// Rows that agree in some columns.
fn joined(a: &Table, b: &Table, columns: &[(usize, usize)]) -> Result<Pairs, LabError> {
    let of_a = columns.iter().map(|&(i, _)| i).collect::<Vec<_>>();
    let of_b = columns.iter().map(|&(_, k)| k).collect::<Vec<_>>();
    let rows = by_entries(b, &of_b)?;
    // Refuses a table of `a` in which they do not tell rows apart.
    by_entries(a, &of_a)?;
    let found = a.rows.iter().enumerate().filter_map(|(index, row)| {
        let entries: Vec<&str> = of_a.iter().map(|&i| row[i].as_str()).collect();
        Some((index, *rows.get(&entries)?))
    });
    Ok(found.collect())
}

fn by_entries<'a>(
    table: &'a Table,
    columns: &[usize],
) -> Result<HashMap<Vec<&'a str>, usize>, LabError> {
    let mut rows = HashMap::new();
    for (index, row) in table.rows.iter().enumerate() {
        let entries: Vec<&str> = columns.iter().map(|&column| row[column].as_str()).collect();
        if let Some(other) = rows.insert(entries, index) {
            let names: Vec<&str> = columns.iter().map(|&i| table.header[i].as_str()).collect();
            return Err(LabError::Content {
                path: table.path.clone(),
                reason: format!(
                    "expected keys that both sweeps have to tell its runs apart, found rows {} and {} \
                     equal in `{}`",
                    other + 2,
                    index + 2,
                    names.join("`, `")
                ),
            });
        }
    }
    Ok(rows)
}

/// Keys that have one value in each table, and not the same.
fn settings(a: &Table, b: &Table) -> Vec<[String; 3]> {
    let keys = in_both(&a.header[..a.keys], &b.header[..b.keys]).skip(1);
    let changed = keys.filter_map(|(i, k)| {
        let (one, other) = (a.values(i), b.values(k));
        let (one, other) = match (one.len(), other.len()) {
            (1, 1) => (one.into_iter().next()?, other.into_iter().next()?),
            _ => return None,
        };
        (one != other).then(|| [a.header[i].clone(), one.to_owned(), other.to_owned()])
    });
    changed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(folder: &Path, name: &str, text: &str) -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn runs_are_matched_by_directory_or_else_by_the_keys_that_vary() {
        let folder = tempfile::tempdir().unwrap();
        let a = "run,slope,steps,stop_reason,loss,verdict_loss\n\
                 a1,0.1,100,completed,0.5,supported\na2,0.2,100,completed,0.25,supported\n";
        let one = written(folder.path(), "a.csv", a);
        let same = compare(&one, &one).unwrap();
        assert!(same.is_equal());
        assert_eq!((same.both, same.equal, same.columns.len()), (2, 2, 0));

        let changed = a.replace("0.25,supported", "0.2,refuted");
        let other = written(folder.path(), "b.csv", &changed);
        let found = compare(&one, &other).unwrap();
        assert_eq!((found.equal, found.is_equal()), (1, false));
        let [loss, verdict] = found.columns.as_slice() else {
            panic!("{found:?}")
        };
        assert!((loss.relative.unwrap() - 0.2).abs() < 1e-15);
        assert_eq!(loss.example, ["a2", "0.25", "0.2"]);
        assert_eq!((verdict.runs, verdict.relative), (1, None));

        // Another horizon: other directories, in another order, and one run is new.
        let longer = "run,slope,steps,stop_reason,loss\n\
                      b2,0.2,1000,completed,0.025\nb1,0.1,1000,completed,0.5\nb3,0.3,1000,x,1\n";
        let longer = written(folder.path(), "c.csv", longer);
        let found = compare(&one, &longer).unwrap();
        assert_eq!(found.matched_by, ["slope"]);
        assert_eq!((found.runs, found.both, found.equal), ([2, 3], 2, 1));
        assert_eq!(found.settings, [["steps", "100", "1000"]]);
        assert_eq!(found.only, [vec!["verdict_loss".to_owned()], Vec::new()]);
    }

    #[test]
    fn what_is_no_table_of_a_sweep_or_tells_no_runs_apart_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let no_table = written(folder.path(), "a.csv", "x,y\n1,2\n");
        let error = compare(&no_table, &no_table).unwrap_err().to_string();
        assert!(error.contains("expected a table of a sweep"), "{error}");
        let one = written(
            folder.path(),
            "b.csv",
            "run,seed,stop_reason\na,1,x\nb,2,x\n",
        );
        let other = written(
            folder.path(),
            "c.csv",
            "run,slope,stop_reason\nc,1,x\nd,2,x\n",
        );
        let error = compare(&one, &other).unwrap_err();
        assert!(
            error.is_input() && error.to_string().contains("rows 2 and 3"),
            "{error}"
        );
        let missing = compare(folder.path(), &one).unwrap_err().to_string();
        assert!(missing.contains("sweep.csv"), "{missing}");
    }
}
