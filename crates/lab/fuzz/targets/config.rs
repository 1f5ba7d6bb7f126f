//! A configuration: what is accepted has a TOML form that says the same.
#![no_main]

use std::path::Path;

use implicit_bias_lab::config::{RunConfig, parse_settings};
use implicit_bias_lab_fuzz::seeds;
use libfuzzer_sys::fuzz_target;

const SEEDS: [&str; 6] = [
    "synthetic = \"mixture\"\nsamples = 10\ndim = 200\nsignal = 1.0\nnoise = 0.5\nseed = 3\nrecord \
     = 20\n",
    "synthetic = \"orthogonal\"\nnorm = 2.0\nnorm-spread = 1.5\nactivation = \"relu\"\nloss = \"exponential\"\n",
    "data = \"a.npz\"\nlabels = \"zero-one\"\nscale = 0.5\ncentre = true\nunit-norm = \
     true\nrandom-labels = true\n",
    "data = \"mnist\"\nsplit = \"test\"\npositive = 3\nnegative = \"8\"\nper-class = 10\nnoise = \
     0.1\n",
    "init = \"w.safetensors\"\nslope = 0.1\nstep-size = 0.1\nsteps = 1e300\nengine = \"gram\"\nexact-steps = \"1e6\"\n",
    "init_scale = 1e-4\nwidth = 50\nengine = \"tensor\"\ngradient = \"autodiff\"\ndevice = \"cuda:1\"\nprecision = \"f32\"\nexport = \"npz\"\ncheckpoint-interval = 5\n",
];

fuzz_target!(init: seeds("config", SEEDS.map(|text| text.as_bytes().to_vec())), |text: &str| {
    let read = |text: &str| parse_settings(text, Path::new("/folder"));
    let Ok(settings) = read(text) else { return };
    let config = match RunConfig::resolve(&settings) {
        Ok(config) => config,
        Err(error) => {
            assert!(error.is_input() && !error.to_string().is_empty());
            return;
        }
    };
    let written = config.to_toml();
    let again =
        RunConfig::resolve(&read(&written).expect("what was written")).expect("what was valid");
    assert_eq!(again.to_toml(), written);
    // A name that stays where it is put.
    let name = config.run_name();
    assert!(
        name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'),
        "{name}"
    );
});
