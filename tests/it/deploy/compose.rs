//! What the compose file means: nothing reaches the machine, nothing is open, and the server takes its environment.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::process::Command;

use oracle_server::Config;
use serde_json::{Map, Value};
use watchkeep_tests::oracle::Oracle;

use super::{BINARY, folder, strings, text, yaml};

const COMPOSE: &str = "docker-compose.monitoring.yml";

/// What the stack of the guide consists of, and the server with its database.
const SERVICES: [&str; 9] = [
    "alertmanager",
    "elasticsearch",
    "elasticsearch-setup",
    "filebeat",
    "grafana",
    "kibana",
    "oracle",
    "postgres",
    "prometheus",
];

/// A compose file merges `<<` itself; the reader of YAML here may not, so both forms are looked through.
fn services() -> Map<String, Value> {
    let compose = yaml(COMPOSE);
    let hardened = &compose["x-hardened"];
    let mut services = compose["services"]
        .as_object()
        .expect("there are services")
        .clone();
    for service in services.values_mut() {
        let service = service.as_object_mut().expect("a service is a map");
        service.remove("<<");
        for (key, value) in hardened.as_object().expect("a map") {
            service.entry(key).or_insert_with(|| value.clone());
        }
    }
    services
}

/// Everything that is wrong with a service, a line each.
fn complaints(name: &str, service: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut must = |holds: bool, what: &str| {
        if !holds {
            found.push(format!("{name}: {what}"));
        }
    };
    let image = service["image"].as_str().unwrap_or_default();
    let tag = image.rsplit_once(':').map_or("", |(_, tag)| tag);
    let is_pinned = tag.matches('.').count() >= 1 && tag.contains(|c: char| c.is_ascii_digit());
    must(is_pinned, "its version is not pinned");
    for port in strings(&service["ports"]) {
        must(
            port.starts_with("127.0.0.1:"),
            "a port is open to the network",
        );
    }
    for volume in strings(&service["volumes"]) {
        must(!volume.contains("docker"), "it sees Docker's own files");
        must(
            !volume.starts_with('.') || volume.ends_with(":ro"),
            "it may write into this folder",
        );
        must(!volume.starts_with('/'), "it sees a path of this machine");
    }
    must(service["cap_drop"][0] == "ALL", "it keeps capabilities");
    must(
        strings(&service["security_opt"]).contains(&"no-new-privileges:true"),
        "it may gain privileges",
    );
    let user = service["user"].as_str().unwrap_or("0");
    must(
        !user.starts_with('0') && !user.starts_with("root"),
        "it runs as root",
    );
    must(service["mem_limit"].is_string(), "its memory has no bound");
    must(
        service["healthcheck"].is_object(),
        "nobody knows whether it is well",
    );
    must(
        service["read_only"] == true || name == "elasticsearch",
        "its file system can be written",
    );
    must(
        service["privileged"].is_null() && service["network_mode"].is_null(),
        "it is not contained",
    );
    for (key, value) in service["environment"].as_object().into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        let is_secret = ["PASSWORD", "TOKEN", "KEY"]
            .iter()
            .any(|word| key.contains(word));
        must(
            !is_secret || (value.starts_with("${") && value.ends_with(":?}")),
            "a secret stands in the file",
        );
    }
    found
}

#[test]
fn every_service_is_contained() {
    let services = services();
    let mut names: Vec<&str> = services.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, SERVICES);
    for (name, service) in &services {
        assert_eq!(complaints(name, service), [""; 0]);
    }
    assert!(
        yaml(COMPOSE)["version"].is_null(),
        "`version` has no meaning any more"
    );
}

#[test]
fn an_open_service_is_found() {
    let services = services();
    for (key, value, complaint) in [
        (
            "image",
            "prom/prometheus:latest",
            "its version is not pinned",
        ),
        ("ports", "9090:9090", "a port is open to the network"),
        (
            "volumes",
            "/var/run/docker.sock:/var/run/docker.sock:ro",
            "it sees Docker's own files",
        ),
        (
            "volumes",
            "./prometheus:/etc/prometheus",
            "it may write into this folder",
        ),
        ("user", "0:0", "it runs as root"),
        ("read_only", "", "its file system can be written"),
        ("environment", "secret", "a secret stands in the file"),
    ] {
        let mut service = services["prometheus"].clone();
        service[key] = match key {
            "ports" | "volumes" => Value::from(vec![value]),
            "environment" => serde_json::json!({"API_TOKEN": value}),
            _ => value.into(),
        };
        let found = complaints("prometheus", &service);
        assert!(
            found.iter().any(|found| found.ends_with(complaint)),
            "{complaint}: {found:?}"
        );
    }
}

