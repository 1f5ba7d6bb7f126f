//! The numbers of a run do not depend on how many threads there are.

use std::path::Path;

use implicit_bias_engine::drive;
use implicit_bias_lab::Prepared;
use implicit_bias_lab::config::{RunConfig, parse_settings};

/// Sizes at which faer spreads its work over threads.
const SETTINGS: &str = "samples = 331\ndim = 517\nwidth = 97\nsteps = 20\nstep-size = 0.01\n";

/// Everything that is recorded, and the weights, of a run in a pool of so many threads.
fn bits(config: &RunConfig, threads: usize) -> Vec<u64> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.expect("threads").install(|| {
        let prepared = Prepared::new(config).expect("sound settings");
        let mut engine = prepared
            .engine(config, threads)
            .expect("a sound problem")
            .engine;
        let trajectory =
            drive(engine.as_mut(), &[0.0, 1.0, 5.0, 20.0], &mut ()).expect("a sound run");
        let tables = [trajectory.series, trajectory.margins];
        let rows = tables
            .iter()
            .flat_map(|table| table.rows().to_vec())
            .flatten();
        let weights = engine.weights();
        let weights = weights
            .blocks()
            .iter()
            .flat_map(|(_, block)| block.iter().copied());
        rows.chain(weights).map(f64::to_bits).collect()
    })
}

#[test]
fn equal_configurations_give_equal_bits_on_any_number_of_threads() {
    for engine in ["tensor", "gram"] {
        for activation in ["relu", "leaky-relu"] {
            let text = format!("{SETTINGS}engine = \"{engine}\"\nactivation = \"{activation}\"\n");
            let settings = parse_settings(&text, Path::new("")).expect("valid");
            let config = RunConfig::resolve(&settings).expect("valid");
            let one = bits(&config, 1);
            assert!(one.len() > 2 * 97 * 517);
            for threads in [2, 3, 7] {
                assert!(
                    bits(&config, threads) == one,
                    "{engine}, {activation}: {threads} threads"
                );
            }
        }
    }
}
