//! What Kibana and Elasticsearch are asked: the data view, the error-rate rule, and the two queries for errors.

use serde_json::{Value, json};

use crate::File;

/// What the data view and every query look at.
const INDEX: &str = "filebeat-*";

/// More errors than this within the rule's window fire it.
const MOST_ERRORS: u32 = 5;

pub(crate) fn files() -> Vec<File> {
    vec![
        File {
            path: "kibana/data-view.ndjson",
            // One object a line.
            text: format!("{}\n", data_view()),
        },
        File {
            path: "kibana/connector.json",
            text: pretty(&connector()),
        },
        File {
            path: "kibana/error-rate-rule.json",
            text: pretty(&error_rate_rule()),
        },
        File {
            path: "elasticsearch/errors-by-code.json",
            text: pretty(&errors_by_code()),
        },
        File {
            path: "elasticsearch/recent-errors.json",
            text: pretty(&recent_errors()),
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
            "esQuery": json!({"query": errors(&[])}).to_string(),
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

/// How many errors within the last hour, by their code.
fn errors_by_code() -> Value {
    json!({
        "size": 0,
        "track_total_hits": true,
        "query": errors(&[json!({"range": {"@timestamp": {"gte": "now-1h"}}})]),
        "aggs": {"by_code": {"terms": {"field": "error.code", "size": 50}}},
    })
}

/// The newest errors, newest first.
fn recent_errors() -> Value {
    json!({
        "size": 100,
        "query": errors(&[]),
        "sort": [{"@timestamp": "desc"}],
    })
}

/// Errors, and what else is asked of them; nothing is scored.
fn errors(further: &[Value]) -> Value {
    let level = json!({"term": {"log.level": "ERROR"}});
    let filter: Vec<&Value> = std::iter::once(&level).chain(further).collect();
    json!({"bool": {"filter": filter}})
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
