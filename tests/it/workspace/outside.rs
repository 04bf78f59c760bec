//! Nothing is pulled in that a crate keeps out.

use std::process::Command;

use toml::Table;

use super::edges::{ENDPOINTS, FACADE, HEALTH, LOGGING, METRICS, RULES, TOWER};
use super::{File, check, dependencies, manifests, none, package_name, root};

/// What a crate keeps out, directly and through others, under these features; its own tests are free.
struct KeptOut {
    name: &'static str,
    features: &'static str,
    crates: &'static [&'static str],
}

const DRIVERS: &[&str] = &["diesel", "redis", "rusqlite", "sqlx", "tokio-postgres"];

const KEPT_OUT: &[KeptOut] = &[
    KeptOut {
        name: LOGGING,
        features: "--all-features",
        crates: &["tokio"],
    },
    KeptOut {
        name: METRICS,
        features: "--all-features",
        crates: &["http", "hyper", "tokio"],
    },
    KeptOut {
        name: HEALTH,
        features: "--all-features",
        crates: DRIVERS,
    },
    KeptOut {
        // Its feature for axum brings what axum brings.
        name: TOWER,
        features: "--no-default-features",
        crates: &["axum", "tokio"],
    },
];

/// Complains about outside crates that a manifest names and must not.
fn check_kept_out(file: &File) -> Vec<String> {
    let manifest: Table = file.text.parse().expect("a manifest is TOML");
    let name = package_name(&manifest);
    let kept_out = KEPT_OUT.iter().find(|row| row.name == name);
    let is_published = manifest["package"].get("publish").is_none();
    let mut complaints = Vec::new();
    for dependency in dependencies(&manifest).iter().filter(|it| !it.is_dev) {
        let other = dependency.name.as_str();
        // Only the endpoints are about axum; the layer and the facade know it behind a feature.
        let may_use_axum = match name {
            ENDPOINTS => true,
            TOWER | FACADE => dependency.is_optional,
            _ => !is_published,
        };
        let refused = match other {
            "axum" => !may_use_axum,
            _ => kept_out.is_some_and(|row| row.crates.contains(&other)),
        };
        if refused {
            complaints.push(format!("{}: `{name}` keeps `{other}` out", file.path));
        }
    }
    complaints
}

/// Complains about crates in the output of `cargo tree --prefix none`.
fn check_tree(row: &KeptOut, tree: &str) -> Vec<String> {
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    let refused = names.filter(|name| row.crates.contains(name));
    refused
        .map(|other| format!("`{}` pulls in `{other}`", row.name))
        .collect()
}

#[test]
fn no_manifest_names_what_its_crate_keeps_out() {
    none(manifests().iter().flat_map(check_kept_out));
}

#[test]
fn nothing_comes_in_through_others() {
    for row in KEPT_OUT {
        let output = Command::new(env!("CARGO"))
            .args(["tree", "--locked", "--offline", "--edges", "normal"])
            .args(["--prefix", "none", "--package", row.name, row.features])
            .current_dir(root())
            .output()
            .expect("cargo runs");
        let tree = String::from_utf8_lossy(&output.stdout);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && tree.starts_with(row.name),
            "{error}"
        );
        none(check_tree(row, &tree));
    }
}

#[test]
fn what_is_kept_out_fails() {
    let tokio = "tokio.workspace = true";
    check(
        check_kept_out,
        TOWER,
        &format!("[dev-dependencies]\n{tokio}"),
        &[],
    );
    check(
        check_kept_out,
        TOWER,
        &format!("[build-dependencies]\n{tokio}"),
        &["Cargo.toml: `watchkeep-tower` keeps `tokio` out"],
    );
    check(
        check_kept_out,
        HEALTH,
        "[dependencies]\nsqlx = { version = '0.9', optional = true }",
        &["Cargo.toml: `watchkeep-health` keeps `sqlx` out"],
    );
    let axum = "[dependencies]\naxum.workspace = true";
    check(check_kept_out, ENDPOINTS, axum, &[]);
    check(
        check_kept_out,
        RULES,
        axum,
        &["Cargo.toml: `watchkeep-rules` keeps `axum` out"],
    );
    let optional = "[dependencies]\naxum = { workspace = true, optional = true }";
    check(check_kept_out, TOWER, optional, &[]);
    check(
        check_kept_out,
        TOWER,
        axum,
        &["Cargo.toml: `watchkeep-tower` keeps `axum` out"],
    );
    check(
        check_kept_out,
        "quickstart",
        &format!("publish = false\n{axum}"),
        &[],
    );
}

#[test]
fn what_comes_in_through_others_fails() {
    let row = &KEPT_OUT[0];
    assert_eq!(
        check_tree(row, "watchkeep-logging v0.1.0\ntokio-x v1.0.0\n"),
        [""; 0]
    );
    assert_eq!(
        check_tree(row, "watchkeep-logging v0.1.0\ntokio v1.45.0\n"),
        ["`watchkeep-logging` pulls in `tokio`"]
    );
}
