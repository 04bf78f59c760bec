//! What became of every line and of every alert, by the server's own numbers and by what is really there.

use std::collections::BTreeSet;
use std::{fmt, fs};

use serde_json::Value;
use watchkeep_tests::exposition;
use watchkeep_tests::oracle::Oracle;

use super::stand_in::StandIn;
use super::watchers::Figures;

/// An alert from its beginning to its end: its name, and when it began.
pub(super) type Episode = (String, String);

/// The episodes of a list of alerts.
pub(super) fn episodes(alerts: &Value) -> Vec<Episode> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = alerts.as_array().into_iter().flatten();
    all.map(|alert| {
        (
            text(&alert["labels"]["alertname"]),
            text(&alert["startsAt"]),
        )
    })
    .collect()
}

/// The sum of a family's samples that have these labels.
pub(super) fn number(metrics: &str, name: &str, labels: &[(&str, &str)]) -> f64 {
    let samples = exposition::samples(metrics).unwrap();
    let has = |own: &[(String, String)], (key, value): &(&str, &str)| {
        own.iter()
            .any(|(own_key, own_value)| own_key == key && own_value == value)
    };
    let fitting = samples
        .iter()
        .filter(|sample| sample.name == name)
        .filter(|sample| labels.iter().all(|label| has(&sample.labels, label)));
    fitting.map(|sample| sample.value).sum()
}

async fn metrics(oracle: &Oracle) -> Result<String, String> {
    let answer = oracle.get("/metrics").await;
    let answer = answer.map_err(|error| error.to_string())?;
    answer.text().await.map_err(|error| error.to_string())
}

// === Lines ===

/// The lines of the three files.
pub(super) struct Lines {
    sinks: Vec<Sink>,
}

/// One sink: its numbers before and after its lines were counted in its files.
struct Sink {
    name: &'static str,
    before: Ends,
    in_files: f64,
    files: usize,
    after: Ends,
}

#[derive(Clone, Copy)]
struct Ends {
    written: f64,
    dropped: f64,
    failed: f64,
}

impl Ends {
    fn of(metrics: &str, sink: &str, level: Option<&str>) -> Self {
        let end = |outcome| {
            let mut labels = vec![("sink", sink), ("outcome", outcome)];
            labels.extend(level.map(|level| ("level", level)));
            number(metrics, "watchkeep_log_lines_total", &labels)
        };
        Self {
            written: end("written"),
            dropped: end("dropped"),
            failed: end("failed"),
        }
    }

    /// What was accepted and has come to an end.
    fn accepted(self) -> f64 {
        self.written + self.dropped + self.failed
    }
}

impl Lines {
    /// Counts; the server goes on logging, so what is in the files lies between two readings of its numbers.
    pub(super) async fn count(oracle: &Oracle) -> Result<Self, String> {
        let before = metrics(oracle).await?;
        let files = [
            ("file", "oracle.log"),
            ("errors", "oracle_errors.log"),
            ("json", "oracle_json.log"),
        ];
        let counted = files.map(|(name, start)| (name, count_lines(oracle, start)));
        let after = metrics(oracle).await?;
        let sinks = counted.map(|(name, (files, lines))| Sink {
            name,
            before: Ends::of(&before, name, None),
            in_files: lines as f64,
            files,
            after: Ends::of(&after, name, None),
        });
        let errors_before = Ends::of(&before, "file", Some("error")).accepted();
        let errors_after = Ends::of(&after, "file", Some("error")).accepted();
        let sinks = Self {
            sinks: Vec::from(sinks),
        };
        sinks.check_errors(errors_before, errors_after)?;
        Ok(sinks)
    }

    /// Complains when a file does not hold what was counted as written, or two sinks of the same lines accepted other numbers.
    pub(super) fn check(&self) -> Result<(), String> {
        for sink in &self.sinks {
            let fits = sink.before.written <= sink.in_files && sink.in_files <= sink.after.written;
            if !fits || sink.files < 2 {
                return Err(sink.to_string());
            }
        }
        let [file, _, json] = self.sinks.as_slice() else {
            return Err("there are three sinks".to_owned());
        };
        if file.before.accepted() > json.after.accepted()
            || json.before.accepted() > file.after.accepted()
        {
            return Err(format!("{file}; {json}"));
        }
        Ok(())
    }

    /// Complains when the file of errors did not accept just the errors of the file of everything.
    fn check_errors(&self, before: f64, after: f64) -> Result<(), String> {
        let errors = &self.sinks[1];
        if errors.before.accepted() > after || before > errors.after.accepted() {
            return Err(format!("{errors}, and {before} to {after} errors"));
        }
        Ok(())
    }
}

