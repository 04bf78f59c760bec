//! The thread that owns the journal, and what is done while it cannot be written.

use std::collections::HashSet;
use std::io;
use std::sync::mpsc as blocking;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use crate::driver::backlog::{Backlog, Catchup};
use crate::driver::failpoint;
use crate::journal::{Change, Durability, Journal, JournalError, Table};
use crate::line::TARGET;
use crate::numbers;

/// How long after a failure the journal is tried again, at first and at most.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

enum Task {
    Catchup(Catchup),
    Commit(Vec<Change>),
}

enum Report {
    /// All that had not been written was.
    CaughtUp(Vec<Change>),
    /// The changes were written.
    Done,
    /// They were not, or nobody knows.
    Failed(Vec<Change>, JournalError),
}

/// The thread that owns the journal; a journal in memory needs none.
pub(super) struct Writer {
    inline: Option<Box<dyn Journal>>,
    tasks: Option<blocking::Sender<Task>>,
    reports: mpsc::UnboundedReceiver<Report>,
    patience: Duration,
    durability: Durability,
    backlog: Backlog,
    /// Whether the thread has something to do.
    busy: bool,
    trouble: Option<Trouble>,
}

/// The journal cannot be written.
struct Trouble {
    again: Instant,
    pause: Duration,
}

impl Writer {
    /// Starts the thread; `keys` are the rows that the journal has.
    pub(super) fn start(
        journal: Box<dyn Journal>,
        keys: HashSet<(Table, String)>,
        patience: Duration,
    ) -> io::Result<Self> {
        let (tasks, inbox) = blocking::channel();
        let (outbox, reports) = mpsc::unbounded_channel();
        let durability = journal.durability();
        let mut inline = None;
        if durability == Durability::Memory {
            inline = Some(journal);
        } else {
            std::thread::Builder::new()
                .name("watchkeep-alerts-journal".to_owned())
                .spawn(move || work(journal, &inbox, &outbox))?;
        }
        numbers::journal_works(true);
        Ok(Self {
            inline,
            tasks: Some(tasks),
            reports,
            patience,
            durability,
            backlog: Backlog::new(keys),
            busy: false,
            trouble: None,
        })
    }

    /// Writes changes, and says what they outlive: while the journal cannot be written, nothing.
    pub(super) async fn commit(&mut self, changes: Vec<Change>) -> Durability {
        if changes.is_empty() {
            return self.reach();
        }
        self.backlog.note(&changes);
        if self.trouble.is_some() {
            self.backlog.keep(changes);
            return Durability::Memory;
        }
        if let Some(journal) = &mut self.inline {
            let report = match journal.commit(&changes) {
                Ok(()) => Report::Done,
                Err(error) => Report::Failed(changes, error),
            };
            self.hear(report);
            return self.reach();
        }
        failpoint!("before commit");
        self.give(Task::Commit(changes));
        match timeout(self.patience, self.reports.recv()).await {
            Ok(Some(report)) => self.hear(report),
            Ok(None) => self.fail(&"its thread has ended"),
            Err(_) => self.fail(&format!("no answer within {:?}", self.patience)),
        }
        failpoint!("after commit");
        self.reach()
    }

    /// Waits until there is something to hear from the journal, or to try again; for ever while all is well.
    pub(super) async fn recovery(&mut self) {
        let Some(trouble) = &self.trouble else {
            return std::future::pending().await;
        };
        if self.busy {
            if let Some(report) = self.reports.recv().await {
                self.hear(report);
                return;
            }
            return std::future::pending().await;
        }
        sleep_until(trouble.again).await;
        self.catch_up();
    }

    fn catch_up(&mut self) {
        let catchup = self.backlog.catchup();
        if let Some(journal) = &mut self.inline {
            let report = report(catchup.write(journal));
            self.hear(report);
        } else {
            self.give(Task::Catchup(catchup));
        }
    }

    /// Lets go of the journal, once what was given to it is written; waits no longer than this.
    pub(super) async fn stop(&mut self, limit: Duration) {
        if self.trouble.is_some() && !self.busy {
            // The last chance.
            self.catch_up();
        }
        self.tasks = None;
        self.inline = None;
        // The thread drops the journal before it lets go of the other end.
        let end = async {
            while let Some(report) = self.reports.recv().await {
                self.hear(report);
            }
        };
        if timeout(limit, end).await.is_err() {
            tracing::error!(target: TARGET, "the alert journal does not come to an end");
        }
        if self.trouble.is_some() && self.backlog.len() > 0 {
            let rows = self.backlog.len();
            tracing::error!(target: TARGET, rows, "rows were never written to the alert journal");
        }
    }

    /// Returns what a commit outlives while the journal can be written.
    pub(super) const fn durability(&self) -> Durability {
        self.durability
    }

    fn reach(&self) -> Durability {
        match self.trouble {
            None => self.durability,
            Some(_) => Durability::Memory,
        }
    }

    fn give(&mut self, task: Task) {
        self.busy = true;
        // When the thread is gone, its reports have ended too, which is heard.
        drop(self.tasks.as_ref().map(|tasks| tasks.send(task)));
    }

    fn hear(&mut self, report: Report) {
        self.busy = false;
        match report {
            Report::Done => {
                numbers::committed(true);
                // It came late: what has changed since is to be written too.
                if let Some(trouble) = &mut self.trouble {
                    trouble.again = Instant::now();
                }
            }
            Report::CaughtUp(changes) => {
                numbers::committed(true);
                self.backlog.caught_up(&changes);
                if self.backlog.len() == 0 {
                    self.trouble = None;
                    numbers::journal_works(true);
                    tracing::warn!(target: TARGET, "the alert journal can be written again, and is up to date");
                } else if let Some(trouble) = &mut self.trouble {
                    trouble.again = Instant::now();
                }
            }
            Report::Failed(changes, error) => {
                numbers::committed(false);
                self.backlog.keep_older(changes);
                self.fail(&error);
            }
        }
    }

    fn fail(&mut self, error: &dyn std::fmt::Display) {
        let now = Instant::now();
        let pause = match &self.trouble {
            None => AGAIN.0,
            Some(trouble) => (trouble.pause * 2).min(AGAIN.1),
        };
        let rows = self.backlog.len();
        tracing::error!(target: TARGET, error = %error, rows, "the alert journal cannot be written: alerts are told, but a crash would lose them");
        numbers::journal_works(false);
        self.trouble = Some(Trouble {
            again: now + pause,
            pause,
        });
    }
}

fn work(
    mut journal: Box<dyn Journal>,
    inbox: &blocking::Receiver<Task>,
    outbox: &mpsc::UnboundedSender<Report>,
) {
    while let Ok(task) = inbox.recv() {
        let report = match task {
            Task::Catchup(catchup) => report(catchup.write(&mut journal)),
            Task::Commit(changes) => match journal.commit(&changes) {
                Ok(()) => Report::Done,
                Err(error) => Report::Failed(changes, error),
            },
        };
        if outbox.send(report).is_err() {
            return;
        }
    }
}

fn report(caught_up: Result<Vec<Change>, JournalError>) -> Report {
    match caught_up {
        Ok(changes) => Report::CaughtUp(changes),
        Err(error) => Report::Failed(Vec::new(), error),
    }
}
