//! The last lines of a program that ends by `std::process::exit`, which drops no guard.
#![expect(
    unsafe_code,
    reason = "only the C library calls a function at the exit"
)]

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use crate::LogHandle;

/// An exit that waits for a dead disk is no exit.
const FLUSH: Duration = Duration::from_secs(2);

/// What is flushed at the exit.
static HANDLES: OnceLock<Mutex<Vec<LogHandle>>> = OnceLock::new();

/// Flushes at the exit from now on; `false` when the system refuses.
pub(crate) fn install(handle: LogHandle) -> bool {
    let mut is_registered = true;
    let handles = HANDLES.get_or_init(|| {
        // SAFETY: the function is `extern "C"`, takes nothing, and does not unwind.
        is_registered = unsafe { libc::atexit(flush) } == 0;
        Mutex::default()
    });
    let mut handles = handles.lock().unwrap_or_else(PoisonError::into_inner);
    handles.push(handle);
    is_registered
}

/// No thread-local value with a destructor may be used here: those of this thread are gone.
extern "C" fn flush() {
    let Some(handles) = HANDLES.get() else { return };
    let handles = handles.lock().unwrap_or_else(PoisonError::into_inner);
    for handle in handles.iter() {
        // There is nobody left to tell.
        let _ = handle.flush(FLUSH);
    }
}
