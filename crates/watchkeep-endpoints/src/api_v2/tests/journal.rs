//! What is answered when the journal cannot be written, and what a restart finds in it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use watchkeep_alerts::journal::{Change, Durability, Journal, JournalError, Row, Table};

use super::*;

/// A disk that can be out of order.
#[derive(Clone, Default)]
struct Disk {
    rows: Arc<Mutex<BTreeMap<(Table, String), String>>>,
    is_broken: Arc<AtomicBool>,
}

impl Journal for Disk {
    fn load(&mut self) -> Result<Vec<Row>, JournalError> {
        let rows = self.rows.lock().unwrap();
        let rows = rows.iter().map(|((table, key), value)| Row {
            table: *table,
            key: key.clone(),
            value: value.clone(),
        });
        Ok(rows.collect())
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), JournalError> {
        if self.is_broken.load(Ordering::SeqCst) {
            return Err(JournalError::io("out of order"));
        }
        let mut rows = self.rows.lock().unwrap();
        for change in changes {
            let key = (change.table, change.key.clone());
            match &change.value {
                Some(value) => rows.insert(key, value.clone()),
                None => rows.remove(&key),
            };
        }
        Ok(())
    }

    fn durability(&self) -> Durability {
        Durability::Disk
    }
}

fn on(disk: &Disk) -> Server {
    let disk = disk.clone();
    server(|builder| builder.journal(disk))
}

#[tokio::test]
async fn nothing_is_said_to_be_done_that_a_crash_would_undo() {
    let disk = Disk::default();
    let server = on(&disk);
    server.fire(&[("Before", "a")]).await;
    let kept = server.post("silences", &silence(1)).await.json();
    let kept = format!("/api/v2/silence/{}", kept["silenceID"].as_str().unwrap());

    disk.is_broken.store(true, Ordering::SeqCst);
    let during = json!([{"labels": {"alertname": "During", "team": "a"}}]);
    let refusals = [
        server.post("alerts", &during).await,
        server.post("silences", &silence(2)).await,
        server.ask(Method::DELETE, &kept, Body::empty()).await,
    ];
    for refusal in refusals {
        assert_eq!(refusal.status, 503, "{}", refusal.text);
        assert!(
            refusal.text.contains("cannot be written"),
            "{}",
            refusal.text
        );
    }
    // It is taken all the same, and nobody waits for the disk who reads.
    assert_eq!(server.names("").await, ["Before", "During"]);

    disk.is_broken.store(false, Ordering::SeqCst);
    // A disk that failed is tried again after a second.
    let accepted = async {
        while server.post("alerts", &during).await.status != 200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let accepted = tokio::time::timeout(Duration::from_secs(20), accepted).await;
    accepted.expect("it is taken for good once the disk is well");
    drop(server);
    assert_eq!(on(&disk).names("").await, ["Before", "During"]);
}

#[tokio::test]
async fn a_silence_reads_the_same_after_a_restart() {
    let disk = Disk::default();
    let before = on(&disk);
    let mut posted = silence(0);
    posted["matchers"] = json!([
        {"name": "zone", "value": "x|y", "isRegex": true, "isEqual": false},
        {"name": "alertname", "value": "Slow", "isRegex": false, "isEqual": true},
        {"name": "team", "value": "", "isRegex": false, "isEqual": false},
        {"name": "alertname", "value": "S.*", "isRegex": true, "isEqual": true},
    ]);
    let answer = before.post("silences", &posted).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let listed = before.get("/api/v2/silences").await;
    assert_eq!(listed[0]["matchers"], posted["matchers"], "in their order");
    assert!(before.alerting.shutdown(Duration::from_secs(5)).await);
    assert_eq!(on(&disk).get("/api/v2/silences").await, listed);
}
