//! Those who use the server all the time: a scraper, viewers of the page, and a sender of alerts; and what they have seen of its size.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use watchkeep_tests::client::client;

use super::accounts::{Episode, episodes, number};

/// How many look at the page at once.
const VIEWERS: usize = 4;

/// The time between two scrapes, and between two looks.
const EVERY: Duration = Duration::from_secs(1);

/// The time between two alerts that are sent: so short that what the server keeps of decisions is full within the first third of two hours, and does not count as growth.
const SENT_EVERY: Duration = Duration::from_millis(500);

/// How long an alert that is sent lasts.
const LASTING: SignedDuration = SignedDuration::from_secs(60);

/// How long a viewer follows the stream before the next one takes the place.
const FOLLOWED: Duration = Duration::from_secs(30);

/// What is asked of a server is answered well within it, also in an outage.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct Watchers {
    tasks: JoinSet<()>,
    seen: Arc<Mutex<Figures>>,
}

/// What was seen.
#[derive(Clone, Default)]
pub(super) struct Figures {
    sizes: Vec<Size>,
    /// Every alert that was ever listed.
    pub(super) alerts: BTreeSet<Episode>,
    /// The name of every alert that was sent and accepted.
    pub(super) sent: BTreeSet<String>,
    pub(super) failed_sends: usize,
    pub(super) failed_scrapes: usize,
    pub(super) views: usize,
    pub(super) failed_views: usize,
    /// Events of the stream.
    pub(super) events: usize,
}

#[derive(Clone, Copy)]
struct Size {
    seconds: f64,
    memory_bytes: f64,
    handles: f64,
}

// === impl Watchers ===

impl Watchers {
    pub(super) fn start(base: &str) -> Self {
        let seen = Arc::<Mutex<Figures>>::default();
        let mut tasks = JoinSet::new();
        tasks.spawn(scrape(base.to_owned(), Arc::clone(&seen)));
        tasks.spawn(send(base.to_owned(), Arc::clone(&seen)));
        for _ in 0..VIEWERS {
            tasks.spawn(view(base.to_owned(), Arc::clone(&seen)));
            tasks.spawn(follow(base.to_owned(), Arc::clone(&seen)));
        }
        Self { tasks, seen }
    }

    pub(super) async fn stop(mut self) -> Figures {
        self.tasks.shutdown().await;
        self.seen.lock().unwrap().clone()
    }
}

// === impl Figures ===

impl Figures {
    /// How much larger the memory is in the last third than in the middle one, as a part of it; the first third warms up.
    pub(super) fn memory_growth(&self) -> f64 {
        let [_, middle, last] = self.thirds(|size| size.memory_bytes);
        last / middle - 1.0
    }

    /// The file handles of the middle third and of the last one; in the first, pools of connections fill.
    pub(super) fn handles(&self) -> (f64, f64) {
        let [_, middle, last] = self.thirds(|size| size.handles);
        (middle, last)
    }

    /// The median of each third.
    fn thirds(&self, of: impl Fn(&Size) -> f64) -> [f64; 3] {
        let third = self.sizes.len() / 3;
        assert!(third > 0, "too few scrapes");
        [0, 1, 2].map(|index| {
            let part = &self.sizes[index * third..(index + 1) * third];
            let mut values: Vec<f64> = part.iter().map(&of).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        })
    }

    /// Megabytes an hour, by least squares over all but the first third.
    fn slope(&self) -> f64 {
        let sizes = &self.sizes[self.sizes.len() / 3..];
        let count = sizes.len() as f64;
        let mean = |of: fn(&Size) -> f64| sizes.iter().map(of).sum::<f64>() / count;
        let (time, memory) = (mean(|size| size.seconds), mean(|size| size.memory_bytes));
        let together = sizes
            .iter()
            .map(|size| (size.seconds - time) * (size.memory_bytes - memory));
        let alone = sizes.iter().map(|size| (size.seconds - time).powi(2));
        together.sum::<f64>() / alone.sum::<f64>() * 3600.0 / 1e6
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, middle, last] = self.thirds(|size| size.memory_bytes / 1e6);
        writeln!(
            f,
            "memory: median {first:.1}, {middle:.1}, {last:.1} MB by thirds, slope {:.2} MB/h after the first",
            self.slope()
        )?;
        let [first, middle, last] = self.thirds(|size| size.handles);
        writeln!(
            f,
            "file handles: median {first}, {middle}, {last} by thirds"
        )?;
        write!(
            f,
            "scrapes: {}, failed {}; views: {}, failed {}; ",
            self.sizes.len(),
            self.failed_scrapes,
            self.views,
            self.failed_views
        )?;
        write!(
            f,
            "events of the stream: {}; alerts sent: {}, failed {}",
            self.events,
            self.sent.len(),
            self.failed_sends
        )
    }
}

