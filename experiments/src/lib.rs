//! The experiments: one binary a claim or a figure, in `src/bin`.
//!
//! Each binary states its claim, setting and expected outcome, and calls its study in
//! [`implicit_bias_lab::studies`]. Their flags are the same: `--help` lists them. To add one, write a
//! function that returns a [`Study`](implicit_bias_lab::studies::Study) and a binary that passes it to
//! [`studies::main`](implicit_bias_lab::studies::main).

/// The README's Rust code, compiled and run as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
