//! The only place that reads the clock or waits.
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tasks measure stages and poll other processes; there is no runtime to wait on"
)]

use std::thread;
use std::time::{Duration, Instant};

/// Measures how long something takes.
#[derive(Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Calls `probe` every `interval` until it answers or `limit` is over; `None` means that time ran out.
pub(crate) fn poll<T>(
    limit: Duration,
    interval: Duration,
    mut probe: impl FnMut() -> Option<T>,
) -> Option<T> {
    let watch = Stopwatch::start();
    loop {
        if let Some(answer) = probe() {
            return Some(answer);
        }
        if watch.elapsed() >= limit {
            return None;
        }
        thread::sleep(interval);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poll_ends_with_the_first_answer() {
        let mut calls = 0;
        let answer = poll(Duration::from_secs(60), Duration::ZERO, || {
            calls += 1;
            (calls == 3).then_some(calls)
        });
        assert_eq!(answer, Some(3));
    }

    #[test]
    fn poll_gives_up_when_time_is_over_but_asks_once() {
        let mut calls = 0;
        let answer = poll(Duration::ZERO, Duration::ZERO, || {
            calls += 1;
            None::<()>
        });
        assert_eq!((answer, calls), (None, 1));
    }
}
