//! Why somebody was, or was not, told: in data and in words.

use std::time::Duration;

use serde_json::Value;

use crate::alert::{Alert, Labels};
use crate::alerting::Alerting;
use crate::explain::{Explanation, Knowledge};
use crate::journal::faulty::Faulty;
use crate::level::Level;
use crate::matcher::Matchers;
use crate::notifier::NotifyError;
use crate::testing::{ManualClock, Recorded, Recorder};
use crate::timestamp::Timestamp;
use crate::view::SilenceRequest;

const CONFIG: &str = r#"
route:
  receiver: chat
  group_by: [alertname]
  group_wait: 10s
  group_interval: 1m
  repeat_interval: 1h
  routes:
    - {matchers: [severity=critical], receiver: pager, group_wait: 0s}
    - {matchers: [team=night], receiver: chat, mute_time_intervals: [always]}
receivers: [{name: chat}, {name: pager}]
inhibit_rules: [{source_matchers: [severity=critical], target_matchers: [severity=warning], equal: [service]}]
time_intervals: [{name: always, time_intervals: [{}]}]
"#;

struct Bench {
    alerting: Alerting,
    clock: ManualClock,
    chat: Recorded,
}

impl Bench {
    fn new(disk: &Faulty, clock: &ManualClock) -> Self {
        let (for_chat, chat) = Recorder::new();
        let alerting = Alerting::builder("oracle")
            .notifier("chat", for_chat)
            .notifier("pager", Recorder::new().0)
            .config_yaml(CONFIG)
            .journal(disk.clone())
            .clock(clock.clone())
            .build()
            .unwrap();
        Self {
            alerting,
            clock: clock.clone(),
            chat,
        }
    }

    fn start() -> Self {
        Self::new(
            &Faulty::default(),
            &ManualClock::new(Timestamp::from_millis(1_800_000_000_000)),
        )
    }

    async fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        for _ in 0..100 {
            self.alerting.active().await;
            tokio::task::yield_now().await;
        }
    }

    async fn explain(&self, labels: &[(&str, &str)]) -> Explanation {
        self.explain_at(labels, None).await
    }

    async fn explain_at(&self, labels: &[(&str, &str)], at: Option<Timestamp>) -> Explanation {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let labels: Labels = labels.iter().map(owned).collect();
        self.alerting.explain(labels, at).await.unwrap()
    }

    /// Checks the verdict on the only alert with this name.
    async fn check(&self, name: &str, verdict: &str) -> Explanation {
        let explanation = self.explain(&[("alertname", name)]).await;
        assert_eq!(explanation.alerts.len(), 1);
        assert_eq!(explanation.alerts[0].verdict, verdict, "{explanation}");
        explanation
    }
}

fn alert(name: &str, level: Level) -> Alert {
    Alert::new(name, level, "text")
}

#[tokio::test]
async fn the_way_of_an_alert_is_told_from_its_beginning_to_after_its_end() {
    let bench = Bench::start();
    let unknown = bench
        .check(
            "A",
            "No such alert is known; this is what would happen if it fired. chat would be told.",
        )
        .await;
    assert_eq!(unknown.alerts[0].state, Knowledge::Unknown);
    let ack = bench.alerting.fire(alert("A", Level::Error)).await.unwrap();
    bench
        .check(
            "A",
            "It fires. chat is told when its group is looked at, 2027-01-15T08:00:10.000Z.",
        )
        .await;
    bench.pass(10).await;
    let told = bench
        .check(
            "A",
            "It fires. chat, recorder: delivered 2027-01-15T08:00:10.000Z, one try.",
        )
        .await;
    let channel = &told.alerts[0].targets[0].channels[0];
    assert_eq!(
        channel.next_repeat.unwrap().to_string(),
        "2027-01-15T09:00:10.000Z"
    );
    let reasons: Vec<_> = told.alerts[0]
        .decisions
        .iter()
        .map(|it| it.reason.as_str())
        .collect();
    assert_eq!(reasons, ["delivered", "told"]);
    let steps: Vec<_> = told.alerts[0]
        .routes
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        steps,
        [
            "{}: yes: to chat",
            "  {}/{severity=\"critical\"}: no: severity=\"critical\" does not hold, severity is \"error\"",
            "  {}/{team=\"night\"}: no: team=\"night\" does not hold, there is no team",
        ]
    );
    bench.alerting.resolve(ack.fingerprint()).await.unwrap();
    bench.pass(60).await;
    let over = bench
        .check(
            "A",
            "It is over, and only the decisions below tell of it. chat, last 2027-01-15T08:01:10.000Z: delivered at the first try.",
        )
        .await;
    let words: Vec<_> = over.alerts[0]
        .decisions
        .iter()
        .map(|it| it.words.as_str())
        .collect();
    assert_eq!(
        words,
        [
            "delivered at the first try",
            "the end is handed out: nothing fires any more",
            "delivered at the first try",
            "a notice is handed out: nothing of it was told before",
        ]
    );
    // At an earlier time only what was decided by then is told.
    let before = Timestamp::from_millis(1_800_000_010_000);
    let before = bench.explain_at(&[("alertname", "A")], Some(before)).await;
    assert_eq!(before.alerts[0].decisions.len(), 2);
    assert!(!before.is_now && before.alerts[0].targets[0].channels.is_empty());
}

