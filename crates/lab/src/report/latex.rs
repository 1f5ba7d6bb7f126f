//! The table of claims for a paper.

use super::claim_row::{ClaimRow, HEADER, verdict_words};
use super::contents::Table;
use super::table::numeric_columns;

/// The table of claims as a LaTeX `tabular` with the rules of the package `booktabs`.
///
/// Greek letters, subscripts, superscripts and signs become mathematics; characters that LaTeX
/// reserves are escaped. A verdict is its word: text fonts have no check mark.
pub fn claims_table_latex(rows: &[ClaimRow]) -> String {
    let mut text = String::from("% \\usepackage{booktabs}\n\\begin{tabular}{llrrlll}\n\\toprule\n");
    text.push_str(&format!("{} \\\\\n\\midrule\n", HEADER.join(" & ")));
    for row in rows {
        let verdict = verdict_words(row.verdict).1;
        let cells = [
            &row.claim,
            &row.setting,
            &row.measured,
            &row.limit,
            &row.predicted,
        ]
        .map(|cell| latex(cell))
        .join(" & ");
        let hypotheses = latex(&row.hypotheses);
        text.push_str(&format!("{cells} & {verdict} & {hypotheses} \\\\\n"));
    }
    text.push_str("\\bottomrule\n\\end{tabular}\n");
    text + &comments(&ClaimRow::sources(rows))
}

/// Sentences below a table, for whoever writes its caption.
pub(crate) fn comments(sentences: &[String]) -> String {
    let line = |sentence: &String| format!("% {}\n", sentence.replace(char::is_control, " "));
    sentences.iter().map(line).collect()
}

impl Table {
    /// The table as a LaTeX `tabular` with the rules of the package `booktabs`, columns of numbers
    /// flush right.
    pub fn to_latex(&self) -> String {
        let line = |cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(|cell| latex(cell)).collect();
            format!("{} \\\\\n", cells.join(" & "))
        };
        let numeric = numeric_columns(self);
        let sides: String = numeric
            .iter()
            .map(|&number| if number { 'r' } else { 'l' })
            .collect();
        let mut text =
            format!("% \\usepackage{{booktabs}}\n\\begin{{tabular}}{{{sides}}}\n\\toprule\n");
        text += &line(&self.header);
        text += "\\midrule\n";
        self.rows.iter().for_each(|row| text += &line(row));
        text + "\\bottomrule\n\\end{tabular}\n"
    }
}

/// What one character becomes.
enum Piece {
    Text(String),
    Math(&'static str),
    Raised(char),
    Lowered(char),
}

fn piece(letter: char) -> Piece {
    const RAISED: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻";
    const LOWERED: &str = "₀₁₂₃₄₅₆₇₈₉₊₋";
    let plain = |index: usize| ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '+', '-'][index];
    if let Some(index) = RAISED.chars().position(|raised| raised == letter) {
        return Piece::Raised(plain(index));
    }
    if let Some(index) = LOWERED.chars().position(|lowered| lowered == letter) {
        return Piece::Lowered(plain(index));
    }
    Piece::Math(match letter {
        'α' => "\\alpha",
        'β' => "\\beta",
        'γ' => "\\gamma",
        'δ' => "\\delta",
        'ε' => "\\varepsilon",
        'η' => "\\eta",
        'κ' => "\\kappa",
        'λ' => "\\lambda",
        'μ' | 'µ' => "\\mu",
        'ρ' => "\\rho",
        'σ' => "\\sigma",
        'τ' => "\\tau",
        'φ' => "\\varphi",
        'Θ' => "\\Theta",
        'Σ' => "\\Sigma",
        '−' => "-",
        '×' => "\\times",
        '·' => "\\cdot",
        '±' => "\\pm",
        '≤' => "\\le",
        '≥' => "\\ge",
        '≈' => "\\approx",
        '≠' => "\\ne",
        '∝' => "\\propto",
        '∞' => "\\infty",
        '→' => "\\to",
        '‖' => "\\|",
        '⟨' => "\\langle",
        '⟩' => "\\rangle",
        '<' => "<",
        '>' => ">",
        '|' => "|",
        '\\' => return Piece::Text("\\textbackslash{}".into()),
        '~' => return Piece::Text("\\textasciitilde{}".into()),
        '^' => return Piece::Text("\\textasciicircum{}".into()),
        '…' => return Piece::Text("\\dots{}".into()),
        '—' => return Piece::Text("---".into()),
        '–' => return Piece::Text("--".into()),
        '&' | '%' | '$' | '#' | '_' | '{' | '}' => return Piece::Text(format!("\\{letter}")),
        _ if letter.is_control() => return Piece::Text(" ".into()),
        _ => return Piece::Text(letter.into()),
    })
}

