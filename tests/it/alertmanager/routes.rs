//! Random route trees and labels: the receivers are those of `amtool config routes test`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use watchkeep_alerts::config::Config;

use super::amtool::{Amtool, quoted};
use super::{pick, random, rounds};

const NAMES: &[&str] = &["a", "b", "c"];
const VALUES: &[&str] = &[
    "", "x", "y", "xx", "x y", "é", "1", "x,y", "\\", "\"", "x\ny",
];
const EXPRESSIONS: &[&str] = &[
    "", ".*", ".+", "x|y", "x.*", "[xy]+", r"\d", "(?i)X", "x{2}", "^x$", "x y", "(x|é)?", "[^x]*",
    r"x\Wy",
];

#[test]
fn receivers_are_those_of_amtool() {
    let Some(amtool) = Amtool::find() else {
        return;
    };
    let (mut random, seed) = random();
    let mut several = 0;
    for _ in 0..rounds(25) {
        let config = config(&mut random);
        let ours = Config::from_yaml(&config.to_string())
            .unwrap_or_else(|error| panic!("{error}: {config} (seed {seed})"));
        for _ in 0..8 {
            let labels = labels(&mut random);
            let found = ours.routes().receivers(&labels);
            several += usize::from(found.len() > 1);
            assert_eq!(
                found.join(","),
                amtool.receivers(&config, &labels),
                "{labels:?} by {config} (seed {seed})"
            );
        }
    }
    assert!(several > 10, "only {several} had several receivers");
}

pub(super) fn config(random: &mut fastrand::Rng) -> Value {
    let mut root = route(random, 0);
    for field in ["match", "match_re", "matchers", "continue"] {
        root.remove(field);
    }
    root.insert("receiver".to_owned(), json!("r0"));
    let receivers: Vec<Value> = (0..6)
        .map(|index| json!({"name": format!("r{index}")}))
        .collect();
    json!({"route": root, "receivers": receivers})
}

fn route(random: &mut fastrand::Rng, depth: usize) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut set = |field: &str, value: Value| fields.insert(field.to_owned(), value);
    if random.bool() {
        set("receiver", json!(format!("r{}", random.usize(0..6))));
    }
    if random.u8(0..3) > 0 {
        set("continue", json!(random.u8(0..4) > 0));
    }
    if random.u8(0..4) == 0 {
        set("match", json!({pick(random, NAMES): pick(random, VALUES)}));
    }
    if random.u8(0..5) == 0 {
        set(
            "match_re",
            json!({pick(random, NAMES): pick(random, EXPRESSIONS)}),
        );
    }
    let matchers: Vec<String> = (0..random.usize(0..3)).map(|_| matcher(random)).collect();
    set("matchers", json!(matchers));
    if depth < 4 {
        let children = random.usize(0..5 - depth);
        let children: Vec<Value> = (0..children)
            .map(|_| route(random, depth + 1).into())
            .collect();
        set("routes", json!(children));
    }
    fields
}

fn matcher(random: &mut fastrand::Rng) -> String {
    let op = pick(random, &["=", "!=", "=~", "!~"]);
    let value = match op.contains('~') {
        true => pick(random, EXPRESSIONS),
        false => pick(random, VALUES),
    };
    format!("{}{op}{}", pick(random, NAMES), quoted(value))
}

pub(super) fn labels(random: &mut fastrand::Rng) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    for name in NAMES {
        if random.u8(0..4) > 0 {
            labels.insert((*name).to_owned(), pick(random, VALUES).to_owned());
        }
    }
    labels
}
