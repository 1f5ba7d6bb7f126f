//! Initial weights: the input is an archive, or two arrays that are packed into one, by its first
//! byte.
#![no_main]

use implicit_bias_data::read_weights_npz;
use implicit_bias_data_fuzz::{ARRAYS, path, split, unzipped, within, write, zipped};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let path = path("input.npz");
    let bytes = match input {
        [kind @ (0 | 1), rest @ ..] => {
            let (positive, negative) = split(rest);
            let archive = zipped(["W_pos", "W_neg"], [positive, negative], *kind == 1);
            write(&path, &archive);
            rest.len()
        }
        _ => {
            write(&path, input);
            input.len() + unzipped(input, ["W_pos", "W_neg"])
        }
    };
    within(ARRAYS, bytes, || match read_weights_npz(&path) {
        Ok((positive, negative)) => {
            assert_eq!(positive.dim(), negative.dim());
            assert!(!positive.is_empty());
            assert!(
                positive
                    .iter()
                    .chain(&negative)
                    .all(|entry| entry.is_finite())
            );
        }
        Err(error) => assert!(error.to_string().contains("input.npz"), "{error}"),
    });
});
