use ndarray::Array2;

/// Samples of which each has a class: labels ±1, or one of several classes.
pub trait Labelled {
    /// The samples `X`, `n × d`, one a row, in row-major layout.
    fn x(&self) -> &Array2<f64>;

    /// The class of each sample, counted from 0. Of labels ±1 the class of `+1` is 0.
    fn class_numbers(&self) -> Vec<usize>;

    /// The number of classes.
    fn class_count(&self) -> usize;

    /// Whether the classes are the labels ±1.
    fn has_signs(&self) -> bool;
}
