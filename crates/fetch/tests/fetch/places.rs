//! Folders in which something is already, and processes that share one.

use std::fs;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use implicit_bias_fetch::{DataSet, Event, FetchError, Found, Options, Origin, fetch, verify};

use crate::sample::{Folder, NAME, Sample, gzip};
use crate::server::{Reply, Server, nothing_listens};

#[test]
fn files_in_place_are_verified_and_nothing_is_asked_for_or_written() {
    let (one, two) = (Sample::random(NAME), Sample::random("another-ubyte.gz"));
    let server = Server::start(|_| Reply::not_found());
    let folder = Folder::new();
    folder.write(NAME, &one.gz);
    folder.write("another-ubyte", &two.raw);
    let fetched = folder.fetch(&[&one, &two], &[&server.mirror()]).unwrap();
    assert_eq!(fetched.downloaded(), 0);
    let origins: Vec<_> = fetched.files.iter().map(|file| &file.origin).collect();
    assert_eq!(origins, [&Origin::AlreadyThere, &Origin::AlreadyThere]);
    assert_eq!(fetched.files[1].path, folder.at("another-ubyte"));
    assert_eq!(server.requests(), []);
    assert_eq!(folder.names(), ["another-ubyte", NAME]);
}

#[test]
fn only_what_is_missing_is_downloaded_into_a_folder_made_for_it() {
    let (one, two) = (Sample::random(NAME), Sample::random("another-ubyte.gz"));
    let gz = two.gz.clone();
    let server = Server::start(move |_| Reply::ok(&gz));
    let folder = Folder::new();
    folder.write(NAME, &one.gz);
    let fetched = folder.fetch(&[&one, &two], &[&server.mirror()]).unwrap();
    assert_eq!(fetched.downloaded(), 1);
    assert_eq!(server.requests()[0].path, "/data/another-ubyte.gz");
    assert_eq!(server.requests().len(), 1);

    let deep = folder.at("a/b");
    let files = [two.remote()];
    let set = DataSet {
        name: "samples",
        mirrors: &[&server.mirror()],
        files: &files,
    };
    fetch(&set, &deep, &Options::default(), &mut |_| {}).unwrap();
    assert!(fs::read(deep.join(two.name)).unwrap() == two.gz);
}

#[test]
fn a_corrupt_file_in_place_is_replaced_and_kept_aside() {
    let sample = Sample::random(NAME);
    let other = Sample::new(NAME, b"another data set with the same names".to_vec());
    for (name, bytes) in [(NAME, &other.gz), ("sample-ubyte", &other.raw)] {
        let gz = sample.gz.clone();
        let server = Server::start(move |_| Reply::ok(&gz));
        let folder = Folder::new();
        folder.write(name, bytes);
        let mut reported = String::new();
        let fetched = folder
            .fetch_watched(&[&sample], &[&server.mirror()], &mut |event| {
                if let Event::Replacing { error, .. } = event {
                    reported = error.to_string();
                }
            })
            .unwrap();
        assert!(
            reported.contains(&folder.at(name).display().to_string()),
            "{reported}"
        );
        assert!(reported.contains(other.remote().sha256), "{reported}");
        let aside = format!("{name}.replaced");
        let Origin::Downloaded { replaced, .. } = &fetched.files[0].origin else {
            panic!("{fetched:?}");
        };
        assert_eq!(*replaced, Some(folder.at(&aside)));
        assert!(folder.read(NAME) == sample.gz);
        assert_eq!(folder.read(&aside), *bytes);
        let mut names = vec![".fetch.lock", NAME, &aside];
        names.sort_unstable();
        assert_eq!(folder.names(), names);
    }
}

