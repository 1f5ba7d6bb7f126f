//! `fetch`, against servers on loopback.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;

use implicit_bias_data::mnist;

use crate::data::shared_mnist;
use crate::support::{folder, run};

/// Serves the files of a folder, and 404 for any other; the address of it.
fn serve(dir: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    // Ends with the test's process.
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let request = lines.next().unwrap_or_default();
            lines
                .by_ref()
                .take_while(|line| !line.is_empty())
                .for_each(drop);
            let name = request
                .split(' ')
                .nth(1)
                .unwrap_or("/")
                .trim_start_matches('/');
            let (status, body) = match fs::read(dir.join(name)) {
                Ok(body) => ("200 OK", body),
                Err(_) => ("404 Not Found", Vec::new()),
            };
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            let _ = (&stream)
                .write_all(head.as_bytes())
                .and_then(|()| (&stream).write_all(&body));
        }
    });
    address
}

#[test]
fn mnist_arrives_verified_and_is_not_fetched_twice() {
    let Some(shared) = shared_mnist() else {
        println!("skipped: no ../shared/data/mnist beside the repository");
        return;
    };
    let folder = folder();
    let address = serve(shared);
    let fetch = [
        "fetch",
        "mnist",
        "--data-dir",
        "digits",
        "--mirror",
        &address,
        "--json",
    ];
    let first = run(folder.path(), &fetch).ok();
    assert_eq!(first.stderr, "", "no progress where there is no terminal");
    assert_eq!(first.json()["downloaded"], 4);
    for name in mnist::FILES {
        assert!(folder.path().join("digits").join(name).is_file(), "{name}");
    }
    assert_eq!(run(folder.path(), &fetch).ok().json()["downloaded"], 0);
    let check = [
        "check",
        "mnist",
        "--data-dir",
        "digits",
        "--positive",
        "0",
        "--negative",
        "1",
    ];
    let json = run(
        folder.path(),
        &[&check[..], &["--per-class", "5", "--json"]].concat(),
    )
    .ok()
    .json();
    assert_eq!(json["n"], 10);
}

#[test]
fn what_cannot_be_fetched_says_where_to_put_the_files_by_hand() {
    let folder = folder();
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let missing = serve(empty);
    // A port that nobody listens to any more.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for (mirror, said) in [(&missing, "404"), (&closed, "refused")] {
        let outcome = run(
            folder.path(),
            &["fetch", "mnist", "--data-dir", "digits", "--mirror", mirror],
        );
        assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
        let digits = mnist::FILES
            .iter()
            .all(|name| outcome.stderr.contains(name));
        assert!(
            digits && outcome.stderr.contains("digits"),
            "{}",
            outcome.stderr
        );
        assert!(
            outcome.stderr.to_lowercase().contains(said),
            "{}",
            outcome.stderr
        );
    }
    let outcome = run(
        folder.path(),
        &[
            "fetch",
            "mnist",
            "--data-dir",
            "digits",
            "--mirror",
            "ftp://example.invalid",
        ],
    );
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    assert_eq!(run(folder.path(), &["fetch", "imagenet"]).code, Some(2));
}
