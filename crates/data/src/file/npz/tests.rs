use std::fs;
use std::path::PathBuf;

use std::io::Cursor;

use ndarray::{Array1, array};
use proptest::prelude::*;
use tempfile::{TempDir, tempdir};

use super::*;
use crate::{DataLaw, Dataset, LabelEncoding, Mixture};

/// An `.npy` file written by hand.
fn npy(descr: &str, fortran_order: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let order = if fortran_order { "True" } else { "False" };
    let header = format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(data);
    bytes
}

fn f64s(values: &[f64]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

fn matrix(shape: &str, values: &[f64]) -> Vec<u8> {
    npy("'<f8'", false, shape, &f64s(values))
}

fn zipped(method: CompressionMethod, entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in entries {
        archive.start_file(*name, options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn stored(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    zipped(CompressionMethod::Stored, entries)
}

/// A folder with one file in it.
struct OnDisk {
    folder: TempDir,
}

impl OnDisk {
    fn new(bytes: &[u8]) -> Self {
        let file = Self {
            folder: tempdir().unwrap(),
        };
        file.replace(bytes);
        file
    }

    fn replace(&self, bytes: &[u8]) {
        fs::write(self.path(), bytes).unwrap();
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("data.npz")
    }

    fn read(&self) -> Result<Dataset, DataError> {
        Dataset::from_npz(self.path(), LabelEncoding::PlusMinusOne)
    }
}

/// The message for an archive of `X` and `y`, without the path that every message starts with.
fn refusal_of(bytes: &[u8], labels: LabelEncoding) -> String {
    let file = OnDisk::new(bytes);
    let error = Dataset::from_npz(file.path(), labels)
        .unwrap_err()
        .to_string();
    let path = format!("{}: ", file.path().display());
    error
        .strip_prefix(&path)
        .expect("every message starts with the path")
        .to_owned()
}

fn refusal(x: Vec<u8>, y: Vec<u8>) -> String {
    refusal_of(
        &stored(&[("X.npy", x), ("y.npy", y)]),
        LabelEncoding::PlusMinusOne,
    )
}

fn good_x() -> Vec<u8> {
    matrix("(2, 3)", &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
}

fn good_y() -> Vec<u8> {
    matrix("(2,)", &[1.0, -1.0])
}

fn good() -> Dataset {
    Dataset::new(array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], array![1.0, -1.0]).unwrap()
}

#[test]
fn every_type_order_and_compression_reads_as_the_same_numbers() {
    macro_rules! bytes {
        ($number:ty, $to_bytes:ident, $values:expr) => {
            $values
                .iter()
                .flat_map(|&v| (v as $number).$to_bytes())
                .collect::<Vec<u8>>()
        };
    }
    let c = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let fortran = [1.0, 4.0, 2.0, 5.0, 3.0, 6.0];
    for (order, values) in [(false, c), (true, fortran)] {
        for (descr, data) in [
            ("'<f8'", bytes!(f64, to_le_bytes, values)),
            ("'>f8'", bytes!(f64, to_be_bytes, values)),
            ("'<f4'", bytes!(f32, to_le_bytes, values)),
            ("'>f4'", bytes!(f32, to_be_bytes, values)),
            ("'|i1'", bytes!(i8, to_le_bytes, values)),
            ("'|u1'", bytes!(u8, to_le_bytes, values)),
            ("'<i2'", bytes!(i16, to_le_bytes, values)),
            ("'>i2'", bytes!(i16, to_be_bytes, values)),
            ("'<u2'", bytes!(u16, to_le_bytes, values)),
            ("'>u2'", bytes!(u16, to_be_bytes, values)),
            ("'<i4'", bytes!(i32, to_le_bytes, values)),
            ("'>i4'", bytes!(i32, to_be_bytes, values)),
            ("'<u4'", bytes!(u32, to_le_bytes, values)),
            ("'>u4'", bytes!(u32, to_be_bytes, values)),
            ("'<i8'", bytes!(i64, to_le_bytes, values)),
            ("'>i8'", bytes!(i64, to_be_bytes, values)),
            ("'<u8'", bytes!(u64, to_le_bytes, values)),
            ("'>u8'", bytes!(u64, to_be_bytes, values)),
        ] {
            let x = npy(descr, order, "(2, 3)", &data);
            let y = npy("'|i1'", false, "(2,)", &[1, 0xff]);
            let entries = [("X.npy", x), ("y.npy", y)];
            for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
                let file = OnDisk::new(&zipped(method, &entries));
                assert_eq!(file.read().unwrap(), good(), "{descr}, {order}, {method}");
            }
        }
    }
}

#[test]
fn booleans_are_zero_and_one() {
    let entries = [
        ("X.npy", good_x()),
        ("y.npy", npy("'|b1'", false, "(2,)", &[1, 0])),
    ];
    let file = OnDisk::new(&stored(&entries));
    assert_eq!(
        Dataset::from_npz(file.path(), LabelEncoding::ZeroOne).unwrap(),
        good()
    );
    assert_eq!(
        refusal_of(&stored(&entries), LabelEncoding::PlusMinusOne),
        "y: expected labels -1 and 1, found 0 and 1; to read 0 as -1, pass --labels zero-one"
    );
}

#[test]
fn round_trip_and_repeated_writing_replace_the_file() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("data.npz");
    let law = Mixture {
        samples: 30,
        dim: 700,
        signal: 1.0,
        noise: 1.0,
    };
    for seed in [1, 2] {
        let data = law.generate(seed).unwrap();
        data.write_npz(&path).unwrap();
        assert_eq!(
            Dataset::from_npz(&path, LabelEncoding::PlusMinusOne).unwrap(),
            data
        );
    }
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "no temporary file is left"
    );

    let nowhere = folder.path().join("missing").join("data.npz");
    let error = law.generate(1).unwrap().write_npz(&nowhere).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with(&nowhere.display().to_string())
    );
}

