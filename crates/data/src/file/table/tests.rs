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
        ", line 2: expected column `y`: a label in UTF-8, found other bytes; save the file as UTF-8"
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

/// Labels, rows, and what is said of them.
type Found = (Vec<String>, Array2<f64>, Vec<String>);

/// What the table reads as with the given options.
fn read_with(table: &str, options: &TableOptions) -> Result<Found, String> {
    let folder = tempdir().unwrap();
    let path = folder.path().join("t.csv");
    fs::write(&path, table).unwrap();
    let read = || {
        let labels = labels(&path, options)?;
        let keep: Vec<usize> = (0..labels.len()).collect();
        let rows = rows(&path, options, &keep, labels.len())?;
        let shown = keep.iter().map(|&sample| labels.show(sample)).collect();
        Ok((shown, rows, contents(&path, options)?.notes))
    };
    read().map_err(|error: DataError| error.to_string().replace(&path.display().to_string(), ""))
}

fn noted(table: &str) -> Found {
    read_with(table, &labelled("y")).unwrap()
}

#[test]
fn identifiers_that_no_number_tells_apart_stay_different_labels() {
    let table = "a,y\n1,9007199254740992\n2,9007199254740993\n3,9007199254740993\n";
    let ids = names(&["9007199254740992", "9007199254740993"], &[0, 1, 1]);
    assert_eq!(read(table).unwrap().0, ids);
    // Real targets may be as large, and are numbers.
    let (labels, _) = read("a,y\n1,1e20\n2,-3e300\n3,1e20\n").unwrap();
    assert_eq!(labels, Labels::Numbers(vec![1e20, -3e300, 1e20]));
}

#[test]
fn a_label_that_is_not_there_is_refused_wherever_it_stands() {
    for missing in [
        "",
        " ",
        "?",
        "NA",
        "N/A",
        "n/a",
        "nan",
        "NaN",
        "-nan",
        "NULL",
        "null",
        "None",
        "<NA>",
        "#N/A",
        "inf",
        "-Infinity",
        "1e999",
        "1.#QNAN",
        "-1.#IND",
        "-nan(ind)",
        "#NA",
        "na",
        "Null",
        "N.A.",
        "#N/A N/A",
        "NaT",
        ".",
        "--",
        "\\N",
        "(null)",
        "#DIV/0!",
        "#NAME?",
        "#NULL!",
        "#NUM!",
        "#REF!",
        "#VALUE!",
        "\u{a0}",
    ] {
        for label in ["1", "cat"] {
            let error = refusal(&format!("a,y,b\n1,{label},2\n3,{missing},4\n"));
            let expected = "expected column `y`: a label for every sample";
            assert!(
                error.starts_with(&format!(", line 3: {expected}")),
                "{error}"
            );
        }
    }
    let (labels, ..) = noted("a,y\n1,banan(a)\n2,pear\n");
    assert_eq!(labels, ["banan(a)", "pear"]);
    // A row of nothing is left out at the end alone.
    let (labels, x, notes) = noted("a,y\n1,2\n,\n ,\n\n");
    assert_eq!((labels, x), (vec!["2".to_owned()], array![[1.0]]));
    assert_eq!(
        notes,
        ["passed over: rows without any value at the end (2)"]
    );
    let error = refusal("a,y\n1,2\n,\n3,4\n");
    assert!(
        error.starts_with(", line 3: ") && error.contains("without any value"),
        "{error}"
    );
}

#[test]
fn a_column_of_row_numbers_or_names_without_a_name_is_left_out_and_said_so() {
    let numbers = "column 1 has no name and numbers the rows; it is left out";
    let names = "column 1 has no name and names the rows; it is left out";
    for (table, note) in [
        (",a,y\n0,5,1\n1,6,2\n", numbers),
        ("\"\",\"a\",\"y\"\n\"1\",5,1\n\"2\",6,2\n", numbers),
        // What pandas leaves of an index that it wrote and read; filtered rows.
        ("Unnamed: 0,a,y\n3,5,1\n7,6,2\n", numbers),
        (",a,y\nMazda,5,1\nFiat,6,2\n", names),
        // As R's write.table: the rows are longer by one.
        ("a,y\n1,5,1\n2,6,2\n", numbers),
        ("\"a\" \"y\"\n\"x\" 5 1\n\"z\" 6 2\n", names),
    ] {
        let (labels, x, notes) = noted(table);
        assert_eq!(
            (labels, x),
            (vec!["1".to_owned(), "2".to_owned()], array![[5.0], [6.0]])
        );
        assert!(
            notes.iter().any(|found| found == note),
            "{table}: {notes:?}"
        );
    }
    // Numbers that count nothing, and other columns with values, need a word.
    for (table, column) in [
        (",a,y\n0.5,5,1\n1,6,2\n", 1),
        (",a,y\n7,5,1\n3,6,2\n", 1),
        ("a,,y\n5,0,1\n6,1,2\n", 2),
        (",,y\n0,0,1\n1,1,2\n", 2),
    ] {
        let error = refusal(table);
        assert!(
            error.contains(&format!("--drop-columns {column} to leave it out")),
            "{error}"
        );
        let options = TableOptions {
            drop_columns: vec![column.to_string()],
            ..labelled("y")
        };
        let kept = read_with(table, &options).map(|(_, x, _)| x.ncols());
        assert_eq!(kept, Ok(usize::from(!table.starts_with(",,"))), "{table}");
    }
    // A named one may be a measurement.
    let (_, x, notes) = noted("Id,a,y\n1,5,1\n2,6,2\n3,7,1\n");
    assert_eq!(x.ncols(), 2);
    assert!(
        notes[0].starts_with("column `Id` counts the rows"),
        "{notes:?}"
    );
}

