//! LIBSVM text. The zeros of a dense matrix are in no file: inputs with an index above 1000 are
//! passed over, and memory is held against the matrix.
#![no_main]

use implicit_bias_data::DataFile;
use implicit_bias_data_fuzz::{TABLES, path, read_all_ways, within, write};
use libfuzzer_sys::fuzz_target;

/// The largest number before a colon.
fn largest_index(text: &[u8]) -> u64 {
    let parts = text.split(|&byte| byte == b':');
    let ends = parts.map(|part| {
        let digits = part.iter().rev().take_while(|byte| byte.is_ascii_digit());
        let digits: Vec<u8> = digits.copied().collect();
        let number = digits.iter().rev().fold(0_u64, |number, &digit| {
            number.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
        });
        number
    });
    ends.max().unwrap_or(0)
}

fuzz_target!(|input: &[u8]| {
    let largest = largest_index(input);
    if largest > 1000 {
        return;
    }
    let lines = input.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let path = path("input.svm");
    write(&path, input);
    let dense = lines * (largest as usize + 1);
    within(TABLES, input.len() + dense, || read_all_ways(&DataFile::Libsvm(path)));
});
