//! A mark on threads that are inside the engine, so that it is never entered twice.

use std::cell::Cell;

thread_local! {
    static IS_INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Marks this thread as inside the engine.
pub(crate) struct Inside(());

impl Inside {
    pub(crate) fn enter() -> Option<Self> {
        (!IS_INSIDE.replace(true)).then_some(Self(()))
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        IS_INSIDE.set(false);
    }
}
