//! The networks that users choose by name, a file each.

mod convolution;
mod deep;
mod linear;
mod multi_class;
mod one_sign;
mod two_layer;
mod two_layer_both;

pub use convolution::{Convolution, ConvolutionArchitecture, PATCHES};
pub use deep::{DEPTH, DeepArchitecture};
pub use linear::{Linear, LinearArchitecture};
pub use multi_class::{
    CLASSES, MultiClass, MultiClassArchitecture, MultiClassConfig, class_labels,
};
pub use one_sign::{OneSign, OneSignArchitecture};
pub use two_layer::{OUTPUT_WEIGHT, TwoLayer, TwoLayerArchitecture, TwoLayerConfig, WIDTH};
pub use two_layer_both::TwoLayerBothArchitecture;
