//! The `tracing` layer: renders an event once for each kind of line and hands the bytes to the sinks.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::Filter;
use crate::clock::{Clock, Deadline};
use crate::fields::{Fields, MAX_VALUE_BYTES, Recorder};
use crate::queue::CLOSE_AT_END;
use crate::render::{Form, Line, Renderer, Stamps};
use crate::sink::{self, Queue};

/// The layer that writes all lines, for a registry of the user's own.
///
/// It comes from [`LogConfig::build`](crate::LogConfig::build). There it leaves the other layers alone: every event reaches
/// them, whatever this layer's [`Filter`] says. [`LogConfig::init`](crate::LogConfig::init) installs it alone, and then an event
/// that the filter refuses costs next to nothing.
#[derive(Debug)]
pub struct Layer {
    shared: Arc<Shared>,
}

/// What the layer, the guard and the handles have in common; the sinks close when the last of them is gone.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) sinks: Vec<Sink>,
    pub(crate) renderer: Arc<Renderer>,
    pub(crate) filter: RwLock<Filter>,
    /// Whether no other layer depends on what this one's filter refuses.
    pub(crate) alone: AtomicBool,
    /// Events logged while another one was being formatted on the same thread.
    pub(crate) nested: AtomicU64,
    pub(crate) clock: Clock,
}

/// A queue, and which events it wants in which form.
#[derive(Debug)]
pub(crate) struct Sink {
    pub(crate) form: Form,
    pub(crate) level: LevelFilter,
    pub(crate) queue: Arc<Queue>,
}

/// The fields of a span, as an extension of its own type: nobody else's formatting gets into our lines.
#[derive(Debug)]
struct SpanFields(Fields);

/// The buffers of a thread.
#[derive(Debug, Default)]
struct Scratch {
    fields: Fields,
    line: Vec<u8>,
    message: String,
    raw: String,
    stamps: Stamps,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

// === impl Layer ===

impl Layer {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Runs `work` with the buffers of this thread; `false` when they are in use, because a value that is just being
    /// formatted logs itself, or when the thread writes lines, which would make more of them.
    fn with_scratch(&self, work: impl FnOnce(&mut Scratch)) -> bool {
        if sink::is_worker() {
            return false;
        }
        let mut work = Some(work);
        let outcome = SCRATCH.try_with(|scratch| match scratch.try_borrow_mut() {
            Ok(mut scratch) => {
                if let Some(work) = work.take() {
                    work(&mut scratch);
                    scratch.shrink();
                }
                true
            }
            Err(_) => false,
        });
        // The buffers are gone when a destructor logs at the end of its thread.
        outcome.unwrap_or_else(|_| {
            if let Some(work) = work.take() {
                work(&mut Scratch::default());
            }
            true
        })
    }

    fn write<'a, S>(
        &self,
        event: &Event<'_>,
        metadata: &Metadata<'_>,
        context: &Context<'a, S>,
        scratch: &mut Scratch,
    ) where
        S: Subscriber + for<'l> LookupSpan<'l>,
    {
        scratch.fields.clear();
        scratch.message.clear();
        event.record(&mut Recorder {
            fields: &mut scratch.fields,
            message: Some(&mut scratch.message),
            raw: &mut scratch.raw,
            from_log: event.is_log(),
        });
        // From the span that the event says it belongs to outwards: what is said nearest counts.
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(SpanFields(fields)) = span.extensions().get::<SpanFields>() {
                scratch.fields.inherit(fields);
            }
        }
        scratch.fields.finish();
        let line = Line {
            time: self.shared.clock.now(),
            level: *metadata.level(),
            target: metadata.target(),
            message: &scratch.message,
            fields: &scratch.fields,
        };
        self.shared
            .distribute(line, &mut scratch.stamps, &mut scratch.line);
    }
}

impl<S> tracing_subscriber::Layer<S> for Layer
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.shared.refuses(metadata) {
            Interest::never()
        } else {
            Interest::always()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _context: Context<'_, S>) -> bool {
        !self.shared.refuses(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.shared.is_alone().then(|| {
            // Spans of level `info` are context for whatever is logged.
            self.shared.max_level().max(LevelFilter::INFO)
        })
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if !self.shared.allows(attributes.metadata()) {
            return;
        }
        self.with_scratch(|scratch| {
            scratch.fields.clear();
            attributes.record(&mut scratch.recorder());
            if !scratch.fields.is_empty()
                && let Some(span) = context.span(id)
            {
                span.extensions_mut()
                    .replace(SpanFields(scratch.fields.clone()));
            }
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if !self.shared.allows(span.metadata()) {
            return;
        }
        self.with_scratch(|scratch| {
            scratch.fields.clear();
            // Formatted before the lock is taken: a value may look at the same span.
            values.record(&mut scratch.recorder());
            let mut extensions = span.extensions_mut();
            match extensions.get_mut::<SpanFields>() {
                Some(SpanFields(fields)) => fields.update(&scratch.fields),
                None => drop(extensions.replace(SpanFields(scratch.fields.clone()))),
            }
        });
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
        if !self.shared.allows(metadata) {
            return;
        }
        if !self.with_scratch(|scratch| self.write(event, metadata, &context, scratch)) {
            self.shared.nested.fetch_add(1, Ordering::Relaxed);
        }
    }
}

// === impl Scratch ===

impl Scratch {
    fn recorder(&mut self) -> Recorder<'_> {
        Recorder {
            fields: &mut self.fields,
            message: None,
            raw: &mut self.raw,
            from_log: false,
        }
    }

    /// One huge line shall not cost its thread that memory for ever.
    fn shrink(&mut self) {
        self.line.clear();
        self.line.shrink_to(MAX_VALUE_BYTES);
    }
}

// === impl Shared ===

impl Shared {
    pub(crate) fn is_alone(&self) -> bool {
        self.alone.load(Ordering::Relaxed)
    }

    pub(crate) fn max_level(&self) -> LevelFilter {
        self.filter
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .max_level()
    }

    fn allows(&self, metadata: &Metadata<'_>) -> bool {
        self.filter
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .allows(metadata)
    }

    /// Returns whether an event or a span shall not even be made.
    fn refuses(&self, metadata: &Metadata<'_>) -> bool {
        self.is_alone() && !self.allows(metadata)
    }

    /// Renders a line in each form that a sink wants, and queues it.
    fn distribute(&self, line: Line<'_>, stamps: &mut Stamps, buffer: &mut Vec<u8>) {
        let mut last = None;
        for sink in self.sinks.iter().filter(|sink| sink.level >= line.level) {
            if last != Some(sink.form) {
                buffer.clear();
                self.renderer.render(sink.form, line, stamps, buffer);
                last = Some(sink.form);
            }
            sink.queue.push(buffer, 1, line.level);
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
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
