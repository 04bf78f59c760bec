//! The dashboard: Grafana's own schema finds nothing, and every panel says what it shows, in which unit, beside the others.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use watchkeep_tests::programs;

use super::{clean, folder, run, text, written, yaml};

const DASHBOARD: &str = "grafana/dashboards/oracle.json";

/// The panels of the guide, which are there under its names.
const OF_THE_GUIDE: [&str; 5] = [
    "Messages Processed",
    "Average Response Time",
    "Error Rate",
    "Active Users",
    "System Status",
];

pub(super) fn panels() -> Vec<Value> {
    let dashboard = yaml(DASHBOARD);
    let panels = dashboard["panels"].as_array().expect("there are panels");
    let shown = panels.iter().filter(|panel| panel["type"] != "row");
    shown.cloned().collect()
}

/// Everything that is wrong with a dashboard, a line each.
fn complaints(dashboard: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let (mut ids, mut taken) = (BTreeSet::new(), BTreeSet::new());
    for panel in dashboard["panels"].as_array().into_iter().flatten() {
        let title = panel["title"].as_str().unwrap_or_default();
        let mut say = |what: &str| found.push(format!("{title}: {what}"));
        if title.is_empty() {
            say("has no title");
        }
        if !panel["id"].as_u64().is_some_and(|id| ids.insert(id)) {
            say("its id is not its own");
        }
        let place = &panel["gridPos"];
        let [x, y, width, height] =
            ["x", "y", "w", "h"].map(|key| place[key].as_u64().unwrap_or(99));
        if x + width > 24 || width == 0 || height == 0 {
            say("is not within the grid");
        }
        let cells = (x..x + width).flat_map(|x| (y..y + height).map(move |y| (x, y)));
        // All cells are taken, so that a later panel meets them.
        if cells.filter(|cell| !taken.insert(*cell)).count() > 0 {
            say("lies over another");
        }
        if panel["type"] != "row" {
            lint_panel(panel, &mut say);
        }
    }
    found
}

fn lint_panel(panel: &Value, say: &mut impl FnMut(&str)) {
    let empty = |value: &Value| value.as_str().is_none_or(str::is_empty);
    if empty(&panel["description"]) {
        say("has no description");
    }
    if empty(&panel["fieldConfig"]["defaults"]["unit"]) {
        say("has no unit");
    }
    let targets = panel["targets"].as_array().map_or(&[][..], Vec::as_slice);
    if targets.is_empty() {
        say("asks nothing");
    }
    let mut names = BTreeSet::new();
    for target in targets {
        if !names.insert(target["refId"].as_str()) {
            say("has two queries of one name");
        }
        for source in [&panel["datasource"], &target["datasource"]] {
            if source["uid"] != "${datasource}" {
                say("does not ask the chosen data source");
            }
        }
        if empty(&target["expr"]) || empty(&target["legendFormat"]) {
            say("a query lacks its expression or its legend");
        }
    }
}

#[test]
fn every_panel_is_complete_and_in_its_place() {
    let dashboard = yaml(DASHBOARD);
    assert_eq!(complaints(&dashboard), [""; 0]);
    assert!(dashboard["id"].is_null() && dashboard["schemaVersion"] == 42);
    let titles: Vec<String> = panels()
        .iter()
        .map(|panel| panel["title"].as_str().unwrap_or_default().to_owned())
        .collect();
    for title in OF_THE_GUIDE {
        assert!(titles.iter().any(|found| found == title), "{title}");
    }
    let variables = dashboard["templating"]["list"].as_array().expect("a list");
    assert_eq!(variables[0]["type"], "datasource");
}

#[test]
fn an_incomplete_panel_is_found() {
    let dashboard = yaml(DASHBOARD);
    let broken = |pointer: &str, value: Value| {
        let mut broken = dashboard.clone();
        *broken.pointer_mut(pointer).expect("it is there") = value;
        complaints(&broken)
    };
    for (pointer, value, complaint) in [
        ("/panels/1/title", "", "has no title"),
        ("/panels/1/description", "", "has no description"),
        ("/panels/1/fieldConfig/defaults/unit", "", "has no unit"),
        (
            "/panels/1/datasource/uid",
            "prometheus",
            "does not ask the chosen data source",
        ),
        (
            "/panels/1/targets/0/datasource/uid",
            "prometheus",
            "does not ask the chosen data source",
        ),
        (
            "/panels/1/targets/0/expr",
            "",
            "a query lacks its expression or its legend",
        ),
    ] {
        let found = broken(pointer, value.into());
        assert!(
            found.len() == 1 && found[0].ends_with(complaint),
            "{pointer}: {found:?}"
        );
    }
    assert!(broken("/panels/2/id", 1.into())[0].contains("its id"));
    assert!(broken("/panels/2/gridPos/x", 0.into())[0].contains("lies over"));
    assert!(broken("/panels/2/gridPos/x", 22.into())[0].contains("not within the grid"));
}

#[test]
fn it_is_what_grafanas_own_types_say() {
    let (Some(generator), Some(types), Some(checker)) = (
        programs::require("ts-json-schema-generator"),
        programs::require("@grafana/schema"),
        programs::require("check-jsonschema"),
    ) else {
        return;
    };
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let schema = scratch.path().join("schema.json").display().to_string();
    let source = types
        .join("dist/types/raw/dashboard/x/types.gen.d.ts")
        .display()
        .to_string();
    clean(
        &generator,
        &[
            "--path",
            &source,
            "--type",
            "Dashboard",
            "--no-type-check",
            "--out",
            &schema,
        ],
    );
    clean(&checker, &["--schemafile", &schema, DASHBOARD]);
    let right = text(DASHBOARD);
    for (key, typo) in [
        ("gridPos", "gridPosition"),
        ("schemaVersion", "schema"),
        ("fieldConfig", "fields"),
    ] {
        let wrong = right.replace(&format!("\"{key}\""), &format!("\"{typo}\""));
        assert_ne!(wrong, right);
        let file = written(&scratch, "wrong.json", &wrong);
        let (content, _) = run(&checker, &["--schemafile", &schema, &file]);
        assert!(!content, "{typo} is found");
    }
}

#[test]
fn grafana_is_given_the_dashboard_and_its_source() {
    let sources = yaml("grafana/provisioning/datasources/prometheus.yml");
    let source = &sources["datasources"][0];
    assert_eq!(source["type"], "prometheus");
    let compose = yaml("docker-compose.monitoring.yml");
    let url = source["url"].as_str().expect("a URL");
    let (host, port) = url
        .trim_start_matches("http://")
        .split_once(':')
        .expect("host and port");
    let ports = compose["services"][host]["ports"].to_string();
    assert!(
        ports.contains(&format!(":{port}\"")),
        "{host} listens on {port}: {ports}"
    );

    let interval = source["jsonData"]["timeInterval"].as_str();
    assert_eq!(
        interval,
        yaml("prometheus/prometheus.yml")["scrape_configs"][0]["scrape_interval"].as_str()
    );

    let providers = yaml("grafana/provisioning/dashboards/oracle.yml");
    let path = providers["providers"][0]["options"]["path"]
        .as_str()
        .expect("a path");
    let volumes = compose["services"]["grafana"]["volumes"].to_string();
    assert!(
        volumes.contains(&format!("./grafana/dashboards:{path}:ro")),
        "{volumes}"
    );
    let home =
        &compose["services"]["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"];
    assert_eq!(home.as_str(), Some(format!("{path}/oracle.json").as_str()));
    assert!(fs::exists(folder().join(DASHBOARD)).expect("it can be looked for"));
}
