//! What the manifests mean: three probes that ask three things, labels that meet, a stop that has the time it needs.

use std::time::Duration;

use serde_json::{Value, json};
use watchkeep_tests::client;
use watchkeep_tests::eventually::eventually;
use watchkeep_tests::oracle::Oracle;

use super::{BINARY, compose, folder, parse, queries, text, yaml};

const PROBES: [&str; 3] = ["startupProbe", "livenessProbe", "readinessProbe"];

fn services() -> Vec<Value> {
    text("kubernetes/service.yaml")
        .split("\n---\n")
        .map(parse)
        .collect()
}

fn container(deployment: &Value) -> &Value {
    &deployment["spec"]["template"]["spec"]["containers"][0]
}

/// A value that stands in the container's environment.
fn variable<'a>(deployment: &'a Value, name: &str) -> &'a str {
    let all = container(deployment)["env"]
        .as_array()
        .expect("it has an environment");
    let found = all.iter().find(|variable| variable["name"] == name);
    found
        .and_then(|variable| variable["value"].as_str())
        .unwrap_or_default()
}

/// Everything that is wrong with the deployment, a line each.
fn complaints(deployment: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut must = |holds: bool, what: &str| {
        if !holds {
            found.push(what.to_owned());
        }
    };
    let spec = &deployment["spec"];
    let pod = &spec["template"]["spec"];
    let container = container(deployment);
    must(
        spec["selector"]["matchLabels"].is_object()
            && spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"],
        "the selector is not the labels of the pods",
    );
    let ports = container["ports"].as_array().map_or(&[][..], Vec::as_slice);
    let paths = PROBES.map(|name| {
        container[name]["httpGet"]["path"]
            .as_str()
            .unwrap_or_default()
    });
    for (index, name) in PROBES.iter().enumerate() {
        let probe = &container[name];
        let number = |key: &str, default: u64| probe[key].as_u64().unwrap_or(default);
        must(!paths[index].is_empty(), "a probe is missing");
        must(
            !paths[..index].contains(&paths[index]),
            "two probes ask the same",
        );
        must(
            ports
                .iter()
                .any(|port| port["name"] == probe["httpGet"]["port"]),
            "a probe asks a port that is not there",
        );
        must(
            number("timeoutSeconds", 1) > 1,
            "a probe has the default timeout of a second",
        );
        must(
            number("timeoutSeconds", 1) <= number("periodSeconds", 10),
            "a probe takes longer than its period",
        );
        must(
            *name == "readinessProbe" || number("successThreshold", 1) == 1,
            "a probe must succeed more than once",
        );
    }
    let seconds = |name: &str| variable(deployment, name).parse::<u64>().unwrap_or(0);
    let pre_stop = container["lifecycle"]["preStop"]["sleep"]["seconds"].as_u64();
    must(pre_stop.is_some(), "nothing waits before the signal");
    let (delay, drain) = (
        seconds("ORACLE_DRAIN_DELAY_SECONDS"),
        seconds("ORACLE_DRAIN_SECONDS"),
    );
    let needed = pre_stop.unwrap_or(0) + delay + drain;
    must(
        pod["terminationGracePeriodSeconds"].as_u64().unwrap_or(30) >= needed + 5,
        "it is killed before it has stopped",
    );
    let ready = &container["readinessProbe"];
    let notices = ready["periodSeconds"].as_u64().unwrap_or(10)
        * ready["failureThreshold"].as_u64().unwrap_or(3);
    must(
        delay >= notices,
        "it stops accepting before readiness is noticed",
    );
    let security = &container["securityContext"];
    must(
        pod["securityContext"]["runAsNonRoot"] == true
            && security["allowPrivilegeEscalation"] == false
            && security["readOnlyRootFilesystem"] == true
            && security["capabilities"]["drop"] == json!(["ALL"]),
        "it may do more than it needs",
    );
    must(
        container["resources"]["requests"]["memory"].is_string()
            && container["resources"]["limits"]["memory"].is_string(),
        "its memory has no bound",
    );
    must(
        variable(deployment, "LOG_CONSOLE") == "json",
        "its log is not for machines",
    );
    found
}