async fn get(client: &Client, url: String) -> Result<String, reqwest::Error> {
    let answer = client.get(url).timeout(PATIENCE).send().await?;
    answer.error_for_status()?.text().await
}

/// Scrapes the metrics and the list of alerts.
async fn scrape(base: String, seen: Arc<Mutex<Figures>>) {
    let client = client();
    let started = Instant::now();
    loop {
        sleep(EVERY).await;
        let metrics = get(&client, format!("{base}/metrics")).await;
        let alerts = get(&client, format!("{base}/alerts")).await;
        let mut seen = seen.lock().unwrap();
        let (Ok(metrics), Ok(alerts)) = (metrics, alerts) else {
            seen.failed_scrapes += 1;
            continue;
        };
        seen.sizes.push(Size {
            seconds: started.elapsed().as_secs_f64(),
            memory_bytes: number(&metrics, "process_resident_memory_bytes", &[]),
            handles: number(&metrics, "process_open_fds", &[]),
        });
        let listed: Value = serde_json::from_str(&alerts).unwrap();
        seen.alerts.extend(episodes(&listed["alerts"]));
    }
}

/// Sends alerts, each of a name of its own, and keeps the names of those that were accepted.
async fn send(base: String, seen: Arc<Mutex<Figures>>) {
    let client = client();
    for number in 1_u64.. {
        sleep(SENT_EVERY).await;
        let name = format!("Sent{number}");
        let labels = serde_json::json!({"alertname": &name, "severity": "warning"});
        let ends = (Timestamp::now() + LASTING).to_string();
        let alerts = serde_json::json!([{"labels": labels, "endsAt": ends}]);
        let request = client
            .post(format!("{base}/api/v2/alerts"))
            .header(CONTENT_TYPE, "application/json")
            .timeout(PATIENCE)
            .body(alerts.to_string());
        let answer = request.send().await;
        let mut seen = seen.lock().unwrap();
        match answer {
            Ok(answer) if answer.status() == StatusCode::OK => {
                seen.sent.insert(name);
            }
            Ok(_) | Err(_) => seen.failed_sends += 1,
        }
    }
}

/// Loads the page, and then its numbers, each time over a new connection.
async fn view(base: String, seen: Arc<Mutex<Figures>>) {
    loop {
        let client = client();
        for path in ["/dashboard", "/dashboard/api/snapshot"] {
            let page = get(&client, format!("{base}{path}")).await;
            let mut seen = seen.lock().unwrap();
            match page {
                Ok(text) if !text.is_empty() => seen.views += 1,
                Ok(_) | Err(_) => seen.failed_views += 1,
            }
        }
        sleep(EVERY).await;
    }
}

/// Follows the stream of events for a while, and then again; each event has to come in time.
async fn follow(base: String, seen: Arc<Mutex<Figures>>) {
    loop {
        let answer = client()
            .get(format!("{base}/dashboard/events"))
            .send()
            .await;
        match answer {
            Ok(answer) if answer.status() == StatusCode::OK => {
                let has_failed = !count_events(answer, &seen).await;
                seen.lock().unwrap().failed_views += usize::from(has_failed);
            }
            Ok(_) | Err(_) => seen.lock().unwrap().failed_views += 1,
        }
        sleep(EVERY).await;
    }
}

/// Returns whether events came in time for as long as the stream was followed.
async fn count_events(mut stream: Response, seen: &Mutex<Figures>) -> bool {
    let end = Instant::now() + FOLLOWED;
    while Instant::now() < end {
        let Ok(Ok(Some(part))) = timeout(PATIENCE, stream.chunk()).await else {
            return false;
        };
        let events = part.windows(6).filter(|bytes| bytes == b"data: ").count();
        seen.lock().unwrap().events += events;
    }
    true
}
