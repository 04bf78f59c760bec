//! Tools over every file: they find nothing here, and something in a file that is wrong.

use watchkeep_tests::programs;

use super::{clean, parse, run, text, written};

const COMPOSE: &str = "docker-compose.monitoring.yml";

/// The versions of Kubernetes that the manifests are for: the first that knows `sleep`, and the newest that the tool knows.
const KUBERNETES: [&str; 2] = ["1.29", "1.37"];
const MANIFESTS: [&str; 4] = [
    "kubernetes/deployment.yaml",
    "kubernetes/network-policy.yaml",
    "kubernetes/pod-disruption-budget.yaml",
    "kubernetes/service.yaml",
];

/// The example of an environment, with a value for every name.
pub(super) fn environment_file() -> String {
    let example = text(".env.example");
    let lines = example.lines().map(|line| match line.strip_suffix('=') {
        Some(name) => format!("{name}=0123456789abcdef0123456789abcdef\n"),
        None => format!("{line}\n"),
    });
    lines.collect()
}

#[test]
fn compose_reads_its_file_and_misses_every_name() {
    let Some(program) = programs::require("docker-compose") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = |environment: &str| {
        let file = written(&folder, "env", environment);
        run(
            &program,
            &["-f", COMPOSE, "--env-file", &file, "config", "-q"],
        )
    };
    let complete = environment_file();
    let (content, said) = config(&complete);
    assert!(content && said.is_empty(), "{said}");
    let names: Vec<&str> = complete
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0))
        .filter(|name| !name.starts_with('#'))
        .collect();
    assert!(names.len() >= 8, "{names:?}");
    for name in names {
        let (content, said) = config(&complete.replace(&format!("{name}="), "X="));
        assert!(!content && said.contains(name), "{name}: {said}");
    }
}

#[test]
fn compose_files_are_hardened() {
    let (Some(lint), Some(schema)) = (
        programs::require("compose-lint"),
        programs::require("check-jsonschema"),
    ) else {
        return;
    };
    let strict = |file: &str| {
        let config = [
            "check",
            "--no-env",
            "--strict-config",
            "--fail-on",
            "low",
            "--config",
            ".compose-lint.yml",
            file,
        ];
        run(&lint, &config)
    };
    let (content, said) = strict(COMPOSE);
    assert!(content, "{said}");
    clean(
        &schema,
        &["--builtin-schema", "vendor.compose-spec", COMPOSE],
    );
    let folder = tempfile::tempdir().expect("a temporary folder");
    let open = text(COMPOSE).replace("127.0.0.1:9090:9090", "9090:9090");
    let (content, said) = strict(&written(&folder, "docker-compose.yml", &open));
    assert!(!content && said.contains("9090"), "{said}");
}

#[test]
fn the_image_is_made_well() {
    let Some(program) = programs::require("hadolint") else {
        return;
    };
    assert_eq!(clean(&program, &["Dockerfile"]), "");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let loose = text("Dockerfile").replace("debian:bookworm-20250908-slim", "debian:latest");
    let (content, said) = run(&program, &[&written(&folder, "Dockerfile", &loose)]);
    assert!(!content && said.contains("DL3007"), "{said}");
}

#[test]
fn kubernetes_takes_the_manifests() {
    let Some(program) = programs::require("kubernetes-validate") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    for version in KUBERNETES {
        let mut arguments = vec!["--strict", "-k", version];
        arguments.extend(MANIFESTS);
        let said = clean(&program, &arguments);
        assert_eq!(said.matches(" passed for resource ").count(), 5, "{said}");
        assert!(!said.contains("WARN"), "{said}");

        let deployment = text(MANIFESTS[0]);
        for (right, wrong) in [("  selector:\n", "  selectors:\n"), ("httpGet", "httpget")] {
            let file = written(&folder, "wrong.yaml", &deployment.replace(right, wrong));
            let (content, said) = run(&program, &["--strict", "-k", version, &file]);
            assert!(!content, "{wrong}: {said}");
        }
    }
}

#[test]
fn kustomize_builds_everything() {
    let Some(program) = programs::require("kubectl") else {
        return;
    };
    let built = clean(&program, &["kustomize", "kubernetes"]);
    let objects: Vec<_> = built.split("\n---\n").map(parse).collect();
    let mut kinds: Vec<&str> = objects
        .iter()
        .filter_map(|object| object["kind"].as_str())
        .collect();
    kinds.sort_unstable();
    assert_eq!(
        kinds,
        [
            "ConfigMap",
            "Deployment",
            "NetworkPolicy",
            "PodDisruptionBudget",
            "PrometheusRule",
            "Service",
            "Service",
            "ServiceMonitor",
        ]
    );
    for object in &objects {
        assert_eq!(object["metadata"]["namespace"], "oracle", "{object}");
    }
    let [routing, pods] = ["ConfigMap", "Deployment"].map(|kind| {
        let found = objects.iter().find(|object| object["kind"] == kind);
        found.expect("it was just listed")
    });
    let volumes = pods["spec"]["template"]["spec"]["volumes"].to_string();
    let name = routing["metadata"]["name"].to_string();
    assert!(volumes.contains(&name), "the pods mount {name}: {volumes}");
}

#[test]
fn yaml_is_written_well() {
    let Some(program) = programs::require("yamllint") else {
        return;
    };
    let said = clean(&program, &["-s", "-c", ".yamllint.yml", ".", "../config"]);
    assert_eq!(said, "");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let twice = written(&folder, "twice.yml", "a: 1\na: 2\n");
    assert!(!run(&program, &["-s", "-c", ".yamllint.yml", &twice]).0);
}

#[test]
fn alertmanager_takes_its_file() {
    let Some(program) = programs::require("amtool") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    // Debian's Alertmanager is 0.25, and reads no token from a file yet; that line alone is another one here.
    let right = text("alertmanager/alertmanager.yml").replace(
        "bot_token_file: /run/secrets/telegram_bot_token",
        "bot_token: token",
    );
    let file = written(&folder, "alertmanager.yml", &right);
    clean(&program, &["check-config", &file]);
    for (severity, receivers) in [
        ("critical", "pagerduty,email,telegram"),
        ("error", "slack,telegram"),
        ("warning", "log"),
        ("info", "log"),
    ] {
        let label = format!("severity={severity}");
        let said = clean(
            &program,
            &["config", "routes", "test", "--config.file", &file, &label],
        );
        assert_eq!(said.lines().next(), Some(receivers), "{severity}");
    }
    let wrong = written(
        &folder,
        "wrong.yml",
        &right.replace("- name: slack", "- name: slick"),
    );
    assert!(!run(&program, &["check-config", &wrong]).0);
}

#[test]
fn prometheus_takes_its_files() {
    let Some(program) = programs::require("promtool") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let rules = ["../config/rules.yml", "prometheus/availability.yml"];
    for file in rules {
        clean(&program, &["check", "rules", "--lint-fatal", file]);
    }
    written(&folder, "rules.yml", &text(rules[0]));
    written(&folder, "availability.yml", &text(rules[1]));
    // Within the container the server's rules are mounted there.
    let config = text("prometheus/prometheus.yml").replace("/etc/oracle/rules.yml", "rules.yml");
    let file = written(&folder, "prometheus.yml", &config);
    let said = clean(&program, &["check", "config", "--lint-fatal", &file]);
    assert!(
        said.contains("4 rules found") && said.contains("3 rules found"),
        "{said}"
    );
    let wrong = written(
        &folder,
        "wrong.yml",
        &config.replace("metrics_path", "metric_path"),
    );
    assert!(!run(&program, &["check", "config", &wrong]).0);
}
