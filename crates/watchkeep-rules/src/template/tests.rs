//! Tests of what is rendered, as Go renders it, and of what is refused.

use super::*;

#[track_caller]
fn check(source: &str, value: f64, expected: &str) {
    let labels = SeriesLabels::new([("job", "api"), ("path", "/Ä b")]);
    let template = Template::parse(source).unwrap_or_else(|error| panic!("{error}"));
    let subject = Subject {
        labels: &labels,
        value,
    };
    assert_eq!(template.render(subject), expected, "{source}");
}

#[test]
fn renders_what_go_would() {
    check(
        "High: {{ $value | humanizePercentage }}",
        0.075,
        "High: 7.5%",
    );
    check("{{$value|humanizePercentage}}", 1.0, "100%");
    check("{{ humanizePercentage .Value }}", 0.123_456, "12.35%");
    check(
        "{{ printf \"%.0f\" $value }}ms average",
        2_500.4,
        "2500ms average",
    );
    check("{{ $value }}", 1_000_000.0, "1e+06");
    check(
        "{{ $labels.job }} {{ .Labels.path | toUpper }}{{ $labels.none }}",
        1.0,
        "api /Ä B",
    );
    check("a {{- $value -}} \n b", 2.0, "a2b");
    check(
        "{{ printf \"%6.2f|%-6v|%e|%%|%s\" $value $value $value $labels.job }}",
        1.5,
        "  1.50|1.5   |1.500000e+00|%|api",
    );
    check("{{ $value | printf `%g }}` }}", 2.5, "2.5 }}");
    check(
        "{{ humanize $value }} {{ humanize1024 $value }}",
        123_456_789.0,
        "123.5M 117.7Mi",
    );
    check(
        "{{ humanize $value }} {{ humanizeDuration $value }}",
        0.000_01,
        "10u 10us",
    );
    check(
        "{{ humanizeDuration $value }}",
        1_000_000.0,
        "11d 13h 46m 40s",
    );
    check("{{ humanizeDuration $value }}", -3_725.5, "-1h 2m 5s");
    check("{{ humanizeDuration $value }}", 12.345_6, "12.35s");
    check(
        "{{ humanizeDuration $value }} {{ humanize $value }}",
        0.0,
        "0s 0",
    );
    check(
        "{{ humanizeDuration $value }} {{ humanize1024 $value }}",
        f64::NAN,
        "NaN NaN",
    );
    check("no action }}", 1.0, "no action }}");
    check("", 1.0, "");
    check(
        "{{ humanize $value }} {{ humanize1024 $value }}",
        1_000.0,
        "1k 1000",
    );
    check("{{ humanize1024 $value }}", 1_024.0, "1ki");
}

#[test]
fn refuses_what_it_does_not_understand() {
    for (bad, word) in [
        ("{{ $externalLabels.x }}", "`$externalLabels.x` is outside"),
        ("{{ range query \"up\" }}", "`query` is outside"),
        ("{{ query \"up\" }}", "`query` is outside"),
        ("{{ printf \"%d\" $value }}", "`%d` does not suit"),
        ("{{ printf \"%s\" $value }}", "`%s` does not suit"),
        ("{{ printf \"%.2s\" $labels.x }}", "`%s` does not suit"),
        ("{{ printf \"%.99f\" $value }}", "not from 0 to 64"),
        ("{{ printf \"%05f\" $value }}", "not from 0 to 64"),
        ("{{ printf \"%f\" }}", "has no argument"),
        ("{{ printf \"x\" $value }}", "more arguments than verbs"),
        ("{{ printf \"%\" $value }}", "a `%` at the end"),
        ("{{ printf $value }}", "is no string"),
        ("{{ printf }}", "has no format"),
        ("{{ humanize $labels.x }}", "takes a number"),
        ("{{ toUpper $value }}", "takes a text"),
        ("{{ humanize $value $value }}", "takes one argument"),
        ("{{ $value $value }}", "takes no arguments"),
        ("{{ $labels.a-b }}", "`$labels.a-b` is outside"),
        ("{{ $value | }}", "is missing"),
        ("{{ \"\\x41\" }}", "an escape other than"),
        ("{{}}", "is missing"),
        ("{{ $value", "has no `}}`"),
        (&"x".repeat(5_000), "longer than"),
    ] {
        let error = Template::parse(bad).expect_err(bad);
        assert!(error.contains(word), "{bad}: {error}");
    }
}
