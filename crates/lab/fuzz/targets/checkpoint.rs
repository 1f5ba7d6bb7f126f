//! A checkpoint. The first byte says what the rest is: 0 a file; 1 the state in an undamaged file;
//! 2 the bytes of a tensor engine; 3 those of a Gram engine.
#![no_main]

use implicit_bias_engine::Engine;
use implicit_bias_lab::fuzzing::{read_checkpoint, sealed, state};
use implicit_bias_lab_fuzz::{go_on, gram_engine, seeds, tensor_engine, within};
use libfuzzer_sys::fuzz_target;

/// Bytes of memory for each byte of a state: one byte may become an empty row, 24 bytes, in a table
/// that grows.
const STATE: usize = 64;

/// Engines at their start, some steps on, and in log time.
fn inputs() -> Vec<Vec<u8>> {
    let mut inputs = Vec::new();
    for step in [0.0, 7.0, 20.0, 1e6] {
        let (mut gram, mut tensor) = (gram_engine(), tensor_engine());
        if step > 0.0 {
            gram.advance(step).expect("a sound problem");
            tensor.advance(step.min(30.0)).expect("a sound problem");
        }
        let engines: [&mut dyn Engine; 2] = [&mut tensor, &mut gram];
        for (kind, engine) in [2, 3].into_iter().zip(engines) {
            let bytes = engine.checkpoint().expect("both have one");
            inputs.push([&[kind], bytes.as_slice()].concat());
            let state = state(bytes);
            inputs.push([&[0], with_header(&state).as_slice()].concat());
            inputs.push([&[1], state.as_slice()].concat());
        }
    }
    inputs
}

fuzz_target!(init: seeds("checkpoint", inputs()), |input: &[u8]| {
    let Some((&kind, rest)) = input.split_first() else {
        return;
    };
    match kind {
        0 => within(STATE, rest.len(), || drop(read_checkpoint(rest))),
        1 => {
            let file = with_header(rest);
            within(STATE, file.len(), || drop(read_checkpoint(&file)));
        }
        2 => go_on(&mut tensor_engine(), rest),
        _ => go_on(&mut gram_engine(), rest),
    }
});
