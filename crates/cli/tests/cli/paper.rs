//! What goes into a paper: tables of claims, printed figures, the limit as arrays, the columns.

use implicit_bias_data::read_npz_arrays;

use crate::support::{folder, run};

fn words(command: &str) -> Vec<&str> {
    command.split_whitespace().collect()
}

#[test]
fn figures_are_printed_in_the_formats_and_the_width_that_are_asked_for() {
    let folder = folder();
    let figures = |run: &str, extension: &str| {
        let entries = std::fs::read_dir(folder.path().join(run).join("figures")).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths
            .filter(|path| path.extension().unwrap() == extension)
            .count()
    };
    let train = "train --samples 4 --dim 8 --width 3 --steps 1e4 --out r";
    run(folder.path(), &words(train)).ok();
    let plain = std::fs::read(folder.path().join("r/config.toml")).unwrap();
    let drawn = figures("r", "svg");
    assert!(drawn > 3 && figures("r", "pdf") + figures("r", "png") == 0);
    run(
        folder.path(),
        &words("report r --figures svg,pdf --figure-width 7.2in"),
    )
    .ok();
    assert_eq!(figures("r", "pdf"), drawn);
    let pdf = std::fs::read(folder.path().join("r/figures/loss.pdf")).unwrap();
    let text = String::from_utf8_lossy(&pdf);
    let page = text.split("/MediaBox [0 0 ").nth(1).unwrap();
    let points: f64 = page.split(' ').next().unwrap().parse().unwrap();
    assert!((points - 7.2 * 72.0).abs() < 1e-3, "{points}");
    let train = "train --samples 4 --dim 8 --width 3 --steps 1e4 --figures pdf,png --out both";
    run(folder.path(), &words(train)).ok();
    assert_eq!([figures("both", "pdf"), figures("both", "png")], [drawn; 2]);
    let with = std::fs::read(folder.path().join("both/config.toml")).unwrap();
    assert_eq!(plain, with, "formats of figures make no other run");
    for (flags, said) in [
        ("--figures gif", "figures: expected some of svg, pdf, png"),
        (
            "--figures pdf --figure-width 3",
            "figure-width: expected a width from 1cm to 50cm",
        ),
        (
            "--figures pdf --figure-font Nonesuch",
            "figure-font: expected a file (.ttf, .otf)",
        ),
    ] {
        let outcome = run(
            folder.path(),
            &words(&format!("train --steps 3 --out no {flags}")),
        );
        assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
        assert!(
            !folder.path().join("no").exists(),
            "refused before anything is done"
        );
    }
}

#[test]
fn claims_are_tables_for_a_paper() {
    let folder = folder();
    run(
        folder.path(),
        &words("train --samples 4 --dim 40 --width 3 --steps 1e6 --out r"),
    )
    .ok();
    let read = |name: &str| std::fs::read_to_string(folder.path().join("r").join(name)).unwrap();
    let claims: serde_json::Value = serde_json::from_str(&read("claims.json")).unwrap();
    let claims = claims.as_array().unwrap().len();
    assert!(claims > 4);
    let (markdown, latex) = (read("claims.md"), read("claims.tex"));
    // Header, rule, rows, a blank line, and whose the claims are.
    assert_eq!(markdown.lines().count(), claims + 4, "{markdown}");
    let source = "\nClaims of Kou, Chen &amp; Gu (NeurIPS 2023, arXiv:2310.18935): loss, norm";
    assert!(markdown.contains(source), "{markdown}");
    assert_eq!(latex.matches(" \\\\\n").count(), claims + 1, "{latex}");
    assert!(
        latex.contains("\\toprule") && latex.contains("$\\gamma$ = 0.1"),
        "{latex}"
    );
    run(
        folder.path(),
        &words("train --network deep --width 3 --samples 4 --steps 9 --out d"),
    )
    .ok();
    assert!(
        !folder.path().join("d/claims.md").exists(),
        "no claim is about it"
    );
}

#[test]
fn the_limit_is_exported_with_weights_that_have_its_margins() {
    let folder = folder();
    let flags = "--samples 6 --dim 40 --width 3 --activation leaky-relu --slope 0.2 --seed 3";
    let said = run(
        folder.path(),
        &words(&format!("limit {flags} --export npz --json")),
    )
    .json();
    let npz = folder.path().join("limit.npz");
    let array = |name: &str| {
        let [array] = read_npz_arrays(&npz, [name]).unwrap();
        array.iter().copied().collect::<Vec<f64>>()
    };
    let [x, y, pos, neg] = ["X", "y", "W_pos", "W_neg"].map(array);
    let multipliers = array("multipliers");
    let phi = |z: f64| z.max(0.2 * z);
    let (n, d, m) = (6, 40, 3);
    let score = |i: usize, block: &[f64]| -> f64 {
        let row = &x[i * d..][..d];
        let dots = block
            .chunks(d)
            .map(|w| w.iter().zip(row).map(|(w, x)| w * x).sum::<f64>());
        dots.map(phi).sum::<f64>() / m as f64
    };
    let norm = pos.iter().chain(&neg).map(|w| w * w).sum::<f64>().sqrt();
    let (margins, normalized) = (array("margins"), array("normalized_margins"));
    for i in 0..n {
        let margin = y[i] * (score(i, &pos) - score(i, &neg));
        assert!(
            (margin - margins[i]).abs() < 1e-8,
            "{margin} {}",
            margins[i]
        );
        assert!((margin / norm - normalized[i]).abs() < 1e-8);
        assert!(multipliers[i] >= 0.0);
    }
    let least = normalized.iter().copied().fold(f64::INFINITY, f64::min);
    let printed = said["normalized_margin_min"].as_f64().unwrap();
    assert!((least - printed).abs() < 1e-12);
    let outcome = run(folder.path(), &words("limit --network linear --export npz"));
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    assert!(
        outcome
            .stderr
            .contains("export: expected the two-layer network")
    );
}

#[test]
fn every_column_that_a_run_has_is_explained() {
    let folder = folder();
    let runs = [
        "--sensitivity --optimizer gd --engine tensor",
        "--network linear --optimizer adam",
        "--network deep --kkt",
        "--precision f32 --engine tensor",
        "--network multi-class",
    ];
    for (index, flags) in runs.iter().enumerate() {
        let command = format!("train --samples 4 --dim 8 --steps 20 --out r{index} {flags}");
        run(folder.path(), &words(&command)).ok();
        for table in ["series.csv", "margins.csv"] {
            let text = std::fs::read_to_string(folder.path().join(format!("r{index}/{table}")));
            let text = text.unwrap();
            let mut columns = vec!["columns"];
            columns.extend(text.lines().next().unwrap().split(','));
            run(folder.path(), &columns).ok();
        }
    }
    let all = run(folder.path(), &["columns"]).ok().stdout;
    assert!(
        all.lines().count() > 25 && all.contains("stable_rank_<block>"),
        "{all}"
    );
    let outcome = run(folder.path(), &["columns", "no_such"]);
    assert_eq!(outcome.code, Some(2));
    assert!(
        outcome.stderr.contains("found `no_such`"),
        "{}",
        outcome.stderr
    );
    let listed = run(folder.path(), &["columns", "loss", "--json"]).json();
    assert_eq!(listed["columns"][0]["name"], "loss");
}
