use std::fs;
use std::io::Write;

use tempfile::tempdir;

use super::*;
use crate::{DataFile, FileOptions};

/// What is said of a file with such a name and such contents, without its path.
fn refusal(name: &str, bytes: &[u8]) -> String {
    let folder = tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    let error = DataFile::at(&path, &FileOptions::default())
        .unwrap_err()
        .to_string();
    let start = format!("{}: ", path.display());
    error
        .strip_prefix(&start)
        .expect(&error)
        .replace(&start[..start.len() - 2 - name.len()], "")
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zipped(names: &[&str]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in names {
        archive
            .start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        archive.write_all(b"x").unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn every_format_is_named_whatever_the_file_is_called_and_with_python_that_converts_it() {
    let mut mat_73 = b"MATLAB 7.3 MAT-file".to_vec();
    mat_73.resize(512, b' ');
    mat_73.extend(b"\x89HDF\r\n\x1a\n");
    let mut tar = vec![b'a'; 257];
    tar.extend(b"ustar\x0000");
    let utf_16 = |text: &str, mark: bool, big: bool| -> Vec<u8> {
        let units = mark
            .then_some(0xfeff)
            .into_iter()
            .chain(text.encode_utf16());
        units
            .flat_map(|unit: u16| {
                if big {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                }
            })
            .collect()
    };
    for (bytes, name, python) in [
        (b"\x89HDF\r\n\x1a\n\0".to_vec(), "HDF5", "h5py.File('"),
        (mat_73, "MATLAB file of version 7.3", "h5py.File('"),
        (
            b"MATLAB 5.0 MAT-file".to_vec(),
            "a MATLAB file",
            "scipy.io.loadmat('",
        ),
        (b"PAR1\x15".to_vec(), "Parquet", "pd.read_parquet('"),
        (
            b"ARROW1\0\0".to_vec(),
            "Arrow or Feather",
            "pd.read_feather('",
        ),
        (
            b"FEA1\0\0".to_vec(),
            "Arrow or Feather",
            "pd.read_feather('",
        ),
        (
            b"\x80\x04\x95".to_vec(),
            "a Python pickle",
            "allow_pickle=True",
        ),
        (
            b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.".to_vec(),
            "a file of torch.save",
            "torch.load('",
        ),
        (
            b"\x0a\0\0\0\0\0\0\0{\"a\":{}}  ".to_vec(),
            "safetensors",
            "load_file('",
        ),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(),
            "an Excel workbook",
            "pd.read_excel('",
        ),
        (b"% a\n@RELATION iris\n".to_vec(), "ARFF", "arff.loadarff('"),
        (b" {\"X\": [1]}".to_vec(), "JSON", "pd.read_json('"),
        (b"[[1, 2], [3, 4]]".to_vec(), "JSON", "pd.read_json('"),
        (
            b"{\"a\": 1}\n{\"a\": 2}\n".to_vec(),
            "JSON lines",
            "lines=True",
        ),
        (
            b"<!DOCTYPE html>\n".to_vec(),
            "HTML or XML",
            "pd.read_html('",
        ),
        (
            b"version https://git-lfs.github.com/spec/v1\n".to_vec(),
            "Git LFS",
            "'lfs', 'pull'",
        ),
        (b"RDX3\nX\n".to_vec(), "R data", "pyreadr"),
        (b"X\n\0\0\0\x03".to_vec(), "R data", "pyreadr"),
        (b"$FL2@(#)".to_vec(), "SPSS", "pd.read_spss('"),
        (b"<stata_dta><header>".to_vec(), "Stata", "pd.read_stata('"),
        (b"SQLite format 3\0".to_vec(), "SQLite", "pd.read_sql("),
        (b"\x89PNG\r\n\x1a\n".to_vec(), "an image", "Image.open("),
        (b"%PDF-1.7".to_vec(), "PDF", "pdfplumber"),
        (b"BZh91AY&SY".to_vec(), "compressed by bzip2", "bz2.open('"),
        (b"\xfd7zXZ\0".to_vec(), "compressed by xz", "lzma.open('"),
        (
            b"\x28\xb5\x2f\xfd".to_vec(),
            "compressed by Zstandard",
            "zstandard.open('",
        ),
        (b"7z\xbc\xaf\x27\x1c".to_vec(), "7-Zip", "py7zr"),
        (tar, "a tar archive", "extractall()"),
        (
            utf_16("a,y\r\n1,1\r\n", true, false),
            "UTF-16 (save it as UTF-8)",
            "encoding='utf-16')",
        ),
        (
            utf_16("a,y\r\n1,1\r\n", true, true),
            "UTF-16 (save it as UTF-8)",
            "encoding='utf-16')",
        ),
        (
            utf_16("a,y\n1,1\n", false, false),
            "UTF-16 (save it as UTF-8)",
            "'utf-16-le')",
        ),
        (
            utf_16("a,y\n1,1\n", false, true),
            "UTF-16 (save it as UTF-8)",
            "'utf-16-be')",
        ),
        (
            zipped(&["[Content_Types].xml", "xl/workbook.xml"]),
            "an Excel workbook",
            "read_excel('",
        ),
        (
            zipped(&["mimetype", "content.xml"]),
            "OpenDocument",
            "read_excel('",
        ),
        (
            zipped(&["m/data.pkl", "m/data/0"]),
            "a file of torch.save",
            "torch.load('",
        ),
        (zipped(&["a/1.png", "a/2.jpg"]), "images", "Image.open("),
        (
            gzipped(b"PK\x03\x04"),
            "a gzipped zip archive, such as .npz",
            "gzip.open('",
        ),
        (
            gzipped(&gzipped(b"a,y\n1,1\n")),
            "a file gzipped twice",
            "gzip.open('",
        ),
        (gzipped(b"RDX3\nX\n"), "R data, gzipped", "pyreadr"),
    ] {
        for file in ["d", "d.csv", "d.txt", "d.bin.gz"] {
            let said = refusal(file, &bytes);
            assert!(said.starts_with("expected .npz, .npy, a table"), "{said}");
            assert!(
                said.contains(name) && said.contains(python),
                "{file}: {said}"
            );
            assert!(
                said.contains(&format!("'{file}'")) || name == "Git LFS",
                "{file}: {said}"
            );
        }
    }
}

#[test]
fn names_tell_where_contents_do_not() {
    for (file, bytes, name) in [
        ("a.sav", &b"\x01\0\x02"[..], "SPSS by its name"),
        ("a.dta", b"\x71\x02\x01\0", "Stata by its name"),
        (
            "a.tfrecord",
            b"\x0c\0\0\0\0\0\0\0\x01",
            "TFRecord by its name",
        ),
        ("a.mat", b"\0\0\0\x01\0", "a MATLAB file by its name"),
        ("a.pkl", b"(lp0\nF1.5\na.", "a Python pickle by its name"),
        ("a.rds", b"\x01\x02\0", "R data by its name"),
    ] {
        let said = refusal(file, bytes);
        assert!(
            said.contains(&format!("found {name}; convert it in Python: ")),
            "{said}"
        );
    }
    // A text file of MATLAB is a table.
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.mat");
    fs::write(&path, " 1.0e+00  2.0e+00\n 3.0e+00 4.0e+00\n").unwrap();
    let file = DataFile::at(&path, &FileOptions::default()).unwrap();
    assert!(matches!(file, DataFile::Table { .. }));
}

#[test]
fn python_keeps_the_names_of_files_whole_and_writes_another_one() {
    assert!(refusal("it's {in}.parquet", b"PAR1").ends_with(
        "pd.read_parquet('it\\'s {in}.parquet').to_csv('it\\'s {in}.csv', index=False)"
    ));
    assert!(refusal("a.csv.xz", b"\xfd7zXZ\0").ends_with("open('a.csv', 'wb'))"));
    let same = refusal("a.csv", b"PAR1");
    assert!(
        same.ends_with("pd.read_parquet('a.csv').to_csv('a-new.csv', index=False)"),
        "{same}"
    );
    let text = refusal("a.csv", b"\xff\xfea\0");
    assert!(
        text.contains("open('a.utf8.csv', 'w', encoding='utf-8')"),
        "{text}"
    );
}

#[test]
fn archives_and_folders_that_hold_no_one_table() {
    let said = refusal("a.zip", &zipped(&["a.csv", "b.csv"]));
    let expected = "expected a zip archive of one table; unpack it and name the file to read, found \
                    `a.csv`, `b.csv`";
    assert_eq!(said, expected);
    assert!(refusal("a.zip", &zipped(&[])).ends_with("found none"));
    let folder = tempdir().unwrap();
    let at = |path: &Path| {
        DataFile::at(path, &FileOptions::default())
            .unwrap_err()
            .to_string()
    };
    assert!(at(folder.path()).ends_with("expected a file, found a folder, which is a directory"));
    fs::create_dir(folder.path().join("cat")).unwrap();
    fs::write(folder.path().join("cat/1.png"), b"").unwrap();
    assert!(at(folder.path()).contains("found images in a folder"));
    fs::create_dir_all(folder.path().join("MNIST/raw")).unwrap();
    assert!(at(folder.path()).ends_with("for MNIST: `mnist --data-dir` and this folder"));
}
