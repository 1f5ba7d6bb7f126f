//! The table of claims for a terminal and for Markdown.

use implicit_bias_claims::{Claim, Hypotheses, Hypothesis};
use implicit_bias_output::format_number;

use super::claim_row::{ClaimRow, HEADER, verdict_words};
use super::contents::Table;

/// The columns of numbers, set flush right.
const NUMBERS: [usize; 2] = [2, 3];

fn cells(row: &ClaimRow) -> [String; 7] {
    let (symbol, word) = verdict_words(row.verdict);
    let verdict = format!("{symbol} {word}");
    [
        row.claim.clone(),
        row.setting.clone(),
        row.measured.clone(),
        row.limit.clone(),
        row.predicted.clone(),
        verdict,
        row.hypotheses.clone(),
    ]
}

/// How many columns of a terminal a text takes: none for combining marks and control characters,
/// two for East Asian wide letters and emoji, one for all others, ₀, σ and γ among them.
fn display_width(text: &str) -> usize {
    text.chars()
        .map(|letter| match letter {
            '\u{0}'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{300}'..='\u{36f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{fe00}'..='\u{fe0f}' => 0,
            '\u{1100}'..='\u{115f}'
            | '\u{2e80}'..='\u{a4cf}'
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}'
            | '\u{fe30}'..='\u{fe4f}'
            | '\u{ff00}'..='\u{ff60}'
            | '\u{ffe0}'..='\u{ffe6}'
            | '\u{1f300}'..='\u{1faff}' => 2,
            _ => 1,
        })
        .sum()
}

/// The table of claims for a terminal: aligned columns, numbers flush right, one line a claim.
///
/// ```
/// use implicit_bias_claims::Verdict;
/// use implicit_bias_lab::report::{ClaimRow, claims_table_text};
/// let row = ClaimRow {
///     claim: "loss".into(),
///     setting: "ReLU, σ₀ = 0.01".into(),
///     measured: "−1.002".into(),
///     limit: "—".into(),
///     predicted: "−1".into(),
///     verdict: Verdict::Supported,
///     hypotheses: "met for C ≤ 2.714".into(),
///     source: String::new(),
/// };
/// assert!(claims_table_text(&[row]).contains("−1.002      —  −1         ✓ supported"));
/// ```
pub fn claims_table_text(rows: &[ClaimRow]) -> String {
    let numbers: [bool; 7] = std::array::from_fn(|column| NUMBERS.contains(&column));
    let body: Vec<Vec<String>> = rows.iter().map(|row| cells(row).to_vec()).collect();
    aligned(&HEADER.map(String::from), &body, &numbers)
}

/// A header, a line below it and rows, in columns of one width each; those of `numbers` flush
/// right.
fn aligned(header: &[String], rows: &[Vec<String>], numbers: &[bool]) -> String {
    // A control character from a file name must not reach the terminal.
    let clean = |cell: &String| cell.chars().filter(|letter| !letter.is_control()).collect();
    let body: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(clean).collect())
        .collect();
    let width = |column: usize| {
        let below = body.iter().map(|row| display_width(&row[column]));
        below.max().unwrap_or(0).max(display_width(&header[column]))
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let mut text = String::new();
    let mut write = |row: &[String]| {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let space = " ".repeat(widths[column] - display_width(cell));
            let padded = if numbers[column] {
                space + cell
            } else {
                cell.clone() + &space
            };
            line.push_str(if column == 0 { "" } else { "  " });
            line.push_str(&padded);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    };
    write(header);
    let line: Vec<String> = widths.iter().map(|&width| "─".repeat(width)).collect();
    write(&line);
    body.iter().for_each(|row| write(row));
    text
}

impl Table {
    /// The table in GitHub-flavoured Markdown, columns of numbers flush right.
    pub fn to_markdown(&self) -> String {
        let line = |cells: &[String]| {
            let safe: Vec<String> = cells.iter().map(|cell| markdown(cell)).collect();
            format!("| {} |\n", safe.join(" | "))
        };
        let numeric = numeric_columns(self);
        let sides = numeric
            .iter()
            .map(|&number| if number { "--:|" } else { "---|" });
        let mut text = format!("{}|{}\n", line(&self.header), sides.collect::<String>());
        self.rows.iter().for_each(|row| text += &line(row));
        text
    }

    /// The table for a terminal: aligned columns, numbers flush right, the caption below.
    pub fn to_text(&self) -> String {
        let mut text = aligned(&self.header, &self.rows, &numeric_columns(self));
        text.push_str(&self.caption);
        text.push('\n');
        text
    }
}

