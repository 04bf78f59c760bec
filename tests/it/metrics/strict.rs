//! Everything that we emit is accepted by a strict parser, and reads back as what was recorded.

use metrics::{Label, counter, gauge, histogram, with_local_recorder};
use watchkeep_metrics::{Format, Kind, Recorder, Timestamp, TraceId};
use watchkeep_tests::exposition::{self, Family};

use super::text;

#[track_caller]
fn parsed(recorder: &Recorder, format: Format) -> Vec<Family> {
    let text = text(recorder, format);
    let strict = match format {
        Format::OpenMetrics => exposition::Format::OpenMetrics,
        _ => exposition::Format::Prometheus,
    };
    match exposition::parse(&text, strict) {
        Ok(families) => families,
        Err(error) => panic!("{error}\n{text}"),
    }
}

/// A word of few letters, so that names and labels meet, clash and need cleaning.
fn word(random: &mut fastrand::Rng, letters: &[&str]) -> String {
    (0..random.usize(..5))
        .map(|_| letters[random.usize(..letters.len())])
        .collect()
}

fn operate(random: &mut fastrand::Rng) {
    let name = word(
        random,
        &[
            "a", "_", ".", "_total", "_sum", "_count", "_bucket", "_created", "ä", "1", ":",
        ],
    );
    let labels: Vec<Label> = (0..random.usize(..4))
        .map(|_| {
            let name = word(random, &["a", "b", "_", "__", ".", "le", "1", "\"", "\n"]);
            Label::new(
                name,
                word(random, &["\\", "\"", "\n", "x", ",", "=", "}", "🦀", " "]),
            )
        })
        .collect();
    let special = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        -f64::MAX,
        -0.0,
        5e-324,
    ];
    let value = match random.u8(..3) {
        0 => special[random.usize(..special.len())],
        1 => random.f64() * 1e12 - 5e11,
        _ => f64::from(random.i16(..)),
    };
    match random.u8(..3) {
        0 => counter!(name, labels).increment(random.u64(..)),
        1 => match random.bool() {
            true => gauge!(name, labels).set(value),
            false => gauge!(name, labels).increment(value),
        },
        _ => histogram!(name, labels).record_many(value, random.usize(..4)),
    }
}

#[test]
fn both_formats_are_accepted_after_random_operations() {
    for seed in 0..300 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut builder = Recorder::builder()
            .with_buckets(
                [[-1.0, 0.5, 1e6].as_slice(), &[0.001, 1.0], &[1e-7, 1e300]][random.usize(..3)],
            )
            .with_max_series_per_family(random.usize(1..20))
            .with_max_families(random.usize(1..60));
        if random.bool() {
            builder = builder
                .with_global_label("a", "global")
                .with_global_label("overflow", "x");
        }
        if random.bool() {
            builder = builder
                .with_created_timestamps(|| Timestamp::from_millis(1_234_567))
                .with_exemplars(|| TraceId::new(u128::MAX), || Timestamp::from_millis(7));
        }
        let recorder = builder.build().expect("the settings are valid");
        with_local_recorder(&recorder, || {
            for _ in 0..300 {
                operate(&mut random);
                if random.u8(..) == 0 {
                    metrics::describe_counter!(
                        word(&mut random, &["a", "_total"]),
                        word(&mut random, &["\\", "\n", "\"", "h"])
                    );
                }
            }
        });
        let families = parsed(&recorder, Format::Prometheus);
        let snapshot = recorder.snapshot();
        assert_eq!(families.len(), snapshot.families().count());
        for (family, known) in families.iter().zip(snapshot.families()) {
            assert_eq!(family.name, known.name(), "seed {seed}");
            assert_eq!(family.help.as_deref(), known.help());
            if known.kind() == Kind::Histogram {
                continue;
            }
            for (sample, series) in family.samples.iter().zip(known.series()) {
                let labels: Vec<_> = sample.labels.iter().map(|(a, b)| (&**a, &**b)).collect();
                assert_eq!(labels, series.labels().collect::<Vec<_>>(), "seed {seed}");
            }
        }
        parsed(&recorder, Format::OpenMetrics);
    }
}

/// The labels read back as they were given, whatever is in them.
#[test]
fn hostile_values_read_back_as_they_were() {
    let values = [
        "a\\b",
        "a\\\\b",
        "\\n",
        "\n",
        "say \"x\"",
        "end\\",
        "\\\"",
        "🦀",
        "}",
        ",",
        "\r\t\u{0}\u{7f}\u{2028}",
    ];
    let recorder = Recorder::default();
    with_local_recorder(&recorder, || {
        for value in values {
            gauge!("g", "l" => value).set(1.0);
        }
    });
    for format in [Format::Prometheus, Format::OpenMetrics] {
        let families = parsed(&recorder, format);
        let family = families
            .iter()
            .find(|family| family.name == "g")
            .expect("it is there");
        let mut read: Vec<_> = family
            .samples
            .iter()
            .filter_map(|sample| sample.label("l"))
            .collect();
        let mut expected = values.to_vec();
        read.sort_unstable();
        expected.sort_unstable();
        assert_eq!(read, expected, "{format:?}");
    }
}
