use std::collections::BTreeMap;
use std::fs;

use ndarray::array;
use tempfile::{TempDir, tempdir};

use super::*;

fn numbers(values: &[f64]) -> Labels {
    Labels::Numbers(values.to_vec())
}

fn animals() -> Labels {
    Labels::Names {
        names: ["cat", "dog", "ant"].map(str::to_owned).to_vec(),
        index: vec![0, 1, 2, 0],
    }
}

fn pair(positive: &str, negative: &str) -> ClassRule {
    ClassRule::Pair {
        positive: positive.into(),
        negative: negative.into(),
    }
}

fn against_the_rest(positive: &str) -> ClassRule {
    ClassRule::OneAgainstTheRest {
        positive: positive.into(),
    }
}

/// A table of the given labels, whose only coordinate is the number of the sample, from 1.
fn table(labels: &[&str]) -> (TempDir, DataFile) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let rows = (1..).zip(labels).map(|(x, label)| format!("{x},{label}\n"));
    fs::write(&path, format!("x,y\n{}", rows.collect::<String>())).unwrap();
    (
        folder,
        DataFile::at(path, &crate::FileOptions::default()).unwrap(),
    )
}

/// The message, which must begin with the path, without it.
fn about((folder, _): &(TempDir, DataFile), error: DataError) -> String {
    let path = format!("{}: ", folder.path().join("t.csv").display());
    let error = error.to_string();
    error.strip_prefix(&path).expect(&error).to_owned()
}

#[test]
fn every_rule_on_numbers_and_on_names() {
    let plus = Some(1.0);
    let minus = Some(-1.0);
    let digits = numbers(&[3.0, 7.0, 3.0, 0.0]);
    for (rule, labels, signs) in [
        (pair("3", "7"), &digits, [plus, minus, plus, None]),
        (pair("7.0", " 3e0 "), &digits, [minus, plus, minus, None]),
        (against_the_rest("0"), &digits, [minus, minus, minus, plus]),
        (pair("ant", "cat"), &animals(), [minus, None, plus, minus]),
        (
            against_the_rest("cat"),
            &animals(),
            [plus, minus, minus, plus],
        ),
        (
            ClassRule::Encoded(LabelEncoding::PlusMinusOne),
            &numbers(&[1.0, -1.0, -1.0, 1.0]),
            [plus, minus, minus, plus],
        ),
        (
            ClassRule::Encoded(LabelEncoding::ZeroOne),
            &numbers(&[1.0, 0.0, 0.0, 1.0]),
            [plus, minus, minus, plus],
        ),
    ] {
        assert_eq!(rule.signs(labels).unwrap(), signs, "{rule:?}");
    }
}

#[test]
fn rules_that_do_not_fit_the_labels_say_which_labels_there_are() {
    let refusal = |rule: ClassRule, labels: &Labels| rule.signs(labels).unwrap_err().to_string();
    let digits = numbers(&[3.0, 10.0, 3.0]);
    assert_eq!(
        refusal(pair("4", "10"), &digits),
        "--positive: expected one of the labels `3`, `10`, found `4`"
    );
    assert_eq!(
        refusal(pair("3", "cat"), &digits),
        "--negative: expected one of the labels `3`, `10`, found `cat`"
    );
    assert_eq!(
        refusal(against_the_rest("Cat"), &animals()),
        "--positive: expected one of the labels `ant`, `cat`, `dog`, found `Cat`"
    );
    assert_eq!(
        refusal(pair("3", "3.0"), &digits),
        "--negative: expected another class than --positive, found 3.0"
    );
    let default = ClassRule::default;
    assert_eq!(
        refusal(default(), &animals()),
        "y: expected labels -1 and 1 (or choose classes with --positive A --negative B), found the \
         names `ant`, `cat`, `dog`"
    );
    assert_eq!(
        refusal(default(), &digits),
        "y: expected labels -1 and 1 (or choose classes with --positive A --negative B), \
         found 3 for sample 0"
    );
    assert!(refusal(default(), &numbers(&[0.0, 1.0])).contains("pass --labels zero-one"));
    let zero_one = ClassRule::Encoded(LabelEncoding::ZeroOne);
    assert!(refusal(zero_one, &digits).ends_with("expected labels 0 and 1, found 3 for sample 0"));
    assert!(refusal(default(), &numbers(&[1.0, f64::NAN])).ends_with("found NaN for sample 1"));
    assert!(refusal(against_the_rest("NaN"), &numbers(&[1.0, f64::NAN])).contains("found `NaN`"));
    let many = numbers(&(0..100).map(f64::from).collect::<Vec<_>>());
    assert!(refusal(pair("-1", "1"), &many).contains("`18`, `19`, found"));
}

