//! What is recorded of the neurons of a hidden layer: their sets, directions and balance.

use ndarray::{Array1, Array2, ArrayView1};

/// Pairs of samples are compared where that takes at most so many operations.
const MAX_PAIR_OPERATIONS: f64 = 1e9;

/// Steps of the power iteration for the line of a class, at most.
const POWER_STEPS: usize = 200;

/// A sum of samples of so small a share of the sum of their norms has no direction.
const VANISHES: f64 = 1e-12;

/// The columns of the neurons `w_j`, the rows of `hidden`, `[m, d]`, with outer weights `v_j`, on
/// samples in the rows of `x`, `[n, d]`, with labels `y_i = ±1`.
///
/// | column | over all neurons |
/// |---|---|
/// | `neurons_plus`, `neurons_minus` | how many are active, `⟨w_j, x_i⟩ > 0`, on the samples of that label and on no other: the sets `S₊` and `S₋` |
/// | `neurons_dead` | how many are active on no sample |
/// | `neurons_other` | how many are none of these |
/// | `neurons_misplaced` | how many are neither dead nor in the set of the sign of `v_j` |
/// | `own_centre_cosine_min`, `…_mean` | cosine of `w_j` with the sum of the samples whose label is the sign of `v_j`; dead neurons are left out |
/// | `imbalance` | `max_j |‖w_j‖² − v_j²|` |
/// | `axis_angle_50`, `…_95`, `…_max` | quantiles of the angle to the nearest coordinate axis, in radians |
/// | `line_angle_50`, `…_95`, `…_max` | the same of the angle between the line of `w_j` and that of its class, the principal direction of the samples whose label is the sign of `v_j` |
/// | `signed_cosine_min` | `μ = min cos(y_i x_i, y_k x_k)` over pairs of samples |
/// | `class_cosine_min` | `min cos(x_i, x_k)` over pairs of samples of one label |
///
/// Angles and cosines of neurons that are zero are left out; a column of which nothing is left is
/// `NaN`.
pub(crate) fn neuron_columns(
    hidden: &Array2<f64>,
    outer: &Array1<f64>,
    x: &Array2<f64>,
    labels: &[f64],
) -> Vec<(String, f64)> {
    let classes = [1.0, -1.0].map(|sign| Class::new(x, labels, sign));
    let mut counts = [0_usize; 5];
    let (mut cosines, mut axis_angles, mut line_angles) = (Vec::new(), Vec::new(), Vec::new());
    let mut imbalance = 0.0_f64;
    for (w, &v) in hidden.rows().into_iter().zip(outer) {
        let set = set_of(x, labels, w);
        counts[set as usize] += 1;
        let own = match v {
            v if v > 0.0 => Set::Plus,
            v if v < 0.0 => Set::Minus,
            _ => Set::Dead,
        };
        counts[4] += usize::from(set != Set::Dead && set != own);
        imbalance = imbalance.max((w.dot(&w) - v * v).abs());
        let Some(unit) = unit(w) else {
            continue;
        };
        axis_angles.push(axis_angle(&unit));
        if v != 0.0 {
            let class = &classes[usize::from(v < 0.0)];
            line_angles.extend(class.line.as_ref().map(|line| line_angle(&unit, line)));
            let is_alive = set != Set::Dead;
            let cosine = class.centre.as_ref().map(|centre| unit.dot(centre));
            cosines.extend(cosine.filter(|_| is_alive));
        }
    }
    let names = ["plus", "minus", "dead", "other", "misplaced"];
    let mut columns: Vec<(String, f64)> = names
        .iter()
        .zip(counts)
        .map(|(name, count)| (format!("neurons_{name}"), count as f64))
        .collect();
    let mut put = |name: &str, value: f64| columns.push((name.to_owned(), value));
    let least = cosines.iter().copied().reduce(f64::min);
    put("own_centre_cosine_min", least.unwrap_or(f64::NAN));
    let mean = cosines.iter().sum::<f64>() / cosines.len() as f64;
    put("own_centre_cosine_mean", mean);
    put("imbalance", imbalance);
    for (name, angles) in [("axis", &mut axis_angles), ("line", &mut line_angles)] {
        angles.sort_unstable_by(f64::total_cmp);
        for (part, share) in [("50", 0.5), ("95", 0.95), ("max", 1.0)] {
            put(&format!("{name}_angle_{part}"), quantile(angles, share));
        }
    }
    let [signed, of_class] = cosines_min(x, labels);
    put("signed_cosine_min", signed);
    put("class_cosine_min", of_class);
    columns
}

/// Where a neuron is, by the samples on which it is active.
#[derive(Clone, Copy, PartialEq)]
enum Set {
    Plus,
    Minus,
    Dead,
    Other,
}

