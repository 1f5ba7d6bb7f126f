//! Transfers that succeed, break off and go on.

use implicit_bias_fetch::{Event, FetchError, Found, Origin, verify};

use crate::sample::{Folder, NAME, Sample, failure, gzip_with_header, resumed_from};
use crate::server::{Reply, Request, Server};

/// A server that serves the file and honours `Range`.
fn good_server(gz: &[u8]) -> Server {
    let gz = gz.to_owned();
    Server::start(move |request| Reply::range(request, &gz))
}

#[test]
fn a_good_download_is_put_in_place_and_reported() {
    let (one, two) = (Sample::random(NAME), Sample::random("another-ubyte.gz"));
    let (first, second) = (one.gz.clone(), two.gz.clone());
    let server = Server::start(move |request| match request.path.as_str() {
        "/data/sample-ubyte.gz" => Reply::range(request, &first),
        "/data/another-ubyte.gz" => Reply::range(request, &second),
        _ => Reply::not_found(),
    });
    let (folder, mut progress, mut ready) = (Folder::new(), Vec::new(), Vec::new());
    let fetched = folder
        .fetch_watched(
            &[&one, &two],
            &[&server.mirror()],
            &mut |event| match event {
                Event::Progress { file, done, total } => {
                    progress.push((file.to_owned(), done, total));
                }
                Event::Ready(file) => ready.push(file.clone()),
                _ => {}
            },
        )
        .unwrap();

    assert!(folder.read(NAME) == one.gz && folder.read(two.name) == two.gz);
    assert_eq!(folder.names(), [".fetch.lock", two.name, NAME]);
    assert_eq!(fetched.downloaded(), 2);
    assert_eq!(fetched.files, ready);
    assert_eq!(fetched.files[1].path, folder.at(two.name));
    assert_eq!(
        fetched.files[0].origin,
        Origin::Downloaded {
            url: format!("{}{NAME}", server.mirror()),
            bytes: one.gz.len() as u64,
            resumed_from: 0,
            replaced: None,
        }
    );
    for sample in [&one, &two] {
        let total = sample.gz.len() as u64;
        let of_file = progress.iter().filter(|(file, ..)| file == sample.name);
        let done: Vec<u64> = of_file.clone().map(|(_, done, _)| *done).collect();
        assert!(done.len() > 2 && done.is_sorted(), "{done:?}");
        assert_eq!(done.last(), Some(&total));
        assert!(of_file.clone().all(|(.., all)| *all == Some(total)));
    }
    // A gzipped transfer of a gzipped file would make nonsense of lengths and ranges.
    for request in server.requests() {
        assert_eq!(request.accept_encoding.as_deref(), Some("identity"));
        assert_eq!(request.range, None);
    }
}

#[test]
fn a_transfer_resumes_where_the_last_one_ended() {
    let sample = Sample::random(NAME);
    let server = good_server(&sample.gz);
    let folder = Folder::new();
    folder.write_part(&sample.gz[..70_000]);
    let mut first = None;
    let fetched = folder
        .fetch_watched(&[&sample], &[&server.mirror()], &mut |event| {
            if let Event::Progress { done, total, .. } = event {
                first.get_or_insert((done, total));
            }
        })
        .unwrap();
    // The server has sent the rest only, so the beginning is that of the part.
    assert_eq!(server.requests()[0].range.as_deref(), Some("bytes=70000-"));
    assert_eq!(server.requests().len(), 1);
    assert_eq!(resumed_from(&fetched.files[0]), 70_000);
    let (done, total) = first.unwrap();
    assert!(done > 70_000 && total == Some(sample.gz.len() as u64));
    folder.assert_only(&sample.gz);
}

