//! The buffers that a thread keeps from one line to the next.

use std::cell::RefCell;

use crate::fields::{Fields, Keys, MAX_VALUE_BYTES};
use crate::limit::Suppressed;
use crate::render::ThreadParts;
use crate::sink;

/// The buffers of a thread.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) keys: Keys,
    pub(crate) fields: Fields,
    /// A second set, for what goes into a span.
    pub(crate) other: Fields,
    pub(crate) line: Vec<u8>,
    pub(crate) message: String,
    pub(crate) raw: String,
    pub(crate) thread: ThreadParts,
    pub(crate) suppressed: Vec<Suppressed>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Runs `work` with the buffers of this thread; `false` when they are in use, because a value that is just being formatted logs
/// itself, or when the thread writes lines, which would make more of them.
pub(crate) fn with(work: impl FnOnce(&mut Scratch)) -> bool {
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

/// Returns whether this thread is just making a line.
pub(crate) fn is_busy() -> bool {
    SCRATCH
        .try_with(|scratch| scratch.try_borrow_mut().is_err())
        .unwrap_or(false)
}

// === impl Scratch ===

impl Scratch {
    /// One huge line shall not cost its thread that memory for ever.
    fn shrink(&mut self) {
        if self.line.capacity() > MAX_VALUE_BYTES {
            self.line.clear();
            self.line.shrink_to(MAX_VALUE_BYTES);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn huge_line_does_not_stay_and_a_second_use_is_refused() {
        assert!(with(|scratch| {
            scratch.line = vec![0; 1 << 20];
            assert!(is_busy());
            assert!(!with(|_| unreachable!("in use")));
        }));
        assert!(!is_busy());
        assert!(with(|scratch| assert!(
            scratch.line.capacity() <= MAX_VALUE_BYTES
        )));
    }
}
