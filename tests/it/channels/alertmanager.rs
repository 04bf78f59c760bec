//! What the Alertmanager channel sends, in a real cluster of two, one of which goes away.

use std::time::Duration;

use serde_json::Value;
use watchkeep_alerts::notifiers::Alertmanager;
use watchkeep_alerts::{Alert, Alerting, Level, Notification, Notifier as _};
use watchkeep_tests::eventually::eventually;
use watchkeep_tests::programs;
use watchkeep_tests::servers::{Real, alertmanagers, of_alertmanager};

const LEASE: Duration = Duration::from_secs(600);

fn channel(peers: &[&Real]) -> Alertmanager {
    let address = |peer: &&Real| format!("http://127.0.0.1:{}", peer.port());
    let channel = Alertmanager::new(peers.iter().map(address)).expect("the addresses are usable");
    channel.with_lease(LEASE)
}

fn engine(channel: Alertmanager) -> Alerting {
    Alerting::builder("oracle")
        .notifier("cluster", channel)
        .route(Level::Critical, &["cluster"])
        .build()
        .expect("the engine starts")
}

fn down() -> Alert {
    Alert::new(
        "DatabaseDown",
        Level::Critical,
        "Database <b>failed</b> 😀 \u{0}\n",
    )
    .with_label("zone", "eu-1")
    .with_detail("error", "connection refused")
}

/// Waits until a peer lists so many alerts that fire, and returns them.
async fn firing(peer: &Real, count: usize) -> Vec<Value> {
    let what = format!("{count} alerts fire at the peer");
    eventually(20, &what, || async {
        match of_alertmanager(peer, "alerts").await? {
            Value::Array(alerts) if alerts.len() == count => Ok(alerts),
            other => Err(other.to_string()),
        }
    })
    .await
}

fn seconds(text: &Value) -> i64 {
    let text = text.as_str().expect("a time is a text");
    let time: jiff::Timestamp = text.parse().expect("it is a time");
    time.as_second()
}

#[tokio::test]
async fn a_cluster_lists_a_state_as_long_as_it_lasts_even_with_a_peer_away() {
    let Some(program) = programs::require("prometheus-alertmanager") else {
        return;
    };
    let [one, mut two] = alertmanagers::<2>(&program).await;
    // They are one cluster, and not two that know nothing of each other.
    eventually(30, "the peers know each other", || async {
        let status = of_alertmanager(&one, "status").await?;
        match status["cluster"]["peers"].as_array() {
            Some(peers) if peers.len() == 2 => Ok(()),
            _ => Err(status["cluster"].to_string()),
        }
    })
    .await;

    let alerting = engine(channel(&[&one, &two]));
    let ack = alerting.fire(down()).await.expect("it is taken");
    for peer in [&one, &two] {
        let alert = &firing(peer, 1).await[0];
        assert_eq!(alert["labels"]["alertname"], "DatabaseDown");
        assert_eq!(alert["labels"]["zone"], "eu-1");
        assert_eq!(alert["labels"]["service"], "oracle");
        assert_eq!(alert["labels"]["severity"], "critical");
        assert_eq!(
            alert["annotations"]["summary"],
            "Database <b>failed</b> 😀 \u{0}\n"
        );
        assert_eq!(alert["annotations"]["error"], "connection refused");
        assert_eq!(alert["status"]["state"], "active");
        let lease = seconds(&alert["endsAt"]) - seconds(&alert["updatedAt"]);
        assert!((590..=601).contains(&lease), "{lease} s");
    }

    two.kill().await;
    assert!(
        alerting
            .resolve(ack.fingerprint())
            .await
            .expect("it is taken")
    );
    firing(&one, 0).await;
    assert!(alerting.shutdown(Duration::from_secs(20)).await);
}

#[tokio::test]
async fn one_peer_is_enough_and_none_is_worth_another_try() {
    let Some(program) = programs::require("prometheus-alertmanager") else {
        return;
    };
    let [mut one, mut two] = alertmanagers::<2>(&program).await;
    two.kill().await;
    let channel = channel(&[&two, &one]);
    let notification = Notification::test("cluster", "oracle");
    channel.notify(&notification).await.expect("one took it");
    let alert = &firing(&one, 1).await[0];
    assert_eq!(alert["labels"]["alertname"], "TestNotification");
    // Once more is the same alert.
    channel.notify(&notification).await.expect("one took it");
    firing(&one, 1).await;
    one.kill().await;
    let error = channel
        .notify(&notification)
        .await
        .expect_err("nobody took it");
    assert!(!error.is_permanent(), "{error}");

    // A peer that comes back knows nothing, until it is told again.
    two.restart().await;
    firing(&two, 0).await;
    channel.notify(&notification).await.expect("one took it");
    firing(&two, 1).await;
}

#[tokio::test]
async fn a_peer_that_stands_still_delays_a_notice_for_ten_seconds_at_most() {
    let Some(program) = programs::require("prometheus-alertmanager") else {
        return;
    };
    let [one, mut two] = alertmanagers::<2>(&program).await;
    two.freeze();
    let start = tokio::time::Instant::now();
    let notification = Notification::test("cluster", "oracle");
    let told = channel(&[&two, &one]).notify(&notification).await;
    told.expect("one took it");
    assert!(start.elapsed() < Duration::from_secs(15));
    firing(&one, 1).await;
    two.thaw();
}
