//! Two gzipped IDX files, samples and labels: compressed in the input, or by the target, by its
//! first byte.
#![no_main]

use implicit_bias_data::DataFile;
use implicit_bias_data_fuzz::{
    ARRAYS, gzipped, path, read_all_ways, split, ungzipped, within, write,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((kind, rest)) = input.split_first() else {
        return;
    };
    let (x, y) = split(rest);
    let (samples, labels) = (
        path("x-images-idx3-ubyte.gz"),
        path("x-labels-idx1-ubyte.gz"),
    );
    let bytes = if *kind == 0 {
        write(&samples, &gzipped(x));
        write(&labels, &gzipped(y));
        rest.len()
    } else {
        write(&samples, x);
        write(&labels, y);
        rest.len() + ungzipped(x) + ungzipped(y)
    };
    let file = DataFile::Idx { samples, labels };
    within(ARRAYS, bytes, || read_all_ways(&file));
});
