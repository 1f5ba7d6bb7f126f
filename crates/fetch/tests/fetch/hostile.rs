//! Servers that are silent, send too much, or send something else.

use std::time::{Duration, Instant};

use implicit_bias_fetch::{Event, FetchError, Found};

use crate::sample::{Folder, NAME, Sample, failure, gzip};
use crate::server::{Reply, Server};

#[test]
fn a_server_that_never_answers_is_given_up() {
    let sample = Sample::random(NAME);
    for head in ["", "HTTP/1.1 200 OK\r\nContent-Le"] {
        let server = Server::start(move |_| {
            let mut reply = Reply::ok(b"").hold();
            reply.head = head.to_owned();
            reply
        });
        let (folder, start) = (Folder::new(), Instant::now());
        let error = failure(folder.fetch_impatiently(&[&sample], &[&server.mirror()]));
        // The server would hold the connection for 30 s.
        assert!(start.elapsed() < Duration::from_secs(10));
        let text = error.to_string();
        assert!(text.contains("the server sent nothing for 1 s"), "{text}");
        assert!(matches!(error, FetchError::Stalled { .. }));
    }
}

#[test]
fn a_body_that_stalls_is_given_up_and_what_came_is_kept() {
    let sample = Sample::random(NAME);
    let gz = sample.gz.clone();
    let server = Server::start(move |_| Reply::ok(&gz).cut(80_000).hold());
    let (folder, start) = (Folder::new(), Instant::now());
    let error = folder
        .fetch_impatiently(&[&sample], &[&server.mirror()])
        .unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(10));
    let FetchError::Mirrors { kept, failures, .. } = error else {
        panic!("{error}");
    };
    assert!(matches!(failures[0], FetchError::Stalled { .. }));
    assert_eq!(kept, Some((folder.part(), 80_000)));
    assert!(std::fs::read(folder.part()).unwrap() == sample.gz[..80_000]);
}

#[test]
fn a_decompression_bomb_is_not_unpacked_beyond_the_size_of_the_file() {
    // 100 MiB of zeros, which pack to less than the bound on a file of that size.
    let sample = Sample::new(NAME, vec![7; 2_000_000]);
    let bomb = gzip(&vec![0; 100 << 20]);
    assert!((bomb.len() as u64) < 2_000_000);
    let small = gzip(&vec![7; 2_000_001]);
    for body in [bomb, small] {
        let server = Server::start(move |_| Reply::ok(&body));
        let folder = Folder::new();
        let error = failure(folder.fetch(&[&sample], &[&server.mirror()]));
        let text = error.to_string();
        assert!(
            text.contains("2000000 bytes unpacked, found more"),
            "{text}"
        );
        let FetchError::Corrupt { found, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(found, Found::TooLong);
        assert_eq!(folder.names(), [".fetch.lock"]);
    }
}

#[test]
fn a_body_larger_than_the_file_can_be_is_refused() {
    let sample = Sample::random(NAME);
    // Well-formed gzip data in front, so that only the size is against it.
    let mut body = sample.gz.clone();
    body.resize(4_000_000, 0);
    let announced = body.clone();
    let servers = [
        Server::start(move |_| Reply::ok(&announced)),
        Server::start(move |_| Reply::without_length(&body)),
    ];
    for (index, server) in servers.iter().enumerate() {
        let (folder, mut received) = (Folder::new(), 0);
        let error = failure(
            folder.fetch_watched(&[&sample], &[&server.mirror()], &mut |event| {
                if let Event::Progress { done, .. } = event {
                    received = done;
                }
            }),
        );
        let FetchError::TooLarge { limit, found, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(limit, 200_000 + 200_000 / 64 + 65_536);
        if index == 0 {
            // It is refused before a byte of it is written.
            assert_eq!((found, received), (4_000_000, 0));
        } else {
            // It is refused within one read of the bound.
            assert!(limit < found && found <= limit + 65_536, "{found}");
            assert!(0 < received && received <= limit, "{received}");
        }
        assert_eq!(folder.names(), [".fetch.lock"]);
    }
}

#[test]
fn a_part_larger_than_the_file_can_be_is_dropped() {
    let sample = Sample::random(NAME);
    let gz = sample.gz.clone();
    let server = Server::start(move |request| Reply::range(request, &gz));
    let folder = Folder::new();
    folder.write_part(&vec![0; 4_000_000]);
    folder.fetch(&[&sample], &[&server.mirror()]).unwrap();
    assert_eq!(server.offsets(), [None]);
    folder.assert_only(&sample.gz);
}

#[test]
fn a_page_in_place_of_the_file_is_named_and_spares_what_is_there() {
    let sample = Sample::random(NAME);
    let server = Server::start(|_| Reply::ok(b"<!DOCTYPE html><title>Please log in</title>"));
    let folder = Folder::new();
    let error = failure(folder.fetch(&[&sample], &[&server.mirror()]));
    let text = error.to_string();
    assert!(
        text.contains("found no gzip file (it begins with `<!DOCTYPE html>"),
        "{text}"
    );
    assert_eq!(folder.names(), [".fetch.lock"]);

    folder.write_part(&sample.gz[..80_000]);
    let error = folder.fetch(&[&sample], &[&server.mirror()]).unwrap_err();
    assert!(
        error.to_string().contains("80000 bytes are kept"),
        "{error}"
    );
    assert!(std::fs::read(folder.part()).unwrap() == sample.gz[..80_000]);
}

#[test]
fn damaged_gzip_data_and_an_empty_body_are_refused() {
    let sample = Sample::random(NAME);
    let mut damaged = sample.gz.clone();
    let end = damaged.len() - 6;
    damaged[end] ^= 1;
    let trailing = [sample.gz.as_slice(), b"something else"].concat();
    for body in [damaged, trailing] {
        let server = Server::start(move |_| Reply::ok(&body));
        let folder = Folder::new();
        let error = failure(folder.fetch(&[&sample], &[&server.mirror()]));
        let FetchError::Corrupt { found, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(found, Found::Damaged { after: 200_000 });
        assert_eq!(folder.names(), [".fetch.lock"]);
    }
    let server = Server::start(|_| Reply::ok(b""));
    let folder = Folder::new();
    let error = failure(folder.fetch(&[&sample], &[&server.mirror()]));
    assert!(
        matches!(error, FetchError::Truncated { found: 0, .. }),
        "{error}"
    );
}
