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

/// How a server has indexed texts.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mapping {
    /// As ECS says, and an index template for it: keywords.
    Keyword,
    /// Without a template: texts, with a keyword each beside it.
    Dynamic,
}

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

// === impl Mapping ===

impl Mapping {
    fn field(self, name: &str) -> String {
        match self {
            Self::Dynamic => format!("{name}.keyword"),
            Self::Keyword => name.to_owned(),
        }
    }
}

impl ErrorQuery {
    /// Asks through `search`, which posts a body to the server and returns the status and the answer's body.
    ///
    /// The server is asked as ECS maps the fields (keywords), and when it refuses that, or finds nothing, as an index without
    /// a template has them (`error.code.keyword`).
    /// The other half of the work, a connection, is [`of_elasticsearch`](Self::of_elasticsearch) with the feature `elasticsearch`.
    ///
    /// # Errors
    ///
    /// No answer, a refusal, or an answer that is no search result.
    pub fn of_search(
        &self,
        mut search: impl FnMut(&str) -> Result<(u16, Vec<u8>), ElasticsearchError>,
    ) -> Result<ErrorReport, ElasticsearchError> {
        let mut ask = |mapping| {
            let (status, body) = search(&self.body(mapping).to_string())?;
            answer::parse(status, &body)
        };
        let found = ask(Mapping::Keyword)?;
        let found = match found {
            Some(found) if found.total > 0 => found,
            first => match ask(Mapping::Dynamic)? {
                Some(found) if found.total > 0 || first.is_none() => found,
                second => first.or(second).ok_or_else(answer::refused)?,
            },
        };
        Ok(found.report(self))
    }

    fn body(&self, mapping: Mapping) -> Value {
        let by = mapping.field(&self.by);
        let since = self.from;
        let filter = json!([
            { "range": { "@timestamp": { "gte": format!("{since:.6}") } } },
            { "term": { mapping.field("log.level"): "ERROR" } },
        ]);
        json!({
            "size": self.recent,
            "track_total_hits": true,
            "timeout": SEARCH_TIMEOUT,
            "query": { "bool": { "filter": filter } },
            "sort": [{ "@timestamp": { "order": "desc" } }],
            "aggs": {
                "by": { "terms": { "field": by, "size": self.max_values } },
                "without": { "missing": { "field": by } },
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
    recent: Vec<Map<String, Value>>,
    partial: Vec<String>,
}

// === impl Found ===

impl Found {
    fn report(self, query: &ErrorQuery) -> ErrorReport {
        ErrorReport {
            by: query.by.clone(),
            total: self.total,
            counts: self.counts.into_iter().collect(),
            without: self.without,
            other: self.other,
            recent: self.recent.into_iter().take(query.recent).collect(),
            source: "elasticsearch",
            partial: self.partial,
        }
    }
}

#[cfg(test)]
mod tests;
