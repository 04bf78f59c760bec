//! The `tracing` layer: renders an event once for each kind of line and hands the bytes to the sinks.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::escape;
use crate::fields::Recorder;
use crate::render::Line;
use crate::shared::Shared;

#[cfg(feature = "opentelemetry")]
mod otel;
pub(crate) mod scratch;
mod spans;

use self::scratch::Scratch;

/// A target is a path of names; one that is longer is cut.
const MAX_TARGET_BYTES: usize = 1024;

/// The layer that writes all lines, for a registry of the user's own.
///
/// It comes from [`LogConfig::build`](crate::LogConfig::build). There it leaves the other layers alone: every event reaches
/// them, whatever this layer's [`Filter`](crate::Filter) says, unless
/// [`with_global_filter`](crate::LogConfig::with_global_filter) says otherwise. [`LogConfig::init`](crate::LogConfig::init)
/// installs it alone, and then an event that the filter refuses costs next to nothing.
#[derive(Debug)]
pub struct Layer {
    shared: Arc<Shared>,
    #[cfg(feature = "opentelemetry")]
    ids: otel::Ids,
}

// === impl Layer ===

impl Layer {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            #[cfg(feature = "opentelemetry")]
            ids: otel::Ids::new(&shared.style),
            shared,
        }
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Returns whether an event or a span shall not even be made.
    fn refuses(&self, metadata: &Metadata<'_>) -> bool {
        self.shared.levels.is_alone() && !self.shared.levels.wants(metadata)
    }

    /// Returns whether an event goes on; what nobody else wants did not get so far.
    fn takes(&self, metadata: &Metadata<'_>) -> bool {
        self.shared.levels.is_alone() || self.shared.levels.wants(metadata)
    }

    /// Works with the buffers of this thread, or counts what came out of logging itself.
    fn counted(&self, work: impl FnOnce(&mut Scratch)) {
        if !scratch::with(work) {
            self.shared.nested.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes the values of a span.
    fn recorder<'a>(
        &'a self,
        metadata: &'static Metadata<'static>,
        scratch: &'a mut Scratch,
    ) -> Recorder<'a> {
        let style = &self.shared.style;
        scratch.fields.clear();
        Recorder {
            style,
            keys: scratch.keys.of(style, metadata),
            fields: &mut scratch.fields,
            message: None,
            raw: &mut scratch.raw,
            from_log: false,
        }
    }

    fn write<S>(
        &self,
        event: &Event<'_>,
        metadata: &Metadata<'_>,
        context: &Context<'_, S>,
        scratch: &mut Scratch,
    ) where
        S: Subscriber + for<'l> LookupSpan<'l>,
    {
        let shared = &*self.shared;
        let time = shared.clock.now();
        if let Some(limit) = &shared.limit {
            let goes_on = limit.admit(metadata, time, &mut scratch.suppressed);
            if !scratch.suppressed.is_empty() {
                shared.tell_suppressed(&scratch.suppressed, time);
                scratch.suppressed.clear();
            }
            if !goes_on {
                return;
            }
        }
        scratch.fields.clear();
        scratch.message.clear();
        event.record(&mut Recorder {
            style: &shared.style,
            keys: scratch.keys.of(&shared.style, event.metadata()),
            fields: &mut scratch.fields,
            message: Some(&mut scratch.message),
            raw: &mut scratch.raw,
            from_log: event.is_log(),
        });
        // What is said nearest counts: by the event, then by its span, then by those around it.
        if let Some(span) = context.event_span(event) {
            #[cfg(feature = "opentelemetry")]
            self.ids.add(&span.id(), &shared.style, &mut scratch.fields);
            let one_by_one = shared.recent.wants(*metadata.level());
            spans::append(shared.id, span, scratch, one_by_one);
        }
        scratch.fields.finish(&shared.style);
        let origin = metadata.file().zip(metadata.line());
        let line = Line {
            time,
            level: *metadata.level(),
            target: cut(metadata.target()),
            message: &scratch.message,
            fields: &scratch.fields,
            origin: origin.filter(|_| shared.origin),
        };
        shared.distribute(line, &mut scratch.thread, &mut scratch.line);
    }
}

/// Targets of the `log` crate may be made up while the program runs.
fn cut(target: &str) -> &str {
    &target[..escape::boundary(target, MAX_TARGET_BYTES)]
}

impl<S> tracing_subscriber::Layer<S> for Layer
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    #[cfg(feature = "opentelemetry")]
    fn on_register_dispatch(&self, dispatch: &tracing::Dispatch) {
        self.ids.register(dispatch);
    }

    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.refuses(metadata) {
            Interest::never()
        } else {
            Interest::always()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _context: Context<'_, S>) -> bool {
        !self.refuses(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let levels = &self.shared.levels;
        // Spans of level `info` are context for whatever is logged.
        levels
            .is_alone()
            .then(|| levels.max_level().max(LevelFilter::INFO))
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let metadata = attributes.metadata();
        if metadata.fields().is_empty() || !self.takes(metadata) {
            return;
        }
        self.counted(|scratch| {
            attributes.record(&mut self.recorder(metadata, scratch));
            if let Some(span) = context.span(id) {
                spans::create(self.shared.id, &span, scratch);
            }
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        self.counted(|scratch| {
            // Formatted before a lock is taken: a value may look at the same span.
            values.record(&mut self.recorder(span.metadata(), scratch));
            spans::record(self.shared.id, &span, scratch);
        });
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
        if !self.takes(metadata) {
            return;
        }
        self.counted(|scratch| self.write(event, metadata, &context, scratch));
    }
}
