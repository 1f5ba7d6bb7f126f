//! Initial weights in a safetensors file. Those in .npz are a target of the data crate.
#![no_main]

use implicit_bias_lab_fuzz::{path, problem, seeds, within, write};
use implicit_bias_model::{TwoLayerConfig, Weights};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: seeds("safetensors", [problem().1.to_safetensors()]), |input: &[u8]| {
    let path = path("input.safetensors");
    write(&path, input);
    within(48, input.len(), || {
        match Weights::from_safetensors(&path, &TwoLayerConfig::BLOCKS) {
            Ok(weights) => {
                assert_eq!(weights.blocks().len(), 2);
                for (_, block) in weights.blocks() {
                    assert!(block.iter().all(|entry| entry.is_finite()));
                }
            }
            Err(error) => {
                let message = error.to_string();
                let names = ["input.safetensors", "pos", "neg"];
                assert!(names.iter().any(|name| message.contains(name)), "{message}");
            }
        }
    });
});
