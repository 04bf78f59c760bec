//! Server, rotated files, rsyslog, and a search server that knows no field but those of the index template.

use std::ops::ControlFlow;

use reqwest::Method;
use serde_json::{Value, json};
use watchkeep::logging::query::{Elasticsearch, ErrorQuery};
use watchkeep_tests::eventually::eventually;
use watchkeep_tests::gate::Gate;
use watchkeep_tests::programs;
use watchkeep_tests::servers::{self, Real};
use watchkeep_tests::shippers::Shipper;

use super::{FAILS_EVERY, final_lines, log_path, small_files, talk};

const TEMPLATE: &str =
    include_str!("../../../examples/oracle-server/deploy/elasticsearch/index-template.json");
const SERVERS_QUERY: &str =
    include_str!("../../../examples/oracle-server/deploy/elasticsearch/errors.json");
const KIBANA_RULE: &str =
    include_str!("../../../examples/oracle-server/deploy/kibana/error-rate-rule.json");

/// More than any test writes, and the most that one search returns.
const ALL: usize = 10_000;

/// The index template, made strict, without what the search server in memory does not have.
fn strict_template() -> Value {
    let mut template: Value = serde_json::from_str(TEMPLATE).unwrap();
    template.as_object_mut().unwrap().remove("data_stream");
    let body = &mut template["template"];
    let settings = body["settings"].as_object_mut().unwrap();
    settings.remove("index.lifecycle.name").unwrap();
    let mappings = &mut body["mappings"];
    mappings["dynamic"] = json!("strict");
    // Only below these may a field be new: they are the program's own.
    for open in ["labels", "numeric_labels"] {
        mappings["properties"][open] = json!({ "type": "object", "dynamic": true });
    }
    template
}

async fn strict_server(program: &std::path::Path) -> Real {
    let server = servers::search_server(program).await;
    let template = strict_template().to_string();
    let path = "_index_template/oracle-logs";
    let answer = servers::search_request(&server, Method::PUT, path, template).await;
    assert_eq!(answer["acknowledged"], true, "{answer}");
    server
}

async fn search(server: &Real, body: Value) -> Value {
    let path = "filebeat-*/_search";
    servers::search_request(server, Method::POST, path, body.to_string()).await
}

async fn arrived(server: &Real) -> Value {
    let everything = json!({ "size": ALL, "track_total_hits": true });
    search(server, everything).await
}

/// The documents of an answer, as the texts that they would be as lines, sorted.
fn documents(answer: &Value) -> Vec<String> {
    let hits = answer["hits"]["hits"].as_array().unwrap();
    let mut documents: Vec<String> = hits.iter().map(|hit| hit["_source"].to_string()).collect();
    documents.sort_unstable();
    documents
}

fn total(answer: &Value) -> u64 {
    answer["hits"]["total"]["value"].as_u64().unwrap_or(0)
}

fn buckets(aggregation: &Value) -> Value {
    let all = aggregation["buckets"].as_array().unwrap();
    let named = all.iter().map(|bucket| {
        let name = bucket["key"].as_str().unwrap().to_owned();
        (name, bucket["doc_count"].clone())
    });
    Value::Object(named.collect())
}

