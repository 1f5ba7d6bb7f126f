//! Two IDX files, samples and labels, as they are.
#![no_main]

use implicit_bias_data::DataFile;
use implicit_bias_data_fuzz::{ARRAYS, path, read_all_ways, split, within, write};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let (x, y) = split(input);
    let (samples, labels) = (path("x-images-idx3-ubyte"), path("x-labels-idx1-ubyte"));
    write(&samples, x);
    write(&labels, y);
    let file = DataFile::Idx { samples, labels };
    within(ARRAYS, input.len(), || read_all_ways(&file));
});
