//! The logic of a rolling file: when to rotate, when to open anew, and what to do when that fails.

use std::fs;
use std::io;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::active::{Active, first_line};
use super::backups::{Backups, Limits};
#[cfg(feature = "gzip")]
use super::compress::Compressor;
use super::lock::Lock;
use super::{Compression, RollingFileBuilder};

/// How often the age of the rotated files is looked at while nothing is rotated.
const PRUNE_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// After a rotation that failed the file grows on for so long.
const ROTATE_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(1);

/// The state behind a [`RollingFile`](super::RollingFile).
#[derive(Debug)]
pub(super) struct File {
    settings: RollingFileBuilder,
    backups: Backups,
    active: Option<Active>,
    #[cfg(feature = "gzip")]
    compressor: Option<Compressor>,
    /// Nobody else writes here. There is none for a pipe or a device. Dropped last.
    lock: Option<Lock>,
    pub(super) rotations: u64,
    pruned: Timestamp,
    rotation_failed: Option<Timestamp>,
    problem: Option<io::Error>,
}

// === impl File ===

impl File {
    pub(super) fn open(settings: RollingFileBuilder) -> io::Result<Self> {
        settings.check()?;
        let now = settings.clock.now();
        let mut file = Self {
            backups: Backups::new(&settings.path, Arc::clone(&settings.disk))?,
            settings,
            active: None,
            #[cfg(feature = "gzip")]
            compressor: None,
            lock: None,
            rotations: 0,
            pruned: now,
            rotation_failed: None,
            problem: None,
        };
        file.open_active(now)?;
        if file.lock.is_some() {
            let outcome = file.backups.sweep();
            file.note(outcome);
            file.prune(now);
            match file.settings.compression {
                #[cfg(feature = "gzip")]
                Compression::Gzip => {
                    file.compressor = Some(Compressor::start(file.backups.clone())?);
                }
                Compression::None => {}
            }
        }
        Ok(file)
    }

    pub(super) fn close(&mut self) {
        if let Some(active) = &mut self.active {
            let outcome = active.drop_unfinished(&*self.settings.disk);
            self.note(outcome);
        }
        self.active = None;
    }

    /// Rotates whatever the size; an empty file stays.
    pub(super) fn rotate(&mut self) -> io::Result<()> {
        let now = self.settings.clock.now();
        self.drop_unfinished()?;
        self.checked_active(now)?;
        self.rotate_at(now)
    }

