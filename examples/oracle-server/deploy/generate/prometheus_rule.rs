//! The rules as an object of the Prometheus operator: the same text, four columns further in.

use crate::File;

const RULES: [&str; 2] = [
    include_str!("../../config/rules.yml"),
    include_str!("../prometheus/availability.yml"),
];

const HEAD: &str = "\
# Made by `cargo xtask deploy` from config/rules.yml and prometheus/availability.yml.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: oracle
  labels:
    app.kubernetes.io/name: oracle
spec:
  groups:
";

pub(crate) fn file() -> File {
    let groups = RULES.iter().flat_map(|rules| {
        let lines = rules.lines().skip_while(|line| *line != "groups:").skip(1);
        lines.map(|line| format!("  {line}\n"))
    });
    File {
        path: "kubernetes/prometheus-rule.yaml",
        text: HEAD.to_owned() + &groups.collect::<String>(),
    }
}
