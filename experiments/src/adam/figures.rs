//! The gap of the margin over `‖w‖_∞`, both margins over their maxima, and the far horizon.

use implicit_bias_claims::ClaimId;
use implicit_bias_claims::adam::ids::{L2_MARGIN, LINF_MARGIN};
use implicit_bias_lab::study::StudyResult;
use implicit_bias_plot::{Axis, Dash, Figure, Layer, Panel, Style};

use super::runs::{FAR, GRADIENT, OTHERS, SIGN_LIKE};
use super::table::Laws;

/// Gaps below this are rounding.
const ROUNDING: f64 = 1e-12;

/// The curves of a law have so many points.
const POINTS: usize = 120;

pub(super) fn figures(results: &[StudyResult<'_>], laws: &[Laws<'_>]) -> Vec<Figure> {
    vec![
        gaps(results),
        sensitivities(results),
        shares(results),
        far(results, laws),
    ]
}

/// A margin over its maximum at each recorded step, by the claim about it.
fn share(result: &StudyResult<'_>, id: ClaimId) -> Vec<[f64; 2]> {
    let column = if id == LINF_MARGIN {
        "margin_linf_min"
    } else {
        "margin_min"
    };
    let claim = result.record.claims.iter().find(|claim| claim.id == id);
    let last = result.record.series.last(column);
    let maximum = last.zip(claim.and_then(|claim| claim.measured));
    let Some(maximum) = maximum.map(|(last, share)| last / share) else {
        return Vec::new();
    };
    let margins = result.record.series.column(column).unwrap_or_default();
    let rows = result.record.series.steps().into_iter().zip(margins);
    rows.map(|(step, margin)| [step, margin / maximum])
        .collect()
}

fn gap(result: &StudyResult<'_>, id: ClaimId) -> Vec<[f64; 2]> {
    let gaps = share(result, id).into_iter();
    let gaps = gaps.map(|[step, share]| [step, 1.0 - share]);
    // Before the samples are fitted the margin says nothing of its maximum.
    gaps.filter(|[step, gap]| *step >= 10.0 && *gap > ROUNDING && *gap < 1.0)
        .collect()
}

fn of_panel<'a, 'b>(
    results: &'a [StudyResult<'b>],
    panel: &'static str,
) -> impl Iterator<Item = &'a StudyResult<'b>> {
    results
        .iter()
        .filter(move |result| result.run.panel == panel)
}