/// The environment of the server in the compose file, with every name of `.env` filled in.
fn environment() -> Vec<(String, String)> {
    let services = services();
    let environment = services["oracle"]["environment"]
        .as_object()
        .expect("it has one");
    let fill = |value: &str| {
        let mut text = value.to_owned();
        while let Some((before, rest)) = text.split_once("${") {
            let (_, after) = rest.split_once('}').expect("it is closed");
            text = format!("{before}0123456789abcdef{after}");
        }
        text
    };
    let filled = environment.iter().map(|(name, value)| {
        let value = value.as_str().expect("a value is text");
        (name.clone(), fill(value))
    });
    filled.collect()
}

#[tokio::test]
async fn the_server_takes_its_environment() {
    let routing = folder().join("kubernetes/alerts.yml").display().to_string();
    let mut environment = environment();
    for (name, value) in &mut environment {
        match name.as_str() {
            "ALERTS_CONFIG" => value.clone_from(&routing),
            "DATA_DIR" => "data".clone_into(value),
            "LOG_DIR" => "logs".clone_into(value),
            _ => {}
        }
    }
    let environment: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let (code, said, problems) = Oracle::run(BINARY, &["--check-config"], &environment).await;
    assert_eq!(code, Some(0), "{problems}");
    for words in [
        "no rules in the process",
        "PostgreSQL at postgres:5432",
        "0.0.0.0:9000",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!said.contains("0123456789abcdef"), "{said}");
}

/// The names that the server asks its environment for.
pub(super) fn known_names() -> BTreeSet<String> {
    let asked = RefCell::new(BTreeSet::new());
    let _ = Config::from_lookup(|name| {
        asked.borrow_mut().insert(name.to_owned());
        None
    });
    asked.into_inner()
}

#[test]
fn no_name_is_misspelt() {
    let known = known_names();
    assert!(known.contains("OPS_ADDR") && !known.contains("OPS_ADRR"));
    for (name, _) in environment() {
        assert!(known.contains(&name), "the server does not know {name}");
    }
    let image = text("Dockerfile");
    let set = image.lines().map(str::trim).filter_map(|line| {
        let line = line.trim_start_matches("ENV ").trim_end_matches(" \\");
        line.split_once('=').filter(|(name, _)| {
            name.bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
        })
    });
    let set: Vec<&str> = set.map(|(name, _)| name).collect();
    assert_eq!(set, ["ORACLE_ADDR", "DATA_DIR", "LOG_DIR"]);
    assert!(set.iter().all(|name| known.contains(*name)));
}

#[test]
fn every_value_that_is_wanted_is_in_the_example() {
    let compose = text(COMPOSE);
    let wanted: BTreeSet<&str> = compose
        .split("${")
        .skip(1)
        .filter_map(|rest| rest.split_once(":?}"))
        .map(|(name, _)| name)
        .filter(|name| !name.contains(|c: char| c.is_whitespace()))
        .collect();
    let example = text(".env.example");
    let offered: BTreeSet<&str> = example
        .lines()
        .filter_map(|line| line.strip_suffix('='))
        .collect();
    assert_eq!(wanted, offered);
}

#[tokio::test]
async fn the_health_check_of_the_image_tells_ready_from_not() {
    let services = services();
    let test = strings(&services["oracle"]["healthcheck"]["test"]);
    let [kind, program, flag, script] = test[..] else {
        panic!("{test:?}");
    };
    assert_eq!([kind, program, flag], ["CMD", "bash", "-c"]);
    let oracle = Oracle::start(BINARY, &[]).await;
    oracle.ready().await;
    let address = oracle
        .base()
        .trim_start_matches("http://")
        .replace(':', "/");
    let healthy = |address: &str| {
        let script = script.replace("127.0.0.1/8000", address);
        assert_ne!(script, test[3]);
        let status = Command::new("bash")
            .args(["-c", &script])
            .stderr(std::process::Stdio::null())
            .status();
        status.expect("there is a bash").success()
    };
    assert!(healthy(&address));
    let closed = format!(
        "postgres://oracle@127.0.0.1:{}/oracle",
        watchkeep_tests::servers::free_port()
    );
    let lame = Oracle::start(BINARY, &[("DATABASE_URL", &closed)]).await;
    assert!(!healthy(
        &lame.base().trim_start_matches("http://").replace(':', "/")
    ));
    drop(oracle);
    assert!(!healthy(&address), "nobody is there");
}
