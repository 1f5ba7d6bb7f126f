//! MNIST: the real files, where they are at hand, and what is said where they are not.

use std::fs;
use std::path::{Path, PathBuf};

use implicit_bias_data::{Choice, ClassRule, DataFile, Labels, Split, mnist};

/// The folder of the real files. They are not in the repository.
fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/mnist");
    let present = mnist::FILES.iter().all(|file| folder.join(file).is_file());
    if !present {
        eprintln!("skipped: no MNIST files in ../shared/data/mnist");
    }
    present.then_some(folder)
}

fn at(dir: &Path, split: Split) -> DataFile {
    let dir = Some(dir.to_owned());
    DataFile::Mnist { dir, split }
}

fn digits(labels: &Labels) -> [usize; 10] {
    let Labels::Numbers(numbers) = labels else {
        panic!("labels are numbers")
    };
    let mut counts = [0; 10];
    for &number in numbers {
        counts[number as usize] += 1;
    }
    counts
}

/// Counts and sums from Python's gzip and struct: `b = gzip.open(file).read()`, then
/// `[b[8:].count(i) for i in range(10)]` of labels and `sum(b[16:])` of images.
const DIGITS: [(Split, [usize; 10], u64); 2] = [
    (
        Split::Train,
        [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
        1_567_298_545,
    ),
    (
        Split::Test,
        [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
        264_923_200,
    ),
];

#[test]
fn counts_and_sums_are_those_of_an_independent_reader() {
    let Some(dir) = folder() else { return };
    for (split, counts, sum) in DIGITS {
        let file = at(&dir, split);
        assert_eq!(digits(&file.labels().unwrap()), counts);
        let data = file.read_classes(None, 0).unwrap();
        let names: Vec<String> = (0..10).map(|digit| digit.to_string()).collect();
        assert_eq!(data.names(), names);
        assert_eq!((data.samples(), data.dim()), (counts.iter().sum(), 784));
        // Whole numbers below 2^53: the sum is exact.
        assert_eq!(data.x().sum(), sum as f64);
    }
}

#[test]
fn a_known_image_and_the_ends_of_the_set() {
    let Some(dir) = folder() else { return };
    let data = at(&dir, Split::Train).read_classes(None, 0).unwrap();
    assert_eq!(data.class()[..10], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    // Row 5 of the first image and row 14 of the last, and the sums of both:
    // `b[16 + 784 i:][:784]`.
    let row = |image: usize, row: usize| data.x().row(image).to_vec()[28 * row..][..28].to_vec();
    let five = [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 18, 18, 18, 126, 136, 175, 26, 166, 255, 247, 127,
        0, 0, 0, 0,
    ];
    let last = [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 190, 196, 14, 2, 97, 254, 252, 146, 52, 0, 0, 0, 0, 0, 0, 0,
        0, 0,
    ];
    assert_eq!(row(0, 5), five.map(f64::from));
    assert_eq!(row(59_999, 14), last.map(f64::from));
    assert_eq!(data.x().row(0).sum(), 27_525.0);
    assert_eq!(data.x().row(59_999).sum(), 20_920.0);
}

#[test]
fn a_pair_of_digits_is_a_part_of_the_whole() {
    let Some(dir) = folder() else { return };
    let file = at(&dir, Split::Test);
    let whole = file.read_classes(None, 0).unwrap();
    let rule = ClassRule::Pair {
        positive: "4".into(),
        negative: "9".into(),
    };
    let all = Choice {
        rule: rule.clone(),
        per_class: None,
    };
    let data = file.read(&all, 0).unwrap();
    assert_eq!(data.class_counts(), (982, 1009));
    let indices: Vec<usize> = (0..whole.samples())
        .filter(|&sample| [4, 9].contains(&whole.class()[sample]))
        .collect();
    assert_eq!(data.x(), whole.x().select(ndarray::Axis(0), &indices));
    for (&sample, &y) in indices.iter().zip(data.y()) {
        assert_eq!(y == 1.0, whole.class()[sample] == 4);
    }
    let some = Choice {
        rule,
        per_class: Some(30),
    };
    assert_eq!(file.read(&some, 5).unwrap().class_counts(), (30, 30));
}

#[test]
fn a_missing_file_is_named_with_the_way_to_get_it() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let message = |split| at(dir, split).labels().unwrap_err().to_string();
    let expected = |file: &str| {
        format!(
            "mnist: expected {file} in {}, found none; `implicit-bias fetch mnist` brings it, \
             or name its folder with --data-dir",
            dir.display()
        )
    };
    assert_eq!(message(Split::Train), expected(mnist::FILES[0]));
    assert_eq!(message(Split::Test), expected(mnist::FILES[2]));
    // A folder is no file.
    fs::create_dir(dir.join("t10k-images-idx3-ubyte")).unwrap();
    assert_eq!(message(Split::Test), expected(mnist::FILES[2]));
}

#[test]
fn unpacked_files_do_and_the_published_come_first() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let images = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 9, 8, 7, 6];
    let labels = [0, 0, 8, 1, 0, 0, 0, 2, 3, 5];
    fs::write(dir.join("t10k-images-idx3-ubyte"), images).unwrap();
    fs::write(dir.join("t10k-labels-idx1-ubyte"), labels).unwrap();
    let data = at(dir, Split::Test).read_classes(None, 0).unwrap();
    assert_eq!(data.names(), ["3", "5"]);
    assert_eq!(data.x(), ndarray::array![[9.0, 8.0], [7.0, 6.0]]);
    fs::write(dir.join("t10k-labels-idx1-ubyte.gz"), b"").unwrap();
    let found = mnist::find(dir, mnist::FILES[3]).unwrap();
    assert_eq!(found, dir.join("t10k-labels-idx1-ubyte.gz"));
    let error = at(dir, Split::Test).labels().unwrap_err().to_string();
    assert!(error.starts_with(&found.display().to_string()), "{error}");
}

