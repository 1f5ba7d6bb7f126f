use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use ndarray::{Axis, array};
use proptest::prelude::*;
use tempfile::{TempDir, tempdir};

use super::*;
use crate::{ClassRule, DataFile};

const KINDS: [u8; 6] = [0x08, 0x09, 0x0b, 0x0c, 0x0d, 0x0e];

fn header(kind: u8, sizes: &[u32]) -> Vec<u8> {
    let mut bytes = vec![0, 0, kind, sizes.len() as u8];
    bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    bytes
}

/// An IDX file of numbers that every kind can hold, if they are 0 to 127.
fn idx(kind: u8, sizes: &[u32], values: &[i32]) -> Vec<u8> {
    let mut bytes = header(kind, sizes);
    for &value in values {
        match kind {
            0x08 => bytes.extend((value as u8).to_be_bytes()),
            0x09 => bytes.extend((value as i8).to_be_bytes()),
            0x0b => bytes.extend((value as i16).to_be_bytes()),
            0x0c => bytes.extend(value.to_be_bytes()),
            0x0d => bytes.extend((value as f32).to_be_bytes()),
            _ => bytes.extend(f64::from(value).to_be_bytes()),
        }
    }
    bytes
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A file in a folder of its own.
struct OnDisk(TempDir);

impl OnDisk {
    fn new(bytes: &[u8]) -> Self {
        let folder = tempdir().unwrap();
        fs::write(folder.path().join("file"), bytes).unwrap();
        Self(folder)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("file")
    }

    /// The message without the path, which every message begins with.
    fn message(&self, error: DataError) -> String {
        let path = format!("{}: ", self.path().display());
        let error = error.to_string();
        error.strip_prefix(&path).expect(&error).to_owned()
    }
}

fn numbers(bytes: &[u8]) -> Result<Vec<f64>, String> {
    let file = OnDisk::new(bytes);
    match labels(&file.path()).map_err(|error| file.message(error))? {
        Labels::Numbers(numbers) => Ok(numbers),
        other => panic!("{other:?}"),
    }
}

/// All `samples` rows of a file of samples.
fn all(bytes: &[u8], samples: usize) -> Result<Array2<f64>, String> {
    let file = OnDisk::new(bytes);
    let keep: Vec<usize> = (0..samples).collect();
    rows(&file.path(), &keep, samples).map_err(|error| file.message(error))
}

#[test]
fn every_type_reads_as_the_same_numbers_gzipped_or_not() {
    for kind in KINDS {
        let labels = idx(kind, &[4], &[0, 7, 127, 3]);
        let samples = idx(kind, &[2, 3], &[1, 2, 3, 4, 5, 126]);
        for (labels, samples) in [
            (gzipped(&labels), gzipped(&samples)),
            (labels.clone(), samples.clone()),
        ] {
            assert_eq!(numbers(&labels).unwrap(), [0.0, 7.0, 127.0, 3.0]);
            let expected = array![[1.0, 2.0, 3.0], [4.0, 5.0, 126.0]];
            assert_eq!(all(&samples, 2).unwrap(), expected, "{kind:#x}");
        }
    }
}

#[test]
fn signs_fractions_and_extremes_survive() {
    let read = |kind, bytes: &[u8]| {
        let file = [&header(kind, &[(bytes.len() / width(kind)) as u32]), bytes].concat();
        numbers(&file).unwrap()
    };
    assert_eq!(read(0x08, &[0, 128, 255]), [0.0, 128.0, 255.0]);
    assert_eq!(read(0x09, &[0x80, 0xff, 0x7f]), [-128.0, -1.0, 127.0]);
    assert_eq!(read(0x0b, &[0x80, 0, 0x01, 0x02]), [-32768.0, 258.0]);
    assert_eq!(read(0x0c, &[0xff, 0xff, 0xff, 0xfe]), [-2.0]);
    assert_eq!(read(0x0d, &(-1.5_f32).to_be_bytes()), [-1.5]);
    assert_eq!(read(0x0e, &1e-300_f64.to_be_bytes()), [1e-300]);
}

fn width(kind: u8) -> usize {
    match kind {
        0x08 | 0x09 => 1,
        0x0b => 2,
        0x0c | 0x0d => 4,
        _ => 8,
    }
}

#[test]
fn any_choice_of_rows_is_those_rows_in_row_major_order() {
    let values: Vec<i32> = (0..30).collect();
    let whole = Array2::from_shape_fn((5, 6), |(i, j)| (6 * i + j) as f64);
    for bytes in [
        idx(0x0b, &[5, 2, 3], &values),
        gzipped(&idx(0x0b, &[5, 2, 3], &values)),
    ] {
        let file = OnDisk::new(&bytes);
        for subset in 0_u32..32 {
            let keep: Vec<usize> = (0..5).filter(|row| subset >> row & 1 == 1).collect();
            let chosen = rows(&file.path(), &keep, 5).unwrap();
            assert_eq!(chosen, whole.select(Axis(0), &keep));
        }
    }
}

#[test]
fn rows_longer_than_a_chunk() {
    let dim = 2 * CHUNK + 5;
    let values: Vec<i32> = (0..3 * dim as i32).map(|value| value % 1000).collect();
    let file = OnDisk::new(&idx(0x0c, &[3, dim as u32], &values));
    let chosen = rows(&file.path(), &[1], 3).unwrap();
    let expected = values[dim..2 * dim].iter().map(|&value| f64::from(value));
    assert!(chosen.iter().copied().eq(expected));
}

#[test]
fn headers_that_lie_are_refused_with_what_they_claim() {
    let with = |sizes: &[u32], entries: usize| {
        let bytes = [header(0x08, sizes), vec![1; entries]].concat();
        let samples = sizes.first().map_or(0, |&size| size as usize);
        all(&bytes, samples.min(10)).unwrap_err()
    };
    let claims = "expected 16 bytes for shape [2, 2], found";
    assert_eq!(with(&[2, 2], 3), format!("{claims} 15 bytes"));
    assert_eq!(with(&[2, 2], 5), format!("{claims} 17 bytes"));
    assert_eq!(with(&[2, 2], 0), format!("{claims} 12 bytes"));
    assert_eq!(
        with(&[0, 2], 4),
        "expected 12 bytes for shape [0, 2], found 16 bytes"
    );
    assert_eq!(
        with(&[u32::MAX; 2], 4),
        "expected at most 536870912 entries, found shape [4294967295, 4294967295]"
    );
    // Products that overflow, and that a zero would hide.
    assert!(with(&[u32::MAX; 8], 4).starts_with("expected at most 536870912 entries"));
    assert!(with(&[u32::MAX, u32::MAX, 0], 4).starts_with("expected at most"));
    assert!(with(&[0, 1 << 15, (1 << 14) + 1], 0).starts_with("expected at most"));
    assert_eq!(with(&[1; 9], 1), "expected 1 to 8 axes, found 9");
    assert_eq!(with(&[], 1), "expected 1 to 8 axes, found 0");
    assert_eq!(all(&idx(0x08, &[2, 0], &[]), 2).unwrap().dim(), (2, 0));
    assert_eq!(all(&idx(0x08, &[0, 2], &[]), 0).unwrap().dim(), (0, 2));
    assert_eq!(all(&idx(0x08, &[2; 8], &[1; 256]), 2).unwrap().ncols(), 128);
}

#[test]
fn wrong_magic_and_short_headers() {
    let magic = "expected an IDX file, which begins 00 00 TYPE AXES, found the first bytes";
    for (bytes, found) in [
        (*b"\0\0\x0a\x01", "[00, 00, 0a, 01]"),
        (*b"\0\0\x0f\x01", "[00, 00, 0f, 01]"),
        (*b"\0\x01\x08\x01", "[00, 01, 08, 01]"),
        (*b"PK\x03\x04", "[50, 4b, 03, 04]"),
    ] {
        assert_eq!(numbers(&bytes).unwrap_err(), format!("{magic} {found}"));
        let error = numbers(&gzipped(&bytes)).unwrap_err();
        assert_eq!(error, format!("{magic} {found}"));
    }
    let whole = header(0x08, &[1]);
    for length in 0..whole.len() {
        let early = "expected as many entries as the header says, found an early end";
        assert_eq!(numbers(&whole[..length]).unwrap_err(), early);
        assert_eq!(numbers(&gzipped(&whole[..length])).unwrap_err(), early);
    }
}

#[test]
fn labels_have_one_axis_and_samples_more() {
    let two = idx(0x08, &[2, 1], &[1, 2]);
    assert_eq!(
        numbers(&two).unwrap_err(),
        "expected labels of one axis, [n]; in Python: y = y[:, 0] if the first column is the \
         class, found shape [2, 1]"
    );
    let one = idx(0x08, &[2], &[1, 2]);
    assert_eq!(
        all(&one, 2).unwrap_err(),
        "expected samples of two axes or more, [n, …], found shape [2]"
    );
}

#[test]
fn of_the_labels_of_qmnist_the_first_number_is_the_class() {
    let entries: Vec<i32> = (0..24).collect();
    let labels = idx(0x0c, &[3, 8], &entries);
    assert_eq!(numbers(&labels).unwrap(), [0.0, 8.0, 16.0]);
    assert_eq!(numbers(&gzipped(&labels)).unwrap(), [0.0, 8.0, 16.0]);
    // Neither bytes nor seven numbers are QMNIST's.
    assert!(numbers(&idx(0x08, &[3, 8], &[0; 24])).is_err());
    assert!(numbers(&idx(0x0c, &[3, 7], &entries[..21])).is_err());
    let nan = [header(0x0d, &[2]), vec![0x3f, 0x80, 0, 0, 0x7f, 0xc0, 0, 0]].concat();
    assert!(
        numbers(&nan)
            .unwrap_err()
            .ends_with("found NaN for sample 1")
    );
}

#[test]
fn damaged_gzip_never_yields_data() {
    let good = gzipped(&idx(0x08, &[3, 2], &[1, 2, 3, 4, 5, 6]));
    let message = |bytes: &[u8]| all(bytes, 3).unwrap_err();
    for length in 2..good.len() {
        message(&good[..length]);
    }
    let mut wrong_crc = good.clone();
    let crc = good.len() - 8;
    wrong_crc[crc] ^= 1;
    assert_eq!(
        message(&wrong_crc),
        "expected a readable IDX file, found corrupt gzip stream does not have a matching checksum"
    );
    let trailing = [&good[..], b"x"].concat();
    assert!(message(&trailing).starts_with("expected a readable IDX file, found"));
    let longer = gzipped(&[header(0x08, &[3, 2]), vec![1; 7]].concat());
    assert_eq!(
        message(&longer),
        "expected the end after the last entry, found more bytes"
    );
    // So are labels,
    let mut wrong_crc_of_labels = gzipped(&idx(0x08, &[2], &[1, 2]));
    let crc = wrong_crc_of_labels.len() - 8;
    wrong_crc_of_labels[crc] ^= 1;
    assert!(
        numbers(&wrong_crc_of_labels)
            .unwrap_err()
            .contains("matching checksum")
    );
    let longer = gzipped(&[header(0x08, &[2]), vec![1; 3]].concat());
    assert!(numbers(&longer).unwrap_err().ends_with("found more bytes"));
    // and rows that are passed over.
    let file = OnDisk::new(&wrong_crc);
    assert!(rows(&file.path(), &[], 3).is_err());
    let shorter = OnDisk::new(&gzipped(&[header(0x08, &[3, 2]), vec![1; 5]].concat()));
    assert!(
        shorter
            .message(rows(&shorter.path(), &[0], 3).unwrap_err())
            .ends_with("an early end")
    );
}

/// gzip(1) concatenates, and bgzip and pigz write, files of many members; each has a checksum.
#[test]
fn a_gzip_file_may_have_several_members() {
    let bytes = idx(0x08, &[2, 3], &[1, 2, 3, 4, 5, 6]);
    for at in 0..=bytes.len() {
        let (first, second) = bytes.split_at(at);
        let mut members = [gzipped(first), gzipped(second)].concat();
        let expected = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
        assert_eq!(all(&members, 2).unwrap(), expected);
        let end = gzipped(first).len() - 8;
        members[end] ^= 1;
        assert!(all(&members, 2).is_err(), "checksum of the first, {at}");
    }
    let surplus = [gzipped(&bytes), gzipped(b"7")].concat();
    assert!(all(&surplus, 2).unwrap_err().ends_with("found more bytes"));
}

#[test]
fn a_gzip_bomb_is_refused_by_its_header() {
    // 64 MiB of zeros in 64 KiB: more than MAX_EXPANSION allows, and more entries than are modest.
    let bomb = gzipped(&[header(0x08, &[65, 1 << 20]), vec![0; 65 << 20]].concat());
    let expected = format!(
        "expected at most 67108864 entries, or at most 100 times the compressed size, {} bytes, \
         found 68157440 entries, 68157440 bytes; if that is right, store the file uncompressed \
         (np.savez)",
        bomb.len()
    );
    assert_eq!(all(&bomb, 65).unwrap_err(), expected);
    // Honest one-hot data expand as much, and are read.
    let honest = gzipped(&[header(0x08, &[16, 1 << 20]), vec![0; 16 << 20]].concat());
    assert!(honest.len() * 900 < 16 << 20);
    assert_eq!(all(&honest, 16).unwrap().dim(), (16, 1 << 20));
    // A file with more entries than its header claims is not read beyond them.
    let modest = gzipped(&[header(0x08, &[2, 1]), vec![0; 32 << 20]].concat());
    assert!(all(&modest, 2).unwrap_err().ends_with("found more bytes"));
}

#[test]
fn counts_that_differ_name_the_file_of_samples() {
    let folder = tempdir().unwrap();
    let (samples, labels) = (folder.path().join("x"), folder.path().join("y"));
    fs::write(&samples, idx(0x08, &[3, 1], &[1, 2, 3])).unwrap();
    fs::write(&labels, idx(0x08, &[2], &[0, 1])).unwrap();
    let options = crate::FileOptions {
        label_file: Some(labels.clone()),
        ..Default::default()
    };
    let file = DataFile::at(&samples, &options).unwrap();
    let rule = ClassRule::OneAgainstTheRest {
        positive: "1".into(),
    };
    let choice = crate::Choice {
        rule,
        per_class: None,
    };
    assert_eq!(
        file.read(&choice, 0).unwrap_err().to_string(),
        format!(
            "{}: y: expected one label for each of the 3 rows of X, found 2",
            samples.display()
        )
    );
}

#[test]
fn labels_are_found_beside_samples_packed_or_not() {
    for (samples, labels) in [
        ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
        ("t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"),
    ] {
        for packed in ["", ".gz"] {
            for (there, not_there) in [("", ".gz"), (".gz", "")] {
                let folder = tempdir().unwrap();
                // A folder of that name, or what is left without the last extension, is no file of
                // labels.
                fs::create_dir(folder.path().join(format!("{labels}{not_there}"))).unwrap();
                fs::write(folder.path().join("t10k-labels"), b"notes").unwrap();
                let expected = folder.path().join(format!("{labels}{there}"));
                fs::write(&expected, b"").unwrap();
                let samples = folder.path().join(format!("{samples}{packed}"));
                assert_eq!(labels_beside(&samples), Some(expected));
            }
        }
    }
    let missing = labels_beside(Path::new("/no/train-images-idx3-ubyte.gz")).unwrap();
    assert_eq!(missing, Path::new("/no/train-labels-idx1-ubyte.gz"));
    assert_eq!(labels_beside(Path::new("/no/samples")), None);
}

#[cfg(unix)]
#[test]
fn labels_are_found_in_a_folder_whose_name_is_not_utf_8() {
    use std::os::unix::ffi::OsStrExt;

    let parent = tempdir().unwrap();
    let folder = parent.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    if fs::create_dir(&folder).is_err() {
        eprintln!("skipped: this file system takes names in UTF-8 only");
        return;
    }
    let labels = folder.join("a-labels-idx1-ubyte.gz");
    fs::write(&labels, b"").unwrap();
    assert_eq!(
        labels_beside(&folder.join("a-images-idx3-ubyte")),
        Some(labels)
    );
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        kind in prop::sample::select(&KINDS[..]),
        (samples, values) in (1_usize..8, 1_usize..5, 1_usize..5).prop_flat_map(|(n, a, b)| {
            (Just([n, a, b]), prop::collection::vec(0..=127, n * a * b))
        }),
        subset: u8,
        packed: bool,
    ) {
        let [n, a, b] = samples;
        let mut bytes = idx(kind, &samples.map(|size| size as u32), &values);
        if packed {
            bytes = gzipped(&bytes);
        }
        let file = OnDisk::new(&bytes);
        let keep: Vec<usize> = (0..n).filter(|row| subset >> row & 1 == 1).collect();
        let read = rows(&file.path(), &keep, n).unwrap();
        let whole = Array2::from_shape_vec((n, a * b), values).unwrap().mapv(f64::from);
        prop_assert_eq!(read, whole.select(Axis(0), &keep));
    }

    #[test]
    fn damage_never_panics(at: prop::sample::Index, byte: u8, packed: bool) {
        let mut bytes = idx(0x0b, &[2, 2], &[1, 2, 3, 4]);
        if packed {
            bytes = gzipped(&bytes);
        }
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let file = OnDisk::new(&bytes);
        let _ = rows(&file.path(), &[0, 1], 2);
        let _ = labels(&file.path());
    }
}
