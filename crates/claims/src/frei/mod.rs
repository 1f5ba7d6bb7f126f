//! Frei, Vardi, Bartlett, Srebro & Hu (2022): leaky ReLU networks on nearly orthogonal samples have
//! low rank soon and for ever.

pub mod ids;
mod limit;
mod rank;
mod theory;

#[cfg(test)]
mod tests;

pub use theory::THEORY;
