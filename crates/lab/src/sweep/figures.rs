//! A sweep drawn: lines over one number, heat maps over two.

use std::collections::HashMap;

use toml::Value;

use super::plan::{Sweep, SweepRun};
use super::quantity::{Quantity, of_column, standard};
use super::table::{SweepTable, plain};
use crate::LabError;
use implicit_bias_plot::{Axis, Cells, Figure, Layer, Panel, Scale, Style};

/// Most panels of a heat map, and most curves of a line figure: past this nobody tells them apart.
const MOST: usize = 6;

/// A key that varies, with its values as numbers if all of them are.
struct Key<'a> {
    index: usize,
    name: &'a str,
    /// Rising.
    numbers: Option<Vec<f64>>,
}

fn number(run: &SweepRun, key: usize) -> Option<f64> {
    match run.values()[key].as_ref()? {
        Value::Integer(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        // Steps may be written as text, `"1e6"`.
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
    .filter(|number: &f64| number.is_finite())
}

/// The keys with more than one value. Seeds are what is averaged over, unless nothing else varies.
fn keys(sweep: &Sweep) -> Vec<Key<'_>> {
    let key = |index: usize| -> Key<'_> {
        let numbers: Option<Vec<f64>> = sweep.runs().iter().map(|run| number(run, index)).collect();
        let numbers = numbers.map(|mut numbers| {
            numbers.sort_by(f64::total_cmp);
            numbers.dedup();
            numbers
        });
        let name = &sweep.keys()[index];
        Key {
            index,
            name,
            numbers,
        }
    };
    let varies = |key: &Key<'_>| {
        let first = &sweep.runs()[0].values()[key.index];
        sweep
            .runs()
            .iter()
            .any(|run| run.values()[key.index] != *first)
    };
    let keys = (0..sweep.keys().len()).map(key).filter(varies);
    let (seeds, others): (Vec<_>, Vec<_>) = keys.partition(|key| key.name == "seed");
    if others.iter().any(|key| key.numbers.is_some()) {
        others
    } else {
        others.into_iter().chain(seeds).collect()
    }
}

/// The figures of a sweep, those of the columns asked for first; none where nothing that varies is a
/// number, or where too much does.
///
/// # Errors
///
/// [`LabError::Config`] for a column that is none of numbers.
pub(super) fn figures(
    sweep: &Sweep,
    table: &SweepTable<'_>,
    columns: &[String],
) -> Result<Vec<Figure>, LabError> {
    let asked = columns.iter().map(|column| of_column(table, column));
    let asked: Vec<Quantity> = asked.collect::<Result<_, _>>()?;
    let keys = keys(sweep);
    let (mut numbers, mut others): (Vec<_>, Vec<_>) =
        keys.into_iter().partition(|key| key.numbers.is_some());
    // The two with the most values are the axes; what else varies tells panels or curves apart.
    numbers.sort_by_key(|key| std::cmp::Reverse(key.numbers.as_ref().map_or(0, Vec::len)));
    if numbers.len() > 2 {
        others.extend(numbers.split_off(2));
    }
    let Some((kinds, kind)) = kinds_of(sweep, &others) else {
        return Ok(Vec::new());
    };
    let seeds = sweep.keys().iter().any(|key| key == "seed");
    let averaged = seeds && !numbers.iter().chain(&others).any(|key| key.name == "seed");
    let drawn = |quantity: &Quantity| {
        if !quantity.values.iter().any(|value| value.is_finite()) {
            return None;
        }
        let points = Points::new(sweep, &kind, &numbers, &quantity.values);
        let panels = match numbers.as_slice() {
            [x] => vec![lines(quantity, x, &kinds, &points, averaged)],
            [x, y] => heat_maps(quantity, [x, y], &kinds, &points),
            _ => return None,
        };
        let spread = match (averaged, numbers.len()) {
            (false, _) => "",
            (true, 1) => "Means over seeds; bars reach from the smallest to the largest value.",
            (true, _) => "Means over seeds.",
        };
        let figure = Figure::new(quantity.name.clone(), quantity.title.clone(), panels);
        Some(figure.with_caption(spread))
    };
    Ok(asked
        .iter()
        .chain(&standard(table))
        .filter_map(drawn)
        .collect())
}

