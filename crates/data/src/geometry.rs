use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use implicit_bias_algebra::{MatRef, singular_values};
use ndarray::{ArrayView2, Axis};
use serde::{Serialize, Serializer};

use crate::labelled::Labelled;
use crate::room::missing_room;
use crate::threads::threads;

/// How many samples of each class there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ClassSizes {
    /// Labels ±1.
    Signs {
        /// Number of samples labelled `+1`.
        positive: usize,
        /// Number of samples labelled `−1`.
        negative: usize,
    },
    /// Several classes.
    Classes {
        /// The number of samples of each class.
        class_sizes: Vec<usize>,
    },
}

impl ClassSizes {
    fn of(data: &impl Labelled) -> Self {
        let mut class_sizes = vec![0; data.class_count()];
        for class in data.class_numbers() {
            class_sizes[class] += 1;
        }
        match class_sizes.as_slice() {
            &[positive, negative] if data.has_signs() => Self::Signs { positive, negative },
            _ => Self::Classes { class_sizes },
        }
    }
}

impl fmt::Display for ClassSizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signs { positive, negative } => write!(f, "{positive} of +1, {negative} of -1"),
            Self::Classes { class_sizes } => {
                let (least, most) = (class_sizes.iter().min(), class_sizes.iter().max());
                let [least, most] = [least, most].map(|size| size.copied().unwrap_or(0));
                let count = class_sizes.len();
                match most - least {
                    0 => write!(f, "{count} of {most} samples"),
                    _ => write!(f, "{count} of {least} to {most} samples"),
                }
            }
        }
    }
}

/// How nearly orthogonal labelled samples are.
///
/// The theorems of Kou, Chen and Gu (2023) ask for `‖x_i‖² ≥ C n p` for every sample, that
/// is, for a large [`ratio`](Self::ratio), and for a bounded [`norm_ratio`](Self::norm_ratio).
/// Their conclusions often hold far below the constant `C` of the proofs, so the numbers are
/// reported and not judged.
///
/// Infinite values serialize as null, as does a rank that was not computed.
///
/// ```
/// use implicit_bias_data::{Dataset, Geometry};
/// use ndarray::array;
///
/// let data = Dataset::new(array![[3.0, 4.0], [1.0, 0.0]], array![1.0, -1.0])?;
/// let geometry = Geometry::of(&data);
/// assert_eq!((geometry.r_min, geometry.r_max, geometry.p), (1.0, 5.0, 3.0));
/// assert_eq!(geometry.ratio, 1.0 / (2.0 * 3.0));
/// # Ok::<(), implicit_bias_data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Geometry {
    /// Number of samples `n`.
    pub n: usize,
    /// Dimension `d`.
    pub d: usize,
    /// The numbers of samples of the classes.
    #[serde(flatten)]
    pub class_sizes: ClassSizes,
    /// Smallest norm, `R_min = min_i ‖x_i‖`.
    pub r_min: f64,
    /// Largest norm, `R_max = max_i ‖x_i‖`.
    pub r_max: f64,
    /// `R_max / R_min`; infinite when a sample is zero.
    #[serde(serialize_with = "finite_or_null")]
    pub norm_ratio: f64,
    /// Largest inner product of two samples, `p = max_{i≠k} |⟨x_i, x_k⟩|`.
    pub p: f64,
    /// Near-orthogonality ratio `R_min² / (n p)`; 0 when a sample is zero, otherwise infinite
    /// when `p = 0`.
    #[serde(serialize_with = "finite_or_null")]
    pub ratio: f64,
    /// Numerical rank of `X`: how many singular values exceed `max(n, d) · ε · σ_max`, with
    /// `ε = 2^−52`.
    ///
    /// `None` when `min(n, d)² · max(n, d) > 4 · 10¹¹`, where the decomposition would take
    /// many minutes.
    pub rank: Option<usize>,
}

impl Geometry {
    /// Measures a data set, in `O(n² d)` time and, but for the rank, `O(n + d)` memory.
    pub fn of(data: &impl Labelled) -> Self {
        Self::without_rank(data).with_rank(data)
    }

    /// The same numbers with the rank of `data`, whose decomposition takes the most memory; none
    /// where that would take too long or is not free.
    #[must_use]
    pub fn with_rank(mut self, data: &impl Labelled) -> Self {
        self.rank = numerical_rank(data.x().view());
        self
    }

    /// Measures all but the rank.
    pub fn without_rank(data: &impl Labelled) -> Self {
        Self::watched(data, &mut |_| {})
    }

