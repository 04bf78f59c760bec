//! The rules at work: a task that evaluates them, tells the alert engine, and keeps their states over a restart.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use watchkeep_alerts::Alerting;
use watchkeep_metrics::Recorder;
use watchkeep_rules::{Engine, Group, SavedState, Transition};

/// A handle of the rules that run: how they fare, and others instead of them.
///
/// Cloning it is cheap. It goes on existing after the rules were stopped; then nothing evaluates.
#[derive(Clone, Debug)]
pub struct Rules {
    engine: Arc<Mutex<Engine>>,
    recorder: Recorder,
}

impl Rules {
    /// Takes other groups of rules, and keeps the alerts of those that stay.
    ///
    /// Samples are taken anew, so alerts that fire are held until the windows are full again. The interval of the task changes with
    /// its next tick.
    ///
    /// # Errors
    /// When the groups cannot run; then the rules stay as they were.
    pub fn reload(&self, groups: Vec<Group>) -> Result<(), watchkeep_rules::Error> {
        self.lock().reload(groups)
    }

    /// Takes a sample now, without evaluating: a counter that was registered since the start counts from here on, and not only from
    /// the first evaluation on.
    pub fn observe(&self) {
        let snapshot = self.recorder.snapshot();
        self.lock()
            .observe(watchkeep_metrics::clock::now(), &snapshot);
    }

    /// Looks at the engine; evaluations wait meanwhile.
    pub fn look<T>(&self, look: impl FnOnce(&Engine) -> T) -> T {
        look(&self.lock())
    }

    /// An evaluation that panicked, in a source of annotations say, leaves states of before or after it, which are both good.
    fn lock(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task that evaluates the rules; dropping this ends it.
#[derive(Debug)]
pub(crate) struct RuleTask {
    rules: Rules,
    task: tokio::task::JoinHandle<()>,
}

impl RuleTask {
    /// Restores the states, takes the first sample here and now, and evaluates at the engine's interval from then on.
    ///
    /// What is counted from the start on counts for the rules.
    pub(crate) fn start(
        mut engine: Engine,
        recorder: Recorder,
        alerting: Alerting,
        saved: Option<PathBuf>,
    ) -> Self {
        describe();
        for notice in engine.notices() {
            tracing::warn!(target: "watchkeep", notice, "a rule does not run as it stands");
        }
        if let Some(path) = &saved {
            restore(&mut engine, path);
        }
        let rules = Rules {
            engine: Arc::new(Mutex::new(engine)),
            recorder,
        };
        rules.observe();
        let worker = Worker {
            rules: rules.clone(),
            alerting,
            saved,
            written: SavedState::default(),
        };
        Self {
            rules,
            task: tokio::spawn(worker.run()),
        }
    }

    pub(crate) const fn rules(&self) -> &Rules {
        &self.rules
    }
}

impl Drop for RuleTask {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Worker {
    rules: Rules,
    alerting: Alerting,
    saved: Option<PathBuf>,
    /// The states as they were written last.
    written: SavedState,
}

impl Worker {
    async fn run(mut self) {
        let mut next = Instant::now();
        loop {
            let interval = self.rules.look(Engine::interval);
            // Behind its time it leaves out, rather than hurries.
            next = (next + interval).max(Instant::now());
            tokio::time::sleep_until(next).await;
            // Evaluating is bounded but no matter of microseconds, and states go to a disk: not on a thread that serves.
            let worked = tokio::task::spawn_blocking(move || {
                self.evaluate();
                self
            });
            self = match worked.await {
                Ok(worker) => worker,
                Err(error) => {
                    tracing::error!(%error, "rules are no longer evaluated");
                    return;
                }
            };
        }
    }

    fn evaluate(&mut self) {
        let began = Instant::now();
        let now = watchkeep_metrics::clock::now();
        let snapshot = self.rules.recorder.snapshot();
        let (transitions, state) = {
            let mut engine = self.rules.lock();
            let transitions = engine.evaluate(now, &snapshot);
            export(&engine);
            (transitions, self.saved.as_ref().map(|_| engine.state()))
        };
        for transition in transitions {
            tell(&self.alerting, transition);
        }
        if let Some((path, state)) = self.saved.as_ref().zip(state)
            && state != self.written
        {
            match save(path, &state) {
                Ok(()) => self.written = state,
                Err(error) => {
                    tracing::error!(error = &*error, "states of rules cannot be written");
                }
            }
        }
        metrics::histogram!("watchkeep_rules_evaluation_seconds").record(began.elapsed());
    }
}

/// Tells the alert engine, and waits until it has it: the states of rules are written only then.
fn tell(alerting: &Alerting, transition: Transition) {
    let runtime = tokio::runtime::Handle::current();
    let outcome = match transition {
        Transition::Fire(alert) => runtime.block_on(alerting.fire(alert)).map(drop),
        Transition::Resolve(alert) => runtime
            .block_on(alerting.resolve(alert.fingerprint()))
            .map(drop),
        _ => Ok(()),
    };
    if let Err(error) = outcome {
        tracing::error!(%error, "alert of a rule was refused");
    }
}

fn describe() {
    metrics::describe_histogram!(
        "watchkeep_rules_evaluation_seconds",
        metrics::Unit::Seconds,
        "How long it takes to evaluate all rules that are due."
    );
    metrics::describe_gauge!(
        "watchkeep_rules_alerts",
        "Alerts of rules, by state: firing or pending."
    );
    metrics::describe_gauge!(
        "watchkeep_rules_failing",
        "Rules whose last evaluation failed."
    );
    metrics::describe_gauge!(
        "watchkeep_rules_history_series",
        "Series that are kept for rules."
    );
    metrics::describe_gauge!(
        "watchkeep_rules_history_values",
        "Values that are kept for rules, eight bytes each."
    );
    metrics::describe_gauge!(
        "watchkeep_rules_history_refused",
        "Samples for rules that were not kept, because there were too many series."
    );
}

#[expect(
    clippy::cast_precision_loss,
    reason = "metrics are f64; these counts are bounded far below 2^53"
)]
fn export(engine: &Engine) {
    let (mut firing, mut pending, mut failing) = (0, 0, 0);
    for status in engine.statuses() {
        firing += status.firing;
        pending += status.pending;
        failing += usize::from(status.failure.is_some());
    }
    let history = engine.history();
    metrics::gauge!("watchkeep_rules_alerts", "state" => "firing").set(firing as f64);
    metrics::gauge!("watchkeep_rules_alerts", "state" => "pending").set(pending as f64);
    metrics::gauge!("watchkeep_rules_failing").set(failing as f64);
    metrics::gauge!("watchkeep_rules_history_series").set(history.series_count() as f64);
    metrics::gauge!("watchkeep_rules_history_values").set(history.value_count() as f64);
    metrics::gauge!("watchkeep_rules_history_refused").set(history.refused() as f64);
}

/// Takes the states of before the restart; without them every alert begins anew, which is said and survived.
fn restore(engine: &mut Engine, path: &Path) {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return,
        Err(error) => {
            tracing::error!(%error, path = %path.display(), "states of rules cannot be read");
            return;
        }
    };
    match SavedState::from_json(&text) {
        Ok(state) => engine.restore(state),
        Err(error) => {
            tracing::error!(%error, path = %path.display(), "states of rules cannot be read");
        }
    }
}

