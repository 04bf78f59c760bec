//! What the engine says: log lines, numbers, views; and who may call it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::support::{Lines, Numbers, Script, error, settle};
use crate::alert::Alert;
use crate::alerting::Alerting;
use crate::level::Level;

#[tokio::test(start_paused = true)]
async fn every_alert_and_its_end_is_one_event_with_the_texts_as_they_came() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let lines = Lines {
        seen: Arc::clone(&seen),
        hook: Box::new(|| ()),
    };
    let _guard = tracing::subscriber::set_default(lines);
    let alerting = Alerting::builder("oracle").build().unwrap();
    let alert = Alert::new("Disk", Level::Warning, "full\nforged \u{202e}line")
        .with_detail("free", "0\r\n%");
    alerting.trigger(alert.clone()).await.unwrap();
    alerting.trigger(alert).await.unwrap();
    tokio::time::sleep(Duration::from_secs(301)).await;
    let down = alerting
        .fire(Alert::new("Down", Level::Critical, "down"))
        .await
        .unwrap();
    alerting.resolve(down.fingerprint()).await.unwrap();
    alerting
        .trigger(Alert::new("Note", Level::Info, "note"))
        .await
        .unwrap();
    settle().await;

    let seen = seen.lock().unwrap();
    let starts = [
        "WARN message=alert firing alertname=Disk severity=warning summary=full\nforged \u{202e}line details=free=0\r\n% fingerprint=",
        "WARN message=alert resolved alertname=Disk severity=warning summary=full\nforged \u{202e}line details=free=0\r\n% fingerprint=",
        "ERROR message=alert firing alertname=Down severity=critical summary=down details= fingerprint=",
        "ERROR message=alert resolved alertname=Down severity=critical summary=down details= fingerprint=",
        "INFO message=alert firing alertname=Note severity=info summary=note details= fingerprint=",
    ];
    assert_eq!(seen.len(), starts.len(), "{seen:#?}");
    for (line, start) in seen.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}\nis not\n{start}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_slept_ends_an_event_in_time() {
    let alerting = Alerting::builder("oracle").build().unwrap();
    // Nothing is due, and nothing has been for hours.
    tokio::time::sleep(Duration::from_secs(10_000)).await;
    alerting.fire(error("State")).await.unwrap();
    alerting.trigger(error("Event")).await.unwrap();
    tokio::time::sleep(Duration::from_secs(299)).await;
    assert_eq!(alerting.active().await.len(), 2);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(alerting.active().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_that_turns_lines_into_alerts_does_not_run_in_circles() {
    let alerting = Alerting::builder("oracle").build().unwrap();
    let refusals = Arc::new(Mutex::new(Vec::new()));
    let lines = Lines {
        seen: Arc::default(),
        hook: Box::new({
            let (alerting, refusals) = (alerting.clone(), Arc::clone(&refusals));
            move || {
                let outcome = alerting.try_trigger(error("FromALine"));
                refusals
                    .lock()
                    .unwrap()
                    .push(outcome.unwrap_err().is_reentrant());
            }
        }),
    };
    let _guard = tracing::subscriber::set_default(lines);
    alerting.trigger(error("A")).await.unwrap();
    settle().await;
    assert_eq!(*refusals.lock().unwrap(), [true]);
    assert_eq!(alerting.active().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn alerts_can_be_raised_from_a_thread_without_a_runtime() {
    let (script, mut seen) = Script::new([]);
    let alerting = Alerting::builder("oracle")
        .notifier("chat", script)
        .route(Level::Critical, &["chat"])
        .build()
        .unwrap();
    let handle = alerting.clone();
    let thread = std::thread::spawn(move || {
        handle.try_trigger(Alert::new(
            "HandlerPanic",
            Level::Critical,
            "Panic in /message",
        ))
    });
    let fingerprint = thread.join().unwrap().unwrap();
    let notification = seen.recv().await.unwrap().notification;
    assert_eq!(notification.receiver(), "chat");
    assert_eq!(notification.alerts()[0].fingerprint, fingerprint);
}

#[tokio::test(start_paused = true)]
async fn known_numbers_start_at_zero() {
    let numbers = Numbers::default();
    let _guard = metrics::set_default_local_recorder(&numbers);
    let (script, _seen) = Script::new([]);
    let _alerting = Alerting::builder("oracle")
        .notifier("chat", script)
        .build()
        .unwrap();
    for severity in ["info", "warning", "error", "critical"] {
        for family in ["refused_total", "triggered_total"] {
            let name = format!("watchkeep_alerts_{family} severity={severity}");
            assert_eq!(numbers.counter(&name), Some(0), "{name}");
        }
        let active = format!("watchkeep_alerts_active severity={severity}");
        assert_eq!(numbers.gauge(&active), Some(0.0));
    }
    for name in [
        "notifications_total receiver=chat integration=script outcome=delivered",
        "notifications_total receiver=chat integration=script outcome=failed",
        "retries_total receiver=chat integration=script",
        "suppressed_total reason=silenced",
        "journal_commits_total outcome=written",
        "journal_commits_total outcome=failed",
    ] {
        let name = format!("watchkeep_alerts_{name}");
        assert_eq!(numbers.counter(&name), Some(0), "{name}");
    }
    for (name, value) in [
        ("queue receiver=chat integration=script", 0.0),
        ("dead_letters", 0.0),
        ("journal_up", 1.0),
    ] {
        let name = format!("watchkeep_alerts_{name}");
        assert_eq!(numbers.gauge(&name), Some(value), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn views_serialize_as_alertmanager_names_things() {
    let (script, _seen) = Script::new([]);
    let alerting = Alerting::builder("oracle")
        .notifier("chat", script)
        .route(Level::Error, &["chat"])
        .build()
        .unwrap();
    alerting
        .trigger(error("A").with_detail("user_id", 7))
        .await
        .unwrap();
    settle().await;
    let json = serde_json::to_value(alerting.active().await).unwrap();
    let alert = &json[0];
    assert_eq!(alert["state"], "firing");
    assert_eq!(alert["kind"], "event");
    assert_eq!(alert["level"], "ERROR");
    assert_eq!(alert["occurrences"], 1);
    assert_eq!(
        alert["annotations"],
        serde_json::json!({ "summary": "text", "user_id": "7" })
    );
    let labels = serde_json::json!({ "alertname": "A", "service": "oracle", "severity": "error" });
    assert_eq!(alert["labels"], labels);
    for time in ["startsAt", "updatedAt"] {
        let text = alert[time].as_str().unwrap();
        assert!(
            text.parse::<jiff::Timestamp>().is_ok() && text.ends_with('Z'),
            "{time} is {text}"
        );
    }
    assert_eq!(alert["deliveries"][0]["receiver"], "chat");
    assert_eq!(alert["deliveries"][0]["outcome"], "delivered");
    assert_eq!(alert["deliveries"][0]["tries"], 1);
    assert!(alert["deliveries"][0]["lastTry"].is_string());
}

#[tokio::test(start_paused = true)]
async fn debug_shows_names_and_no_notifier() {
    let (script, _seen) = Script::new([]);
    let builder = Alerting::builder("oracle").notifier("chat", script);
    assert!(format!("{builder:?}").contains(r#"receivers: ["chat"]"#));
    let alerting = builder.build().unwrap();
    assert_eq!(
        format!("{alerting:?}"),
        r#"Alerting { receivers: ["chat", "null"], durability: Memory, .. }"#
    );
}
