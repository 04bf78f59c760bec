//! The thin shell around the pure parts: one task that owns them, one thread that owns the journal, one task a lane.
//!
//! Whatever waits when the task comes round is one batch: the state machine and the outbox take its events, the journal takes all changes in one commit, and only then callers are answered and notices sent.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, Kind};
use crate::journal::Journal;
use crate::notifier::Notifier;
use crate::numbers;
use crate::outbox::{self, Outbox};
use crate::state::{self, Lane, State};

mod attempt;
mod backlog;
mod batch;
mod channels;
mod command;
mod configured;
mod inside;
mod lanes;
mod machine;
mod packed;
mod receipts;
mod run;
#[cfg(test)]
pub(crate) mod stopping;
mod trail;
mod writer;

pub(crate) use attempt::attempt;
pub(crate) use channels::{Channels, NULL, telling};
pub(crate) use command::{Answer, Command};
pub(crate) use inside::Inside;
pub(crate) use machine::Machine;
pub(crate) use packed::Packed;
pub(crate) use trail::Entry;

use lanes::Lanes;
use receipts::Receipts;
use run::Driver;
use trail::Trail;
use writer::Writer;

/// The most commands that wait for the task.
pub(crate) const COMMANDS: usize = 10_000;

/// Marks a place at which the crash test stops the process.
macro_rules! failpoint {
    ($name:literal) => {
        #[cfg(test)]
        $crate::driver::stopping::reach($name);
    };
}
pub(crate) use failpoint;

/// What an engine is made of.
pub(crate) struct Parts {
    pub(crate) state: state::Settings,
    pub(crate) outbox: outbox::Settings,
    pub(crate) config: Arc<Config>,
    pub(crate) channels: Channels,
    pub(crate) journal: Box<dyn Journal>,
    pub(crate) clock: Clock,
    pub(crate) attempt_timeout: Duration,
    /// How long a commit may take before the engine goes on without it; 5 s.
    pub(crate) patience: Duration,
}

/// What the handles keep of the task.
pub(crate) struct Running {
    pub(crate) commands: mpsc::Sender<Command>,
    /// How many notices wait or are under way.
    pub(crate) outstanding: watch::Receiver<usize>,
    pub(crate) durability: crate::journal::Durability,
}

/// Reads what an earlier process left, and starts the task; to be called in a runtime.
pub(crate) fn start(parts: Parts) -> Result<Running, Error> {
    let runtime = Handle::try_current().map_err(|_| Error::from(Kind::NoRuntime))?;
    let Parts {
        state,
        outbox,
        config,
        channels,
        mut journal,
        clock,
        attempt_timeout,
        patience,
    } = parts;
    let rows = journal.load().map_err(Kind::Journal)?;
    let now = clock.now();
    let mut batch = batch::Batch::default();
    let (outbox, from_outbox) = Outbox::restore(outbox, channels.settings(), &rows, now)
        .map_err(|error| Kind::Row(Box::new(error)))?;
    let trail = Trail::restore(&rows).map_err(|error| Kind::Row(Box::new(error)))?;
    let keys = rows
        .iter()
        .map(|row| (row.table, row.key.clone()))
        .collect();
    let (state, from_state) =
        State::restore(config, state, rows, now).map_err(|error| Kind::Row(Box::new(error)))?;
    let mut machine = Machine {
        state,
        outbox,
        trail,
        receipts: Receipts::default(),
    };
    machine.recall(now);
    machine.go_on(now, from_state, from_outbox, &mut batch);
    numbers::register(channels.names());
    numbers::restored(&machine.firing(now));
    let durability = journal.durability();
    let writer = Writer::start(journal, keys, patience).map_err(Kind::Thread)?;
    let (commands, receiver) = mpsc::channel(COMMANDS);
    let (outstanding, watch) = watch::channel(machine.outbox.outstanding());
    let lanes = Lanes::new(channels, attempt_timeout);
    let driver = Driver::new(machine, clock, receiver, writer, lanes, outstanding);
    runtime.spawn(driver.run(batch));
    Ok(Running {
        commands,
        outstanding: watch,
        durability,
    })
}

/// The notifiers of a configuration, by their lanes.
pub(crate) type Notifiers = BTreeMap<Lane, Arc<dyn Notifier>>;

#[cfg(test)]
mod tests;