/// The files of a sink, and their lines.
fn count_lines(oracle: &Oracle, start: &str) -> (usize, usize) {
    let entries = fs::read_dir(oracle.folder().join("logs")).unwrap();
    let names = entries.map(|entry| entry.unwrap().path());
    let own = names.filter(|path| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(start))
    });
    own.fold((0, 0), |(files, lines), path| {
        // One that is rotated at this moment is missed, and counted the next time.
        let text = fs::read_to_string(path).unwrap_or_default();
        (files + 1, lines + text.lines().count())
    })
}

impl fmt::Display for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ends {
            written,
            dropped,
            failed,
        } = self.after;
        write!(
            f,
            "{}: accepted {} = written {written} + dropped {dropped} + failed {failed}; {} lines in {} files",
            self.name,
            self.after.accepted(),
            self.in_files,
            self.files
        )
    }
}

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sinks: Vec<String> = self.sinks.iter().map(Sink::to_string).collect();
        write!(f, "lines of {}", sinks.join("\nlines of "))
    }
}

// === Alerts ===

/// The alerts, each an episode, and the notices about them.
pub(super) struct Alerts {
    accepted: BTreeSet<Episode>,
    sent: BTreeSet<String>,
    delivered: BTreeSet<Episode>,
    notices_received: f64,
    notices_delivered: f64,
    pending: f64,
    dead: usize,
    suppressed: f64,
    occurrences: f64,
}

impl Alerts {
    /// Counts what was listed, what was sent by name, and what the receiver has accepted.
    pub(super) async fn count(
        oracle: &Oracle,
        seen: &Figures,
        receiver: &StandIn,
    ) -> Result<Self, String> {
        let metrics = metrics(oracle).await?;
        let list = oracle.json("/alerts").await;
        let list = list.map_err(|error| error.to_string())?;
        let dead = list["deadLetters"].as_array().map_or(0, Vec::len);
        let webhook = [("receiver", "webhook"), ("outcome", "delivered")];
        // After the numbers: what they count as delivered has been received by then.
        let bodies = receiver.bodies();
        let bodies = bodies.iter().map(|body| serde_json::from_str(body));
        let bodies: Vec<Value> = bodies.collect::<Result<_, _>>().unwrap();
        let delivered = bodies.iter().flat_map(|body| episodes(&body["alerts"]));
        Ok(Self {
            accepted: seen.alerts.clone(),
            sent: seen.sent.clone(),
            delivered: delivered.collect(),
            notices_received: bodies.len() as f64,
            notices_delivered: number(&metrics, "watchkeep_alerts_notifications_total", &webhook),
            pending: number(&metrics, "watchkeep_alerts_queue", &[]),
            dead,
            suppressed: number(&metrics, "watchkeep_alerts_suppressed_total", &[]),
            occurrences: number(&metrics, "watchkeep_alerts_triggered_total", &[]),
        })
    }

    fn untold(&self) -> BTreeSet<&Episode> {
        self.accepted.difference(&self.delivered).collect()
    }

    /// The alerts that were sent, and of which no notice came.
    fn unheard(&self) -> BTreeSet<&String> {
        let told: BTreeSet<&String> = self.delivered.iter().map(|(name, _)| name).collect();
        let unheard = self.sent.iter().filter(|name| !told.contains(name));
        unheard.collect()
    }

    /// Complains about an alert that was neither told nor is on its way, dead or suppressed, and about notices that were counted and not received.
    pub(super) fn check(&self) -> Result<(), String> {
        let explained = self.pending + self.dead as f64 + self.suppressed;
        let untold = self.untold();
        if self.accepted.is_empty() || untold.len() as f64 > explained {
            return Err(format!("{self}; untold: {untold:?}"));
        }
        let unheard = self.unheard();
        if self.sent.is_empty() || !unheard.is_empty() {
            return Err(format!("{self}; sent, and no notice came: {unheard:?}"));
        }
        // One whose answer was lost is sent again, so more may be received than count as delivered.
        if self.pending > 0.0 || self.notices_delivered > self.notices_received {
            return Err(self.to_string());
        }
        Ok(())
    }
}

impl fmt::Display for Alerts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "alerts: {} accepted ({} occurrences) = {} delivered + {} others (pending {}, dead {}, suppressed {}); {} of {} that were sent were told; notices: {} delivered, {} received",
            self.accepted.len(),
            self.occurrences,
            self.accepted.len() - self.untold().len(),
            self.untold().len(),
            self.pending,
            self.dead,
            self.suppressed,
            self.sent.len() - self.unheard().len(),
            self.sent.len(),
            self.notices_delivered,
            self.notices_received
        )
    }
}
