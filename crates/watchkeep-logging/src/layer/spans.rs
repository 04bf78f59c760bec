//! What the layer keeps in spans: their fields, and those of the spans around them.

use std::ops::ControlFlow;

use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::scratch::Scratch;
use crate::fields::{Fields, SpanFields, SpanSlot};

/// Keeps the fields of a new span, which stand in `scratch.fields`, and those of its ancestors.
pub(super) fn create<'a, S>(layer: u32, span: &SpanRef<'a, S>, scratch: &mut Scratch)
where
    S: LookupSpan<'a>,
{
    let own = scratch.fields.count();
    let nearest = |known: &SpanFields| ControlFlow::Break(known.tree());
    let tree = outwards(layer, span.parent(), nearest)
        .unwrap_or_else(|| SpanFields::new_tree(span.id().into_u64()));
    let epoch = SpanFields::epoch_of(tree);
    inherit_from(layer, span.parent(), &mut scratch.fields);
    let fields = SpanFields::new(&scratch.fields, own, tree, epoch, 0);
    let mut extensions = span.extensions_mut();
    match extensions.get_mut::<SpanSlot>() {
        Some(slot) => slot.set(layer, fields),
        None => extensions.insert(SpanSlot::new(layer, fields)),
    }
}

/// Adds what was recorded, which stands in `scratch.fields`, to a span; the next event gathers the ancestors' again.
pub(super) fn record<'a, S>(layer: u32, span: &SpanRef<'a, S>, scratch: &mut Scratch)
where
    S: LookupSpan<'a>,
{
    let mut extensions = span.extensions_mut();
    let Some(slot) = extensions.get_mut::<SpanSlot>() else {
        return;
    };
    let Some(old) = slot.get(layer) else { return };
    scratch.other.merge(Some(old), &scratch.fields);
    let (tree, revision) = (old.tree(), old.revision().wrapping_add(1));
    let epoch = SpanFields::epoch_of(tree);
    // This span, which has none of its ancestors' fields now, and all below it are stale before anybody can look at it again.
    SpanFields::advance(tree);
    let own = scratch.other.count();
    slot.set(
        layer,
        SpanFields::new(&scratch.other, own, tree, epoch, revision),
    );
}

/// Adds the fields of the span of an event, and of those around it.
pub(super) fn append<'a, S>(
    layer: u32,
    span: SpanRef<'a, S>,
    scratch: &mut Scratch,
    one_by_one: bool,
) where
    S: LookupSpan<'a>,
{
    let mut next = Some(span);
    while let Some(span) = next {
        if let Some(slot) = span.extensions().get::<SpanSlot>()
            && let Some(known) = slot.get(layer)
            && known.is_fresh()
        {
            add(&mut scratch.fields, known, one_by_one);
            return;
        }
        if let Some(gathered) = gather(layer, &span, &mut scratch.other) {
            add(&mut scratch.fields, &gathered, one_by_one);
            keep(layer, &span, gathered);
            return;
        }
        // A span that declares no fields has none of its ancestors' either.
        next = span.parent();
    }
}

fn add(fields: &mut Fields, span: &SpanFields, one_by_one: bool) {
    if one_by_one {
        fields.inherit(span);
    } else {
        fields.append(span);
    }
}

/// Gathers the fields of a span and its ancestors again; `None` when the layer keeps nothing in it.
fn gather<'a, S>(layer: u32, span: &SpanRef<'a, S>, buffer: &mut Fields) -> Option<SpanFields>
where
    S: LookupSpan<'a>,
{
    buffer.clear();
    let (own, tree, epoch, revision) = {
        let extensions = span.extensions();
        let known = extensions.get::<SpanSlot>()?.get(layer)?;
        // Read before the fields are, so that what is recorded meanwhile makes this stale again.
        let epoch = SpanFields::epoch_of(known.tree());
        buffer.inherit_own(known);
        (buffer.count(), known.tree(), epoch, known.revision())
    };
    inherit_from(layer, span.parent(), buffer);
    Some(SpanFields::new(buffer, own, tree, epoch, revision))
}

/// Keeps what was gathered for the next event, unless something was recorded in the span meanwhile: that counts.
fn keep<'a, S>(layer: u32, span: &SpanRef<'a, S>, gathered: SpanFields)
where
    S: LookupSpan<'a>,
{
    let mut extensions = span.extensions_mut();
    if let Some(slot) = extensions.get_mut::<SpanSlot>()
        && slot
            .get(layer)
            .is_some_and(|now| now.revision() == gathered.revision())
    {
        slot.set(layer, gathered);
    }
}

/// Adds what `span` and the spans around it have recorded.
fn inherit_from<'a, S>(layer: u32, span: Option<SpanRef<'a, S>>, fields: &mut Fields)
where
    S: LookupSpan<'a>,
{
    outwards(layer, span, |known| {
        if known.is_fresh() {
            fields.inherit(known);
            return ControlFlow::Break(());
        }
        fields.inherit_own(known);
        ControlFlow::Continue(())
    });
}

/// Looks at what the layer keeps in `span` and in those around it, until a look is enough.
fn outwards<'a, S, T>(
    layer: u32,
    span: Option<SpanRef<'a, S>>,
    mut look: impl FnMut(&SpanFields) -> ControlFlow<T>,
) -> Option<T>
where
    S: LookupSpan<'a>,
{
    let mut next = span;
    while let Some(span) = next {
        let extensions = span.extensions();
        let slot = extensions.get::<SpanSlot>();
        if let Some(known) = slot.and_then(|slot| slot.get(layer))
            && let ControlFlow::Break(found) = look(known)
        {
            return Some(found);
        }
        drop(extensions);
        next = span.parent();
    }
    None
}

#[cfg(test)]
mod tests;