#[test]
fn only_the_published_files_are_called_mnist() {
    assert_eq!(serde_json::to_string(&Split::Test).unwrap(), "\"test\"");
    let absent = at(Path::new("anywhere"), Split::Train).describe();
    assert!(absent.ends_with("anywhere (not read)"), "{absent}");
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let images = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 9, 8, 7, 6];
    fs::write(dir.join("train-images-idx3-ubyte"), images).unwrap();
    fs::write(
        dir.join("train-labels-idx1-ubyte"),
        [0, 0, 8, 1, 0, 0, 0, 2, 3, 5],
    )
    .unwrap();
    let others = at(dir, Split::Train);
    let expected = format!(
        "training set in {} (under MNIST's file names, not the published MNIST)",
        dir.display()
    );
    assert_eq!(others.describe(), expected);
    let notes = others.contents().unwrap().notes;
    assert!(notes[0].contains("not the published MNIST"), "{notes:?}");
    // One published file of two does not make the set.
    let Some(real) = crate::folder() else { return };
    assert_eq!(at(&real, Split::Train).describe(), "MNIST, training set");
    assert_eq!(at(&real, Split::Test).describe(), "MNIST, test set");
    assert!(at(&real, Split::Test).contents().unwrap().notes.is_empty());
    let name = "train-images-idx3-ubyte.gz";
    fs::copy(real.join(name), dir.join(name)).unwrap();
    assert_eq!(others.describe(), expected);
    let name = "train-labels-idx1-ubyte.gz";
    fs::copy(real.join(name), dir.join(name)).unwrap();
    assert_eq!(others.describe(), "MNIST, training set");
    // What was found is forgotten where the file changes.
    let mut labels = fs::read(dir.join(name)).unwrap();
    labels.push(0);
    fs::write(dir.join(name), labels).unwrap();
    assert_eq!(others.describe(), expected);
}

#[test]
fn the_folder_of_torchvision_is_looked_into() {
    let folder = tempfile::tempdir().unwrap();
    let raw = folder.path().join("MNIST/raw");
    fs::create_dir_all(&raw).unwrap();
    fs::write(raw.join("t10k-images-idx3-ubyte"), b"").unwrap();
    let found = mnist::find(folder.path(), mnist::FILES[2]);
    assert_eq!(found, Some(raw.join("t10k-images-idx3-ubyte")));
    let near = folder.path().join("t10k-images-idx3-ubyte");
    fs::write(&near, b"").unwrap();
    assert_eq!(mnist::find(folder.path(), mnist::FILES[2]), Some(near));
}