#[tokio::test]
async fn what_holds_an_alert_back_is_named() {
    let mut bench = Bench::start();
    let until = bench.clock.wall().after(Duration::from_secs(600));
    let request = SilenceRequest::until(Matchers::parse("alertname=A").unwrap(), until);
    let id = bench
        .alerting
        .silence(request.by("ops").because("a\u{1b}[31mmove"))
        .await
        .unwrap();
    let id = id.id();
    bench.alerting.fire(alert("A", Level::Error)).await.unwrap();
    bench
        .alerting
        .fire(alert("B", Level::Critical))
        .await
        .unwrap();
    bench
        .alerting
        .fire(alert("C", Level::Warning))
        .await
        .unwrap();
    let night = alert("D", Level::Error).with_label("team", "night");
    bench.alerting.fire(night).await.unwrap();
    bench.pass(10).await;
    assert!(bench.chat.seen().is_empty());
    let silenced = bench
        .check(
            "A",
            &format!(
                "It fires. Nobody is told until {until}: silence {id} by ops (a\u{1b}[31mmove)."
            ),
        )
        .await;
    let text = silenced.to_string();
    assert!(text.contains(&format!(
        "Silence {id} {{alertname=\"A\"}} holds it back: from"
    )));
    assert!(!text.contains('\u{1b}'), "{text}");
    bench
        .check(
            "C",
            "It fires. Nobody is told: it is inhibited by {alertname=\"B\", service=\"oracle\", severity=\"critical\"}.",
        )
        .await;
    let muted = bench
        .check("D", "It fires. chat is not told: it is muted by always.")
        .await;
    let group = muted.alerts[0].targets[0].group.as_ref().unwrap();
    assert_eq!(group.held_back.as_deref(), Some("muted by always"));
    // After the silence nothing holds it back; the past is asked by time.
    bench.pass(600).await;
    let now = bench.explain(&[("alertname", "A")]).await;
    assert!(!now.alerts[0].silences[0].holds);
    let then = bench
        .explain_at(
            &[("alertname", "A")],
            Some(Timestamp::from_millis(until.as_millis() - 1)),
        )
        .await;
    assert!(then.alerts[0].silences[0].holds, "{then}");
}

#[tokio::test]
async fn tries_and_dead_letters_are_told() {
    let bench = Bench::start();
    bench.chat.fail(NotifyError::transient("no route\nto host"));
    bench.alerting.fire(alert("A", Level::Error)).await.unwrap();
    bench.pass(10).await;
    let explanation = bench.explain(&[("alertname", "A")]).await;
    let verdict = &explanation.alerts[0].verdict;
    let failing = "It fires. chat, recorder: failing, one try, the last failed: no route\\nto host, next try 2027-";
    assert!(verdict.starts_with(failing), "{verdict}");
    bench.chat.fail(NotifyError::permanent("no such chat"));
    bench.pass(3).await;
    let explanation = bench.explain(&[("alertname", "A")]).await;
    let letter = &explanation.alerts[0].dead_letters[0];
    assert_eq!((letter.receiver.as_str(), letter.tries), ("chat", 2));
    assert_eq!(letter.id, bench.alerting.dead_letters().await[0].id);
    let reasons: Vec<_> = explanation.alerts[0]
        .decisions
        .iter()
        .map(|it| it.reason.as_str())
        .collect();
    assert!(
        reasons.ends_with(&["retrying", "told"]) && reasons.contains(&"dead_letter"),
        "{reasons:?}"
    );
}

