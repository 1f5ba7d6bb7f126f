//! Tables. The first byte says how: which separator is asked for, whether the first line is a
//! sample, whether a column is left out, and whether the target packs the table by gzip.
#![no_main]

use implicit_bias_data::{DataFile, Separator, TableOptions};
use implicit_bias_data_fuzz::{TABLES, gzipped, path, read_all_ways, within, write};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((how, table)) = input.split_first() else {
        return;
    };
    let path = path(if how & 64 == 0 { "input.csv" } else { "input.tsv" });
    if how & 32 == 0 {
        write(&path, table);
    } else {
        write(&path, &gzipped(table));
    }
    let separators = [None, Some(Separator::COMMA), Some(Separator::Blanks)];
    let options = TableOptions {
        label_column: Some(if how & 8 == 0 { "y" } else { "-1" }.to_owned()),
        drop_columns: if how & 16 == 0 { vec![] } else { vec!["1".to_owned()] },
        no_header: [None, Some(true), Some(false)][usize::from(how % 3)],
        separator: separators[usize::from(how / 3 % 3)],
    };
    let file = DataFile::Table { path, options };
    within(TABLES, table.len(), || read_all_ways(&file));
});
