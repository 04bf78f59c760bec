//! Configurations, silences, reloads, stand-ins: the pure parts through the handle.

use std::time::Duration;

use super::support::error;
use crate::alert::{Alert, Labels};
use crate::alerting::Alerting;
use crate::builder::AlertingBuilder;
use crate::config::Config;
use crate::incoming::Incoming;
use crate::journal::Memory;
use crate::level::Level;
use crate::matcher::Matchers;
use crate::notification::Notification;
use crate::notifier::{Limits, Notifier, NotifyError};
use crate::testing::{ManualClock, Recorded, Recorder};
use crate::timestamp::Timestamp;
use crate::view::{SilenceRequest, Status};

const GROUPED: &str = r#"
route:
  receiver: chat
  group_by: [team]
  group_wait: 10s
  group_interval: 1m
  repeat_interval: 1h
  routes:
    - matchers: ["severity=critical"]
      receiver: pager
      group_wait: 0s
receivers: [{name: chat}, {name: pager}]
inhibit_rules:
  - source_matchers: ["severity=critical"]
    target_matchers: ["severity=warning"]
    equal: [team]
"#;

struct Bench {
    alerting: Alerting,
    clock: ManualClock,
    chat: Recorded,
    pager: Recorded,
}

impl Bench {
    fn new(adjust: impl Fn(AlertingBuilder) -> AlertingBuilder) -> Self {
        let clock = ManualClock::new(Timestamp::from_millis(1_800_000_000_000));
        let (for_chat, chat) = Recorder::new();
        let (for_pager, pager) = Recorder::new();
        let builder = Alerting::builder("oracle")
            .notifier("chat", for_chat)
            .notifier("pager", for_pager)
            .config_yaml(GROUPED)
            .journal(Memory::new())
            .clock(clock.clone());
        Self {
            alerting: adjust(builder).build().unwrap(),
            clock,
            chat,
            pager,
        }
    }

    /// Lets time pass, and waits until the engine has done what was due.
    async fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.alerting.active().await;
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }
}

fn of(team: &str, name: &str, level: Level) -> Alert {
    Alert::new(name, level, "text").with_label("team", team)
}

#[tokio::test]
async fn alerts_of_a_group_are_one_notice_after_its_wait() {
    let mut bench = Bench::new(|builder| builder);
    for (team, name) in [("a", "One"), ("a", "Two"), ("b", "Three")] {
        let alert = of(team, name, Level::Error);
        bench.alerting.fire(alert).await.unwrap();
    }
    bench.pass(9).await;
    assert!(bench.chat.seen().is_empty());
    bench.pass(1).await;
    let sizes: Vec<_> = bench
        .chat
        .seen()
        .iter()
        .map(|it| it.alerts().len())
        .collect();
    assert_eq!(sizes, [2, 1]);
    assert_eq!(bench.alerting.groups().await.len(), 2);
}

#[tokio::test]
async fn an_inhibited_alert_is_shown_with_its_reason_and_in_the_audit() {
    let mut bench = Bench::new(|builder| builder);
    let source = of("a", "Down", Level::Critical);
    let source = bench.alerting.fire(source).await.unwrap().fingerprint();
    let target = of("a", "Slow", Level::Warning);
    let target = bench.alerting.fire(target).await.unwrap().fingerprint();
    bench.pass(10).await;
    bench.pager.next().await;
    assert!(bench.chat.seen().is_empty());
    let reports = bench.alerting.alerts().await;
    let slow = reports.iter().find(|it| it.alert.fingerprint == target);
    let slow = slow.unwrap();
    assert_eq!(slow.suppressed, ["inhibited"]);
    assert_eq!(slow.inhibited_by, Some(source));
    assert_eq!(slow.receivers, ["chat"]);
    let decisions = bench.alerting.decisions(10).await;
    assert_eq!(decisions[0].reason, "inhibited");
    assert_eq!(decisions[0].fingerprint, Some(target));
    assert_eq!(decisions[0].words, format!("inhibited by {source}"));
    let json = serde_json::to_value(slow).unwrap();
    assert_eq!(json["suppressed"], serde_json::json!(["inhibited"]));
    assert_eq!(json["labels"]["alertname"], "Slow");
}

