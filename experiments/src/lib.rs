//! The studies: a folder a system of the literature, and one binary a claim or a figure, in
//! `src/bin`.
//!
//! | folder | system |
//! |---|---|
//! | [`kou`] | Kou, Chen & Gu (NeurIPS 2023, arXiv:2310.18935), the paper |
//! | [`any_network`] | five architectures in log time: a question of this project |
//! | [`attention`] | Vasudeva, Deora & Thrampoulidis (arXiv:2402.05738) |
//! | [`transformer`] | Huang, Liang & Yang (arXiv:2409.17335) |
//! | [`chaos`] | Chen, Balasubramanian, Ghosal & Agrawalla (arXiv:2310.01687) |
//! | [`cnn`] | Zhang, Gao, Zou & Cao (arXiv:2504.08628) |
//! | [`frei`] | Frei, Vardi, Bartlett, Srebro & Hu (2022, arXiv:2210.07082) |
//! | [`benign`] | Karhadkar, George, Murray, Montúfar & Needell (2024, arXiv:2403.06903) |
//! | [`adam`] | Zhang, Zou & Cao (NeurIPS 2024, arXiv:2406.10650) |
//! | [`alignment`] | Min, Mallada & Vidal (ICLR 2024, arXiv:2307.12851) |
//! | [`simplicity`] | Tsoy & Konstantinov (ICML 2024, arXiv:2405.17299) |
//!
//! Each binary states its claim, setting and expected outcome, and runs its study. Their flags are
//! the same: `--help` lists them. To add one, write a function that returns a
//! [`Study`](implicit_bias_lab::study::Study) and a binary that passes it to
//! [`study::main`](implicit_bias_lab::study::main).

pub mod adam;
pub mod alignment;
pub mod any_network;
pub mod attention;
pub mod benign;
pub mod chaos;
pub mod cnn;
pub mod frei;
pub mod kou;
pub mod simplicity;
#[cfg(test)]
mod testing;
pub mod transformer;

use implicit_bias_lab::study::System;

/// The systems that `reproduce` knows; the first is its default.
pub const SYSTEMS: &[System] = &[
    kou::SYSTEM,
    frei::SYSTEM,
    benign::SYSTEM,
    alignment::SYSTEM,
    adam::SYSTEM,
    cnn::SYSTEM,
    chaos::SYSTEM,
    simplicity::SYSTEM,
    attention::SYSTEM,
    transformer::SYSTEM,
];
