use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use ndarray::{Array, ArrayView, IxDyn, ShapeBuilder, array};
use tempfile::tempdir;

use super::reading::make_room;
use super::*;
use crate::{Choice, DataError, Dataset};

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An `.npy` file whose entries are `values` in the order that they have in memory.
fn npy_bytes(shape: &[usize], fortran: bool, values: &[f64]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let shape: String = shape.iter().map(|size| format!("{size}, ")).collect();
    let header = format!("{{'descr': '<f8', 'fortran_order': {order}, 'shape': ({shape})}}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

/// `DataFile::at` with a file and a column of labels or not.
fn at_with(
    path: impl Into<PathBuf>,
    label_file: Option<&Path>,
    label_column: Option<&str>,
) -> Result<DataFile, DataError> {
    let table = TableOptions {
        label_column: label_column.map(str::to_owned),
        ..TableOptions::default()
    };
    let options = FileOptions {
        label_file: label_file.map(Path::to_owned),
        table,
        ..FileOptions::default()
    };
    DataFile::at(path, &options)
}

/// A table with a column of labels.
fn table(path: impl Into<PathBuf>, label_column: &str) -> DataFile {
    DataFile::Table {
        path: path.into(),
        options: TableOptions {
            label_column: Some(label_column.to_owned()),
            ..TableOptions::default()
        },
    }
}

/// What `DataFile::at` says of a file, given labels and a column or not, without the path.
fn refusal(path: &Path, label_file: Option<&Path>, label_column: Option<&str>) -> String {
    let error = at_with(path, label_file, label_column).unwrap_err();
    let error = error.to_string();
    let rest = error.strip_prefix(&format!("{}: ", path.display()));
    rest.expect(&error).to_owned()
}

#[test]
fn extensions_decide_without_a_look_at_the_file() {
    let at = |path: &str| at_with(path, None, None).unwrap();
    assert_eq!(at("/no/a.npz"), DataFile::npz("/no/a.npz"));
    assert_eq!(at("/no/a.b.NPZ"), DataFile::npz("/no/a.b.NPZ"));
    for path in ["/no/a.csv", "/no/a.Tsv"] {
        assert_eq!(at(path), table(path, "y"));
    }
    let labels = Path::new("/no/y");
    let pair = DataFile::Npy {
        samples: "/no/x.npy".into(),
        labels: labels.into(),
        samples_array: None,
        labels_array: None,
    };
    assert_eq!(at_with("/no/x.npy", Some(labels), None).unwrap(), pair);
    let known = at_with("t.csv", None, Some("species")).unwrap();
    assert_eq!(known, table("t.csv", "species"));
}

#[test]
fn contents_decide_whatever_the_name_is() {
    let folder = tempdir().unwrap();
    let labels = folder.path().join("labels");
    let idx = [0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0, 0];
    let at = |name: &str, bytes: &[u8], label_file| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        at_with(&path, label_file, None)
    };
    let npy = npy_bytes(&[1], false, &[1.0]);
    // A gzip file too damaged to look into is left to the reader, which says what is wrong.
    for name in ["data", "data.txt", "data.csv"] {
        for bytes in [&npy[..], &gzipped(&npy)] {
            let file = at(name, bytes, Some(&labels)).unwrap();
            assert!(matches!(file, DataFile::Npy { .. }), "{name}");
        }
        for bytes in [&idx[..], &idx[..4], &gzipped(&idx), &gzipped(&idx)[..10]] {
            let file = at(name, bytes, Some(&labels)).unwrap();
            assert!(matches!(file, DataFile::Idx { .. }), "{name} {bytes:?}");
        }
        for bytes in [&b"a,y\n"[..], b"1 2\n", &gzipped(b"a,y\n1,1\n")] {
            let file = at(name, bytes, None).unwrap();
            assert!(matches!(file, DataFile::Table { .. }), "{name} {bytes:?}");
        }
        for bytes in [&b"+1 1:0.5 7:2\n"[..], &gzipped(b"# a\n\n0 3:1e-3\n")] {
            let file = at(name, bytes, None).unwrap();
            assert!(matches!(file, DataFile::Libsvm(_)), "{name} {bytes:?}");
        }
    }
    for (bytes, found) in [
        (&b""[..], "an empty file"),
        (b"P\0", "another one"),
        (b"\0\0\x07\x01", "another one"),
        (b"\0\0\x08", "another one"),
    ] {
        let formats = "an .npz or .npy file, a table, LIBSVM text or an IDX file, gzipped or not";
        let error = at("data", bytes, None).unwrap_err().to_string();
        let expected = format!("expected {formats}, found {found}");
        assert!(error.ends_with(&expected), "{error}");
    }
    let error = at("data", b"PK\x03\x04", None).unwrap_err().to_string();
    assert!(error.contains("one that is cut off or damaged"), "{error}");
}

#[test]
fn flags_that_a_format_lacks_or_needs() {
    let labels = Some(Path::new("y"));
    let refuse = |path: &str, file, column| refusal(Path::new(path), file, column);
    // One archive, or samples and labels in one each.
    assert!(matches!(
        at_with("a.npz", labels, None).unwrap(),
        DataFile::Npy { .. }
    ));
    assert_eq!(
        refuse("a.csv", labels, None),
        "expected no --label-file beside a table, found one"
    );
    assert_eq!(
        refuse("a.svm", labels, None),
        "expected no --label-file beside LIBSVM text, found one"
    );
    assert_eq!(
        refuse("a.npz", None, Some("y")),
        "expected no --label-column beside an .npz file, found one"
    );
    assert_eq!(
        refuse("a.npy", labels, Some("y")),
        "expected no --label-column beside an .npy file, found one"
    );
    assert_eq!(
        refuse("a.npy", None, None),
        "expected --label-file beside an .npy file, found none"
    );
    let options = FileOptions {
        samples_array: Some("X".into()),
        ..FileOptions::default()
    };
    let error = DataFile::at("a.csv", &options).unwrap_err().to_string();
    assert!(
        error.contains("no --samples-array beside a table"),
        "{error}"
    );
    let mut options = FileOptions::default();
    options.table.no_header = Some(true);
    let error = DataFile::at("a.csv", &options).unwrap_err().to_string();
    assert!(
        error.contains("--label-column beside --no-header"),
        "{error}"
    );
    let folder = tempdir().unwrap();
    let path = folder.path().join("samples");
    fs::write(&path, b"\0\0\x08\x02").unwrap();
    assert_eq!(
        refusal(&path, None, None),
        "expected --label-file beside an IDX file, found none"
    );
    let path = folder.path().join("images-idx3");
    fs::write(&path, b"\0\0\x08\x02").unwrap();
    let guess = at_with(&path, None, None).unwrap();
    let labels = folder.path().join("labels-idx1");
    assert_eq!(
        guess,
        DataFile::Idx {
            samples: path,
            labels: labels.clone()
        }
    );
    let error = guess.labels().unwrap_err().to_string();
    assert!(error.starts_with(&labels.display().to_string()), "{error}");
}

/// Every reader on one path, which may not make them wait.
fn all_refusals(path: &Path) -> Vec<String> {
    let (samples, labels) = (path.to_owned(), path.to_owned());
    let files = [
        DataFile::npz(path.to_owned()),
        DataFile::Npy {
            samples: samples.clone(),
            labels: labels.clone(),
            samples_array: None,
            labels_array: None,
        },
        DataFile::Idx { samples, labels },
        table(path, "y"),
        DataFile::Libsvm(path.to_owned()),
    ];
    let path = path.to_owned();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut errors: Vec<DataError> = Vec::new();
        errors.extend(at_with(&path, None, None).err());
        errors.extend(read_weights_npz(&path).err());
        for file in files {
            errors.extend(file.labels().err());
            errors.extend(file.rows(&[0], 1).err());
        }
        sender.send(errors.iter().map(DataError::to_string).collect())
    });
    let patience = Duration::from_secs(60);
    receiver
        .recv_timeout(patience)
        .expect("readers that do not wait")
}

