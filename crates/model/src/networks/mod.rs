//! The networks that users choose by name, a file each.

mod attention;
mod attention_logits;
mod attention_scores;
mod convolution;
mod deep;
mod linear;
mod multi_class;
mod one_sign;
mod quadratic;
mod transformer;
mod transformer_scores;
mod two_layer;
mod two_layer_both;

pub use attention::{Attention, AttentionArchitecture, DECODER, TOKENS};
pub use convolution::{Convolution, ConvolutionArchitecture, PATCHES};
pub use deep::{DEPTH, DeepArchitecture};
pub use linear::{Linear, LinearArchitecture};
pub use multi_class::{
    CLASSES, MultiClass, MultiClassArchitecture, MultiClassConfig, class_labels,
};
pub use one_sign::{OneSign, OneSignArchitecture};
pub use quadratic::{Quadratic, QuadraticArchitecture};
pub use transformer::{Transformer, TransformerArchitecture};
pub use two_layer::{OUTPUT_WEIGHT, TwoLayer, TwoLayerArchitecture, TwoLayerConfig, WIDTH};
pub use two_layer_both::{NEURONS, TwoLayerBoth, TwoLayerBothArchitecture};