/// What tells runs apart besides the axes, in words, and which of that each run is; `None` if there
/// is too much.
fn kinds_of(sweep: &Sweep, others: &[Key<'_>]) -> Option<(Vec<String>, Vec<usize>)> {
    let (mut kinds, mut kind): (Vec<String>, Vec<usize>) = (Vec::new(), Vec::new());
    for run in sweep.runs() {
        let words = others
            .iter()
            .filter_map(|key| match run.values()[key.index].as_ref()? {
                Value::String(name) if others.len() == 1 => Some(name.clone()),
                value => Some(format!("{} = {}", key.name, plain(value))),
            });
        let words = words.collect::<Vec<_>>().join(", ");
        let known = kinds.iter().position(|kind| *kind == words);
        kind.push(known.unwrap_or(kinds.len()));
        if known.is_none() {
            kinds.push(words);
        }
        if kinds.len() > MOST {
            return None;
        }
    }
    Some((kinds, kind))
}

/// The finite final values of all runs, by kind and place on the axes.
struct Points(HashMap<(usize, Vec<u64>), Vec<f64>>);

impl Points {
    fn new(sweep: &Sweep, kind: &[usize], axes: &[Key<'_>], values: &[f64]) -> Self {
        let mut points: HashMap<_, Vec<f64>> = HashMap::new();
        for ((run, &kind), &value) in sweep.runs().iter().zip(kind).zip(values) {
            let place: Option<Vec<f64>> = axes.iter().map(|key| number(run, key.index)).collect();
            if let Some(place) = place.filter(|_| value.is_finite()) {
                points.entry((kind, bits(&place))).or_default().push(value);
            }
        }
        Self(points)
    }

    fn at(&self, kind: usize, place: &[f64]) -> &[f64] {
        self.0.get(&(kind, bits(place))).map_or(&[], Vec::as_slice)
    }
}

fn bits(place: &[f64]) -> Vec<u64> {
    place.iter().map(|number| number.to_bits()).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Logarithmic where all numbers are positive and the largest is many times the smallest.
fn scale(numbers: &[f64]) -> Scale {
    match numbers {
        [first, .., last] if *first > 0.0 && last / first >= 8.0 => Scale::Log10,
        _ => Scale::Linear,
    }
}

fn axis(key: &Key<'_>, numbers: &[f64]) -> Axis {
    match scale(numbers) {
        Scale::Log10 => Axis::log(key.name),
        Scale::Linear => Axis::linear(key.name),
    }
}

fn lines(quantity: &Quantity, x: &Key<'_>, kinds: &[String], points: &Points, bars: bool) -> Panel {
    let numbers = x.numbers.as_deref().unwrap_or_default();
    let curve = |(kind, label): (usize, &String)| {
        let (mut line, mut errors) = (Vec::new(), Vec::new());
        for &at in numbers {
            let values = points.at(kind, &[at]);
            if !values.is_empty() {
                line.push([at, mean(values)]);
                let ends = values
                    .iter()
                    .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], &value| {
                        [low.min(value), high.max(value)]
                    });
                errors.push(ends);
            }
        }
        Layer::Points {
            label: label.clone(),
            points: line,
            errors: if bars { errors } else { Vec::new() },
            joined: true,
            style: Style::of(kind).with_marker(kind),
        }
    };
    let layers = kinds.iter().enumerate().map(curve).collect();
    let of_quantity = match quantity.log {
        true => Axis::log(&quantity.label),
        false => Axis::linear(&quantity.label),
    };
    Panel::new(axis(x, numbers), of_quantity, layers)
}

fn heat_maps(
    quantity: &Quantity,
    [x, y]: [&Key<'_>; 2],
    kinds: &[String],
    points: &Points,
) -> Vec<Panel> {
    let [columns, rows] = [x, y].map(|key| key.numbers.as_deref().unwrap_or_default());
    // A colour has no axis: what is wide is shown by its logarithm.
    let shown = |value: f64| if quantity.log { value.log10() } else { value };
    let label = match quantity.log {
        true => format!("log₁₀ of {}", quantity.label),
        false => quantity.label.clone(),
    };
    let panels: Vec<(Vec<Vec<f64>>, &String)> = kinds
        .iter()
        .enumerate()
        .map(|(kind, title)| {
            let row = |&at: &f64| {
                let cell = |&column: &f64| shown(mean(points.at(kind, &[column, at])));
                columns.iter().map(cell).collect()
            };
            (rows.iter().map(row).collect(), title)
        })
        .collect();
    // One scale of colours for all panels.
    let all = panels
        .iter()
        .flat_map(|(values, _)| values.iter().flatten());
    let finite = all.copied().filter(|value| value.is_finite());
    let smallest = finite.clone().fold(f64::INFINITY, f64::min);
    // The colour bar shows its ends: in as many digits as the cells.
    let unit = 10f64.powi(quantity.decimals as i32);
    let least = quantity.least.unwrap_or((smallest * unit).floor() / unit);
    let largest = finite.fold(least, f64::max);
    let range = [
        least,
        (largest * unit).ceil().max(least * unit + 1.0) / unit,
    ];
    let panel = |(values, title): (Vec<Vec<f64>>, &String)| {
        let cells = Cells {
            label: label.clone(),
            x: Cells::edges(columns, scale(columns)),
            y: Cells::edges(rows, scale(rows)),
            values,
            range,
            decimals: quantity.decimals,
            boundary: None,
        };
        Panel::new(axis(x, columns), axis(y, rows), vec![Layer::Cells(cells)]).with_title(title)
    };
    panels.into_iter().map(panel).collect()
}

#[cfg(test)]
mod tests {
    use super::super::table::Row;
    use super::*;
    use std::path::Path;

    fn drawn(plan: &str) -> Vec<Figure> {
        drawn_with(plan, &[])
    }

    fn drawn_with(plan: &str, columns: &[String]) -> Vec<Figure> {
        let sweep = Sweep::from_toml(plan, Path::new("")).unwrap();
        let rows = sweep.runs().iter().enumerate().map(|(index, run)| {
            let mut row = Row::new(run);
            row.number("stable_rank_pos", Some(1.0 + index as f64));
            row.number("stable_rank_neg", Some(1.5));
            row.number("margin_min", Some(1.0));
            row.number("margin_max", Some(2.0));
            row.number("margin_mean", Some(1.6));
            row.number("loss", Some(10f64.powi(-2 * index as i32)));
            row.text("engine", "gram");
            row
        });
        let table = SweepTable::new(&sweep, rows.collect());
        figures(&sweep, &table, columns).unwrap()
    }

    #[test]
    fn one_number_is_an_axis_and_seeds_are_averaged_over() {
        let figures =
            drawn("seeds = 3\n[grid]\nwidth = [4, 2]\nloss = ['logistic', 'exponential']");
        let [rank, gap] = figures.as_slice() else {
            panic!("two figures")
        };
        assert_eq!(
            (rank.name.as_str(), gap.name.as_str()),
            ("stable-rank", "margin-gap")
        );
        let [panel] = rank.panels.as_slice() else {
            panic!("one panel")
        };
        let Layer::Points {
            label,
            points,
            errors,
            ..
        } = &panel.layers[0]
        else {
            panic!()
        };
        // Of the first loss, runs 0, 1, 2 have width 4 and runs 3, 4, 5 width 2: rising, with means
        // and ends over seeds.
        assert_eq!(label, "logistic");
        assert_eq!(points, &[[2.0, 5.0], [4.0, mean(&[1.5, 2.0, 3.0])]]);
        assert_eq!(errors, &[[4.0, 6.0], [1.5, 3.0]]);
        let Layer::Points { points, .. } = &gap.panels[0].layers[1] else {
            panic!()
        };
        assert_eq!(points[0], [2.0, (2.0 - 1.0) / 1.6]);
        assert!(rank.render().unwrap().contains(">exponential<"));
    }

    #[test]
    fn two_numbers_are_a_heat_map_with_a_panel_a_kind() {
        let plan =
            "[grid]\nwidth = [2, 4]\ndim = [10, 100, 1000]\nloss = ['logistic', 'exponential']";
        let figures = drawn(plan);
        let [first, second] = figures[0].panels.as_slice() else {
            panic!("two panels")
        };
        assert_eq!(
            (first.title.as_str(), second.title.as_str()),
            ("logistic", "exponential")
        );
        assert_eq!(
            (first.x.label.as_str(), first.x.scale),
            ("dim", Scale::Log10)
        );
        assert_eq!(
            (first.y.label.as_str(), first.y.scale),
            ("width", Scale::Linear)
        );
        let Layer::Cells(cells) = &first.layers[0] else {
            panic!()
        };
        // Keys of a table are in the order of the alphabet, the last one fastest: dim, loss, width.
        assert_eq!(cells.values, [[1.5, 5.0, 9.0], [2.0, 6.0, 10.0]]);
        figures[0].render().unwrap();
    }

    #[test]
    fn any_column_of_numbers_is_drawn_and_a_wide_one_by_its_logarithm() {
        let loss = ["loss".to_owned()];
        let figures = drawn_with("[grid]\nwidth = [2, 4, 8]", &loss);
        assert_eq!(figures[0].name, "loss");
        assert_eq!(figures[0].panels[0].y.scale, Scale::Log10);
        let Layer::Points { points, .. } = &figures[0].panels[0].layers[0] else {
            panic!()
        };
        assert_eq!(points, &[[2.0, 1.0], [4.0, 1e-2], [8.0, 1e-4]]);
        let map = drawn_with("[grid]\nwidth = [2, 4]\ndim = [10, 20]", &loss);
        let Layer::Cells(cells) = &map[0].panels[0].layers[0] else {
            panic!()
        };
        assert_eq!(cells.label, "log₁₀ of loss");
        assert_eq!((cells.range[0], cells.range[1] >= 0.0), (-6.0, true));
        map[0].render().unwrap();

        let sweep = Sweep::from_toml("seeds = 2", Path::new("")).unwrap();
        let mut row = Row::new(&sweep.runs()[0]);
        row.number("loss", Some(1.0));
        row.text("engine", "gram");
        let table = SweepTable::new(&sweep, vec![row]);
        for (column, said) in [("lost", "did you mean `loss`"), ("engine", "one of loss")] {
            let error = super::figures(&sweep, &table, &[column.to_owned()]).unwrap_err();
            assert!(
                error.is_input() && error.to_string().contains(said),
                "{error}"
            );
        }
    }

    #[test]
    fn seeds_alone_are_an_axis_and_names_alone_are_no_figure() {
        let figures = drawn("seeds = 3");
        assert_eq!(figures[0].panels[0].x.label, "seed");
        assert!(drawn("[grid]\nloss = ['logistic', 'exponential']").is_empty());
        let many = "[grid]\nwidth = [1, 2]\ndim = [10, 20, 30]\nsamples = [4, 5, 6]\nseed = \
                    [1]\nrecord = [3, 4]\n step-size = [0.1, 0.2]\nslope = [0.1, 0.2]";
        assert!(drawn(many).is_empty(), "eight panels are too many");
    }
}
