//! What the layer, the guard and the handles have in common.

#[cfg(feature = "query")]
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

use jiff::Timestamp;
use tracing::level_filters::LevelFilter;

use crate::clock::{Clock, Deadline};
use crate::fields::{Fields, Style};
use crate::levels::{Levels, Rank, rank, rank_of};
use crate::limit::{RateLimit, Suppressed};
use crate::queue::CLOSE_AT_END;
use crate::recent::Recent;
use crate::render::{Form, Line, Renderer, ThreadParts};
use crate::sink::Queue;

/// The sinks close when the last one that has this is gone.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Two layers in one registry each know their own spans by it.
    pub(crate) id: u32,
    pub(crate) sinks: Vec<Sink>,
    /// The active JSON file, if there is one.
    #[cfg(feature = "query")]
    pub(crate) json_file: Option<PathBuf>,
    pub(crate) renderer: Arc<Renderer>,
    pub(crate) style: Style,
    /// Whether lines tell their file and line number.
    pub(crate) origin: bool,
    pub(crate) levels: Arc<Levels>,
    pub(crate) recent: Recent,
    pub(crate) limit: Option<RateLimit>,
    /// Events, spans and recordings that came while a line was being made on the same thread.
    pub(crate) nested: AtomicU64,
    pub(crate) clock: Clock,
}

/// A queue, and which events it wants in which form.
#[derive(Debug)]
pub(crate) struct Sink {
    pub(crate) name: String,
    pub(crate) form: Form,
    level: AtomicU8,
    pub(crate) queue: Arc<Queue>,
}

// === impl Shared ===

impl Shared {
    pub(crate) fn next_id() -> u32 {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed)
    }

    /// Says again which levels are taken at all, after the level of a sink has changed.
    pub(crate) fn update_sinks(&self) {
        self.levels.set_sinks(|| {
            let ranks = self.sinks.iter().map(Sink::rank);
            ranks.max().unwrap_or(0).max(self.recent.rank())
        });
    }

    /// Renders a line in each form that a sink wants, and queues it.
    pub(crate) fn distribute(
        &self,
        line: Line<'_>,
        thread: &mut ThreadParts,
        buffer: &mut Vec<u8>,
    ) {
        if self.recent.wants(line.level) {
            self.recent.push(&line);
        }
        let rank = rank(line.level);
        let mut last = None;
        for sink in self.sinks.iter().filter(|sink| sink.rank() >= rank) {
            if last != Some(sink.form) {
                buffer.clear();
                self.renderer.render(sink.form, line, thread, buffer);
                last = Some(sink.form);
            }
            sink.queue.push(buffer, 1, line.level);
        }
    }

    /// Writes how many events were held back, each time with the level and the target of the place.
    pub(crate) fn tell_suppressed(&self, all: &[Suppressed], now: Timestamp) {
        let mut thread = ThreadParts::default();
        let mut buffer = Vec::new();
        for suppressed in all {
            let fields = Fields::of_counts(&[("suppressed", suppressed.count)]);
            let line = Line {
                target: &suppressed.target,
                ..Line::own(
                    suppressed.level,
                    now,
                    "events of one place were suppressed",
                    &fields,
                )
            };
            self.distribute(line, &mut thread, &mut buffer);
        }
    }

    /// Writes what is still to say of events that were held back.
    pub(crate) fn drain_suppressed(&self) {
        if let Some(limit) = &self.limit {
            self.tell_suppressed(&limit.drain(), self.clock.now());
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.levels.close();
        self.drain_suppressed();
        for sink in &self.sinks {
            sink.queue.close();
        }
        // So that the same files can be opened again.
        let deadline = Deadline::after(CLOSE_AT_END);
        for sink in &self.sinks {
            sink.queue.wait_for_end(deadline);
        }
    }
}

// === impl Sink ===

impl Sink {
    pub(crate) fn new(name: String, form: Form, level: LevelFilter, queue: Arc<Queue>) -> Self {
        Self {
            name,
            form,
            level: AtomicU8::new(rank_of(level)),
            queue,
        }
    }

    pub(crate) fn rank(&self) -> Rank {
        self.level.load(Ordering::Relaxed)
    }

    pub(crate) fn set_level(&self, level: LevelFilter) {
        self.level.store(rank_of(level), Ordering::Relaxed);
    }
}
