//! A file of any bytes under a name that the first byte picks: what `DataFile::at` takes it for,
//! and what the reader then says. Errors name the file.
#![no_main]

use implicit_bias_data::{DataFile, FileOptions};
use implicit_bias_data_fuzz::{gzipped, path, read_all_ways, write};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 12] = [
    "a", "a.npz", "a.npy", "a.csv", "a.tsv.gz", "a.zip", "a.svm", "a.pkl", "a.mat", "a.json.gz",
    "a.xz", "b-images-idx3-ubyte",
];

fuzz_target!(|input: &[u8]| {
    let Some((how, rest)) = input.split_first() else {
        return;
    };
    let path = path(NAMES[usize::from(how & 127) % NAMES.len()]);
    if how & 128 == 0 {
        write(&path, rest);
    } else {
        write(&path, &gzipped(rest));
    }
    let options = FileOptions {
        label_file: (how % 3 == 0).then(|| path.clone()),
        ..FileOptions::default()
    };
    match DataFile::at(&path, &options) {
        // Dense matrices of large indices take their time, which is no fault of the format.
        Ok(DataFile::Libsvm(_)) => {}
        Ok(file) => read_all_ways(&file),
        Err(error) => {
            let message = error.to_string();
            assert!(message.contains("implicit-bias-fuzz-"), "no file in: {message}");
        }
    }
});