#[test]
fn the_deployment_means_what_it_should() {
    assert_eq!(complaints(&yaml("kubernetes/deployment.yaml")), [""; 0]);
}

#[test]
fn what_is_wrong_with_a_deployment_is_found() {
    let deployment = yaml("kubernetes/deployment.yaml");
    let at = "/spec/template/spec/containers/0";
    for (pointer, value, complaint) in [
        (
            "/spec/selector/matchLabels".to_owned(),
            json!({"app": "x"}),
            "the selector",
        ),
        (
            format!("{at}/livenessProbe/httpGet/path"),
            json!("/readyz"),
            "two probes ask the same",
        ),
        (
            format!("{at}/livenessProbe/httpGet/port"),
            json!("https"),
            "a port that is not there",
        ),
        (
            format!("{at}/readinessProbe/timeoutSeconds"),
            json!(1),
            "the default timeout",
        ),
        (
            format!("{at}/readinessProbe/timeoutSeconds"),
            json!(6),
            "longer than its period",
        ),
        (
            format!("{at}/readinessProbe/periodSeconds"),
            json!(6),
            "before readiness is noticed",
        ),
        (
            format!("{at}/lifecycle/preStop/sleep/seconds"),
            json!(15),
            "killed before it has stopped",
        ),
        (
            "/spec/template/spec/terminationGracePeriodSeconds".to_owned(),
            json!(30),
            "killed before it has stopped",
        ),
        (
            format!("{at}/securityContext/readOnlyRootFilesystem"),
            json!(false),
            "more than it needs",
        ),
        (format!("{at}/resources/limits"), json!({}), "no bound"),
    ] {
        let mut wrong = deployment.clone();
        *wrong.pointer_mut(&pointer).expect("it is there") = value;
        let found = complaints(&wrong);
        assert!(
            found.iter().any(|found| found.contains(complaint)),
            "{pointer}: {found:?}"
        );
    }
}

#[test]
fn labels_and_ports_meet() {
    let deployment = yaml("kubernetes/deployment.yaml");
    let labels = &deployment["spec"]["template"]["metadata"]["labels"];
    let ports = container(&deployment)["ports"]
        .as_array()
        .expect("it has ports");
    let names: Vec<&str> = ports
        .iter()
        .filter_map(|port| port["name"].as_str())
        .collect();
    assert_eq!(names, ["http", "ops"]);
    for port in ports {
        let variable = variable(
            &deployment,
            if port["name"] == "ops" {
                "OPS_ADDR"
            } else {
                "ORACLE_ADDR"
            },
        );
        assert_eq!(variable, format!("0.0.0.0:{}", port["containerPort"]));
    }
    let [users, operators] = &services()[..] else {
        panic!("there are two services");
    };
    for (service, port) in [(users, "http"), (operators, "ops")] {
        assert_eq!(&service["spec"]["selector"], labels);
        let ports = service["spec"]["ports"].as_array().expect("it has ports");
        assert_eq!(
            ports.len(),
            1,
            "users do not come by the port for operators"
        );
        assert_eq!(ports[0]["targetPort"], port);
    }
    let budget = yaml("kubernetes/pod-disruption-budget.yaml");
    assert_eq!(&budget["spec"]["selector"]["matchLabels"], labels);
    assert!(
        budget["spec"]["minAvailable"].as_u64() < deployment["spec"]["replicas"].as_u64(),
        "a node can be drained"
    );

    let monitor = yaml("kubernetes/service-monitor.yaml");
    let chosen = monitor["spec"]["selector"]["matchLabels"]
        .as_object()
        .expect("it chooses by labels");
    let meets = |service: &Value| {
        chosen
            .iter()
            .all(|(name, value)| &service["metadata"]["labels"][name] == value)
    };
    assert!(meets(operators) && !meets(users));
    let endpoint = &monitor["spec"]["endpoints"][0];
    assert_eq!(endpoint["port"], operators["spec"]["ports"][0]["name"]);
    // The rules and the dashboard ask for the job `oracle`.
    let job = monitor["spec"]["jobLabel"]
        .as_str()
        .expect("the job has a name");
    assert_eq!(operators["metadata"]["labels"][job], "oracle");

    let policy = yaml("kubernetes/network-policy.yaml");
    assert_eq!(&policy["spec"]["podSelector"]["matchLabels"], labels);
    for rule in policy["spec"]["ingress"]
        .as_array()
        .expect("there are rules")
    {
        let port = rule["ports"][0]["port"]
            .as_str()
            .expect("a port has a name");
        assert!(names.contains(&port));
        assert_eq!(
            port == "ops",
            rule["from"].is_array(),
            "only some reach the port for operators"
        );
    }
    let known = compose::known_names();
    for variable in container(&deployment)["env"]
        .as_array()
        .expect("it has an environment")
    {
        let name = variable["name"].as_str().expect("it has a name");
        assert!(known.contains(name), "the server does not know {name}");
    }
}