#[tokio::test]
async fn a_silence_holds_back_until_it_ends() {
    let mut bench = Bench::new(|builder| builder);
    let matchers = || Matchers::parse("team=a").unwrap();
    let hour = bench.clock.wall().after(Duration::from_secs(3_600));
    let request = SilenceRequest::until(matchers(), hour)
        .by("ops")
        .because("maintenance");
    let id = bench.alerting.silence(request).await.unwrap().into_id();
    bench
        .alerting
        .fire(of("a", "One", Level::Error))
        .await
        .unwrap();
    bench.pass(10).await;
    assert!(bench.chat.seen().is_empty());
    let silence = &bench.alerting.silences().await[0];
    assert_eq!(
        (silence.id.as_str(), silence.state),
        (id.as_str(), "active")
    );
    assert_eq!(silence.created_by, "ops");
    assert_eq!(bench.alerting.alerts().await[0].silenced_by, [id.as_str()]);
    bench.alerting.expire_silence(&id).await.unwrap();
    assert_eq!(bench.alerting.silences().await[0].state, "expired");
    bench.pass(60).await;
    bench.chat.next().await;
    let past = SilenceRequest::until(matchers(), Timestamp::from_millis(5));
    let error = bench.alerting.silence(past).await.unwrap_err();
    assert!(error.is_invalid_silence(), "{error:?}");
    let error = bench.alerting.expire_silence("nobody's").await.unwrap_err();
    assert!(error.is_invalid_silence(), "{error:?}");
}

#[tokio::test]
async fn a_reload_keeps_timers_and_a_bad_one_changes_nothing() {
    let mut bench = Bench::new(|builder| builder);
    bench
        .alerting
        .fire(of("a", "One", Level::Error))
        .await
        .unwrap();
    bench.pass(5).await;
    let unbound = GROUPED.replace("{name: pager}", "{name: pager}, {name: mail}");
    let unbound = Config::from_yaml(&unbound).unwrap();
    let error = bench.alerting.reload(unbound).await.unwrap_err();
    assert!(error.is_config(), "{error:?}");
    let config = Config::from_yaml(GROUPED).unwrap();
    bench.alerting.reload(config).await.unwrap();
    bench.pass(5).await;
    assert_eq!(bench.chat.seen().len(), 1, "ten seconds after the alert");
    let elsewhere = GROUPED.replace("receiver: chat", "receiver: pager");
    let elsewhere = Config::from_yaml(&elsewhere).unwrap();
    bench.alerting.reload(elsewhere).await.unwrap();
    bench.pass(10).await;
    assert_eq!(bench.pager.seen().len(), 1);
    // Who was told that it fires is told that it is over there.
    assert_eq!(bench.chat.seen().last().unwrap().status(), Status::Resolved);
}

#[tokio::test]
async fn the_stand_in_is_told_what_a_receiver_refuses() {
    let mut bench = Bench::new(|builder| builder.fallback("pager"));
    bench.chat.fail(NotifyError::permanent("no such room"));
    bench
        .alerting
        .fire(of("a", "One", Level::Error))
        .await
        .unwrap();
    bench.pass(10).await;
    let told = bench.pager.next().await;
    assert_eq!(told.receiver(), "pager");
    assert_eq!(told.alerts()[0].labels["alertname"], "One");
    let letters = bench.alerting.dead_letters().await;
    assert_eq!(letters[0].receiver, "chat");
    assert_eq!(letters[0].reason, "refused: no such room");
}

