//! No edge between the members that docs/ARCHITECTURE.md does not list.

use toml::Table;

use super::{File, check, dependencies, manifests, none, package_name};

/// One member and the members that it may use.
struct Edges {
    name: &'static str,
    may_use: &'static [&'static str],
    /// What its own tests may use beside that.
    dev: &'static [&'static str],
}

pub(super) const ALERTS: &str = "watchkeep-alerts";
pub(super) const ENDPOINTS: &str = "watchkeep-endpoints";
pub(super) const FACADE: &str = "watchkeep";
pub(super) const HEALTH: &str = "watchkeep-health";
pub(super) const LOGGING: &str = "watchkeep-logging";
pub(super) const METRICS: &str = "watchkeep-metrics";
const ORACLE: &str = "oracle-server";
pub(super) const RULES: &str = "watchkeep-rules";
pub(super) const TOWER: &str = "watchkeep-tower";

const fn edges(name: &'static str, may_use: &'static [&'static str]) -> Edges {
    Edges {
        name,
        may_use,
        dev: &[],
    }
}

/// The table of docs/ARCHITECTURE.md; a new line here is a decision.
const TABLE: &[Edges] = &[
    edges(LOGGING, &[]),
    edges(METRICS, &[]),
    edges(HEALTH, &[]),
    edges(ALERTS, &[]),
    Edges {
        name: TOWER,
        may_use: &[],
        dev: &[METRICS],
    },
    edges(RULES, &[METRICS, ALERTS]),
    edges(ENDPOINTS, &[LOGGING, METRICS, HEALTH, ALERTS, TOWER, RULES]),
    edges(
        FACADE,
        &[LOGGING, METRICS, HEALTH, ALERTS, TOWER, RULES, ENDPOINTS],
    ),
    edges("watchkeep-cli", &[LOGGING, RULES, ALERTS]),
    edges("xtask", &[]),
    edges(ORACLE, &[FACADE]),
    edges("mailroom", &[FACADE]),
    edges("quickstart", &[FACADE]),
    edges("watchkeep-tests", EVERYTHING),
    edges("benches", EVERYTHING),
];

const EVERYTHING: &[&str] = &[
    LOGGING, METRICS, HEALTH, ALERTS, TOWER, RULES, ENDPOINTS, FACADE, ORACLE, "xtask",
];

/// Complains about edges inside the workspace.
fn check_edges(file: &File) -> Vec<String> {
    let manifest: Table = file.text.parse().expect("a manifest is TOML");
    let name = package_name(&manifest);
    let Some(row) = TABLE.iter().find(|row| row.name == name) else {
        return vec![format!("{}: `{name}` is not in the table", file.path)];
    };
    let mut complaints = Vec::new();
    for dependency in dependencies(&manifest) {
        let other = dependency.name.as_str();
        if !TABLE.iter().any(|row| row.name == other) {
            continue;
        }
        let allowed = row.may_use.contains(&other) || dependency.is_dev && row.dev.contains(&other);
        if !allowed {
            complaints.push(format!("{}: `{name}` may not use `{other}`", file.path));
        }
        if name == FACADE && !dependency.is_dev && !dependency.is_optional {
            complaints.push(format!("{}: `{other}` must be optional", file.path));
        }
    }
    complaints
}

#[test]
fn every_edge_is_in_the_table() {
    none(manifests().iter().flat_map(check_edges));
}

#[test]
fn a_bad_edge_fails() {
    check(
        check_edges,
        METRICS,
        "[dependencies]\nmetrics = '0.24'",
        &[],
    );
    check(
        check_edges,
        METRICS,
        "[dependencies]\nwatchkeep-health.workspace = true",
        &["Cargo.toml: `watchkeep-metrics` may not use `watchkeep-health`"],
    );
    check(
        check_edges,
        LOGGING,
        "[target.'cfg(unix)'.dependencies]\nother = { package = 'oracle-server', path = '..' }",
        &["Cargo.toml: `watchkeep-logging` may not use `oracle-server`"],
    );
    check(
        check_edges,
        ALERTS,
        "[dev-dependencies]\nwatchkeep-rules.workspace = true",
        &["Cargo.toml: `watchkeep-alerts` may not use `watchkeep-rules`"],
    );
    check(
        check_edges,
        FACADE,
        "[dependencies]\nwatchkeep-tower.workspace = true",
        &["Cargo.toml: `watchkeep-tower` must be optional"],
    );
    check(
        check_edges,
        "watchkeep-new",
        "",
        &["Cargo.toml: `watchkeep-new` is not in the table"],
    );
}

#[test]
fn the_layer_may_use_the_recorder_in_its_tests_only() {
    let edge = "watchkeep-metrics.workspace = true";
    check(
        check_edges,
        TOWER,
        &format!("[dev-dependencies]\n{edge}"),
        &[],
    );
    check(
        check_edges,
        TOWER,
        &format!("[dependencies]\n{edge}"),
        &["Cargo.toml: `watchkeep-tower` may not use `watchkeep-metrics`"],
    );
}
