//! Named places at which the crash test stops this process, and then kills it.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// `name` and how often it is passed before this process stops there, from the environment.
static WANTED: LazyLock<Option<(String, u64)>> = LazyLock::new(|| {
    let text = std::env::var("WATCHKEEP_TEST_FAILPOINT").ok()?;
    let (name, times) = text.split_once(':')?;
    Some((name.to_owned(), times.parse().ok()?))
});
static PASSED: AtomicU64 = AtomicU64::new(0);

/// Stops here for ever, if this is the place.
pub(crate) fn reach(name: &str) {
    let Some((wanted, times)) = WANTED.as_ref() else {
        return;
    };
    if wanted != name || PASSED.fetch_add(1, Ordering::Relaxed) < *times {
        return;
    }
    println!("\nreached {name}");
    loop {
        std::thread::park();
    }
}
