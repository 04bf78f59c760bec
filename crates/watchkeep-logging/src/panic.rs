//! Panics as ERROR lines, written before the panic may end the process.

use std::any::Any;
use std::backtrace::Backtrace;
use std::panic::{self, PanicHookInfo};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::LogHandle;
use crate::layer::scratch;

/// A panic that does not end the process shall not hold its thread for longer.
const FLUSH: Duration = Duration::from_secs(1);
/// Somebody who sets this to `0` wants no backtraces, and saves the time to resolve them.
const BACKTRACES: &str = "RUST_BACKTRACE";

/// Logs every panic from now on, and then does what was done before.
pub(crate) fn install(handle: LogHandle) {
    let previous = panic::take_hook();
    let is_flushing = AtomicBool::new(false);
    panic::set_hook(Box::new(move |info| {
        log(info);
        // A value that panics while it is formatted ends nothing, and its thread holds up its own line.
        // Many threads that panic while a disk hangs shall not all wait for it.
        if !scratch::is_busy() && !is_flushing.swap(true, Ordering::Relaxed) {
            // There is nobody to tell.
            let _ = handle.flush(FLUSH);
            is_flushing.store(false, Ordering::Relaxed);
        }
        previous(info);
    }));
}

fn log(info: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    let location = info.location().map(tracing::field::display);
    let message = message(info.payload());
    let is_off = std::env::var_os(BACKTRACES).is_some_and(|value| value == "0");
    let backtrace = (!is_off).then(|| tracing::field::display(Backtrace::force_capture()));
    tracing::error!(
        target: "panic",
        {
            "error.type" = "panic",
            error.message = message,
            location,
            thread,
            error.stack_trace = backtrace,
        },
        "thread panicked"
    );
}

fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&'static str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("panic without a message")
}