    /// Measures all but the rank, on all cores where that pays; `watcher` is told the fraction
    /// done.
    pub fn watched(data: &impl Labelled, watcher: &mut dyn FnMut(f64)) -> Self {
        let x = data.x().view();
        let (n, d) = x.dim();
        let norms = x.outer_iter().map(|sample| sample.dot(&sample).sqrt());
        let (r_min, r_max) = norms.fold((f64::INFINITY, 0.0_f64), |(low, high), norm| {
            (low.min(norm), high.max(norm))
        });
        let p = largest_inner_product(x, watcher);
        Self {
            n,
            d,
            class_sizes: ClassSizes::of(data),
            r_min,
            r_max,
            norm_ratio: if r_min == 0.0 {
                f64::INFINITY
            } else {
                r_max / r_min
            },
            p,
            ratio: if r_min == 0.0 {
                0.0
            } else {
                r_min * r_min / (n as f64 * p)
            },
            rank: None,
        }
    }
}

/// Samples in a tile of `X Xᵀ`, which as a whole may not fit in memory.
const TILE: usize = 256;

/// `max_{i≠k} |⟨x_i, x_k⟩|`, tile by tile over the upper triangle of `X Xᵀ`.
///
/// A maximum does not depend on the order, so that threads change no bit of it.
fn largest_inner_product(x: ArrayView2<'_, f64>, watcher: &mut dyn FnMut(f64)) -> f64 {
    let rows: Vec<ArrayView2<'_, f64>> = x.axis_chunks_iter(Axis(0), TILE).collect();
    let pairs: Vec<(usize, usize)> = (0..rows.len())
        .flat_map(|i| (i..rows.len()).map(move |k| (i, k)))
        .collect();
    let next = AtomicUsize::new(0);
    let work = |watcher: &mut dyn FnMut(f64)| {
        let mut largest = 0.0_f64;
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(&(i, k)) = pairs.get(index) else {
                return largest;
            };
            // products: at most TILE×TILE
            let mut products = rows[i].dot(&rows[k].t());
            if i == k {
                products.diag_mut().fill(0.0);
            }
            largest = products
                .iter()
                .fold(largest, |largest, product| largest.max(product.abs()));
            watcher((index + 1) as f64 / pairs.len() as f64);
        }
    };
    // A thread costs more than a few tiles.
    let helpers = match pairs.len() {
        0..16 => 0,
        _ => threads() - 1,
    };
    std::thread::scope(|scope| {
        // Where the system gives no more threads, those that there are do the work.
        let helper = |_| {
            std::thread::Builder::new()
                .spawn_scoped(scope, || work(&mut |_| {}))
                .ok()
        };
        let helpers: Vec<_> = (0..helpers).map_while(helper).collect();
        let own = work(watcher);
        helpers
            .into_iter()
            .map(|helper| helper.join().expect("a product of matrices does not panic"))
            .fold(own, f64::max)
    })
}

fn numerical_rank(x: ArrayView2<'_, f64>) -> Option<usize> {
    const MOST_WORK: f64 = 4e11;
    let (n, d) = x.dim();
    let (short, long) = (n.min(d), n.max(d));
    let too_long = (short as f64).powi(2) * long as f64 > MOST_WORK;
    // The decomposition works on a copy, and on squares of the shorter side.
    let copies = long as u64 * short as u64 + 2 * short as u64 * short as u64;
    if too_long || missing_room(copies).is_some() {
        return None;
    }
    // σ(X) = σ(Xᵀ): row-major X read by columns is Xᵀ, d×n, without a copy.
    let transposed = MatRef::from_column_major_slice(x.to_slice()?, d, n);
    let tall = if d >= n {
        transposed
    } else {
        transposed.transpose()
    };
    let values = singular_values(tall).ok()?;
    let threshold = long as f64 * f64::EPSILON * values.first()?;
    Some(values.iter().filter(|&&value| value > threshold).count())
}

fn finite_or_null<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    value.is_finite().then_some(*value).serialize(serializer)
}

impl Geometry {
    /// Name, symbol and value of every number.
    fn rows(&self) -> [(&'static str, &'static str, String); 9] {
        let rank = self
            .rank
            .map_or_else(|| "not computed".to_owned(), |rank| rank.to_string());
        [
            ("samples", "n", self.n.to_string()),
            ("dimension", "d", self.d.to_string()),
            ("classes", "", self.class_sizes.to_string()),
            ("rank of X", "", rank),
            ("smallest norm", "R_min", significant(self.r_min)),
            ("largest norm", "R_max", significant(self.r_max)),
            ("norm ratio", "R_max/R_min", significant(self.norm_ratio)),
            ("largest inner product", "p", significant(self.p)),
            (
                "near-orthogonality ratio",
                "R_min²/(n p)",
                significant(self.ratio),
            ),
        ]
    }