#[test]
fn a_first_line_of_numbers_is_no_header_unless_that_is_said() {
    let headless = "5.1,3.5,setosa\n4.9,3,setosa\n6,2.2,virginica\n";
    for column in ["y", "setosa", "5.1", "3", "last"] {
        let error = read_with(headless, &labelled(column)).unwrap_err();
        assert!(error.contains("seems to have none; if that line is a sample, pass --no-header"));
    }
    let told = |column: &str, no_header| {
        let options = TableOptions {
            no_header: Some(no_header),
            ..labelled(column)
        };
        read_with(headless, &options)
    };
    for column in ["3", "last", "-1"] {
        let (labels, x, _) = told(column, true).unwrap();
        assert_eq!(labels, ["setosa", "setosa", "virginica"]);
        assert_eq!(x, array![[5.1, 3.5], [4.9, 3.0], [6.0, 2.2]]);
        assert_eq!(
            told(column, false).unwrap().1,
            array![[4.9, 3.0], [6.0, 2.2]]
        );
    }
    assert!(
        told("4", true)
            .unwrap_err()
            .contains("found 3 columns, which are counted from 1")
    );
    assert!(told("0", true).unwrap_err().contains("found 3 columns"));
    assert!(
        told("y", true)
            .unwrap_err()
            .contains("found 3 columns without names")
    );
    // One numeric name, a label of numbers, text among the features: none is a sure header.
    for table in ["a,1,y\n1,2,3\n", "1,7,8\n-1,7,9\n", "M,0.4,y\nF,0.5,z\n"] {
        assert!(refusal(table).contains("--no-header=false"), "{table}");
    }
    // Names that pandas gives to columns without any.
    assert_eq!(
        noted("0,1,y\n5,6,1\n7,8,2\n").1,
        array![[5.0, 6.0], [7.0, 8.0]]
    );
    assert_eq!(noted(",0,1,2,y\n0,5,6,7,1\n1,7,8,9,2\n").1.dim(), (2, 3));
    assert!(
        refusal("0,1,y\n5,6,y\n7,8,2\n").contains("--no-header"),
        "a label that recurs"
    );
}

#[test]
fn columns_are_named_or_counted() {
    let table = "a,2,y,a\n1,5,8,6\n3,5,9,7\n";
    let with = |label: &str, dropped: &[&str]| {
        let options = TableOptions {
            drop_columns: dropped.iter().map(|&text| text.to_owned()).collect(),
            no_header: Some(false),
            ..labelled(label)
        };
        read_with(table, &options).map(|(labels, x, _)| (labels, x))
    };
    let expected = (vec!["8".to_owned(), "9".to_owned()], array![[1.0], [3.0]]);
    assert_eq!(with("3", &["4", "2"]).unwrap(), expected);
    assert_eq!(with("-2", &["last", "2", "2"]).unwrap(), expected);
    // A name goes before a position: column 2 is the one of that name.
    assert_eq!(with("2", &[]).unwrap().0, ["5", "5"]);
    assert!(
        with("a", &[])
            .unwrap_err()
            .contains("found 2 of that name; a position tells them")
    );
    assert!(
        with("y", &["a"])
            .unwrap_err()
            .contains("(see --drop-columns), found 2 of that name")
    );
    assert!(
        with("y", &["z"])
            .unwrap_err()
            .contains("found `a`, `2`, `y`, `a`")
    );
    assert!(
        with("y", &["3"])
            .unwrap_err()
            .contains("without that of the labels")
    );
    assert!(with("9", &[]).unwrap_err().contains("found 4 columns"));
}

