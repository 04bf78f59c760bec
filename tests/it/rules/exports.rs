//! What builders write: promtool reads it, and finds nothing.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, where a panic is a failure"
)]

use std::time::Duration;

use watchkeep_rules::{Absent, BurnWindow, Group, Rule, RuleFile, Selector};
use watchkeep_tests::programs;

use super::promtool;

fn built() -> Vec<Rule> {
    let selector = Selector::new;
    let errors = selector("errors_total").without_label("kind", "a\"\\\nb");
    let builders = [
        Rule::error_ratio("Ratio", errors.clone(), selector("all_total"))
            .above(0.05)
            .by(&["route"])
            .clear_below(0.03),
        Rule::average("Average", selector("h"), 1_000.0)
            .above(2_000.0)
            .lasting(Duration::from_secs(90)),
        Rule::quantile("Quantile", 0.95, selector("h"))
            .above(5.0)
            .keep_firing_for(Duration::from_millis(1_500)),
        Rule::component_down("Down", "data'base").when_absent(Absent::Fire),
        Rule::absent("Absent", selector("jobs_total").with_label("kind", "x")),
        Rule::threshold("Own", "min by (disk) (free_bytes)".parse().unwrap())
            .below(-1e300)
            .by(&["disk"])
            .when_absent(Absent::Hold),
    ];
    let texts = "{{ $labels.x }}: {{ printf \"%.1f\" $value }} 'quoted'\n\u{7}\u{2028} \"two\"";
    let mut rules: Vec<Rule> = builders
        .into_iter()
        .map(|builder| {
            builder
                .with_summary(texts)
                .with_label("on", "yes")
                .build()
                .unwrap()
        })
        .collect();
    rules.extend(
        Rule::slo_burn_rate(
            "Budget",
            0.999,
            &errors,
            &selector("all_total"),
            &BurnWindow::WORKBOOK,
        )
        .unwrap(),
    );
    rules.push(Rule::recording("job:x:sum", "sum(x)".parse().unwrap()).unwrap());
    rules
}

#[test]
fn every_file_that_is_written_passes_promtool() {
    let Some(program) = programs::require("promtool") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let group = Group::new("it's a \"group\"", built()).unwrap();
    let group = group.with_interval(Duration::from_secs(15)).with_limit(7);
    let file = RuleFile::new(vec![group, Group::new("empty", Vec::new()).unwrap()]).unwrap();
    let text = file.to_string();
    assert_eq!(
        RuleFile::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}")),
        file
    );
    let oracle = include_str!("../../../examples/oracle-server/config/rules.yml");
    let oracle_again = RuleFile::parse(oracle).unwrap().to_string();
    for (name, text) in [
        ("built.yml", text.as_str()),
        ("oracle.yml", oracle),
        ("oracle-again.yml", &oracle_again),
        ("none.yml", "groups: []\n"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        promtool::check(&program, &path).unwrap_or_else(|complaint| panic!("{complaint}\n{text}"));
    }
    // So that it is known to complain.
    let path = folder.path().join("bad.yml");
    std::fs::write(
        &path,
        "groups: [{name: g, rules: [{alert: A, expr: 'x', colour: red}]}]",
    )
    .unwrap();
    assert!(promtool::check(&program, &path).is_err());
}
