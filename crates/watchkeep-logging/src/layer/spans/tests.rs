//! What one thread records while another one gathers, step by step.

use tracing::{Dispatch, Span, info_span};
use tracing_subscriber::Registry;

use super::*;
use crate::fields::{Key, Region, Style, Value};

const LAYER: u32 = 7;

struct Bench {
    dispatch: Dispatch,
    scratch: Scratch,
}

impl Bench {
    fn new() -> Self {
        Self {
            dispatch: Dispatch::new(tracing_subscriber::registry()),
            scratch: Scratch::default(),
        }
    }

    fn span(&self, make: impl FnOnce() -> Span) -> Span {
        tracing::dispatcher::with_default(&self.dispatch, make)
    }

    /// Runs `work` as the layer would, with a field to create or to record.
    fn with<T>(
        &mut self,
        span: &Span,
        (key, value): (&'static str, &str),
        work: impl FnOnce(&SpanRef<'_, Registry>, &mut Scratch) -> T,
    ) -> T {
        let style = Style::all();
        self.scratch.fields.clear();
        let key = Key::new(&style, key);
        self.scratch.fields.push(&style, &key, Value::Text(value));
        let registry = self.dispatch.downcast_ref::<Registry>().unwrap();
        let span = registry.span(&span.id().unwrap()).unwrap();
        work(&span, &mut self.scratch)
    }

    /// The text of an event in a span.
    fn event(&mut self, span: &Span) -> String {
        self.with(span, ("own", "1"), |span, scratch| {
            let registry = span.scope().next().unwrap();
            append(LAYER, registry, scratch, false);
            String::from_utf8(scratch.fields.region(Region::Text).to_vec()).unwrap()
        })
    }

    fn create(&mut self, span: &Span, field: (&'static str, &str)) {
        self.with(span, field, |span, scratch| create(LAYER, span, scratch));
    }

    fn record(&mut self, span: &Span, field: (&'static str, &str)) {
        self.with(span, field, |span, scratch| record(LAYER, span, scratch));
    }

    fn gather(&mut self, span: &Span) -> SpanFields {
        let gathered = self.with(span, ("unused", ""), |span, scratch| {
            gather(LAYER, span, &mut scratch.other)
        });
        gathered.unwrap()
    }

    fn keep(&mut self, span: &Span, gathered: SpanFields) {
        self.with(span, ("unused", ""), |span, _| keep(LAYER, span, gathered));
    }

    fn is_fresh(&mut self, span: &Span) -> bool {
        self.with(span, ("unused", ""), |span, _| {
            let extensions = span.extensions();
            let slot = extensions.get::<SpanSlot>().unwrap();
            slot.get(LAYER).unwrap().is_fresh()
        })
    }

    /// Two spans, the inner one in the outer one.
    fn pair(&mut self) -> (Span, Span) {
        let outer = self.span(|| info_span!("outer"));
        let inner = self.span(|| info_span!(parent: &outer, "inner"));
        self.create(&outer, ("a", "1"));
        self.create(&inner, ("b", "1"));
        (outer, inner)
    }
}

#[test]
fn what_is_recorded_while_another_event_gathers_is_not_lost() {
    let mut bench = Bench::new();
    let (_outer, inner) = bench.pair();
    let gathered = bench.gather(&inner);
    bench.record(&inner, ("b", "2"));
    bench.keep(&inner, gathered);
    assert_eq!(bench.event(&inner), " own=1 b=2 a=1");
}

#[test]
fn what_is_recorded_outside_while_another_event_gathers_makes_that_stale() {
    let mut bench = Bench::new();
    let (outer, inner) = bench.pair();
    let gathered = bench.gather(&inner);
    bench.record(&outer, ("a", "2"));
    bench.keep(&inner, gathered);
    assert_eq!(bench.event(&inner), " own=1 b=1 a=2");
}

#[test]
fn span_in_which_something_is_recorded_is_stale_until_the_next_event() {
    let mut bench = Bench::new();
    let (outer, inner) = bench.pair();
    assert!(bench.is_fresh(&inner));
    bench.record(&inner, ("b", "2"));
    assert!(!bench.is_fresh(&inner));
    assert!(!bench.is_fresh(&outer));
    assert_eq!(bench.event(&inner), " own=1 b=2 a=1");
    assert!(bench.is_fresh(&inner));
    assert_eq!(bench.event(&inner), " own=1 b=2 a=1");
}

#[test]
fn span_without_fields_passes_on_what_is_around_it() {
    let mut bench = Bench::new();
    let (outer, inner) = bench.pair();
    let bare = bench.span(|| info_span!(parent: &inner, "bare"));
    let below = bench.span(|| info_span!(parent: &bare, "below"));
    bench.create(&below, ("c", "1"));
    bench.record(&outer, ("a", "2"));
    assert_eq!(bench.event(&below), " own=1 c=1 b=1 a=2");
    assert_eq!(bench.event(&bare), " own=1 b=1 a=2");
    // One that is made while those around it are stale has their new values.
    bench.record(&inner, ("b", "2"));
    let late = bench.span(|| info_span!(parent: &below, "late"));
    bench.create(&late, ("d", "1"));
    assert_eq!(bench.event(&late), " own=1 d=1 c=1 b=2 a=2");
}
