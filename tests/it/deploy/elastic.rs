//! The way of a line: what Filebeat reads, what the index knows, what is asked, and the scripts that set it all up.

use std::process::{Command, Output};

use reqwest::Method;
use serde_json::{Value, json};
use watchkeep_tests::eventually::eventually;
use watchkeep_tests::oracle::Oracle;
use watchkeep_tests::sink::{Received, Reply, Sink};
use watchkeep_tests::{programs, servers};

use super::{BINARY, folder, text, yaml};

/// Every leaf of a value, by its dotted path.
fn leaves(prefix: &str, value: &Value, found: &mut Vec<(String, Value)>) {
    match value.as_object() {
        Some(map) => {
            for (key, value) in map {
                let path = if prefix.is_empty() {
                    key.clone()
                } else {
                    format!("{prefix}.{key}")
                };
                leaves(&path, value, found);
            }
        }
        None => found.push((prefix.to_owned(), value.clone())),
    }
}

/// The type that the template gives to a path, or to what lies below `labels`.
fn mapped<'a>(template: &'a Value, path: &str) -> Option<&'a str> {
    let mappings = &template["template"]["mappings"];
    if let Some((parent @ ("labels" | "numeric_labels"), _)) = path.split_once('.') {
        let dynamic = mappings["dynamic_templates"].as_array()?;
        let own = dynamic.iter().find_map(|one| one.get(parent))?;
        assert_eq!(own["path_match"], format!("{parent}.*"));
        return own["mapping"]["type"].as_str();
    }
    let pointer = path.replace('.', "/properties/");
    mappings["properties"]
        .pointer(&format!("/{pointer}/type"))?
        .as_str()
}

#[tokio::test]
async fn the_index_knows_every_key_that_the_server_writes() {
    let engine = Sink::start(|_| Reply::Answer(500, "no".to_owned())).await;
    let environment = [("LOG_JSON", "true"), ("AI_ENGINE_URL", engine.url())];
    let oracle = Oracle::start(BINARY, &environment).await;
    oracle.ready().await;
    let (status, _) = oracle.message(7, "hello").await.expect("it answers");
    assert_eq!(status, 502);
    let log = eventually(10, "the error is written", || async {
        let log = oracle.log("oracle_json.log");
        if log.contains("error.code") {
            Ok(log)
        } else {
            Err(log)
        }
    })
    .await;
    let template = yaml("elasticsearch/index-template.json");
    let mut found = Vec::new();
    for line in log.lines() {
        leaves(
            "",
            &serde_json::from_str(line).expect("a line is JSON"),
            &mut found,
        );
    }
    assert!(found.len() > 50);
    for (path, value) in found {
        let kind = mapped(&template, &path).unwrap_or_else(|| panic!("{path} has no mapping"));
        let fits = match kind {
            "long" => value.is_u64(),
            "double" => value.is_number(),
            "date" | "keyword" | "match_only_text" | "wildcard" => value.is_string(),
            other => panic!("{path}: {other}"),
        };
        assert!(fits, "{path} is {kind}: {value}");
    }
    assert_eq!(mapped(&template, "numeric_labels.after"), Some("double"));
    assert_eq!(mapped(&template, "lable.x"), None);
}

