//! Two `.npy` files, samples and labels.
#![no_main]

use implicit_bias_data::DataFile;
use implicit_bias_data_fuzz::{ARRAYS, path, read_all_ways, split, within, write};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let (x, y) = split(input);
    let (samples, labels) = (path("x.npy"), path("y.npy"));
    write(&samples, x);
    write(&labels, y);
    let file = DataFile::Npy {
        samples,
        labels,
        samples_array: None,
        labels_array: None,
    };
    within(ARRAYS, input.len(), || read_all_ways(&file));
});
