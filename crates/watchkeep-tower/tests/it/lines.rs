//! Catches what a subscriber sees of a thread.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
};

use tracing::{
    Event, Id, Level, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Record},
    subscriber::DefaultGuard,
};
use tracing_subscriber::{
    Layer, Registry, layer::Context, layer::SubscriberExt, registry::LookupSpan,
};

/// The lines of this thread, for as long as it lives.
pub(crate) struct Lines {
    lines: Arc<Mutex<Vec<Line>>>,
    _default: DefaultGuard,
}

/// One event, and the fields of the spans around it.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) level: Level,
    pub(crate) target: String,
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) spans: Vec<(&'static str, BTreeMap<String, String>)>,
}

impl Lines {
    /// Catches all lines of this thread.
    pub(crate) fn capture() -> Self {
        Self::capture_at(Level::TRACE)
    }

    /// Catches the lines, and sees the spans, of a level and above.
    pub(crate) fn capture_at(level: Level) -> Self {
        let lines = Arc::default();
        let layer = Catcher {
            level,
            lines: Arc::clone(&lines),
        };
        let default = tracing::subscriber::set_default(Registry::default().with(layer));
        Self {
            lines,
            _default: default,
        }
    }

    pub(crate) fn take(&self) -> Vec<Line> {
        std::mem::take(&mut self.lines.lock().unwrap())
    }
}

struct Catcher {
    level: Level,
    lines: Arc<Mutex<Vec<Line>>>,
}

#[derive(Clone, Default)]
struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl<S> Layer<S> for Catcher
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        *metadata.level() <= self.level
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        context.span(id).unwrap().extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let span = context.span(id).unwrap();
        values.record(span.extensions_mut().get_mut::<Fields>().unwrap());
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let scope = context.event_scope(event).into_iter().flatten();
        self.lines.lock().unwrap().push(Line {
            level: *event.metadata().level(),
            target: event.metadata().target().to_owned(),
            fields: fields.0,
            spans: scope
                .map(|span| {
                    (
                        span.name(),
                        span.extensions().get::<Fields>().unwrap().0.clone(),
                    )
                })
                .collect(),
        });
    }
}