#[test]
fn files_that_are_no_archive() {
    let archive = "expected an .npz file (a zip archive of .npy arrays), found: ";
    for bytes in [
        &b""[..],
        b"x1,x2,label\n1,2,1\n",
        &good_x(),
        &[0; 4000],
        b"PK\x05\x06",
    ] {
        let message = refusal_of(bytes, LabelEncoding::PlusMinusOne);
        assert!(message.starts_with(archive), "{message}");
    }
    let folder = tempdir().unwrap();
    let read = |path: &Path| Dataset::from_npz(path, LabelEncoding::PlusMinusOne).unwrap_err();
    let missing = folder.path().join("missing.npz");
    assert!(matches!(read(&missing), DataError::Io { path, .. } if path == missing));
    assert!(
        read(folder.path())
            .to_string()
            .ends_with(": is a directory")
    );
}

#[test]
fn a_missing_array_is_named_with_those_present() {
    let absent =
        |entries: &[(&str, Vec<u8>)]| refusal_of(&stored(entries), LabelEncoding::PlusMinusOne);
    let x = ("X.npy", good_x());
    let flags = "expected arrays `X` of samples and `y` of labels, others by --samples-array and \
                 --labels-array; or in Python: d = np.load(FILE); np.savez(NEW, X=d[…], y=d[…]), \
                 found ";
    assert_eq!(absent(&[]), format!("{flags}none"));
    assert_eq!(
        absent(&[("u.npy", good_x()), ("y.npy", good_y()), ("readme", vec![])]),
        format!("{flags}`u`, `y`")
    );
    assert_eq!(
        absent(&[x, ("a\nb.npy", vec![])]),
        format!("{flags}`X`, `a\\nb`")
    );
    let file = OnDisk::new(&stored(&[("X.npy", good_x())]));
    let error = read_npz_arrays(file.path(), ["z"]).unwrap_err().to_string();
    assert!(
        error.ends_with("expected an array `z`, found `X`"),
        "{error}"
    );
}