/// One curve a run of Adam without `ε` and of sign descent, in two panels.
fn two_panels(
    results: &[StudyResult<'_>],
    y: &str,
    points: impl Fn(&StudyResult<'_>) -> Vec<[f64; 2]>,
) -> Vec<Panel> {
    let panel = |title: &str, is_large: bool| {
        let runs = of_panel(results, SIGN_LIKE)
            .filter(|result| result.run.label.ends_with("η = 1") == is_large);
        let curve = |(index, result): (usize, &StudyResult<'_>)| {
            Layer::curve(result.run.label.as_str(), points(result), Style::of(index))
        };
        let layers = runs.enumerate().map(curve).collect();
        Panel::new(Axis::log("step t"), Axis::log(y), layers).with_title(title)
    };
    vec![panel("η = 0.1 and constant", false), panel("η = 1", true)]
}

fn gaps(results: &[StudyResult<'_>]) -> Figure {
    let panels = two_panels(results, "1 − γ∞/γ∞*", |result| {
        gap(result, LINF_MARGIN)
    });
    Figure::new(
        "gap",
        "Adam without ε and sign descent: the gap to the maximum margin",
        panels,
    )
    .with_caption(
        "What the margin over ‖w‖_∞ lacks of its maximum, from the first step at which all samples \
         are fitted; both axes logarithmic, so that a power of t is a straight line.",
    )
    .sharing_y()
}

fn sensitivities(results: &[StudyResult<'_>]) -> Figure {
    let panels = two_panels(results, "distance of a twin", |result| {
        let distances = result
            .record
            .series
            .column("sensitivity")
            .unwrap_or_default();
        let rows = result.record.series.steps().into_iter().zip(distances);
        let shown = rows.filter(|(step, distance)| *step >= 1.0 && *distance > 0.0);
        shown.map(|(step, distance)| [step, distance]).collect()
    });
    Figure::new("sensitivity", "How far a twin parts", panels)
        .with_caption(
            "The distance of a twin that starts 10⁻¹⁰ away, relative to the initial weights, over \
             that first distance. It jumps where free coordinates of the solution begin to go to \
             and fro, and weights depend on rounding from there on.",
        )
        .sharing_y()
}

fn shares(results: &[StudyResult<'_>]) -> Figure {
    let panel = |panel: &'static str| {
        let mut layers = Vec::new();
        for (index, result) in of_panel(results, panel).enumerate() {
            let style = Style::of(index);
            let solid = Style {
                dash: Dash::Solid,
                ..style
            };
            let from = |id| -> Vec<[f64; 2]> {
                let points = share(result, id).into_iter();
                points
                    .filter(|[step, share]| *step >= 1.0 && *share > 0.0)
                    .collect()
            };
            let label = result.run.label.as_str();
            layers.push(Layer::curve(label, from(LINF_MARGIN), solid));
            let dashed = Style {
                marker: None,
                ..style
            }
            .with_dash(Dash::Dashed)
            .with_width(1.0);
            layers.push(Layer::curve("", from(L2_MARGIN), dashed));
        }
        layers.push(Layer::level("the maximum", 1.0, Style::reference()));
        let y = Axis::linear("margin over its maximum").with_range(0.0, 1.05);
        Panel::new(Axis::log("step t"), y, layers).with_title(panel)
    };
    Figure::new(
        "shares",
        "Gradient descent and Adam with ε end at the other maximum",
        vec![panel(GRADIENT), panel(OTHERS)],
    )
    .with_caption(
        "Solid: the margin over ‖w‖_∞ over its maximum. Dashed: that over ‖w‖₂. On ±1 data Adam on \
         one sample at a time goes to the maximum over ‖w‖₂, on all samples to that over ‖w‖_∞, \
         which is judged alone there.",
    )
    .sharing_y()
}

/// Steps against gaps, both as base-ten logarithms, to 10³⁰⁰.
fn far(results: &[StudyResult<'_>], laws: &[Laws<'_>]) -> Figure {
    let logarithms = |points: Vec<[f64; 2]>| -> Vec<[f64; 2]> {
        let points = points
            .into_iter()
            .filter(|[step, gap]| *step >= 10.0 && *gap > 0.0);
        points
            .map(|[step, gap]| [step.log10(), gap.log10()])
            .collect()
    };
    let mut layers = Vec::new();
    for (index, law) in laws.iter().enumerate() {
        let style = Style {
            marker: None,
            dash: Dash::Solid,
            ..Style::of(index)
        };
        let steps = gap(&law.result, LINF_MARGIN);
        let last = steps.last().map_or(1.0, |[step, _]| *step);
        layers.push(Layer::curve("", logarithms(steps), style.with_width(2.4)));
        let fractions = (0..=POINTS).map(|point| point as f64 / POINTS as f64);
        let by_law = fractions.filter_map(|fraction| {
            let step = 10_f64
                .powf(last.log10() + fraction * (300.0 - last.log10()))
                .min(1e300);
            Some([step, law.gap_at(step)?])
        });
        let label = law.result.run.label.as_str();
        layers.push(Layer::curve(
            label,
            logarithms(by_law.collect()),
            style.with_width(1.1),
        ));
    }
    for result in of_panel(results, FAR) {
        let style = Style::reference().with_width(1.6);
        let label = "gradient descent, γ₂";
        layers.push(Layer::curve(
            label,
            logarithms(gap(result, L2_MARGIN)),
            style,
        ));
    }
    let x = Axis::linear("log₁₀ t").with_range(0.0, 300.0);
    let panel = Panel::new(x, Axis::linear("log₁₀ of the gap"), layers);
    Figure::new("far", "To 10³⁰⁰ steps", vec![panel]).with_caption(
        "The gap to the maximum margin, over ‖w‖_∞ of Adam and sign descent and over ‖w‖₂ of \
         gradient descent; powers of t are straight lines. Thick: steps. Thin: the law from \
         the last state, (γ∞* − γ∞) ‖w‖_∞ = K (derived). Gradient descent: steps in Gram \
         coordinates, then log time.",
    )
}