    /// Writes whole lines as far as the active file has room for them, after a rotation where it is due.
    pub(super) fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        if lines.is_empty() {
            return Ok(0);
        }
        let now = self.settings.clock.now();
        let first = first_line(lines) as u64;
        let max = self.settings.max_bytes;
        let active = self.checked_active(now)?;
        let may_rotate = active.regular && !active.is_mid_line();
        let is_full = active.size > 0 && active.size.saturating_add(first) > max;
        if may_rotate && (is_full || self.is_due(now)) {
            self.try_rotate(now)?;
        }
        let disk = Arc::clone(&self.settings.disk);
        self.open_active(now)?.write(&*disk, lines, max, now)
    }

    /// Takes back what an error has left of a line, before another line is written.
    pub(super) fn drop_unfinished(&mut self) -> io::Result<()> {
        match &mut self.active {
            Some(active) => active.drop_unfinished(&*self.settings.disk),
            None => Ok(()),
        }
    }

    /// Returns whether the rest of an unfinished line can follow its beginning.
    ///
    /// If not, because somebody has cut the file, the line has to be written again from its start.
    pub(super) fn can_continue(&mut self) -> bool {
        let intact = self
            .active
            .as_ref()
            .is_none_or(|active| !active.is_mid_line() || active.is_unchanged());
        if !intact {
            self.close();
        }
        intact
    }

    /// Does what has become due without any line.
    pub(super) fn tend(&mut self) {
        let now = self.settings.clock.now();
        let mut outcome = self.checked_active(now).map(drop);
        if outcome.is_ok() && self.is_due(now) {
            outcome = self.try_rotate(now);
        }
        self.note(outcome);
        if self.lock.is_some() && !is_within(self.pruned, PRUNE_EVERY, now) {
            self.prune(now);
            self.compress();
        }
    }

    pub(super) fn take_problem(&mut self) -> Option<io::Error> {
        #[cfg(feature = "gzip")]
        let compressing = self.compressor.as_ref().and_then(Compressor::take_problem);
        #[cfg(not(feature = "gzip"))]
        let compressing = None;
        self.problem.take().or(compressing)
    }

    fn note(&mut self, outcome: io::Result<()>) {
        if let Err(error) = outcome {
            self.problem = Some(error);
        }
    }

    fn rotate_at(&mut self, now: Timestamp) -> io::Result<()> {
        if self
            .active
            .as_ref()
            .is_none_or(|a| a.size == 0 || !a.regular)
        {
            return Ok(());
        }
        self.backups.take(&self.settings.path, now)?;
        self.active = None;
        self.rotations += 1;
        self.prune(now);
        self.compress();
        self.open_active(now).map(drop)
    }

    /// Rotates if that is possible; if not, the lines matter more than the limit.
    fn try_rotate(&mut self, now: Timestamp) -> io::Result<()> {
        if self
            .rotation_failed
            .is_some_and(|at| is_within(at, ROTATE_AGAIN_AFTER, now))
        {
            return Ok(());
        }
        match self.rotate_at(now) {
            Err(error) if self.active.is_some() => {
                self.problem = Some(error);
                self.rotation_failed = Some(now);
                Ok(())
            }
            outcome => outcome,
        }
    }

    fn prune(&mut self, now: Timestamp) {
        self.pruned = now;
        let limits = Limits {
            count: self.settings.backups,
            age: self.settings.retention,
            // The active file may grow to its limit before the next look.
            bytes: self
                .settings
                .total_bytes
                .map(|total| total.saturating_sub(self.settings.max_bytes)),
        };
        let outcome = self.backups.prune(limits, now);
        self.note(outcome);
    }

    fn compress(&self) {
        #[cfg(feature = "gzip")]
        if let Some(compressor) = &self.compressor {
            compressor.wake();
        }
    }

    fn is_due(&mut self, now: Timestamp) -> bool {
        let age = SignedDuration::try_from(self.settings.max_age).unwrap_or(SignedDuration::MAX);
        self.active.as_mut().is_some_and(|active| {
            // A clock that went back does not make the file younger than new.
            active.born = active.born.min(now);
            !active.is_mid_line() && active.size > 0 && now.duration_since(active.born) >= age
        })
    }

    /// Returns the active file, opened anew when the path leads elsewhere by now.
    fn checked_active(&mut self, now: Timestamp) -> io::Result<&mut Active> {
        if let Some(active) = &mut self.active
            && !active.is_mid_line()
            && !active.is_at(&self.settings.path)
        {
            self.active = None;
        }
        self.open_active(now)
    }

    fn open_active(&mut self, now: Timestamp) -> io::Result<&mut Active> {
        let active = match self.active.take() {
            Some(active) => active,
            None => {
                self.ensure_lock()?;
                Active::open(&*self.settings.disk, &self.settings.path, now)?
            }
        };
        Ok(self.active.insert(active))
    }

    /// Takes the lock, unless it is still held; the folder may have been removed with it.
    fn ensure_lock(&mut self) -> io::Result<()> {
        let path = &self.settings.path;
        // Nothing of a pipe or a device is ever rotated, and two may write to it.
        if fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
            self.lock = None;
            return Ok(());
        }
        if self.lock.as_ref().is_some_and(Lock::is_in_place) {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            self.settings.disk.create_folder(folder)?;
        }
        self.lock = None;
        self.lock = Some(Lock::take(path)?);
        Ok(())
    }
}

/// Returns whether `now` is less than `wait` after `start`; a clock that went back is not.
fn is_within(start: Timestamp, wait: SignedDuration, now: Timestamp) -> bool {
    let passed = now.duration_since(start);
    !passed.is_negative() && passed < wait
}