#[test]
fn wrong_shapes_and_types() {
    let x = |shape, values: &[f64]| refusal(matrix(shape, values), good_y());
    assert_eq!(
        x("(2,)", &[1.0, 2.0]),
        "array `X`: expected shape [n, d], found shape [2]; of one coordinate each, save \
         X.reshape(-1, 1)"
    );
    assert_eq!(
        x("()", &[1.0]),
        "array `X`: expected shape [n, d], found shape []"
    );
    assert_eq!(
        refusal(good_x(), matrix("(1, 2)", &[1.0, -1.0])),
        "array `y`: expected shape [n], found shape [1, 2]; of one column a class, save \
         y.argmax(axis=1)"
    );
    assert_eq!(
        refusal(good_x(), matrix("()", &[1.0])),
        "array `y`: expected shape [n], found shape []; save y.ravel()"
    );
    assert_eq!(
        refusal(good_x(), matrix("(3,)", &[1.0, -1.0, 1.0])),
        "y: expected one label for each of the 2 rows of X, found 3"
    );
    assert_eq!(
        refusal(matrix("(0, 3)", &[]), matrix("(0,)", &[])),
        "X: expected at least 2 samples and 1 dimension, found shape [0, 3]"
    );
    assert_eq!(
        refusal(npy("'|O'", false, "(2, 3)", &[0; 60]), good_y()),
        "array `X`: expected type bool, integer, float16, float32, float64 or string, found \
         Python objects, which only Python reads; save X.astype(float) and y.astype(str) or \
         y.astype(int)"
    );
    assert_eq!(
        refusal(
            npy("[('a', '<f8'), ('b', '<f8')]", false, "(2,)", &[0; 32]),
            good_y()
        ),
        "array `X`: expected type bool, integer, float16, float32, float64 or string, found a \
         structured type; save its fields as arrays of their own"
    );
}

#[test]
fn invalid_contents_keep_the_message_of_the_data_set() {
    assert_eq!(
        refusal(matrix("(2, 1)", &[1.0, f64::INFINITY]), good_y()),
        "X: expected finite entries, found inf in row 1, column 0"
    );
    assert_eq!(
        refusal(good_x(), matrix("(2,)", &[1.0, 3.0])),
        "y: expected labels -1 and 1 (or choose classes with --positive A --negative B), \
         found 3 for sample 1"
    );
    assert_eq!(
        refusal(good_x(), matrix("(2,)", &[1.0, 1.0])),
        "y: expected both classes, found the label 1 for all 2 samples"
    );
}

#[test]
fn headers_that_lie_about_the_size_are_refused_without_allocating() {
    let x = |shape| refusal(npy("'<f8'", false, shape, &[0; 16]), good_y());
    let too_many = "array `X`: expected at most 536870912 entries, found shape ";
    assert_eq!(
        x("(1099511627776, 1099511627776)"),
        format!("{too_many}[1099511627776, 1099511627776]")
    );
    assert_eq!(x("(536870913, 1)"), format!("{too_many}[536870913, 1]"));
    assert!(x("(536870912, 1)").contains("bytes for shape [536870912, 1], found"));
    assert!(x("(1, 1)").contains("bytes for shape [1, 1], found"));
    assert!(x("(0, 18446744073709551615)").contains("bytes for shape [0, 18446744073709551615]"));
}

/// An entry that declares 2 GiB, in its header and in the archive, and holds next to nothing.
#[test]
fn an_archive_that_lies_along_with_the_header_ends_at_its_last_byte() {
    let x = npy("'<f8'", false, "(2, 134217728)", &[0; 64]);
    let declared = (x.len() as u32 - 64) + (1 << 31);
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let mut bytes = zipped(method, &[("X.npy", x.clone()), ("y.npy", good_y())]);
        let directory = bytes.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
        bytes[directory + 24..directory + 28].copy_from_slice(&declared.to_le_bytes());
        let message = refusal_of(&bytes, LabelEncoding::PlusMinusOne);
        assert!(message.starts_with("array `X`: expected"), "{message}");
    }
}

