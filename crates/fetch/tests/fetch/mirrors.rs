//! Several mirrors, and none.

use implicit_bias_fetch::{Event, FetchError, Options, Origin};

use crate::sample::{Folder, NAME, Sample, failures, resumed_from};
use crate::server::{Reply, Server, nothing_listens};

fn url_of(origin: &Origin) -> &str {
    match origin {
        Origin::Downloaded { url, .. } => url,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_second_mirror_helps_and_is_asked_first_from_then_on() {
    let (one, two) = (Sample::random(NAME), Sample::random("another-ubyte.gz"));
    let bad = Server::start(|_| Reply::not_found());
    let (first, second) = (one.gz.clone(), two.gz.clone());
    let good = Server::start(move |request| {
        let first_is_meant = request.path.ends_with(NAME);
        Reply::ok(if first_is_meant { &first } else { &second })
    });
    let (folder, mut events) = (Folder::new(), Vec::new());
    let fetched = folder
        .fetch_watched(
            &[&one, &two],
            &[&bad.mirror(), &good.mirror()],
            &mut |event| match event {
                Event::Started { url, .. } => events.push(format!("start {url}")),
                Event::Failed { error, .. } => events.push(format!("fail {error}")),
                _ => {}
            },
        )
        .unwrap();
    assert_eq!(
        url_of(&fetched.files[0].origin),
        format!("{}{NAME}", good.mirror())
    );
    assert_eq!(
        events,
        [
            format!("start {}{NAME}", bad.mirror()),
            format!(
                "fail {}{NAME}: expected the file, found HTTP status 404 Not Found",
                bad.mirror()
            ),
            format!("start {}{NAME}", good.mirror()),
            format!("start {}{}", good.mirror(), two.name),
        ]
    );
    assert_eq!(bad.requests().len(), 1);
    assert!(folder.read(NAME) == one.gz && folder.read(two.name) == two.gz);
}

#[test]
fn a_second_mirror_goes_on_where_the_first_broke_off() {
    let sample = Sample::random(NAME);
    let (half, whole) = (sample.gz.clone(), sample.gz.clone());
    let bad = Server::start(move |_| Reply::ok(&half).cut(80_000));
    let good = Server::start(move |request| Reply::range(request, &whole));
    let folder = Folder::new();
    let fetched = folder
        .fetch(&[&sample], &[&bad.mirror(), &good.mirror()])
        .unwrap();
    assert_eq!(good.offsets(), [Some(80_000)]);
    assert_eq!(resumed_from(&fetched.files[0]), 80_000);
    folder.assert_only(&sample.gz);
}

#[test]
fn a_second_mirror_replaces_a_wrong_file() {
    let sample = Sample::random(NAME);
    let gz = sample.gz.clone();
    let bad = Server::start(|_| Reply::ok(&Sample::random("other-ubyte.gz").gz));
    let good = Server::start(move |request| Reply::range(request, &gz));
    let folder = Folder::new();
    folder
        .fetch(&[&sample], &[&bad.mirror(), &good.mirror()])
        .unwrap();
    assert_eq!(good.offsets(), [None]);
    folder.assert_only(&sample.gz);
}

#[test]
fn without_a_mirror_the_message_says_what_was_tried_and_how_to_do_it_by_hand() {
    let (one, two) = (Sample::random(NAME), Sample::random("another-ubyte.gz"));
    let three = Sample::random("third-ubyte.gz");
    let missing = Server::start(|_| Reply::not_found());
    let broken = Server::start(|_| Reply::new("503 Service Unavailable", "", b"later"));
    let folder = Folder::new();
    folder.write(two.name, &two.gz);
    let error = folder
        .fetch(
            &[&one, &two, &three],
            &[&missing.mirror(), &broken.mirror()],
        )
        .unwrap_err();
    let expected = format!(
        "{NAME}: no mirror served it\n  \
         tried {}{NAME}: expected the file, found HTTP status 404 Not Found\n  \
         tried {}{NAME}: expected the file, found HTTP status 503 Service Unavailable\n\
         to do it by hand, put these files, gzipped or not, into {}: {NAME}, third-ubyte.gz",
        missing.mirror(),
        broken.mirror(),
        folder.path().display()
    );
    assert_eq!(error.to_string(), expected);
    assert_eq!(folder.names(), [".fetch.lock", two.name]);
}

#[test]
fn where_nothing_listens_the_message_says_so() {
    let sample = Sample::random(NAME);
    let (first, second) = (nothing_listens(), nothing_listens());
    let folder = Folder::new();
    let error = folder.fetch(&[&sample], &[&first, &second]).unwrap_err();
    let text = error.to_string();
    for part in [&first, &second, "refused", "by hand", NAME] {
        assert!(text.contains(part), "{text}");
    }
    let failures = failures(Err(error));
    assert!(
        failures
            .iter()
            .all(|failure| matches!(failure, FetchError::Request { .. }))
    );
}

#[test]
fn mirrors_of_the_options_replace_those_of_the_data_set() {
    let sample = Sample::random(NAME);
    let gz = sample.gz.clone();
    let own = Server::start(|_| Reply::not_found());
    let given = Server::start(move |_| Reply::ok(&gz));
    let folder = Folder::new();
    // Without the final slash.
    let mirror = given.mirror().trim_end_matches('/').to_owned();
    let options = Options {
        mirrors: vec![mirror],
        ..Options::default()
    };
    folder
        .fetch_with(&[&sample], &[&own.mirror()], &options, &mut |_| {})
        .unwrap();
    assert_eq!(own.requests(), []);
    assert_eq!(given.requests()[0].path, format!("/data/{NAME}"));
    folder.assert_only(&sample.gz);
}

#[test]
fn a_redirect_is_followed() {
    let sample = Sample::random(NAME);
    let gz = sample.gz.clone();
    let server = Server::start(move |request| {
        if request.path.starts_with("/data/") {
            Reply::new("302 Found", &format!("Location: /moved/{NAME}\r\n"), b"")
        } else {
            Reply::range(request, &gz)
        }
    });
    let folder = Folder::new();
    folder.write_part(&sample.gz[..70_000]);
    let fetched = folder.fetch(&[&sample], &[&server.mirror()]).unwrap();
    // The range is asked for again.
    assert_eq!(server.offsets(), [Some(70_000), Some(70_000)]);
    assert_eq!(resumed_from(&fetched.files[0]), 70_000);
    folder.assert_only(&sample.gz);
}