fn set_of(x: &Array2<f64>, labels: &[f64], w: ArrayView1<'_, f64>) -> Set {
    let (mut any, mut is_plus, mut is_minus) = (false, true, true);
    for (sample, &label) in x.rows().into_iter().zip(labels) {
        let active = sample.dot(&w) > 0.0;
        any |= active;
        is_plus &= active == (label > 0.0);
        is_minus &= active == (label < 0.0);
    }
    match (any, is_plus, is_minus) {
        (false, ..) => Set::Dead,
        (true, true, _) => Set::Plus,
        (true, _, true) => Set::Minus,
        _ => Set::Other,
    }
}

/// The samples of a label.
struct Class {
    /// The direction of their sum; `None` where that is zero, or there is none.
    centre: Option<Array1<f64>>,
    /// The principal direction of the samples, up to its sign.
    line: Option<Array1<f64>>,
}

impl Class {
    fn new(x: &Array2<f64>, labels: &[f64], sign: f64) -> Self {
        let rows: Vec<usize> = (0..labels.len()).filter(|&i| labels[i] == sign).collect();
        let samples = x.select(ndarray::Axis(0), &rows);
        let sum = samples.sum_axis(ndarray::Axis(0));
        let norms: f64 = samples.rows().into_iter().map(|x| x.dot(&x).sqrt()).sum();
        // Of opposite samples rounding is left.
        let vanishes = sum.dot(&sum).sqrt() <= VANISHES * norms;
        Self {
            centre: unit(sum.view()).filter(|_| !vanishes),
            line: principal_direction(&samples),
        }
    }
}

/// The largest right singular vector of `x`, by power iteration from its longest row.
fn principal_direction(x: &Array2<f64>) -> Option<Array1<f64>> {
    let rows = x.rows().into_iter();
    let longest = rows.max_by(|a, b| a.dot(a).total_cmp(&b.dot(b)))?;
    let mut direction = unit(longest)?;
    for _ in 0..POWER_STEPS {
        let next = unit(x.t().dot(&x.dot(&direction)).view())?;
        let moved = &next - &direction;
        direction = next;
        if moved.dot(&moved) < 1e-28 {
            break;
        }
    }
    Some(direction)
}

/// `w/‖w‖` without underflow of squares; `None` for zero.
fn unit(w: ArrayView1<'_, f64>) -> Option<Array1<f64>> {
    let largest = w.iter().fold(0.0, |most: f64, w| most.max(w.abs()));
    if !(largest > 0.0 && largest.is_finite()) {
        return None;
    }
    let scaled = w.mapv(|w| w / largest);
    let norm = scaled.dot(&scaled).sqrt();
    Some(scaled / norm)
}

/// The angle of a unit vector with the nearest coordinate axis, accurate where it is small.
fn axis_angle(unit: &Array1<f64>) -> f64 {
    let largest = unit.iter().fold(0.0, |most: f64, w| most.max(w.abs()));
    let axis = unit.iter().position(|w| w.abs() == largest);
    let others = unit.iter().enumerate();
    let others = others.filter(|(index, _)| Some(*index) != axis);
    let squares: f64 = others.map(|(_, w)| w * w).sum();
    squares.sqrt().atan2(largest)
}

/// The angle between two lines through the origin, of unit vectors.
fn line_angle(unit: &Array1<f64>, line: &Array1<f64>) -> f64 {
    let along = unit.dot(line);
    let across = unit - &(line * along);
    across.dot(&across).sqrt().atan2(along.abs())
}

/// A quantile of sorted numbers, linear between them; `NaN` of none.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = share * last as f64;
    let (below, above) = (
        sorted[place as usize],
        sorted[(place as usize + 1).min(last)],
    );
    below + place.fract() * (above - below)
}

