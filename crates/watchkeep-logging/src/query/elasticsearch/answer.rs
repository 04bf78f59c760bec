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
}

#[derive(Debug, Deserialize)]
struct Hit {
    #[serde(default, rename = "_source")]
    source: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct Aggregations {
    by: Terms,
    without: Missing,
}

#[derive(Debug, Deserialize)]
struct Terms {
    #[serde(default)]
    buckets: Vec<Bucket>,
    #[serde(default)]
    sum_other_doc_count: u64,
}

#[derive(Debug, Deserialize)]
struct Bucket {
    key: Value,
    doc_count: u64,
}

#[derive(Debug, Deserialize)]
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

// === impl Answer ===

impl Answer {
    fn found(self) -> Found {
        let mut partial = Vec::new();
        if self.timed_out {
            partial.push("elasticsearch ran out of time".to_owned());
        }
        if self.shards.failed > 0 {
            partial.push(format!(
                "{} shards of elasticsearch failed",
                self.shards.failed
            ));
        }
        let total = self.hits.total.value;
        let (counts, without, other) = match self.aggregations {
            Some(found) => (
                found.by.buckets.into_iter().map(Bucket::pair).collect(),
                found.without.doc_count,
                found.by.sum_other_doc_count,
            ),
            // Of indices that are not there, nothing is counted.
            None => (Vec::new(), 0, 0),
        };
        let documents = self.hits.hits.into_iter().map(|hit| {
            let bytes = serde_json::to_vec(&hit.source).map_or(0, |json| json.len());
            bounded(hit.source, bytes)
        });
        Found {
            total,
            counts,
            without,
            other,
            recent: documents.collect(),
            partial,
        }
    }
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