#[test]
fn messages_about_labels_name_the_file() {
    let one = table(&["cat", "cat", "dog", "cat"]);
    let read = |rule, per_class| {
        let choice = Choice { rule, per_class };
        about(&one, one.1.read(&choice, 0).unwrap_err())
    };
    assert!(read(ClassRule::default(), None).ends_with("found the names `cat`, `dog`"));
    assert!(read(pair("ant", "cat"), None).starts_with("--positive: expected one of"));
    assert_eq!(
        read(pair("dog", "cat"), Some(2)),
        "--per-class: expected at most 1, the samples of class dog, found 2"
    );
    assert_eq!(
        read(against_the_rest("cat"), Some(2)),
        "--per-class: expected at most 1, the samples of class other than cat, found 2"
    );
    let all = table(&["cat", "cat"]);
    let choice = Choice {
        rule: against_the_rest("cat"),
        per_class: None,
    };
    assert_eq!(
        about(&all, all.1.read(&choice, 0).unwrap_err()),
        "y: expected both classes, found the label 1 for all 2 samples"
    );
    assert_eq!(
        about(&all, all.1.read_classes(None, 0).unwrap_err()),
        "y: expected 2 to 1000 classes, found 1"
    );
    let labels: Vec<String> = (0..1500).map(|label| label.to_string()).collect();
    let many = table(&labels.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(
        about(&many, many.1.read_classes(None, 0).unwrap_err()),
        "y: expected 2 to 1000 classes, found 1001"
    );
}

#[test]
fn the_order_of_the_file_stays_and_others_are_left_out() {
    let (_folder, file) = table(&["b", "a", "c", "a", "b"]);
    let choice = Choice {
        rule: pair("a", "b"),
        per_class: None,
    };
    let data = file.read(&choice, 0).unwrap();
    assert_eq!(data.x(), &array![[1.0], [2.0], [4.0], [5.0]]);
    assert_eq!(data.y(), &array![-1.0, 1.0, 1.0, -1.0]);
    let choice = Choice {
        rule: pair("a", "b"),
        per_class: Some(2),
    };
    assert_eq!(file.read(&choice, 9).unwrap(), data, "all that there are");
    let choice = Choice {
        rule: against_the_rest("a"),
        per_class: Some(1),
    };
    let one = file.read(&choice, 1).unwrap();
    assert_eq!(one.class_counts(), (1, 1));
    for (x, y) in one.x().column(0).iter().zip(one.y()) {
        assert_eq!(*y == 1.0, [2.0, 4.0].contains(x));
    }
}

#[test]
fn classes_are_numbered_in_sorted_order() {
    let (_folder, file) = table(&["10", "2", "10", "-1"]);
    let data = file.read_classes(None, 0).unwrap();
    assert_eq!(data.names(), ["-1", "2", "10"]);
    assert_eq!(data.class(), [2, 1, 2, 0]);
    let (_folder, file) = table(&["dog", "ant", "10", "dog"]);
    let data = file.read_classes(Some(1), 3).unwrap();
    assert_eq!(data.names(), ["10", "ant", "dog"]);
    assert_eq!(data.samples(), 3);
    for (x, &class) in data.x().column(0).iter().zip(data.class()) {
        assert_eq!(class, [2, 1, 0, 2][*x as usize - 1]);
    }
    let damaged = table(&["1", "2"]);
    let error = damaged.1.read_classes(Some(2), 0).unwrap_err();
    assert_eq!(
        about(&damaged, error),
        "--per-class: expected at most 1, the samples of class 1, found 2"
    );
}

#[test]
fn named_classes_are_numbered_in_their_order_and_others_are_left_out() {
    let here = table(&["10", "2", "7", "-1", "2"]);
    let read = |names: &[&str], per_class| {
        let labels = names.iter().map(|&name| name.to_owned()).collect();
        let rule = ClassRule::Classes { labels };
        here.1.training_set(&Choice { rule, per_class }, 0)
    };
    let data = read(&["2", "10.0", "-1"], None).unwrap();
    let data = data.classes().unwrap();
    assert_eq!(data.x(), &array![[1.0], [2.0], [4.0], [5.0]]);
    assert_eq!(data.class(), [1, 0, 2, 0]);
    assert_eq!(data.names(), ["2", "10.0", "-1"]);
    let one_each = read(&["10", "2", "7", "-1"], Some(1)).unwrap();
    assert_eq!(one_each.samples(), 4);
    let refused = |names: &[&str]| about(&here, read(names, None).unwrap_err());
    assert!(refused(&["2", "3"]).starts_with("--classes: expected one of"));
    assert!(refused(&["7"]).ends_with("expected 2 to 1000 classes, found 1"));
    let twice = read(&["2", "7", "2.0"], None).unwrap_err().to_string();
    assert_eq!(twice, "--classes: expected every label once, found 2,7,2.0");
    // All classes in sorted order are all that there are.
    let all = read(&["-1", "2", "7", "10"], Some(1)).unwrap();
    assert_eq!(all.classes(), here.1.read_classes(Some(1), 0).ok().as_ref());
    // Without classes by name, labels are ±1.
    let rule = pair("2", "7");
    let choice = Choice {
        rule,
        per_class: None,
    };
    let two = here.1.training_set(&choice, 0).unwrap();
    assert_eq!(two.signs(), here.1.read(&choice, 0).ok().as_ref());
}

#[test]
fn labels_that_are_not_numbers_at_all_are_no_class() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("t.npz");
    let nan = f64::NAN;
    let (x, y) = (
        array![[1.0], [2.0], [3.0], [4.0]],
        array![1.0, nan, 2.0, nan],
    );
    let arrays = [("X", x.view().into_dyn()), ("y", y.view().into_dyn())];
    crate::write_npz_arrays(&path, &arrays).unwrap();
    let error = DataFile::npz(&path).read_classes(None, 0).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{}: array `y`: expected a label for every sample (leave samples without one out of \
             the file), found NaN for sample 1",
            path.display()
        )
    );
}

