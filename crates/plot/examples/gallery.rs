//! Every kind of layer on two figures: `cargo run -p implicit-bias-plot --example gallery --
//! FOLDER`.

use std::path::PathBuf;

use implicit_bias_plot::{
    Axis, Cells, Colour, Dash, Figure, Layer, Panel, Picture, Pictures, Scale, Style, Tint,
};

/// Steps 1 to 10⁴, twenty a decade.
fn steps() -> impl Iterator<Item = f64> {
    (0..=80).map(|k| 10_f64.powf(f64::from(k) / 20.0))
}

fn curves() -> Figure {
    let law =
        |power: f64| -> Vec<[f64; 2]> { steps().map(|t| [t, (1.0 + t).powf(-power)]).collect() };
    let band = steps().map(|t| [t, 0.7 / t.sqrt(), 1.4 / t.sqrt()]);
    let losses = vec![
        Layer::Band {
            points: band.collect(),
            style: Style::of(1),
        },
        Layer::curve("power 1/2", law(0.5), Style::of(0).with_marker(0)),
        Layer::curve("power 1", law(1.0), Style::of(1).with_dash(Dash::Dashed)),
        Layer::Guide {
            label: "slope −1".into(),
            points: [1.0, 1e4].map(|t| [t, 3.0 / t]).to_vec(),
        },
        Layer::Event {
            label: "hand-over".into(),
            at: 300.0,
        },
    ];
    let bundle = (0..12).map(|k| {
        let end = 1.0 + 0.02 * f64::from(k);
        steps().map(|t| [t, end - 1.0 / (1.0 + t.ln())]).collect()
    });
    let margins = vec![
        Layer::Bundle {
            label: "twelve samples".into(),
            curves: bundle.collect(),
            names: Vec::new(),
            style: Style::of(2),
        },
        Layer::level("limit", 1.1, Style::reference()),
        Layer::Points {
            label: "with bars".into(),
            points: vec![[3.0, 0.3], [30.0, 0.6], [300.0, 0.7]],
            errors: vec![[0.2, 0.4], [0.5, 0.7], [0.65, 0.75]],
            joined: true,
            style: Style {
                colour: Colour::Kind(3),
                ..Style::of(3)
            },
        },
    ];
    let panels = vec![
        Panel::new(Axis::log("step t"), Axis::log("loss"), losses).with_title("laws"),
        Panel::new(Axis::log("step t"), Axis::linear("margin"), margins).with_title("samples"),
    ];
    Figure::new(
        "curves",
        "Curves, bands, guides, events, bundles and points",
        panels,
    )
}

fn cells() -> Figure {
    let ratios = [0.1, 1.0, 10.0];
    let slopes = [0.0, 0.25, 0.5, 0.75];
    let value = |slope: f64, ratio: f64| 1.0 + (1.0 - slope) / (1.0 + ratio);
    let map = Cells {
        label: "stable rank".into(),
        x: Cells::edges(&ratios, Scale::Log10),
        y: Cells::edges(&slopes, Scale::Linear),
        values: slopes
            .map(|slope| ratios.map(|ratio| value(slope, ratio)).to_vec())
            .to_vec(),
        range: [1.0, 2.0],
        decimals: 2,
        boundary: Some((3.0, ["correlated".into(), "orthogonal".into()])),
    };
    let matrix = (0..6)
        .map(|i| (0..6).map(|j| f64::from(i * j % 7)).collect())
        .collect();
    let panels = vec![
        Panel::new(
            Axis::log("ratio"),
            Axis::linear("slope").with_range(-0.13, 1.0),
            vec![Layer::Cells(map)],
        ),
        Panel::new(
            Axis::linear("column"),
            Axis::linear("row"),
            vec![Layer::Matrix {
                label: "entry".into(),
                values: matrix,
            }],
        ),
    ];
    Figure::new("cells", "Heat maps", panels)
}

fn pictures() -> Figure {
    let picture = |k: usize| Picture {
        width: 12,
        values: (0..144)
            .map(|p| ((p % 12) as f64 - 6.0) * ((p / 12 + k) as f64 * 0.5).cos())
            .collect(),
    };
    let rows = vec![("first".into(), (0..4).map(picture).collect())];
    let layer = Layer::Pictures(Pictures {
        rows,
        columns: ["a", "b", "c", "d"].map(String::from).to_vec(),
        tint: Tint::Diverging,
    });
    let panel = Panel::new(Axis::default(), Axis::default(), vec![layer]);
    Figure::new("pictures", "Small pictures", vec![panel])
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder: PathBuf = std::env::args().nth(1).ok_or("expected a FOLDER")?.into();
    std::fs::create_dir_all(&folder)?;
    for figure in [curves(), cells(), pictures()] {
        let path = folder.join(format!("{}.svg", figure.name));
        std::fs::write(&path, figure.render()?)?;
        println!("{}", path.display());
    }
    Ok(())
}
