//! `.npz`: the input is an archive, or two arrays that are packed into one, by its first byte.
#![no_main]

use implicit_bias_data::DataFile;
use implicit_bias_data_fuzz::{
    ARRAYS, path, read_all_ways, split, unzipped, within, write, zipped,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let path = path("input.npz");
    let bytes = match input {
        [kind @ (0 | 1), rest @ ..] => {
            let (x, y) = split(rest);
            write(&path, &zipped(["X", "y"], [x, y], *kind == 1));
            rest.len()
        }
        _ => {
            write(&path, input);
            input.len() + unzipped(input, ["X", "y"])
        }
    };
    let file = DataFile::npz(path);
    within(ARRAYS, bytes, || read_all_ways(&file));
});
