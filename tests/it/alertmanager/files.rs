//! Files by hand: each is as valid for us as for amtool, but for what a list names.

use watchkeep_alerts::config::Config;

use super::amtool::Amtool;

mod parts;
mod receivers;

use parts::{FILES, GLOBALS, INTERVALS, ROOTS, RULES, TOPS};
use receivers::RECEIVERS;

/// Where a file and its verdict may differ from those of amtool 0.25, and why.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verdict {
    /// Both take it, or both refuse it.
    Same,
    /// A field that came after 0.25: we take it.
    Newer,
    /// What Alertmanager has and we have not: refused in so many words.
    Unsupported,
    /// What Alertmanager takes, though it cannot be meant: refused.
    Stricter,
}

use Verdict::{Newer, Same, Stricter, Unsupported};

/// What goes around most files.
const ROUTE: &str = "route: {receiver: a}\n";
const RECEIVER: &str = "receivers: [{name: a}]\n";

/// Returns all files, valid or not.
pub(super) fn texts() -> Vec<String> {
    all().into_iter().map(|(_, text)| text).collect()
}

fn all() -> Vec<(Verdict, String)> {
    let night = "time_intervals: [{name: n, time_intervals: [{years: [2020]}]}]\n";
    let mail = "global: {smtp_from: a@b, smtp_smarthost: 'c:25'}\n";
    let filled =
        |files: &[(Verdict, &str)], fill: &dyn Fn(&str) -> String| -> Vec<(Verdict, String)> {
            files
                .iter()
                .map(|(verdict, text)| (*verdict, fill(text)))
                .collect()
        };
    let mut files = filled(FILES, &str::to_owned);
    files.extend(filled(ROOTS, &|text| {
        format!("route: {{receiver: a, {text}}}\n{RECEIVER}{night}")
    }));
    files.extend(filled(INTERVALS, &|text| {
        format!("{ROUTE}{RECEIVER}time_intervals: [{{name: n}}, {text}]\n")
    }));
    files.extend(filled(RULES, &|text| {
        format!("{ROUTE}{RECEIVER}inhibit_rules: [{text}]\n")
    }));
    files.extend(filled(GLOBALS, &|text| {
        format!("{ROUTE}{RECEIVER}global: {text}\n")
    }));
    files.extend(filled(RECEIVERS, &|text| {
        format!("{ROUTE}{mail}receivers: [{{name: a, {text}}}]\n")
    }));
    files.extend(
        filled(RECEIVERS, &|text| {
            format!("{ROUTE}receivers: [{{name: a, {text}}}]\n")
        })
        .into_iter()
        .filter(|(verdict, text)| *verdict == Same && text.contains("email")),
    );
    files.extend(filled(TOPS, &|text| format!("{ROUTE}{RECEIVER}{text}\n")));
    files
}

#[test]
fn files_are_as_valid_as_amtool_says() {
    let Some(amtool) = Amtool::find() else {
        return;
    };
    let files = all();
    let texts: Vec<String> = files.iter().map(|(_, text)| text.clone()).collect();
    let mut wrong = Vec::new();
    for ((verdict, text), theirs) in files.iter().zip(amtool.verdicts(&texts)) {
        let ours = Config::from_yaml(text);
        let found = match (&ours, &theirs) {
            (Ok(_), Ok(())) | (Err(_), Err(_)) => Same,
            (Ok(_), Err(_)) => Newer,
            (Err(error), Ok(())) if error.is_unsupported() => Unsupported,
            (Err(_), Ok(())) => Stricter,
        };
        if found != *verdict {
            wrong.push(format!(
                "{text}is {found:?}, not {verdict:?}: amtool says {theirs:?}, we {:?}",
                ours.err()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_refusal_has_a_place_and_a_reason_on_one_line() {
    for (_, text) in all() {
        let Err(error) = Config::from_yaml(&text) else {
            continue;
        };
        assert!(
            !error.reason().is_empty() && !error.to_string().contains('\n'),
            "{error}"
        );
        let whole = ["the file is empty", "there is no route"].contains(&error.reason());
        assert!(
            whole || error.line().is_some() && error.column().is_some(),
            "{text}: {error}"
        );
        if let Some(line) = error.line() {
            assert!(line <= text.lines().count() + 1, "{text}: {error}");
        }
    }
}