#[test]
fn a_corrupt_file_in_place_stays_until_a_good_one_is_there() {
    let sample = Sample::random(NAME);
    let folder = Folder::new();
    folder.write(NAME, b"precious");
    let error = folder.fetch(&[&sample], &[&nothing_listens()]).unwrap_err();
    assert!(matches!(error, FetchError::Mirrors { .. }), "{error}");
    assert_eq!(folder.read(NAME), b"precious");
    assert_eq!(folder.names(), [".fetch.lock", NAME]);
}

#[test]
fn of_two_at_once_the_second_is_told_to_wait() {
    let sample = Sample::random(NAME);
    let gz = sample.gz.clone();
    let (asked, was_asked) = channel();
    let (go_on, may_go_on) = channel();
    let (asked, may_go_on) = (Mutex::new(asked), Mutex::new(may_go_on));
    let server = Server::start(move |_| {
        asked.lock().unwrap().send(()).unwrap();
        let _ = may_go_on.lock().unwrap().recv();
        Reply::ok(&gz)
    });
    let folder = Arc::new(Folder::new());
    // The bad file must not hide the lock from the second one, nor be moved by it.
    folder.write(NAME, b"bad");
    let first = {
        let (folder, sample, mirror) = (folder.clone(), sample.clone(), server.mirror());
        thread::spawn(move || folder.fetch(&[&sample], &[&mirror]))
    };
    was_asked.recv_timeout(Duration::from_secs(30)).unwrap();
    let error = folder.fetch(&[&sample], &[&server.mirror()]).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, FetchError::Busy { .. }), "{text}");
    assert!(
        text.contains("another process is fetching into this folder"),
        "{text}"
    );
    assert!(
        text.contains(&folder.path().display().to_string()),
        "{text}"
    );
    assert_eq!(server.requests().len(), 1);
    go_on.send(()).unwrap();
    first.join().unwrap().unwrap();
    assert!(folder.read(NAME) == sample.gz);
    // The lock went with the first one, though its file stays.
    fs::remove_file(folder.at(NAME)).unwrap();
    drop(go_on);
    folder.fetch(&[&sample], &[&server.mirror()]).unwrap();
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let sample = Sample::random(NAME);
    let folder = Folder::new();
    folder.write("file", b"");
    let files = [sample.remote()];
    let set = DataSet {
        name: "samples",
        mirrors: &[],
        files: &files,
    };
    let dir = folder.at("file");
    let error = fetch(&set, &dir, &Options::default(), &mut |_| {});
    let text = error.unwrap_err().to_string();
    assert!(
        text.starts_with(&format!("cannot make the folder {}", dir.display())),
        "{text}"
    );
}

#[test]
fn verification_goes_by_the_end_of_the_name() {
    let sample = Sample::random(NAME);
    let file = sample.remote();
    let folder = Folder::new();
    folder.write(NAME, &sample.gz);
    folder.write("raw", &sample.raw);
    folder.write("packed-without-saying-so", &sample.gz);
    folder.write("raw.gz", &sample.raw);
    folder.write("short", &sample.raw[..199_999]);
    folder.write("short.gz", &gzip(&sample.raw[..199_999]));
    folder.write("empty.gz", b"");
    let found = |name: &str| match verify(&file, &folder.at(name)) {
        Err(FetchError::Corrupt { found, .. }) => found,
        other => panic!("{other:?}"),
    };
    verify(&file, &folder.at(NAME)).unwrap();
    verify(&file, &folder.at("raw")).unwrap();
    assert!(matches!(found("raw.gz"), Found::NotGzip { .. }));
    assert!(matches!(
        found("packed-without-saying-so"),
        Found::TooLong | Found::Contents { .. }
    ));
    assert!(matches!(
        found("short"),
        Found::Contents { size: 199_999, .. }
    ));
    assert!(matches!(
        found("short.gz"),
        Found::Contents { size: 199_999, .. }
    ));
    assert_eq!(found("empty.gz"), Found::EndsEarly { after: 0 });
    let error = verify(&file, &folder.at("absent")).unwrap_err();
    assert!(matches!(error, FetchError::Io { .. }), "{error}");
}
