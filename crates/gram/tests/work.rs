//! How much work the descent does on four fixed problems: a change of algorithm must not pass
//! silently.
//!
//! Counts may move by a few parts in a hundred with the machine's vector instructions, which round
//! differently. `UPDATE_SNAPSHOTS=1 cargo test -p implicit-bias-gram --test work` rewrites the
//! file.

#[path = "../benches/cases/mod.rs"]
mod cases;

use std::fmt::Write as _;
use std::path::Path;

/// Relative change of a count, and absolute change, that are taken for rounding.
const TOLERANCE: (f64, f64) = (0.05, 3.0);

#[test]
fn work_counts_are_as_recorded() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/work.txt");
    let mut found = String::from("case plain_steps block_steps blocks watched_pairs\n");
    for case in cases::ALL {
        let mut descent = case.descent();
        descent.advance(2e4);
        let work = descent.work();
        assert_eq!(work.plain_steps + work.block_steps, 20_000);
        writeln!(
            found,
            "{} {} {} {} {}",
            case.name, work.plain_steps, work.block_steps, work.blocks, work.watched_pairs
        )
        .expect("writing to a string");
    }
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &found).expect("the snapshot can be written");
    }
    let recorded = std::fs::read_to_string(&path).expect("the snapshot");
    assert_eq!(recorded.lines().count(), found.lines().count(), "{found}");
    for (recorded, found) in recorded.lines().zip(found.lines()).skip(1) {
        let pairs = recorded.split(' ').zip(found.split(' '));
        for (index, (recorded, found)) in pairs.enumerate() {
            if index == 0 {
                assert_eq!(recorded, found);
                continue;
            }
            let number = |text: &str| text.parse::<f64>().expect("a count");
            let (expected, count) = (number(recorded), number(found));
            assert!(
                (count - expected).abs() <= TOLERANCE.0 * expected + TOLERANCE.1,
                "recorded {recorded}, found {found}"
            );
        }
    }
}
