//! The engine and its journal: what is acknowledged when, what a crash leaves, and a disk that fails.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::support::{Lines, Numbers, error};
use crate::alerting::Alerting;
use crate::journal::faulty::{Fault, Faulty};
use crate::journal::{Durability, Journal, Memory, Table};
use crate::level::Level;
use crate::notifier::NotifyError;
use crate::testing::{ManualClock, Recorded, Recorder};
use crate::timestamp::Timestamp;

fn on(journal: impl Journal) -> (Alerting, Recorded) {
    let (chat, told) = Recorder::new();
    let alerting = Alerting::builder("oracle")
        .notifier("chat", chat)
        .route(Level::Error, &["chat"])
        .journal(journal)
        .patience(Duration::from_millis(300))
        .build()
        .unwrap();
    (alerting, told)
}

/// Waits until something holds; the journal's thread does not go by a paused clock.
async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let held = tokio::time::timeout(Duration::from_secs(30), wait).await;
    assert!(held.is_ok(), "it does not come about");
}

#[tokio::test]
async fn an_acknowledgement_says_what_the_alert_outlives() {
    let (alerting, _told) = on(Memory::new());
    assert_eq!(alerting.durability(), Durability::Memory);
    let ack = alerting.trigger(error("A")).await.unwrap();
    assert_eq!(ack.durability(), Durability::Memory);
    assert!(ack.is_new());
    let (alerting, _told) = on(Faulty::default());
    assert_eq!(alerting.durability(), Durability::Disk);
    let ack = alerting.trigger(error("A")).await.unwrap();
    assert_eq!(ack.durability(), Durability::Disk);
}

#[tokio::test]
async fn nobody_has_an_answer_and_nothing_is_sent_before_the_commit() {
    let disk = Faulty::default();
    let (chat, mut told) = Recorder::new();
    let alerting = Alerting::builder("oracle")
        .notifier("chat", chat)
        .route(Level::Error, &["chat"])
        .journal(disk.clone())
        .build()
        .unwrap();
    disk.set(Fault::Hangs);
    let asking = alerting.clone();
    let asked = tokio::spawn(async move { asking.trigger(error("A")).await });
    until(async || disk.commits() > 0).await;
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    assert!(!asked.is_finished());
    assert!(told.seen().is_empty());
    disk.set(Fault::None);
    let ack = asked.await.unwrap().unwrap();
    assert_eq!(ack.durability(), Durability::Disk);
    told.next().await;
}

#[tokio::test]
async fn many_alerts_share_a_commit() {
    let disk = Faulty::default();
    let (alerting, _told) = on(disk.clone());
    disk.set(Fault::Hangs);
    let first = alerting.clone();
    let first = tokio::spawn(async move { first.trigger(error("first")).await });
    until(async || disk.commits() > 0).await;
    for n in 0..500 {
        alerting.try_trigger(error(&format!("A{n}"))).unwrap();
    }
    disk.set(Fault::None);
    first.await.unwrap().unwrap();
    until(async || alerting.active().await.len() == 501).await;
    assert!(disk.commits() < 60, "{} commits", disk.commits());
}

#[tokio::test]
async fn a_crash_after_any_commit_loses_no_acknowledged_alert_and_sends_with_the_same_ids() {
    let disk = Faulty::default();
    let (alerting, mut told) = on(disk.clone());
    told.fail(NotifyError::transient("not now"));
    let mut acked = Vec::new();
    for n in 0..6 {
        let ack = alerting.trigger(error(&format!("A{n}"))).await.unwrap();
        acked.push((disk.durable(), ack.fingerprint()));
    }
    for _ in 0..7 {
        told.next().await;
    }
    until(async || disk.table(Table::Deliveries).is_empty()).await;
    drop(alerting);
    let ids: BTreeSet<_> = told.seen().iter().map(|it| it.id().to_owned()).collect();
    for commits in 0..=disk.durable() {
        let left = disk.crashed_after(commits);
        let pending: BTreeSet<_> = left.table(Table::Deliveries).into_keys().collect();
        assert!(pending.is_subset(&ids));
        let (alerting, mut told) = on(left.clone());
        until(async || left.table(Table::Deliveries).is_empty()).await;
        let sent: BTreeSet<_> = told.seen().iter().map(|it| it.id().to_owned()).collect();
        assert!(pending.is_subset(&sent), "after {commits} commits");
        let active = alerting.active().await;
        for (at, fingerprint) in &acked {
            let known = active.iter().any(|alert| alert.fingerprint == *fingerprint);
            assert!(known || *at > commits, "after {commits} commits");
        }
        // Whoever was told before the crash is not told again for nothing.
        let told_before = active.len() - sent.len();
        assert_eq!(told_before, active.len().saturating_sub(pending.len()));
    }
}