#[tokio::test]
async fn decisions_outlive_the_process_with_the_labels_of_their_alerts() {
    let (disk, clock) = (
        Faulty::default(),
        ManualClock::new(Timestamp::from_millis(1_800_000_000_000)),
    );
    let bench = Bench::new(&disk, &clock);
    let ack = bench.alerting.fire(alert("A", Level::Error)).await.unwrap();
    bench.pass(10).await;
    bench.alerting.resolve(ack.fingerprint()).await.unwrap();
    bench.pass(60).await;
    let before = bench.explain(&[("alertname", "A")]).await;
    assert!(bench.alerting.shutdown(Duration::from_secs(5)).await);
    drop(bench);
    let bench = Bench::new(&disk, &clock);
    let after = bench.explain(&[("severity", "error")]).await;
    assert_eq!(after.alerts[0].decisions, before.alerts[0].decisions);
    assert_eq!(after.alerts[0].state, Knowledge::Past);
    bench.pass(120 * 3_600).await;
    let old = bench.explain(&[("alertname", "A")]).await;
    assert_eq!(
        old.alerts[0].state,
        Knowledge::Unknown,
        "decisions are kept for 120 hours"
    );
}

#[tokio::test]
async fn questions_that_fit_many_alerts_or_none_are_answered() {
    let bench = Bench::start();
    for n in 0..15 {
        bench
            .alerting
            .fire(alert(&format!("A{n}"), Level::Error))
            .await
            .unwrap();
    }
    let all = bench.explain(&[]).await;
    assert_eq!((all.alerts.len(), all.more), (10, 5));
    assert!(
        all.to_string()
            .ends_with("… and 5 more: say more labels.\n")
    );
    let odd = bench.explain(&[("\u{1b}\n", "\0"), ("", "")]).await;
    assert_eq!(odd.alerts[0].state, Knowledge::Unknown);
    assert!(!odd.to_string().contains(['\u{1b}', '\0']));
    for at in [i64::MIN, -1, 0, i64::MAX] {
        let at = Timestamp::from_millis(at);
        let explanation = bench.explain_at(&[("alertname", "A1")], Some(at)).await;
        assert_eq!(explanation.at, at);
        let json: Value = serde_json::to_value(&explanation).unwrap();
        assert_eq!(json["alerts"][0]["labels"]["alertname"], "A1");
    }
}

#[tokio::test]
async fn a_receiver_that_tells_nobody_is_called_that() {
    let alerting = Alerting::builder("oracle").build().unwrap();
    alerting.fire(alert("A", Level::Error)).await.unwrap();
    let explanation = alerting.explain(Labels::new(), None).await.unwrap();
    let verdict = &explanation.alerts[0].verdict;
    assert_eq!(verdict, "It fires. null is a receiver that tells nobody.");
}

#[tokio::test]
async fn deliveries_are_known_after_a_restart() {
    let (disk, clock) = (
        Faulty::default(),
        ManualClock::new(Timestamp::from_millis(1_800_000_000_000)),
    );
    let bench = Bench::new(&disk, &clock);
    for name in ["Over", "Told", "Dead"] {
        let alert = alert(name, Level::Error);
        bench.alerting.fire(alert).await.unwrap();
        if name == "Dead" {
            bench.chat.fail(NotifyError::permanent("no such chat"));
        }
        bench.pass(10).await;
    }
    // It is over, told, and fires anew: nobody was told of that yet.
    let over = alert("Over", Level::Error).with_label("service", "oracle");
    bench.alerting.resolve(over.fingerprint()).await.unwrap();
    bench.pass(41).await;
    let failing = alert("Failing", Level::Error);
    bench.alerting.fire(failing).await.unwrap();
    bench.chat.fail(NotifyError::transient("no route"));
    bench.pass(10).await;
    bench.alerting.fire(over).await.unwrap();
    let before = bench.alerting.active().await;
    drop(bench);
    // The old engine lets go of the journal when its task ends.
    tokio::task::yield_now().await;
    let bench = Bench::new(&disk, &clock);
    let after = bench.alerting.active().await;
    let outcomes = |alerts: &[crate::view::AlertView]| -> Vec<_> {
        let of = |it: &crate::view::AlertView| {
            let deliveries = it.deliveries.iter();
            let known = deliveries.map(|it| (it.outcome, it.tries, it.error.clone()));
            (it.labels["alertname"].clone(), known.collect::<Vec<_>>())
        };
        alerts.iter().map(of).collect()
    };
    let expected = outcomes(&before);
    assert_eq!(outcomes(&after), expected);
    let kinds: Vec<_> = expected.iter().map(|(_, known)| known.len()).collect();
    assert_eq!(kinds.iter().sum::<usize>(), 3, "{expected:?}");
}
