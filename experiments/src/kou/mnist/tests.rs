use std::path::Path;

use implicit_bias_data::mnist as files;
use implicit_bias_model::{TwoLayerConfig, Weights};

use super::*;
use implicit_bias_lab::study::{Headline, Reproduction, Watch};
use implicit_bias_lab::{Progress, RunDirectory};
use implicit_bias_record::StopReason;

const SIDE: usize = 28;

const HEADLINE: Headline<'_> = Headline {
    origin: "",
    title: "test",
    introduction: "A test.",
    command: "test",
};

/// Digits drawn with two strokes: a ring for 0, a bar for 1, each at a place and of a size of its
/// own.
fn draw(digit: u8, index: usize) -> Vec<u8> {
    let shift = (index % 5) as f64 - 2.0;
    let size = 6.0 + (index % 3) as f64;
    let pixel = |place: usize| {
        let (row, column) = (
            (place / SIDE) as f64 - 14.0,
            (place % SIDE) as f64 - 14.0 - shift,
        );
        let on = if digit == 0 {
            ((row * row + column * column).sqrt() - size).abs() < 1.5
        } else {
            column.abs() < 1.5 && row.abs() < size
        };
        // A little texture keeps the samples apart.
        if on {
            255 - (place * (index + 3) % 50) as u8
        } else {
            0
        }
    };
    (0..SIDE * SIDE).map(pixel).collect()
}

/// Training and test set in the files of MNIST, unpacked: 12 and 8 digits of each class.
fn write_digits(dir: &Path) {
    for (names, count) in [
        ([files::FILES[0], files::FILES[1]], 24),
        ([files::FILES[2], files::FILES[3]], 16),
    ] {
        let size = (count as u32).to_be_bytes();
        let side = (SIDE as u32).to_be_bytes();
        let labels: Vec<u8> = (0..count).map(|index| (index % 2) as u8).collect();
        // The test digits are others than the training digits.
        let images = (0..count).flat_map(|index| draw(labels[index], index + 7 * count));
        let [images_name, labels_name] = names.map(|name| dir.join(name.trim_end_matches(".gz")));
        let head = [&[0, 0, 8, 3], &size[..], &side[..], &side[..]].concat();
        std::fs::write(
            images_name,
            head.into_iter().chain(images).collect::<Vec<u8>>(),
        )
        .unwrap();
        std::fs::write(
            labels_name,
            [&[0, 0, 8, 1], &size[..], &labels[..]].concat(),
        )
        .unwrap();
    }
}

