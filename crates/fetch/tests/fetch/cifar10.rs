//! An archive like that of CIFAR-10, but small: fetched over loopback, held to a hash of its own, and
//! read.

use implicit_bias_data::{DataError, Split, cifar10};
use implicit_bias_fetch::{
    CIFAR10, DataSet, FetchError, Found, Hashed, Options, Origin, RemoteFile, fetch,
};
use implicit_bias_output::sha256;

use crate::sample::{Folder, failure, gzip};
use crate::server::{Reply, Server};

/// A record of class `class` whose value number `j` is `first + j` modulo 256.
fn record(class: u8, first: usize) -> Vec<u8> {
    let values = (0..cifar10::VALUES).map(|j| (first + j) as u8);
    std::iter::once(class).chain(values).collect()
}

/// A tar archive of files by name.
fn tar(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, contents) in files {
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        let size = format!("{:011o}\0", contents.len());
        header[124..136].copy_from_slice(size.as_bytes());
        header[257..262].copy_from_slice(b"ustar");
        archive.extend(header);
        archive.extend(contents);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.extend([0; 1024]);
    archive
}

/// Five files of two records each and one of three, the published order not that of the archive.
fn archive() -> Vec<u8> {
    let folder = |name: &str| format!("cifar-10-batches-bin/{name}");
    let mut files = vec![
        (
            folder("test_batch.bin"),
            [record(7, 5), record(8, 6), record(9, 7)].concat(),
        ),
        (folder("readme.html"), b"<html>".to_vec()),
    ];
    for number in (1..=5_u8).rev() {
        let records = [record(number, 10 * usize::from(number)), record(0, 1)].concat();
        files.push((folder(&format!("data_batch_{number}.bin")), records));
    }
    gzip(&tar(&files))
}

fn fetch_into(
    folder: &Folder,
    gz: &[u8],
    mirror: &str,
) -> Result<implicit_bias_fetch::Fetched, FetchError> {
    let hash = sha256(gz);
    let set = DataSet {
        name: cifar10::NAME,
        mirrors: &[mirror],
        files: &[RemoteFile {
            name: cifar10::ARCHIVE,
            sha256: &hash,
            size: gz.len() as u64,
            hashed: Hashed::File,
        }],
    };
    fetch(&set, folder.path(), &Options::default(), &mut |_| {})
}

#[test]
fn an_archive_is_held_to_its_own_hash_and_read_record_by_record() {
    let gz = archive();
    let served = gz.clone();
    let server = Server::start(move |request| Reply::range(request, &served));
    let folder = Folder::new();
    // An earlier transfer broke off.
    folder.write(&format!("{}.part", cifar10::ARCHIVE), &gz[..gz.len() / 2]);
    let fetched = fetch_into(&folder, &gz, &server.mirror()).unwrap();
    let Origin::Downloaded { resumed_from, .. } = fetched.files[0].origin else {
        panic!("{fetched:?}");
    };
    assert_eq!(resumed_from, gz.len() as u64 / 2);
    let again = fetch_into(&folder, &gz, "http://127.0.0.1:1/").unwrap();
    assert_eq!(again.files[0].origin, Origin::AlreadyThere);

    let labels = cifar10::labels(folder.path(), Split::Train).unwrap();
    assert_eq!(labels, [1.0, 0.0, 2.0, 0.0, 3.0, 0.0, 4.0, 0.0, 5.0, 0.0]);
    let x = cifar10::rows(folder.path(), Split::Train, &[0, 4, 9], 10).unwrap();
    assert_eq!(x.dim(), (3, 3072));
    for (row, first) in [(0, 10), (1, 30), (2, 1)] {
        for (j, &value) in x.row(row).iter().enumerate() {
            assert_eq!(value, ((first + j) % 256) as f64);
        }
    }
    let test = cifar10::labels(folder.path(), Split::Test).unwrap();
    assert_eq!(test, [7.0, 8.0, 9.0]);
    let error = cifar10::rows(folder.path(), Split::Test, &[0], 4).unwrap_err();
    assert!(matches!(
        error,
        DataError::Length {
            samples: 3,
            labels: 4
        }
    ));
}

#[test]
fn the_same_contents_packed_otherwise_are_another_file() {
    let gz = archive();
    let mut other = gz.clone();
    // The time of the header: what it unpacks to is the same.
    other[4] ^= 1;
    let server = Server::start(move |request| Reply::range(request, &other));
    let folder = Folder::new();
    let error = failure(fetch_into(&folder, &gz, &server.mirror()));
    let FetchError::Corrupt { found, .. } = error else {
        panic!("{error}");
    };
    assert!(matches!(found, Found::Contents { .. }), "{found}");
    assert_eq!(folder.names(), [".fetch.lock"]);
}

#[test]
fn what_is_no_archive_of_records_is_refused_by_name() {
    let folder = Folder::new();
    let message = |folder: &Folder| {
        let error = cifar10::labels(folder.path(), Split::Test).unwrap_err();
        error.to_string()
    };
    assert!(
        message(&folder).contains("fetch cifar10"),
        "{}",
        message(&folder)
    );
    let name = |file: &str| format!("cifar-10-batches-bin/{file}");
    let mut wrong_class = record(10, 0);
    wrong_class.extend(record(3, 0));
    for (files, words) in [
        (
            vec![(name("readme.html"), vec![1; 10])],
            "no test_batch.bin",
        ),
        (
            vec![(name("test_batch.bin"), vec![0; 3072])],
            "3072 bytes in",
        ),
        (vec![(name("test_batch.bin"), wrong_class)], "a class 10"),
    ] {
        folder.write(cifar10::ARCHIVE, &gzip(&tar(&files)));
        assert!(message(&folder).contains(words), "{}", message(&folder));
    }
    let whole = archive();
    folder.write(cifar10::ARCHIVE, &whole[..whole.len() / 3]);
    assert!(cifar10::labels(folder.path(), Split::Train).is_err());
    folder.write(cifar10::ARCHIVE, b"<html>");
    assert!(cifar10::labels(folder.path(), Split::Train).is_err());
}

#[test]
fn the_entry_is_one_archive_by_its_own_hash() {
    let [file] = CIFAR10.files else {
        panic!("one file")
    };
    assert_eq!((file.hashed, file.sha256.len()), (Hashed::File, 64));
    for mirror in CIFAR10.mirrors {
        assert!(mirror.starts_with("https://") && mirror.ends_with('/'));
    }
}
