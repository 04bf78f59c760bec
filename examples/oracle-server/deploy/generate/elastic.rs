//! What Kibana and Elasticsearch are asked: the data view, the error-rate rule, and the report of errors,
//! whose query is the one that the server itself and `watchkeep logs errors` send.

use jiff::Timestamp;
use serde_json::{Value, json};
use watchkeep::logging::query::ErrorQuery;

use crate::{File, sorted};

/// What the data view and every query look at.
const INDEX: &str = "filebeat-*";

/// More errors than this within the rule's window fire it.
const MOST_ERRORS: u32 = 5;

pub(crate) fn files() -> Vec<File> {
    vec![
        File {
            path: "kibana/data-view.ndjson",
            // One object a line.
            text: format!("{}\n", sorted(data_view())),
        },
        File {
            path: "kibana/connector.json",
            text: pretty(connector()),
        },
        File {
            path: "kibana/error-rate-rule.json",
            text: pretty(error_rate_rule()),
        },
        File {
            path: "elasticsearch/errors.json",
            text: pretty(report()),
        },
    ]
}

fn data_view() -> Value {
    json!({
        "type": "index-pattern",
        "id": "oracle-logs",
        "attributes": {"title": INDEX, "name": "ORACLE logs", "timeFieldName": "@timestamp"},
        "references": [],
    })
}

/// Kibana's own log: the one connector that needs no account and no license.
fn connector() -> Value {
    json!({"name": "ORACLE log", "connector_type_id": ".server-log", "config": {}, "secrets": {}})
}

/// More than a few errors within five minutes.
fn error_rate_rule() -> Value {
    json!({
        "name": "ORACLE: many errors in the log",
        "rule_type_id": ".es-query",
        "consumer": "stackAlerts",
        "enabled": true,
        "tags": ["oracle"],
        "schedule": {"interval": "1m"},
        "params": {
            "searchType": "esQuery",
            "index": [INDEX],
            "timeField": "@timestamp",
            "timeWindowSize": 5,
            "timeWindowUnit": "m",
            // Kibana wants the query as text, and adds the window itself.
            "esQuery": sorted(json!({"query": {"bool": {"filter": [is_error()]}}})).to_string(),
            "size": 100,
            "threshold": [MOST_ERRORS],
            "thresholdComparator": ">",
            "aggType": "count",
            "groupBy": "all",
            "excludeHitsFromPreviousRun": true,
        },
        "actions": [{
            "group": "query matched",
            "id": "oracle-server-log",
            "frequency": {"notify_when": "onActionGroupChange", "summary": false, "throttle": null},
            "params": {"level": "error", "message": "ORACLE: {{context.hits.length}} errors within five minutes"},
        }],
    })
}

/// How many errors within the last hour, by their code, and the newest of them.
fn report() -> Value {
    let mut query = query();
    // A file has no "now" of its own, and Elasticsearch has.
    query["query"]["bool"]["filter"][0]["range"]["@timestamp"]["gte"] = "now-1h".into();
    query
}

/// What makes a line an error.
fn is_error() -> Value {
    query()["query"]["bool"]["filter"][1].take()
}

/// The query that the library sends, of all times.
fn query() -> Value {
    let mut sent = None;
    // Whatever comes back, only the question counts: the first is the one for an index with our template.
    let _ = ErrorQuery::new(Timestamp::UNIX_EPOCH).of_search(|body| {
        sent.get_or_insert_with(|| body.to_owned());
        Ok((200, Vec::new()))
    });
    sent.and_then(|body| serde_json::from_str(&body).ok())
        .unwrap_or_default()
}

fn pretty(value: Value) -> String {
    format!("{:#}\n", sorted(value))
}
