//! What a search answered: numbers and documents, a refusal, or no search result at all.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{ElasticsearchError, Found};
use crate::query::errors::bounded;

/// The status of a search that the index cannot do.
const BAD_REQUEST: u16 = 400;

#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default)]
    timed_out: bool,
    #[serde(default)]
    terminated_early: bool,
    #[serde(default, rename = "_shards")]
    shards: Shards,
    hits: Hits,
    #[serde(default)]
    aggregations: Option<Aggregations>,
}

#[derive(Debug, Default, Deserialize)]
struct Shards {
    #[serde(default)]
    failed: u64,
}

#[derive(Debug, Deserialize)]
struct Hits {
    total: Total,
    #[serde(default)]
    hits: Vec<Hit>,
}

#[derive(Debug, Deserialize)]
struct Total {
    value: u64,
    #[serde(default)]
    relation: Relation,
}

/// Whether a total is all there is.
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Relation {
    #[default]
    Eq,
    Gte,
}

#[derive(Debug, Deserialize)]
struct Hit {
    #[serde(default, rename = "_source")]
    source: Map<String, Value>,
}

#[derive(Debug, Default, Deserialize)]
struct Aggregations {
    by: Terms,
    without: Missing,
    #[serde(default)]
    with: Missing,
}

#[derive(Debug, Default, Deserialize)]
struct Terms {
    #[serde(default)]
    buckets: Vec<Bucket>,
    #[serde(default)]
    sum_other_doc_count: u64,
    #[serde(default)]
    doc_count_error_upper_bound: i64,
}

#[derive(Debug, Deserialize)]
struct Bucket {
    key: Value,
    doc_count: u64,
}

#[derive(Debug, Default, Deserialize)]
struct Missing {
    doc_count: u64,
}

/// Reads an answer; `None`: the index cannot be asked so.
pub(super) fn parse(status: u16, body: &[u8]) -> Result<Option<Found>, ElasticsearchError> {
    match status {
        200 => {}
        BAD_REQUEST => return Ok(None),
        401 | 403 => {
            return Err(ElasticsearchError::new(format!(
                "elasticsearch refuses the user or the password ({status})"
            )));
        }
        404 => {
            return Err(ElasticsearchError::new(
                "elasticsearch answers with status 404: the path of its URL names the indices, `filebeat-*` when there is none",
            ));
        }
        _ => {
            return Err(ElasticsearchError::new(format!(
                "elasticsearch answers with status {status}"
            )));
        }
    }
    let answer: Answer = serde_json::from_slice(body).map_err(|error| {
        // The place only: the text of the error may quote the answer.
        ElasticsearchError::new(format!(
            "the answer of elasticsearch is no search result (line {}, column {})",
            error.line(),
            error.column()
        ))
    })?;
    Ok(Some(answer.found()))
}

/// Both ways to ask were refused.
pub(super) fn refused() -> ElasticsearchError {
    ElasticsearchError::new("elasticsearch cannot search these indices so (400)")
}

/// A field that has values, of which none can be counted.
pub(super) fn is_text(field: &str) -> ElasticsearchError {
    ElasticsearchError::new(format!(
        "cannot be counted by `{}`: elasticsearch holds it as text without a keyword",
        crate::escape::shown(field)
    ))
}

// === impl Answer ===

impl Answer {
    fn found(self) -> Found {
        let partial = self.reasons();
        let total = self.hits.total.value;
        let documents = self.hits.hits.into_iter().map(|hit| {
            let bytes = serde_json::to_vec(&hit.source).map_or(0, |json| json.len());
            bounded(flat(hit.source), bytes)
        });
        let recent = documents.collect();
        // Of indices that are not there, nothing is counted.
        let counted = self.aggregations.unwrap_or_default();
        Found {
            total,
            counts: counted.by.buckets.into_iter().map(Bucket::pair).collect(),
            without: counted.without.doc_count,
            other: counted.by.sum_other_doc_count,
            with: counted.with.doc_count,
            recent,
            partial,
        }
    }

    /// Why the answer may not be whole.
    fn reasons(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        let mut say = |is_so: bool, words: String| reasons.extend(is_so.then_some(words));
        let failed = self.shards.failed;
        let total = &self.hits.total;
        let error = self.aggregations.as_ref();
        let error = error.map_or(0, |found| found.by.doc_count_error_upper_bound);
        say(self.timed_out, "elasticsearch ran out of time".to_owned());
        say(
            self.terminated_early,
            "elasticsearch stopped early".to_owned(),
        );
        say(
            failed > 0,
            format!("{failed} shards of elasticsearch failed"),
        );
        say(
            total.relation == Relation::Gte,
            format!("elasticsearch counted no further than {}", total.value),
        );
        say(
            self.aggregations.is_none() && total.value > 0,
            "elasticsearch did not count by value".to_owned(),
        );
        say(
            error != 0,
            format!("each count of a value may be too small by {error}"),
        );
        reasons
    }
}

/// Returns a document with keys as our layer writes them, which some pipelines take apart: `log.logger`, and objects for labels only.
fn flat(source: Map<String, Value>) -> Map<String, Value> {
    let mut flat = Map::new();
    for (key, value) in source {
        match value {
            Value::Object(inner) if !key.ends_with("labels") => {
                let inner = self::flat(inner).into_iter();
                flat.extend(inner.map(|(name, value)| (format!("{key}.{name}"), value)));
            }
            value => drop(flat.insert(key, value)),
        }
    }
    flat
}

// === impl Bucket ===

impl Bucket {
    fn pair(self) -> (String, u64) {
        let key = match self.key {
            Value::String(text) => text,
            other => other.to_string(),
        };
        (key, self.doc_count)
    }
}
