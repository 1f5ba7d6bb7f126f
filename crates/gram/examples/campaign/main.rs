//! Thousands of random small problems: log time, limits and certificates against every exact step.
//!
//! `cargo run --release -p implicit-bias-gram --example campaign -- CASES SEED [FIRST]`
//!
//! Each case draws samples, labels, initial weights and settings, dead neurons, repeated samples
//! and spread norms among them. Exact descent is followed to step 10⁶; log time takes over at
//! 10³, 10⁴ and 10⁵ and is compared with it on the way; far out, the three are compared with
//! each other, and with every certificate that was given before. What must never happen is printed
//! with the case that shows it, and the counts at the end; the exit code is 1 if there is any.

mod case;
mod checks;

use std::process::ExitCode;

use case::Case;
use checks::Counts;

fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).map(|text| {
        text.parse::<u64>()
            .unwrap_or_else(|_| panic!("expected a whole number, found {text}"))
    });
    let cases = numbers.next().unwrap_or(200);
    let seed = numbers.next().unwrap_or(1);
    let first = numbers.next().unwrap_or(0);
    let mut counts = Counts::default();
    for index in first..first + cases {
        let case = Case::draw(seed, index);
        checks::check(&case, &mut counts);
    }
    println!("{counts}");
    if counts.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
