//! The grammar of filters, and what they match.

use super::*;

#[track_caller]
fn parsed(text: &str, expected: &str) {
    assert_eq!(text.parse::<Filter>().unwrap().to_string(), expected);
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    let error = text.parse::<Filter>().unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn levels_and_targets_are_read_in_any_case() {
    parsed("info", "info");
    parsed("WARN", "warn");
    parsed("off", "off");
    parsed(
        "Debug, hyper = WARN ,a::b=trace",
        "debug,a::b=trace,hyper=warn",
    );
    parsed("hyper=debug", "info,hyper=debug");
    parsed("info,debug,a=info,a=warn", "debug,a=warn");
}

#[test]
fn everything_else_is_refused() {
    refused("inof", "`inof` is not a level");
    refused("", "empty item");
    refused(" ", "empty item");
    refused("info,,x=warn", "empty item");
    refused("info,", "empty item");
    refused("3", "`3` is not a level");
    refused("warning", "`warning` is not a level");
    refused("oracle=loud", "`loud` is not a level");
    refused("oracle=", "`` is not a level");
    refused("=info", "`` is not a target");
    refused("a[span]=info", "not a target");
    refused("a=b=info", "`b=info` is not a level");
    refused("a\n=info,b", "is not a level");
    refused("in\nfo", "`in\\nfo`");
    refused(&["info"; 101].join(","), "more than 100");
}

#[test]
fn longest_target_counts_and_ends_at_a_module() {
    let filter: Filter = "warn,hyper=error,hyper::proto=trace".parse().unwrap();
    assert_eq!(filter.level_of("app"), LevelFilter::WARN);
    assert_eq!(filter.level_of("hyper"), LevelFilter::ERROR);
    assert_eq!(filter.level_of("hyper::client"), LevelFilter::ERROR);
    assert_eq!(filter.level_of("hyper::proto::h1"), LevelFilter::TRACE);
    assert_eq!(filter.level_of("hyper_util"), LevelFilter::WARN);
    assert_eq!(filter.range().1, LevelFilter::TRACE);
}