/// The smallest cosine of two signed samples, and of two samples of one label.
fn cosines_min(x: &Array2<f64>, labels: &[f64]) -> [f64; 2] {
    let [samples, dim] = [x.nrows(), x.ncols()].map(|size| size as f64);
    if samples * samples * dim > MAX_PAIR_OPERATIONS {
        return [f64::NAN; 2];
    }
    let rows = x.rows().into_iter().zip(labels);
    let units: Option<Vec<Array1<f64>>> =
        rows.map(|(row, &label)| Some(unit(row)? * label)).collect();
    let Some(units) = units else {
        return [f64::NAN; 2];
    };
    let mut least = [f64::NAN; 2];
    for (index, one) in units.iter().enumerate() {
        for (other, label) in units[..index].iter().zip(labels) {
            // `min` leaves out what is not a number.
            let cosine = one.dot(other);
            least[0] = least[0].min(cosine);
            if *label == labels[index] {
                least[1] = least[1].min(cosine);
            }
        }
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{arr1, arr2};

    fn columns(hidden: &Array2<f64>, outer: &[f64], x: &Array2<f64>, y: &[f64]) -> Columns {
        Columns(neuron_columns(hidden, &arr1(outer), x, y))
    }

    struct Columns(Vec<(String, f64)>);

    impl Columns {
        fn get(&self, name: &str) -> f64 {
            let found = self.0.iter().find(|(known, _)| known == name);
            found.expect("a column").1
        }
    }

    /// Two samples on the axes of the plane, each of its label; a neuron in each quadrant.
    #[test]
    fn a_neuron_in_each_quadrant_is_in_each_set() {
        let x = arr2(&[[1.0, 0.0], [0.0, 2.0]]);
        let hidden = arr2(&[
            [3.0, -1.0],
            [-1.0, 3.0],
            [-1.0, -1.0],
            [1.0, 1.0],
            [0.0, 0.0],
        ]);
        let outer = [1.0, 1.0, -1.0, -1.0, 0.0];
        let found = columns(&hidden, &outer, &x, &[1.0, -1.0]);
        for (name, count) in [
            ("neurons_plus", 1.0),
            ("neurons_minus", 1.0),
            ("neurons_dead", 2.0),
            ("neurons_other", 1.0),
            ("neurons_misplaced", 2.0),
        ] {
            assert_eq!(found.get(name), count, "{name}");
        }
        // The second neuron raises the score and points away from the first sample.
        let least = -1.0 / 10.0_f64.sqrt();
        assert!((found.get("own_centre_cosine_min") - least).abs() < 1e-15);
        assert_eq!(found.get("imbalance"), 9.0);
        assert_eq!(found.get("signed_cosine_min"), 0.0);
        assert!(found.get("class_cosine_min").is_nan());
        let quarter = std::f64::consts::FRAC_PI_4;
        assert!((found.get("axis_angle_max") - quarter).abs() < 1e-15);
        // Sorted: atan(1/3) twice, π/4 twice.
        let middle = 0.5 * ((1.0_f64 / 3.0).atan() + quarter);
        assert!((found.get("axis_angle_50") - middle).abs() < 1e-15);
    }

    /// Four clusters on two lines at an angle of 60°.
    #[test]
    fn the_line_of_a_class_goes_through_its_opposite_clusters() {
        let angle = std::f64::consts::FRAC_PI_3;
        let (c, s) = (angle.cos(), angle.sin());
        let x = arr2(&[[1.0, 0.0], [-2.0, 0.0], [c, s], [-c, -s]]);
        let tilt = 1e-9_f64;
        let hidden = arr2(&[[1.0, tilt], [-c, -s]]);
        let found = columns(&hidden, &[-1.0, 1.0], &x, &[-1.0, -1.0, 1.0, 1.0]);
        assert!((found.get("line_angle_max") - tilt).abs() < 1e-15);
        assert!((found.get("axis_angle_max") - (0.5 * angle)).abs() < 1e-12);
        let crossed = columns(&hidden, &[1.0, -1.0], &x, &[-1.0, -1.0, 1.0, 1.0]);
        assert!((crossed.get("line_angle_50") - angle).abs() < 1e-8);
        assert!((found.get("signed_cosine_min") + 1.0).abs() < 1e-15);
        assert!((found.get("class_cosine_min") + 1.0).abs() < 1e-15);
        let x = arr2(&[[1.0, 0.3], [-1.0, -0.3], [0.1, 0.7], [-0.1, -0.7]]);
        let opposite = columns(&hidden, &[-1.0, 1.0], &x, &[-1.0, -1.0, 1.0, 1.0]);
        assert!(opposite.get("own_centre_cosine_min").is_nan());
    }

    /// Angles and cosines do not know the scale, down to where squares underflow.
    #[test]
    fn tiny_neurons_have_directions() {
        let x = arr2(&[[1.0, 0.5], [0.2, -2.0], [0.7, 1.0]]);
        let y = [1.0, -1.0, 1.0];
        let hidden = arr2(&[[0.3, 0.1], [0.5, -0.9]]);
        let found = [1.0, 1e-60, 1e-250].map(|scale| {
            let outer = [0.5 * scale, -0.2 * scale];
            columns(&(&hidden * scale), &outer, &x, &y)
        });
        for name in [
            "own_centre_cosine_min",
            "axis_angle_95",
            "line_angle_95",
            "neurons_plus",
        ] {
            for other in &found[1..] {
                let apart = (found[0].get(name) - other.get(name)).abs();
                assert!(apart < 1e-14, "{name}: {apart:e}");
            }
        }
    }
}
