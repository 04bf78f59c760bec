//! Series with gaps, resets, marks and what is no number, and expressions of the subset over them.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

/// The first of many values of a strategy, the same at each run.
pub(super) fn several<S: Strategy>(
    runner: &mut TestRunner,
    strategy: &S,
    count: usize,
) -> Vec<S::Value> {
    (0..count)
        .map(|_| {
            strategy
                .new_tree(runner)
                .expect("the strategy has a value")
                .current()
        })
        .collect()
}

/// The values of a counter: it grows, begins anew, and is not always there.
fn counter() -> BoxedStrategy<String> {
    let step = prop_oneof![
        8 => (0..40_u32).prop_map(|step| Some(f64::from(step) / 4.0)),
        1 => Just(Some(-1.0)),
        1 => Just(None),
    ];
    (0..30_u32, proptest::collection::vec((step, 0..30_u8), 24))
        .prop_map(|(start, steps)| {
            let mut value = f64::from(start) / 2.0;
            let words = steps.into_iter().map(|(step, mark)| match step {
                None if mark < 8 => "stale".to_owned(),
                None => "_".to_owned(),
                Some(step) => {
                    value = if step < 0.0 { 0.0 } else { value + step };
                    value.to_string()
                }
            });
            words.collect::<Vec<_>>().join(" ")
        })
        .boxed()
}

/// The values of a gauge.
fn gauge() -> BoxedStrategy<String> {
    let word = prop_oneof![
        20 => (-40..40_i32).prop_map(|value| (f64::from(value) / 4.0).to_string()),
        3 => Just("_".to_owned()),
        1 => Just("stale".to_owned()),
        1 => Just("NaN".to_owned()),
        1 => prop_oneof![Just("Inf".to_owned()), Just("-Inf".to_owned())],
    ];
    proptest::collection::vec(word, 24)
        .prop_map(|words| words.join(" "))
        .boxed()
}

/// Counters `c`, gauges `g` and `f`, and the buckets of a histogram `h`.
pub(super) fn series() -> BoxedStrategy<Vec<(String, String)>> {
    let gauges = (gauge(), gauge(), gauge(), gauge(), gauge());
    let counters = (counter(), counter(), counter(), counter());
    let buckets = proptest::collection::vec(counter(), 4);
    (gauges, counters, buckets)
        .prop_map(|(gauges, counters, buckets)| {
            let mut series = vec![
                ("g{a=\"1\",b=\"x\"}".to_owned(), gauges.0),
                ("g{a=\"1\",b=\"y\"}".to_owned(), gauges.1),
                ("g{a=\"2\",b=\"x\"}".to_owned(), gauges.2),
                ("f{a=\"1\",b=\"x\"}".to_owned(), gauges.3),
                ("f{a=\"2\",b=\"x\"}".to_owned(), gauges.4),
                ("c{a=\"1\",b=\"x\"}".to_owned(), counters.0),
                ("c{a=\"1\",b=\"y\"}".to_owned(), counters.1),
                ("c{a=\"2\",b=\"x\"}".to_owned(), counters.2),
                ("c{b=\"y\"}".to_owned(), counters.3),
            ];
            let bounds = ["0.5", "1.0", "2.5", "+Inf"];
            for (bound, values) in bounds.into_iter().zip(buckets) {
                series.push((format!("h_bucket{{le=\"{bound}\"}}"), values));
            }
            series
        })
        .boxed()
}

fn window() -> BoxedStrategy<&'static str> {
    prop_oneof![
        Just("2m"),
        Just("5m"),
        Just("90s"),
        Just("250s"),
        Just("10m"),
        Just("1m")
    ]
    .boxed()
}

fn offset() -> BoxedStrategy<&'static str> {
    prop_oneof![6 => Just(""), 1 => Just(" offset 1m"), 1 => Just(" offset 130s")].boxed()
}

fn chosen(name: &'static str) -> BoxedStrategy<String> {
    let matchers = prop_oneof![
        4 => Just(""),
        1 => Just("{a=\"1\"}"),
        1 => Just("{a!=\"1\"}"),
        1 => Just("{b=~\"x|z\"}"),
        1 => Just("{a!~\"1.*\",b=\"x\"}"),
        1 => Just("{a=\"\"}"),
    ];
    matchers
        .prop_map(move |matchers| format!("{name}{matchers}"))
        .boxed()
}