#[tokio::test]
async fn filebeat_reads_every_file_of_the_json_log_and_no_other() {
    let filebeat = yaml("filebeat/filebeat.yml");
    let input = &filebeat["filebeat.inputs"][0];
    assert_eq!(input["type"], "filestream");
    assert_eq!(input["id"], "oracle-json");
    let length = input["prospector.scanner.fingerprint"]["length"].as_u64();
    assert!(
        length.is_some_and(|length| (64..1024).contains(&length)),
        "small files are sent, too"
    );
    let parser = &input["parsers"][0]["ndjson"];
    for key in ["overwrite_keys", "expand_keys", "add_error_key"] {
        assert_eq!(parser[key], true, "{key}");
    }
    assert_eq!(parser["target"], "");

    let path = input["paths"][0].as_str().expect("it has a path");
    let (directory, pattern) = path.rsplit_once('/').expect("an absolute path");
    let (start, rest) = pattern.split_once('*').expect("a pattern");
    let middle = rest.strip_suffix('*').expect("a pattern");
    let reads = |name: &str| {
        name.strip_prefix(start)
            .is_some_and(|rest| rest.contains(middle))
    };
    let compose = yaml("docker-compose.monitoring.yml");
    let services = &compose["services"];
    assert_eq!(services["oracle"]["environment"]["LOG_DIR"], directory);
    let volumes = services["filebeat"]["volumes"].to_string();
    assert!(
        volumes.contains(&format!("oracle_logs:{directory}:ro")),
        "{volumes}"
    );

    let environment = [("LOG_JSON", "true"), ("LOG_MAX_BYTES", "2000")];
    let oracle = Oracle::start(BINARY, &environment).await;
    oracle.ready().await;
    let names = eventually(20, "the JSON file was rotated", || async {
        oracle.message(7, "hello").await.expect("it answers");
        let entries = std::fs::read_dir(oracle.folder().join("logs")).expect("there are logs");
        let names: Vec<String> = entries
            .map(|entry| {
                entry
                    .expect("it is readable")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .filter(|name| !name.ends_with(".lock"))
            .collect();
        let json = names
            .iter()
            .filter(|name| name.starts_with("oracle_json"))
            .count();
        if json > 1 { Ok(names) } else { Err(names) }
    })
    .await;
    for name in names {
        assert_eq!(reads(&name), name.starts_with("oracle_json"), "{name}");
    }
}

#[test]
fn every_query_asks_the_same_index_for_the_same_errors() {
    let template = yaml("elasticsearch/index-template.json");
    let stream = yaml("filebeat/filebeat.yml")["output.elasticsearch"]["index"].clone();
    let stream = stream.as_str().expect("Filebeat names its index");
    let pattern = template["index_patterns"][0].as_str().expect("a pattern");
    assert!(stream.starts_with(pattern.trim_end_matches('*')));
    assert!(template["data_stream"].is_object());
    assert_eq!(
        template["template"]["settings"]["index.lifecycle.name"],
        "oracle-logs"
    );
    let phases = &yaml("elasticsearch/lifecycle.json")["policy"]["phases"];
    assert_eq!(phases["delete"]["min_age"], "30d");

    let rule = yaml("kibana/error-rate-rule.json");
    let view: Value =
        serde_json::from_str(text("kibana/data-view.ndjson").trim()).expect("one object a line");
    for index in [&rule["params"]["index"][0], &view["attributes"]["title"]] {
        let index = index.as_str().expect("a pattern");
        assert!(stream.starts_with(index.trim_end_matches('*')), "{index}");
    }
    let inner = rule["params"]["esQuery"]
        .as_str()
        .expect("the query is text");
    let inner: Value = serde_json::from_str(inner).expect("and JSON");
    let report = yaml("elasticsearch/errors.json");
    let error = &report["query"]["bool"]["filter"][1];
    assert_eq!(inner["query"]["bool"]["filter"], json!([error]));
    assert_eq!(
        error["bool"]["should"][0],
        json!({"term": {"log.level": "ERROR"}})
    );
    assert_eq!(
        report["query"]["bool"]["filter"][0],
        json!({"range": {"@timestamp": {"gte": "now-1h"}}})
    );
    assert_eq!(report["aggs"]["by"]["terms"]["field"], "error.code");
    for field in ["log.level", "error.code"] {
        assert_eq!(
            mapped(&template, field),
            Some("keyword"),
            "{field} can be asked for as it is"
        );
    }
}

#[tokio::test]
async fn the_queries_find_the_errors_in_a_search_server_with_the_template() {
    let Some(program) = programs::require("osmem-server") else {
        return;
    };
    let search = servers::search_server(&program).await;
    // This server has neither data streams nor lives of indices; the mappings are what counts here.
    let mut template = yaml("elasticsearch/index-template.json");
    let parts = template.as_object_mut().expect("a template is an object");
    parts.remove("data_stream");
    parts["template"]["settings"] = json!({});
    let put = |path: &'static str, body: String| {
        servers::search_request(&search, Method::PUT, path, body)
    };
    let answer = put("_index_template/oracle-logs", template.to_string()).await;
    assert_eq!(answer["acknowledged"], true, "{answer}");

    let oracle = Oracle::start(
        BINARY,
        &[
            ("LOG_JSON", "true"),
            ("AI_ENGINE_URL", "http://127.0.0.1:9"),
        ],
    )
    .await;
    for user in 0..3 {
        let (status, _) = oracle.message(user, "hello").await.expect("it answers");
        assert_eq!(status, 502);
    }
    let log = eventually(10, "the errors are written", || async {
        let log = oracle.log("oracle_json.log");
        if log.matches("\"ERROR\"").count() == 3 {
            Ok(log)
        } else {
            Err(log)
        }
    })
    .await;
    servers::index_lines(&search, "filebeat-oracle", &log).await;

    let ask =
        |body: String| servers::search_request(&search, Method::POST, "filebeat-*/_search", body);
    let report = ask(text("elasticsearch/errors.json")).await;
    assert_eq!(report["hits"]["total"]["value"], 3, "{report}");
    assert_eq!(
        report["aggregations"]["by"]["buckets"][0]["key"],
        "AI_ERROR"
    );
    let rule = yaml("kibana/error-rate-rule.json");
    let inner = rule["params"]["esQuery"]
        .as_str()
        .expect("the query is text");
    let found = ask(inner.to_owned()).await;
    assert_eq!(found["hits"]["total"]["value"], 3, "{found}");
}

const PASSWORDS: [&str; 4] = [
    "ELASTIC_PASSWORD",
    "KIBANA_SYSTEM_PASSWORD",
    "FILEBEAT_PASSWORD",
    "ORACLE_READER_PASSWORD",
];

/// Runs a script against a server, with passwords of their own names.
async fn script(path: &str, server: &str, url: &str) -> Output {
    let mut command = Command::new("bash");
    command.arg(folder().join(path)).env(server, url);
    for name in PASSWORDS {
        command.env(name, format!("of-{name}"));
    }
    let running = tokio::task::spawn_blocking(move || command.output());
    running.await.expect("it runs").expect("there is a bash")
}

fn paths(received: &[Received]) -> Vec<&str> {
    received
        .iter()
        .map(|request| request.path.as_str())
        .collect()
}

#[tokio::test]
async fn the_setup_of_elasticsearch_says_all_it_must_and_stops_at_a_refusal() {
    if programs::require("curl").is_none() {
        return;
    }
    let elasticsearch = Sink::start(|_| Reply::ok("{}")).await;
    let setup = || {
        script(
            "elasticsearch/setup.sh",
            "ELASTICSEARCH",
            elasticsearch.url(),
        )
    };
    let output = setup().await;
    assert!(output.status.success(), "{output:?}");
    let received = elasticsearch.received();
    assert_eq!(
        paths(&received),
        [
            "/_security/user/kibana_system/_password",
            "/_security/role/filebeat_writer",
            "/_security/user/filebeat_internal",
            "/_security/role/oracle_reader",
            "/_security/user/oracle_reader",
            "/_ilm/policy/oracle-logs",
            "/_index_template/oracle-logs",
        ]
    );
    let bodies: Vec<Value> = received
        .iter()
        .map(|request| serde_json::from_str(&request.body).expect("each body is JSON"))
        .collect();
    for (index, name) in [(0, PASSWORDS[1]), (2, PASSWORDS[2]), (4, PASSWORDS[3])] {
        assert_eq!(bodies[index]["password"], format!("of-{name}"));
    }
    let rights = |index: usize| &bodies[index]["indices"][0];
    assert_eq!(
        rights(1)["privileges"],
        json!(["auto_configure", "create_doc"])
    );
    assert_eq!(rights(3)["privileges"], json!(["read"]));
    assert_eq!(bodies[2]["roles"], json!(["filebeat_writer"]));
    assert_eq!(bodies[4]["roles"], json!(["oracle_reader"]));
    assert_eq!(bodies[5], yaml("elasticsearch/lifecycle.json"));
    assert_eq!(bodies[6], yaml("elasticsearch/index-template.json"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.ends_with("setup: done\n") && !said.contains("of-"),
        "{said}"
    );

    let refusing = Sink::start(|body| {
        if body.contains("phases") {
            Reply::Answer(400, "no".to_owned())
        } else {
            Reply::ok("{}")
        }
    })
    .await;
    let output = script("elasticsearch/setup.sh", "ELASTICSEARCH", refusing.url()).await;
    assert!(!output.status.success());
    assert_eq!(refusing.received().len(), 6, "it stops there");
}

#[tokio::test]
async fn the_import_into_kibana_makes_objects_and_replaces_them() {
    if programs::require("curl").is_none() {
        return;
    }
    // A question has no body, an import has the data view, and whatever else is an object.
    let kibana = |there: u16| {
        Sink::start(move |body| match body {
            "" => Reply::Answer(there, "{}".to_owned()),
            body if body.contains("index-pattern") => Reply::ok(r#"{"success":true}"#),
            _ => Reply::ok("{}"),
        })
    };
    for there in [404, 200] {
        let kibana = kibana(there).await;
        let output = script("kibana/import.sh", "KIBANA", kibana.url()).await;
        assert!(output.status.success(), "{output:?}");
        let received = kibana.received();
        let rule = "/api/alerting/rule/4f4ab9a0-6d1c-4c52-9d0e-6f7261636c65";
        let connector = "/api/actions/connector/oracle-server-log";
        assert_eq!(
            paths(&received),
            [
                "/api/saved_objects/_import",
                connector,
                connector,
                rule,
                rule
            ]
        );
        let sent: Value = serde_json::from_str(&received[4].body).expect("it is JSON");
        assert_eq!(
            sent["params"],
            yaml("kibana/error-rate-rule.json")["params"]
        );
        // Only a creation says of which type a rule is.
        assert_eq!(sent["rule_type_id"].is_null(), there == 200);
        let sent: Value = serde_json::from_str(&received[2].body).expect("it is JSON");
        assert_eq!(sent["connector_type_id"].is_null(), there == 200);
    }
    let refusing = Sink::start(|_| Reply::ok(r#"{"success":false}"#)).await;
    let output = script("kibana/import.sh", "KIBANA", refusing.url()).await;
    assert!(!output.status.success() && refusing.received().len() == 1);
}