#[test]
fn a_server_without_ranges_starts_again() {
    let sample = Sample::random(NAME);
    let gz = sample.gz.clone();
    let server = Server::start(move |_| Reply::ok(&gz));
    let folder = Folder::new();
    // Longer than what follows it, so that a remnant of it would show.
    folder.write_part(&[sample.gz.as_slice(), b"remnant"].concat());
    let fetched = folder.fetch(&[&sample], &[&server.mirror()]).unwrap();
    assert_eq!(server.offsets(), [Some(sample.gz.len() + 7)]);
    assert_eq!(resumed_from(&fetched.files[0]), 0);
    folder.assert_only(&sample.gz);
}

#[test]
fn a_complete_part_is_verified_and_put_in_place() {
    let sample = Sample::random(NAME);
    let server = good_server(&sample.gz);
    let folder = Folder::new();
    folder.write_part(&sample.gz);
    let fetched = folder.fetch(&[&sample], &[&server.mirror()]).unwrap();
    assert_eq!(server.offsets(), [Some(sample.gz.len())]);
    assert_eq!(resumed_from(&fetched.files[0]), sample.gz.len() as u64);
    folder.assert_only(&sample.gz);
}

#[test]
fn a_part_that_is_too_long_or_wrong_starts_again_once() {
    let sample = Sample::random(NAME);
    let mut damaged = sample.gz[..70_000].to_owned();
    damaged[50_000] ^= 1;
    let too_long = [sample.gz.as_slice(), b"remnant"].concat();
    // Another packing of the same bytes: begun from one server, ended from another.
    let other = gzip_with_header(&sample.raw);
    for part in [damaged, too_long, other[..70_000].to_owned()] {
        let server = good_server(&sample.gz);
        let folder = Folder::new();
        folder.write_part(&part);
        let fetched = folder.fetch(&[&sample], &[&server.mirror()]).unwrap();
        assert_eq!(server.offsets(), [Some(part.len()), None]);
        assert_eq!(resumed_from(&fetched.files[0]), 0);
        folder.assert_only(&sample.gz);
    }
}

#[test]
fn a_wrong_file_is_not_started_again_for_ever() {
    let sample = Sample::random(NAME);
    let other = Sample::new(NAME, sample.raw.iter().map(|byte| byte ^ 1).collect());
    let server = good_server(&other.gz);
    let folder = Folder::new();
    folder.write_part(&other.gz[..70_000]);
    let error = failure(folder.fetch(&[&sample], &[&server.mirror()]));
    assert!(matches!(error, FetchError::Corrupt { .. }), "{error}");
    assert_eq!(server.offsets(), [Some(70_000), None]);
    assert_eq!(folder.names(), [".fetch.lock"]);
}

#[test]
fn a_range_that_was_not_asked_for_starts_again() {
    type Answer = fn(&Request, &[u8]) -> Reply;
    let wrong: [Answer; 3] = [
        // From another offset.
        |_, gz| {
            let range = format!("Content-Range: bytes 1-{}/{}\r\n", gz.len() - 1, gz.len());
            Reply::new("206 Partial Content", &range, &gz[1..])
        },
        // Without saying which.
        |request, gz| Reply::new("206 Partial Content", "", &gz[request.offset().unwrap()..]),
        // Beyond the end.
        |request, gz| {
            let offset = request.offset().unwrap();
            let range = format!(
                "Content-Range: bytes {offset}-{}/{}\r\n",
                gz.len(),
                gz.len()
            );
            Reply::new("206 Partial Content", &range, &gz[offset..])
        },
    ];
    for answer in wrong {
        let sample = Sample::random(NAME);
        let gz = sample.gz.clone();
        let server = Server::start(move |request| match request.offset() {
            Some(_) => answer(request, &gz),
            None => Reply::ok(&gz),
        });
        let folder = Folder::new();
        folder.write_part(&sample.gz[..70_000]);
        folder.fetch(&[&sample], &[&server.mirror()]).unwrap();
        assert_eq!(server.offsets(), [Some(70_000), None]);
        folder.assert_only(&sample.gz);
    }
}

