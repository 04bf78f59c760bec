//! Random operations and hostile labels into our recorder and into metrics-exporter-prometheus: both say the same.

use std::collections::BTreeMap;

use metrics::{Label, counter, gauge, histogram, with_local_recorder};
use metrics_exporter_prometheus::PrometheusBuilder;
use watchkeep_metrics::{Format, Recorder};
use watchkeep_tests::exposition::{Sample, samples};

use super::text;

const BOUNDS: [f64; 5] = [-0.5, 0.25, 1.0, 8.0, 1024.0];

/// Names that stay different after cleaning; others are in `faults`.
const NAMES: [&str; 5] = ["plain", "with.dots", "größe", "a:b", "white space"];

const LABELS: [&str; 4] = ["route", "http.method", "größe", "a-b"];

const VALUES: [&str; 13] = [
    "plain",
    "back\\slash",
    "two\\\\",
    "\"quoted\"",
    "line\nfeed",
    "\\n",
    "end\\",
    "comma,=\"x\"",
    "}{",
    "# EOF",
    "🦀 größe",
    "\t\r\u{0}",
    " ",
];

/// What can be compared: names with labels, and numbers.
type Numbers = BTreeMap<(String, Vec<(String, String)>), f64>;

fn operate(random: &mut fastrand::Rng) {
    let mut kinds: [&str; 3] = ["c", "g", "h"];
    random.shuffle(&mut kinds);
    let name = format!("{}.{}", NAMES[random.usize(..NAMES.len())], kinds[0]);
    let mut names = LABELS;
    random.shuffle(&mut names);
    let labels: Vec<Label> = names[..random.usize(..4)]
        .iter()
        .map(|name| Label::new(*name, VALUES[random.usize(..VALUES.len())]))
        .collect();
    // Sums of quarters are exact, in whatever order they are added.
    let quarters = f64::from(random.i32(-8_000..8_000)) / 4.0;
    match kinds[0] {
        "c" => match random.u8(..4) {
            0 => counter!(name, labels).absolute(random.u64(..1_000)),
            _ => counter!(name, labels).increment(random.u64(..1_000)),
        },
        "g" => match random.u8(..4) {
            0 => gauge!(name, labels).set(quarters),
            1 => gauge!(name, labels).set(f64::INFINITY),
            2 => gauge!(name, labels).decrement(quarters),
            _ => gauge!(name, labels).increment(quarters),
        },
        _ => match random.u8(..4) {
            0 => histogram!(name, labels).record_many(quarters, random.usize(..5)),
            1 => histogram!(name, labels).record(BOUNDS[random.usize(..BOUNDS.len())]),
            _ => histogram!(name, labels).record(quarters),
        },
    }
}

/// Reduces samples to what both sides can say.
///
/// * `le="1"` and `le="1.0"` are one number.
/// * Their escaping cannot be undone (see `faults`), so what needs it goes, on both sides, and what is equal then is added up.
fn numbers(samples: Vec<Sample>) -> Numbers {
    let mut numbers = Numbers::new();
    for sample in samples {
        let labels = sample
            .labels
            .into_iter()
            .filter(|(_, value)| !value.is_empty());
        let mut labels: Vec<_> = labels
            .map(|(name, value)| match &*name {
                "le" => (name, value.parse::<f64>().expect("a bound").to_string()),
                _ => (name, value.replace(['\\', '"', '\n'], "")),
            })
            .filter(|(_, value)| !value.is_empty())
            .collect();
        labels.sort_unstable();
        *numbers.entry((sample.name, labels)).or_default() += sample.value;
    }
    numbers
}

/// Their text with labels in our order and their lossy escapes taken out, so that the parser takes it.
fn theirs(text: &str) -> Numbers {
    let lines: Vec<String> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| sorted_and_unescaped(line).replace(" inf", " +Inf"))
        .collect();
    numbers(samples(&lines.join("\n")).expect("their samples are read"))
}

fn sorted_and_unescaped(line: &str) -> String {
    let Some((name, rest)) = line.split_once('{') else {
        return line.to_owned();
    };
    let (labels, value) = rest.rsplit_once("} ").expect("labels end");
    let labels = labels
        .replace("\\\\", "")
        .replace("\\\"", "")
        .replace("\\n", "");
    // Only the quotes around values are left.
    let parts: Vec<&str> = labels.split('"').collect();
    let mut labels: Vec<_> = parts
        .chunks_exact(2)
        .map(|pair| (pair[0].trim_start_matches(','), pair[1]))
        .collect();
    labels.sort_unstable_by_key(|(name, _)| (*name == "le=", *name));
    let labels: Vec<_> = labels
        .iter()
        .map(|(name, value)| format!("{name}\"{value}\""))
        .collect();
    format!("{name}{{{}}} {value}", labels.join(","))
}

#[test]
fn both_recorders_say_the_same_after_random_operations() {
    for seed in 0..12 {
        let mut random = fastrand::Rng::with_seed(seed);
        let ours = Recorder::builder()
            .with_buckets(&BOUNDS)
            .build()
            .expect("the bounds are valid");
        let other = PrometheusBuilder::new()
            .set_buckets(&BOUNDS)
            .expect("there are bounds")
            .build_recorder();
        let handle = other.handle();
        for round in 0..4 {
            for _ in 0..500 {
                let mut same = random.clone();
                with_local_recorder(&ours, || operate(&mut random));
                with_local_recorder(&other, || operate(&mut same));
            }
            let ours = text(&ours, Format::Prometheus);
            let mut ours = numbers(samples(&ours).expect("our samples are read"));
            ours.retain(|(name, _), _| !name.starts_with("watchkeep_metrics_"));
            let theirs = theirs(&handle.render());
            assert!(ours.len() > 200, "{} numbers", ours.len());
            for (key, value) in &theirs {
                assert_eq!(
                    ours.get(key),
                    Some(value),
                    "{key:?}, seed {seed}, round {round}"
                );
            }
            assert_eq!(ours.len(), theirs.len(), "seed {seed}, round {round}");
        }
    }
}
