use std::fs;

use ndarray::array;
use proptest::prelude::*;
use tempfile::tempdir;

use super::*;

fn read(text: &str) -> Result<(Vec<String>, Array2<f64>, Extent), String> {
    let folder = tempdir().unwrap();
    let path = folder.path().join("t.svm");
    fs::write(&path, text).unwrap();
    let read = || {
        let (found, extent) = labels(&path)?;
        let keep: Vec<usize> = (0..found.len()).collect();
        let x = rows(&path, &keep, found.len())?;
        let shown = keep.iter().map(|&sample| found.show(sample)).collect();
        Ok((shown, x, extent))
    };
    read().map_err(|error: DataError| error.to_string().replace(&path.display().to_string(), ""))
}

#[test]
fn entries_that_are_not_there_are_zero() {
    let expected = array![[0.5, 0.0, 1.25], [0.0, -1.0, 0.0], [0.0, 0.0, 0.0]];
    for text in [
        "+1 1:0.5 3:1.25\n-1 2:-1\n1\n",
        "+1 1:0.5 3:1.25\n-1 2:-1\n1",
        "\u{feff}# all\r\n+1 1:0.5 3:1.25 # one\r\n\r\n-1\t2:-1\r\n1 #\r\n",
        "+1 qid:1 1:0.5 3:1.25\n-1 qid:2 2:-1\n1 qid:2\n",
        "1.0 0:0.5 2:1.25\n-1.0 1:-1\n1.0\n",
    ] {
        let (labels, x, extent) = read(text).unwrap();
        assert_eq!(labels, ["1", "-1", "1"], "{text}");
        assert_eq!(x, expected, "{text}");
        assert_eq!(extent.counts_from_zero(), text.contains(" 0:"));
        assert_eq!(extent.queries > 0, text.contains("qid"));
    }
    assert_eq!(read("cat 1:1\ndog 2:1\n").unwrap().0, ["cat", "dog"]);
}

#[test]
fn lines_that_are_no_sample_are_named() {
    for (line, said) in [
        (" 1:0.5", "a label for every sample"),
        ("1:0.5 2:1", "a label for every sample"),
        ("nan 1:1", "found `nan`"),
        ("? 1:1", "found `?`"),
        ("1,2 1:1", "one label for every sample"),
        (
            "1 2:1 1:1",
            "indices that rise within the line, found `1:1`",
        ),
        ("1 2:1 2:1", "found `2:1`"),
        ("1 a:1", "found `a:1`"),
        ("1 -1:1", "found `-1:1`"),
        ("1 1", "found `1`"),
        ("1 1:", "a finite value, found `1:`"),
        ("1 1:inf", "a finite value, found `1:inf`"),
        ("1 4294967295:1", "found `4294967295:1`"),
    ] {
        let error = read(&format!("1 1:1\n# a comment\n{line}\n-1 1:1\n")).unwrap_err();
        assert!(
            error.starts_with(", line 3: ") && error.contains(said),
            "{line}: {error}"
        );
    }
}

#[test]
fn a_large_index_is_no_large_matrix() {
    let error = read("1 1:1\n-1 4000000000:1\n").unwrap_err();
    assert!(error.contains("expected at most"), "{error}");
    let error = read("1 1:1\n-1 50000000:1\n").unwrap_err();
    assert!(error.contains("with the zeros"), "{error}");
}

#[test]
fn what_looks_like_it_and_what_does_not() {
    for text in [
        "1 1:0.5\n",
        "+1 qid:3 1:0.5 7:2",
        "# c\n\n0\n-1 2:1e-3\n",
        "1 3:1 5:",
    ] {
        assert!(looks_like(text), "{text}");
    }
    for text in [
        "",
        "1 2 3\n",
        "a:1 b:2\n",
        "a 12:30 x\n",
        "1,2:3\n",
        "x 1:2 3\n",
        "12:30 1:5\n",
    ] {
        assert!(!looks_like(text), "{text}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        entries in prop::collection::vec(prop::num::f64::NORMAL | prop::num::f64::ZERO, 12),
        base in 0_usize..2,
        subset: u8,
    ) {
        let mut entries = entries;
        entries[2] = 1.0; // the dimension is the largest index
        entries[0] = 1.0; // and 0 is among the indices where they count from 0
        let x = Array2::from_shape_vec((4, 3), entries).unwrap();
        let mut text = String::new();
        for (row, label) in x.outer_iter().zip([1, -1, 1, -1]) {
            text += &label.to_string();
            for (column, &value) in row.indexed_iter().filter(|(_, value)| **value != 0.0) {
                text += &format!(" {}:{value:e}", column + base);
            }
            text.push('\n');
        }
        let folder = tempdir().unwrap();
        let path = folder.path().join("t.svm");
        fs::write(&path, &text).unwrap();
        let keep: Vec<usize> = (0..4).filter(|row| subset >> row & 1 == 1).collect();
        let found = rows(&path, &keep, 4).unwrap();
        prop_assert_eq!(found, x.select(ndarray::Axis(0), &keep));
    }

    #[test]
    fn junk_never_panics(bytes in prop::collection::vec(
        prop::sample::select(&b"1:0 -.\nqid#e,\t\r"[..]), 0..60,
    )) {
        let _ = read(&String::from_utf8(bytes).unwrap());
    }
}
