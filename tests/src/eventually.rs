//! Waiting for the outside world, bounded and without a fixed sleep.

use std::fmt::Debug;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

/// How often the probe is asked.
const EVERY: Duration = Duration::from_millis(50);

/// Asks `probe` until it answers `Ok`.
///
/// # Panics
/// When it has not after so many seconds; the message says what it answered last.
pub async fn eventually<T, E: Debug, F>(seconds: u64, what: &str, mut probe: impl FnMut() -> F) -> T
where
    F: Future<Output = Result<T, E>>,
{
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match probe().await {
            Ok(found) => return found,
            Err(last) => assert!(
                Instant::now() < deadline,
                "{what}: not within {seconds} s; last: {last:?}"
            ),
        }
    }
}