#[test]
fn a_damaged_array_that_is_not_asked_for_does_no_harm() {
    let other = ("other.npy", vec![0xab; 100]);
    let mut bytes = stored(&[other, ("X.npy", good_x()), ("y.npy", good_y())]);
    let at = bytes.windows(4).position(|w| w == [0xab; 4]).unwrap();
    bytes[at] = 0;
    assert_eq!(OnDisk::new(&bytes).read().unwrap(), good());
}

#[test]
fn truncation_anywhere_and_any_flipped_byte_never_yield_other_data() {
    let entries = [("X.npy", good_x()), ("y.npy", good_y())];
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let whole = zipped(method, &entries);
        let file = OnDisk::new(&whole);
        for end in 0..whole.len() {
            file.replace(&whole[..end]);
            assert!(file.read().is_err(), "cut at byte {end}");
        }
        for at in 0..whole.len() {
            for mask in [0x01, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] ^= mask;
                file.replace(&bytes);
                if let Ok(data) = file.read() {
                    assert_eq!(data, good(), "byte {at} xor {mask:#x}");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn random_damage_never_panics(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
        compressed: bool,
    ) {
        let method =
            if compressed { CompressionMethod::Deflated } else { CompressionMethod::Stored };
        let mut bytes = zipped(method, &[("X.npy", good_x()), ("y.npy", good_y())]);
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let tail = bytes.split_off(cut.index(bytes.len()));
        bytes.extend(&tail[tail.len() / 8..]);
        let _ = OnDisk::new(&bytes).read();
    }

    /// The parser itself, behind the checksum that stops nearly all damage above.
    #[test]
    fn damaged_npy_bytes_never_panic(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        size in 0_u64..1 << 33,
    ) {
        let mut bytes = good_x();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = read_npy(Size::plain(bytes.len() as u64), &mut &bytes[..]);
        let _ = read_npy(Size::plain(size), &mut &bytes[..]);
    }

    #[test]
    fn junk_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_npy(Size::plain(bytes.len() as u64), &mut &bytes[..]);
        prop_assert!(OnDisk::new(&bytes).read().is_err());
    }
}

#[test]
fn weights_read_beside_data_and_in_any_type() {
    let file = OnDisk::new(&stored(&[
        ("X.npy", good_x()),
        (
            "W_neg.npy",
            npy("'<f4'", true, "(1, 2)", &[0, 0, 0, 0, 0, 0, 0x80, 0x3f]),
        ),
        ("W_pos.npy", matrix("(1, 2)", &[0.5, -0.5])),
    ]));
    let (positive, negative) = read_weights_npz(file.path()).unwrap();
    assert_eq!(
        (positive, negative),
        (array![[0.5, -0.5]], array![[0.0, 1.0]])
    );
}

#[test]
fn weights_that_do_not_fit_each_other() {
    let refusal = |positive: Vec<u8>, negative: Vec<u8>| {
        let file = OnDisk::new(&stored(&[("W_pos.npy", positive), ("W_neg.npy", negative)]));
        let error = read_weights_npz(file.path()).unwrap_err().to_string();
        error
            .strip_prefix(&format!("{}: ", file.path().display()))
            .unwrap()
            .to_owned()
    };
    let good = || matrix("(1, 2)", &[1.0, 2.0]);
    assert_eq!(
        refusal(good(), matrix("(2, 1)", &[1.0, 2.0])),
        "array `W_neg`: expected the shape [1, 2] of `W_pos`, found [2, 1]"
    );
    assert_eq!(
        refusal(matrix("(0, 2)", &[]), matrix("(0, 2)", &[])),
        "array `W_pos`: expected shape [m, d] with m, d ≥ 1, found shape [0, 2]"
    );
    assert_eq!(
        refusal(good(), matrix("(1, 2)", &[1.0, f64::NAN])),
        "W_neg: expected finite entries, found NaN in row 0, column 1"
    );
}

#[test]
fn any_arrays_round_trip_in_the_order_asked_for() {
    let file = OnDisk::new(b"");
    let long = Array1::from_iter((0..20_000).map(f64::from)).into_dyn();
    let tall = array![[1.0, 2.0], [3.0, 4.0]].reversed_axes().into_dyn();
    write_npz_arrays(file.path(), &[("long", long.view()), ("tall", tall.view())]).unwrap();
    assert_eq!(
        read_npz_arrays(file.path(), ["tall", "long"]).unwrap(),
        [tall, long]
    );
}

/// What an archive of such entries reads as, by usual names or those asked for.
fn read_named(
    entries: &[(&str, Vec<u8>)],
    names: [Option<&str>; 2],
) -> Result<(Dataset, Vec<String>), String> {
    let file = OnDisk::new(&stored(entries));
    let [samples_array, labels_array] = names.map(|name| name.map(str::to_owned));
    let path = file.path();
    let data = crate::DataFile::Npz {
        path,
        samples_array,
        labels_array,
    };
    let read = || Ok((data.read(&crate::Choice::default(), 0)?, data.notes()?));
    read().map_err(|error: DataError| error.to_string())
}

#[test]
fn arrays_are_found_under_usual_names_and_said_so() {
    for [samples, labels] in [
        ["x", "y"],
        ["X", "Y"],
        ["x_train", "y_train"],
        ["data", "target"],
        ["arr_0", "arr_1"],
        ["train_images", "train_labels"],
    ] {
        for folder in ["", "./", "set/"] {
            let [x, y] = [samples, labels].map(|name| format!("{folder}{name}.npy"));
            let entries = [(x.as_str(), good_x()), (y.as_str(), good_y())];
            let (data, notes) = read_named(&entries, [None; 2]).unwrap();
            assert_eq!(data, good(), "{x}");
            assert!(
                notes[0].contains(samples) && notes[0].contains(labels),
                "{notes:?}"
            );
        }
    }
    // The program's own names go before others, and need no word.
    let own = [
        ("X.npy", good_x()),
        ("y.npy", good_y()),
        ("x.npy", good_y()),
        ("data.npy", good_y()),
        ("target.npy", good_y()),
    ];
    assert_eq!(read_named(&own, [None; 2]).unwrap(), (good(), vec![]));
    let two = [
        ("x_train.npy", good_x()),
        ("y_train.npy", good_y()),
        ("data.npy", good_x()),
        ("labels.npy", good_y()),
    ];
    let error = read_named(&two, [None; 2]).unwrap_err();
    assert!(error.contains("--samples-array and --labels-array, found x_train and y_train, data"));
    assert_eq!(
        read_named(&two, [Some("data"), Some("y_train")]).unwrap(),
        (good(), vec![])
    );
    // Of one that is asked for the other follows.
    assert_eq!(read_named(&two, [Some("data"), None]).unwrap().0, good());
    assert_eq!(read_named(&two, [None, Some("y_train")]).unwrap().0, good());
    let error = read_named(&two, [Some("z"), None]).unwrap_err();
    assert!(
        error.contains("--samples-array and --labels-array beside each other"),
        "{error}"
    );
    let error = read_named(&two, [Some("z"), Some("labels")]).unwrap_err();
    assert!(
        error.contains("expected an array `z`, found `data`, `labels`"),
        "{error}"
    );
    let capitals = [("X.NPY", good_x()), ("y.NPY", good_y())];
    assert_eq!(read_named(&capitals, [None; 2]).unwrap().0, good());
    let sparse = ["indices", "indptr", "format", "shape", "data"].map(|n| format!("{n}.npy"));
    let sparse: Vec<_> = sparse.iter().map(|n| (n.as_str(), good_y())).collect();
    let error = read_named(&sparse, [None; 2]).unwrap_err();
    assert!(
        error.contains("SciPy's sparse format") && error.contains("toarray()"),
        "{error}"
    );
}

#[test]
fn labels_may_be_strings_and_none_may_be_missing() {
    let labels = |descr: &str, data: &[u8]| {
        let entries = [
            ("X.npy", good_x()),
            ("y.npy", npy(descr, false, "(2,)", data)),
        ];
        let file = OnDisk::new(&stored(&entries));
        let read = crate::DataFile::npz(file.path()).labels();
        read.map(|labels| labels.counts())
            .map_err(|error| error.to_string())
    };
    let counts = |names: [&str; 2]| Ok(names.map(|name| (name.to_owned(), 1)).to_vec());
    assert_eq!(labels("'|S3'", b"catelk"), counts(["cat", "elk"]));
    assert_eq!(labels("'|S3'", b"b\0\0a \0"), counts(["a", "b"]));
    assert_eq!(labels("'<U1'", b"\xe9\0\0\0b\0\0\0"), counts(["b", "é"]));
    assert_eq!(labels("'>U1'", b"\0\0\0\xe9\0\0\0b"), counts(["b", "é"]));
    // Strings of numbers are numbers, as in a table.
    assert_eq!(labels("'|S4'", b"1.0\0-1\0\0"), counts(["-1", "1"]));
    for (descr, data, found) in [
        ("'|S4'", &b"cat\0\0\0\0\0"[..], "found `` for sample 1"),
        ("'|S4'", b"nan\0cat\0", "found `nan` for sample 0"),
        ("'|S4'", b"cat\0None", "found `None` for sample 1"),
        ("'|S0'", b"", "found `` for sample 0"),
        ("'|S2'", b"\xff\xfea\0", "found other bytes for sample 0"),
        (
            "'<f4'",
            b"\0\0\x80\x3f\0\0\xc0\x7f",
            "found NaN for sample 1",
        ),
        ("'<f2'", b"\0\x3c\0\x7c", "found inf for sample 1"),
    ] {
        let error = labels(descr, data).unwrap_err();
        assert!(
            error.ends_with(found) && error.contains("array `y`"),
            "{error}"
        );
    }
    assert!(refusal(npy("'|S3'", false, "(2, 1)", b"catelk"), good_y()).contains("found strings"));
}

#[test]
fn methods_that_numpy_does_not_write_are_named() {
    for (number, name) in [
        (12_u8, "bzip2"),
        (14, "lzma"),
        (93, "zstd"),
        (9, "deflate64"),
    ] {
        let mut bytes = stored(&[("X.npy", good_x()), ("y.npy", good_y())]);
        for at in 0..bytes.len() - 10 {
            match &bytes[at..at + 4] {
                b"PK\x03\x04" => bytes[at + 8] = number,
                b"PK\x01\x02" => bytes[at + 10] = number,
                _ => {}
            }
        }
        let message = refusal_of(&bytes, LabelEncoding::PlusMinusOne);
        let expected = format!("found the compression method {name}, which is not supported");
        assert!(
            message.contains(&expected) && message.contains("np.savez"),
            "{message}"
        );
    }
}

#[test]
fn honest_data_that_compress_a_thousandfold_are_read() {
    let (n, d) = (500, 2000);
    let mut x = vec![0.0; n * d];
    for i in 0..n {
        x[i * d + 7 * i % d] = 1.0;
    }
    let y: Vec<f64> = (0..n)
        .map(|i| if i % 2 == 0 { 1.0 } else { -1.0 })
        .collect();
    let entries = [
        ("X.npy", matrix(&format!("({n}, {d})"), &x)),
        ("y.npy", matrix(&format!("({n},)"), &y)),
    ];
    let bytes = zipped(CompressionMethod::Deflated, &entries);
    assert!(bytes.len() * 300 < 8 * n * d, "{} bytes", bytes.len());
    let data = OnDisk::new(&bytes).read().unwrap();
    assert_eq!(data.x().as_slice().unwrap(), x);
}

#[test]
fn long_integers_that_no_number_tells_apart_are_no_labels() {
    let x = matrix("(3, 1)", &[1.0, 2.0, 3.0]);
    let y = |labels: [i64; 3]| {
        let bytes = labels.map(i64::to_le_bytes).concat();
        npy("'<i8'", false, "(3,)", &bytes)
    };
    let last = 1 << 53;
    let message = refusal(x.clone(), y([last, last + 1, last + 1]));
    assert!(
        message.contains("y.astype(str)") && message.contains("2^53"),
        "{message}"
    );
    let message = refusal(x, y([last - 1, last - 2, last - 2]));
    assert!(message.contains("expected labels -1 and 1"), "{message}");
}