#[test]
fn the_experiment_shows_everything_it_promises_on_small_digits() {
    let folder = tempfile::tempdir().unwrap();
    write_digits(folder.path());
    let mut study = mnist(Effort::Quick);
    for run in &mut study.runs {
        run.settings.set("data-dir", folder.path());
        run.settings.set("width", 4);
        run.settings.set("steps", steps(1e6));
        run.settings.set("exact-steps", steps(1e3));
    }
    let out = folder.path().join("out");
    let directory = RunDirectory::create(&out).unwrap();
    let progress = Progress::new("test");
    let found = Reproduction::of(
        std::slice::from_ref(&study),
        &HEADLINE,
        directory,
        Watch::to_the_end(&progress),
    )
    .unwrap();
    assert_eq!(found.records().len(), 36);
    // A run that stalls is told of, and fails nothing.
    assert!(found.completed());
    let early = found
        .records()
        .iter()
        .filter(|run| !matches!(run.stop(), Some(StopReason::Completed { .. })))
        .count();
    assert_eq!(found.early_stops_text().lines().count(), early);
    let read = |name: &str| std::fs::read_to_string(out.join("figures").join(name)).unwrap();
    let figures = [
        "stable-rank-leaky-relu",
        "stable-rank-relu",
        "stable-rank-ratio",
        "margin-gap-ratio",
        "images",
        "directions",
    ];
    for figure in figures {
        assert!(
            !read(&format!("mnist-{figure}.svg")).contains("no data to draw"),
            "{figure}"
        );
    }
    // Six preparations, four digits of each class; both activations, four neurons of each block.
    assert_eq!(read("mnist-images.svg").matches("<image ").count(), 6 * 8);
    assert_eq!(
        read("mnist-directions.svg").matches("<image ").count(),
        2 * 6 * 8
    );

    let table = read("mnist-runs.csv");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .skip(1)
        .map(|line| {
            line.rsplitn(14, ',')
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .collect()
        })
        .collect();
    assert_eq!(rows.len(), 36);
    let header: Vec<&str> = table.lines().next().unwrap().split(',').collect();
    let column = |name: &str| header.iter().position(|&known| known == name).unwrap();
    let number = |row: &[&str], name: &str| row[column(name)].parse::<f64>().unwrap();
    for (row, record) in rows.iter().zip(found.records()) {
        let last = |name: &str| record.series.last(name).unwrap();
        assert_eq!(number(row, "stable_rank_pos"), last("stable_rank_pos"));
        assert_eq!(number(row, "ratio"), record.manifest.data.ratio.unwrap());
        // Held-out accuracy sample by sample: the mean over neurons, on pixels divided by 255 and
        // centred where the training digits were.
        let data = record.config.load_data().unwrap();
        let raw = record.config.data.load(0, Default::default()).unwrap();
        let weights = Weights::from_safetensors(
            &record.path.join("weights.safetensors"),
            &TwoLayerConfig::BLOCKS,
        )
        .unwrap();
        let mut right = 0;
        for index in 0..16 {
            let digit = (index % 2) as u8;
            let pixels = draw(digit, index + 7 * 16);
            let x: Vec<f64> = pixels
                .iter()
                .enumerate()
                .map(|(place, &pixel)| {
                    let column = raw.x().column(place);
                    let mean = if record.config.preparation.centre {
                        column.sum() / 20.0
                    } else {
                        0.0
                    };
                    (f64::from(pixel) - mean) / 255.0
                })
                .collect();
            let score: f64 = weights
                .blocks()
                .iter()
                .zip([1.0, -1.0])
                .map(|((_, block), sign)| {
                    let neurons = block.outer_iter().map(|w| {
                        let z: f64 = w.iter().zip(&x).map(|(w, x)| w * x).sum();
                        z.max(record.config.activation().unwrap().slope() * z)
                    });
                    sign * neurons.sum::<f64>() / block.nrows() as f64
                })
                .sum();
            right += usize::from((score > 0.0) == (digit == 0));
        }
        assert_eq!(
            number(row, "held_out_accuracy"),
            right as f64 / 16.0,
            "{row:?}"
        );
        assert_eq!(data.samples(), 20);
    }
    // More noise, more nearly orthogonal.
    let ratio = |preparation: &str| {
        let row = rows
            .iter()
            .find(|row| row[column("images")] == preparation)
            .unwrap();
        number(row, "ratio")
    };
    assert!(ratio("noise σ = 3") > ratio("noise σ = 1") && ratio("noise σ = 1") > ratio("raw"));
    // One row a preparation, three marks a claim, which say what the verdicts say.
    let claims = read("mnist-claims.md");
    let lines: Vec<&str> = claims.lines().skip(2).collect();
    assert_eq!(lines.len(), 6);
    for (index, line) in lines.iter().enumerate() {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 10, "{line}");
        let verdicts: Vec<&str> = (0..3)
            .map(
                |scale| match rows[3 * index + scale][column("verdict_margins")] {
                    "supported" => "✓",
                    "refuted" => "✗",
                    _ => "?",
                },
            )
            .collect();
        assert_eq!(cells[3], verdicts.join(" "));
    }
    let text = found.table_text();
    assert!(
        text.contains("ReLU: the claim on the stable rank") && text.contains("raw"),
        "{text}"
    );
    assert!(!text.contains("not known"), "{text}");
}

#[test]
fn without_the_files_it_says_how_to_get_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut study = mnist(Effort::Quick);
    for run in &mut study.runs {
        run.settings.set("data-dir", folder.path());
    }
    let directory = RunDirectory::create(&folder.path().join("out")).unwrap();
    let progress = Progress::new("test");
    let error =
        Reproduction::of(&[study], &HEADLINE, directory, Watch::to_the_end(&progress)).unwrap_err();
    assert!(error.is_input());
    assert!(
        error.to_string().contains("implicit-bias fetch mnist"),
        "{error}"
    );
}
