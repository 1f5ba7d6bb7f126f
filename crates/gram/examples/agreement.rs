//! How well log time agrees with every single step, from 10⁶ to 10⁹ (the table of
//! docs/gram.md).
//!
//! `cargo run --release -p implicit-bias-gram --example agreement [-- LAST_STEP]`; a few minutes.

#[path = "../benches/cases/mod.rs"]
mod cases;

use implicit_bias_gram::{FarFlow, FarOutcome, Outcome};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let last = std::env::args()
        .nth(1)
        .map_or(Ok(1e9), |text| text.parse::<f64>())?;
    println!("case from to difference error_estimate sliding_pairs");
    for case in &cases::ALL[..3] {
        let mut exact = case.descent();
        exact.advance(1e6);
        let (h, c) = (exact.pre_activations(), exact.coefficients());
        let mut far = match FarFlow::new(exact.problem().clone(), 1e6, h, c) {
            Ok(far) => far,
            Err(error) => {
                println!("{}: {error}", case.name);
                continue;
            }
        };
        let mut to = 1e7;
        while to <= last {
            assert_eq!(exact.advance(to), Outcome::Reached);
            assert_eq!(far.advance(to), FarOutcome::Reached);
            let difference = exact
                .margins()
                .iter()
                .zip(far.margins())
                .map(|(exact, far)| (exact - far).abs() / exact.abs())
                .fold(0.0, f64::max);
            println!(
                "{} 1e6 {to:.0e} {difference:.1e} {:.1e} {}",
                case.name,
                far.error_estimate(),
                far.work().sliding_pairs
            );
            to *= 10.0;
        }
    }
    Ok(())
}