#[tokio::test]
async fn a_journal_that_cannot_be_written_is_said_loudly_and_alerts_are_told_all_the_same() {
    for fault in [Fault::Refuses, Fault::Full, Fault::Lies, Fault::Hangs] {
        let numbers = Numbers::default();
        let _numbers = metrics::set_default_local_recorder(&numbers);
        let seen = Arc::new(Mutex::new(Vec::<String>::new()));
        let lines = Lines {
            seen: Arc::clone(&seen),
            hook: Box::new(|| ()),
        };
        let _lines = tracing::subscriber::set_default(lines);
        let disk = Faulty::default();
        let (alerting, mut told) = on(disk.clone());
        alerting.fire(error("Before")).await.unwrap();
        told.next().await;
        disk.set(fault);
        let ack = alerting.trigger(error("A")).await.unwrap();
        assert_eq!(ack.durability(), Durability::Memory, "{fault:?}");
        told.next().await;
        assert_eq!(numbers.gauge("watchkeep_alerts_journal_up"), Some(0.0));
        let said = |words: &str| seen.lock().unwrap().iter().any(|it| it.contains(words));
        assert!(said("ERROR message=the alert journal cannot be written"));
        // What begins and ends meanwhile leaves nothing behind.
        for n in 0..50 {
            let ack = alerting.fire(error(&format!("B{n}"))).await.unwrap();
            alerting.resolve(ack.fingerprint()).await.unwrap();
        }
        alerting
            .resolve(error("Before").fingerprint())
            .await
            .unwrap();
        disk.set(Fault::None);
        until(async || numbers.gauge("watchkeep_alerts_journal_up") == Some(1.0)).await;
        assert!(said("WARN message=the alert journal can be written again"));
        let ack = alerting.trigger(error("C")).await.unwrap();
        assert_eq!(ack.durability(), Durability::Disk, "{fault:?}");
        let known: BTreeSet<_> = alerting.active().await.into_iter().collect_fingerprints();
        drop(alerting);
        // The disk knows what the engine knew.
        let (again, _told) = on(disk.crashed_after(disk.durable()));
        let restored = again.active().await.into_iter().collect_fingerprints();
        assert_eq!(restored, known, "{fault:?}");
    }
}

trait CollectFingerprints {
    fn collect_fingerprints(self) -> BTreeSet<String>;
}

impl<I: Iterator<Item = crate::AlertView>> CollectFingerprints for I {
    fn collect_fingerprints(self) -> BTreeSet<String> {
        self.map(|alert| alert.fingerprint.to_string()).collect()
    }
}

#[tokio::test]
async fn what_is_unsent_at_a_shutdown_stays_for_the_next_start() {
    let disk = Faulty::default();
    let (alerting, mut told) = on(disk.clone());
    told.fail(NotifyError::transient("not now").with_retry_after(Some(Duration::from_secs(5))));
    alerting.fire(error("A")).await.unwrap();
    let first = told.next().await;
    assert!(!alerting.shutdown(Duration::from_millis(50)).await);
    assert!(alerting.trigger(error("B")).await.unwrap_err().is_closed());
    let (alerting, mut told) = on(disk.clone());
    let again = told.next().await;
    assert_eq!(again, first);
    assert!(alerting.shutdown(Duration::from_secs(5)).await);
    assert!(disk.table(Table::Deliveries).is_empty());
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_shutdown_lets_go_of_the_folder_and_is_quiet_afterwards() {
    use crate::journal::Sqlite;

    let numbers = Numbers::default();
    let _numbers = metrics::set_default_local_recorder(&numbers);
    let folder = tempfile::tempdir().unwrap();
    let (alerting, mut told) = on(Sqlite::open(folder.path()).unwrap());
    alerting.fire(error("A")).await.unwrap();
    told.next().await;
    let taken = Sqlite::open(folder.path()).unwrap_err();
    assert!(taken.is_locked());
    assert!(alerting.shutdown(Duration::from_secs(5)).await);
    assert_eq!(
        alerting.active().await.len(),
        1,
        "it still shows how things were"
    );
    assert!(alerting.shutdown(Duration::ZERO).await);
    let (again, mut told) = on(Sqlite::open(folder.path()).unwrap());
    assert_eq!(again.active().await.len(), 1);
    assert!(told.seen().is_empty(), "it was told before");
    assert_eq!(numbers.gauge("watchkeep_alerts_journal_up"), Some(1.0));
    drop(again);
    until(async || Sqlite::open(folder.path()).is_ok()).await;
}

#[tokio::test]
async fn what_was_told_is_not_told_again_after_a_restart_until_it_is_time() {
    let clock = ManualClock::new(Timestamp::from_millis(1_800_000_000_000));
    let journal = Memory::new();
    let start = |journal: Memory| {
        let (chat, told) = Recorder::new();
        let alerting = Alerting::builder("oracle")
            .notifier("chat", chat)
            .route(Level::Error, &["chat"])
            .journal(journal)
            .clock(clock.clone())
            .build()
            .unwrap();
        (alerting, told)
    };
    let (alerting, mut told) = start(journal.clone());
    alerting.fire(error("A")).await.unwrap();
    told.next().await;
    assert!(alerting.shutdown(Duration::from_secs(5)).await);
    clock.advance(Duration::from_secs(3_600));
    let (alerting, mut told) = start(journal);
    assert_eq!(alerting.active().await.len(), 1);
    assert!(told.seen().is_empty());
    clock.advance(Duration::from_secs(3 * 3_600 + 10));
    told.next().await;
    assert!(alerting.resolve(error("A").fingerprint()).await.unwrap());
    clock.advance(Duration::from_secs(10));
    assert_eq!(told.next().await.status(), crate::Status::Resolved);
}

#[tokio::test]
async fn a_journal_with_rows_of_another_kind_is_refused() {
    use crate::journal::Change;

    for table in [
        Table::Alerts,
        Table::Deliveries,
        Table::DeadLetters,
        Table::Audit,
    ] {
        let mut journal = Memory::new();
        let change = Change {
            table,
            key: "key".to_owned(),
            value: Some("{\"no\":1}".to_owned()),
        };
        journal.commit(&[change]).unwrap();
        let error = Alerting::builder("oracle")
            .journal(journal)
            .build()
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the alert journal holds what cannot be read"
        );
    }
}