#[test]
fn folders_and_missing_files() {
    let folder = tempdir().unwrap();
    let missing = folder.path().join("missing");
    for (path, reason) in [
        (folder.path(), "is a directory"),
        (&missing, "No such file"),
    ] {
        let refusals = all_refusals(path);
        assert_eq!(refusals.len(), 12, "{refusals:?}");
        for error in refusals {
            assert!(error.starts_with(&path.display().to_string()), "{error}");
            assert!(error.contains(reason), "{error}");
        }
    }
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_not_waited_for() {
    let folder = tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    let mut paths = vec![Path::new("/dev/zero")];
    match made {
        Ok(status) if status.success() => paths.push(&pipe),
        _ => eprintln!("no pipe is tested: mkfifo does not run here"),
    }
    for path in paths {
        let expected = "expected a regular file, found a pipe or a device";
        let refusals = all_refusals(path);
        assert_eq!(refusals.len(), 12, "{refusals:?}");
        for error in refusals {
            assert_eq!(error, format!("{}: {expected}", path.display()));
        }
    }
}

/// Writes a pair and reads it.
fn pair(x: &[u8], y: &[u8]) -> Result<Dataset, String> {
    let folder = tempdir().unwrap();
    let (samples, labels) = (folder.path().join("x.npy"), folder.path().join("y.npy"));
    fs::write(&samples, x).unwrap();
    fs::write(&labels, y).unwrap();
    let file = at_with(samples, Some(&labels), None).unwrap();
    file.read(&Choice::default(), 0).map_err(|error| {
        let error = error.to_string();
        let rest = error.strip_prefix(&folder.path().display().to_string());
        rest.expect(&error).to_owned()
    })
}

#[test]
fn pairs_of_arrays_in_both_orders() {
    let y = npy_bytes(&[3], false, &[1.0, -1.0, 1.0]);
    let expected = array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
    let rows = npy_bytes(&[3, 2], false, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let columns = npy_bytes(&[3, 2], true, &[1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);
    for x in [rows, columns] {
        assert_eq!(pair(&x, &y).unwrap().x(), &expected);
    }
}

#[test]
fn images_flatten_by_their_indices_whatever_their_order_in_memory() {
    // Pixel (r, c) of image i is 784 i + 28 r + c, so that flattened images count on.
    let (n, side) = (3, 28);
    let images = Array::from_shape_fn((n, side, side), |(i, r, c)| (784 * i + 28 * r + c) as f64);
    let in_memory = |fortran: bool| -> Vec<f64> {
        let mut copy = Array::zeros(IxDyn(&[n, side, side]).set_f(fortran));
        copy.assign(&images.view().into_dyn());
        copy.as_slice_memory_order().unwrap().to_vec()
    };
    assert_eq!(in_memory(true)[..3], [0.0, 784.0, 1568.0]);
    let expected = ArrayView::from_shape((n, 784), images.as_slice().unwrap()).unwrap();
    let y = npy_bytes(&[n], false, &[1.0, -1.0, 1.0]);
    for fortran in [false, true] {
        let x = npy_bytes(&[n, side, side], fortran, &in_memory(fortran));
        assert_eq!(pair(&x, &y).unwrap().x(), &expected);
    }

    let folder = tempdir().unwrap();
    let path = folder.path().join("images.npz");
    let mut transposed = Array::zeros(IxDyn(&[n, side, side]).f());
    transposed.assign(&images.view().into_dyn());
    let labels = array![1.0, -1.0, 1.0].into_dyn();
    for x in [images.view().into_dyn(), transposed.view()] {
        write_npz_arrays(&path, &[("X", x), ("y", labels.view())]).unwrap();
        let file = DataFile::npz(path.clone());
        assert_eq!(file.read(&Choice::default(), 0).unwrap().x(), &expected);
        assert_eq!(file.rows(&[1], 3).unwrap().row(0), expected.row(1));
    }
}

#[test]
fn pairs_that_do_not_fit() {
    let y = npy_bytes(&[2], false, &[1.0, -1.0]);
    let x = npy_bytes(&[2, 1], false, &[3.0, 4.0]);
    let column = npy_bytes(&[2, 1], false, &[1.0, -1.0]);
    assert_eq!(pair(&x, &column).unwrap(), pair(&x, &y).unwrap());
    let refuse = |x: &[u8], y: &[u8]| pair(x, y).unwrap_err();
    assert_eq!(
        refuse(&npy_bytes(&[3, 1], false, &[3.0, 4.0, 5.0]), &y),
        "/x.npy: y: expected one label for each of the 3 rows of X, found 2"
    );
    assert_eq!(
        refuse(&y, &y),
        "/x.npy: array `X`: expected shape [n, d], found shape [2]; of one coordinate each, save \
         X.reshape(-1, 1)"
    );
    let wide = npy_bytes(&[1, 2], false, &[1.0, -1.0]);
    assert_eq!(
        refuse(&x, &wide),
        "/y.npy: array `y`: expected shape [n], found shape [1, 2]; of one column a class, save \
         y.argmax(axis=1)"
    );
    let long = [&x[..], &[0]].concat();
    let bytes = format!(
        "expected {} bytes for shape [2, 1], found {} bytes",
        x.len(),
        long.len()
    );
    assert_eq!(refuse(&long, &y), format!("/x.npy: array `X`: {bytes}"));
    assert!(refuse(&x[..x.len() - 1], &y).starts_with("/x.npy: array `X`: expected"));
    assert!(refuse(&x, b"").ends_with("found an empty file"));

    let folder = tempdir().unwrap();
    let samples = folder.path().join("x.npy");
    fs::write(&samples, x).unwrap();
    let absent = folder.path().join("absent.npy");
    let file = at_with(samples, Some(&absent), None).unwrap();
    let error = file.read(&Choice::default(), 0).unwrap_err().to_string();
    assert!(error.starts_with(&absent.display().to_string()), "{error}");
}

#[test]
fn room_grows_by_doubling_and_ends_at_the_total() {
    let mut values: Vec<f64> = Vec::new();
    let mut sizes = vec![];
    while values.len() < 1000 {
        make_room(&mut values, 10, 1000).unwrap();
        if sizes.last() != Some(&values.capacity()) {
            sizes.push(values.capacity());
        }
        values.extend([0.0; 10]);
    }
    assert_eq!(sizes, [10, 20, 40, 80, 160, 320, 640, 1000]);
    let error = make_room(&mut values, usize::MAX / 4, usize::MAX / 4).unwrap_err();
    assert_eq!(error.expected, "entries that fit into memory");
}

#[test]
fn pairs_of_archives_and_of_gzipped_arrays() {
    let folder = tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let x = npy_bytes(&[3, 1], false, &[1.0, 2.0, 3.0]);
    let y = npy_bytes(&[3], false, &[1.0, -1.0, 1.0]);
    fs::write(at("x.npy"), &x).unwrap();
    fs::write(at("x.npy.gz"), gzipped(&x)).unwrap();
    fs::write(at("y.npy.gz"), gzipped(&y)).unwrap();
    let arrays = |name: &str, array: &str| {
        let values = if name.starts_with('x') {
            array![[1.0], [2.0], [3.0]].into_dyn()
        } else {
            array![1.0, -1.0, 1.0].into_dyn()
        };
        let other = array![7.0].into_dyn();
        let rest = [("other", other.view()), ("more", other.view())];
        let own = [(array, values.view())];
        let all = if array == "arr_0" {
            own.to_vec()
        } else {
            [&own[..], &rest[..]].concat()
        };
        write_npz_arrays(at(name), &all).unwrap();
    };
    arrays("x.npz", "arr_0");
    arrays("y.npz", "arr_0");
    arrays("x_many.npz", "x_train");
    arrays("y_many.npz", "u");
    fs::write(at("y-idx"), [0, 0, 9, 1, 0, 0, 0, 3, 1, 0xff, 1]).unwrap();
    for (samples, labels, array) in [
        ("x.npz", "y.npz", None),
        ("x.npy", "y.npz", None),
        ("x.npz", "y.npy.gz", None),
        ("x.npy.gz", "y-idx", None),
        ("x_many.npz", "y_many.npz", Some("u")),
    ] {
        let options = FileOptions {
            label_file: Some(at(labels)),
            labels_array: array.map(str::to_owned),
            ..FileOptions::default()
        };
        let file = DataFile::at(at(samples), &options).unwrap();
        let data = file.read(&Choice::default(), 0).unwrap();
        assert_eq!(data.x(), array![[1.0], [2.0], [3.0]], "{samples} {labels}");
        assert_eq!(data.y(), array![1.0, -1.0, 1.0], "{samples} {labels}");
    }
    let refuse = |labels: &str, bytes: Option<&[u8]>| {
        if let Some(bytes) = bytes {
            fs::write(at(labels), bytes).unwrap();
        }
        let file = at_with(at("x.npy"), Some(&at(labels)), None).unwrap();
        file.labels().unwrap_err().to_string()
    };
    assert!(refuse("y_many.npz", None).ends_with("found `more`, `other`, `u`"));
    assert!(refuse("y.txt", Some(b"1\n-1\n1\n")).contains("np.save(NEW, np.loadtxt(FILE))"));
    assert!(refuse("y.parquet", Some(b"PAR1")).contains("found Parquet"));
    let bomb = gzipped(&y[..40]);
    assert!(refuse("y.npy.gz", Some(&bomb)).contains("readable .npy header"));
}