/// The hypotheses of the theorems on a run, for a terminal: a line each.
pub fn hypotheses_table_text(hypotheses: &Hypotheses) -> String {
    let header = ["hypothesis", "status", "measured", "which is"].map(String::from);
    let row = |one: &Hypothesis| {
        let measured = one.measured.map_or("—".to_owned(), format_number);
        let status = one.status.words().to_owned();
        vec![one.name.clone(), status, measured, one.what.clone()]
    };
    let rows: Vec<Vec<String>> = hypotheses.each.iter().map(row).collect();
    aligned(&header, &rows, &[false, false, true, false])
}

/// Whose the claims of a table are, a line for each source.
pub fn claims_sources(rows: &[ClaimRow]) -> String {
    let line = |sentence: String| sentence.replace(char::is_control, " ") + "\n";
    ClaimRow::sources(rows).into_iter().map(line).collect()
}

/// What `measured` is for each claim among `claims`, one line each: the legend of the table.
pub fn claims_legend(claims: &[&Claim]) -> String {
    let mut text = String::new();
    for claim in claims {
        let line = format!("{:<13} {}\n", claim.id.as_str(), claim.quantity);
        if !text.contains(&line) {
            text.push_str(&line);
        }
    }
    text
}

/// The table of claims as a GitHub-flavoured Markdown table.
pub fn claims_table_markdown(rows: &[ClaimRow]) -> String {
    let mut text = format!(
        "| {} |\n|---|---|--:|--:|---|---|---|\n",
        HEADER.join(" | ")
    );
    for row in rows {
        text.push_str(&format!(
            "| {} |\n",
            cells(row).map(|cell| markdown(&cell)).join(" | ")
        ));
    }
    text + &paragraphs(&ClaimRow::sources(rows))
}

/// Sentences below a table in Markdown.
pub(crate) fn paragraphs(sentences: &[String]) -> String {
    let paragraph = |sentence: &String| format!("\n{}\n", markdown(sentence));
    sentences.iter().map(paragraph).collect()
}

/// Text that Markdown and its HTML show as it is.
fn markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '~' | '$' => safe.extend(['\\', letter]),
            _ if letter.is_control() => safe.push(' '),
            _ => safe.push(letter),
        }
    }
    safe
}

/// For each column of a table whether it is one of numbers.
pub(super) fn numeric_columns(table: &Table) -> Vec<bool> {
    let is_number = |cell: &str| {
        let digit = |first: char| first.is_ascii_digit() || first == '−';
        cell == "—" || cell.starts_with(digit) && !cell.contains(char::is_alphabetic)
    };
    let column = |index: usize| {
        let mut cells = table.rows.iter().filter_map(|row| row.get(index));
        !table.rows.is_empty() && cells.all(|cell| is_number(cell))
    };
    (0..table.header.len()).map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use implicit_bias_claims::Verdict;

    pub(crate) fn row(claim: &str, setting: &str, verdict: Verdict) -> ClaimRow {
        ClaimRow {
            claim: claim.into(),
            setting: setting.into(),
            measured: "−1.002".into(),
            limit: "—".into(),
            predicted: "≤ 4".into(),
            verdict,
            hypotheses: "—".into(),
            source: "A & B (2023)".into(),
        }
    }

    #[test]
    fn columns_are_aligned_whatever_the_letters() {
        let rows = [
            row("loss", "ReLU, σ₀ = 0.01", Verdict::Supported),
            row("rank-one, W₊₁", "γ = 0.1", Verdict::Inconclusive),
            row("norm", "数据 e\u{301}", Verdict::Refuted),
        ];
        let text = claims_table_text(&rows);
        let before = |line: &str| display_width(&line[..line.find("≤ 4").unwrap()]);
        let places: Vec<usize> = text.lines().skip(2).map(before).collect();
        assert!(places.windows(2).all(|pair| pair[0] == pair[1]), "{text}");
        assert!(text.contains("✓ supported") && text.contains("✗ refuted"));
        assert!(text.lines().all(|line| line == line.trim_end()));
        assert_eq!(claims_table_text(&[]).lines().count(), 2);
    }

    #[test]
    fn a_file_name_cannot_send_commands_to_the_terminal() {
        let text = claims_table_text(&[row("loss", "\u{1b}[31mred\n", Verdict::Supported)]);
        assert!(!text.contains('\u{1b}'));
        assert_eq!(text.lines().count(), 3);
    }

    #[test]
    fn markdown_cells_cannot_break_the_table_or_carry_html() {
        let text =
            claims_table_markdown(&[row("a|b", "<script>x</script>\n_y_", Verdict::Refuted)]);
        assert_eq!(text.lines().count(), 5);
        assert!(
            text.ends_with("\n\nClaims of A &amp; B (2023): a\\|b.\n"),
            "{text}"
        );
        assert!(
            text.contains("a\\|b") && text.contains("&lt;script&gt;"),
            "{text}"
        );
        assert!(text.contains("\\_y\\_"));
    }
}