#[test]
fn a_truncated_transfer_is_kept_and_resumed_by_the_next_run() {
    let sample = Sample::random(NAME);
    let gz = sample.gz.clone();
    let server = Server::start(move |request| match request.offset() {
        None => Reply::ok(&gz).cut(80_000),
        Some(_) => Reply::range(request, &gz),
    });
    let folder = Folder::new();
    let error = folder.fetch(&[&sample], &[&server.mirror()]).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("ended after 80000 bytes"), "{text}");
    assert!(
        text.contains(&format!("expected {} bytes", sample.gz.len())),
        "{text}"
    );
    assert!(text.contains("80000 bytes are kept in"), "{text}");
    assert!(text.contains("run the command again to resume"), "{text}");
    let FetchError::Mirrors { kept, failures, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(kept, Some((folder.part(), 80_000)));
    assert!(matches!(
        failures[0],
        FetchError::Truncated { found: 80_000, .. }
    ));
    assert!(std::fs::read(folder.part()).unwrap() == sample.gz[..80_000]);

    let fetched = folder.fetch(&[&sample], &[&server.mirror()]).unwrap();
    assert_eq!(server.offsets(), [None, Some(80_000)]);
    assert_eq!(resumed_from(&fetched.files[0]), 80_000);
    folder.assert_only(&sample.gz);
}

#[test]
fn gzip_data_that_end_early_are_kept() {
    // No length, so that only the gzip data can tell; or a length that is that of the truncated
    // body.
    for with_length in [false, true] {
        let sample = Sample::random(NAME);
        let gz = sample.gz.clone();
        let server = Server::start(move |request| match request.offset() {
            None if with_length => Reply::ok(&gz[..80_000]),
            None => Reply::without_length(&gz[..80_000]),
            Some(_) => Reply::range(request, &gz),
        });
        let folder = Folder::new();
        let error = folder.fetch(&[&sample], &[&server.mirror()]).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("expected a whole gzip file, the transfer ended"),
            "{text}"
        );
        assert!(text.contains("80000 bytes are kept"), "{text}");
        folder.fetch(&[&sample], &[&server.mirror()]).unwrap();
        assert_eq!(server.offsets(), [None, Some(80_000)]);
        folder.assert_only(&sample.gz);
    }
}

#[test]
fn a_resumed_file_that_is_whole_but_ends_early_starts_again() {
    let sample = Sample::random(NAME);
    // A longer file with a longer header: with the end of the good one, its data break off.
    let twice = [sample.raw.as_slice(), sample.raw.as_slice()].concat();
    let longer = gzip_with_header(&twice);
    let server = good_server(&sample.gz);
    let folder = Folder::new();
    folder.write_part(&longer[..199_000]);
    folder.fetch(&[&sample], &[&server.mirror()]).unwrap();
    assert_eq!(server.offsets(), [Some(199_000), None]);
    folder.assert_only(&sample.gz);

    // That is what they do.
    folder.write(
        "probe.gz",
        &[&longer[..199_000], &sample.gz[199_000..]].concat(),
    );
    let error = verify(&sample.remote(), &folder.at("probe.gz")).unwrap_err();
    assert!(
        error.to_string().contains("breaks off after 199"),
        "{error}"
    );
}

#[test]
fn a_file_with_another_hash_is_removed_and_both_hashes_are_named() {
    let sample = Sample::random(NAME);
    let other = Sample::new(NAME, sample.raw.iter().map(|byte| byte ^ 1).collect());
    let server = good_server(&other.gz);
    let folder = Folder::new();
    let error = failure(folder.fetch(&[&sample], &[&server.mirror()]));
    let text = error.to_string();
    for part in [NAME, sample.remote().sha256, other.remote().sha256] {
        assert!(text.contains(part), "{text}");
    }
    let FetchError::Corrupt { found, .. } = error else {
        panic!("{error}");
    };
    let (sha256, size) = (other.remote().sha256.to_owned(), 200_000);
    assert_eq!(found, Found::Contents { sha256, size });
    assert_eq!(folder.names(), [".fetch.lock"]);
}