#[tokio::test]
async fn an_alert_with_a_lease_ends_when_it_is_not_renewed() {
    let bench = Bench::new(|builder| builder);
    let at = |seconds| bench.clock.wall().after(Duration::from_secs(seconds));
    let (starts_at, ends_at) = (bench.clock.wall(), at(30));
    let alerting = &bench.alerting;
    let named = |name: &str| Labels::from([("alertname".to_owned(), name.to_owned())]);
    let incoming = |name, starts_at, ends_at| {
        let incoming = Incoming::new(named(name), Labels::new()).unwrap();
        incoming.starting(starts_at).ending(ends_at)
    };
    let taken = alerting
        .receive(vec![incoming("A", starts_at, ends_at)])
        .await
        .unwrap();
    assert!(taken[0].as_ref().unwrap().is_new());
    assert_eq!(
        alerting.active().await[0].labels,
        named("A"),
        "none is added"
    );
    bench.pass(29).await;
    assert_eq!(alerting.active().await.len(), 1);
    bench.pass(2).await;
    assert!(alerting.active().await.is_empty());
    let mixed = vec![incoming("B", at(30), at(1)), incoming("C", at(0), at(30))];
    let answers = alerting.receive(mixed).await.unwrap();
    assert!(answers[0].as_ref().unwrap_err().is_invalid_alert());
    assert!(answers[1].is_ok(), "what is valid is taken");
}

#[tokio::test]
async fn in_memory_a_shutdown_tells_what_would_have_waited() {
    let mut bench = Bench::new(|builder| builder);
    bench
        .alerting
        .fire(of("a", "One", Level::Error))
        .await
        .unwrap();
    assert!(bench.alerting.shutdown(Duration::from_secs(5)).await);
    assert_eq!(bench.chat.seen().len(), 1);
}

#[tokio::test]
async fn strictly_an_alert_that_ends_untold_says_nothing_and_here_an_event_does() {
    for strict in [true, false] {
        let mut bench = Bench::new(|builder| builder.strict(strict));
        let event = of("a", "Blip", Level::Error);
        let ack = bench.alerting.trigger(event).await.unwrap();
        bench.alerting.resolve(ack.fingerprint()).await.unwrap();
        bench.pass(10).await;
        assert_eq!(bench.chat.seen().is_empty(), strict);
    }
}

#[tokio::test]
async fn a_receiver_named_null_tells_nobody() {
    let alerting = Alerting::builder("oracle")
        .config_yaml("route: {receiver: \"null\", group_wait: 0s}\nreceivers: [{name: \"null\"}]\n")
        .build()
        .unwrap();
    alerting.fire(error("A")).await.unwrap();
    assert!(alerting.shutdown(Duration::from_secs(5)).await);
    assert_eq!(alerting.dead_letters().await, []);
}

/// Takes three notices a minute.
struct Slow;

#[crate::async_trait]
impl Notifier for Slow {
    fn kind(&self) -> &'static str {
        "slow"
    }

    fn limits(&self) -> Limits {
        Limits::of_rate(3, Duration::from_secs(60))
    }

    async fn notify(&self, _: &Notification) -> Result<(), NotifyError> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn the_running_configuration_is_the_last_that_was_taken() {
    let yaml = |receiver: &str| {
        format!("route: {{receiver: {receiver}}}\nreceivers: [{{name: {receiver}}}]\n")
    };
    let alerting = Alerting::builder("oracle")
        .notifier("one", Slow)
        .notifier("two", Recorder::new().0)
        .fallback("two")
        .config_yaml(&yaml("one"))
        .build()
        .unwrap();
    assert_eq!(alerting.configuration().routes().root().receiver(), "one");
    let text = alerting.export().to_string();
    assert!(
        text.contains(
            "# lost: receiver `one`, slow: it is told at most 3 at once and one every 60s"
        )
    );
    assert!(text.contains("# lost: receiver `two`: it is told what others could not be"));
    let bad = Config::from_yaml(&yaml("three")).unwrap();
    assert!(alerting.reload(bad).await.is_err());
    assert_eq!(alerting.configuration().routes().root().receiver(), "one");
    let good = Config::from_yaml(&yaml("two")).unwrap();
    alerting.reload(good).await.unwrap();
    assert_eq!(alerting.configuration().routes().root().receiver(), "two");
    assert!(alerting.export().yaml().contains("receiver: two"));
}