    /// The table of the data as they are now, beside the geometry `before` a preparation.
    pub fn beside(&self, before: &Self) -> String {
        let mut text = format!("{:<40}{:<22}after\n", "", "before");
        for ((name, symbol, value), (_, _, earlier)) in self.rows().into_iter().zip(before.rows()) {
            text += &format!("{name:<26}{symbol:<14}{earlier:<22}{value}\n");
        }
        text + FOOTNOTE
    }
}

/// What the table is about.
const FOOTNOTE: &str = "\
The theorems ask for ‖x_i‖² ≥ C n p for every sample, \
that is, for a large near-orthogonality ratio;
their conclusions often hold far below the constant C of the proofs.";

impl fmt::Display for Geometry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, symbol, value) in self.rows() {
            writeln!(f, "{name:<26}{symbol:<14}{value}")?;
        }
        f.write_str(FOOTNOTE)
    }
}

/// Six significant digits, in scientific notation where the plain one would be long.
fn significant(value: f64) -> String {
    let exponent = value.abs().log10().floor();
    if value == 0.0 || !value.is_finite() {
        value.to_string()
    } else if (-4.0..6.0).contains(&exponent) {
        format!("{value:.*}", (5.0 - exponent) as usize)
    } else {
        format!("{value:.5e}")
    }
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;
    use ndarray::{Array1, Array2, array, concatenate};
    use proptest::prelude::*;

    use super::*;
    use crate::Dataset;
    use crate::random::{Stream, gaussian_matrix};

    /// Alternating labels, which the measured numbers do not depend on.
    fn geometry(x: Array2<f64>) -> Geometry {
        let y = Array1::from_shape_fn(x.nrows(), |i| if i % 2 == 0 { 1.0 } else { -1.0 });
        Geometry::of(&Dataset::new(x, y).unwrap())
    }

    fn gaussian(n: usize, d: usize, seed: u64) -> Array2<f64> {
        gaussian_matrix(n, d, 1.0, seed, Stream::Noise).unwrap()
    }

    /// The orthogonal factor of a Gaussian matrix, by Gram–Schmidt twice over.
    fn rotation(d: usize, seed: u64) -> Array2<f64> {
        let mut q = gaussian(d, d, seed);
        for i in (0..d).chain(0..d) {
            for k in 0..i {
                let other = q.row(k).to_owned();
                let overlap = q.row(i).dot(&other);
                q.row_mut(i).scaled_add(-overlap, &other);
            }
            let norm = q.row(i).dot(&q.row(i)).sqrt();
            q.row_mut(i).mapv_inplace(|entry| entry / norm);
        }
        q
    }

    #[test]
    fn three_samples_by_hand() {
        let measured = geometry(array![[3.0, 4.0, 0.0], [0.0, 2.0, 0.0], [-1.0, 0.0, 2.0]]);
        let expected = Geometry {
            n: 3,
            d: 3,
            class_sizes: ClassSizes::Signs {
                positive: 2,
                negative: 1,
            },
            r_min: 2.0,
            r_max: 5.0,
            norm_ratio: 2.5,
            p: 8.0,
            ratio: 4.0 / 24.0,
            rank: Some(3),
        };
        assert_eq!(measured, expected);
    }

    #[test]
    fn a_negative_product_counts_by_its_size() {
        assert_eq!(geometry(array![[2.0, 0.0], [-3.0, 1.0]]).p, 6.0);
    }

    #[test]
    fn a_zero_sample_makes_the_ratio_zero() {
        let measured = geometry(array![[0.0, 0.0], [1.0, 0.0]]);
        assert_eq!((measured.ratio, measured.norm_ratio), (0.0, f64::INFINITY));
        assert_eq!(
            (measured.p, measured.r_min, measured.rank),
            (0.0, 0.0, Some(1))
        );
        assert_eq!(geometry(Array2::zeros((3, 2))).rank, Some(0));
    }

    #[test]
    fn orthogonal_samples_have_an_infinite_ratio_that_serializes_as_null() {
        let measured = geometry(array![[1.0, 0.0], [0.0, 2.0]]);
        assert_eq!(measured.ratio, f64::INFINITY);
        let json = serde_json::to_value(&measured).unwrap();
        assert!(json["ratio"].is_null());
        assert_eq!(json["norm_ratio"], 2.0);
        for key in [
            "n", "d", "r_min", "r_max", "p", "rank", "positive", "negative",
        ] {
            assert!(json[key].is_number(), "{key}");
        }
    }

    #[test]
    fn tiles_see_every_pair() {
        // 600 samples are three tiles a side, 1500 are six, which several threads share; one large
        // product is planted in each tile in turn.
        for (i, k) in [
            (3, 200),
            (10, 300),
            (255, 256),
            (0, 599),
            (300, 511),
            (512, 599),
        ] {
            for n in [600, 1500] {
                let mut x = gaussian(n, 8, 2);
                x.row_mut(i)
                    .assign(&array![50.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
                x.row_mut(k)
                    .assign(&array![-40.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
                assert_eq!(geometry(x).p, 2000.0, "pair {i}, {k}");
            }
        }
    }

    #[test]
    fn rank_of_products_of_thin_factors() {
        for (n, d, rank) in [(9, 30, 4), (30, 9, 4), (12, 12, 1), (6, 40, 6), (40, 6, 6)] {
            let x = gaussian(n, rank, 1).dot(&gaussian(rank, d, 2));
            assert_eq!(geometry(x).rank, Some(rank), "{n}×{d}");
        }
        let repeated = concatenate![Axis(0), gaussian(5, 20, 3), 2.0 * gaussian(5, 20, 3)];
        assert_eq!(geometry(repeated).rank, Some(5));
    }

    #[test]
    fn a_rank_that_would_take_too_long_is_left_out() {
        let one = array![[1.0]];
        assert_eq!(
            numerical_rank(one.broadcast((10_000, 10_000)).unwrap()),
            None
        );
    }

    #[test]
    fn the_table_is_aligned_and_explains_itself() {
        let x = concatenate![Axis(0), array![[3.0, 4.0]], array![[1e-7, 0.0]]];
        let text = geometry(x).to_string();
        let expected = "\
samples                   n             2
dimension                 d             2
classes                                 1 of +1, 1 of -1
rank of X                               2
smallest norm             R_min         1.00000e-7
largest norm              R_max         5.00000
norm ratio                R_max/R_min   5.00000e7
largest inner product     p             3.00000e-7
near-orthogonality ratio  R_min²/(n p)  1.66667e-8
The theorems ask for ‖x_i‖² ≥ C n p for every sample, \
that is, for a large near-orthogonality ratio;
their conclusions often hold far below the constant C of the proofs.";
        assert_eq!(text, expected);
    }

    #[test]
    fn six_digits() {
        let shown = [0.0, 1.0, 123.4567, 999_999.6, 0.000_123, 1e6, f64::INFINITY].map(significant);
        assert_eq!(
            shown,
            [
                "0",
                "1.00000",
                "123.457",
                "1000000",
                "0.000123000",
                "1.00000e6",
                "inf"
            ]
        );
    }

    proptest! {
        #[test]
        fn agrees_with_brute_force(n in 2_usize..12, d in 1_usize..12, seed: u64) {
            let x = gaussian(n, d, seed);
            let measured = geometry(x.clone());
            let product = |i: usize, k: usize| (0..d).map(|j| x[[i, j]] * x[[k, j]]).sum::<f64>();
            let mut p = 0.0_f64;
            let mut norms: Vec<f64> = (0..n).map(|i| product(i, i).sqrt()).collect();
            for i in 0..n {
                for k in (0..n).filter(|&k| k != i) {
                    p = p.max(product(i, k).abs());
                }
            }
            norms.sort_by(f64::total_cmp);
            assert_relative_eq!(measured.p, p, max_relative = 1e-12);
            assert_relative_eq!(measured.r_min, norms[0], max_relative = 1e-12);
            assert_relative_eq!(measured.r_max, norms[n - 1], max_relative = 1e-12);
            let ratio = norms[0].powi(2) / (n as f64 * p);
            assert_relative_eq!(measured.ratio, ratio, max_relative = 1e-12);
            prop_assert_eq!(measured.rank, Some(n.min(d)));
        }

        #[test]
        fn rotations_and_permutations_change_nothing(
            n in 2_usize..10, d in 1_usize..10, seed: u64, shift in 0_usize..10,
        ) {
            let x = gaussian(n, d, seed);
            let before = geometry(x.clone());
            let (first, second) = x.view().split_at(Axis(0), shift % n);
            let permuted = concatenate![Axis(0), second, first];
            for after in [geometry(x.dot(&rotation(d, seed ^ 1))), geometry(permuted)] {
                assert_relative_eq!(after.r_min, before.r_min, max_relative = 1e-10);
                assert_relative_eq!(after.r_max, before.r_max, max_relative = 1e-10);
                assert_relative_eq!(after.p, before.p, max_relative = 1e-10);
                prop_assert_eq!(after.rank, before.rank);
            }
        }
    }
}
