//! The same report from Elasticsearch: what is asked, what the answer says, and over which connection.

use std::fmt;

use serde_json::{Map, Value, json};

use self::address::Address;
use super::errors::{ErrorQuery, ErrorReport};

mod address;
mod answer;
#[cfg(feature = "elasticsearch")]
mod transport;

/// How long a search may take, in the server's words; what it has found until then is its answer.
const SEARCH_TIMEOUT: &str = "8s";

/// Which indices, and which server, are searched, and as whom.
#[derive(Clone)]
pub struct Elasticsearch {
    address: Address,
}

/// Why there is no report: neither user, password nor path of the URL is ever in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ElasticsearchError(Box<str>);

// === impl Elasticsearch ===

impl Elasticsearch {
    /// Reads `http://user:password@host:9200/indices`: without a user nobody is named, without a path the indices are `filebeat-*`.
    ///
    /// # Errors
    ///
    /// The text is no such URL; the error does not repeat it.
    pub fn new(url: &str) -> Result<Self, ElasticsearchError> {
        let address = Address::parse(url).map_err(ElasticsearchError::new)?;
        Ok(Self { address })
    }

    /// Returns scheme, host and port, which are no secret.
    pub fn shown(&self) -> &str {
        &self.address.origin
    }
}

impl fmt::Debug for Elasticsearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Elasticsearch").field(&self.shown()).finish()
    }
}

// === impl ElasticsearchError ===

impl ElasticsearchError {
    fn new(words: impl Into<Box<str>>) -> Self {
        Self(words.into())
    }
}

impl ErrorQuery {
    /// Asks through `search`, which posts a body to the server and returns the status and the answer's body.
    ///
    /// What is counted by is asked for as ECS maps it (a keyword), and when the server refuses that, because the field is
    /// text, as an index without a template has it (`error.code.keyword`).
    /// The other half of the work, a connection, is [`of_elasticsearch`](Self::of_elasticsearch) with the feature `elasticsearch`.
    ///
    /// # Errors
    ///
    /// No answer, a refusal, an answer that is no search result, or a field that is text without a keyword.
    pub fn of_search(
        &self,
        mut search: impl FnMut(&str) -> Result<(u16, Vec<u8>), ElasticsearchError>,
    ) -> Result<ErrorReport, ElasticsearchError> {
        let mut ask = |field: &str| {
            let (status, body) = search(&self.body(field).to_string())?;
            answer::parse(status, &body)
        };
        let found = match ask(&self.by)? {
            Some(found) if !found.is_uncounted() => found,
            _ => {
                let second = ask(&format!("{}.keyword", self.by))?;
                let found = second.ok_or_else(answer::refused)?;
                if found.is_uncounted() {
                    return Err(answer::is_text(&self.by));
                }
                found
            }
        };
        Ok(found.report(self))
    }

    /// The question, which counts by this field.
    fn body(&self, field: &str) -> Value {
        let since = self.from;
        // A field that is not mapped matches nothing, so either mapping of the level is found.
        let level =
            ["log.level", "log.level.keyword"].map(|name| json!({ "term": { name: "ERROR" } }));
        let filter = json!([
            { "range": { "@timestamp": { "gte": format!("{since:.6}") } } },
            { "bool": { "should": level, "minimum_should_match": 1 } },
        ]);
        json!({
            "size": self.recent,
            "track_total_hits": true,
            "timeout": SEARCH_TIMEOUT,
            "query": { "bool": { "filter": filter } },
            "sort": [{ "@timestamp": { "order": "desc" } }],
            "aggs": {
                "by": { "terms": { "field": field, "size": self.max_values } },
                "without": { "missing": { "field": field } },
                "with": { "filter": { "exists": { "field": self.by } } },
            },
        })
    }
}

/// What a server found.
#[derive(Debug)]
struct Found {
    total: u64,
    counts: Vec<(String, u64)>,
    without: u64,
    other: u64,
    /// How many have a value of any kind, as far as the server says so.
    with: u64,
    recent: Vec<Map<String, Value>>,
    partial: Vec<String>,
}

// === impl Found ===

impl Found {
    /// Says whether there are values, and none of them was counted.
    fn is_uncounted(&self) -> bool {
        self.with > 0 && self.counts.is_empty() && self.other == 0
    }

    fn report(mut self, query: &ErrorQuery) -> ErrorReport {
        let beyond = self
            .counts
            .split_off(self.counts.len().min(query.max_values));
        let beyond = sum(&beyond);
        let other = self.other.saturating_add(beyond);
        let counted = sum(&self.counts)
            .saturating_add(other)
            .saturating_add(self.without);
        if counted > self.total {
            self.partial.push(format!(
                "elasticsearch counted {counted} values in {} errors",
                self.total
            ));
        }
        ErrorReport {
            by: query.by.clone(),
            total: self.total,
            counts: self.counts.into_iter().collect(),
            without: self.without,
            other,
            recent: self.recent.into_iter().take(query.recent).collect(),
            source: "elasticsearch",
            partial: self.partial,
        }
    }
}

fn sum(counts: &[(String, u64)]) -> u64 {
    let counts = counts.iter().map(|(_, count)| *count);
    counts.fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests;
