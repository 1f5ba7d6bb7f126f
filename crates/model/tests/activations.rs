//! Every activation of the list: derivatives, tensors against numbers, degrees, closed forms.

use burn::tensor::{Device, FloatDType, Tensor};
use implicit_bias_model::{
    ACTIVATIONS, ActivationKind, HUBERIZED_RELU, SMOOTHED_LEAKY_RELU, SharedActivation, to_tensor,
};
use implicit_bias_settings::Settings;

/// Every activation of the list at its defaults, and some at other parameters.
fn all() -> Vec<(&'static str, SharedActivation)> {
    let settings = |exponent: f64, threshold: f64, slope: f64| {
        Settings::default()
            .with("exponent", exponent)
            .with("threshold", threshold)
            .with("slope", slope)
    };
    let given = [
        Settings::default(),
        settings(1.5, 0.3, 0.0),
        settings(4.0, 2.5, 0.7),
    ];
    let make = |kind: &'static ActivationKind| {
        let made = given.iter().map(|settings| (kind.make)(settings).unwrap());
        made.map(move |activation| (kind.name, activation))
    };
    ACTIVATIONS.iter().flat_map(make).collect()
}

/// Numbers on both sides of every kink and near 0.
fn numbers() -> Vec<f64> {
    let sizes = [1e-9, 1e-4, 0.03, 0.21, 0.8, 1.7, 2.3, 6.0, 41.0, 800.0];
    sizes.into_iter().flat_map(|size| [size, -size]).collect()
}

#[test]
fn derivatives_are_those_of_finite_differences() {
    for (name, activation) in all() {
        for z in numbers() {
            let step = 1e-6 * z.abs();
            let difference = activation.apply(z + step) - activation.apply(z - step);
            let (found, exact) = (difference / (2.0 * step), activation.derivative(z));
            // Rounding leaves ε |φ|/step, the third derivative step²/6.
            let error = 1e-9 * exact.abs() + 4.0 * f64::EPSILON * activation.apply(z).abs() / step;
            assert!(
                (found - exact).abs() <= error,
                "{name} at {z}: {found}, {exact}"
            );
        }
        let nan = [activation.apply(f64::NAN), activation.derivative(f64::NAN)];
        assert!(nan[0].is_nan(), "{name}");
    }
}

#[test]
fn tensors_have_the_values_and_derivatives_of_numbers() {
    #[allow(deprecated)]
    let mut device = Device::ndarray();
    device
        .configure(FloatDType::F64)
        .expect("nothing else runs in this process");
    let device = device.autodiff();
    let z = ndarray::Array2::from_shape_vec((4, 5), numbers()).unwrap();
    for (name, activation) in all() {
        let input = to_tensor(&z, &device).require_grad();
        let values = activation.forward(input.clone());
        let gradient = input.grad(&values.clone().sum().backward()).unwrap();
        let listed = |tensor: Tensor<2>| -> Vec<f64> { tensor.into_data().iter().collect() };
        let derivatives = listed(activation.derivatives(input.clone()));
        let (values, gradient) = (listed(values), listed(gradient));
        for (index, z) in numbers().into_iter().enumerate() {
            let near = |found: f64, exact: f64| {
                // Of the terms that make it up: φ is about φ'(z) z near 0.
                assert!(
                    (found - exact).abs() <= 1e-14 * exact.abs(),
                    "{name}: {found}, {exact}"
                );
            };
            near(values[index], activation.apply(z));
            near(derivatives[index], activation.derivative(z));
            near(gradient[index], activation.derivative(z));
        }
    }
}

#[test]
fn degrees_are_those_of_the_values() {
    for (name, activation) in all() {
        let Some(degree) = activation.degree() else {
            let ratio = |z: f64| activation.apply(2.0 * z) / activation.apply(z);
            assert!(
                (ratio(0.2) - ratio(3.0)).abs() > 1e-3,
                "{name} is homogeneous"
            );
            continue;
        };
        for z in numbers() {
            let scaled = activation.apply(2.0 * z);
            assert_eq!(scaled, 2f64.powf(degree) * activation.apply(z), "{name}");
        }
    }
}

#[test]
fn the_closed_forms_of_smoothed_and_huberized_relu() {
    let smoothed = (SMOOTHED_LEAKY_RELU.make)(&Settings::default().with("slope", 0.25)).unwrap();
    for z in [-3.0f64, -0.5, 0.0, 0.7, 1.9, 2.1, 9.0] {
        let exact = 0.25 * z + 0.75 * ((1.0 + z.exp()) / 2.0).ln();
        assert!((smoothed.apply(z) - exact).abs() < 1e-15 * 10.0, "{z}");
    }
    assert_eq!(smoothed.derivative(0.0), 0.625);
    let settings = Settings::default()
        .with("exponent", 3)
        .with("threshold", 2.0);
    let huberized = (HUBERIZED_RELU.make)(&settings).unwrap();
    // z³/(3 κ²) up to κ, z − ⅔ κ above.
    assert_eq!(huberized.apply(-1.0), 0.0);
    assert!((huberized.apply(1.0) - 1.0 / 12.0).abs() < 1e-16);
    assert!((huberized.apply(2.0) - 2.0 / 3.0).abs() < 1e-15);
    assert!((huberized.apply(5.0) - (5.0 - 4.0 / 3.0)).abs() < 1e-15);
    assert_eq!(
        [0.0, 1.0, 2.0, 7.0].map(|z| huberized.derivative(z)),
        [0.0, 0.25, 1.0, 1.0]
    );
    let refused = (HUBERIZED_RELU.make)(&settings.with("exponent", 1.0)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "exponent: expected a finite number above 1, found 1"
    );
}

#[test]
fn far_slopes_are_those_of_the_values() {
    let mut found = 0;
    for kind in ACTIVATIONS {
        let activation = (kind.make)(&Settings::default()).unwrap();
        let Some(far) = activation.far_slopes() else {
            continue;
        };
        for (slope, z) in far.slopes.into_iter().zip([-1e9, 1e9]) {
            let measured = activation.apply(z) / z;
            assert!(
                (measured - slope).abs() < 1e-8,
                "{} {z}: {measured}",
                kind.name
            );
        }
        let [low, high] = far.bend;
        for (slope, z) in far.slopes.into_iter().zip([low - 1e-9, high + 1e-9]) {
            let off = (activation.derivative(z) - slope).abs();
            assert!(off < 0.01, "{} {z}: {off}", kind.name);
        }
        found += 1;
    }
    assert_eq!(found, ACTIVATIONS.len() - 1); // The quadratic one has none.
}

#[test]
fn relu_and_leaky_relu_alone_are_piecewise_linear() {
    let kinked = ACTIVATIONS.iter().filter(|kind| {
        let activation = (kind.make)(&Settings::default()).unwrap();
        activation.piecewise_linear().is_some()
    });
    let names: Vec<&str> = kinked.map(|kind| kind.name).collect();
    assert_eq!(names, ["relu", "leaky-relu"]);
}
