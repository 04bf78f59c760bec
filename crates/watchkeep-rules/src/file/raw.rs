//! The form of the file, before its parts are understood.

use std::collections::BTreeMap;

use serde::Deserialize;
pub(super) use serde_saphyr::Spanned;

use crate::error::{Error, Kind, Problem};

pub(super) type Texts = BTreeMap<String, Spanned<String>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFile {
    #[serde(default)]
    pub(super) groups: Vec<RawGroup>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawGroup {
    pub(super) name: Spanned<String>,
    pub(super) interval: Option<Spanned<String>>,
    pub(super) limit: Option<usize>,
    pub(super) rules: Option<Vec<Spanned<RawRule>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    pub(super) alert: Option<Spanned<String>>,
    pub(super) record: Option<Spanned<String>>,
    pub(super) expr: Spanned<String>,
    #[serde(rename = "for")]
    pub(super) hold: Option<Spanned<String>>,
    pub(super) keep_firing_for: Option<Spanned<String>>,
    pub(super) labels: Option<Texts>,
    pub(super) annotations: Option<Texts>,
}

/// Reads YAML of that form; an empty file has no groups.
pub(super) fn read(text: &str) -> Result<RawFile, Error> {
    let read: Result<Option<RawFile>, _> = serde_saphyr::from_str(text);
    match read {
        Ok(file) => Ok(file.unwrap_or(RawFile { groups: Vec::new() })),
        Err(error) => Err(Kind::File(vec![yaml_problem(&error)]).into()),
    }
}

/// What a reader of YAML complains about, on one line and with its place in front.
pub(crate) fn yaml_problem(error: &serde_saphyr::Error) -> Problem {
    let location = error.location();
    let (line, column) = location.map_or((1, 1), |place| (place.line(), place.column()));
    let text = error.without_snippet().to_string();
    let what = text.lines().next().unwrap_or_default();
    let what = what.split(" at line ").next().unwrap_or_default();
    Problem::at(line, column, what.to_owned())
}