#[test]
fn separators_and_decimal_commas_are_told_by_the_lines() {
    let known = (
        vec!["-1".to_owned(), "1".to_owned()],
        array![[0.5, -2.25], [10.0, 3.0]],
    );
    for (table, separator) in [
        ("a,b,y\n0.5,-2.25,-1\n10,3,1\n", None),
        ("a;b;y\n0.5;-2.25;-1\n10;3;1\n", Some("semicolon")),
        ("a;b;y\n0,5;-2,25;-1\n10;3;1\n", Some("semicolon")),
        ("a\tb\ty\n0,5\t-2,25\t-1\n10\t3\t1\n", Some("tab")),
        ("a|b|y\n0.5|-2.25|-1\n10|3|1\n", Some("bar")),
        ("a b y\n 0.5  -2.25 -1\n10\t3 1\n", Some("space")),
        ("sep=;\na;b;y\n0,5;-2,25;-1\n10;3;1\n", Some("semicolon")),
        (
            "\"sep=;\"\r\na;b;y\r\n0,5;-2,25;-1,0\r\n10;3;1\r\n",
            Some("semicolon"),
        ),
        ("# a;b;y\n0,5;-2,25;-1\n10;3;1\n", Some("semicolon")),
    ] {
        let (labels, x, notes) = noted(table);
        assert_eq!((labels, x), known, "{table}");
        let said = notes
            .iter()
            .any(|note| note.contains("taken to be separated by"));
        assert_eq!(said, separator.is_some(), "{notes:?}");
        assert!(
            separator.is_none_or(|name| notes[0].contains(name)),
            "{notes:?}"
        );
        let commas = notes
            .iter()
            .any(|note| note == "commas in numbers are decimal commas");
        assert_eq!(
            commas,
            table.contains("0,5") && table.contains([';', '\t']),
            "{notes:?}"
        );
    }
    let colon = TableOptions {
        separator: Some(":".parse().unwrap()),
        ..labelled("y")
    };
    let (labels, x, _) = read_with("a:b:y\n0.5:-2.25:-1\n10:3:1\n", &colon).unwrap();
    assert_eq!((labels, x), known);
    // Three digits after a comma are thousands or thousandths: nobody knows.
    let error = refusal("a;y\n1;1\n1,234;-1\n");
    assert!(
        error.starts_with(", line 3: ") && error.contains("thousands"),
        "{error}"
    );
    assert_eq!(noted("a;y\n1,5;1\n1,234;-1\n").1, array![[1.5], [1.234]]);
    assert_eq!(noted("a;y\n0,234;1\n5;-1\n").1, array![[0.234], [5.0]]);
    let mixed = refusal("a;y\n1,5;1\n1.5;-1\n");
    assert!(
        mixed.starts_with(", line 3: ") && mixed.contains("a decimal point"),
        "{mixed}"
    );
    for thousands in ["\"1,234\"", "1.234,5", "1 234"] {
        let error = refusal(&format!("a,y\n{},1\n2,2\n", thousands.replace(',', "٬")));
        assert!(
            error.starts_with(", line 2: expected column `a`: a finite number"),
            "{error}"
        );
    }
    for cell in ["\"1,234\"", "\"1.234,5\""] {
        let error = refusal(&format!("a,y\n{cell},1\n2,2\n"));
        assert!(error.contains("nothing between thousands"), "{error}");
    }
    assert!(refusal("a,y\nTrue,1\n2,2\n").contains("`True`; write 1 and 0 instead"));
    assert!(refusal("a:y\n1:1\n").contains("--separator says what is between"));
}

#[test]
fn comments_and_ends_of_lines() {
    let two = array![[1.0, 2.0], [3.0, 4.0]];
    for (table, note) in [
        (
            "# made in May\n%\n\na,b,y\n1,2,5\n3,4,6\n",
            "passed over: comments before the table (2)",
        ),
        (
            "# a,b,y\n1,2,5\n3,4,6\n",
            "the names of the columns are in the comment before the rows",
        ),
        (
            "#a b y\n1,2,5\n3,4,6\n",
            "the names of the columns are in the comment before the rows",
        ),
        (
            "a,b,y\n1,2,5\n# half\n3,4,6\n#\n",
            "passed over: comments among the rows (2)",
        ),
        (
            "a,b,y,\n1,2,5,\n3,4,6,\n",
            "passed over: rows with empty fields beyond the last column (2)",
        ),
        (
            "#a,b,y,\n1,2,5,\n3,4,6,\n",
            "passed over: rows with empty fields beyond the last column (2)",
        ),
        (
            "a,b,y\n1,2,5,,\n3,4,6\n",
            "passed over: rows with empty fields beyond the last column (1)",
        ),
        (
            "a,b,y,,\n1,2,5\n3,4,6,,\n",
            "passed over: rows with empty fields beyond the last column (1)",
        ),
    ] {
        let (_, x, notes) = noted(table);
        assert_eq!(x, two, "{table}");
        assert!(
            notes.iter().any(|found| found == note),
            "{table}: {notes:?}"
        );
    }
    // A line with as many fields is a row, and a quote would hide rows.
    assert!(refusal("a,y\n1,2\n#3,4\n").contains("line 3: expected column `a`"));
    assert!(refusal("a,b,y\n1,2,3\n#,\"\n4,5,6\n").contains("begins with a quote"));
    // Empty columns in the middle, and without a header.
    let (_, x, notes) = noted("a,,b,y\n1,,2,5\n3,,4,6\n");
    assert!(
        x == two && notes[0].starts_with("column 2 has no name and no values"),
        "{notes:?}"
    );
    let options = TableOptions {
        no_header: Some(true),
        ..labelled("last")
    };
    let (labels, x, _) = read_with("1,2,5,\n3,4,6,\n", &options).unwrap();
    assert_eq!((labels, x), (vec!["5".to_owned(), "6".to_owned()], two));
    // Lines are counted from the first, comments included.
    assert!(refusal("# c\r\n\r\n a  y\r\n 1  1\r\n x  1\r\n").starts_with(", line 5: "));
}
