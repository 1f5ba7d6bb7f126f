//! The studies: a folder a system of the literature, and one binary a claim or a figure, in
//! `src/bin`.
//!
//! | folder | system |
//! |---|---|
//! | [`kou`] | Kou, Chen & Gu (NeurIPS 2023, arXiv:2310.18935), the paper |
//! | [`any_network`] | five architectures in log time: a question of this project |
//! | [`frei`] | Frei, Vardi, Bartlett, Srebro & Hu (2022, arXiv:2210.07082) |
//! | [`benign`] | Karhadkar, George, Murray, Montúfar & Needell (2024, arXiv:2403.06903) |
//! | [`adam`] | Zhang, Zou & Cao (NeurIPS 2024, arXiv:2406.10650) |
//!
//! Each binary states its claim, setting and expected outcome, and runs its study. Their flags are
//! the same: `--help` lists them. To add one, write a function that returns a
//! [`Study`](implicit_bias_lab::study::Study) and a binary that passes it to
//! [`study::main`](implicit_bias_lab::study::main).

pub mod adam;
pub mod any_network;
pub mod benign;
pub mod frei;
pub mod kou;
#[cfg(test)]
mod testing;

use implicit_bias_lab::study::System;

/// The systems that `reproduce` knows; the first is its default.
pub const SYSTEMS: &[System] = &[kou::SYSTEM, frei::SYSTEM, benign::SYSTEM, adam::SYSTEM];
