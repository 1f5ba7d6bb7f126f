//! The hashes and sizes of MNIST, against the files themselves where they are at hand.

use std::path::Path;

use implicit_bias_data::mnist;
use implicit_bias_fetch::{MNIST, Options, Origin, fetch, verify};

#[test]
fn the_mnist_files_have_the_published_hashes() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/mnist");
    if !dir.is_dir() {
        eprintln!("skipped: there is no folder {}", dir.display());
        return;
    }
    for file in MNIST.files {
        let path = mnist::find(&dir, file.name).expect(file.name);
        verify(file, &path).unwrap();
    }
    // The folder may be read-only, and no mirror may be asked.
    let options = Options {
        mirrors: vec!["http://127.0.0.1:1/".to_owned()],
        ..Options::default()
    };
    let fetched = fetch(&MNIST, &dir, &options, &mut |_| {}).unwrap();
    assert_eq!(fetched.files.len(), 4);
    for file in fetched.files {
        assert_eq!(file.origin, Origin::AlreadyThere);
    }
}

#[test]
fn the_mnist_entry_has_the_names_of_the_reader_and_folders_for_mirrors() {
    let names: Vec<_> = MNIST.files.iter().map(|file| file.name).collect();
    assert_eq!(names, mnist::FILES);
    for file in MNIST.files {
        assert_eq!(file.sha256.len(), 64);
        assert!(file.name.ends_with(".gz"));
    }
    for mirror in MNIST.mirrors {
        assert!(
            mirror.starts_with("https://") && mirror.ends_with('/'),
            "{mirror}"
        );
    }
}
