use std::fs;

use ndarray::{Axis, array};
use proptest::prelude::*;
use tempfile::tempdir;

use super::*;

/// Options that name the column of labels.
fn labelled(column: &str) -> TableOptions {
    TableOptions {
        label_column: Some(column.to_owned()),
        ..TableOptions::default()
    }
}

/// Labels in `label_column` and all rows of a table in a file of that name.
fn read_as(name: &str, bytes: &[u8], column: &str) -> Result<(Labels, Array2<f64>), String> {
    let folder = tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    let options = labelled(column);
    let read = || {
        let labels = labels(&path, &options)?;
        let keep: Vec<usize> = (0..labels.len()).collect();
        let rows = rows(&path, &options, &keep, labels.len())?;
        Ok((labels, rows))
    };
    read().map_err(|error: DataError| {
        let error = error.to_string();
        let rest = error.strip_prefix(&path.display().to_string());
        rest.expect(&error).to_owned()
    })
}

fn read(table: &str) -> Result<(Labels, Array2<f64>), String> {
    read_as("t.csv", table.as_bytes(), "y")
}

fn refusal(table: &str) -> String {
    read(table).unwrap_err()
}

fn names(names: &[&str], index: &[u32]) -> Labels {
    Labels::Names {
        names: names.iter().map(|&name| name.to_owned()).collect(),
        index: index.to_vec(),
    }
}

#[test]
fn labels_are_numbers_or_names_and_may_stand_anywhere() {
    let expected = array![[1.0, 2.5], [-3e-3, 4.0]];
    for (table, labels) in [
        (
            "a,b,y\n1,2.5,-1\n-3e-3,4,+1\n",
            Labels::Numbers(vec![-1.0, 1.0]),
        ),
        (
            "y,a,b\n7,1,2.5\n7.0,-0.003,4",
            Labels::Numbers(vec![7.0, 7.0]),
        ),
        (
            "a, y ,b\n 1 , cat ,2.5\n-3E-3,dog, 4\n",
            names(&["cat", "dog"], &[0, 1]),
        ),
        ("a,y,b\n1,cat,2.5\n-3e-3, cat,4\n", names(&["cat"], &[0, 0])),
        // One name makes all of them names.
        ("a,y,b\n1,3,2.5\n-3e-3,x,4\n", names(&["3", "x"], &[0, 1])),
    ] {
        assert_eq!(read(table).unwrap(), (labels, expected.clone()), "{table}");
    }
}

#[test]
fn quotes_line_ends_marks_and_tabs() {
    let expected = (names(&["a, \"b\"\nc", "d"], &[0, 1]), array![[1.0], [2.0]]);
    let table = "x,y\n\"1\",\"a, \"\"b\"\"\nc\"\n2,d\n";
    assert_eq!(read(table).unwrap(), expected);
    let quoted_header = "\"x\",\"y\"\n1,\"a, \"\"b\"\"\nc\"\n2,d";
    assert_eq!(read(quoted_header).unwrap(), expected);

    let expected = (Labels::Numbers(vec![1.0, 2.0]), array![[3.0], [4.0]]);
    for table in [
        "y,x\n1,3\n2,4\n",
        "y,x\r\n1,3\r\n2,4\r\n",
        "y,x\r1,3\r2,4\r",
        "\n\ny,x\n\n1,3\n\n\n2,4\n\n",
        "\u{feff}y,x\n1,3\n2,4\n",
        "\u{feff}y,x\r\n1,3\r\n2,4",
        "\u{feff}\"y\",x\n1,3\n2,4\n",
    ] {
        assert_eq!(read(table).unwrap(), expected, "{table:?}");
        let tabs = table.replace(',', "\t");
        assert_eq!(read_as("t.TSV", tabs.as_bytes(), "y").unwrap(), expected);
    }
    // The name says which separator is the likelier, the lines which it is.
    for table in ["y\tx\n1\t3\n2\t4\n", "y,x\n1,3\n2,4\n"] {
        for name in ["t.csv", "t.tsv", "t.txt"] {
            assert_eq!(read_as(name, table.as_bytes(), "y").unwrap(), expected);
        }
    }
}

#[test]
fn one_column_of_labels_must_have_the_name() {
    assert_eq!(
        refusal("a,b\n1,2\n"),
        ": expected one column `y` of labels (see --label-column), found `a`, `b`"
    );
    assert_eq!(
        refusal("y,a,y\n1,2,3\n"),
        ": expected one column `y` of labels (see --label-column), found 2 of that name; a \
         position tells them apart"
    );
    assert!(refusal("").ends_with("found an empty file"));
    assert!(refusal("\n\n\n").ends_with("found an empty file"));
    assert!(refusal("Y,a\n").ends_with("found `Y`, `a`"));
    let wide: Vec<String> = (0..10).map(|column| format!("c{column}")).collect();
    assert!(refusal(&wide.join(",")).ends_with("`c7`, … (10 columns)"));
    let hostile = format!("{}\u{1b}[2J,a\n", "x".repeat(20));
    assert!(refusal(&hostile).ends_with("found `xxxxxxxxxxxxxxxxxxxx\\u{1b}[2J`, `a`"));
}

#[test]
fn tables_without_samples_or_without_numbers() {
    let (labels, x) = read("a,b,y\n").unwrap();
    assert_eq!((labels.len(), x.dim()), (0, (0, 2)));
    let (labels, x) = read("y\n1\n2\n").unwrap();
    assert_eq!((labels.len(), x.dim()), (2, (2, 0)));

    let folder = tempdir().unwrap();
    let path = folder.path().join("t.csv");
    fs::write(&path, "y\n-1\n1\n").unwrap();
    let file = crate::DataFile::at(&path, &crate::FileOptions::default()).unwrap();
    let error = file.read(&crate::Choice::default(), 0).unwrap_err();
    let shape = "X: expected at least 2 samples and 1 dimension, found shape [2, 0]";
    assert_eq!(error.to_string(), format!("{}: {shape}", path.display()));
}