/// Text for LaTeX, neighbouring mathematics in one formula.
fn latex(text: &str) -> String {
    let mut written = String::new();
    let mut in_math = false;
    // The script that is open: neighbours in one brace, for LaTeX refuses a second subscript.
    let mut script = None;
    for letter in text.chars() {
        let piece = piece(letter);
        let wanted = match piece {
            Piece::Raised(_) => Some('^'),
            Piece::Lowered(_) => Some('_'),
            _ => None,
        };
        if script.is_some() && script != wanted {
            written.push('}');
            script = None;
        }
        let math = !matches!(piece, Piece::Text(_));
        if math != in_math {
            written.push('$');
            in_math = math;
        }
        if let Some(mark) = wanted.filter(|_| script.is_none()) {
            written.extend([mark, '{']);
            script = wanted;
        }
        match piece {
            Piece::Text(plain) => written.push_str(&plain),
            Piece::Raised(plain) | Piece::Lowered(plain) => written.push(plain),
            Piece::Math(command) => {
                // A command must not run into the one before it: \sigma\eta may, \le< may too.
                written.push_str(command);
            }
        }
    }
    if script.is_some() {
        written.push('}');
    }
    if in_math {
        written.push('$');
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use implicit_bias_claims::Verdict;

    #[test]
    fn greek_and_scripts_become_mathematics() {
        assert_eq!(latex("σ₀ = 0.01"), "$\\sigma_{0}$ = 0.01");
        assert_eq!(latex("W₊₁"), "W$_{+1}$");
        assert_eq!(latex("−1.2×10⁻¹²"), "$-$1.2$\\times$10$^{-12}$");
        assert_eq!(latex("≤ 4"), "$\\le$ 4");
    }

    #[test]
    fn reserved_characters_are_escaped() {
        assert_eq!(
            latex("50% of a_b & {c} #1 $x$"),
            "50\\% of a\\_b \\& \\{c\\} \\#1 \\$x\\$"
        );
        assert_eq!(
            latex("\\input{~^}"),
            "\\textbackslash{}input\\{\\textasciitilde{}\\textasciicircum{}\\}"
        );
    }

    #[test]
    fn any_table_has_its_columns_and_escapes() {
        let table = Table {
            caption: String::new(),
            header: ["claim", "a_b"].map(str::to_owned).to_vec(),
            rows: vec![["γ & |x|", "−1.02 … −1"].map(str::to_owned).to_vec()],
        };
        assert_eq!(
            table.to_latex(),
            "% \\usepackage{booktabs}\n\\begin{tabular}{lr}\n\\toprule\nclaim & a\\_b \\\\\n\\midrule\n\
             $\\gamma$ \\& $|$x$|$ & $-$1.02 \\dots{} $-$1 \\\\\n\\bottomrule\n\\end{tabular}\n"
        );
        assert_eq!(
            table.to_markdown(),
            "| claim | a\\_b |\n|---|--:|\n| γ & |x| | −1.02 … −1 |\n"
                .replace("& |x|", "&amp; \\|x\\|")
        );
    }

    #[test]
    fn every_row_has_seven_cells_and_ends() {
        let row = ClaimRow {
            claim: "loss & norm".into(),
            setting: "γ = 0.1".into(),
            measured: "−1".into(),
            limit: "1 + 2×10⁻⁵".into(),
            predicted: "—".into(),
            verdict: Verdict::Inconclusive,
            hypotheses: "not met: ratio 0.03600".into(),
            source: "A & B (2023)".into(),
        };
        let text = claims_table_latex(&[row]);
        let line = text.lines().nth(5).unwrap();
        assert_eq!(
            line,
            "loss \\& norm & $\\gamma$ = 0.1 & $-$1 & 1 + 2$\\times$10$^{-5}$ & --- & inconclusive \
             & not met: ratio 0.03600 \\\\"
        );
        let end = "\\bottomrule\n\\end{tabular}\n% Claims of A & B (2023): loss & norm.\n";
        assert!(text.ends_with(end), "{text}");
    }
}