fn leaf() -> BoxedStrategy<String> {
    let gauge = prop_oneof![chosen("g"), chosen("f")];
    let counting = prop_oneof![Just("rate"), Just("increase"), Just("irate"), Just("delta")];
    let over = prop_oneof![
        Just("avg"),
        Just("sum"),
        Just("min"),
        Just("max"),
        Just("count"),
        Just("last"),
        Just("present"),
        Just("stddev"),
        Just("stdvar"),
        Just("absent")
    ];
    let quantile = prop_oneof![
        Just("0.5"),
        Just("0"),
        Just("1"),
        Just("0.95"),
        Just("1.5"),
        Just("-1"),
        Just("NaN")
    ];
    prop_oneof![
        3 => (gauge, offset()).prop_map(|(gauge, offset)| format!("{gauge}{offset}")).boxed(),
        4 => (counting, chosen("c"), window(), offset())
            .prop_map(|(function, counter, window, offset)| format!("{function}({counter}[{window}]{offset})")).boxed(),
        4 => (over, prop_oneof![chosen("g"), chosen("c")], window(), offset())
            .prop_map(|(function, series, window, offset)| format!("{function}_over_time({series}[{window}]{offset})")).boxed(),
        1 => (quantile.clone(), chosen("g"), window())
            .prop_map(|(q, series, window)| format!("quantile_over_time({q}, {series}[{window}])")).boxed(),
        2 => (quantile, window())
            .prop_map(|(q, window)| format!("histogram_quantile({q}, rate(h_bucket[{window}]))")).boxed(),
        1 => Just("histogram_quantile(0.5, h_bucket)".to_owned()),
        1 => (-8..8_i32).prop_map(|value| format!("vector({})", f64::from(value) / 2.0)).boxed(),
        1 => chosen("nothing").prop_map(|series| format!("absent({series})")).boxed(),
    ]
    .boxed()
}

fn number() -> BoxedStrategy<String> {
    prop_oneof![
        6 => (-20..20_i32).prop_map(|value| (f64::from(value) / 4.0).to_string()),
        1 => Just("NaN".to_owned()),
        1 => Just("+Inf".to_owned()),
        1 => Just("time()".to_owned()),
        1 => chosen("f").prop_map(|series| format!("scalar({series})")).boxed(),
    ]
    .boxed()
}

/// Expressions whose value is series.
pub(super) fn expression() -> BoxedStrategy<String> {
    leaf().prop_recursive(3, 12, 2, |inner| {
        let arithmetic = prop_oneof![
            Just("+"), Just("-"), Just("*"), Just("/"), Just("%"),
            Just(">"), Just("<"), Just(">="), Just("<="), Just("=="), Just("!="),
            Just("> bool"), Just("== bool")
        ];
        let matching = prop_oneof![
            4 => Just(""), 1 => Just(" on(a)"), 1 => Just(" ignoring(b)"), 1 => Just(" on(a,b)"), 1 => Just(" on()")
        ];
        let grouping = prop_oneof![
            2 => Just(""), 1 => Just(" by (a)"), 1 => Just(" without (a)"), 1 => Just(" by (b,a)"), 1 => Just(" by (__name__)")
        ];
        let aggregation = prop_oneof![Just("sum"), Just("avg"), Just("min"), Just("max"), Just("count")];
        let set = prop_oneof![Just("and"), Just("or"), Just("unless")];
        let function = prop_oneof![Just("abs"), Just("absent")];
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            3 => (aggregation, grouping, inner.clone())
                .prop_map(|(aggregation, grouping, of)| format!("{aggregation}{grouping} ({of})")).boxed(),
            3 => (inner.clone(), arithmetic.clone(), number())
                .prop_map(|(left, operator, right)| format!("({left}) {operator} {right}")).boxed(),
            1 => (number(), arithmetic.clone(), inner.clone())
                .prop_map(|(left, operator, right)| format!("{left} {operator} ({right})")).boxed(),
            3 => (pair.clone(), arithmetic, matching.clone())
                .prop_map(|((left, right), operator, matching)| format!("({left}) {operator}{matching} ({right})")).boxed(),
            3 => (pair, set, matching)
                .prop_map(|((left, right), operator, matching)| format!("({left}) {operator}{matching} ({right})")).boxed(),
            1 => (function, inner.clone()).prop_map(|(function, of)| format!("{function}({of})")).boxed(),
            1 => inner.clone().prop_map(|of| format!("-({of})")).boxed(),
            1 => (inner.clone(), number(), number())
                .prop_map(|(of, least, most)| format!("clamp({of}, {least}, {most})")).boxed(),
            1 => (inner.clone(), number()).prop_map(|(of, least)| format!("clamp_min({of}, {least})")).boxed(),
            1 => (inner, number()).prop_map(|(of, most)| format!("clamp_max({of}, {most})")).boxed(),
        ]
    })
    .boxed()
}