#[test]
fn cells_that_are_no_numbers_name_line_and_column() {
    for (cell, found) in [
        ("", "``"),
        ("one", "`one`"),
        ("1,5", ""),
        ("NaN", "`NaN`"),
        ("inf", "`inf`"),
        ("-Infinity", "`-Infinity`"),
        ("1e999", "`1e999`"),
        ("0x10", "`0x10`"),
        ("1 2", "`1 2`"),
        ("\"a\nb\"", "`a\\nb`"),
    ] {
        let error = refusal(&format!("a,b,y\n1,2,1\n3,{cell},1\n"));
        let help = "; rows with missing values have to be removed first, and columns of text \
                    (--drop-columns)";
        if found.is_empty() {
            assert_eq!(
                error,
                ", line 3: expected 3 fields, as in the header, found 4"
            );
        } else {
            let expected = "expected column `b`: a finite number";
            assert_eq!(error, format!(", line 3: {expected}, found {found}{help}"));
        }
    }
    let bytes = b"a,y\n\xff\xfe,1\n";
    let error = read_as("t.csv", bytes, "y").unwrap_err();
    assert_eq!(
        error,
        ", line 2: expected column `a`: a finite number, found `\u{fffd}\u{fffd}`; rows with \
         missing values have to be removed first, and columns of text (--drop-columns)"
    );
    let error = read_as("t.csv", b"a,y\n1,\xff\n", "y").unwrap_err();
    assert_eq!(
        error,
        ", line 2: expected column `y`: a label in UTF-8, found other bytes"
    );
    // Names of other columns may be anything.
    assert!(read_as("t.csv", b"\xff,y\n1,1\n", "y").is_ok());
}

#[test]
fn lines_are_counted_as_an_editor_does() {
    for (table, line) in [
        ("a,y\n1,1\nx,1\n", 3),
        ("a,y\r\n1,1\r\nx,1\r\n", 3),
        ("a,y\r1,1\rx,1\r", 3),
        ("\n\na,y\n\n1,1\n\n\nx,1\n", 8),
        ("\r\n\r\na,y\r\n\r\n1,1\r\n\r\n\r\nx,1", 8),
        ("a,y\n1,\"1\n\n\n\"\nx,1\n", 6),
        ("\u{feff}a,y\r\nx,1\r\n", 2),
    ] {
        let error = refusal(table);
        assert!(
            error.starts_with(&format!(", line {line}: ")),
            "{table:?}: {error}"
        );
        let ragged = table.replace("x,1", "1,1,1,1");
        let expected = format!(", line {line}: expected 2 fields, as in the header, found 4");
        assert_eq!(refusal(&ragged), expected, "{table:?}");
    }
    assert_eq!(
        refusal("a,y\n1,1\n1\n"),
        ", line 3: expected 2 fields, as in the header, found 1"
    );
}

#[test]
fn rows_that_are_not_taken_need_not_be_numbers() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("t.csv");
    fs::write(&path, "a,y\n1,p\n?,q\n3,p\n").unwrap();
    let chosen = rows(&path, &labelled("y"), &[0, 2], 3).unwrap();
    assert_eq!(chosen, array![[1.0], [3.0]]);
    let error = rows(&path, &labelled("y"), &[0], 2)
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "y: expected one label for each of the 3 rows of X, found 2"
    );
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        (dim, values, labels) in (1_usize..4, 1_usize..7).prop_flat_map(|(dim, samples)| (
            Just(dim),
            prop::collection::vec(prop::num::f64::NORMAL | prop::num::f64::ZERO, dim * samples),
            prop::collection::vec("[a-c,\"\r\n\té]{0,2}[a-c]", samples),
        )),
        at: prop::sample::Index,
        tabs: bool,
        end in prop::sample::select(&["\n", "\r\n", "\r"][..]),
        subset: u8,
    ) {
        let label_at = at.index(dim + 1);
        let x = Array2::from_shape_vec((labels.len(), dim), values).unwrap();
        let separator = if tabs { "\t" } else { "," };
        let line = |mut cells: Vec<String>, label: String| {
            cells.insert(label_at, label);
            cells.join(separator) + end
        };
        let mut table = line((0..dim).map(|j| format!("x{j}")).collect(), "the label".into());
        for (row, label) in x.outer_iter().zip(&labels) {
            table += &line(row.iter().map(f64::to_string).collect(), quoted(label));
        }
        let folder = tempdir().unwrap();
        let path = folder.path().join(if tabs { "t.tsv" } else { "t.csv" });
        fs::write(&path, table).unwrap();

        let read = super::labels(&path, &labelled("the label")).unwrap();
        for (sample, label) in labels.iter().enumerate() {
            let label = label.trim_matches(|c: char| c.is_ascii_whitespace());
            prop_assert_eq!(read.show(sample), label);
        }
        let keep: Vec<usize> = (0..labels.len()).filter(|row| subset >> row & 1 == 1).collect();
        let chosen = rows(&path, &labelled("the label"), &keep, labels.len()).unwrap();
        prop_assert_eq!(chosen, x.select(Axis(0), &keep));
    }

    #[test]
    fn junk_never_panics(
        bytes in prop::collection::vec(
            prop::sample::select(&b"y,1\n\r\"-e\t \xef\xbb\xbf"[..]),
            0..60,
        ),
    ) {
        let _ = read_as("t.csv", &bytes, "y");
    }
}
