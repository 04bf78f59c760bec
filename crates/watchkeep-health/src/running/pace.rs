//! When a check runs again.

use std::time::Duration;

use crate::component::Component;

/// Up to this share of an interval is left out at random, so that checks and replicas do not march in step.
const JITTER: f64 = 0.1;
/// The same for a wait that back-off has lengthened: whoever waits for the same thing should not return at once.
const BACK_OFF_JITTER: f64 = 0.5;

/// The waits between the runs of one check.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Duration,
    longest: Option<Duration>,
    fail_after: u32,
    failures: u32,
}

// === impl Pace ===

impl Pace {
    pub(super) fn new(component: &Component) -> Self {
        Self {
            interval: component.interval,
            longest: component.back_off,
            fail_after: component.fail_after,
            failures: 0,
        }
    }

    pub(super) fn passed(&mut self) {
        self.failures = 0;
    }

    pub(super) fn failed(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }

    /// How long after the start of the last run the next one starts, for a random number from 0 to 1.
    pub(super) fn wait(&self, random: f64) -> Duration {
        let Some(longest) = self.longest.filter(|longest| *longest > self.interval) else {
            return self.interval.mul_f64(1.0 - JITTER * random);
        };
        let doublings = self.failures.saturating_sub(self.fail_after - 1).min(31);
        if doublings == 0 {
            return self.interval.mul_f64(1.0 - JITTER * random);
        }
        let wait = self.interval.saturating_mul(1 << doublings).min(longest);
        wait.mul_f64(1.0 - BACK_OFF_JITTER * random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Component;

    const SECOND: Duration = Duration::from_secs(1);

    fn component() -> Component {
        Component::from_fn("a", || async { Ok(()) })
    }

    #[track_caller]
    fn check(component: &Component, failures: u32, latest: Duration, earliest: Duration) {
        let mut pace = Pace::new(component);
        for _ in 0..failures {
            pace.failed();
        }
        assert_eq!((pace.wait(0.0), pace.wait(1.0)), (latest, earliest));
        pace.passed();
        assert_eq!((pace.wait(0.0), pace.wait(1.0)), (10 * SECOND, 9 * SECOND));
    }

    #[test]
    fn without_back_off_every_wait_is_the_interval_less_a_tenth_at_most() {
        for failures in [0, 3, 1_000] {
            check(&component(), failures, 10 * SECOND, 9 * SECOND);
        }
    }

    #[test]
    fn back_off_doubles_from_the_failure_that_turns_the_component_up_to_the_longest() {
        let backing_off = || component().back_off(60 * SECOND);
        check(&backing_off(), 2, 10 * SECOND, 9 * SECOND);
        check(&backing_off(), 3, 20 * SECOND, 10 * SECOND);
        check(&backing_off(), 4, 40 * SECOND, 20 * SECOND);
        for failures in [5, 100] {
            check(&backing_off(), failures, 60 * SECOND, 30 * SECOND);
        }
        check(&component().back_off(SECOND), 9, 10 * SECOND, 9 * SECOND);
    }
}
