//! Tables: separated by commas, or by tabs where the first byte is a tab.
#![no_main]

use implicit_bias_data::DataFile;
use implicit_bias_data_fuzz::{TABLES, path, read_all_ways, within, write};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let (name, table) = match input {
        [b'\t', rest @ ..] => ("input.tsv", rest),
        _ => ("input.csv", input),
    };
    let path = path(name);
    write(&path, table);
    let file = DataFile::Csv {
        path,
        label_column: "y".to_owned(),
    };
    within(TABLES, table.len(), || read_all_ways(&file));
});
