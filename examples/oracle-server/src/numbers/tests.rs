//! What counts, once, and where.

use serde_json::Value;

use super::*;

fn numbers() -> Arc<Numbers> {
    let recorder = Recorder::builder().build().expect("the defaults are valid");
    Numbers::register(&recorder, 0.002, Daily::utc)
}

fn summary(numbers: &Numbers) -> Value {
    serde_json::from_str(&numbers.summary()).expect("the summary is JSON")
}

#[test]
fn idle_numbers_are_zero_and_never_nan() {
    let numbers = numbers();
    let summary = summary(&numbers);
    assert_eq!(summary["total_messages"], 0);
    assert_eq!(summary["error_rate"], 0.0);
    assert_eq!(summary["average_response_time_ms"], 0.0);
    assert_eq!(
        summary["daily"],
        json!({"messages": 0, "errors": 0, "ai_tasks": 0})
    );
    assert!(
        numbers
            .tiles()
            .iter()
            .any(|tile| tile.title == "Success Rate" && tile.value == "–")
    );
}

#[test]
fn every_message_counts_once_whatever_its_end() {
    let numbers = numbers();
    numbers.begin(1).answered();
    numbers.begin(1).failed(Outcome::Failed, "AI_ERROR");
    numbers.begin(2).failed(Outcome::TimedOut, "AI_TIMEOUT");
    drop(numbers.begin(2));
    let summary = summary(&numbers);
    assert_eq!(summary["total_messages"], 4);
    assert_eq!(summary["error_rate"], 0.5);
    assert_eq!(summary["daily"]["messages"], 4);
    assert_eq!(summary["daily"]["errors"], 2);
    let snapshot = numbers.recorder.snapshot();
    for outcome in Outcome::ALL {
        assert_eq!(
            snapshot.counter("oracle_messages_total", &[("outcome", outcome.as_str())]),
            1.0
        );
    }
    let times = snapshot
        .histogram("oracle_response_time_seconds", &[])
        .expect("it is registered");
    assert_eq!(
        times.count, 2,
        "response time covers what was answered or failed"
    );
    assert_eq!(snapshot.gauge("oracle_active_users", &[]), Some(2.0));
}

#[test]
fn money_is_tokens_times_price() {
    let numbers = numbers();
    assert!((numbers.spend(1_500) - 0.003).abs() < 1e-12);
    numbers.ai_task();
    let summary = summary(&numbers);
    assert_eq!(summary["tokens_used"], 1_500);
    assert!((summary["cost_usd"].as_f64().expect("a number") - 0.003).abs() < 1e-12);
    assert_eq!(summary["total_ai_tasks"], 1);
}

#[test]
fn thousands_are_grouped() {
    for (number, text) in [
        (0, "0"),
        (999, "999"),
        (1_000, "1,000"),
        (1_234_567, "1,234,567"),
    ] {
        assert_eq!(grouped(number), text);
    }
}
