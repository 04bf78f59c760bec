//! Clients that send message after message, one of three a slow one, and keep what became of each.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use reqwest::StatusCode;
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, MissedTickBehavior, interval};
use watchkeep_tests::client::client;
use watchkeep_tests::eventually::eventually;

/// The least time between two messages of one client.
const PACE: Duration = Duration::from_millis(20);

pub(super) struct Load {
    clients: Vec<JoinHandle<Vec<Sent>>>,
    shared: Arc<Shared>,
}

/// A message, and what became of it.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) status: StatusCode,
    pub(super) ended: Instant,
    /// What was said, when it was not 200.
    pub(super) complaint: String,
}

#[derive(Default)]
struct Shared {
    answered: AtomicUsize,
    is_over: AtomicBool,
}

impl Load {
    /// Starts clients that send to a base URL.
    pub(super) fn start(base: &str, clients: usize) -> Self {
        let shared = Arc::<Shared>::default();
        let clients = (0..clients).map(|number| {
            tokio::spawn(send(format!("{base}/message"), number, Arc::clone(&shared)))
        });
        Self {
            clients: clients.collect(),
            shared,
        }
    }

    /// Waits until so many messages were answered.
    pub(super) async fn until_answered(&self, count: usize) {
        eventually(30, "messages are answered", || async {
            let answered = self.shared.answered.load(Ordering::SeqCst);
            if answered >= count {
                Ok(())
            } else {
                Err(answered)
            }
        })
        .await;
    }

    /// Begins nothing new; what is under way goes on.
    pub(super) fn stop(&self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
    }

    /// Returns what became of every message, once nothing is under way.
    pub(super) async fn ended(self) -> Vec<Sent> {
        let mut all = Vec::new();
        for client in self.clients {
            all.extend(client.await.unwrap());
        }
        all
    }
}

async fn send(url: String, client_number: usize, shared: Arc<Shared>) -> Vec<Sent> {
    let client = client();
    let mut sent = Vec::new();
    // A client that is answered at once does not become a storm.
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !shared.is_over.load(Ordering::SeqCst) {
        pace.tick().await;
        let speed = if client_number.is_multiple_of(3) {
            "slow"
        } else {
            "fast"
        };
        let text = format!("{speed} {client_number} {}", sent.len());
        let body = json!({ "user_id": client_number, "text": text }).to_string();
        let (status, complaint) = match client.post(&url).body(body).send().await {
            Ok(answer) => (answer.status(), answer.text().await.unwrap_or_default()),
            Err(error) => (StatusCode::BAD_GATEWAY, format!("{error:?}")),
        };
        let is_fine = status == StatusCode::OK;
        sent.push(Sent {
            status,
            ended: Instant::now(),
            complaint: if is_fine { String::new() } else { complaint },
        });
        shared.answered.fetch_add(1, Ordering::SeqCst);
    }
    sent
}