/// `sizes[c]` samples of class `c`, interleaved.
fn interleaved(sizes: &[usize]) -> (Vec<Option<usize>>, Vec<String>) {
    let longest = sizes.iter().max().copied().unwrap_or(0);
    let mut class = Vec::new();
    for round in 0..longest {
        let present = (0..sizes.len()).filter(|&number| round < sizes[number]);
        class.extend(present.map(Some));
        class.push(None);
    }
    let names = (0..sizes.len()).map(|number| format!("c{number}"));
    (class, names.collect())
}

#[test]
fn draws_are_seeded_distinct_rising_and_nested() {
    let (class, names) = interleaved(&[20, 9, 14]);
    let take = |count, seed| chosen(&class, &names, Some(count), seed).unwrap();
    for seed in 0..20 {
        let mut smaller: Vec<usize> = Vec::new();
        for count in 0..=9 {
            let taken = take(count, seed);
            assert_eq!(taken, take(count, seed));
            assert!(taken.is_sorted_by(|a, b| a < b));
            for number in 0..3 {
                let of_class = taken.iter().filter(|&&i| class[i] == Some(number));
                assert_eq!(of_class.count(), count);
            }
            assert!(
                smaller.iter().all(|index| taken.contains(index)),
                "{seed}, {count}"
            );
            smaller = taken;
        }
    }
    assert_ne!(take(5, 0), take(5, 1));
    assert_eq!(chosen(&class, &names, None, 0).unwrap().len(), 43);
    let error = chosen(&class, &names, Some(10), 0).unwrap_err();
    assert!(error.to_string().contains("class c1, found 10"));
}

/// Pearson's statistic of counts that should be equal.
fn chi_squared<'a>(counts: impl ExactSizeIterator<Item = &'a usize> + Clone) -> f64 {
    let mean = counts.clone().sum::<usize>() as f64 / counts.len() as f64;
    counts
        .map(|count| (*count as f64 - mean).powi(2) / mean)
        .sum()
}

/// Under uniform draws, the statistic exceeds each bound with probability below 1e-6; the seeds are
/// fixed.
#[test]
fn draws_are_uniform_and_independent_between_classes() {
    let (class, names) = interleaved(&[5, 4]);
    let mut subsets: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
    let mut pairs: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for seed in 0..20_000 {
        let taken = chosen(&class, &names, Some(2), seed).unwrap();
        let first = taken.into_iter().filter(|&index| class[index] == Some(0));
        *subsets.entry(first.collect()).or_default() += 1;
        let single = chosen(&class, &names, Some(1), seed).unwrap();
        let mut pair = (single[0], single[1]);
        if class[pair.0] == Some(1) {
            pair = (pair.1, pair.0);
        }
        *pairs.entry(pair).or_default() += 1;
    }
    // 5 over 2 subsets of the first class; 5 × 4 pairs of one of each.
    assert_eq!((subsets.len(), pairs.len()), (10, 20));
    let bound_9_degrees = 45.08;
    let bound_19_degrees = 63.70;
    assert!(chi_squared(subsets.values()) < bound_9_degrees);
    assert!(chi_squared(pairs.values()) < bound_19_degrees);
}
