//! Where a service panicked, which only a panic hook is told.

use std::{cell::Cell, panic, sync::Once};

use crate::context::RequestContext;

/// A path in a source tree is shorter.
const MAX_BYTES: usize = 512;

thread_local! {
    static LAST: Cell<Option<(RequestContext, String)>> = const { Cell::new(None) };
}

/// Lets [`PanicReport::location`](crate::PanicReport::location) tell where a service panicked.
///
/// It installs a panic hook, which goes on with the one that was there before, and does nothing in threads that work on
/// no request. Only the first call does something; a hook that is set later, without going on with this one, hides the
/// locations again.
pub fn remember_panic_locations() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if let Some(location) = info.location()
                && let Some(context) = RequestContext::current()
            {
                let mut text = location.to_string();
                if text.len() > MAX_BYTES {
                    text = String::from("(a longer path)");
                }
                // While a thread ends its cell may be gone already.
                let _ = LAST.try_with(|last| last.set(Some((context, text))));
            }
            previous(info);
        }));
    });
}

/// Returns where the panic happened that the thread has just caught in a request, once.
///
/// A panic that is resumed, say that of a task, passes no hook: what is there then is another request's.
pub(crate) fn take(context: &RequestContext) -> Option<String> {
    let (of, location) = LAST.try_with(Cell::take).ok().flatten()?;
    of.is(context).then_some(location)
}
