//! A report as bars in a terminal.

use std::fmt::Write as _;

use serde_json::{Map, Value};
use watchkeep_logging::one_line;
use watchkeep_logging::query::{ErrorReport, text_of};

/// The most bars; what is less frequent is one bar together.
const MOST_BARS: usize = 20;

/// The most room for a name.
const LONGEST_NAME: usize = 32;

/// The eighths of a column.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// Draws a report for a terminal of so many columns: the numbers, a bar for each value, the last errors, and what is missing.
pub(super) fn draw(report: &ErrorReport, columns: usize) -> String {
    let mut text = match report.total {
        1 => "1 error".to_owned(),
        total => format!("{total} errors"),
    };
    if report.total > 0 {
        // Writing to a text cannot fail.
        let _ = write!(text, ", by {}", name(&report.by));
    }
    text.push('\n');
    let bars = bars(report);
    let longest = bars.iter().map(|(name, _)| name.chars().count()).max();
    let digits = bars.iter().map(|(_, count)| count.to_string().len()).max();
    let (longest, digits) = (longest.unwrap_or(0), digits.unwrap_or(0));
    let most = bars.iter().map(|(_, count)| *count).max().unwrap_or(1);
    let room = columns.saturating_sub(longest + digits + 4).max(8);
    for (name, count) in &bars {
        let bar = bar(*count, most, room);
        let _ = writeln!(text, "  {name:<longest$} {count:>digits$} {bar}");
    }
    if !report.recent.is_empty() {
        text.push_str("\nthe last ones:\n");
    }
    for document in report.recent.iter().take(5) {
        let line: String = line(document, None).chars().take(columns).collect();
        text.push_str(&line);
        text.push('\n');
    }
    for reason in &report.partial {
        let _ = writeln!(text, "\npartial: {}", one_line(reason));
    }
    text.truncate(text.trim_end().len());
    text
}

/// One error on one line, whatever is in it; with the value of another key behind it.
pub(super) fn line(document: &Map<String, Value>, by: Option<&str>) -> String {
    let text = |key: &str| text_of(document, key).unwrap_or_default();
    let code = match text("error.code") {
        code if code.is_empty() => code,
        code => format!(" {code}").into(),
    };
    let mut line = format!(
        "{}{code} {}: {}",
        text("@timestamp"),
        text("log.logger"),
        text("message")
    );
    if let Some(by) = by
        && let Some(value) = text_of(document, by)
    {
        let _ = write!(line, " {by}={value}");
    }
    one_line(&line)
}

fn bars(report: &ErrorReport) -> Vec<(String, u64)> {
    let mut values: Vec<(&str, u64)> = report
        .counts
        .iter()
        .map(|(name, count)| (name.as_str(), *count))
        .collect();
    values.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let rare = values.split_off(values.len().min(MOST_BARS));
    let rare = rare.iter().map(|(_, count)| *count);
    let rare = rare.fold(0, u64::saturating_add);
    let mut bars: Vec<(String, u64)> = values
        .into_iter()
        .map(|(name, count)| (self::name(name), count))
        .collect();
    for (name, count) in [
        ("(others)", rare.saturating_add(report.other)),
        ("(none)", report.without),
    ] {
        if count > 0 {
            bars.push((name.to_owned(), count));
        }
    }
    bars
}

/// What somebody named, short and never blank.
fn name(name: &str) -> String {
    if name.trim().is_empty() {
        return format!("`{}`", one_line(name));
    }
    one_line(name).chars().take(LONGEST_NAME).collect()
}

/// A bar of `room` columns at most; what is not nothing has at least an eighth of one.
fn bar(count: u64, most: u64, room: usize) -> String {
    let most = u128::from(most.max(1));
    let eighths = (u128::from(count) * (room as u128 * 8)).div_ceil(most);
    let eighths = usize::try_from(eighths).unwrap_or(room * 8).min(room * 8);
    let mut bar = "█".repeat(eighths / 8);
    bar.push_str(EIGHTHS[eighths % 8]);
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(counts: &[(&str, u64)]) -> ErrorReport {
        let mut report = ErrorReport::default();
        report.by = "error.code".to_owned();
        report.counts = counts
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect();
        report.total = report.counts.values().sum();
        report
    }

    #[test]
    fn bars_are_as_long_as_their_counts_and_the_longest_first() {
        let mut report = report(&[("AI_ERROR", 8), ("AI_TIMEOUT", 1), ("DB", 4)]);
        report.without = 2;
        let text = draw(&report, 40);
        assert_eq!(
            text,
            "13 errors, by error.code\n  \
             AI_ERROR   8 █████████████████████████\n  \
             DB         4 ████████████▌\n  \
             AI_TIMEOUT 1 ███▏\n  \
             (none)     2 ██████▎"
        );
        assert!(
            text.lines().all(|line| line.chars().count() <= 40),
            "{text}"
        );
    }

    #[test]
    fn many_values_are_one_bar_together() {
        let names: Vec<String> = (0..30).map(|n| format!("E{n:02}")).collect();
        let counts: Vec<(&str, u64)> = names.iter().map(|name| (name.as_str(), 2)).collect();
        let text = draw(&report(&counts), 80);
        assert!(text.contains("(others) 20 "), "{text}");
        assert_eq!(text.lines().count(), 22);
    }

    #[test]
    fn nothing_has_no_bars_and_partial_is_said() {
        let mut report = report(&[]);
        assert_eq!(draw(&report, 80), "0 errors");
        report.partial.push("half\u{1b}[31m".to_owned());
        assert_eq!(draw(&report, 80), "0 errors\n\npartial: half\\u{1b}[31m");
    }

    #[test]
    fn hostile_texts_stay_on_their_line() {
        let hostile = "a\nb\u{1b}[2J\u{202e}c";
        let mut report = report(&[(hostile, 1)]);
        let mut document = Map::new();
        document.insert("message".to_owned(), hostile.into());
        document.insert("error.code".to_owned(), 7.into());
        report.recent.push(document);
        let text = draw(&report, 80);
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
        assert_eq!(text.lines().count(), 5, "{text:?}");
    }

    #[test]
    fn line_shows_numbers_objects_and_the_key_that_is_asked_for() {
        let text = r#"{"@timestamp":"t","log":{"logger":"api"},"message":"no","error.code":7,"labels":{"user_id":"a\u001b[2J"}}"#;
        let document: Map<String, Value> = serde_json::from_str(text).unwrap();
        let by = Some("labels.user_id");
        let expected = "t 7 api: no labels.user_id=a\\u{1b}[2J";
        assert_eq!(line(&document, by), expected);
        assert_eq!(line(&document, Some("none")), "t 7 api: no");
    }

    #[test]
    fn name_is_never_blank() {
        let text = draw(&report(&[("", 2), (" ", 1)]), 40);
        assert!(
            text.contains("  ``  2 ") && text.contains("  ` ` 1 "),
            "{text}"
        );
    }

    #[test]
    fn bar_of_extreme_counts_fits() {
        for (count, most) in [(0, 0), (1, u64::MAX), (u64::MAX, u64::MAX), (u64::MAX, 1)] {
            assert!(
                bar(count, most, 20).chars().count() <= 20,
                "{count} of {most}"
            );
        }
        assert_eq!(bar(1, u64::MAX, 20), "▏");
    }
}
