//! Compresses rotated files, on a thread of its own, off the path of the lines.

use std::fs::File;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use flate2::GzBuilder;

use super::backups::{Backups, GZIP, PART};
use super::disk::options;
use super::suffix::Suffix;

/// The thread that compresses; it ends after the file at hand when this is dropped.
#[derive(Debug)]
pub(super) struct Compressor {
    /// One token is enough: whoever takes it looks at all files.
    token: Option<SyncSender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
    /// The file at hand is the last one.
    is_over: Arc<AtomicBool>,
    problem: Arc<Mutex<Option<io::Error>>>,
}

// === impl Compressor ===

impl Compressor {
    /// Starts with what an earlier run has left uncompressed.
    pub(super) fn start(backups: Backups) -> io::Result<Self> {
        let (token, tokens) = sync_channel(1);
        let problem = Arc::<Mutex<Option<io::Error>>>::default();
        let noted = Arc::clone(&problem);
        let is_over = Arc::<AtomicBool>::default();
        let over = Arc::clone(&is_over);
        let thread = std::thread::Builder::new()
            .name("log-gzip".to_owned())
            .spawn(move || run(backups, &tokens, &noted, &over))?;
        let compressor = Self {
            token: Some(token),
            thread: Some(thread),
            is_over,
            problem,
        };
        compressor.wake();
        Ok(compressor)
    }

    /// Makes the thread look for files; returns at once.
    pub(super) fn wake(&self) {
        if let Some(token) = &self.token {
            match token.try_send(()) {
                Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(())) => {}
            }
        }
    }

    pub(super) fn take_problem(&self) -> Option<io::Error> {
        let mut problem = self.problem.lock().unwrap_or_else(PoisonError::into_inner);
        problem.take()
    }
}

impl Drop for Compressor {
    fn drop(&mut self) {
        self.token = None;
        self.is_over.store(true, Ordering::Relaxed);
        // The lock on the files must not go before the last one is whole.
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(
    mut backups: Backups,
    tokens: &Receiver<()>,
    problem: &Mutex<Option<io::Error>>,
    is_over: &AtomicBool,
) {
    while tokens.recv().is_ok() {
        if let Err(error) = compress_all(&mut backups, is_over) {
            *problem.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    }
}

/// Compresses every rotated file that is not compressed yet, oldest first; what fails is left for the next time.
fn compress_all(backups: &mut Backups, is_over: &AtomicBool) -> io::Result<()> {
    let found = backups.list()?;
    let waiting = found
        .into_iter()
        .filter(|(_, backup)| backup.plain.is_some_and(|bytes| bytes > 0));
    let mut outcome = Ok(());
    for (suffix, _) in waiting {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        match compress(backups, suffix) {
            // Pruned meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            one => outcome = outcome.and(one),
        }
    }
    outcome
}

/// Makes the compressed file whole and safe on disk under another name before its source goes.
///
/// A compressed file that is there already may be half of one, so the source counts.
fn compress(backups: &Backups, suffix: Suffix) -> io::Result<()> {
    let source_path = backups.path(suffix, "");
    let part = backups.path(suffix, PART);
    let mut source = File::open(&source_path)?;
    let written = options()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&part)
        .and_then(|out| {
            let name = source_path.file_name().unwrap_or_default();
            let mut encoder = GzBuilder::new()
                .filename(name.as_encoded_bytes())
                .write(out, flate2::Compression::default());
            io::copy(&mut source, &mut encoder)?;
            encoder.flush()?;
            encoder.finish()?.sync_all()
        });
    if let Err(error) = written {
        let _ = backups.remove(suffix, PART);
        return Err(error);
    }
    // A source that was deleted meanwhile, because it was too old or too much, does not come back.
    if !source_path.exists() {
        return backups.remove(suffix, PART);
    }
    backups.rename(suffix, PART, GZIP)?;
    backups.remove(suffix, "")
}