/// What rsyslog was refused, but for lines that were there already.
fn refusals(shipper: &Shipper) -> Vec<Value> {
    let text = shipper.wrote("refused").replace('\0', " ");
    let records = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
    let items = records.flat_map(|record| {
        let record = record.unwrap();
        record["reply"]["items"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    });
    items
        .filter(|item| {
            let status = item["create"]["status"].as_u64();
            !matches!(status, Some(200 | 201 | 409))
        })
        .collect()
}

#[tokio::test]
async fn each_line_arrives_once_and_every_query_finds_what_was_logged() {
    let (Some(rsyslogd), Some(_module), Some(osmem)) = (
        programs::require("rsyslogd"),
        programs::require("omelasticsearch.so"),
        programs::require("osmem-server"),
    ) else {
        return;
    };
    let started = jiff::Timestamp::now();
    let server = strict_server(&osmem).await;
    let mut gate = Gate::open_to(server.port()).await;
    let oracle = small_files().await;
    let shipper = Shipper::rsyslog(&rsyslogd, &log_path(&oracle), gate.port());

    talk(&oracle, 0..150).await;
    eventually(30, "lines arrive", || async {
        let found = total(&arrived(&server).await);
        if found > 100 { Ok(()) } else { Err(found) }
    })
    .await;
    // The server behind is away, in the middle of whatever it was told, and lines go on.
    gate.shut().await;
    let before = total(&arrived(&server).await);
    talk(&oracle, 150..450).await;
    assert_eq!(total(&arrived(&server).await), before, "the gate was shut");
    gate.open().await;
    talk(&oracle, 450..600).await;

    let (oracle, lines) = final_lines(oracle).await;
    let logged: Vec<Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut expected: Vec<String> = logged.iter().map(Value::to_string).collect();
    expected.sort_unstable();
    let answer = eventually(60, "every line arrives", || async {
        let answer = arrived(&server).await;
        let found = total(&answer);
        if found >= lines.len() as u64 {
            Ok(answer)
        } else {
            Err((found, lines.len(), refusals(&shipper)))
        }
    })
    .await;
    assert!(
        documents(&answer) == expected,
        "other lines, or other content"
    );
    assert_eq!(shipper.wrote("unparsed"), "");
    assert_eq!(refusals(&shipper), Vec::<Value>::new());

    // What the local tool finds, and what was asked for, is what every query finds.
    let errors = 600_usize.div_ceil(FAILS_EVERY) as u64;
    let query = ErrorQuery::new(started).with_recent(100);
    let local = query.of_files(&[log_path(&oracle)], |_| ControlFlow::Continue(()));
    let local: Value = serde_json::from_str(&local.unwrap().report.to_json()).unwrap();
    assert_eq!(local["total"], errors);
    assert_eq!(local["by_code"], json!({ "AI_ERROR": errors }));
    let url = format!("http://127.0.0.1:{}", server.port());
    let remote = tokio::task::spawn_blocking(move || {
        query.of_elasticsearch(&Elasticsearch::new(&url).unwrap())
    });
    let remote: Value = serde_json::from_str(&remote.await.unwrap().unwrap().to_json()).unwrap();
    for key in ["total", "by_code", "without_code", "partial"] {
        assert_eq!(remote[key], local[key], "{key}");
    }
    assert_eq!(sorted(&remote["recent"]), sorted(&local["recent"]));
    seeds_queries(&server, &local).await;
    kibanas_query(&server, errors).await;
}

/// Lines of the same microsecond have no order of their own.
fn sorted(lines: &Value) -> Vec<String> {
    let all = lines.as_array().unwrap();
    assert_eq!(all.len(), 100);
    let mut texts: Vec<String> = all.iter().map(Value::to_string).collect();
    texts.sort_unstable();
    texts
}

/// The seed's two queries, with what was wrong in them set right: `level` is `log.level`, which is a keyword, and so is
/// `error.code`, so neither `match` nor `.keyword` is needed; and the total is an object.
async fn seeds_queries(server: &Real, local: &Value) {
    let last_hour: Value = serde_json::from_str(SERVERS_QUERY).unwrap();
    let answer = search(server, last_hour).await;
    assert_eq!(json!(total(&answer)), local["total"]);
    assert_eq!(buckets(&answer["aggregations"]["by"]), local["by_code"]);

    let recent = json!({
        "query": { "term": { "log.level": "ERROR" } },
        "size": 100,
        "sort": [{ "@timestamp": { "order": "desc" } }],
    });
    let answer = search(server, recent).await;
    let mut expected: Vec<String> = local["recent"]
        .as_array()
        .unwrap()
        .iter()
        .map(Value::to_string)
        .collect();
    expected.sort_unstable();
    assert!(documents(&answer) == expected, "other lines");

    // As the seed has it, word for word, it finds nothing: no line has a field `level`.
    let verbatim = json!({ "query": { "match": { "level": "ERROR" } } });
    assert_eq!(total(&search(server, verbatim).await), 0);
}

/// The rule's query within its window, which is how Kibana asks it.
async fn kibanas_query(server: &Real, errors: u64) {
    let rule: Value = serde_json::from_str(KIBANA_RULE).unwrap();
    let parameters = &rule["params"];
    let query: Value = serde_json::from_str(parameters["esQuery"].as_str().unwrap()).unwrap();
    let window = format!(
        "now-{}{}",
        parameters["timeWindowSize"],
        parameters["timeWindowUnit"].as_str().unwrap()
    );
    let time_field = parameters["timeField"].as_str().unwrap();
    let body = json!({
        "query": { "bool": { "filter": [query["query"], { "range": { time_field: { "gte": window } } }] } },
        "size": parameters["size"],
        "track_total_hits": true,
    });
    let found = total(&search(server, body).await);
    assert_eq!(found, errors);
    let threshold = parameters["threshold"][0].as_u64().unwrap();
    assert!(found > threshold, "the rule would tell nobody");
}

#[tokio::test]
async fn a_field_outside_the_template_is_refused_and_told() {
    let (Some(rsyslogd), Some(_module), Some(osmem)) = (
        programs::require("rsyslogd"),
        programs::require("omelasticsearch.so"),
        programs::require("osmem-server"),
    ) else {
        return;
    };
    let server = strict_server(&osmem).await;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("oracle_json.log");
    let time = jiff::Timestamp::now();
    let line = |more: &str| format!("{{\"@timestamp\":\"{time}\",\"message\":\"hello\"{more}}}\n");
    let text = [
        line(""),
        line(",\"level\":\"ERROR\""),
        "no JSON\n".to_owned(),
    ]
    .concat();
    std::fs::write(&log, text).unwrap();
    let shipper = Shipper::rsyslog(&rsyslogd, &log, server.port());
    eventually(20, "one line is refused, and one is none", || async {
        let refused = refusals(&shipper);
        let is_strict = refused.len() == 1 && refused[0].to_string().contains("strict");
        let unparsed = shipper.wrote("unparsed");
        if is_strict && unparsed.contains("no JSON") && total(&arrived(&server).await) == 1 {
            Ok(())
        } else {
            Err((refused, unparsed))
        }
    })
    .await;
}
