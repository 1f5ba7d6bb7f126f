//! A plan of a sweep: what is accepted has runs that differ, named by letters and digits.
#![no_main]

use std::collections::HashSet;
use std::path::Path;

use implicit_bias_lab::sweep::Sweep;
use implicit_bias_lab_fuzz::seeds;
use libfuzzer_sys::fuzz_target;

const SEEDS: [&str; 3] = [
    "steps = 100\nseeds = 2\n[grid]\ndim = [50, 60]\nwidth = [3, 4, 5]\n[[list]]\nactivation = \
     'relu'\n[[list]]\nslope = 0.5\n",
    "seeds = [7, 3]\n[grid]\nstep-size = [0.1, 0.2]\ndata = [\"a.csv\", \"b.npz\"]\n",
    "[[list]]\nsteps = 1e2\n[[list]]\nstep_size = 0.2\nsteps = '100'",
];

fuzz_target!(init: seeds("sweep", SEEDS.map(|text| text.as_bytes().to_vec())), |text: &str| {
    if let Ok(sweep) = Sweep::from_toml(text, Path::new("/folder")) {
        let names: HashSet<&str> = sweep.runs().iter().map(|run| run.name()).collect();
        assert_eq!(names.len(), sweep.runs().len());
        assert!(!names.is_empty());
        for run in sweep.runs() {
            assert!(run.name().chars().all(|c| c.is_ascii_hexdigit()));
            assert_eq!(run.values().len(), sweep.keys().len());
        }
    }
});