/// The manifest's own environment, as far as it can be here: free ports, this folder, no database server.
fn environment(deployment: &Value) -> Vec<(String, String)> {
    let all = container(deployment)["env"]
        .as_array()
        .expect("it has an environment");
    let given = all.iter().filter_map(|variable| {
        let name = variable["name"].as_str()?;
        let value = match name {
            "ORACLE_ADDR" | "OPS_ADDR" => "127.0.0.1:0".to_owned(),
            "DATA_DIR" => "data".to_owned(),
            "ALERTS_CONFIG" => folder().join("kubernetes/alerts.yml").display().to_string(),
            "ALERTMANAGER_URL" => {
                format!("http://127.0.0.1:{}", watchkeep_tests::servers::free_port())
            }
            "OPS_TOKEN" => "token".to_owned(),
            _ => variable["value"].as_str()?.to_owned(),
        };
        Some((name.to_owned(), value))
    });
    given.collect()
}

#[tokio::test]
async fn the_server_answers_the_probes_as_the_kubelet_needs() {
    let deployment = yaml("kubernetes/deployment.yaml");
    let environment = environment(&deployment);
    let environment: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let mut oracle = Oracle::start(BINARY, &environment).await;
    let operators = format!("http://{}", queries::operators(&oracle));
    let users = oracle.base().to_owned();
    let ask = |base: &str, path: &str| {
        let request = client::client().get(format!("{base}{path}"));
        async move {
            request
                .send()
                .await
                .map(|answer| answer.status().as_u16())
                .map_err(|error| error.to_string())
        }
    };
    let probe = |name: &str| {
        let get = &container(&deployment)[name]["httpGet"];
        let base = if get["port"] == "ops" {
            &operators
        } else {
            &users
        };
        ask(base, get["path"].as_str().expect("it has a path"))
    };
    eventually(20, "all probes succeed", || async {
        let answers = [
            probe(PROBES[0]).await,
            probe(PROBES[1]).await,
            probe(PROBES[2]).await,
        ];
        if answers.iter().all(|answer| *answer == Ok(200)) {
            Ok(())
        } else {
            Err(answers)
        }
    })
    .await;
    // Metrics are where the monitor looks for them, and users do not reach them.
    assert_eq!(ask(&operators, "/metrics").await, Ok(200));
    assert_eq!(ask(&users, "/metrics").await, Ok(404));

    // It stops: not ready at once, alive and accepting until the delay is over.
    oracle.signal("TERM").await;
    eventually(5, "it is not ready", || async {
        match probe("readinessProbe").await {
            Ok(503) => Ok(()),
            other => Err(other),
        }
    })
    .await;
    assert_eq!(probe("livenessProbe").await, Ok(200));
    let grace = deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"].as_u64();
    let ended = tokio::time::timeout(
        Duration::from_secs(grace.expect("it is said")),
        oracle.ended(),
    )
    .await;
    assert!(ended.expect("it ends within the grace period").success());
}