/// Writes the states beside the old ones and puts them in their place, so that a crash leaves one of both.
fn save(path: &Path, state: &SavedState) -> Result<(), Box<dyn std::error::Error>> {
    let text = state.to_json()?;
    let beside = path.with_extension("tmp");
    let mut file = std::fs::File::create(&beside)?;
    io::Write::write_all(&mut file, text.as_bytes())?;
    file.sync_data()?;
    std::fs::rename(&beside, path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_written_and_read_again() {
        let folder = std::env::temp_dir().join(format!("watchkeep-rules-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("rules.json");
        let groups = || {
            let text = "groups: [{name: g, rules: [{alert: Always, expr: 'vector(1)'}]}]";
            watchkeep_rules::RuleFile::parse(text)
                .unwrap()
                .into_groups()
        };
        let recorder = Recorder::default();
        let at = watchkeep_metrics::Timestamp::from_millis;
        let mut engine = Engine::new(groups()).unwrap();
        engine.evaluate(at(0), &recorder.snapshot());
        save(&path, &engine.state()).unwrap();
        let mut again = Engine::new(groups()).unwrap();
        restore(&mut again, &path);
        assert_eq!(again.state(), engine.state());
        assert_ne!(again.state(), SavedState::default());
        std::fs::write(&path, "{\"alerts\": 5}").unwrap();
        let mut other = Engine::new(groups()).unwrap();
        restore(&mut other, &path);
        restore(&mut other, &folder.join("missing"));
        restore(&mut other, &folder);
        assert_eq!(other.state(), SavedState::default());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
