//! Reading everything again while the server runs: at a hang-up signal, and at `POST /-/reload`.

use tokio::sync::Mutex;
use watchkeep::Watchkeep;
use watchkeep::alerts::Alerting;
use watchkeep::logging::LogHandle;

use crate::config::{Routing, rule_file};

/// What is read again: the log files, the routes of alerts, the rules.
#[derive(Debug)]
pub(crate) struct Reload {
    logs: LogHandle,
    alerting: Alerting,
    rules: watchkeep::Rules,
    source: rule_file::Source,
    /// One at a time reads, and the last one that was good says where from.
    routing: Mutex<Routing>,
}

impl Reload {
    pub(crate) fn new(watchkeep: &Watchkeep, routing: Routing, source: rule_file::Source) -> Self {
        Self {
            logs: watchkeep.logs(),
            alerting: watchkeep.alerts().clone(),
            rules: watchkeep.rules().clone(),
            source,
            routing: Mutex::new(routing),
        }
    }

    /// Opens the log files anew and reads both files; a bad one is refused loudly, and what it would replace stays.
    pub(crate) async fn all(&self) -> Result<(), Vec<String>> {
        let mut routing = self.routing.lock().await;
        self.logs.reopen();
        tracing::info!("log files were opened again");
        let mut problems = Vec::new();
        if let Err(problem) = self.routes(&mut routing).await {
            tracing::error!(problem, "routes of alerts are refused, the old ones stay");
            problems.push(format!("ALERTS_CONFIG: {problem}"));
        }
        for problem in self.rules().await.err().unwrap_or_default() {
            tracing::error!(problem, "rules are refused, the old ones stay");
            problems.push(format!("RULES_CONFIG: {problem}"));
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }

    async fn routes(&self, routing: &mut Routing) -> Result<(), String> {
        let before = routing.clone();
        let read = off_the_runtime(move || before.again()).await?;
        let config = read.config.clone();
        let taken = self.alerting.reload(config).await;
        taken.map_err(|error| error.to_string())?;
        tracing::info!(source = read.source(), "routes of alerts were read again");
        *routing = read;
        Ok(())
    }

    async fn rules(&self) -> Result<(), Vec<String>> {
        let (rules, source) = (self.rules.clone(), self.source.clone());
        off_the_runtime(move || {
            let read = rule_file::load(source)?;
            let taken = rules.reload(read.groups);
            taken.map_err(|error| error.problems())
        })
        .await?;
        tracing::info!("rules were loaded again");
        Ok(())
    }
}

/// Files are read, and an evaluation waited for, where that blocks nobody; a panic there goes on here.
async fn off_the_runtime<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let error = match tokio::task::spawn_blocking(work).await {
        Ok(result) => return result,
        Err(error) => error,
    };
    match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        // The runtime ends, and with it whoever waits here.
        Err(_) => std::future::pending().await,
    }
}
